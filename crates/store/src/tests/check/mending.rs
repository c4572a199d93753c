//! Whatever is broken in an account is put right, as far as nothing is lost by it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use futures_util::FutureExt;
use kv::{Kv, Operation};

use super::cases::{Case, cases};
use super::{ACCOUNT, INBOX, NOW, OTHER, World, uid, uids};
use crate::block::{Marks, read_piece, write_piece};
use crate::keys::{self, DoomedKey, MarksKey, NameKey, PieceKey, RecordKey};
use crate::tests::engine::Shared;
use crate::values::{MarkValue, NameValue, Stored, SummaryValue};
use crate::{Bodies, Done, Fault, MailboxId, Mended, Modseq, StoreError, Uid};

impl World {
    /// Mends it, so that nothing is left wrong.
    async fn mended(&self) -> Mended {
        let mended = self.store.mend(ACCOUNT, Bodies::Read, NOW, drop).await;
        let mended = mended.unwrap();
        assert_eq!(mended.left.faults, [], "{:#?}", mended.notes);
        mended
    }

    /// The keys of all that it has.
    async fn keys(&self) -> Vec<Vec<u8>> {
        let reading = self.store.reading(ACCOUNT).await.unwrap();
        let rows = reading.rows(keys::everything(), 10_000).await.unwrap();
        rows.into_iter().map(|(key, _)| key).collect()
    }

    /// All messages that it shows.
    async fn texts(&self) -> BTreeSet<String> {
        let shown = self.shown().await.into_values();
        shown.map(|(text, _)| text).collect()
    }

    /// The subjects of INBOX, by UID.
    async fn subjects(&self) -> Vec<(u32, String)> {
        let shown = self.shown().await.into_iter();
        let inbox = shown.filter(|((mailbox, _), _)| *mailbox == INBOX);
        let subject = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        inbox
            .map(|((_, uid), (text, _))| (uid.get(), subject(&text)))
            .collect()
    }
}

fn put(key: Vec<u8>, value: &impl Stored) -> Operation {
    Operation::Put(key, value.write().unwrap())
}

fn dones(mended: &Mended) -> Vec<Done> {
    mended.notes.iter().map(|note| note.done.clone()).collect()
}

/// What stays wrong, in words that are found in it: what can't be read, and what is of no
/// known kind.
const STAYS: [&str; 2] = ["can't be read", "is of no known kind"];

#[tokio::test]
async fn whatever_is_broken_is_put_right_and_the_rest_is_left_alone() {
    let sound = World::new().await;
    let mended = sound.store.mend(ACCOUNT, Bodies::Read, NOW, drop).await;
    let mended = mended.unwrap();
    assert_eq!((mended.faults, mended.notes), (vec![], vec![]));
    for number in 0..cases(&sound).await.len() {
        let world = World::new().await;
        let Case { operations, said } = cases(&world).await.swap_remove(number);
        let what = format!("{number} {operations:02x?} {said:#?}");
        let before = world.shown().await;
        let numbers: SummaryValue = world.value(&keys::summary(INBOX)).await;
        world.commit(operations.clone()).await;
        let mended = world.store.mend(ACCOUNT, Bodies::Read, NOW, drop).await;
        let Mended { left, notes, .. } = mended.unwrap();
        let left: Vec<String> = left.faults.iter().map(Fault::to_string).collect();
        let stays = |fault: &&&str| STAYS.iter().any(|words| fault.contains(words));
        let stay: Vec<&str> = said.iter().filter(stays).copied().collect();
        assert_eq!(left, stay, "{what} {notes:#?}");
        assert_eq!(world.faults().await, stay, "{what}");
        if !stay.is_empty() {
            continue;
        }
        // What the case itself takes away is named, or nobody can know that it was there.
        let taken = operations.iter().filter_map(taken).collect::<Vec<Uid>>();
        let mut after = world.shown().await;
        for ((mailbox, uid), (text, flags)) in before {
            let found = after.remove(&(mailbox, uid));
            if mailbox == INBOX && taken.contains(&uid) {
                continue;
            }
            let (same, now) = found.unwrap_or_else(|| panic!("{mailbox} {uid} is gone: {what}"));
            assert_eq!((text, flags.system), (same, now.system), "{uid} {what}");
            assert_eq!(flags.keywords.len(), now.keywords.len(), "{uid} {what}");
        }
        let now: SummaryValue = world.value(&keys::summary(INBOX)).await;
        assert!(now.uid_next >= numbers.uid_next, "{what}");
        assert!(now.highest_modseq >= numbers.highest_modseq, "{what}");
        assert_eq!(now.uid_validity, numbers.uid_validity, "{what}");
    }
}

