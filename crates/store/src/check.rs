//! Looking at all that an account has, while it is served: every record, every invariant,
//! every body.
//!
//! Each mailbox is seen at one moment, and the account's own numbers at another, so that
//! what is compared with each other was there together. Where what was seen at different
//! moments does not fit (a message and its envelope, a delivery and its age), it is looked
//! at again in one before anything is claimed.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `fault.rs` | what can be wrong, and how that is said |
//! | `account.rs` | the account in numbers, names, mailboxes as a whole |
//! | `once.rs` | deliveries that happen once |
//! | `mailbox.rs` | one mailbox at one moment |
//! | `blocks.rs`, `pieces.rs`, `singles.rs` | its messages, wherever they stand |
//! | `index.rs` | by what its blocks are found |
//! | `tally.rs` | its numbers |
//! | `details.rs`, `parts.rs` | envelopes and structures |
//! | `threads.rs` | what leads to threads |
//! | `bodies.rs` | bodies |

mod account;
mod blocks;
mod bodies;
mod details;
mod fault;
mod index;
mod mailbox;
mod once;
mod parts;
mod pieces;
mod singles;
mod tally;
mod threads;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use address::AccountId;
use kv::damage::Damage;
use kv::tuple::after_key;

use bodies::Reference;
use details::Need;
use threads::Named;

use crate::reading::Reading;
use crate::{EmailId, MailboxId, Result, Store, StoreError, Uid, UidSet, keys};

pub(crate) use details::look;
pub(crate) use fault::write_where;
pub use fault::{By, Fault, Number, Wrong};
pub(crate) use mailbox::Span;
pub(crate) use tally::Tally;

/// Faults that are kept; of more only the number is.
pub const FAULTS: usize = 1000;
/// Rows that are read at once.
const READ_ROWS: usize = 400;

/// Whether bodies are read too, each whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// Each is read, one at a time, and held against what was once written.
    Read,
    /// They are passed by.
    Pass,
}

/// How far a check has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Messages that were looked at, removed ones that can still be read included.
    pub messages: u64,
    /// Octets of bodies that were read.
    pub octets: u64,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What was looked at.
    pub progress: Progress,
    /// What is wrong: the first [`FAULTS`].
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub more: u64,
}

impl Store {
    /// Looks at all that an account has, and says what is wrong with it. It changes
    /// nothing, and others may change what they like meanwhile: what comes, goes or moves
    /// during the check is looked at or not, and never taken for a fault.
    ///
    /// A record that is damaged is named and passed over. `show` is called every now and
    /// then with what was looked at so far.
    ///
    /// # Errors
    /// [`crate::StoreError::Gone`] when the account is not there (any more);
    /// [`crate::StoreError::Broken`] when the engine fails, or bodies are out of reach.
    pub async fn check(
        &self,
        account: AccountId,
        bodies: Bodies,
        mut show: impl FnMut(Progress) + Send + Sync,
    ) -> Result<Checked> {
        let mut check = Check::new(self, account, bodies, FAULTS, &mut show);
        Box::pin(check.run()).await?;
        Ok(check.found)
    }
}

/// A check under way.
pub(crate) struct Check<'a> {
    store: &'a Store,
    account: AccountId,
    bodies: Bodies,
    /// Faults that are kept.
    most: usize,
    show: &'a mut (dyn FnMut(Progress) + Send + Sync),
    /// All mailboxes.
    mailboxes: BTreeSet<MailboxId>,
    /// Their names.
    pub(crate) names: BTreeMap<MailboxId, String>,
    pub(crate) found: Checked,
    /// Which messages there are, for whoever asks.
    pub(crate) there: Option<Vec<(EmailId, MailboxId, Uid)>>,
    /// Messages whose envelopes and structures are kept by email id.
    needs: Vec<Need>,
    /// Those of them whose own names are known.
    named: Vec<Named>,
    /// Bodies to be read.
    references: Vec<Reference>,
}

impl<'a> Check<'a> {
    pub(crate) fn new(
        store: &'a Store,
        account: AccountId,
        bodies: Bodies,
        most: usize,
        show: &'a mut (dyn FnMut(Progress) + Send + Sync),
    ) -> Check<'a> {
        Check {
            store,
            account,
            bodies,
            most,
            show,
            mailboxes: BTreeSet::new(),
            names: BTreeMap::new(),
            found: Checked::default(),
            there: None,
            needs: Vec::new(),
            named: Vec::new(),
            references: Vec::new(),
        }
    }
}

impl Check<'_> {
    pub(crate) async fn run(&mut self) -> Result<()> {
        self.account().await?;
        self.once().await?;
        for mailbox in self.mailboxes.clone() {
            self.mailbox(mailbox).await?;
        }
        self.details().await?;
        self.threads().await?;
        self.read_bodies().await?;
        self.show();
        Ok(())
    }

    /// The account as it is now. Of one that is being removed nothing fits; its own record
    /// is the first to go.
    async fn reading(&self) -> Result<Reading> {
        let reading = self.store.reading(self.account).await?;
        if is_there(&reading, one(keys::account())).await? {
            Ok(reading)
        } else {
            Err(StoreError::Gone)
        }
    }

    fn show(&mut self) {
        (self.show)(self.found.progress);
    }

    /// Takes note of a fault.
    fn fault(&mut self, mailbox: Option<MailboxId>, uids: UidSet, wrong: Wrong) {
        if self.found.faults.len() >= self.most {
            self.found.more = self.found.more.saturating_add(1);
            return;
        }
        self.found.faults.push(Fault {
            account: self.account,
            mailbox,
            name: mailbox.and_then(|mailbox| self.names.get(&mailbox).cloned()),
            uids,
            wrong,
        });
    }

    /// The same of the account as a whole.
    fn account_fault(&mut self, wrong: Wrong) {
        self.fault(None, UidSet::default(), wrong);
    }

    /// Takes note of a record that makes no sense. Other errors are not of the record.
    fn unreadable(
        &mut self,
        mailbox: Option<MailboxId>,
        uids: UidSet,
        key: Vec<u8>,
        error: StoreError,
    ) -> Result<()> {
        let StoreError::Damaged(why) = error else {
            return Err(error);
        };
        self.fault(mailbox, uids, Wrong::Unreadable { key, why });
        Ok(())
    }

    /// Takes note of what the engine can't read.
    fn damage(&mut self, mailbox: Option<MailboxId>, uids: UidSet, damage: Damage) {
        let Damage { key, why, rest } = damage;
        let wrong = if rest {
            Wrong::Unread { key, why }
        } else {
            Wrong::Unreadable { key, why }
        };
        self.fault(mailbox, uids, wrong);
    }
}

/// Of this key alone.
pub(crate) fn one(key: Vec<u8>) -> Range<Vec<u8>> {
    let end = after_key(&key);
    key..end
}

/// True if there is anything in a range, be it damaged.
pub(crate) async fn is_there(reading: &Reading, range: Range<Vec<u8>>) -> Result<bool> {
    match reading.rows(range, 1).await {
        Err(StoreError::Damaged(_)) => Ok(true),
        rows => Ok(!rows?.is_empty()),
    }
}
