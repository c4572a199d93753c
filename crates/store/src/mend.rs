//! Putting right what a check finds wrong with an account, while it is served: after the
//! index was made again from a log that was damaged itself, say, and some changes are lost.
//!
//! What is put right is what can be without losing anything: numbers are counted anew, names
//! and what leads to things are put again, messages that stand in two ways are put in one.
//! What can't be read stays as it is, and is told: it may be read another day. Each step is a
//! change as any other, decided on one moment and committed only if nothing came between.
//!
//! * **No number is ever lowered that gives others**: UIDs, email ids, numbers of mailboxes
//!   and UIDVALIDITY are not given twice, and MODSEQ only grows.
//! * **No message goes** of which anything can be shown. One of which nobody knows any more
//!   where its body is can't be shown: it is taken out of its block, so that its neighbours
//!   can be, and named. Where it is not known which message stands under which UID, each gets
//!   a new one.
//! * **Whoever shows a mailbox** whose messages were counted anew is told to compare all that
//!   it shows with what is there.
//!
//! One thing put right may show another, so all is looked at again, a few times.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `done.rs` | what was done beside putting faults right, in words |
//! | `list.rs` | names of mailboxes |
//! | `account.rs` | the account in numbers, and mailboxes that have none |
//! | `mailbox.rs` | one mailbox, step by step; its keywords, and what a move left |
//! | `numbers.rs` | its numbers |
//! | `index.rs` | by what its blocks are found |
//! | `blocks.rs`, `pieces.rs` | messages that do not stand as they should |
//! | `details.rs` | envelopes and structures |
//! | `threads.rs` | what leads to threads |
//! | `once.rs` | deliveries that happen once |

mod account;
mod blocks;
mod details;
mod done;
mod index;
mod list;
mod mailbox;
mod numbers;
mod once;
mod pieces;
mod threads;

use std::collections::{BTreeMap, BTreeSet};

use address::AccountId;
use jiff::Timestamp;

use crate::check::Check;
use crate::{
    Bodies, Checked, EmailId, Fault, MailboxId, Progress, Result, Store, StoreError, Uid, Wrong,
};

pub use done::{Done, Note};

/// How often all is looked at again: a name, the numbers of its mailbox, messages in it,
/// their envelopes and what leads to their threads come one after the other, and rarely all.
const ROUNDS: usize = 8;
/// Faults that one round takes note of, some hundred octets each; a later round takes others.
const ROUND_FAULTS: usize = 50_000;

/// What a mending came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// What was wrong, and is no longer: the first [`crate::FAULTS`].
    pub faults: Vec<Fault>,
    /// How many more there were.
    pub more: u64,
    /// What was done beside, and somebody may want to know.
    pub notes: Vec<Note>,
    /// What is still wrong.
    pub left: Checked,
}

impl Store {
    /// Puts right what is wrong with an account, as far as nothing is lost by it, and looks at
    /// all of it again, at its bodies too if `bodies` says so. `show` is as for
    /// [`Store::check`].
    ///
    /// # Errors
    /// As [`Store::check`], and [`StoreError::Full`]. What was put right until then stays so.
    pub async fn mend(
        &self,
        account: AccountId,
        bodies: Bodies,
        now: Timestamp,
        mut show: impl FnMut(Progress) + Send + Sync,
    ) -> Result<Mended> {
        let mut mending = Mending {
            store: self,
            account,
            now,
            faults: Vec::new(),
            there: Vec::new(),
            names: BTreeMap::new(),
            notes: Vec::new(),
        };
        let (first, more) = Box::pin(mending.run(&mut show)).await?;
        let left = self.check(account, bodies, show).await?;
        let mended = |fault: &Fault| !left.faults.contains(fault);
        let mut faults: Vec<Fault> = first.into_iter().filter(mended).collect();
        let kept = faults.len().min(crate::FAULTS);
        let rest = faults.split_off(kept).len() as u64;
        Ok(Mended {
            faults,
            more: (rest + more).saturating_sub(left.more),
            notes: mending.notes,
            left,
        })
    }
}

/// A mending under way.
struct Mending<'a> {
    store: &'a Store,
    account: AccountId,
    now: Timestamp,
    /// What is wrong, as far as it was seen when it was last looked at.
    faults: Vec<Fault>,
    /// Which messages there are, and where.
    there: Vec<(EmailId, MailboxId, Uid)>,
    /// The names of mailboxes, as they were then.
    names: BTreeMap<MailboxId, String>,
    notes: Vec<Note>,
}

impl Mending<'_> {
    /// Mends round by round until nothing more comes of it. Gives what was wrong at first,
    /// and how much more that was.
    async fn run(
        &mut self,
        show: &mut (dyn FnMut(Progress) + Send + Sync),
    ) -> Result<(Vec<Fault>, u64)> {
        let more = self.look(show).await?;
        let first = self.faults.clone();
        for _ in 0..ROUNDS {
            if self.faults.is_empty() {
                break;
            }
            let before = self.faults.clone();
            self.round().await?;
            self.look(show).await?;
            if self.faults == before {
                break;
            }
        }
        Ok((first, more))
    }

    /// Looks at all there is. Gives how many faults there are of which no note was taken.
    async fn look(&mut self, show: &mut (dyn FnMut(Progress) + Send + Sync)) -> Result<u64> {
        let (store, account) = (self.store, self.account);
        let mut check = Check::new(store, account, Bodies::Pass, ROUND_FAULTS, show);
        check.there = Some(Vec::new());
        check.run().await?;
        self.there = check.there.take().unwrap_or_default();
        self.faults = std::mem::take(&mut check.found.faults);
        self.names = std::mem::take(&mut check.names);
        Ok(check.found.more)
    }

    async fn round(&mut self) -> Result<()> {
        let step = self.raise().await;
        passing(step)?;
        let step = self.list().await;
        passing(step)?;
        for mailbox in self.mailboxes(|wrong| *wrong == Wrong::NoNumbers) {
            let step = self.new_numbers(mailbox).await;
            passing(step)?;
        }
        for mailbox in self.mailboxes(|_| true) {
            let step = self.mailbox(mailbox).await;
            passing(step)?;
        }
        let step = self.once().await;
        passing(step)?;
        self.details().await?;
        self.threads().await?;
        let step = self.sums().await;
        passing(step)
    }

    /// The mailboxes in which such a thing is wrong.
    fn mailboxes(&self, which: impl Fn(&Wrong) -> bool) -> BTreeSet<MailboxId> {
        let faults = self.faults.iter().filter(|fault| which(&fault.wrong));
        faults.filter_map(|fault| fault.mailbox).collect()
    }

    /// True if such a thing is wrong.
    fn is_wrong(&self, which: impl Fn(&Wrong) -> bool) -> bool {
        self.faults.iter().any(|fault| which(&fault.wrong))
    }

    fn note(&mut self, mailbox: Option<MailboxId>, done: Done) {
        self.notes.push(Note {
            account: self.account,
            mailbox,
            name: mailbox.and_then(|mailbox| self.names.get(&mailbox).cloned()),
            done,
        });
    }
}

/// What can't be read is passed over: it was told. What was deleted meanwhile needs nothing.
fn passing(step: Result<()>) -> Result<()> {
    match step {
        Err(StoreError::Damaged(_) | StoreError::Gone) => Ok(()),
        step => step,
    }
}