/// The message of INBOX that an operation takes away, or makes another one.
fn taken(operation: &Operation) -> Option<Uid> {
    match operation {
        Operation::Delete(key) => PieceKey::decode(key)
            .map(|PieceKey(_, uid)| uid)
            .or_else(|| RecordKey::decode(key).map(|RecordKey(_, uid)| uid)),
        Operation::Put(key, _) => RecordKey::decode(key)
            .map(|RecordKey(_, uid)| uid)
            .filter(|at| *at == uid(13)),
        Operation::ClearRange(_) => None,
    }
}

#[tokio::test]
async fn messages_of_which_nobody_knows_which_is_which_get_new_uids() {
    let world = World::new().await;
    let marks = MarksKey(INBOX, uid(7)).encode();
    let mut block = Marks::read(uid(7), &world.octets(&marks).await).unwrap();
    block.0.retain(|(at, _)| ![uid(8), uid(9)].contains(at));
    let mut fixeds = Vec::new();
    for at in [7, 10] {
        let piece = world.octets(&PieceKey(INBOX, uid(at)).encode()).await;
        fixeds.extend(read_piece(&piece).unwrap());
    }
    // Of 7, 8 and 10, of which the second may have gone, or the third.
    let (three, eleven) = fixeds.split_at(3);
    let piece = |at, fixeds: &[_]| {
        let octets = write_piece(fixeds.iter()).unwrap();
        Operation::Put(PieceKey(INBOX, uid(at)).encode(), octets)
    };
    let operations = vec![
        Operation::Put(marks, block.write(uid(7))),
        Operation::ClearRange(PieceKey::range(INBOX, &(uid(8)..=uid(11)))),
        piece(7, three),
        piece(11, eleven),
    ];
    world.commit(operations).await;
    let mended = world.mended().await;
    let (before, now) = (uids(&[10]), uids(&[14, 15]));
    assert_eq!(dones(&mended), [Done::NewUids { before, now }]);
    let subjects = world.subjects().await;
    let at = |numbers: &[u32]| -> Vec<(u32, String)> {
        let found = subjects.iter().filter(|(at, _)| numbers.contains(at));
        found.cloned().collect()
    };
    let named = |at, number| (at, format!("Subject: {number}"));
    assert_eq!(at(&[7, 8, 9, 10, 11]), [named(7, 7), named(11, 11)]);
    assert_eq!(at(&[14, 15]), [named(14, 8), named(15, 10)]);
}

/// As when a copy was not finished, and that it was cleared away is lost.
#[tokio::test]
async fn a_message_keeps_its_uid_where_an_earlier_one_is_left() {
    let world = World::new().await;
    let marks = world.octets(&MarksKey(INBOX, uid(7)).encode()).await;
    let mut marks = Marks::read(uid(7), &marks).unwrap();
    marks.0.truncate(2);
    for ((at, _), number) in marks.0.iter_mut().zip([13, 14]) {
        *at = uid(number);
    }
    let piece = world.octets(&PieceKey(INBOX, uid(7)).encode()).await;
    let operations = vec![
        Operation::Put(MarksKey(INBOX, uid(13)).encode(), marks.write(uid(13))),
        Operation::Put(PieceKey(INBOX, uid(13)).encode(), piece),
    ];
    world.commit(operations).await;
    world.mended().await;
    let found = world.subjects().await;
    let subject = |at, number| (at, format!("Subject: {number}"));
    let last = [subject(13, 13), subject(14, 8), subject(15, 7)];
    assert_eq!(found.get(11..), Some(&last[..]));
}

#[tokio::test]
async fn a_mailbox_that_was_deleted_loses_its_name_and_one_that_was_not_stays() {
    let world = World::new().await;
    let doomed = put(DoomedKey(OTHER).encode(), &MarkValue);
    world.commit(vec![doomed.clone()]).await;
    assert_eq!(dones(&world.mended().await), []);
    assert_eq!(world.shown().await.len(), 14);
    let numbers = Operation::Delete(keys::summary(OTHER));
    world.commit(vec![doomed, numbers]).await;
    let mended = world.mended().await;
    assert_eq!(dones(&mended), [Done::Deleted("other".into())]);
    assert_eq!(world.shown().await.len(), 12);
}

