//! The policy of MTA-STS: that mail comes here encrypted, to a host with a valid
//! certificate. RFC 8461 section 3.2.

use serde::{Deserialize, Serialize};

/// For how long a sender may go by the policy without asking again, in seconds: weeks, as
/// RFC 8461 section 3.2 advises, and short enough to come back from a mistake.
const MAX_AGE_SECONDS: u32 = 14 * 24 * 60 * 60;
/// Octets of the policy's number. RFC 8461 section 3.1 allows 32 letters and digits.
const ID_OCTETS: usize = 16;

/// What is asked of senders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nothing: whoever knows an older policy is to forget it.
    None,
    /// To send all the same where the policy can't be kept, and to report it.
    #[default]
    Testing,
    /// Not to send where it can't be kept.
    Enforce,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Testing => "testing",
            Self::Enforce => "enforce",
        }
    }
}

/// The text of the policy.
pub fn policy(host: &str, mode: Mode) -> String {
    let mode = mode.name();
    format!("version: STSv1\r\nmode: {mode}\r\nmx: {host}\r\nmax_age: {MAX_AGE_SECONDS}\r\n")
}

/// Its number, which is another whenever its text is.
pub(super) fn id(policy: &str) -> String {
    let hash = blake3::hash(policy.as_bytes()).to_hex();
    hash.chars().take(ID_OCTETS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_changes_with_the_policy() {
        let testing = policy("mail.exemple.fr", Mode::Testing);
        assert_eq!(
            testing,
            "version: STSv1\r\nmode: testing\r\nmx: mail.exemple.fr\r\nmax_age: 1209600\r\n"
        );
        assert_eq!(id(&testing).len(), ID_OCTETS);
        assert_eq!(id(&testing), id(&policy("mail.exemple.fr", Mode::Testing)));
        assert_ne!(id(&testing), id(&policy("mail.exemple.fr", Mode::Enforce)));
        assert_ne!(id(&testing), id(&policy("mx.exemple.fr", Mode::Testing)));
    }
}
