//! How much an account may send, and when it looks as if somebody else were sending with it.
//!
//! For `service`, which counts and acts: here it is only decided, from numbers. A stolen
//! password is used to send as much as goes through, to addresses of which many are wrong, from
//! places where the account's owner never was; each of these is a [`Trigger`] that stops the
//! account. A person with a newsletter does none of them.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lib.rs` | what an account did, as it is judged here |
//! | `over.rs` | the limits of an hour and a day |
//! | `trigger.rs` | what stops an account |
//!
//! # Invariants
//!
//! * Hours are those of the clock. A day is the present hour and the 23 before, so that a day's
//!   limit comes free hour by hour.
//! * More never makes less: whoever is refused or stopped would be so with more of the same.

mod over;
mod trigger;

use jiff::{Timestamp, ToSpan};

pub use over::{Limits, Over, within};
pub use trigger::{
    LEAST_STRANGE, Trigger, asks_for_too_many_unknown, is_unlike_itself, reaches_limit_too_often,
};

/// Hours of a day, with the present one.
const DAY: i64 = 24;

/// What an account did in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// When it begins.
    pub begin: Timestamp,
    /// Messages that were accepted.
    pub messages: u64,
    /// Recipients of them.
    pub recipients: u64,
    /// Messages that the hour's limit refused.
    pub over_hour: u64,
}

/// When the hour of a time begins.
pub fn hour_of(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(60 * 60)).unwrap_or(at)
}

/// When the day begins that ends now.
pub fn day_before(now: Timestamp) -> Timestamp {
    let hour = hour_of(now);
    hour.checked_sub((DAY - 1).hours()).unwrap_or(hour)
}