#[tokio::test]
async fn inbox_gets_its_name_from_whoever_has_it() {
    let world = World::new().await;
    let name = |name: &str| NameKey(name.to_owned()).encode();
    let mailbox = |id| NameValue { id, role: None };
    let operations = vec![
        put(name("INBOX"), &mailbox(OTHER)),
        put(name("old"), &mailbox(INBOX)),
        Operation::Delete(name("other")),
    ];
    world.commit(operations).await;
    world.mended().await;
    let found = world.store.mailboxes(ACCOUNT).await.unwrap();
    let names: Vec<(u32, &str)> = found
        .iter()
        .map(|mailbox| (mailbox.id.get(), mailbox.name.as_str()))
        .collect();
    assert!(names.contains(&(1, "INBOX")), "{names:?}");
    assert!(names.contains(&(6, "Recovered 6")), "{names:?}");
    assert_eq!(names.len(), 6);
}

#[tokio::test]
async fn what_leads_to_no_message_goes_with_a_mailbox_that_has_neither_name_nor_numbers() {
    let world = World::new().await;
    let keywords = keys::keywords(MailboxId(40));
    world
        .commit(vec![Operation::Put(keywords.clone(), vec![1, 0])])
        .await;
    assert_eq!(world.faults().await.len(), 2);
    world.mended().await;
    let reading = world.store.reading(ACCOUNT).await.unwrap();
    let all = keys::all_of_mailbox(MailboxId(40));
    assert!(reading.rows(all, 1).await.unwrap().is_empty());
}

/// Another day it can be read.
#[tokio::test]
async fn what_can_not_be_read_now_is_not_taken_for_lost() {
    let world = World::new().await;
    let whole = world.shown().await;
    let (gone, damaged) = (PieceKey(INBOX, uid(9)), PieceKey(INBOX, uid(12)));
    let operations = vec![Operation::Delete(gone.encode())];
    world.commit(operations).await;
    world.damaged.lock().unwrap().insert(damaged.encode());
    let mended = world.store.mend(ACCOUNT, Bodies::Read, NOW, drop).await;
    let mended = mended.unwrap();
    assert_eq!((mended.faults, mended.notes), (vec![], vec![]));
    assert_eq!(mended.left.faults.len(), 2);
    world.damaged.lock().unwrap().clear();
    let mended = world.mended().await;
    assert_eq!(dones(&mended), [Done::Lost(uids(&[9]))]);
    let left = world.shown().await;
    let lost: Vec<_> = whole.keys().filter(|at| !left.contains_key(at)).collect();
    assert_eq!(lost, [&(INBOX, uid(9))]);
}

#[tokio::test]
async fn who_shows_a_message_that_is_lost_is_told() {
    let world = World::new().await;
    let numbers: SummaryValue = world.value(&keys::summary(INBOX)).await;
    let (since, next) = (numbers.highest_modseq, numbers.uid_next);
    let single = RecordKey(INBOX, uid(13)).encode();
    world.commit(vec![Operation::Delete(single)]).await;
    let changes = world
        .store
        .changes(ACCOUNT, INBOX, since, next, false)
        .await;
    assert!(changes.unwrap().vanished.is_empty());
    world.mended().await;
    let changes = world
        .store
        .changes(ACCOUNT, INBOX, since, next, false)
        .await;
    let changes = changes.unwrap();
    assert!(changes.vanished.contains(uid(13)));
    assert_eq!(changes.summary.exists, 11);
    assert!(changes.summary.highest_modseq > since);
    assert_eq!(changes.changed, []);
    assert_ne!(since, Modseq::NEVER);
}

