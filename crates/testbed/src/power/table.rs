//! How the rounds ended, by the moment at which the power was cut.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// When the power was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Just before a change to the disk.
    AtAWrite,
    /// While a sync goes on.
    InASync,
    /// By `kill -9`.
    AtAnyTime,
    /// As one of the above, and again within the next start.
    WhileOpening,
    /// Within the first start of something new.
    FirstStart,
}

impl Mode {
    /// The ways to cut the power under load, in turn.
    pub const UNDER_LOAD: [Mode; 4] = [
        Mode::AtAWrite,
        Mode::InASync,
        Mode::AtAnyTime,
        Mode::WhileOpening,
    ];
}

/// The rounds of one mode.
#[derive(Debug, Default)]
pub struct Row {
    /// Rounds that were done.
    pub rounds: u64,
    /// What was acknowledged before the cut.
    pub acknowledged: u64,
    /// Files of which the cut could take something.
    pub open: u64,
    /// Acknowledged, and not there.
    pub lost: usize,
    /// Part of a change.
    pub torn: usize,
    /// Two where one was.
    pub twice: usize,
    /// All else that is not as it must be.
    pub wrong: usize,
    /// No normal start opened it.
    pub not_reopened: usize,
    /// How long each opening after a cut took.
    pub openings: Vec<Duration>,
}

/// A row for each mode.
#[derive(Debug, Default)]
pub struct Table(BTreeMap<Mode, Row>);

impl Table {
    /// All rows together.
    pub fn all(&self) -> Row {
        let mut all = Row::default();
        self.0.values().for_each(|row| all.add(row));
        all
    }

    /// The row of this mode.
    pub fn row(&mut self, mode: Mode) -> &mut Row {
        self.0.entry(mode).or_default()
    }
}

impl Row {
    fn add(&mut self, other: &Row) {
        self.rounds += other.rounds;
        self.acknowledged += other.acknowledged;
        self.open += other.open;
        self.lost += other.lost;
        self.torn += other.torn;
        self.twice += other.twice;
        self.wrong += other.wrong;
        self.not_reopened += other.not_reopened;
        self.openings.extend(&other.openings);
    }

    /// Its cells where something is only killed: no file was open to chance.
    pub fn killed(&self) -> String {
        let (rounds, acknowledged) = (self.rounds, self.acknowledged);
        format!("{rounds} | {acknowledged} | {}", self.faults_and_openings())
    }

    fn faults_and_openings(&self) -> String {
        let mut openings: Vec<_> = self.openings.iter().map(Duration::as_millis).collect();
        openings.sort_unstable();
        let (least, most) = (openings.first(), openings.last());
        let middle = openings.get(openings.len() / 2);
        let [least, middle, most] = [least, middle, most].map(|time| time.copied().unwrap_or(0));
        let Row {
            lost,
            torn,
            twice,
            wrong,
            not_reopened,
            ..
        } = self;
        format!(
            "{lost} | {torn} | {twice} | {wrong} | {not_reopened} | {least}, {middle}, {most} |"
        )
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row {
            rounds,
            acknowledged,
            open,
            ..
        } = self;
        let others = self.faults_and_openings();
        write!(f, "{rounds} | {acknowledged} | {open} | {others}")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| cut | rounds | acknowledged | files open | lost | torn | twice | wrong | \
             not reopened | reopened within, ms: least, median, most |"
        )?;
        writeln!(f, "|{}", " --- |".repeat(10))?;
        for (mode, row) in &self.0 {
            let name = match mode {
                Mode::AtAWrite => "at a write",
                Mode::InASync => "in a sync",
                Mode::AtAnyTime => "at any time",
                Mode::WhileOpening => "while opening after a cut",
                Mode::FirstStart => "during the first start",
            };
            writeln!(f, "| {name} | {row}")?;
        }
        write!(f, "| all | {}", self.all())
    }
}
