//! A message's envelope, and the commands that say it. RFC 5321 sections 4.1.1.2 and
//! 4.1.1.3.

use std::fmt::Write as _;

use address::{Address, ReversePath};

use super::{Capabilities, Size, Status};
use crate::by::DeliverBy;
use crate::dsn::{EnvelopeId, Notify, OriginalRecipient, Return};

/// Whose message goes to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Where a bounce would go.
    pub from: ReversePath,
    /// To whom. At least one.
    pub recipients: Vec<Recipient>,
    /// Octets of the message as it was kept, which SIZE means (RFC 1870 section 3).
    pub size: u64,
    /// Its header has something that only SMTPUTF8 can carry. RFC 6531.
    pub smtputf8: bool,
    /// It has octets above 127. RFC 6152.
    pub eight_bit: bool,
    /// It goes by TLS alone, to hosts that send it on in the same way. RFC 8689.
    pub require_tls: bool,
    /// How much of it a report is to hold.
    pub ret: Option<Return>,
    /// By what its sender knows it.
    pub id: Option<EnvelopeId>,
    /// By when it is to be delivered. It is asked of those that offer it; whether the others
    /// get the message is the caller's to decide.
    pub by: Option<DeliverBy>,
}

/// One of whom a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub address: Address,
    /// When its fate is to be reported.
    pub notify: Option<Notify>,
    /// Who it was when the sender wrote it.
    pub original: Option<OriginalRecipient>,
}

impl Recipient {
    /// One of whom nothing is asked.
    pub fn new(address: Address) -> Recipient {
        Recipient {
            address,
            notify: None,
            original: None,
        }
    }
}

impl Envelope {
    /// Why a peer that can do no more than this can't have the message.
    pub(super) fn obstacle(&self, peer: &Capabilities) -> Option<Obstacle> {
        if self.needs_smtputf8() && !peer.smtputf8 {
            return Some(Obstacle::NoSmtpUtf8);
        }
        if self.require_tls && !peer.require_tls {
            return Some(Obstacle::NoRequireTls);
        }
        match peer.size {
            Some(Size::AtMost(most)) if self.size > most => Some(Obstacle::TooLarge { most }),
            _ => None,
        }
    }

    fn needs_smtputf8(&self) -> bool {
        let from = match &self.from {
            ReversePath::Null => false,
            ReversePath::Address(address) => address.needs_smtputf8(),
        };
        let to = |to: &Recipient| to.address.needs_smtputf8();
        self.smtputf8 || from || self.recipients.iter().any(to)
    }

    /// The MAIL command, without its line end. What the peer does not offer is not asked
    /// for. A message with octets above 127 goes to one without 8BITMIME all the same, and
    /// as it is: so do others (Exim), such hosts pass them on, and a bounce would serve
    /// nobody.
    pub(super) fn mail(&self, peer: &Capabilities) -> String {
        let mut line = format!("MAIL FROM:{}", self.from);
        if peer.size.is_some() {
            put(&mut line, "SIZE", self.size);
        }
        if self.eight_bit && peer.eight_bit {
            put(&mut line, "BODY", "8BITMIME");
        }
        if self.needs_smtputf8() {
            line.push_str(" SMTPUTF8");
        }
        if self.require_tls {
            line.push_str(" REQUIRETLS");
        }
        if peer.dsn {
            self.ret.inspect(|ret| put(&mut line, "RET", ret));
            self.id.as_ref().inspect(|id| put(&mut line, "ENVID", id));
        }
        if peer.deliver_by.is_some() {
            self.by.inspect(|by| put(&mut line, "BY", by));
        }
        line
    }

    /// The RCPT command for one of the recipients, without its line end.
    pub(super) fn rcpt(&self, to: &Recipient, peer: &Capabilities) -> String {
        let mut line = format!("RCPT TO:<{}>", to.address);
        if peer.dsn {
            to.notify.inspect(|notify| put(&mut line, "NOTIFY", notify));
            let original = to.original.as_ref();
            // Where the message itself needs no SMTPUTF8, nothing that would is added to it.
            let original = original.filter(|who| self.needs_smtputf8() || !who.needs_smtputf8());
            original.inspect(|who| put(&mut line, "ORCPT", who));
        }
        line
    }
}

fn put(line: &mut String, name: &str, value: impl std::fmt::Display) {
    // Writing to a string can't fail.
    let _ = write!(line, " {name}={value}");
}

/// What about a message its peer can't do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It has what only SMTPUTF8 can carry, and the peer has not that. RFC 6531
    /// section 3.1 leaves nothing but to send it back.
    NoSmtpUtf8,
    /// It is to go by TLS alone, and the peer promises nothing of its way from there. RFC 8689
    /// section 4.2.1.
    NoRequireTls,
    /// It is larger than the peer takes. RFC 1870 section 6.1.
    TooLarge {
        /// Octets that it takes.
        most: u64,
    },
}