/// Mail comes on another machine just before each commit of the mending, or just after it.
#[tokio::test]
async fn what_comes_meanwhile_is_counted() {
    for commits in 0..2 {
        for after in [false, true] {
            let world = World::new().await;
            let mut inbox: SummaryValue = world.value(&keys::summary(INBOX)).await;
            inbox.exists += 5;
            let index = Operation::ClearRange(keys::BlockChangedKey::all(INBOX));
            let operations = vec![put(keys::summary(INBOX), &inbox), index];
            world.commit(operations).await;
            let message = world.incoming("Subject: new\r\n\r\n").await;
            let machine = world.store.clone();
            let kv: Arc<dyn Kv> = world.kv.clone();
            let shared = Shared {
                kv,
                commits: AtomicUsize::new(commits),
                after,
                other: move || {
                    let (machine, message) = (machine.clone(), message.clone());
                    async move {
                        let delivery = crate::Delivery {
                            flags: crate::Flags::default(),
                            internal_date: NOW.into(),
                            once: None,
                            quota: None,
                        };
                        let came = machine.deliver(ACCOUNT, INBOX, &message, &delivery, NOW);
                        assert_eq!(came.await.unwrap().uid, uid(14));
                    }
                    .boxed()
                },
            };
            let store = world.store.elsewhere(Arc::new(shared));
            let mended = store.mend(ACCOUNT, Bodies::Pass, NOW, drop).await;
            assert_eq!(mended.unwrap().left.faults, [], "{commits} {after}");
            assert_eq!(world.faults().await, Vec::<String>::new());
            let now: SummaryValue = world.value(&keys::summary(INBOX)).await;
            assert_eq!(now.exists, 13, "{commits} {after}");
        }
    }
}

/// Whatever rows are missing, what there is fits again, and nothing that can be read goes.
#[tokio::test]
async fn what_is_left_of_an_account_fits_again() {
    let all = World::new().await.keys().await;
    let (count, mut number) = (all.len(), 7usize);
    let mut taken: Vec<Vec<usize>> = (0..count).map(|at| vec![at]).collect();
    // And some at once, by a sequence that looks random (any odd multiplier would do).
    for some in 2..100 {
        let mut next = || {
            number = number.wrapping_mul(0x5851_f42d).wrapping_add(11);
            (number >> 16) % count
        };
        taken.push((0..2 + some % 9).map(|_| next()).collect());
    }
    for some in taken {
        let world = World::new().await;
        let texts = world.texts().await;
        let gone: Vec<_> = some.iter().filter_map(|at| all.get(*at)).collect();
        let what = format!("{gone:02x?}");
        let delete = gone.iter().map(|key| Operation::Delete((*key).clone()));
        world.commit(delete.collect()).await;
        let mended = world.store.mend(ACCOUNT, Bodies::Read, NOW, drop).await;
        if gone.contains(&&keys::account()) {
            assert_eq!(mended, Err(StoreError::Gone), "{what}");
            continue;
        }
        let mended = mended.unwrap();
        assert_eq!(mended.left.faults, [], "{what} {:#?}", mended.notes);
        let then = world.keys().await;
        let again = world.store.mend(ACCOUNT, Bodies::Read, NOW, drop).await;
        assert_eq!(again.unwrap().faults, [], "{what}");
        assert_eq!(world.keys().await, then, "{what}");
        // A piece has two messages at most.
        let bodies = gone.iter().map(|key| match RecordKey::decode(key) {
            Some(_) => 1,
            None => 2 * usize::from(PieceKey::decode(key).is_some()),
        });
        let left = world.texts().await;
        let lost = texts.difference(&left).count();
        assert!(lost <= bodies.sum(), "{what} {:#?}", mended.notes);
        world.store.tend(ACCOUNT, NOW).await.unwrap();
        world.store.sweep(ACCOUNT).await.unwrap();
        assert_eq!(world.faults().await, Vec::<String>::new(), "{what}");
    }
}

#[tokio::test]
async fn what_was_done_is_told_in_words() {
    let world = World::new().await;
    let operations = vec![
        Operation::Delete(PieceKey(INBOX, uid(9)).encode()),
        Operation::Delete(NameKey("other".into()).encode()),
        Operation::Delete(keys::summary(OTHER)),
        Operation::Put(keys::keywords(INBOX), vec![1, 0]),
    ];
    world.commit(operations).await;
    let mended = world.mended().await;
    let notes: Vec<String> = mended.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "account 3, mailbox 6: it is called \"Recovered 6\" now",
            "account 3, mailbox 1 (\"INBOX\"): LOST: where the bodies of these messages are is not \
             known any more: UID 9",
            "account 3, mailbox 1 (\"INBOX\"): a keyword of messages is called \"unknown-1\" now",
            "account 3, mailbox 6 (\"Recovered 6\"): its UIDVALIDITY is 7 now: it is read anew",
        ]
    );
    let faults: Vec<String> = mended.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "account 3, mailbox 6: there are records of a mailbox that has no name",
            "account 3, mailbox 1 (\"INBOX\"), UID 9: the dates of messages, and where their \
             bodies are, are missing",
            "account 3, mailbox 1 (\"INBOX\"), UID 3: a message is marked with a keyword that has \
             no name",
        ]
    );
}
