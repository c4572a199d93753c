//! Enhanced status codes. RFC 3463, RFC 2034.

use std::fmt;

/// What became of something, in three numbers: `5.1.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status {
    /// 2 is success, 4 a trouble that may pass, 5 one that will not.
    pub class: u16,
    /// What it is about.
    pub subject: u16,
    /// What about it.
    pub detail: u16,
}

impl Status {
    /// Of these three numbers.
    pub const fn new(class: u16, subject: u16, detail: u16) -> Status {
        Status {
            class,
            subject,
            detail,
        }
    }

    /// Reads one from the beginning of a text, and gives what follows it. It must be of
    /// this class: where the two codes of a reply disagree, the first is believed, as it
    /// is the one that rules the conversation.
    pub(super) fn split(text: &str, class: u16) -> Option<(Status, &str)> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut numbers = word.split('.').map(number);
        let status = Status {
            class: numbers.next()??,
            subject: numbers.next()??,
            detail: numbers.next()??,
        };
        let whole = numbers.next().is_none() && status.class == class;
        whole.then_some((status, rest.trim_start()))
    }
}

/// One to three digits.
fn number(digits: &str) -> Option<u16> {
    let fits = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| digits.parse().ok())?
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_three_numbers_of_the_replys_class() {
        let read = |text| Status::split(text, 5).map(|(status, rest)| (status.to_string(), rest));
        assert_eq!(
            read("5.1.1 no such user"),
            Some(("5.1.1".to_owned(), "no such user"))
        );
        assert_eq!(read("5.7.999"), Some(("5.7.999".to_owned(), "")));
        for text in [
            "4.1.1 x",
            "5.1 x",
            "5.1.1.1 x",
            "5.1.1000 x",
            "5..1",
            "+5.1.1",
            "",
            "10.0.0.1 is bad",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
