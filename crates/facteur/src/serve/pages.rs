//! Pages over HTTP, on connections that we accepted and greeted ourselves.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tls::Greeter;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use web::{Peer, Site};

/// How long a browser may take to say what it wants.
const REQUEST: std::time::Duration = std::time::Duration::from_secs(30);

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
        match timeout(net::HANDSHAKE, greeter.accept_pages(stream)).await {
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

async fn serve<T>(router: Router, peer: Peer, stream: T, mut stopping: watch::Receiver<bool>)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST);
    builder.http2().timer(TokioTimer::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = async { let _ = stopping.wait_for(|stop| *stop).await; } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(ip = %peer.ip, %error, "a browser's connection broke off");
    }
}
