//! How many connections there may be, in all and from one network.
//!
//! Each takes a file descriptor, of which the system gives us so many and no more; some
//! are kept back, so that mail can be read and written however many connections there are.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections served at once, all ports together, where the system lets us. Others wait
/// to be accepted.
const CONNECTIONS: u64 = 20_000;
/// File descriptors kept back for files: those of the index, and of the bodies that are
/// being read and written on as many threads as a runtime has for that (512).
const KEPT_FOR_FILES: u64 = 640;
/// One network has at most one connection in so many. A company or a school behind one
/// address has its share then, and a stranger who opens all he can has no more.
const SHARE: u64 = 4;

/// Those who are connected. A clone is another handle on the same.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    room: Arc<Semaphore>,
    share: u32,
    networks: Arc<Mutex<HashMap<IpAddr, Network>>>,
}

/// Those of one network.
#[derive(Debug, Default)]
struct Network {
    connections: u32,
    /// It was told in the log that there are too many.
    told: bool,
}

/// A place in the crowd, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Crowd,
    network: IpAddr,
    _room: OwnedSemaphorePermit,
}

impl Crowd {
    /// As many as the system lets us, whom this asks for all that it may give.
    pub(crate) fn as_allowed() -> Crowd {
        let descriptors = match getrlimit(Resource::RLIMIT_NOFILE) {
            Ok((soft, hard)) if soft < hard => {
                match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
                    Ok(()) => hard,
                    Err(_) => soft,
                }
            }
            Ok((soft, _)) => soft,
            // What every system gives.
            Err(_) => 1024,
        };
        let crowd = Crowd::new(descriptors);
        tracing::debug!(descriptors, share = crowd.share, "connections are bounded");
        crowd
    }

    /// As many as so many file descriptors are good for.
    fn new(descriptors: u64) -> Crowd {
        let most = descriptors
            .saturating_sub(KEPT_FOR_FILES)
            .max(descriptors / 4)
            .min(CONNECTIONS);
        Crowd {
            room: Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(1))),
            share: u32::try_from(most / SHARE).unwrap_or(1).max(1),
            networks: Arc::default(),
        }
    }

    /// Waits until there is room for one more.
    pub(crate) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        self.room.clone().acquire_owned().await.ok()
    }

    /// A place for who has come, unless too many of that network are here.
    pub(crate) fn enter(&self, peer: IpAddr, room: OwnedSemaphorePermit) -> Option<Place> {
        let network = network(peer);
        let mut networks = self.networks.lock();
        let here = networks.entry(network).or_default();
        if here.connections >= self.share {
            if !std::mem::replace(&mut here.told, true) {
                tracing::warn!(%network, most = self.share, "a network has too many connections");
            }
            return None;
        }
        here.connections += 1;
        Some(Place {
            crowd: self.clone(),
            network,
            _room: room,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut networks = self.crowd.networks.lock();
        if let Some(here) = networks.get_mut(&self.network) {
            here.connections = here.connections.saturating_sub(1);
            if here.connections == 0 {
                networks.remove(&self.network);
            }
        }
    }
}

/// What one customer of a provider is given: an IPv4 address, the first half of an IPv6
/// one (RFC 6177).
fn network(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_network_has_its_share_and_no_more() {
        let crowd = Crowd::new(1000);
        let enter = async |peer: &str| {
            let room = crowd.room().await.unwrap();
            crowd.enter(peer.parse().unwrap(), room)
        };
        let mut inside = Vec::new();
        for peer in ["192.0.2.1", "2001:db8::1"] {
            for _ in 0..crowd.share {
                inside.push(enter(peer).await.unwrap());
            }
        }
        assert!(enter("192.0.2.1").await.is_none());
        assert!(enter("2001:db8::2:3:4:5").await.is_none());
        assert!(enter("192.0.2.2").await.is_some());
        assert!(enter("2001:db8:0:1::").await.is_some());
        inside.truncate(1);
        assert!(enter("192.0.2.1").await.is_some());
        inside.clear();
        assert!(crowd.networks.lock().is_empty());
    }

    #[test]
    fn descriptors_are_kept_for_files() {
        for (descriptors, most) in [(256, 64), (1024, 384), (20_000, 19_360), (1 << 20, 20_000)] {
            assert_eq!(Crowd::new(descriptors).room.available_permits(), most);
        }
    }
}
