//! How much is taken from whom nobody knows, and how fast.
//!
//! What decides is what a network has done here: how many of its messages were stood by,
//! how many were not, how often it asked for somebody who is not here. From that comes a
//! [`Standing`], and from that how many recipients its mail may have in an hour and whether
//! its servers wait for their answers. A *network* is what one customer of a provider holds
//! ([`Network`]).
//!
//! All of it is kept in memory, by one node, and forgotten when that ends: then everybody is
//! new for a while, which costs them some seconds. Time is given, from any beginning, and
//! never goes back; so is chance.
//!
//! | file | what |
//! | --- | --- |
//! | `mod.rs` | [`Strangers`]: what is asked, and what follows |
//! | `network.rs` | [`Network`] |
//! | `rates.rs` | so many in an hour, for any number of keys in bounded memory |
//! | `record.rs` | what a network has done, and its [`Standing`] |

mod network;
mod rates;
mod record;

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use address::{Address, ReversePath};
use events::Pace;

pub use network::Network;
use rates::Rates;
use record::Records;
pub use record::{Deed, Standing};

/// How many times as much is taken from a network that has stood by its mail for a while:
/// nobody's newsletter to ten thousand mailboxes is held up.
const GOOD_FACTOR: u32 = 20;
/// How many times less is taken from one that mostly has not.
const BAD_FACTOR: u32 = 10;

/// How much is taken in an hour; 0 where there is no limit. As much may come at once, and
/// then again as the hour passes: in no hour more than twice of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Recipients, from one network of which nothing special is known.
    pub of_network: u32,
    /// Messages of one sender, from all networks together that are not good.
    pub of_sender: u32,
    /// Messages to one recipient, from everywhere.
    pub of_recipient: u32,
    /// The longest that an answer waits; 0 where none does.
    pub pause: Duration,
}

/// All that is known of strangers.
#[derive(Debug)]
pub struct Strangers {
    limits: Limits,
    hasher: RandomState,
    records: Records,
    networks: Rates,
    senders: Rates,
    recipients: Rates,
}

impl Strangers {
    /// Of whom nothing is known. The hasher is one that nobody outside can guess.
    pub fn new(limits: Limits, hasher: RandomState) -> Self {
        Self {
            limits,
            records: Records::new(hasher.clone()),
            networks: Rates::new(hasher.clone()),
            senders: Rates::new(hasher.clone()),
            recipients: Rates::new(hasher.clone()),
            hasher,
        }
    }

    /// What a network has shown to be.
    pub fn standing(&mut self, peer: IpAddr, now: Duration) -> Standing {
        self.records.standing(Network::of(peer), now)
    }

    /// A message of this sender is announced. Whoever is known to be good is not held up by
    /// others who use its name.
    ///
    /// # Errors
    /// Of what there was too much.
    pub fn sender(&mut self, peer: IpAddr, from: &ReversePath, now: Duration) -> Result<(), Pace> {
        let network = Network::of(peer);
        let standing = self.records.standing(network, now);
        let limit = self.of_network(standing);
        if !self
            .networks
            .has_room(self.hasher.hash_one(network), limit, now)
        {
            return Err(Pace::Network);
        }
        // Reports of failures have none, and are limited with all else.
        let ReversePath::Address(address) = from else {
            return Ok(());
        };
        if standing == Standing::Good {
            return Ok(());
        }
        let key = self.of_address(address);
        match self.senders.take(key, self.limits.of_sender, now) {
            true => Ok(()),
            false => Err(Pace::Sender),
        }
    }

    /// A message is to go to this address here.
    ///
    /// # Errors
    /// Of what there was too much.
    pub fn recipient(&mut self, peer: IpAddr, to: &Address, now: Duration) -> Result<(), Pace> {
        let network = Network::of(peer);
        let standing = self.records.standing(network, now);
        let limit = self.of_network(standing);
        let key = self.hasher.hash_one(network);
        if !self.networks.take(key, limit, now) {
            return Err(Pace::Network);
        }
        let key = self.of_address(to);
        match self.recipients.take(key, self.limits.of_recipient, now) {
            true => Ok(()),
            false => Err(Pace::Recipient),
        }
    }

    /// Something that a network has done.
    pub fn note(&mut self, peer: IpAddr, deed: Deed, now: Duration) {
        self.records.note(Network::of(peer), deed, now);
    }

    /// How long the answer to a message's announcement waits, or that to a recipient, with
    /// chance between 0 and 1. Whoever has been here before in peace never waits.
    pub fn pause(&mut self, peer: IpAddr, moment: Asked, chance: f64, now: Duration) -> Duration {
        let share = match (self.standing(peer, now), moment) {
            (Standing::Unseen, Asked::Sender) => 0.2 + 0.2 * chance.clamp(0.0, 1.0),
            (Standing::Bad, _) => 0.6 + 0.4 * chance.clamp(0.0, 1.0),
            _ => return Duration::ZERO,
        };
        self.limits.pause.mul_f64(share)
    }

    fn of_network(&self, standing: Standing) -> u32 {
        let limit = self.limits.of_network;
        match standing {
            Standing::Unseen | Standing::New => limit,
            Standing::Good => limit.saturating_mul(GOOD_FACTOR),
            // One at least: 0 would be no limit.
            Standing::Bad if limit > 0 => (limit / BAD_FACTOR).max(1),
            Standing::Bad => 0,
        }
    }

    fn of_address(&self, address: &Address) -> u64 {
        self.hasher.hash_one(address.to_string().to_lowercase())
    }
}

/// What the answer that may wait is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// MAIL.
    Sender,
    /// RCPT.
    Recipient,
}

#[cfg(test)]
mod tests;
