//! Of what a real account did, one commit is lost, as of a log with a damaged frame, and all
//! that came after it is there. Then it is mended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kv::memory::Memory;
use kv::{Direction, Kv, Operation, Outcome, Partition};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::super::engine::Recording;
use super::{ACCOUNT, Do, SMALL, World, acts};
use crate::block::{Marks, read_piece};
use crate::keys::{MarksKey, PieceKey, RecordKey};
use crate::mark::RecordValue;
use crate::packing::Packing;
use crate::values::{Stored, SummaryValue};
use crate::{
    Bodies, Done, EmailId, Fault, MailboxId, Mended, Page, Store, StoreError, SystemFlags, Uid,
    UidSet, keys,
};

/// Commits of one account that are lost, one after the other.
const LOST: usize = 24;

/// A message that can be read: which, and how it is marked.
type Shown = BTreeMap<(MailboxId, Uid), (EmailId, SystemFlags)>;

/// What is in an account, whatever leads to it.
#[derive(Default)]
struct Raw {
    numbers: BTreeMap<MailboxId, SummaryValue>,
    /// What each message is marked with, as of its last change, and whether it is removed.
    marks: BTreeMap<(MailboxId, Uid), (u64, SystemFlags, bool)>,
    /// Messages of which is known where their bodies are, and how often in a mailbox.
    bodies: BTreeMap<(MailboxId, EmailId), usize>,
}

impl Raw {
    async fn of(kv: &dyn Kv) -> Raw {
        let mut raw = Raw::default();
        let snapshot = kv.snapshot(Partition::Account(ACCOUNT)).await.unwrap();
        let all = keys::everything();
        let rows = snapshot.scan(all, Direction::Forward, usize::MAX).await;
        for (key, value) in rows.unwrap() {
            raw.row(&key, &value.bytes);
        }
        raw
    }

    /// What these operations put.
    fn put_by(operations: &[Operation]) -> Raw {
        let mut raw = Raw::default();
        for operation in operations {
            if let Operation::Put(key, octets) = operation {
                raw.row(key, octets);
            }
        }
        raw
    }

    fn row(&mut self, key: &[u8], octets: &[u8]) {
        if let Some(RecordKey(mailbox, uid)) = RecordKey::decode(key) {
            let record = RecordValue::read(octets).unwrap();
            self.mark(mailbox, uid, &record.mark);
            self.body(mailbox, record.fixed.email_id);
        } else if let Some(MarksKey(mailbox, first)) = MarksKey::decode(key) {
            for (uid, mark) in Marks::read(first, octets).unwrap().0 {
                self.mark(mailbox, uid, &mark);
            }
        } else if let Some(PieceKey(mailbox, _)) = PieceKey::decode(key) {
            let piece = read_piece(octets).unwrap();
            let emails = piece.iter().map(|fixed| fixed.email_id);
            emails.for_each(|email| self.body(mailbox, email));
        } else if let Some(mailbox) = keys::mailbox_of(key)
            && key == keys::summary(mailbox)
        {
            let numbers = SummaryValue::read(octets).unwrap();
            self.numbers.insert(mailbox, numbers);
        }
    }

    fn body(&mut self, mailbox: MailboxId, email: EmailId) {
        *self.bodies.entry((mailbox, email)).or_default() += 1;
    }

    fn mark(&mut self, mailbox: MailboxId, uid: Uid, mark: &crate::mark::Mark) {
        let now = (mark.modseq.get(), mark.system, mark.is_gone());
        let known = self.marks.entry((mailbox, uid)).or_insert(now);
        if now.0 > known.0 {
            *known = now;
        }
    }
}

async fn shown(store: &Store) -> Shown {
    let mut shown = Shown::new();
    for mailbox in store.mailboxes(ACCOUNT).await.unwrap() {
        let page = Page {
            uids: &UidSet::all(),
            after: None,
            limit: usize::MAX,
            include_gone: false,
        };
        for record in store.records(ACCOUNT, mailbox.id, page).await.unwrap() {
            let message = (record.email_id, record.flags.system);
            shown.insert((mailbox.id, record.uid), message);
        }
    }
    shown
}

/// All that was committed but for what is lost.
async fn without(commits: &[Vec<Operation>], lost: std::ops::Range<usize>) -> Arc<Memory> {
    let kv = Arc::new(Memory::default());
    for (at, operations) in commits.iter().enumerate() {
        if !lost.contains(&at) {
            let partition = Partition::Account(ACCOUNT);
            let commit = kv.commit(partition, vec![], operations.clone());
            assert_eq!(commit.await, Ok(Outcome::Committed));
        }
    }
    kv
}

