//! Everything that the server itself may say: that it went well, what is wrong with a
//! command, why the connection ends. Refusals by policy are in `refusal`.
//!
//! Codes are those of RFC 5321 section 4.2 and the RFC of each extension; enhanced
//! codes those of RFC 3463 and the registry that RFC 5248 began.

use std::borrow::Cow;

use events::Refusal;
use session::RightEnd;

use crate::reply::Reply;

/// A code, subject and detail of the enhanced one, and the text.
type Row = (u16, (u16, u16), Cow<'static, str>);

fn row(code: u16, detail: (u16, u16), text: impl Into<Cow<'static, str>>) -> Row {
    (code, detail, text.into())
}

fn reply((code, detail, text): Row) -> Reply {
    Reply::coded(code, detail, text)
}

/// It goes well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    Greeting {
        host: String,
    },
    /// HELO's answer.
    Hello {
        host: String,
    },
    /// EHLO's answer.
    Extensions {
        host: String,
        keywords: Vec<String>,
    },
    /// RSET's and NOOP's answer.
    Fine,
    Bye,
    Help,
    /// VRFY's answer: neither yes nor no.
    Perhaps,
    BeginTls,
    /// Go on with signing in: base64, perhaps empty.
    Challenge {
        text: &'static str,
    },
    SignedIn,
    SenderFine,
    RecipientFine,
    BeginMessage,
    /// A chunk has come, and the message goes on.
    ChunkFine {
        octets: u64,
    },
    Delivered {
        id: String,
    },
    Queued {
        id: String,
    },
}

impl News {
    pub(crate) fn reply(&self) -> Reply {
        match self {
            // These five have no enhanced code (RFC 2034 section 4).
            Self::Greeting { host } => Reply::bare(220, vec![format!("{host} ESMTP Facteur")]),
            Self::Hello { host } => Reply::bare(250, vec![host.clone()]),
            Self::Extensions { host, keywords } => Reply::bare(
                250,
                std::iter::once(host).chain(keywords).cloned().collect(),
            ),
            Self::Challenge { text } => Reply::bare(334, vec![(*text).to_owned()]),
            Self::BeginMessage => {
                Reply::bare(354, vec!["End the message with <CRLF>.<CRLF>".to_owned()])
            }
            Self::Fine => reply(row(250, (0, 0), "Fine")),
            Self::Bye => reply(row(221, (0, 0), "Bye")),
            Self::Help => reply(row(214, (0, 0), "RFC 5321 tells all; postmaster the rest")),
            Self::Perhaps => reply(row(252, (0, 0), "Send the message and see")),
            Self::BeginTls => reply(row(220, (0, 0), "Begin TLS")),
            Self::SignedIn => reply(row(235, (7, 0), "Signed in")),
            Self::SenderFine => reply(row(250, (1, 0), "Sender fine")),
            Self::RecipientFine => reply(row(250, (1, 5), "Recipient fine")),
            // RFC 3030 section 2 has the number in the text.
            Self::ChunkFine { octets } => reply(row(250, (0, 0), format!("{octets} octets came"))),
            Self::Delivered { id } => reply(row(250, (0, 0), format!("Delivered as {id}"))),
            Self::Queued { id } => reply(row(250, (0, 0), format!("Queued as {id}"))),
        }
    }
}

/// What is wrong with a command: its words, or its moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    // Its words.
    Unknown,
    NotOffered,
    NotMail,
    LineTooLong,
    BareLineEnd,
    NoArgument {
        command: &'static str,
    },
    Usage {
        form: &'static str,
    },
    Sender,
    Recipient,
    /// An address that SMTPUTF8 alone can carry, where it was not asked for.
    Utf8Address,
    UnknownParameter {
        name: String,
    },
    Parameter {
        name: &'static str,
    },
    /// Nobody knows where the chunk ends that follows.
    ChunkSize,

    // Its moment.
    HelloFirst,
    SenderFirst,
    RecipientFirst,
    NoValidRecipient,
    SenderAlready,
    TooManyRecipients {
        most: usize,
    },
    SignedInAlready,
    EncryptedAlready,
    InsideEnvelope {
        command: &'static str,
    },
    /// Some of the message has come.
    InsideMessage {
        command: &'static str,
    },
    /// Some of the message was refused.
    MessageRefused,

    // Signing in.
    SignInElsewhere,
    UnknownMechanism,
    Cancelled,
    NoCredentials,
    CredentialsTooLong,
    OtherIdentity,
}

