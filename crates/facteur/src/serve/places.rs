//! Places for connections: so many in all, and so many for one network.
//!
//! Whoever comes when all places are taken waits to be accepted. A network that has all of
//! its own is turned away with a word, so that it keeps nobody else waiting.

use std::collections::HashMap;
use std::sync::Arc;

use directory::Network;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Descriptors kept for everything but connections: the index, listeners, the log.
const OTHER_DESCRIPTORS: u64 = 256;
/// Descriptors of one connection: its own, and that of a message being read or written.
const DESCRIPTORS_OF_ONE: u64 = 2;

/// All places.
#[derive(Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    /// Those of each network that has some.
    taken: Mutex<HashMap<Network, u32>>,
    of_network: u32,
}

/// One place of them all, for a connection that is still to come.
pub(crate) type Free = OwnedSemaphorePermit;

/// The place of one connection, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    /// None for this machine itself.
    network: Option<Network>,
    _free: Free,
}

impl Places {
    /// So many in all, and of them at most so many for one network.
    pub(crate) fn new(all: u32, of_network: u32) -> Arc<Self> {
        Arc::new(Self {
            all: Arc::new(Semaphore::new(all as usize)),
            taken: Mutex::default(),
            of_network,
        })
    }

    /// Waits until a place is free.
    pub(crate) async fn free(&self) -> Option<Free> {
        self.all.clone().acquire_owned().await.ok()
    }

    /// Gives a place to a connection; none when its network has enough. This machine
    /// itself may have any number: others' mail comes through programs on it.
    pub(crate) fn take(self: &Arc<Self>, free: Free, peer: std::net::IpAddr) -> Option<Place> {
        let network = (!peer.is_loopback()).then(|| Network::from(peer));
        if let Some(network) = network {
            let mut taken = self.taken.lock();
            let count = taken.entry(network).or_default();
            if *count >= self.of_network {
                return None;
            }
            *count += 1;
        }
        Some(Place {
            places: self.clone(),
            network,
            _free: free,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut taken = self.places.taken.lock();
        if let Some(count) = taken.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&network);
            }
        }
    }
}

/// As many connections as are wanted, or as the system's limit on descriptors allows,
/// which is raised as far as it goes: a service that ran out of them could not even take
/// mail on the connections that it has.
pub(crate) fn possible(wanted: u32) -> u32 {
    let needed = u64::from(wanted) * DESCRIPTORS_OF_ONE + OTHER_DESCRIPTORS;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return wanted;
    };
    let target = needed.min(hard).max(soft);
    let raised = target == soft || setrlimit(Resource::RLIMIT_NOFILE, target, hard).is_ok();
    let limit = if raised { target } else { soft };
    let possible = within(wanted, limit);
    if possible < wanted {
        tracing::warn!(
            wanted,
            possible,
            "the system's limit on open files ({limit}) leaves fewer connections: \
             raise it (ulimit -n, LimitNOFILE=) or lower `connections`"
        );
    }
    possible
}

/// The connections that so many descriptors serve; one at least.
fn within(wanted: u32, descriptors: u64) -> u32 {
    let most = descriptors.saturating_sub(OTHER_DESCRIPTORS) / DESCRIPTORS_OF_ONE;
    u32::try_from(most)
        .map_or(wanted, |most| most.min(wanted))
        .max(1)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    async fn take(places: &Arc<Places>, peer: &str) -> Option<Place> {
        let free = places.free().await.unwrap();
        places.take(free, peer.parse::<IpAddr>().unwrap())
    }

    #[tokio::test]
    async fn a_network_has_its_places_and_no_more() {
        let places = Places::new(10, 2);
        let first = take(&places, "2001:db8::1").await.unwrap();
        let _second = take(&places, "2001:db8::2").await.unwrap();
        assert!(take(&places, "2001:db8::3").await.is_none());
        let _other = take(&places, "192.0.2.1").await.unwrap();
        drop(first);
        let _again = take(&places, "2001:db8::3").await.unwrap();
        for _ in 0..3 {
            assert!(take(&places, "2001:db8::4").await.is_none());
        }
        // Whoever was turned away holds no place.
        assert_eq!(places.all.available_permits(), 7);
    }

    #[tokio::test]
    async fn this_machine_has_any_number_and_nothing_is_left_behind() {
        let places = Places::new(10, 2);
        let mut held = Vec::new();
        for _ in 0..5 {
            held.extend(take(&places, "127.0.0.1").await);
            held.extend(take(&places, "192.0.2.1").await);
        }
        assert_eq!(held.len(), 5 + 2);
        drop(held);
        assert_eq!(places.all.available_permits(), 10);
        assert!(places.taken.lock().is_empty());
    }

    #[test]
    fn descriptors_bound_the_connections() {
        assert_eq!(within(20_000, 1_048_576), 20_000);
        assert_eq!(within(20_000, 1024), 384);
        assert_eq!(within(20_000, 10), 1);
        assert_eq!(within(20_000, u64::MAX), 20_000);
    }
}