async fn play(acts: Vec<Do>, packing: Packing, many: usize) {
    let dir = tempfile::tempdir().unwrap();
    let recording = Arc::new(Recording::default());
    let mut world = World::new(dir.path(), packing, Some(recording.clone())).await;
    for act in acts {
        // What version 1 wrote is no commit of a log that lost one.
        if !matches!(act, Do::Age | Do::Compare) {
            world.act(act, dir.path()).await;
        }
    }
    let whole = shown(world.store()).await;
    let commits = recording.commits.lock().unwrap().clone();
    let step = (commits.len() / LOST).max(1);
    for lost in (0..commits.len()).step_by(step) {
        let kv = without(&commits, lost..lost + many).await;
        let before = Raw::of(&*kv).await;
        let store = Store::new(kv.clone(), world.opened().blobs.clone());
        let store = store.with_packing(packing);
        // The first makes the account; the next change of its numbers writes them too.
        if matches!(store.usage(ACCOUNT).await, Err(StoreError::Gone)) {
            assert_eq!(lost, 0);
            continue;
        }
        let found = super::invariants::faults(&store, ACCOUNT, Bodies::Pass).await;
        let what = format!("{lost} {:02x?}\n{found:#?}", commits.get(lost));
        let mended = store.mend(ACCOUNT, Bodies::Read, world.now(), drop).await;
        let mended = mended.unwrap();
        let left: Vec<_> = mended.left.faults.iter().map(Fault::to_string).collect();
        assert_eq!(left, Vec::<String>::new(), "{what}\n{:#?}", mended.notes);
        let after = Raw::of(&*kv).await;
        numbers_grow(&before, &after, &mended, &what);
        let now = shown(&store).await;
        let gone = commits.iter().skip(lost).take(many).flatten();
        let came = Raw::put_by(&gone.cloned().collect::<Vec<_>>());
        nothing_goes(&whole, (&before, &came), &now, &mended, &what);
        nothing_is_another(&whole, (&before, &came), &now, &what);
    }
}

/// What gives numbers never falls.
fn numbers_grow(before: &Raw, after: &Raw, mended: &Mended, what: &str) {
    for (mailbox, old) in &before.numbers {
        let new = after.numbers.get(mailbox);
        let new = new.unwrap_or_else(|| panic!("{mailbox} is gone: {what}"));
        assert!(new.uid_next >= old.uid_next, "{mailbox}: {what}");
        assert!(
            new.highest_modseq >= old.highest_modseq,
            "{mailbox}: {what}"
        );
        let renumbered = mended
            .notes
            .iter()
            .any(|note| note.mailbox == Some(*mailbox) && matches!(note.done, Done::Renumbered(_)));
        assert!(renumbered || new.uid_validity == old.uid_validity, "{what}");
    }
}

/// Every message that was there before anything was lost, and of which there is anything, is
/// there: under its UID, or under another if that is told.
fn nothing_goes(
    whole: &Shown,
    (before, came): (&Raw, &Raw),
    now: &Shown,
    mended: &Mended,
    what: &str,
) {
    let renamed = |mailbox: MailboxId, uid: Uid| {
        mended.notes.iter().any(|note| {
            let is_it = |done: &Done| match done {
                Done::NewUids { before, .. } | Done::Lost(before) => before.contains(uid),
                _ => false,
            };
            note.mailbox == Some(mailbox) && is_it(&note.done)
        })
    };
    let emails: BTreeSet<(MailboxId, EmailId)> = now
        .iter()
        .map(|((mailbox, _), (email, _))| (*mailbox, *email))
        .collect();
    for ((mailbox, uid), (email, _)) in whole {
        // A copy of which the end is lost was none.
        let is_unseen = |numbers: &SummaryValue| numbers.staged && *uid >= numbers.uid_next;
        if before.numbers.get(mailbox).is_some_and(is_unseen) {
            continue;
        }
        // Of several copies in one mailbox some were removed, and which nobody knows here.
        let is_one = |(other, (same, _)): &(&(MailboxId, Uid), &(EmailId, SystemFlags))| {
            other.0 == *mailbox && same == email
        };
        if before.bodies.get(&(*mailbox, *email)) != Some(&1)
            || whole.iter().filter(is_one).count() != 1
        {
            continue;
        }
        // One that came with what is lost.
        if !before.marks.contains_key(&(*mailbox, *uid))
            || came.bodies.contains_key(&(*mailbox, *email))
        {
            continue;
        }
        let what = || format!("{mailbox} {uid} {email:?} {what}\n{:#?}", mended.notes);
        assert!(emails.contains(&(*mailbox, *email)), "{}", what());
        let is_there = now.contains_key(&(*mailbox, *uid));
        assert!(is_there || renamed(*mailbox, *uid), "{}", what());
    }
}

/// No UID is another message's, and no message is marked otherwise than it was.
fn nothing_is_another(whole: &Shown, (before, came): (&Raw, &Raw), now: &Shown, what: &str) {
    for (place, (email, system)) in now {
        let (mailbox, uid) = place;
        let given = before.numbers.get(mailbox).map(|numbers| numbers.uid_next);
        // Nor can what is lost tell what was there before it, an unfinished copy say.
        if given.is_some_and(|given| *uid >= given) || came.marks.contains_key(place) {
            continue;
        }
        if let Some((known, _)) = whole.get(place) {
            assert_eq!(email, known, "{mailbox} {uid} {what}");
        }
        if let Some((_, known, _)) = before.marks.get(place) {
            assert_eq!(system, known, "{mailbox} {uid} {what}");
        }
    }
}

fn run(cases: u32, many: usize, packing: Packing, lost: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        // Each of them mends some dozens of accounts.
        max_shrink_iters: 200,
        ..Default::default()
    };
    // The steps assert; a panic is a failed case like any other.
    let played = TestRunner::new(config).run(&acts(many), |acts| {
        runtime.block_on(play(acts, packing, lost));
        Ok(())
    });
    if let Err(failure) = played {
        panic!("{failure}");
    }
}

#[test]
fn an_account_that_lost_a_commit_is_mended() {
    run(60, 20, SMALL, 1);
}

#[test]
fn and_one_with_hundreds_of_messages() {
    run(6, 300, Packing::USUAL, 1);
}
