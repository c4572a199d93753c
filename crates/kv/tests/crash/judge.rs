//! Judges what is there after a crash by what was asked and told before it.
//!
//! The count of each task says which of its commits happened: they follow each other, and
//! only the last that was asked for may have happened or not. Played again in their order
//! on what was there before, they must give what is there now, key for key and octet for
//! octet.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use kv::Operation;

use crate::commits::{Ask, Content, Id, PARTITIONS, RACE, TASKS, chain_key, part_of};
use crate::wire::{Digest, Found, Line, Told};

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A commit that was acknowledged, or seen, is not there.
    Lost,
    /// A part of a commit is there and another is not.
    Torn,
    /// A count or a version was given twice.
    Twice,
    /// All else.
    Wrong,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) Kind, pub(crate) String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0, self.1)
    }
}

/// What was found, and how much there was to be found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Commits that were acknowledged since the last one.
    pub(crate) acknowledged: u64,
    pub(crate) faults: Vec<Fault>,
}

impl Verdict {
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.faults.iter().filter(|fault| fault.0 == kind).count()
    }
}

/// An attempt of this round.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    ask: Ask,
    told: Option<Told>,
    seen: bool,
}

impl Attempt {
    /// Whether it must be there.
    fn must_be(&self) -> bool {
        self.seen || self.told == Some(Told::Committed)
    }

    /// Whether it can't be there.
    fn must_not_be(&self) -> bool {
        matches!(self.told, Some(Told::Conflict | Told::Refused))
    }
}

/// A partition as it should be.
type Part = BTreeMap<String, (Option<Id>, Digest)>;

/// What is known of one store.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    parts: [Part; PARTITIONS.len()],
    /// The last commit of each task that was found, and its count.
    chains: BTreeMap<u64, (Id, u64)>,
    /// The count of each race.
    races: [u64; PARTITIONS.len()],
    /// All that was ever asked for, and what of it happened.
    asked: HashSet<Id>,
    happened: HashSet<Id>,
    /// Who wrote last, and with which version, where it is counted.
    newest: HashMap<(usize, String), (Option<Id>, u64)>,
    /// To whom each version of each key was given.
    versions: HashMap<(usize, String, u64), Id>,
    /// Since the last verdict.
    attempts: BTreeMap<u64, Vec<Attempt>>,
    found: Vec<Found>,
    faults: Vec<Fault>,
    acknowledged: u64,
}

impl Judge {
    /// Takes a line.
    pub(crate) fn hear(&mut self, line: Line) {
        match line {
            Line::Opened | Line::Ready => {}
            Line::Found(found) => self.found.push(found),
            Line::Ask(ask) => self.asks(ask),
            Line::Told(id, told) => self.told(id, told),
            Line::Saw(id, version) => self.saw(id, version),
            Line::Trouble(what) => self.fault(Kind::Wrong, what),
        }
    }

    /// Forgets a showing that was cut short.
    pub(crate) fn forget_found(&mut self) {
        self.found.clear();
    }

    /// Commits that were acknowledged since the last verdict.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// What was found since the last verdict.
    pub(crate) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    fn fault(&mut self, kind: Kind, what: String) {
        self.faults.push(Fault(kind, what));
    }

    fn attempt(&mut self, id: Id) -> Option<&mut Attempt> {
        let attempts = self.attempts.get_mut(&id.task)?;
        attempts.iter_mut().rev().find(|one| one.ask.id == id)
    }

    fn asks(&mut self, ask: Ask) {
        self.asked.insert(ask.id);
        let attempts = self.attempts.entry(ask.id.task).or_default();
        attempts.push(Attempt {
            ask,
            told: None,
            seen: false,
        });
    }

    fn told(&mut self, id: Id, told: Told) {
        self.acknowledged += u64::from(told == Told::Committed);
        let Some(attempt) = self.attempt(id) else {
            return self.fault(Kind::Wrong, format!("an answer that nobody asked: {id:?}"));
        };
        attempt.told = Some(told);
        // Nobody else writes what it depends on, but for the race.
        if told == Told::Conflict && attempt.ask.race.is_none() {
            self.fault(Kind::Wrong, format!("a snapshot before {id:?} was stale"));
        }
    }

    fn saw(&mut self, id: Id, version: u64) {
        self.given(part_of(id.task), &chain_key(id.task), version, id);
        let is_known = self.happened.contains(&id);
        match self.attempt(id) {
            Some(attempt) => attempt.seen = true,
            None if is_known => {}
            None => self.fault(Kind::Wrong, format!("seen and never asked for: {id:?}")),
        }
    }

    /// A version of a key stands for one commit.
    fn given(&mut self, part: usize, key: &str, version: u64, id: Id) {
        let place = (part, key.to_owned(), version);
        let other = *self.versions.entry(place).or_insert(id);
        if other != id {
            let what = format!("version {version} of {key} is of {other:?} and of {id:?}");
            self.fault(Kind::Twice, what);
        }
    }

