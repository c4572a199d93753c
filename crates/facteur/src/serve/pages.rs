//! Pages over HTTP, on connections that we accepted and greeted ourselves.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
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

/// How long a browser may take to say what it wants, with all its fields; and again for
/// the form and our answer together.
const REQUEST: Duration = Duration::from_secs(30);
/// How long a connection may be without an octet either way.
const IDLE: Duration = Duration::from_secs(60);
/// How long an answer has that is being made when the service stops.
const LAST_ANSWER: Duration = Duration::from_secs(5);
/// Octets of a request's line and fields together: as much as other servers take
/// (RFC 9112 section 3 asks for 8000 of the line alone).
const FIELDS_OCTETS: usize = 32 * 1024;
/// Requests at once on one connection of HTTP/2: RFC 9113 section 6.5.2 asks for no
/// fewer.
const STREAMS: u32 = 100;

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
    let router = router.layer(from_fn(in_time)).layer(Extension(peer));
    let service = TowerToHyperService::new(router);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST)
        .max_buf_size(FIELDS_OCTETS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(FIELDS_OCTETS as u32);
    let stream = TokioIo::new(Patient::new(stream, IDLE));
    let mut connection = std::pin::pin!(builder.serve_connection(stream, service));
    let ended = match unless_stopped(stopping, connection.as_mut()).await {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            match timeout(LAST_ANSWER, connection).await {
                Ok(ended) => ended,
                // It has not asked for anything yet, or takes no answer.
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(ip = %peer.ip, %error, "a browser's connection broke off");
    }
}

/// An answer, or that the form did not come in time.
async fn in_time(request: Request, next: Next) -> Response {
    match timeout(REQUEST, next.run(request)).await {
        Ok(reply) => reply,
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;

    /// The other end of a connection to a page that takes a form.
    fn connected() -> (DuplexStream, watch::Sender<bool>) {
        let (far, near) = duplex(64 * 1024);
        let (stop, stopping) = watch::channel(false);
        let router = Router::new().route("/", post(|_: Bytes| async { "done" }));
        let peer = Peer {
            ip: [192, 0, 2, 1].into(),
            encrypted: false,
        };
        tokio::spawn(serve(router, peer, near, stopping));
        (far, stop)
    }

    async fn rest(mut far: DuplexStream) -> String {
        let mut said = String::new();
        far.read_to_string(&mut said).await.unwrap();
        said
    }

    const HALF: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf";

    #[tokio::test(start_paused = true)]
    async fn a_form_that_does_not_come_in_time_is_told_so() {
        let (mut far, _stop) = connected();
        far.write_all(HALF).await.unwrap();
        let began = Instant::now();
        let said = rest(far).await;
        assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
        assert!(began.elapsed() < IDLE);
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_or_half_of_it_is_left() {
        for said in [&b""[..], b"POST / HTTP/1.1\r\nHo"] {
            let (mut far, _stop) = connected();
            far.write_all(said).await.unwrap();
            let began = Instant::now();
            rest(far).await;
            assert!(began.elapsed() <= IDLE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_end_an_answer_is_given_and_nobody_waited_for() {
        let (mut far, stop) = connected();
        far.write_all(HALF).await.unwrap();
        tokio::task::yield_now().await;
        stop.send_replace(true);
        far.write_all(b" of it").await.unwrap();
        assert!(rest(far).await.ends_with("done"));

        let (mut far, stop) = connected();
        far.write_all(HALF).await.unwrap();
        stop.send_replace(true);
        let began = Instant::now();
        rest(far).await;
        assert!(began.elapsed() <= LAST_ANSWER);
    }
}