impl Obstacle {
    /// What that is as a status.
    pub fn status(self) -> Status {
        match self {
            Obstacle::NoSmtpUtf8 => Status::new(5, 6, 7),
            Obstacle::NoRequireTls => Status::new(5, 7, 30),
            Obstacle::TooLarge { .. } => Status::new(5, 3, 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(from: &str, to: &str) -> Envelope {
        let from = match from {
            "" => ReversePath::Null,
            from => ReversePath::Address(from.parse().unwrap()),
        };
        Envelope {
            from,
            recipients: vec![Recipient {
                address: to.parse().unwrap(),
                notify: Some(Notify::Never),
                original: Some("rfc822;a+2Bb@x".parse().unwrap()),
            }],
            size: 1000,
            smtputf8: false,
            eight_bit: true,
            require_tls: false,
            ret: Some(Return::Headers),
            id: Some("QQ1".parse().unwrap()),
            by: Some("60;RT".parse().unwrap()),
        }
    }

    fn all() -> Capabilities {
        Capabilities {
            size: Some(Size::AtMost(1000)),
            eight_bit: true,
            smtputf8: true,
            dsn: true,
            deliver_by: Some(0),
            ..Capabilities::default()
        }
    }

    #[test]
    fn what_is_offered_is_asked_for() {
        let bare = Capabilities::default();
        let envelope = envelope("lea@exemple.fr", "\"a b\"@x.fr");
        let to = &envelope.recipients[0];
        assert_eq!(envelope.mail(&bare), "MAIL FROM:<lea@exemple.fr>");
        assert_eq!(envelope.rcpt(to, &bare), "RCPT TO:<\"a b\"@x.fr>");
        assert_eq!(
            envelope.mail(&all()),
            "MAIL FROM:<lea@exemple.fr> SIZE=1000 BODY=8BITMIME RET=HDRS ENVID=QQ1 BY=60;RT"
        );
        assert_eq!(
            envelope.rcpt(to, &all()),
            "RCPT TO:<\"a b\"@x.fr> NOTIFY=NEVER ORCPT=rfc822;a+2Bb@x"
        );
    }

    #[test]
    fn nobody_is_a_sender_too() {
        assert!(
            envelope("", "a@x.fr")
                .mail(&all())
                .starts_with("MAIL FROM:<> SIZE=1000 ")
        );
    }

    #[test]
    fn utf8_goes_where_it_is_taken() {
        for envelope in [
            envelope("é@x.fr", "a@x.fr"),
            envelope("", "é@x.fr"),
            Envelope {
                smtputf8: true,
                ..envelope("", "a@x.fr")
            },
        ] {
            assert!(envelope.mail(&all()).contains(" SMTPUTF8"));
            assert_eq!(envelope.obstacle(&all()), None);
            let ascii = Capabilities {
                smtputf8: false,
                ..all()
            };
            assert_eq!(envelope.obstacle(&ascii), Some(Obstacle::NoSmtpUtf8));
        }
        let mut original = envelope("", "a@x.fr");
        original.recipients[0].original = Some("utf-8;é@x.fr".parse().unwrap());
        assert_eq!(original.obstacle(&Capabilities::default()), None);
        let line = original.rcpt(&original.recipients[0], &all());
        assert_eq!(line, "RCPT TO:<a@x.fr> NOTIFY=NEVER");
    }

    #[test]
    fn what_is_to_go_by_tls_goes_where_that_is_promised() {
        let secret = Envelope {
            require_tls: true,
            ..envelope("", "a@x.fr")
        };
        let obstacle = secret.obstacle(&all()).unwrap();
        assert_eq!(obstacle, Obstacle::NoRequireTls);
        assert_eq!(obstacle.status().to_string(), "5.7.30");
        let promising = Capabilities {
            require_tls: true,
            ..all()
        };
        assert_eq!(secret.obstacle(&promising), None);
        let line = secret.mail(&promising);
        assert_eq!(
            line,
            "MAIL FROM:<> SIZE=1000 BODY=8BITMIME REQUIRETLS RET=HDRS ENVID=QQ1 BY=60;RT"
        );
        assert!(
            !envelope("", "a@x.fr")
                .mail(&promising)
                .contains("REQUIRETLS")
        );
    }

    #[test]
    fn what_is_too_large_is_not_tried() {
        let mut large = envelope("", "a@x.fr");
        assert_eq!(large.obstacle(&all()), None);
        large.size = 1001;
        let obstacle = large.obstacle(&all()).unwrap();
        assert_eq!(obstacle, Obstacle::TooLarge { most: 1000 });
        assert_eq!(obstacle.status().to_string(), "5.3.4");
        assert_eq!(large.obstacle(&Capabilities::default()), None);
    }
}
