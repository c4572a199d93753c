//! Opening the ports: our own sockets, or those that systemd hands over.

use std::collections::BTreeSet;
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
    // Named twice it is one address, not one that another program has.
    let addresses: BTreeSet<IpAddr> = addresses.iter().copied().collect();
    for endpoint in endpoints.iter() {
        if handed.contains(&endpoint.port) {
            continue;
        }
        for &ip in &addresses {
            let address = SocketAddr::new(ip, endpoint.port);
            match net::listen(address) {
                Ok(socket) => open.push(Open { endpoint, socket }),
                // A machine without IPv6 serves IPv4, unless an address was named.
                Err(error) if ip.is_ipv6() && ip.is_unspecified() && is_no_family(&error) => {}
                Err(error) => return Err(explain(address, error)),
            }
        }
    }
    if open.is_empty() {
        bail!("this machine has no IPv6: name an IPv4 address in `listen`, or 0.0.0.0 for all");
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use service::endpoints::{Service, Tls};

    use super::*;

    /// One endpoint at a port that is free a moment before.
    fn endpoints() -> Endpoints {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        Endpoints::new(vec![Endpoint {
            service: Service::Imap,
            port,
            tls: Tls::Implicit,
        }])
    }

    #[test]
    fn an_address_named_twice_is_opened_once() {
        let home = IpAddr::from(Ipv4Addr::LOCALHOST);
        let open = open(&endpoints(), &[home, home]).unwrap();
        assert_eq!(open.len(), 1);
    }

    #[test]
    fn a_port_that_another_has_is_told_with_what_to_do() {
        let endpoints = endpoints();
        let home = [IpAddr::from(Ipv4Addr::LOCALHOST)];
        let _first = open(&endpoints, &home).unwrap();
        let error = open(&endpoints, &home).unwrap_err().to_string();
        assert!(
            error.contains("in use") && error.contains("port_base"),
            "{error}"
        );
    }
}
