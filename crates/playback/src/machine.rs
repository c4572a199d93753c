//! A wire whose other end is a session held in the hand.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use session::{Input, READ_AHEAD, Session};

use crate::hand::{Hand, World};
use crate::wire::{Received, Wire};

/// A session and its world as a wire. Time stands still on it.
pub struct Machine<S: Session, W> {
    hand: Hand<S, W>,
    /// Octets of the client that the session has not asked for yet.
    incoming: VecDeque<Bytes>,
}

impl<S: Session, W: World<S>> Machine<S, W> {
    /// A connection in the clear.
    pub fn new(session: S, world: W) -> Machine<S, W> {
        Machine {
            hand: Hand::new(session, world),
            incoming: VecDeque::new(),
        }
    }

    /// A connection with TLS from the first byte.
    pub fn secured(session: S, world: W) -> Machine<S, W> {
        let mut machine = Machine::new(session, world);
        machine.hand.secure();
        machine
    }

    /// Lets the session go on until it waits for the client.
    fn run(&mut self) -> io::Result<()> {
        loop {
            if !self.hand.settle() {
                return Err(io::Error::other("the session runs in a circle"));
            }
            if self.hand.securing {
                // What came before TLS is not trusted.
                self.incoming.clear();
                return Ok(());
            }
            if self.hand.closed || !self.satisfy() {
                return Ok(());
            }
        }
    }

    /// Gives the session one of the things that it waits for, if there is one.
    fn satisfy(&mut self) -> bool {
        let Some(want) = self.hand.want else {
            return false;
        };
        if want.notice && self.hand.world.changed() {
            self.hand.give(Input::Notice);
            return true;
        }
        let Some(octets) = self.incoming.pop_front_if(|_| want.bytes) else {
            return false;
        };
        self.hand.give(Input::Bytes(octets));
        true
    }
}

impl<S: Session + 'static, W: World<S> + 'static> Wire for Machine<S, W> {
    fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        if self.hand.securing {
            return Err(io::Error::other("the session waits for TLS to begin"));
        }
        if self.hand.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.incoming
            .extend(octets.chunks(READ_AHEAD).map(Bytes::copy_from_slice));
        self.run()
    }

    fn receive(&mut self, room: &mut [u8], _patience: Duration) -> io::Result<Received> {
        self.run()?;
        let said = self.hand.said();
        let count = room.len().min(said.len());
        if count > 0 {
            for (to, from) in room.iter_mut().zip(said.drain(..count)) {
                *to = from;
            }
            return Ok(Received::Octets(count));
        }
        Ok(if self.hand.closed {
            Received::End
        } else {
            Received::Nothing
        })
    }

    fn secure(mut self: Box<Self>) -> io::Result<Box<dyn Wire>> {
        self.run()?;
        if !self.hand.securing {
            return Err(io::Error::other("the session does not begin TLS here"));
        }
        self.hand.secure();
        Ok(self)
    }
}