impl Fault {
    pub(crate) fn reply(&self) -> Reply {
        reply(self.row())
    }

    /// Whether the peer said something that can't be understood, rather than
    /// something at the wrong moment.
    pub(crate) fn is_nonsense(&self) -> bool {
        matches!(
            self,
            Self::Unknown
                | Self::NotMail
                | Self::LineTooLong
                | Self::BareLineEnd
                | Self::NoArgument { .. }
                | Self::Usage { .. }
                | Self::Sender
                | Self::Recipient
                | Self::UnknownParameter { .. }
                | Self::Parameter { .. }
                | Self::ChunkSize
                | Self::UnknownMechanism
                | Self::NoCredentials
                | Self::CredentialsTooLong
        )
    }

    fn row(&self) -> Row {
        match self {
            Self::Unknown => row(500, (5, 1), "Unknown command"),
            Self::NotOffered => row(502, (5, 1), "Not offered here"),
            Self::NotMail => row(500, (5, 1), "This is a mail server"),
            Self::LineTooLong => row(500, (5, 2), "The line is too long"),
            Self::BareLineEnd => row(500, (5, 2), "Lines end in CR and LF together"),
            Self::NoArgument { command } => {
                row(501, (5, 4), format!("{command} takes no argument"))
            }
            Self::Usage { form } => row(501, (5, 4), format!("Say: {form}")),
            Self::Sender => row(501, (1, 7), "Say: MAIL FROM:<name@domain>"),
            Self::Recipient => row(501, (1, 3), "Say: RCPT TO:<name@domain>"),
            // RFC 6531 section 3.5.
            Self::Utf8Address => row(553, (6, 7), "Such an address needs SMTPUTF8 in MAIL"),
            Self::UnknownParameter { name } => {
                row(555, (5, 4), format!("Parameter {name} is not offered here"))
            }
            Self::Parameter { name } => row(501, (5, 4), format!("{name} has no such value")),
            Self::ChunkSize => row(501, (5, 4), "Say: BDAT octets, or BDAT octets LAST"),
            Self::HelloFirst => row(503, (5, 1), "Say EHLO first"),
            Self::SenderFirst => row(503, (5, 1), "Say MAIL first"),
            Self::RecipientFirst => row(503, (5, 1), "Say RCPT first"),
            Self::NoValidRecipient => row(554, (5, 1), "No recipient was accepted"),
            Self::SenderAlready => row(503, (5, 1), "The sender was said already"),
            Self::TooManyRecipients { most } => row(
                452,
                (5, 3),
                format!("At most {most} recipients; send the rest after"),
            ),
            Self::SignedInAlready => row(503, (5, 1), "You are signed in"),
            Self::EncryptedAlready => row(503, (5, 1), "The connection is encrypted already"),
            Self::InsideEnvelope { command } => {
                row(503, (5, 1), format!("{command} comes before MAIL"))
            }
            Self::InsideMessage { command } => {
                row(503, (5, 1), format!("{command} comes before BDAT"))
            }
            Self::MessageRefused => row(503, (5, 1), "The message was refused; say RSET first"),
            Self::SignInElsewhere => row(
                502,
                (5, 1),
                "This port takes mail from other servers; to send yours, use port 465 or 587",
            ),
            Self::UnknownMechanism => row(504, (5, 4), "The mechanisms are PLAIN and LOGIN"),
            Self::Cancelled => row(501, (7, 0), "Sign-in cancelled"),
            Self::NoCredentials => row(501, (5, 2), "That is no name and password in base64"),
            Self::CredentialsTooLong => row(500, (5, 6), "Too long for a name and password"),
            Self::OtherIdentity => row(535, (7, 8), "Signing in as another user is not possible"),
        }
    }
}

/// Why the connection is closed from our side. RFC 5321 section 3.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    TooManyErrors,
    TooMuchRefused,
    TooMuchTalk,
    TooManySignIns,
    /// The peer stopped talking.
    Silent,
    /// The stream ended inside a message.
    CutShort,
    Shutdown,
    RightEnded(RightEnd),
}

