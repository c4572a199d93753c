//! How the rounds ended, by the moment at which the power was cut.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// When the power was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    AtAWrite,
    InASync,
    AtAnyTime,
    WhileOpening,
    FirstStart,
}

/// The rounds of one mode.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) rounds: u64,
    /// Commands that were acknowledged before the cut.
    pub(crate) acknowledged: u64,
    /// Files of which the cut could take something.
    pub(crate) open: u64,
    pub(crate) lost: usize,
    pub(crate) torn: usize,
    pub(crate) twice: usize,
    pub(crate) wrong: usize,
    pub(crate) not_reopened: usize,
    /// How long each opening after a cut took.
    pub(crate) openings: Vec<Duration>,
}

#[derive(Debug, Default)]
pub(crate) struct Table(BTreeMap<Mode, Row>);

impl Table {
    pub(crate) fn row(&mut self, mode: Mode) -> &mut Row {
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
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut openings: Vec<_> = self.openings.iter().map(Duration::as_millis).collect();
        openings.sort_unstable();
        let (least, most) = (openings.first(), openings.last());
        let middle = openings.get(openings.len() / 2);
        let [least, middle, most] = [least, middle, most].map(|time| time.copied().unwrap_or(0));
        let Row {
            rounds,
            acknowledged,
            open,
            lost,
            torn,
            twice,
            wrong,
            not_reopened,
            ..
        } = self;
        write!(
            f,
            "{rounds} | {acknowledged} | {open} | {lost} | {torn} | {twice} | {wrong} | \
             {not_reopened} | {least}, {middle}, {most} |"
        )
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
        let mut all = Row::default();
        for (mode, row) in &self.0 {
            let name = match mode {
                Mode::AtAWrite => "at a write",
                Mode::InASync => "in a sync",
                Mode::AtAnyTime => "at any time",
                Mode::WhileOpening => "while opening after a cut",
                Mode::FirstStart => "during the first start",
            };
            writeln!(f, "| {name} | {row}")?;
            all.add(row);
        }
        write!(f, "| all | {all}")
    }
}
