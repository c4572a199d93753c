//! Who may have a password evaluated next.
//!
//! An evaluation takes tens of milliseconds of a core and much memory, so only so many
//! run at a time. The rest wait, each network in its own line; the lines take turns.
//! Whoever tries ten thousand passwords stands in one line, and a person from
//! elsewhere is next but one. When all waiting places are taken, a newcomer gets that of
//! whoever came last in the longest line: so many lines at once keep nobody out either.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::network::Network;

/// How many wait in one line. An office behind one address whose devices all come back
/// after a restart passes; guessing passwords faster than they are evaluated doesn't.
const WAITING_OF_A_NETWORK: usize = 128;
/// How many wait in all: on two cores ten to twenty seconds' worth, as long as the
/// slowest clients wait for the answer to a sign-in.
const WAITING: usize = 1024;

/// Too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

/// The gate in front of the evaluations.
pub(crate) struct Gate(Mutex<Lines>);

/// The right to run one evaluation. To be dropped when it is over.
pub(crate) struct Permit(Arc<Gate>);

impl Gate {
    /// A gate that lets this many through at a time.
    pub(crate) fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Lines {
            free: permits,
            ..Lines::default()
        })))
    }

    /// Waits for a permit. Whoever stops waiting leaves the line.
    pub(crate) async fn enter(self: &Arc<Self>, network: Network) -> Result<Permit, Busy> {
        // The lock must be gone before the wait.
        let entry = self.0.lock().enter(network)?;
        let Entry::Line { number, call } = entry else {
            return Ok(Permit(self.clone()));
        };
        let mut place = Place {
            gate: self,
            network,
            number,
            call,
            left: false,
        };
        let called = (&mut place.call).await;
        place.left = true;
        // The other end is dropped when the place goes to somebody else.
        called.map(|()| Permit(self.clone())).map_err(|_| Busy)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.0.lock().release();
    }
}

/// A place in a line, which is given up when it is dropped.
struct Place<'a> {
    gate: &'a Gate,
    network: Network,
    number: u64,
    call: oneshot::Receiver<()>,
    /// Whoever stood there has a permit, or knows that there is none.
    left: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let mut lines = self.gate.0.lock();
        // Not in the line any more: if it was called and will not come, the next one may.
        if !lines.leave(self.network, self.number) && self.call.try_recv().is_ok() {
            lines.release();
        }
    }
}

/// What whoever enters gets.
enum Entry {
    /// A permit.
    Permit,
    /// A place in a line.
    Line {
        /// Which place.
        number: u64,
        /// Resolves when it has a permit.
        call: oneshot::Receiver<()>,
    },
}

/// All lines. Whoever waits does so because no permit is free.
#[derive(Default)]
struct Lines {
    free: usize,
    /// Those with somebody in them.
    lines: HashMap<Network, VecDeque<Waiter>>,
    /// The same, in the order of their turns.
    turns: VecDeque<Network>,
    waiting: usize,
    last_number: u64,
}

struct Waiter {
    number: u64,
    call: oneshot::Sender<()>,
}

impl Lines {
    fn enter(&mut self, network: Network) -> Result<Entry, Busy> {
        if self.free > 0 {
            self.free -= 1;
            return Ok(Entry::Permit);
        }
        let length = self.lines.get(&network).map_or(0, VecDeque::len);
        if length >= WAITING_OF_A_NETWORK {
            return Err(Busy);
        }
        if self.waiting >= WAITING {
            self.make_room(length)?;
        }
        if length == 0 {
            self.turns.push_back(network);
        }
        self.waiting += 1;
        self.last_number += 1;
        let (number, (caller, call)) = (self.last_number, oneshot::channel());
        self.lines.entry(network).or_default().push_back(Waiter {
            number,
            call: caller,
        });
        Ok(Entry::Line { number, call })
    }

