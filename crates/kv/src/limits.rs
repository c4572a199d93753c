//! The bounds of a commit: those of the strictest ordered stores that could ever
//! serve as an engine, so that code written on one runs on all.

use crate::{Condition, Excess, KvError, Operation};

/// Longest key in octets.
pub const KEY_OCTETS: usize = 400;
/// Longest value in octets.
pub const VALUE_OCTETS: usize = 64 * 1024;
/// Keys and values of one commit together, in octets.
pub const COMMIT_OCTETS: usize = 1024 * 1024;
/// Operations of one commit. A queued message for many has three for each of them.
pub const COMMIT_OPERATIONS: usize = 5000;
/// Conditions of one commit.
pub const COMMIT_CONDITIONS: usize = 2000;

impl Operation {
    /// Octets of its keys and its value together.
    pub fn octets(&self) -> usize {
        match self {
            Self::Put(key, value) => key.len() + value.len(),
            Self::Delete(key) => key.len(),
            Self::ClearRange(range) => range.start.len() + range.end.len(),
        }
    }

    fn check(&self) -> Result<(), Excess> {
        match self {
            Self::Put(key, value) => {
                check_key(key)?;
                if value.len() > VALUE_OCTETS {
                    return Err(Excess::Value(value.len()));
                }
                Ok(())
            }
            Self::Delete(key) => check_key(key),
            Self::ClearRange(range) => {
                check_key(&range.start)?;
                check_key(&range.end)
            }
        }
    }
}

/// Refuses a commit over the limits. Every engine calls it before anything else.
pub fn check(conditions: &[Condition], operations: &[Operation]) -> Result<(), KvError> {
    within(conditions, operations).map_err(KvError::TooLarge)
}

fn within(conditions: &[Condition], operations: &[Operation]) -> Result<(), Excess> {
    if conditions.len() > COMMIT_CONDITIONS {
        return Err(Excess::Operations(conditions.len()));
    }
    if operations.len() > COMMIT_OPERATIONS {
        return Err(Excess::Operations(operations.len()));
    }
    for condition in conditions {
        let (Condition::Absent(key) | Condition::Version(key, _)) = condition;
        check_key(key)?;
    }
    operations.iter().try_for_each(Operation::check)?;
    match operations.iter().map(Operation::octets).sum() {
        octets if octets > COMMIT_OCTETS => Err(Excess::Commit(octets)),
        _ => Ok(()),
    }
}

fn check_key(key: &[u8]) -> Result<(), Excess> {
    if key.len() > KEY_OCTETS {
        Err(Excess::Key(key.len()))
    } else {
        Ok(())
    }
}
