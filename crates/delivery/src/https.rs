//! A page over HTTPS, of a host that a stranger names.
//!
//! Nothing is followed: neither a redirect nor a proxy. The host must show a certificate with
//! its name that somebody vouches for whom we trust; it is connected to through the gate.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dns::{DnsError, Resolver};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use net::{ConnectError, Wire};
use tls::{HandshakeError, Trust};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::peer::{Doors, Settings};
use crate::way::mixed;

/// Where pages are, all over the world. RFC 9110 section 4.2.2.
pub(crate) const PORT: u16 = 443;
/// Addresses of a host that are tried.
const ADDRESSES: usize = 4;
/// How long one of them may take to answer.
const CONNECT: Duration = Duration::from_secs(10);
/// Octets of an answer's status and fields together, and of what is read ahead.
const FIELDS_OCTETS: usize = 16 * 1024;

/// Asks for pages.
#[derive(Clone)]
pub(crate) struct Https {
    pub(crate) doors: Arc<Doors>,
    pub(crate) resolver: Resolver,
    /// Who we are, and from where we go out.
    pub(crate) own: Arc<Settings>,
    /// Where they are asked for.
    pub(crate) port: u16,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// What it says that it is: its media type, without parameters, in lower case.
    pub(crate) kind: Option<String>,
    pub(crate) octets: Vec<u8>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPage {
    /// It is not known where the host is.
    #[error("looking up the host: {0}")]
    Nowhere(#[from] DnsError),
    /// No address of it could be reached.
    #[error("{0}")]
    Unreached(#[from] ConnectError),
    /// It could not be verified who it is.
    #[error("TLS failed: {0}")]
    Unverified(#[from] HandshakeError),
    /// It answered this and no page.
    #[error("the host answered {0}")]
    Refused(StatusCode),
    /// What it said is no answer, or was cut.
    #[error("{0}")]
    Broken(hyper::Error),
    /// The page is larger than what is read.
    #[error("the page is too large")]
    TooLarge,
    /// It took too long.
    #[error("no answer came in time")]
    TimedOut,
}

impl Https {
    /// The page of a host at a path that is ours to choose, of `most` octets at most, and
    /// `within` a time in all.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn page(
        &self,
        host: &str,
        path: &'static str,
        most: usize,
        within: Duration,
    ) -> Result<Page, NoPage> {
        let asked = timeout(within, self.ask(host, path, most)).await;
        asked.unwrap_or(Err(NoPage::TimedOut))
    }

    async fn ask(&self, host: &str, path: &'static str, most: usize) -> Result<Page, NoPage> {
        let stream = TokioIo::new(self.connect(host).await?);
        let mut builder = http1::Builder::new();
        let opening = builder.max_buf_size(FIELDS_OCTETS).handshake(stream);
        let (mut sender, connection) = opening.await.map_err(NoPage::Broken)?;
        // It ends with this, whatever the host does.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let authority = match self.port {
            PORT => host.to_owned(),
            port => format!("{host}:{port}"),
        };
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = hyper::Uri::from_static(path);
        // A host whose name is none in HTTP is asked all the same, without.
        if let Ok(authority) = authority.parse() {
            request.headers_mut().insert(HOST, authority);
        }
        let name = hyper::header::HeaderValue::from_static("Facteur");
        request.headers_mut().insert(USER_AGENT, name);
        let response = sender.send_request(request).await;
        read(response.map_err(NoPage::Broken)?, most).await
    }

    async fn connect(&self, host: &str) -> Result<Wire, NoPage> {
        let found = self.resolver.addresses(host).await?;
        let mut last = NoPage::Nowhere(DnsError::NoRecords { secure: false });
        for ip in mixed(found.records).into_iter().take(ADDRESSES) {
            match self.open(host, ip).await {
                Ok(stream) => return Ok(stream),
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    async fn open(&self, host: &str, ip: IpAddr) -> Result<Wire, NoPage> {
        let (to, from) = (SocketAddr::new(ip, self.port), self.own.source(ip));
        let stream = self.doors.gate.connect(to, from, CONNECT).await?;
        let trust = Trust::Names(vec![host.to_owned()]);
        let wire = Wire::Plain(stream);
        let greeting = timeout(CONNECT, wire.call(&self.doors.caller, host, &trust));
        let late = |_| HandshakeError::Failed(io::ErrorKind::TimedOut.into());
        let (wire, _) = greeting.await.map_err(late)??;
        Ok(wire)
    }
}

async fn read(response: Response<Incoming>, most: usize) -> Result<Page, NoPage> {
    if response.status() != StatusCode::OK {
        return Err(NoPage::Refused(response.status()));
    }
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next());
    let kind = kind.map(|kind| kind.trim().to_ascii_lowercase());
    let mut body = response.into_body();
    let mut octets = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(NoPage::Broken)?.into_data() else {
            continue;
        };
        if octets.len() + piece.len() > most {
            return Err(NoPage::TooLarge);
        }
        octets.extend_from_slice(&piece);
    }
    Ok(Page { kind, octets })
}
