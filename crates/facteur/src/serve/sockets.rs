//! Opening the ports: our own sockets, or those that systemd hands over.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

use anyhow::{Context, bail};
use listenfd::ListenFd;
use service::endpoints::{Endpoint, Endpoints};

/// One open port and what is served there.
#[derive(Debug)]
pub(crate) struct Open {
    /// What is served.
    pub(crate) endpoint: Endpoint,
    /// Where.
    pub(crate) socket: TcpListener,
}

/// Opens every endpoint on every address; on all of IPv6 (`::`) only where the machine has
/// it. What systemd handed over is taken as it is, and its ports are not opened again.
pub(crate) fn open(endpoints: &Endpoints, addresses: &[IpAddr]) -> anyhow::Result<Vec<Open>> {
    let mut open = match_ports(endpoints, handed_over()?)?;
    let handed: Vec<u16> = open.iter().map(|open| open.endpoint.port).collect();
    for endpoint in endpoints.iter() {
        if handed.contains(&endpoint.port) {
            continue;
        }
        for &ip in addresses {
            let address = SocketAddr::new(ip, endpoint.port);
            match net::listen(address) {
                Ok(socket) => open.push(Open { endpoint, socket }),
                // A machine without IPv6 serves IPv4, unless an address was named.
                Err(error) if ip.is_ipv6() && ip.is_unspecified() && is_no_family(&error) => {}
                Err(error) => return Err(explain(address, error)),
            }
        }
    }
    Ok(open)
}

/// `EAFNOSUPPORT` and `EADDRNOTAVAIL`: there is no IPv6 here.
fn is_no_family(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(97 | 99))
}

fn explain(address: SocketAddr, error: io::Error) -> anyhow::Error {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "port {port} needs a right that this user does not have. There are two ways to get it:\n  \
             start facteur as root with a `user` in its configuration, so that it opens its ports and becomes that user; or\n  \
             give the binary the right: setcap cap_net_bind_service=+ep /usr/local/bin/facteur"
        ),
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is in use by another program: stop that program, or choose other ports with `port_base`"
        ),
        _ => anyhow::Error::new(error).context(format!("{address} can't be opened")),
    }
}

fn handed_over() -> anyhow::Result<Vec<TcpListener>> {
    let mut handed = ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..handed.len() {
        let socket = handed
            .take_tcp_listener(index)
            .with_context(|| format!("socket {index} handed over by systemd is not TCP"))?;
        if let Some(socket) = socket {
            socket.set_nonblocking(true)?;
            sockets.push(socket);
        }
    }
    Ok(sockets)
}

/// Sockets that were handed over are told apart by their port.
fn match_ports(endpoints: &Endpoints, handed: Vec<TcpListener>) -> anyhow::Result<Vec<Open>> {
    let mut open = Vec::new();
    for socket in handed {
        let address = socket.local_addr()?;
        let Some(endpoint) = endpoints.iter().find(|e| e.port == address.port()) else {
            bail!("systemd handed over {address}, where nothing is served: see `port_base`");
        };
        open.push(Open { endpoint, socket });
    }
    Ok(open)
}
