//! Each refusal by policy as a reply. The sentence is `words`'.

use events::Refusal;
use words::Language;

use crate::reply::Reply;

/// The reply that a refusal is in this protocol.
pub(crate) fn reply(refusal: &Refusal) -> Reply {
    let (code, detail) = code(refusal);
    Reply::coded(code, detail, words::refusal(refusal, Language::English))
}

/// The code, and subject and detail of the enhanced one (RFC 3463, RFC 5248).
fn code(refusal: &Refusal) -> (u16, (u16, u16)) {
    match refusal {
        Refusal::Credentials => (535, (7, 8)),
        Refusal::EncryptionRequired => (538, (7, 11)),
        Refusal::SignInRequired => (530, (7, 0)),
        Refusal::SignInBusy => (454, (7, 0)),
        Refusal::SenderNotYours { .. } => (553, (7, 1)),
        Refusal::HeaderNotYours { .. } => (550, (7, 1)),
        Refusal::NoFrom | Refusal::BareLineEnd => (550, (6, 0)),
        Refusal::UnknownRecipient { .. } => (550, (1, 1)),
        Refusal::NotHosted { .. } => (550, (7, 1)),
        Refusal::OverQuota { temporary: true } => (452, (2, 2)),
        Refusal::OverQuota { temporary: false } => (552, (2, 2)),
        Refusal::TooLarge { .. } | Refusal::HeaderTooLong { .. } => (552, (3, 4)),
        // RFC 9989 section 8.3 leaves the words to us; the code is that of RFC 7372 for
        // whoever else refuses by policy.
        Refusal::Forged { .. } => (550, (7, 1)),
        // "Mail flood detected" in the registry of enhanced codes.
        Refusal::TooFast(_) => (451, (7, 28)),
        // RFC 5782 section 2.1 leaves the code to us; RFC 7372 has this one for policy.
        Refusal::Listed { .. } => (550, (7, 1)),
        Refusal::Loop => (554, (4, 6)),
        Refusal::DiskFull => (452, (3, 1)),
        // The last four are about folders, which no sender can know of: if one comes
        // up here, it is ours to mend, and the peer tries again.
        Refusal::Temporary
        | Refusal::NoSuchMailbox
        | Refusal::MailboxExists
        | Refusal::MailboxForbidden
        | Refusal::TooMany(_) => (451, (3, 0)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::tests::is_good_reply;
    use events::{Finding, HeaderField, Limited, Pace};

    #[test]
    fn every_refusal_is_a_good_reply() {
        let recipient: address::Address = "lea@exemple.fr".parse().unwrap();
        let all = [
            Refusal::Credentials,
            Refusal::EncryptionRequired,
            Refusal::SignInRequired,
            Refusal::SignInBusy,
            Refusal::SenderNotYours {
                sender: recipient.clone(),
            },
            Refusal::HeaderNotYours {
                field: HeaderField::From,
                address: "é\r\n".repeat(400),
            },
            Refusal::NoFrom,
            Refusal::UnknownRecipient {
                recipient: recipient.clone(),
            },
            Refusal::NotHosted { recipient },
            Refusal::OverQuota { temporary: true },
            Refusal::OverQuota { temporary: false },
            Refusal::TooLarge { limit: u64::MAX },
            Refusal::BareLineEnd,
            Refusal::HeaderTooLong { limit: 1 },
            Refusal::Forged {
                domain: "é".repeat(400),
                spf: Finding::Fail,
                dkim: Finding::None,
            },
            Refusal::TooFast(Pace::Network),
            Refusal::TooFast(Pace::Sender),
            Refusal::TooFast(Pace::Recipient),
            Refusal::Listed {
                address: [192, 0, 2, 1].into(),
                list: "zen.example.org".to_owned(),
                reason: Some("r".repeat(400)),
            },
            Refusal::Loop,
            Refusal::DiskFull,
            Refusal::Temporary,
            Refusal::NoSuchMailbox,
            Refusal::MailboxExists,
            Refusal::MailboxForbidden,
            Refusal::TooMany(Limited::Messages),
        ];
        for refusal in all {
            is_good_reply(&reply(&refusal));
            assert!((400..600).contains(&code(&refusal).0), "{refusal:?}");
        }
    }

    /// Those that a sender may meet, as a page shows them. That none is forgotten, whoever adds
    /// one to `code` sees there.
    #[test]
    fn the_page_for_senders_has_every_refusal() {
        let recipient: address::Address = "paul@example.org".parse().unwrap();
        let sender = || recipient.clone();
        let shown = [
            Refusal::UnknownRecipient {
                recipient: sender(),
            },
            Refusal::NotHosted {
                recipient: sender(),
            },
            Refusal::Forged {
                domain: "example.org".to_owned(),
                spf: Finding::Fail,
                dkim: Finding::None,
            },
            Refusal::Listed {
                address: [192, 0, 2, 1].into(),
                list: "zen.example.org".to_owned(),
                reason: None,
            },
            Refusal::TooFast(Pace::Network),
            Refusal::TooFast(Pace::Sender),
            Refusal::TooFast(Pace::Recipient),
            Refusal::OverQuota { temporary: true },
            Refusal::OverQuota { temporary: false },
            Refusal::TooLarge { limit: 52_428_800 },
            Refusal::HeaderTooLong { limit: 262_144 },
            Refusal::BareLineEnd,
            Refusal::Loop,
            Refusal::DiskFull,
            Refusal::Temporary,
            Refusal::Credentials,
            Refusal::EncryptionRequired,
            Refusal::SignInRequired,
            Refusal::SignInBusy,
            Refusal::SenderNotYours { sender: sender() },
            Refusal::HeaderNotYours {
                field: HeaderField::From,
                address: recipient.to_string(),
            },
            Refusal::NoFrom,
        ];
        let mut made = "| reply | what it means, and what to do |\n| --- | --- |\n".to_owned();
        for refusal in &shown {
            let (code, (subject, detail)) = code(refusal);
            let words = words::refusal(refusal, Language::English);
            made += &format!("| `{code} {}.{subject}.{detail}` | {words} |\n", code / 100);
        }
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/why-was-my-message.md");
        playback::part_of_page(&page, "refusals", &made);
    }
}
