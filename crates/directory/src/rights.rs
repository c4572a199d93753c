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
    /// Of the credentials that it was given for.
    generation: u64,
    end: watch::Sender<Option<RightEnd>>,
}

/// What the rights of an account stand on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// Of its credentials.
    pub(crate) generation: u64,
    /// Whether it may be used without encryption.
    pub(crate) old_devices: bool,
}

impl Right {
    /// Why it has ended, the account being so now (none: it is gone).
    fn judge(&self, now: Option<Standing>) -> Option<RightEnd> {
        match now {
            None => Some(RightEnd::AccountRemoved),
            Some(now) if now.generation != self.generation => Some(RightEnd::PasswordChanged),
            Some(now) if !now.old_devices && !self.encrypted => Some(RightEnd::OldDevicesOff),
            Some(_) => None,
        }
    }

    /// The first reason stays: it is the one that closed the session.
    fn end(&self, why: RightEnd) {
        self.end.send_if_modified(|end| {
            let first = end.is_none();
            end.get_or_insert(why);
            first
        });
    }
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
    pub(crate) fn begin(
        self: &Arc<Self>,
        account: AccountId,
        encrypted: bool,
        generation: u64,
    ) -> RightWatch {
        let (sender, end) = watch::channel(None);
        let mut alive = self.0.lock();
        alive.last_number += 1;
        let number = alive.last_number;
        let right = Right {
            encrypted,
            generation,
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

    /// The last right that has begun.
    pub(crate) fn last(&self) -> u64 {
        self.0.lock().last_number
    }

    /// The accounts that have rights.
    pub(crate) fn accounts(&self) -> Vec<AccountId> {
        self.0.lock().accounts.keys().copied().collect()
    }

    /// Ends the rights of an account that do not stand on what it is now (none: it is
    /// gone). It was looked at after the right `last` began: what began later was looked at
    /// by whoever began it.
    pub(crate) fn settle(&self, account: AccountId, now: Option<Standing>, last: u64) {
        let alive = self.0.lock();
        let rights = alive.accounts.get(&account).into_iter().flatten();
        for (_, right) in rights.filter(|(number, _)| **number <= last) {
            if let Some(why) = right.judge(now) {
                right.end(why);
            }
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
        right.end(why);
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
        let safe = rights.begin(JEAN, true, 1);
        let weak = rights.begin(JEAN, false, 1);
        let other = rights.begin(LEA, false, 1);
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
        assert_eq!(rights.begin(JEAN, true, 1).why_ended(), None);
    }

    #[test]
    fn what_does_not_stand_any_more_ends_unless_it_began_later() {
        let rights = Arc::new(Rights::default());
        let standing = |generation, old_devices| {
            Some(Standing {
                generation,
                old_devices,
            })
        };
        let (safe, weak) = (rights.begin(JEAN, true, 1), rights.begin(JEAN, false, 1));
        let other = rights.begin(LEA, true, 1);
        let last = rights.last();
        rights.settle(JEAN, standing(1, true), last);
        assert_eq!((safe.why_ended(), weak.why_ended()), (None, None));
        rights.settle(JEAN, standing(1, false), last);
        assert_eq!(safe.why_ended(), None);
        assert_eq!(weak.why_ended(), Some(RightEnd::OldDevicesOff));
        let later = rights.begin(JEAN, true, 3);
        rights.settle(JEAN, standing(2, false), last);
        assert_eq!(safe.why_ended(), Some(RightEnd::PasswordChanged));
        assert_eq!(later.why_ended(), None);
        rights.settle(JEAN, None, rights.last());
        assert_eq!(later.why_ended(), Some(RightEnd::AccountRemoved));
        assert_eq!(other.why_ended(), None);
        assert_eq!(rights.accounts().len(), 2);
    }

    #[tokio::test]
    async fn a_waiter_is_told_again_and_again() {
        let rights = Arc::new(Rights::default());
        let mut watch = rights.begin(JEAN, true, 1);
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
            .map(|n| rights.begin(AccountId(n % 7), true, 1))
            .collect();
        assert_eq!(rights.0.lock().accounts.len(), 7);
        rights.end(JEAN, RightEnd::PasswordChanged);
        drop(watches);
        assert!(rights.0.lock().accounts.is_empty());
    }
}
