//! The names that people and mail go by: e-mail addresses, domains, account
//! numbers, and the password that goes with a name.
//!
//! Everything here is normalised when it is made, so that two values compare equal
//! exactly when the service treats them as one. What cannot be parsed is never held:
//! a function that takes an [`Address`] need not check it again.
//!
//! | type | what it is | source |
//! | --- | --- | --- |
//! | [`Domain`] | a mail domain in lower-case A-label form | RFC 5321 section 4.1.2, RFC 5890 |
//! | [`LocalPart`] | what stands before the `@` | RFC 5321 section 4.1.2, RFC 6531 |
//! | [`Address`] | both together | RFC 5321 section 4.1.2 |
//! | [`ReversePath`] | the sender in an envelope, or nobody | RFC 5321 section 4.1.1.2 |
//! | [`AccountId`] | the number of one mailbox owner, for ever | ours |
//! | [`Password`] | a secret that no log can print | ours |

mod account;
mod domain;
mod mailbox;
mod password;

pub use account::AccountId;
pub use domain::{Domain, DomainError};
pub use mailbox::{Address, AddressError, LocalPart, ReversePath};
pub use password::Password;
