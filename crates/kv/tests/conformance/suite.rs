//! What every engine must do, from one source (ARCHITECTURE.md, invariant 9).
//!
//! [`conform`] holds an engine to each promise of [`Kv`]; [`model`] then drives it with
//! random commits beside a plain map and compares all that can be read. A new engine
//! adds one test function in `main.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this file is tests only")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use address::AccountId;
use kv::tuple::after_key;
use kv::{
    COMMIT_OCTETS, COMMIT_OPERATIONS, Condition, Direction, Excess, KEY_OCTETS, Kv, KvError,
    Operation, Outcome, Partition, Row, Snapshot, VALUE_OCTETS, Value, Version,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

pub(crate) type Engine = Arc<dyn Kv>;

const A: Partition = Partition::Account(AccountId(1));
const B: Partition = Partition::Account(AccountId(256));

fn put(key: &[u8], value: &[u8]) -> Operation {
    Operation::Put(key.to_vec(), value.to_vec())
}

fn delete(key: &[u8]) -> Operation {
    Operation::Delete(key.to_vec())
}

fn clear(range: Range<&[u8]>) -> Operation {
    Operation::ClearRange(range.start.to_vec()..range.end.to_vec())
}

async fn commit(
    kv: &Engine,
    partition: Partition,
    conditions: Vec<Condition>,
    operations: Vec<Operation>,
) -> Outcome {
    kv.commit(partition, conditions, operations).await.unwrap()
}

async fn write(kv: &Engine, partition: Partition, operations: Vec<Operation>) {
    assert_eq!(
        commit(kv, partition, vec![], operations).await,
        Outcome::Committed
    );
}

async fn get(kv: &Engine, partition: Partition, key: &[u8]) -> Option<Value> {
    kv.snapshot(partition)
        .await
        .unwrap()
        .get(key)
        .await
        .unwrap()
}

async fn version(kv: &Engine, partition: Partition, key: &[u8]) -> Version {
    get(kv, partition, key).await.unwrap().version
}

async fn keys(
    kv: &Engine,
    partition: Partition,
    range: Range<&[u8]>,
    direction: Direction,
    limit: usize,
) -> Vec<Vec<u8>> {
    let range = range.start.to_vec()..range.end.to_vec();
    let snapshot = kv.snapshot(partition).await.unwrap();
    let rows = snapshot.scan(range, direction, limit).await.unwrap();
    rows.into_iter().map(|(key, _)| key).collect()
}

async fn conform(kv: Engine) {
    puts_and_deletes_in_order(&kv).await;
    partitions_are_apart(&kv).await;
    conditions_are_judged_together(&kv).await;
    versions_do_not_come_back(&kv).await;
    scans_go_both_ways_in_pages(&kv).await;
    snapshots_stay(&kv).await;
    values_are_those_of_one_moment(&kv).await;
    limits_are_kept(&kv).await;
    one_of_many_wins(&kv).await;
    watches_wake(&kv).await;
}

async fn puts_and_deletes_in_order(kv: &Engine) {
    assert_eq!(get(kv, A, b"a").await, None);
    write(
        kv,
        A,
        vec![
            put(b"a", b"1"),
            put(b"a", b"2"),
            put(b"", b""),
            delete(b"none"),
        ],
    )
    .await;
    assert_eq!(get(kv, A, b"a").await.unwrap().bytes, b"2");
    assert_eq!(get(kv, A, b"").await.unwrap().bytes, b"");
    write(kv, A, vec![clear(b""..b"\xff"), put(b"b", b"3")]).await;
    assert_eq!(
        keys(kv, A, b""..b"\xff", Direction::Forward, 10).await,
        [b"b"]
    );
    write(kv, A, vec![put(b"c", b""), delete(b"b"), delete(b"c")]).await;
    assert_eq!(get(kv, A, b"c").await, None);
    write(kv, A, vec![]).await;
}

async fn partitions_are_apart(kv: &Engine) {
    let all = [Partition::Directory, Partition::Queue, A, B];
    for (number, partition) in all.into_iter().enumerate() {
        write(kv, partition, vec![put(b"same", &[number as u8])]).await;
    }
    for (number, partition) in all.into_iter().enumerate() {
        assert_eq!(
            get(kv, partition, b"same").await.unwrap().bytes,
            [number as u8]
        );
        let found = keys(kv, partition, b""..b"\xff", Direction::Forward, 10).await;
        assert_eq!(found, [b"same"]);
    }
    assert_eq!(kv.partitions().await.unwrap(), all);
    for partition in all {
        write(kv, partition, vec![clear(b""..b"\xff")]).await;
    }
}

async fn conditions_are_judged_together(kv: &Engine) {
    let absent = |key: &[u8]| Condition::Absent(key.to_vec());
    let is = |key: &[u8], version| Condition::Version(key.to_vec(), version);
    let make = || vec![put(b"made", b"1")];
    assert_eq!(
        commit(kv, A, vec![absent(b"made")], make()).await,
        Outcome::Committed
    );
    assert_eq!(
        commit(kv, A, vec![absent(b"made")], make()).await,
        Outcome::Conflict
    );
    let first = version(kv, A, b"made").await;
    let change = || vec![put(b"made", b"2"), put(b"also", b"2")];
    let both = vec![is(b"made", first), absent(b"made")];
    assert_eq!(commit(kv, A, both, change()).await, Outcome::Conflict);
    assert_eq!(get(kv, A, b"also").await, None);
    assert_eq!(get(kv, A, b"made").await.unwrap().bytes, b"1");
    // A condition is judged before the operations of its own commit.
    let both = vec![is(b"made", first), absent(b"also")];
    assert_eq!(commit(kv, A, both, change()).await, Outcome::Committed);
    assert_eq!(
        commit(kv, A, vec![is(b"made", first)], change()).await,
        Outcome::Conflict
    );
    let none = vec![is(b"never", first)];
    assert_eq!(commit(kv, A, none, change()).await, Outcome::Conflict);
    // Conditions alone may be asked.
    let now = version(kv, A, b"made").await;
    assert_eq!(
        commit(kv, A, vec![is(b"made", now)], vec![]).await,
        Outcome::Committed
    );
    write(kv, A, vec![clear(b""..b"\xff")]).await;
}

async fn versions_do_not_come_back(kv: &Engine) {
    write(kv, A, vec![put(b"k", b"1")]).await;
    let first = version(kv, A, b"k").await;
    write(kv, A, vec![delete(b"k")]).await;
    write(kv, A, vec![put(b"k", b"1")]).await;
    let stale = vec![Condition::Version(b"k".to_vec(), first)];
    assert_eq!(commit(kv, A, stale, vec![]).await, Outcome::Conflict);
    let before = version(kv, A, b"k").await;
    write(kv, A, vec![put(b"k", b"1")]).await;
    assert_ne!(version(kv, A, b"k").await, before);
    write(kv, A, vec![delete(b"k")]).await;
}

async fn scans_go_both_ways_in_pages(kv: &Engine) {
    let rows: Vec<Operation> = (0..10).map(|n| put(&[b'k', n], &[n])).collect();
    write(kv, A, rows).await;
    let some = |low, high| (low..high).map(|n| vec![b'k', n]).collect::<Vec<_>>();
    let forward = keys(kv, A, b"k\x02"..b"k\x08", Direction::Forward, 100).await;
    assert_eq!(forward, some(2, 8));
    let mut backward = keys(kv, A, b"k\x02"..b"k\x08", Direction::Backward, 4).await;
    backward.reverse();
    assert_eq!(backward, some(4, 8));
    assert_eq!(
        keys(kv, A, b"k"..b"l", Direction::Forward, 3).await,
        some(0, 3)
    );
    assert_eq!(
        keys(kv, A, b"k\x03\0"..b"l", Direction::Forward, 1).await,
        some(4, 5)
    );
    assert_eq!(
        keys(kv, A, b"k"..b"l", Direction::Forward, 0).await,
        some(0, 0)
    );
    assert_eq!(
        keys(kv, A, b"l"..b"k", Direction::Forward, 9).await,
        some(0, 0)
    );
    assert_eq!(
        keys(kv, A, b"k"..b"k", Direction::Backward, 9).await,
        some(0, 0)
    );
    assert_eq!(
        keys(kv, B, b""..b"\xff", Direction::Forward, 9).await,
        some(0, 0)
    );
    write(kv, A, vec![clear(b"k\x02"..b"k\x09"), clear(b"z"..b"a")]).await;
    let left = keys(kv, A, b""..b"\xff", Direction::Forward, 100).await;
    assert_eq!(left, [[b'k', 0], [b'k', 1], [b'k', 9]]);
    write(kv, A, vec![clear(b""..b"\xff")]).await;
}

async fn snapshots_stay(kv: &Engine) {
    write(kv, A, vec![put(b"k", b"old")]).await;
    let snapshot = kv.snapshot(A).await.unwrap();
    let named = [b"k".to_vec(), b"more".to_vec(), b"k".to_vec()];
    let named = kv.snapshot_for(A, named.to_vec()).await.unwrap();
    write(kv, A, vec![put(b"k", b"new"), put(b"more", b"")]).await;
    assert_eq!(snapshot.get(b"k").await.unwrap().unwrap().bytes, b"old");
    // Whatever was said to be read, and what was not.
    assert_eq!(named.get(b"k").await, snapshot.get(b"k").await);
    assert_eq!(named.get(b"more").await, Ok(None));
    assert_eq!(named.get(b"other").await, Ok(None));
    drop(named);
    let all = Vec::new()..vec![0xff];
    assert_eq!(
        snapshot
            .scan(all, Direction::Forward, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    drop(snapshot);
    assert_eq!(get(kv, A, b"k").await.unwrap().bytes, b"new");
    write(kv, A, vec![clear(b""..b"\xff")]).await;
}

/// Whoever needs some keys and no more: each time as they are then, in one state.
async fn values_are_those_of_one_moment(kv: &Engine) {
    write(kv, A, vec![put(b"one", b"0"), put(b"other", b"0")]).await;
    write(kv, B, vec![put(b"one", b"not this one")]).await;
    let keys = [
        b"one".to_vec(),
        b"none".to_vec(),
        b"other".to_vec(),
        b"one".to_vec(),
    ];
    let found = kv.values(A, keys.to_vec()).await.unwrap();
    assert_eq!(found[0], get(kv, A, b"one").await);
    assert_eq!((&found[1], &found[3]), (&None, &found[0]));
    assert_eq!(found[2].as_ref().unwrap().bytes, b"0");
    assert_eq!(kv.values(A, Vec::new()).await, Ok(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for asker in 0..32u8 {
        let kv = kv.clone();
        tasks.spawn(async move {
            for number in 0..20u8 {
                if asker == 0 {
                    let number = [number];
                    write(&kv, A, vec![put(b"one", &number), put(b"other", &number)]).await;
                    // What was committed is seen by whoever asks then.
                    let now = kv.values(A, vec![b"one".to_vec()]).await.unwrap();
                    assert_eq!(now[0].as_ref().unwrap().bytes, number);
                }
                let keys = vec![b"one".to_vec(), b"other".to_vec()];
                let found = kv.values(A, keys).await.unwrap();
                let octets = |at: usize| found[at].as_ref().unwrap().bytes.clone();
                assert_eq!(octets(0), octets(1));
            }
        });
    }
    tasks.join_all().await;
    for partition in [A, B] {
        write(kv, partition, vec![clear(b""..b"\xff")]).await;
    }
}

async fn limits_are_kept(kv: &Engine) {
    let long = vec![b'k'; KEY_OCTETS + 1];
    let refused = [
        (vec![put(&long, b"")], Excess::Key(KEY_OCTETS + 1)),
        (vec![delete(&long)], Excess::Key(KEY_OCTETS + 1)),
        (vec![clear(b"a"..&long)], Excess::Key(KEY_OCTETS + 1)),
        (
            vec![put(b"v", &vec![0; VALUE_OCTETS + 1])],
            Excess::Value(VALUE_OCTETS + 1),
        ),
        (
            vec![delete(b"n"); COMMIT_OPERATIONS + 1],
            Excess::Operations(COMMIT_OPERATIONS + 1),
        ),
        (
            vec![put(b"", &vec![0; VALUE_OCTETS]); COMMIT_OCTETS / VALUE_OCTETS + 1],
            Excess::Commit(COMMIT_OCTETS + VALUE_OCTETS),
        ),
    ];
    for (operations, excess) in refused {
        let answer = kv.commit(A, vec![], operations).await;
        assert_eq!(answer, Err(KvError::TooLarge(excess)));
    }
    let key = &long[..KEY_OCTETS];
    write(kv, A, vec![put(key, &vec![9; VALUE_OCTETS])]).await;
    assert_eq!(get(kv, A, key).await.unwrap().bytes.len(), VALUE_OCTETS);
    write(kv, A, vec![clear(b""..b"\xff")]).await;
}

/// Many commits at once, which an engine may put in one group: of those that want the
/// same key one wins, a refused one harms none, and all others happen.
async fn one_of_many_wins(kv: &Engine) {
    let mut tasks = Vec::new();
    for n in 0..64u8 {
        let kv = kv.clone();
        tasks.push(tokio::spawn(async move {
            let large = kv.commit(A, vec![], vec![put(&[0; KEY_OCTETS + 1], b"")]);
            let own = kv.commit(A, vec![], vec![put(&[b'o', n], &[n])]);
            let race = vec![Condition::Absent(b"race".to_vec())];
            let race = kv.commit(A, race, vec![put(b"race", &[n])]);
            let (large, own, race) = tokio::join!(large, own, race);
            assert!(matches!(large, Err(KvError::TooLarge(_))));
            assert_eq!(own, Ok(Outcome::Committed));
            (n, race.unwrap())
        }));
    }
    let mut winners = Vec::new();
    for task in tasks {
        let (n, outcome) = task.await.unwrap();
        if outcome == Outcome::Committed {
            winners.push(n);
        }
    }
    assert_eq!(get(kv, A, b"race").await.unwrap().bytes, winners);
    assert_eq!(
        keys(kv, A, b"o"..b"p", Direction::Forward, 100).await.len(),
        64
    );
    write(kv, A, vec![clear(b""..b"\xff")]).await;
}

async fn watches_wake(kv: &Engine) {
    let mut watch = kv.watch(A);
    let mut second = watch.clone();
    write(kv, A, vec![put(b"w", b"")]).await;
    // An engine may wake late, but does wake.
    let patience = std::time::Duration::from_secs(20);
    tokio::time::timeout(patience, watch.changed())
        .await
        .unwrap();
    tokio::time::timeout(patience, second.changed())
        .await
        .unwrap();
    write(kv, A, vec![clear(b""..b"\xff")]).await;
}

/// A commit of the model: small keys and few, so that commits meet.
#[derive(Clone, Debug)]
enum Do {
    Put(u8, Vec<u8>),
    Delete(u8),
    Clear(u8, u8),
}

/// What a commit depends on: a key that is absent, or has the version last seen for it.
#[derive(Clone, Debug)]
enum If {
    Absent(u8),
    Seen(u8),
}

#[derive(Clone, Debug)]
struct Step {
    second_partition: bool,
    ifs: Vec<If>,
    dos: Vec<Do>,
    look: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || 0..12u8;
    let act = prop_oneof![
        4 => (key(), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(k, v)| Do::Put(k, v)),
        2 => key().prop_map(Do::Delete),
        1 => (key(), key()).prop_map(|(a, b)| Do::Clear(a, b)),
    ];
    let cond = prop_oneof![key().prop_map(If::Absent), key().prop_map(If::Seen)];
    let step = (
        any::<bool>(),
        proptest::collection::vec(cond, 0..3),
        proptest::collection::vec(act, 0..6),
        any::<bool>(),
    );
    let step = step.prop_map(|(second_partition, ifs, dos, look)| Step {
        second_partition,
        ifs,
        dos,
        look,
    });
    proptest::collection::vec(step, 1..60)
}

/// One partition as it should be, and the versions last read from the engine.
#[derive(Default)]
struct Model {
    map: BTreeMap<u8, Vec<u8>>,
    /// With whether the key was written or removed since.
    seen: BTreeMap<u8, (Version, bool)>,
}

impl Model {
    fn holds(&self, condition: &If) -> bool {
        match condition {
            If::Absent(key) => !self.map.contains_key(key),
            If::Seen(key) => self.seen.get(key).is_some_and(|(_, fresh)| *fresh),
        }
    }

    fn touch(&mut self, key: u8) {
        if let Some(seen) = self.seen.get_mut(&key) {
            seen.1 = false;
        }
    }

    fn apply(&mut self, act: &Do) {
        match act {
            Do::Put(key, value) => {
                self.map.insert(*key, value.clone());
                self.touch(*key);
            }
            Do::Delete(key) => {
                self.map.remove(key);
                self.touch(*key);
            }
            Do::Clear(from, to) => {
                for key in *from..*to {
                    self.map.remove(&key);
                    self.touch(key);
                }
            }
        }
    }
}

async fn play(kv: &Engine, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut models = [Model::default(), Model::default()];
    for partition in [A, B] {
        write(kv, partition, vec![clear(b""..b"\xff")]).await;
    }
    for step in steps {
        let which = usize::from(step.second_partition);
        let (partition, model) = ([A, B][which], &mut models[which]);
        // A version that was never read can't be asked for.
        let ifs: Vec<If> = step
            .ifs
            .into_iter()
            .filter(|one| match one {
                If::Absent(_) => true,
                If::Seen(key) => model.seen.contains_key(key),
            })
            .collect();
        let conditions = ifs.iter().map(|one| match one {
            If::Absent(key) => Condition::Absent(vec![*key]),
            If::Seen(key) => Condition::Version(vec![*key], model.seen[key].0),
        });
        let operations = step.dos.iter().map(|act| match act {
            Do::Put(key, value) => put(&[*key], value),
            Do::Delete(key) => delete(&[*key]),
            Do::Clear(from, to) => clear(&[*from]..&[*to]),
        });
        let outcome = commit(kv, partition, conditions.collect(), operations.collect()).await;
        let expected = ifs.iter().all(|one| model.holds(one));
        prop_assert_eq!(outcome == Outcome::Committed, expected);
        if expected {
            step.dos.iter().for_each(|act| model.apply(act));
        }
        if step.look {
            look(kv, partition, model).await?;
        }
    }
    look(kv, A, &mut models[0]).await?;
    look(kv, B, &mut models[1]).await
}

/// Reads all, compares it, and takes note of the versions.
async fn look(kv: &Engine, partition: Partition, model: &mut Model) -> Result<(), TestCaseError> {
    let snapshot = kv.snapshot(partition).await.unwrap();
    let all = || Vec::new()..vec![0xff];
    let rows = snapshot
        .scan(all(), Direction::Forward, 1000)
        .await
        .unwrap();
    let mut reversed = snapshot
        .scan(all(), Direction::Backward, 1000)
        .await
        .unwrap();
    reversed.reverse();
    prop_assert_eq!(&rows, &reversed);
    for direction in [Direction::Forward, Direction::Backward] {
        let mut paged = in_pages(&*snapshot, direction, 1 + rows.len() / 3).await;
        if direction == Direction::Backward {
            paged.reverse();
        }
        prop_assert_eq!(&rows, &paged);
    }
    let found: BTreeMap<u8, Vec<u8>> = rows
        .iter()
        .map(|(key, value)| (key[0], value.bytes.clone()))
        .collect();
    prop_assert_eq!(&found, &model.map);
    for (key, value) in rows {
        if let Some((seen, true)) = model.seen.get(&key[0]) {
            prop_assert_eq!(*seen, value.version);
        }
        model.seen.insert(key[0], (value.version, true));
    }
    Ok(())
}

/// All rows, asked for page by page.
async fn in_pages(snapshot: &dyn Snapshot, direction: Direction, limit: usize) -> Vec<Row> {
    let mut all: Vec<Row> = Vec::new();
    let mut range = Vec::new()..vec![0xff];
    loop {
        let page = snapshot.scan(range.clone(), direction, limit).await;
        let page = page.unwrap();
        assert!(page.len() <= limit);
        let Some((last, _)) = page.last() else {
            return all;
        };
        match direction {
            Direction::Forward => range.start = after_key(last),
            Direction::Backward => range.end = last.clone(),
        }
        all.extend(page);
    }
}

fn model(kv: &Engine) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    };
    let played = TestRunner::new(config).run(&steps(), |steps| runtime.block_on(play(kv, steps)));
    if let Err(failure) = played {
        panic!("{failure}");
    }
}

pub(crate) fn hold_to_it(kv: &Engine) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(conform(kv.clone()));
    model(kv);
}
