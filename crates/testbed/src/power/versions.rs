//! What one thing (a page, a length, a name) was since it was last made durable.

/// Its states in order, each with the moment from which it held. The first is durable; of
/// the others any may have reached the disk.
#[derive(Clone, Debug)]
pub(crate) struct Versions<T>(Vec<(u64, T)>);

impl<T: Clone> Versions<T> {
    /// What is durable since that moment.
    pub(crate) fn new(moment: u64, durable: T) -> Versions<T> {
        Versions(vec![(moment, durable)])
    }

    pub(crate) fn push(&mut self, moment: u64, state: T) {
        self.0.push((moment, state));
    }

    /// What held at that moment is durable; what was before can't come back.
    pub(crate) fn synced(&mut self, moment: u64) {
        let held = self.0.iter().rposition(|(since, _)| *since <= moment);
        self.0.drain(..held.unwrap_or(0));
    }

    pub(crate) fn durable(&self) -> &T {
        &self.0[0].1
    }

    pub(crate) fn now(&self) -> &T {
        &self.0[self.0.len() - 1].1
    }

    /// Whether anything is undecided.
    pub(crate) fn is_open(&self) -> bool {
        self.0.len() > 1
    }

    /// All states with their moments.
    pub(crate) fn all(&self) -> &[(u64, T)] {
        &self.0
    }
}
