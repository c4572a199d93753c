//! What a failure means to whoever wrote the message.

use queue::Status;
use words::{Key, keys};

/// Subjects and details of enhanced status codes, and what each means: the first that fits.
/// RFC 3463, and those registered since (RFC 5248). Without details all of the subject.
const MEANINGS: &[(u16, &[u16], Key)] = &[
    (1, &[2], keys::MEANING_NO_DOMAIN),
    (1, &[10], keys::MEANING_NULL_MX),
    (1, &[], keys::MEANING_NO_ADDRESS),
    (2, &[1], keys::MEANING_MAILBOX_OFF),
    (2, &[3], keys::MEANING_TOO_LARGE),
    (2, &[], keys::MEANING_FULL),
    (3, &[4], keys::MEANING_TOO_LARGE),
    (4, &[3], keys::MEANING_DNS),
    (4, &[6], keys::MEANING_LOOP),
    (4, &[7], keys::MEANING_EXPIRED),
    (4, &[], keys::MEANING_UNREACHABLE),
    (6, &[7], keys::MEANING_UNICODE),
    (7, &[4, 10, 11, 30], keys::MEANING_TLS),
    (7, &[5], keys::MEANING_UNPROVED),
    (
        7,
        &[20, 21, 22, 23, 24, 25, 26, 27, 28, 29],
        keys::MEANING_NOT_BELIEVED,
    ),
];

/// The sentence for an enhanced status code.
pub(super) fn meaning(status: Status) -> Key {
    let Status(class, subject, detail) = status;
    let fits = |(of, details, _): &&(u16, &[u16], Key)| {
        *of == subject && (details.is_empty() || details.contains(&detail))
    };
    let known = MEANINGS.iter().find(fits).map(|(.., key)| *key);
    known.unwrap_or(match class {
        4 => keys::MEANING_BUSY,
        _ => keys::MEANING_REFUSED,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use words::Language;

    use super::*;

    #[test]
    fn the_page_for_senders_has_every_meaning() {
        let mut made = "| code | what it means, and what to do |\n| --- | --- |\n".to_owned();
        let mut row = |code: &str, key| {
            let text = words::text(Language::English, key, &[]);
            made += &format!("| `{code}` | {text} |\n");
        };
        for (subject, details, key) in MEANINGS {
            let codes = details.iter().map(|detail| format!("x.{subject}.{detail}"));
            let code = match details {
                [] => format!("x.{subject}, others"),
                _ => codes.collect::<Vec<_>>().join("`, `"),
            };
            row(&code, *key);
        }
        row("4, others", keys::MEANING_BUSY);
        row("5, others", keys::MEANING_REFUSED);
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/why-was-my-message.md");
        playback::part_of_page(&page, "meanings", &made);
    }

    #[test]
    fn the_nearest_meaning_is_taken() {
        assert_eq!(meaning(Status(5, 1, 2)), keys::MEANING_NO_DOMAIN);
        assert_eq!(meaning(Status(5, 1, 1)), keys::MEANING_NO_ADDRESS);
        assert_eq!(meaning(Status(4, 7, 26)), keys::MEANING_NOT_BELIEVED);
        assert_eq!(meaning(Status(4, 7, 1)), keys::MEANING_BUSY);
        assert_eq!(meaning(Status(5, 7, 1)), keys::MEANING_REFUSED);
        assert_eq!(meaning(Status(5, 0, 0)), keys::MEANING_REFUSED);
    }
}
