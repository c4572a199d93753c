//! The rights that sign-ins gave, and how they end.

use std::collections::HashMap;
use std::sync::Arc;

use address::AccountId;
use parking_lot::Mutex;
use tokio::sync::watch;

/// Why the right that a sign-in gave has ended (ARCHITECTURE.md, invariant 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightEnd {
    /// The password was changed.
    PasswordChanged,
    /// The account no longer exists.
    AccountRemoved,
    /// The sign-in was without encryption, which the account or the service no longer
    /// allows.
    OldDevicesOff,
}

impl RightEnd {
    /// Whether it concerns a sign-in of this kind.
    fn ends(self, encrypted: bool) -> bool {
        match self {
            Self::PasswordChanged | Self::AccountRemoved => true,
            Self::OldDevicesOff => !encrypted,
        }
    }
}

/// The rights that are alive in this process: one for each [`RightWatch`], no more.
#[derive(Default)]
pub(crate) struct Rights(Mutex<Alive>);

#[derive(Default)]
struct Alive {
    accounts: HashMap<AccountId, HashMap<u64, Right>>,
    last_number: u64,
}

struct Right {
    encrypted: bool,
    end: watch::Sender<Option<RightEnd>>,
}

/// Tells when a right has ended. Dropped with the session that it was given to.
pub struct RightWatch {
    rights: Arc<Rights>,
    account: AccountId,
    number: u64,
    end: watch::Receiver<Option<RightEnd>>,
}

impl Rights {
    /// A right that begins now: whatever ends from now on is told.
    pub(crate) fn begin(self: &Arc<Self>, account: AccountId, encrypted: bool) -> RightWatch {
        let (sender, end) = watch::channel(None);
        let mut alive = self.0.lock();
        alive.last_number += 1;
        let number = alive.last_number;
        let right = Right {
            encrypted,
            end: sender,
        };
        alive
            .accounts
            .entry(account)
            .or_default()
            .insert(number, right);
        RightWatch {
            rights: self.clone(),
            account,
            number,
            end,
        }
    }

    /// Ends the rights of one account that this concerns.
    pub(crate) fn end(&self, account: AccountId, why: RightEnd) {
        if let Some(rights) = self.0.lock().accounts.get(&account) {
            end_some(rights, why);
        }
    }

    /// Ends the rights of all accounts that this concerns.
    pub(crate) fn end_everywhere(&self, why: RightEnd) {
        for rights in self.0.lock().accounts.values() {
            end_some(rights, why);
        }
    }

    fn forget(&self, account: AccountId, number: u64) {
        let mut alive = self.0.lock();
        if let Some(rights) = alive.accounts.get_mut(&account) {
            rights.remove(&number);
            if rights.is_empty() {
                alive.accounts.remove(&account);
            }
        }
    }
}

fn end_some(rights: &HashMap<u64, Right>, why: RightEnd) {
    for right in rights.values().filter(|right| why.ends(right.encrypted)) {
        // The first reason stays: it is the one that closed the session.
        right.end.send_if_modified(|end| {
            let first = end.is_none();
            end.get_or_insert(why);
            first
        });
    }
}

impl RightWatch {
    /// Waits until the right has ended, which may be for ever; says why. It may be
    /// dropped and called again, and after the end it answers at once.
    pub async fn ended(&mut self) -> RightEnd {
        self.end().await
    }

    /// A future of its own that resolves when the right has ended, for whoever must
    /// watch it while this is in use elsewhere.
    pub fn end(&self) -> impl Future<Output = RightEnd> + Send + 'static + use<> {
        let mut end = self.end.clone();
        async move {
            let why = match end.wait_for(Option::is_some).await {
                Ok(end) => *end,
                Err(_) => None,
            };
            match why {
                Some(why) => why,
                // The watch was dropped first: nobody stands on this right any more.
                None => std::future::pending().await,
            }
        }
    }

    /// Why the right has ended, if it has.
    pub fn why_ended(&self) -> Option<RightEnd> {
        *self.end.borrow()
    }
}

impl Drop for RightWatch {
    fn drop(&mut self) {
        self.rights.forget(self.account, self.number);
    }
}

impl std::fmt::Debug for RightWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RightWatch")
            .field("account", &self.account)
            .field("ended", &self.why_ended())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JEAN: AccountId = AccountId(1);
    const LEA: AccountId = AccountId(2);

    #[test]
    fn only_the_rights_concerned_end() {
        let rights = Arc::new(Rights::default());
        let safe = rights.begin(JEAN, true);
        let weak = rights.begin(JEAN, false);
        let other = rights.begin(LEA, false);
        rights.end(JEAN, RightEnd::OldDevicesOff);
        assert_eq!(safe.why_ended(), None);
        assert_eq!(weak.why_ended(), Some(RightEnd::OldDevicesOff));
        assert_eq!(other.why_ended(), None);
        rights.end(JEAN, RightEnd::PasswordChanged);
        assert_eq!(safe.why_ended(), Some(RightEnd::PasswordChanged));
        assert_eq!(weak.why_ended(), Some(RightEnd::OldDevicesOff));
        rights.end_everywhere(RightEnd::OldDevicesOff);
        assert_eq!(other.why_ended(), Some(RightEnd::OldDevicesOff));
    }

    #[test]
    fn a_right_that_begins_later_is_not_ended() {
        let rights = Arc::new(Rights::default());
        rights.end(JEAN, RightEnd::PasswordChanged);
        assert_eq!(rights.begin(JEAN, true).why_ended(), None);
    }

    #[tokio::test]
    async fn a_waiter_is_told_again_and_again() {
        let rights = Arc::new(Rights::default());
        let mut watch = rights.begin(JEAN, true);
        let ender = rights.clone();
        let ending = tokio::spawn(async move { ender.end(JEAN, RightEnd::AccountRemoved) });
        assert_eq!(watch.ended().await, RightEnd::AccountRemoved);
        assert_eq!(watch.ended().await, RightEnd::AccountRemoved);
        ending.await.unwrap();
    }

    #[test]
    fn nothing_stays_of_rights_that_are_given_up() {
        let rights = Arc::new(Rights::default());
        let watches: Vec<_> = (0..100)
            .map(|n| rights.begin(AccountId(n % 7), true))
            .collect();
        assert_eq!(rights.0.lock().accounts.len(), 7);
        rights.end(JEAN, RightEnd::PasswordChanged);
        drop(watches);
        assert!(rights.0.lock().accounts.is_empty());
    }
}
