//! The judge, shown each fault that a store could have.

use super::*;
use crate::wire;

/// A store of one task of one partition, and what was said about it.
#[derive(Default)]
struct Store {
    judge: Judge,
    rows: Part,
    versions: BTreeMap<String, u64>,
    count: u64,
    race: u64,
    serial: u64,
}

const TASK: u64 = 1;
const PART: usize = 1;

impl Store {
    fn ask(&mut self) -> Ask {
        self.serial += 1;
        let id = Id {
            round: 0,
            task: TASK,
            serial: self.serial,
        };
        let ask = Ask {
            id,
            chain: self.count + 1,
            race: Some(self.race + 1),
        };
        self.judge.hear(Line::Ask(ask));
        ask
    }

    fn answer(&mut self, ask: Ask, told: wire::Told) {
        self.judge.hear(Line::Told(ask.id, told));
    }

    /// It happens.
    fn happen(&mut self, ask: Ask) {
        self.count += 1;
        self.race += 1;
        let before = self.rows.clone();
        apply(&mut self.rows, ask.operations());
        for (key, value) in &self.rows {
            if before.get(key) != Some(value) {
                self.versions.insert(key.clone(), self.serial);
            }
        }
    }

    fn commit(&mut self) -> Ask {
        let ask = self.ask();
        self.happen(ask);
        self.answer(ask, wire::Told::Committed);
        ask
    }

    fn show(&mut self) {
        for (key, (by, digest)) in &self.rows {
            self.judge.hear(Line::Found(Found {
                part: PART,
                key: key.clone(),
                version: self.versions[key],
                by: *by,
                digest: *digest,
            }));
        }
    }

    fn look(&mut self) -> Vec<Kind> {
        self.show();
        let mut kinds: Vec<Kind> = Vec::new();
        for Fault(kind, _) in self.judge.verdict().faults {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    fn key(&self, of: Ask) -> String {
        let chain = chain_key(TASK);
        let mut own = self.rows.iter().filter(|(key, _)| **key != chain);
        own.find(|(_, (by, _))| *by == Some(of.id))
            .unwrap()
            .0
            .clone()
    }
}

fn after(commits: u64) -> Store {
    let mut told = Store::default();
    for _ in 0..commits {
        told.commit();
    }
    assert_eq!(told.look(), []);
    told
}

#[test]
fn what_must_be_there_is_good_and_what_may_be_there_too() {
    let mut told = after(5);
    told.commit();
    assert_eq!(told.look(), []);
    let last = told.ask();
    assert_eq!(told.look(), [], "it did not happen");
    assert_ne!(told.ask(), last);
    let last = told.ask();
    told.happen(last);
    assert_eq!(told.look(), [], "it happened");
    let refused = told.ask();
    told.answer(refused, wire::Told::Conflict);
    told.commit();
    assert_eq!(told.look(), []);
}

#[test]
fn what_is_lost_is_found() {
    let mut acknowledged = after(5);
    let ask = acknowledged.ask();
    acknowledged.answer(ask, wire::Told::Committed);
    assert_eq!(acknowledged.look(), [Kind::Lost]);
    let mut seen = after(5);
    let ask = seen.ask();
    seen.judge.hear(Line::Saw(ask.id, 77));
    assert_eq!(seen.look(), [Kind::Lost]);
    let mut old = after(5);
    let before = (old.rows.clone(), old.versions.clone());
    old.commit();
    assert_eq!(old.look(), []);
    (old.rows, old.versions) = before;
    assert!(old.look().contains(&Kind::Lost));
    let mut all = after(5);
    all.rows.clear();
    assert_eq!(all.look(), [Kind::Lost]);
    let mut unnoticed = after(5);
    unnoticed.commit();
    unnoticed.count -= 1;
    unnoticed.commit();
    // The second did not see the first.
    assert!(unnoticed.look().contains(&Kind::Lost));
}

#[test]
fn what_is_torn_is_found() {
    for acknowledged in [true, false] {
        let mut missing = after(5);
        let ask = missing.ask();
        missing.happen(ask);
        if acknowledged {
            missing.answer(ask, wire::Told::Committed);
        }
        let key = missing.key(ask);
        missing.rows.remove(&key);
        assert_eq!(missing.look(), [Kind::Torn]);
    }
    let mut beside = after(5);
    let before = beside.rows.clone();
    let ask = beside.ask();
    beside.happen(ask);
    let key = beside.key(ask);
    let value = beside.rows[&key];
    beside.rows = before;
    beside.rows.insert(key, value);
    assert_eq!(
        beside.look(),
        [Kind::Torn],
        "a piece of what did not happen"
    );
}

#[test]
fn what_came_twice_is_found() {
    let mut version = after(5);
    version.commit();
    let chain = version.versions.get_mut(&chain_key(TASK)).unwrap();
    *chain -= 1;
    assert!(version.look().contains(&Kind::Twice));
    let mut row = after(5);
    row.show();
    assert_eq!(row.look(), [Kind::Twice]);
    let mut race = after(5);
    race.commit();
    race.race -= 1;
    race.commit();
    assert_eq!(race.look(), [Kind::Twice]);
}

#[test]
fn all_else_is_found() {
    let mut refused = after(5);
    let ask = refused.ask();
    refused.answer(ask, wire::Told::Conflict);
    refused.happen(ask);
    assert_eq!(refused.look(), [Kind::Wrong]);
    let mut unasked = after(5);
    let digest = Digest::of(b"?");
    unasked.rows.insert("own/x".to_owned(), (None, digest));
    unasked.versions.insert("own/x".to_owned(), 1);
    assert_eq!(unasked.look(), [Kind::Wrong]);
    let mut backward = after(5);
    let ask = backward.commit();
    assert_eq!(ask.id.serial, 6);
    backward.versions.insert(RACE.to_owned(), 0);
    assert_eq!(backward.look(), [Kind::Wrong]);
}
