//! Who may have a password evaluated next.
//!
//! An evaluation takes tens of milliseconds of a core and much memory, so only so many
//! run at a time. The rest wait, each network in its own line; the lines take turns.
//! Whoever tries ten thousand passwords stands in one line, and a person from
//! elsewhere is next but one.

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
            called: false,
        };
        let called = call.await;
        place.called = true;
        // The other end is only ever dropped by calling, or by leaving the line.
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
    called: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.called {
            return;
        }
        let mut lines = self.gate.0.lock();
        // Not in the line any more: it was called and will not come. The next one may.
        if !lines.leave(self.network, self.number) {
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
        if self.waiting >= WAITING || length >= WAITING_OF_A_NETWORK {
            return Err(Busy);
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
        let _line: Vec<_> = (0..WAITING_OF_A_NETWORK).map(|_| enter(&gate, 1)).collect();
        assert!(matches!(now(&gate, 1), Err(Busy)));
        let others = WAITING - WAITING_OF_A_NETWORK;
        let from = |place| 2 + (place / WAITING_OF_A_NETWORK) as u8;
        let _others: Vec<_> = (0..others).map(|place| enter(&gate, from(place))).collect();
        assert!(matches!(now(&gate, 200), Err(Busy)));
    }
}