    /// Judges what was shown, and takes it for what is there from now on.
    pub(crate) fn verdict(&mut self) -> Verdict {
        let found = std::mem::take(&mut self.found);
        let attempts = std::mem::take(&mut self.attempts);
        let mut now: [Part; PARTITIONS.len()] = Default::default();
        for one in &found {
            if let Some(by) = one.by {
                self.given(one.part, &one.key, one.version, by);
            }
            let other = now[one.part].insert(one.key.clone(), (one.by, one.digest));
            if other.is_some() {
                self.fault(Kind::Twice, format!("{} is there twice", one.key));
            }
        }
        self.versions_grow(&found);
        for (part, now) in now.into_iter().enumerate() {
            let tasks = (0..TASKS).filter(|task| part_of(*task) == part);
            let before = self.faults.len();
            let mut happened = Vec::new();
            for task in tasks {
                let attempts = attempts.get(&task).map_or(&[][..], Vec::as_slice);
                let last = now.get(&chain_key(task)).and_then(|(by, _)| *by);
                happened.extend(self.follow(task, attempts, last));
            }
            self.happened.extend(happened.iter().map(|ask| ask.id));
            self.play(part, happened);
            // Of what was lost the keys say no more.
            if self.faults.len() == before {
                self.compare(part, &now);
            }
            self.parts[part] = now;
        }
        Verdict {
            acknowledged: std::mem::take(&mut self.acknowledged),
            faults: std::mem::take(&mut self.faults),
        }
    }

    /// Gives which commits of a task happened, if the last is this one.
    fn follow(&mut self, task: u64, attempts: &[Attempt], last: Option<Id>) -> Vec<Ask> {
        let (base, count) = match self.chains.get(&task) {
            Some((id, count)) => (Some(*id), *count),
            None => (None, 0),
        };
        let at = attempts.iter().rposition(|one| Some(one.ask.id) == last);
        if at.is_none() && last != base {
            let known = last.is_none_or(|last| self.happened.contains(&last));
            let kind = if known { Kind::Lost } else { Kind::Wrong };
            self.fault(
                kind,
                format!("task {task} is at {last:?} and was at {base:?}"),
            );
            return Vec::new();
        }
        let (until, after) = attempts.split_at(at.map_or(0, |at| at + 1));
        for lost in after.iter().filter(|one| one.must_be()) {
            self.fault(Kind::Lost, format!("{:?}, the last is {last:?}", lost.ask));
        }
        let mut happened = Vec::new();
        for (at, one) in until.iter().enumerate() {
            // Whoever asked next has seen whether it happened.
            let next = until
                .get(at + 1)
                .map_or(one.ask.chain + 1, |next| next.ask.chain);
            if next == one.ask.chain {
                if one.must_be() {
                    self.fault(Kind::Lost, format!("{:?}, before {last:?}", one.ask));
                }
                continue;
            }
            if one.must_not_be() {
                self.fault(Kind::Wrong, format!("refused, and there: {one:?}"));
            }
            if one.ask.chain != count + happened.len() as u64 + 1 {
                self.fault(Kind::Twice, format!("{:?} does not count on", one.ask));
            }
            happened.push(one.ask);
        }
        if let Some(ask) = happened.last() {
            self.chains.insert(task, (ask.id, ask.chain));
        }
        happened
    }

    /// Does again in a partition what happened.
    fn play(&mut self, part: usize, mut happened: Vec<Ask>) {
        for ask in &happened {
            apply(&mut self.parts[part], ask.own());
        }
        happened.retain(|ask| ask.race.is_some());
        happened.sort_by_key(|ask| ask.race);
        for ask in happened {
            self.races[part] += 1;
            if ask.race != Some(self.races[part]) {
                let races = self.races[part];
                self.fault(
                    Kind::Twice,
                    format!("{ask:?} is number {races} of the race"),
                );
            }
            apply(&mut self.parts[part], ask.shared());
        }
    }

    fn compare(&mut self, part: usize, now: &Part) {
        let should = &self.parts[part];
        let keys: BTreeSet<&String> = should.keys().chain(now.keys()).collect();
        let mut faults = Vec::new();
        for key in keys {
            let (should, is) = (should.get(key), now.get(key));
            if should == is {
                continue;
            }
            let by = is.map(|(by, _)| by);
            let known = by.is_none_or(|by| by.is_some_and(|by| self.asked.contains(&by)));
            let kind = if known { Kind::Torn } else { Kind::Wrong };
            let what = format!("{key} of partition {part} is {is:?} and not {should:?}");
            faults.push(Fault(kind, what));
        }
        self.faults.extend(faults);
    }

    /// Of two commits that count under one key the later has the greater version.
    fn versions_grow(&mut self, found: &[Found]) {
        let counts = |key: &str| key == RACE || key.starts_with("chain/");
        for one in found.iter().filter(|one| counts(&one.key)) {
            let place = (one.part, one.key.clone());
            let (by, before) = self
                .newest
                .insert(place, (one.by, one.version))
                .unwrap_or((one.by, one.version));
            if by != one.by && before >= one.version {
                let what = format!("version {} of {} came after {before}", one.version, one.key);
                self.fault(Kind::Wrong, what);
            }
        }
    }
}

fn apply(part: &mut Part, operations: Vec<Operation>) {
    let text = |key: Vec<u8>| String::from_utf8(key).unwrap();
    for operation in operations {
        match operation {
            Operation::Put(key, value) => {
                let by = Content::read(&value).map(|content| content.id);
                part.insert(text(key), (by, Digest::of(&value)));
            }
            Operation::Delete(key) => {
                part.remove(&text(key));
            }
            Operation::ClearRange(range) => {
                let range = text(range.start)..text(range.end);
                part.retain(|key, _| !range.contains(key));
            }
        }
    }
}

mod tests;
