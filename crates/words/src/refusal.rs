//! What is said to a person whose request was refused.

use events::{Limited, Pace, Refusal};

use crate::{Key, Language, Value, format, keys, text};

/// Longest sentence that [`refusal()`] returns, in octets. An SMTP reply line holds 512
/// with its code (RFC 5321 section 4.5.3.1.5); this leaves room for code, enhanced
/// code and an IMAP tag.
pub const REFUSAL_OCTETS: usize = 400;

/// How many characters of an address a sentence shows. One that a person typed is
/// shorter; RFC 5321 section 4.5.3.1 would allow 320.
const ADDRESS_CHARACTERS: usize = 80;

/// The sentence for a refusal: one line that says what is so and what to do, at most
/// [`REFUSAL_OCTETS`] long, in ASCII for [`Language::English`].
pub fn refusal(refusal: &Refusal, language: Language) -> String {
    use Refusal as R;
    let plain = |key: Key| text(language, key, &[]);
    let about = |key: Key, address: &str| {
        let shown = shown(address, language);
        text(language, key, &[("address", Value::Text(&shown))])
    };
    match refusal {
        R::Credentials => plain(keys::REFUSAL_CREDENTIALS),
        R::EncryptionRequired => plain(keys::REFUSAL_ENCRYPTION),
        R::SignInRequired => plain(keys::REFUSAL_SIGN_IN_REQUIRED),
        R::SignInBusy => plain(keys::REFUSAL_BUSY),
        R::SenderNotYours { sender } => about(keys::REFUSAL_SENDER, &sender.to_string()),
        R::HeaderNotYours { field, address } => {
            let shown = shown(address, language);
            let arguments = [
                ("field", Value::Text(field.name())),
                ("address", Value::Text(&shown)),
            ];
            text(language, keys::REFUSAL_HEADER, &arguments)
        }
        R::NoFrom => plain(keys::REFUSAL_NO_FROM),
        R::UnknownRecipient { recipient } => {
            about(keys::REFUSAL_UNKNOWN_RECIPIENT, &recipient.to_string())
        }
        R::NotHosted { recipient } => about(keys::REFUSAL_NOT_HOSTED, &recipient.to_string()),
        R::OverQuota { temporary: true } => plain(keys::REFUSAL_FULL),
        R::OverQuota { temporary: false } => plain(keys::REFUSAL_FULL_LONG),
        R::TooLarge { limit } => {
            let limit = size(*limit, language);
            text(
                language,
                keys::REFUSAL_TOO_LARGE,
                &[("limit", Value::Text(&limit))],
            )
        }
        R::HeaderTooLong { limit } => {
            let limit = size(*limit, language);
            text(
                language,
                keys::REFUSAL_HEADER_TOO_LONG,
                &[("limit", Value::Text(&limit))],
            )
        }
        R::Forged { domain, spf, dkim } => {
            let domain = shown(domain, language);
            let arguments = [
                ("domain", Value::Text(&domain)),
                ("spf", Value::Text(spf.word())),
                ("dkim", Value::Text(dkim.word())),
            ];
            text(language, keys::REFUSAL_FORGED, &arguments)
        }
        R::TooFast(pace) => plain(match pace {
            Pace::Network => keys::REFUSAL_TOO_FAST_NETWORK,
            Pace::Sender => keys::REFUSAL_TOO_FAST_SENDER,
            Pace::Recipient => keys::REFUSAL_TOO_FAST_RECIPIENT,
        }),
        R::Listed {
            address,
            list,
            reason,
        } => {
            let (address, list) = (address.to_string(), shown(list, language));
            let mut arguments = vec![
                ("address", Value::Text(&address)),
                ("list", Value::Text(&list)),
            ];
            let reason = reason.as_ref().map(|reason| shown(reason, language));
            let key = match &reason {
                Some(reason) => {
                    arguments.push(("reason", Value::Text(reason)));
                    keys::REFUSAL_LISTED_BECAUSE
                }
                None => keys::REFUSAL_LISTED,
            };
            text(language, key, &arguments)
        }
        R::BareLineEnd => plain(keys::REFUSAL_BARE_LINE_END),
        R::Loop => plain(keys::REFUSAL_LOOP),
        R::DiskFull => plain(keys::REFUSAL_DISK_FULL),
        R::Temporary => plain(keys::REFUSAL_TEMPORARY),
        R::NoSuchMailbox => plain(keys::REFUSAL_NO_SUCH_MAILBOX),
        R::MailboxExists => plain(keys::REFUSAL_MAILBOX_EXISTS),
        R::MailboxForbidden => plain(keys::REFUSAL_MAILBOX_FORBIDDEN),
        R::TooMany(limited) => plain(match limited {
            Limited::Mailboxes => keys::REFUSAL_TOO_MANY_MAILBOXES,
            Limited::Subscriptions => keys::REFUSAL_TOO_MANY_SUBSCRIPTIONS,
            Limited::Keywords => keys::REFUSAL_TOO_MANY_KEYWORDS,
            Limited::Messages => keys::REFUSAL_TOO_MANY_MESSAGES,
        }),
    }
}