    /// Takes a place for a newcomer in a line of this length from whoever came last in the
    /// longest line, if that stays no shorter for it.
    fn make_room(&mut self, length: usize) -> Result<(), Busy> {
        let longest = self.lines.iter().max_by_key(|(_, line)| line.len());
        let (network, line) = longest.ok_or(Busy)?;
        let network = *network;
        match line.back() {
            Some(last) if line.len() > length + 1 => {
                let number = last.number;
                self.leave(network, number);
                Ok(())
            }
            _ => Err(Busy),
        }
    }

    /// Gives a permit to the next who still waits, or keeps it.
    fn release(&mut self) {
        while let Some(waiter) = self.next() {
            if waiter.call.send(()).is_ok() {
                return;
            }
        }
        self.free += 1;
    }

    fn next(&mut self) -> Option<Waiter> {
        let network = self.turns.pop_front()?;
        let line = self.lines.get_mut(&network)?;
        let waiter = line.pop_front()?;
        if line.is_empty() {
            self.lines.remove(&network);
        } else {
            self.turns.push_back(network);
        }
        self.waiting -= 1;
        Some(waiter)
    }

    /// Takes one who stopped waiting out of the line; false if it was not there.
    fn leave(&mut self, network: Network, number: u64) -> bool {
        let Some(line) = self.lines.get_mut(&network) else {
            return false;
        };
        let Some(place) = line.iter().position(|waiter| waiter.number == number) else {
            return false;
        };
        line.remove(place);
        self.waiting -= 1;
        if line.is_empty() {
            self.lines.remove(&network);
            self.turns.retain(|turn| *turn != network);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    type Entering<'a> = Pin<Box<dyn Future<Output = Result<Permit, Busy>> + 'a>>;

    fn network(last: u8) -> Network {
        Network::V4([192, 0, 2, last].into())
    }

    fn enter(gate: &Arc<Gate>, from: u8) -> Entering<'_> {
        let mut entering: Entering<'_> = Box::pin(gate.enter(network(from)));
        assert!(poll(&mut entering).is_none());
        entering
    }

    fn poll(entering: &mut Entering<'_>) -> Option<Permit> {
        let mut context = Context::from_waker(Waker::noop());
        match entering.as_mut().poll(&mut context) {
            Poll::Ready(permit) => Some(permit.unwrap()),
            Poll::Pending => None,
        }
    }

    fn now(gate: &Arc<Gate>, from: u8) -> Result<Permit, Busy> {
        let mut entering = Box::pin(gate.enter(network(from)));
        let mut context = Context::from_waker(Waker::noop());
        match entering.as_mut().poll(&mut context) {
            Poll::Ready(permit) => permit,
            Poll::Pending => panic!("it waits"),
        }
    }

    fn is_at_rest(gate: &Gate, free: usize) -> bool {
        let lines = gate.0.lock();
        lines.free == free && lines.waiting == 0 && lines.lines.is_empty() && lines.turns.is_empty()
    }

    #[test]
    fn networks_take_turns() {
        let gate = Gate::new(1);
        let mut permit = now(&gate, 9).ok();
        let from = [1, 1, 1, 1, 2, 3, 2];
        let mut waiting: Vec<_> = from.map(|from| Some(enter(&gate, from))).into();
        let mut order = Vec::new();
        for _ in from {
            drop(permit.take());
            let called = waiting.iter_mut().enumerate().find_map(|(index, slot)| {
                let permit = poll(slot.as_mut()?)?;
                *slot = None;
                Some((index, permit))
            });
            let (index, next) = called.unwrap();
            order.push(from[index]);
            permit = Some(next);
        }
        assert_eq!(order, [1, 2, 3, 1, 2, 1, 1]);
        drop((permit, waiting));
        assert!(is_at_rest(&gate, 1));
    }

    #[test]
    fn only_so_many_at_a_time() {
        let gate = Gate::new(2);
        let first = now(&gate, 1).unwrap();
        let _second = now(&gate, 1).unwrap();
        let mut third = enter(&gate, 1);
        assert!(poll(&mut third).is_none());
        drop(first);
        assert!(poll(&mut third).is_some());
    }

    #[test]
    fn who_goes_away_leaves_the_line() {
        let gate = Gate::new(1);
        let permit = now(&gate, 1).unwrap();
        let gone = enter(&gate, 2);
        let mut stays = enter(&gate, 3);
        drop(gone);
        assert_eq!(gate.0.lock().waiting, 1);
        drop(permit);
        assert!(poll(&mut stays).is_some());
        drop(stays);
        assert!(is_at_rest(&gate, 1));
    }

    #[test]
    fn who_goes_away_when_called_passes_the_permit_on() {
        let gate = Gate::new(1);
        let permit = now(&gate, 1).unwrap();
        let gone = enter(&gate, 2);
        let mut stays = enter(&gate, 3);
        drop(permit);
        drop(gone);
        drop(poll(&mut stays).unwrap());
        drop(stays);
        assert!(is_at_rest(&gate, 1));
    }

    #[test]
    fn lines_are_bounded() {
        let gate = Gate::new(1);
        let _permit = now(&gate, 0).unwrap();
        let line: Vec<_> = (0..WAITING_OF_A_NETWORK).map(|_| enter(&gate, 1)).collect();
        assert!(matches!(now(&gate, 1), Err(Busy)));
        // From many networks, four each; some are sent away for others, some at once.
        let mut others = Vec::new();
        for place in 0..2 * WAITING {
            let network = Network::V6((place / 4) as u64);
            let mut entering: Entering<'_> = Box::pin(gate.enter(network));
            assert!(poll_one(&mut entering).is_none());
            others.push(entering);
        }
        assert_eq!(gate.0.lock().waiting, WAITING);
        drop((line, others));
        assert_eq!(gate.0.lock().waiting, 0);
    }

    fn poll_one(one: &mut Entering<'_>) -> Option<Permit> {
        let mut context = Context::from_waker(Waker::noop());
        match one.as_mut().poll(&mut context) {
            Poll::Ready(answer) => answer.ok(),
            Poll::Pending => None,
        }
    }

    #[test]
    fn many_long_lines_keep_nobody_out() {
        let gate = Gate::new(1);
        let permit = now(&gate, 0).unwrap();
        let lines = (WAITING / WAITING_OF_A_NETWORK) as u8;
        let mut crowd: Vec<_> = (0..WAITING)
            .map(|place| enter(&gate, 1 + place as u8 % lines))
            .collect();
        let mut newcomer = enter(&gate, 200);
        assert_eq!(gate.0.lock().waiting, WAITING);
        // One was sent away: the last of a line.
        let mut context = Context::from_waker(Waker::noop());
        let before = crowd.len();
        crowd.retain_mut(|one| one.as_mut().poll(&mut context).is_pending());
        assert_eq!(before - crowd.len(), 1);
        // The newcomer's turn comes once each line had one.
        let mut permit = Some(permit);
        for _ in 0..lines {
            drop(permit.take());
            let mut called = crowd.iter_mut().enumerate();
            let called = called.find_map(|(at, one)| Some((at, poll_one(one)?)));
            let (at, next) = called.unwrap();
            drop(crowd.remove(at));
            permit = Some(next);
        }
        drop(permit);
        assert!(poll(&mut newcomer).is_some());
    }

    #[test]
    fn who_was_sent_away_and_goes_leaves_no_permit() {
        let gate = Gate::new(1);
        let permit = now(&gate, 0).unwrap();
        let lines = (WAITING / WAITING_OF_A_NETWORK) as u8;
        let crowd: Vec<_> = (0..WAITING)
            .map(|place| enter(&gate, 1 + place as u8 % lines))
            .collect();
        let newcomer = enter(&gate, 200);
        drop((crowd, newcomer));
        drop(permit);
        assert!(is_at_rest(&gate, 1));
    }
}
