//! The one gate outwards: every connection that a stranger's word can lead somewhere goes
//! through it (ARCHITECTURE.md, invariant 11).
//!
//! Where mail goes is said by whoever writes its recipients and by whoever publishes their
//! DNS. Without a gate either could have us speak to what listens on this machine, or in
//! the private network around it. So an address is judged, and the connection goes to that
//! very address: a name that is looked up again could lead elsewhere.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::network::{Network, is_public};

/// Lets connections out.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    private: Vec<Network>,
}

/// Why a connection did not come about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No host on the internet has such an address, and the configuration names no network
    /// that it is in.
    #[error("{0} is a private or reserved address")]
    Forbidden(IpAddr),
    /// The address to go out from is not ours, or of the other family.
    #[error("can't go out from {0}: {1}")]
    Source(IpAddr, io::Error),
    /// Nothing answered in time.
    #[error("no answer")]
    TimedOut,
    /// The network, or the host, said no.
    #[error("{0}")]
    Refused(io::Error),
}

impl Gate {
    /// One that lets out to public addresses, and to these networks besides.
    pub fn new(private: Vec<Network>) -> Gate {
        Gate { private }
    }

    /// Whether a connection to an address may be made.
    pub fn admits(&self, address: IpAddr) -> bool {
        is_public(address) || self.private.iter().any(|network| network.contains(address))
    }

    /// Connects to an address, and to no other. `from` is the address of ours to go out
    /// from; without it the system chooses. It takes `limit` at most.
    ///
    /// # Errors
    /// When the address is one that may not be gone to, or nothing there answers.
    pub async fn connect(
        &self,
        to: SocketAddr,
        from: Option<IpAddr>,
        limit: Duration,
    ) -> Result<TcpStream, ConnectError> {
        if !self.admits(to.ip()) {
            return Err(ConnectError::Forbidden(to.ip()));
        }
        let socket = match to {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let socket = socket.map_err(ConnectError::Refused)?;
        if let Some(from) = from {
            let bound = socket.bind(SocketAddr::new(from, 0));
            bound.map_err(|error| ConnectError::Source(from, error))?;
        }
        let connected = timeout(limit, socket.connect(to)).await;
        let stream = connected.map_err(|_| ConnectError::TimedOut)?;
        let stream = stream.map_err(ConnectError::Refused)?;
        // What is sent was gathered; nothing is won by waiting for more.
        stream.set_nodelay(true).map_err(ConnectError::Refused)?;
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    fn local() -> Gate {
        Gate::new(vec!["127.0.0.0/8".parse().unwrap()])
    }

    #[tokio::test]
    async fn what_listens_here_is_not_reached_unless_that_is_allowed() {
        let (listener, address) = listener();
        let refused = Gate::default().connect(address, None, LIMIT).await;
        assert!(matches!(refused, Err(ConnectError::Forbidden(ip)) if ip == address.ip()));
        // No connection was even tried.
        listener.set_nonblocking(true).unwrap();
        assert_eq!(
            listener.accept().unwrap_err().kind(),
            io::ErrorKind::WouldBlock
        );
        let stream = local().connect(address, None, LIMIT).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
        // An address in IPv6's clothes is no way around.
        let mapped = "[::ffff:127.0.0.1]:25".parse().unwrap();
        let refused = local().connect(mapped, None, LIMIT).await;
        assert!(matches!(refused, Err(ConnectError::Forbidden(_))));
    }

    #[tokio::test]
    async fn it_goes_out_from_where_it_is_told_to() {
        let (listener, address) = listener();
        let from = "127.0.0.9".parse().unwrap();
        let stream = local().connect(address, Some(from), LIMIT).await.unwrap();
        assert_eq!(listener.accept().unwrap().1.ip(), from);
        drop(stream);
        for wrong in ["192.0.2.1", "::1"] {
            let wrong = wrong.parse().unwrap();
            let refused = local().connect(address, Some(wrong), LIMIT).await;
            assert!(matches!(refused, Err(ConnectError::Source(..))), "{wrong}");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_told() {
        let (listener, address) = listener();
        drop(listener);
        let refused = local().connect(address, None, LIMIT).await;
        assert!(matches!(refused, Err(ConnectError::Refused(_))));
    }
}