/// A size whose space is a plain one where the sentence must be ASCII.
fn size(octets: u64, language: Language) -> String {
    let size = format::size(octets, language);
    match language {
        Language::English => size.replace('\u{a0}', " "),
        Language::French => size,
    }
}

/// An address as a peer wrote it, made safe for one line of a reply: no control
/// characters, a bounded length, and in English what is not ASCII written `\x{E9}`
/// (the form of RFC 6533 section 3).
fn shown(address: &str, language: Language) -> String {
    let mut shown = String::new();
    let mut clean = address.chars().filter(|c| !c.is_control());
    for c in clean.by_ref().take(ADDRESS_CHARACTERS) {
        if c.is_ascii() || language == Language::French {
            shown.push(c);
        } else {
            shown += &format!("\\x{{{:X}}}", u32::from(c));
        }
        if shown.len() >= ADDRESS_CHARACTERS {
            break;
        }
    }
    if clean.next().is_some() {
        shown += "...";
    }
    shown
}

#[cfg(test)]
mod tests {
    use address::Address;
    use events::{Finding, HeaderField};

    use super::*;

    fn every_refusal() -> Vec<Refusal> {
        let address: Address = format!("{}@exemple.fr", "é".repeat(64)).parse().unwrap();
        let far = format!("\r\n535 \u{1f4ec}{}", "x\u{85}".repeat(5000));
        use Refusal::*;
        let all = vec![
            Credentials,
            EncryptionRequired,
            SignInRequired,
            SignInBusy,
            SenderNotYours {
                sender: address.clone(),
            },
            HeaderNotYours {
                field: HeaderField::Sender,
                address: far,
            },
            NoFrom,
            UnknownRecipient {
                recipient: address.clone(),
            },
            NotHosted { recipient: address },
            OverQuota { temporary: true },
            OverQuota { temporary: false },
            TooLarge { limit: u64::MAX },
            HeaderTooLong { limit: u64::MAX },
            Forged {
                domain: "x\r".repeat(5000),
                spf: Finding::PermError,
                dkim: Finding::TempError,
            },
            TooFast(Pace::Network),
            TooFast(Pace::Sender),
            TooFast(Pace::Recipient),
            Listed {
                address: [0xfe; 16].into(),
                list: "x.".repeat(126),
                reason: None,
            },
            Listed {
                address: [0xfe; 16].into(),
                list: "x.".repeat(126),
                reason: Some("r\r".repeat(5000)),
            },
            BareLineEnd,
            Loop,
            DiskFull,
            Temporary,
            NoSuchMailbox,
            MailboxExists,
            MailboxForbidden,
            TooMany(Limited::Mailboxes),
            TooMany(Limited::Subscriptions),
            TooMany(Limited::Keywords),
            TooMany(Limited::Messages),
        ];
        // A new variant must be added above: this match then stops compiling.
        for refusal in &all {
            match refusal {
                Credentials | EncryptionRequired | SignInRequired | SignInBusy => {}
                SenderNotYours { .. } | HeaderNotYours { .. } | NoFrom => {}
                UnknownRecipient { .. } | NotHosted { .. } | OverQuota { .. } => {}
                HeaderTooLong { .. } | Forged { .. } | Listed { .. } => {}
                TooFast(Pace::Network | Pace::Sender | Pace::Recipient) => {}
                TooLarge { .. } | BareLineEnd | Loop | DiskFull | Temporary => {}
                NoSuchMailbox | MailboxExists | MailboxForbidden => {}
                TooMany(
                    Limited::Mailboxes
                    | Limited::Subscriptions
                    | Limited::Keywords
                    | Limited::Messages,
                ) => {}
            }
        }
        all
    }

    #[test]
    fn each_fits_a_reply_whatever_the_peer_wrote() {
        for refusal in every_refusal() {
            for language in Language::ALL {
                let text = super::refusal(&refusal, language);
                assert!(
                    (20..=REFUSAL_OCTETS).contains(&text.len()),
                    "{}: {text}",
                    text.len()
                );
                assert!(!text.chars().any(char::is_control), "{text:?}");
                assert!(text.ends_with('.') && !text.contains(['*', '`']), "{text}");
                assert!(language != Language::English || text.is_ascii(), "{text}");
            }
        }
    }

    #[test]
    fn each_says_its_own_thing() {
        for language in Language::ALL {
            let mut texts: Vec<_> = every_refusal()
                .iter()
                .map(|r| super::refusal(r, language))
                .collect();
            let count = texts.len();
            texts.sort();
            texts.dedup();
            assert_eq!(texts.len(), count);
        }
    }

    #[test]
    fn the_remedy_names_the_devices_own_label() {
        let text = super::refusal(&Refusal::SignInRequired, Language::English);
        assert!(text.contains("Tick 'Require sign-in'"), "{text}");
    }

    #[test]
    fn addresses_beyond_ascii_are_spelled_out() {
        assert_eq!(shown("é@x.fr", Language::English), "\\x{E9}@x.fr");
        assert_eq!(shown("é@x.fr", Language::French), "é@x.fr");
        assert_eq!(shown("a\r\nb@x.fr", Language::English), "ab@x.fr");
    }
}
