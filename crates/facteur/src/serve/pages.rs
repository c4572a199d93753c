//! Pages over HTTP, on connections that we accepted and greeted ourselves.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use net::Patient;
use tls::Greeter;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use web::{Peer, Site};

use super::unless_stopped;

/// How long a browser may take to say what it wants.
const REQUEST: Duration = Duration::from_secs(30);
/// How long nothing may pass in either direction: longer than a password waits for its
/// evaluation at the worst.
const SILENCE: Duration = Duration::from_secs(60);
/// How long one connection is served, however busy it keeps; a browser opens another.
/// Without this a form sent an octet a minute would hold its place for ever.
const LIFE: Duration = Duration::from_secs(10 * 60);
/// How long the request in work may still take at the end.
const LAST: Duration = Duration::from_secs(10);
/// The head of a request, in octets: several times what browsers send.
const HEAD: usize = 32 * 1024;
/// Requests that one connection of HTTP/2 may have open.
const STREAMS: u32 = 32;

/// Serves pages.
#[derive(Clone)]
pub(crate) struct Pages {
    secure: Router,
    plain: Router,
}

impl Pages {
    pub(crate) fn new(site: Arc<Site>) -> Pages {
        Pages {
            secure: web::router(site.clone()),
            plain: web::plain_router(site),
        }
    }

    /// One connection to the encrypted pages.
    pub(crate) async fn secure(
        &self,
        greeter: &Greeter,
        stream: TcpStream,
        ip: IpAddr,
        stopping: watch::Receiver<bool>,
    ) {
        let greeting = timeout(net::HANDSHAKE, greeter.accept_pages(stream));
        let Some(greeted) = unless_stopped(stopping.clone(), greeting).await else {
            return;
        };
        match greeted {
            Ok(Ok(stream)) => {
                let peer = Peer {
                    ip,
                    encrypted: true,
                };
                serve(self.secure.clone(), peer, stream, stopping).await;
            }
            Ok(Err(error)) => tracing::debug!(%ip, %error, "no TLS with a browser"),
            Err(_) => tracing::debug!(%ip, "a browser did not finish its handshake"),
        }
    }

    /// One connection to the port that points to the encrypted pages.
    pub(crate) async fn plain(
        &self,
        stream: TcpStream,
        ip: IpAddr,
        stopping: watch::Receiver<bool>,
    ) {
        let peer = Peer {
            ip,
            encrypted: false,
        };
        serve(self.plain.clone(), peer, stream, stopping).await;
    }
}

async fn serve<T>(router: Router, peer: Peer, stream: T, stopping: watch::Receiver<bool>)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST)
        .max_buf_size(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD as u32);
    // Until the first octets tell the version of HTTP, no other clock is running.
    let stream = TokioIo::new(Patient::new(stream, SILENCE));
    let connection = builder.serve_connection(stream, service);
    let mut connection = std::pin::pin!(connection);
    let lived = unless_stopped(stopping, timeout(LIFE, connection.as_mut())).await;
    let ended = match lived {
        Some(Ok(ended)) => ended,
        // Its time is over, or the service stops.
        Some(Err(_)) | None => {
            connection.as_mut().graceful_shutdown();
            match timeout(LAST, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(ip = %peer.ip, %error, "a browser's connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{Instant, sleep};

    use super::*;

    /// A connection that is served; the sender stops the service.
    fn served() -> (DuplexStream, watch::Sender<bool>) {
        let (near, far) = duplex(64 * 1024);
        let (stop, stopping) = watch::channel(false);
        let peer = Peer {
            ip: IpAddr::from([192, 0, 2, 1]),
            encrypted: false,
        };
        let router = Router::new().route(
            "/",
            get(|| async { "hello" }).post(|body: Bytes| async { body }),
        );
        tokio::spawn(serve(router, peer, near, stopping));
        (far, stop)
    }

    async fn left(mut far: DuplexStream) -> Duration {
        let began = Instant::now();
        let mut said = Vec::new();
        far.read_to_end(&mut said).await.unwrap();
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_browser_that_says_nothing_is_left() {
        let (far, _stop) = served();
        assert!(left(far).await <= SILENCE + LAST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_form_that_trickles_in_is_not_waited_for_for_ever() {
        let (far, _stop) = served();
        let (reading, mut writing) = tokio::io::split(far);
        let began = Instant::now();
        let head = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 16000\r\n\r\n";
        writing.write_all(head.as_bytes()).await.unwrap();
        let trickle = async {
            while writing.write_all(b"x").await.is_ok() {
                sleep(SILENCE / 2).await;
            }
        };
        let mut reading = reading;
        let mut said = Vec::new();
        let (_, _) = tokio::join!(reading.read_to_end(&mut said), trickle);
        assert!(began.elapsed() <= LIFE + LAST + SILENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_silent_does_not_hold_up_the_end() {
        let (far, stop) = served();
        tokio::task::yield_now().await;
        stop.send_replace(true);
        assert!(left(far).await <= LAST);
    }
}
