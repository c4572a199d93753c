//! What a failure means to whoever wrote the message.

use queue::Status;
use words::{Key, keys};

/// The sentence for an enhanced status code. RFC 3463, and those registered since (RFC 5248).
pub(super) fn meaning(status: Status) -> Key {
    match status {
        Status(_, 1, 10) => keys::MEANING_NULL_MX,
        Status(_, 1, 2) => keys::MEANING_NO_DOMAIN,
        Status(_, 1, _) => keys::MEANING_NO_ADDRESS,
        Status(_, 2, 1) => keys::MEANING_MAILBOX_OFF,
        Status(_, 2, 3) | Status(_, 3, 4) => keys::MEANING_TOO_LARGE,
        Status(_, 2, _) => keys::MEANING_FULL,
        Status(_, 4, 3) => keys::MEANING_DNS,
        Status(_, 4, 6) => keys::MEANING_LOOP,
        Status(_, 4, 7) => keys::MEANING_EXPIRED,
        Status(_, 4, _) => keys::MEANING_UNREACHABLE,
        Status(_, 6, 7) => keys::MEANING_UNICODE,
        Status(_, 7, 4 | 5 | 10 | 11 | 30) => keys::MEANING_TLS,
        Status(_, 7, 20..=29) => keys::MEANING_NOT_BELIEVED,
        Status(4, ..) => keys::MEANING_BUSY,
        Status(..) => keys::MEANING_REFUSED,
    }
}