impl End {
    pub(crate) fn reply(self) -> Reply {
        reply(match self {
            Self::TooManyErrors => row(421, (7, 0), "Too many commands that make no sense"),
            Self::TooMuchRefused => row(421, (7, 0), "Too much was refused; connect again"),
            Self::TooMuchTalk => row(421, (7, 0), "Too many commands and no message"),
            Self::TooManySignIns => row(421, (7, 0), "Too many wrong sign-ins; connect again"),
            Self::Silent => row(421, (4, 2), "Nothing was said for too long"),
            Self::CutShort => row(421, (4, 2), "The message did not come to its end"),
            Self::Shutdown => row(421, (3, 2), "The service is restarting; come back soon"),
            Self::RightEnded(RightEnd::PasswordChanged) => row(
                421,
                (7, 0),
                "The password was changed; sign in with the new one",
            ),
            Self::RightEnded(RightEnd::AccountRemoved) => {
                row(421, (7, 0), "This account no longer exists")
            }
            Self::RightEnded(RightEnd::OldDevicesOff) => {
                // The same sentence that a new sign-in would get.
                let refusal = Refusal::EncryptionRequired;
                row(
                    421,
                    (7, 0),
                    words::refusal(&refusal, words::Language::English),
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::is_good_reply;

    #[test]
    fn all_news_are_good_replies() {
        let host = || "mail.exemple.fr".to_owned();
        let id = || "1a2b".to_owned();
        for news in [
            News::Greeting { host: host() },
            News::Hello { host: host() },
            News::Extensions {
                host: host(),
                keywords: vec!["PIPELINING".into()],
            },
            News::Fine,
            News::Bye,
            News::Help,
            News::Perhaps,
            News::BeginTls,
            News::Challenge {
                text: "VXNlcm5hbWU6",
            },
            News::SignedIn,
            News::SenderFine,
            News::RecipientFine,
            News::BeginMessage,
            News::Delivered { id: id() },
            News::Queued { id: id() },
        ] {
            is_good_reply(&news.reply());
            assert!(matches!(news.reply().wire()[0], b'2' | b'3'), "{news:?}");
        }
    }

    #[test]
    fn all_faults_are_good_replies() {
        for fault in [
            Fault::Unknown,
            Fault::NotOffered,
            Fault::NotMail,
            Fault::LineTooLong,
            Fault::BareLineEnd,
            Fault::NoArgument { command: "DATA" },
            Fault::Usage { form: "VRFY name" },
            Fault::Sender,
            Fault::Recipient,
            Fault::Utf8Address,
            Fault::UnknownParameter {
                name: "é\r\n".repeat(1000),
            },
            Fault::Parameter { name: "SIZE" },
            Fault::HelloFirst,
            Fault::SenderFirst,
            Fault::RecipientFirst,
            Fault::NoValidRecipient,
            Fault::SenderAlready,
            Fault::TooManyRecipients { most: 100 },
            Fault::SignedInAlready,
            Fault::EncryptedAlready,
            Fault::InsideEnvelope { command: "AUTH" },
            Fault::SignInElsewhere,
            Fault::UnknownMechanism,
            Fault::Cancelled,
            Fault::NoCredentials,
            Fault::CredentialsTooLong,
            Fault::OtherIdentity,
        ] {
            is_good_reply(&fault.reply());
            assert!(matches!(fault.reply().wire()[0], b'4' | b'5'), "{fault:?}");
        }
    }

    #[test]
    fn every_end_is_a_421() {
        for end in [
            End::TooManyErrors,
            End::TooMuchRefused,
            End::TooMuchTalk,
            End::TooManySignIns,
            End::Silent,
            End::CutShort,
            End::Shutdown,
            End::RightEnded(RightEnd::PasswordChanged),
            End::RightEnded(RightEnd::AccountRemoved),
            End::RightEnded(RightEnd::OldDevicesOff),
        ] {
            is_good_reply(&end.reply());
            assert!(end.reply().wire().starts_with(b"421 4."), "{end:?}");
        }
    }
}
