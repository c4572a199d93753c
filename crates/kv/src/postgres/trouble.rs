//! What the database's errors mean to us.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::KvError;

/// Why a statement did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The database is out of reach, or takes no work now. What was not committed is
    /// undone. It passes.
    Away(String),
    /// Another transaction was in the way. All is undone, and may be tried again at once.
    InTheWay,
    /// The disk of the database is full.
    Full,
    /// The database found its own files damaged.
    Damaged(String),
    /// The user, the password, the database or a right is wrong.
    Refused(String),
    /// Anything else, which would not pass by being tried again.
    Broken(String),
}

impl Trouble {
    /// What an error of the database means.
    pub(super) fn of(error: &Error) -> Trouble {
        let text = describe(error);
        match error.code() {
            Some(code) => Trouble::of_code(code, text),
            None if is_passing(error) => Trouble::Away(text),
            None => Trouble::Broken(text),
        }
    }

    fn of_code(code: &SqlState, text: String) -> Trouble {
        const IN_THE_WAY: [&SqlState; 4] = [
            &SqlState::T_R_SERIALIZATION_FAILURE,
            &SqlState::T_R_DEADLOCK_DETECTED,
            &SqlState::LOCK_NOT_AVAILABLE,
            // Two that made the same row at once, where the database does not wait.
            &SqlState::UNIQUE_VIOLATION,
        ];
        const AWAY: [&SqlState; 4] = [
            // A standby that has not taken over yet.
            &SqlState::READ_ONLY_SQL_TRANSACTION,
            &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            &SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN,
            &SqlState::PROTOCOL_VIOLATION,
        ];
        // A database that is not there, and a right that the user lacks.
        const REFUSED: [&SqlState; 2] = [
            &SqlState::INVALID_CATALOG_NAME,
            &SqlState::INSUFFICIENT_PRIVILEGE,
        ];
        const DAMAGED: [&SqlState; 2] = [&SqlState::DATA_CORRUPTED, &SqlState::INDEX_CORRUPTED];
        if IN_THE_WAY.contains(&code) {
            return Trouble::InTheWay;
        }
        if *code == SqlState::DISK_FULL {
            return Trouble::Full;
        }
        if DAMAGED.contains(&code) {
            return Trouble::Damaged(text);
        }
        // Classes: 08 connection, 28 who one is, 53 resources, 57 operator's intervention.
        let class = code.code().get(..2).unwrap_or_default();
        if REFUSED.contains(&code) || class == "28" {
            return Trouble::Refused(text);
        }
        if AWAY.contains(&code) || ["08", "53", "57"].contains(&class) {
            return Trouble::Away(text);
        }
        Trouble::Broken(text)
    }

    /// What whoever asked is told, when it is not tried again.
    pub(super) fn told(self) -> KvError {
        match self {
            Self::Away(text) => KvError::Away(text),
            Self::InTheWay => KvError::Busy,
            Self::Full => KvError::Full,
            Self::Damaged(text) => KvError::Damaged(text),
            Self::Refused(text) => KvError::Refused(text),
            Self::Broken(text) => KvError::Broken(text),
        }
    }
}

/// Whether an error that the database did not tell may be gone the next time: what the
/// network does is, a certificate that is not the right one is not.
fn is_passing(error: &Error) -> bool {
    let Some(cause) = error.source() else {
        return true;
    };
    let Some(network) = cause.downcast_ref::<io::Error>() else {
        return false;
    };
    network
        .get_ref()
        .is_none_or(|inner| inner.downcast_ref::<rustls::Error>().is_none())
}

/// The error with its causes: the outermost alone says little more than "db error".
fn describe(error: &Error) -> String {
    if let Some(told) = error.as_db_error() {
        return format!("{} ({})", told.message(), told.code().code());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        let meaning = |code: &str| Trouble::of_code(&SqlState::from_code(code), String::new());
        for code in ["40001", "40P01", "55P03", "23505"] {
            assert_eq!(meaning(code), Trouble::InTheWay, "{code}");
        }
        for code in [
            "57P01", "57P03", "53300", "08006", "25006", "25P03", "40003",
        ] {
            assert_eq!(meaning(code), Trouble::Away(String::new()), "{code}");
        }
        for code in ["28P01", "28000", "3D000", "42501"] {
            assert_eq!(meaning(code), Trouble::Refused(String::new()), "{code}");
        }
        for code in ["42P01", "XX000", "26000"] {
            assert_eq!(meaning(code), Trouble::Broken(String::new()), "{code}");
        }
        assert_eq!(meaning("53100"), Trouble::Full);
        assert_eq!(meaning("XX001"), Trouble::Damaged(String::new()));
    }
}
