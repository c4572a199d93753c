//! Browsers that are signed in.
//!
//! Sessions are kept in memory, each under the hash of its token, and a restart of the
//! service ends them: people sign in again. A session ends at once when the right that
//! opened it ends (ARCHITECTURE.md, invariant 12): no request is answered on it before
//! that right was asked whether it still stands.

use std::collections::HashMap;
use std::pin::pin;
use std::task::{Context, Waker};

use address::AccountId;
use directory::{Grant, RightWatch};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::task::unconstrained;

use crate::token::{Token, TokenHash};

/// Most sessions at once. With a few hundred octets each, a few megabytes in all; the
/// one unused for longest gives way.
const SESSIONS: usize = 10_000;
/// Most sessions of one account; its own oldest gives way, so that a device that signs
/// in again and again drives nobody else out.
const SESSIONS_OF_ONE: usize = 20;
const _: () = assert!(SESSIONS_OF_ONE < SESSIONS);
/// A session that was not used for so long has ended.
const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// A session ends after this time however much it is used.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The signed-in browsers of one service.
#[derive(Default)]
pub(crate) struct Sessions {
    table: Mutex<HashMap<TokenHash, Entry>>,
}

struct Entry {
    signed: Signed,
    used: Timestamp,
    right: RightWatch,
}

/// What a session knows.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// Whose mailbox it opens.
    pub(crate) account: AccountId,
    /// When it was opened.
    pub(crate) opened: Timestamp,
}

impl Entry {
    fn is_over(&mut self, now: Timestamp) -> bool {
        now.duration_since(self.used) >= IDLE
            || now.duration_since(self.signed.opened) >= LIFE
            || has_ended(&mut self.right)
    }
}

/// Whether a right has ended by now.
fn has_ended(right: &mut RightWatch) -> bool {
    // Unconstrained, since a busy task would be told to ask again later.
    let ended = pin!(unconstrained(right.ended()));
    ended
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}

impl Sessions {
    /// Opens a session on a grant, under a new token.
    pub(crate) fn open(&self, token: &Token, grant: Grant, now: Timestamp) {
        let Grant { account, ended } = grant;
        let signed = Signed {
            account: account.id,
            opened: now,
        };
        let mut table = self.table.lock();
        make_room(&mut table, account.id, now);
        table.insert(
            token.hash(),
            Entry {
                signed,
                used: now,
                right: ended,
            },
        );
    }

    /// The session of a token, marked as used. None if there is none or it is over.
    pub(crate) fn find(&self, token: &Token, now: Timestamp) -> Option<Signed> {
        let mut table = self.table.lock();
        let hash = token.hash();
        let entry = table.get_mut(&hash)?;
        if entry.is_over(now) {
            table.remove(&hash);
            return None;
        }
        entry.used = entry.used.max(now);
        Some(entry.signed.clone())
    }

    /// Ends the session of a token, if there is one.
    pub(crate) fn close(&self, token: &Token) {
        self.table.lock().remove(&token.hash());
    }
}

/// Removes what is over, then as many as it takes to let one more in.
fn make_room(table: &mut HashMap<TokenHash, Entry>, owner: AccountId, now: Timestamp) {
    let of_owner = |entry: &Entry| entry.signed.account == owner;
    if table.values().filter(|entry| of_owner(entry)).count() >= SESSIONS_OF_ONE {
        remove_longest_unused(table, of_owner);
    }
    if table.len() >= SESSIONS {
        table.retain(|_, entry| !entry.is_over(now));
    }
    if table.len() >= SESSIONS {
        remove_longest_unused(table, |_| true);
    }
}

fn remove_longest_unused(table: &mut HashMap<TokenHash, Entry>, which: impl Fn(&Entry) -> bool) {
    let candidates = table.iter().filter(|(_, entry)| which(entry));
    let longest = candidates
        .min_by_key(|(_, entry)| entry.used)
        .map(|(hash, _)| *hash);
    if let Some(hash) = longest {
        table.remove(&hash);
    }
}
