//! The named bounds of an account (ARCHITECTURE.md, invariant 5).

use std::time::Duration;

/// Longest name of a mailbox in octets of UTF-8, its parents included. No RFC gives
/// one; ours leaves room in a key of [`kv::KEY_OCTETS`].
pub const MAILBOX_NAME_OCTETS: usize = 350;
/// Mailboxes of one account. Small enough that renaming a parent of all of them fits
/// one commit ([`kv::COMMIT_OPERATIONS`]), hence happens wholly or not at all.
pub const MAILBOXES: usize = 900;
/// Names that one account can be subscribed to, those that are gone included.
pub const SUBSCRIPTIONS: usize = 2 * MAILBOXES;
/// Keywords that one mailbox can know. A record holds them as bits of a `u128`.
pub const KEYWORDS: usize = 100;
/// Longest keyword in octets.
pub const KEYWORD_OCTETS: usize = 64;
/// How long a removed message stays readable to sessions that still show it
/// (ARCHITECTURE.md, invariant 3). Longer than any session stays silent: RFC 9051
/// section 5.4 has it logged out after half an hour.
pub const GONE_GRACE: Duration = Duration::from_secs(60 * 60);
/// How long a delivery that must happen once is remembered: longer than any queue
/// tries again (RFC 5321 section 4.5.4.1 gives up after 4 to 5 days).
pub const ONCE_GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

const _: () = assert!(KEYWORDS <= 128);
const _: () = assert!(MAILBOX_NAME_OCTETS + 8 <= kv::KEY_OCTETS);
const _: () = assert!(2 * MAILBOXES + 100 <= kv::COMMIT_OPERATIONS);
