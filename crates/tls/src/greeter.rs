//! The certificate in use, and the handshake.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use session::{Encryption, TlsVersion};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Greets connections with the certificate in use.
#[derive(Clone, Debug)]
pub struct Greeter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// For the protocols of mail, which name none in ALPN.
    mail: ArcSwap<ServerConfig>,
    /// For pages: HTTP/2 or HTTP/1.1.
    pages: ArcSwap<ServerConfig>,
}

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file can't be read or holds no certificate (or key) in PEM form.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls_pki_types::pem::Error,
    },
    /// The key does not belong to the certificate, or is of a kind not supported.
    #[error("{path}: {source}")]
    Unusable {
        /// The file of the certificate.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::Error,
    },
}

impl Greeter {
    /// Reads the certificate chain and its key, both PEM.
    ///
    /// # Errors
    /// When one of them can't be read or they don't belong together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Greeter, LoadError> {
        let mail = config(certificate, key, &[])?;
        let pages = config(certificate, key, PAGES)?;
        Ok(Greeter(Arc::new(Inner {
            mail: ArcSwap::from_pointee(mail),
            pages: ArcSwap::from_pointee(pages),
        })))
    }

    /// Reads a certificate and its key, which may be new or elsewhere, for connections to
    /// come.
    ///
    /// # Errors
    /// As [`Greeter::load`]; what was in use then stays in use.
    pub fn reload(&self, certificate: &Path, key: &Path) -> Result<(), LoadError> {
        let (mail, pages) = (
            config(certificate, key, &[])?,
            config(certificate, key, PAGES)?,
        );
        self.0.mail.store(Arc::new(mail));
        self.0.pages.store(Arc::new(pages));
        Ok(())
    }

    /// The handshake for a protocol of mail. The caller bounds its time.
    ///
    /// # Errors
    /// When the peer offers nothing that we accept, or goes away.
    pub async fn accept<T>(&self, stream: T) -> io::Result<TlsStream<T>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        TlsAcceptor::from(self.0.mail.load_full())
            .accept(stream)
            .await
    }

    /// The handshake for pages. The caller bounds its time.
    ///
    /// # Errors
    /// As [`Greeter::accept`].
    pub async fn accept_pages<T>(&self, stream: T) -> io::Result<TlsStream<T>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        TlsAcceptor::from(self.0.pages.load_full())
            .accept(stream)
            .await
    }
}

/// ALPN names of the protocols that pages are served by. RFC 7301, RFC 9113.
const PAGES: &[&[u8]] = &[b"h2", b"http/1.1"];

fn config(certificate: &Path, key: &Path, protocols: &[&[u8]]) -> Result<ServerConfig, LoadError> {
    let file = |path: &Path, source| LoadError::File {
        path: path.to_owned(),
        source,
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|source| file(certificate, source))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|source| file(key, source))?;
    let unusable = |source| LoadError::Unusable {
        path: certificate.to_owned(),
        source,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(unusable)?;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

/// What was agreed in a handshake that is done.
pub fn encryption<T>(stream: &TlsStream<T>) -> Encryption {
    let (_, connection) = stream.get_ref();
    let version = match connection.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => TlsVersion::Tls13,
        // rustls speaks these two only.
        _ => TlsVersion::Tls12,
    };
    let suite = connection.negotiated_cipher_suite();
    let suite = suite.and_then(|suite| suite.suite().as_str().map(str::to_owned));
    Encryption {
        version,
        suite: suite.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::make_authority;

    #[tokio::test]
    async fn a_made_certificate_greets_a_client_that_checks_it() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["mail.facteur.test".to_owned(), "127.0.0.1".to_owned()];
        let files = make_authority(dir.path(), &names).unwrap();
        let greeter = Greeter::load(&files.certificate, &files.key).unwrap();
        greeter.reload(&files.certificate, &files.key).unwrap();

        let mut roots = rustls::RootCertStore::empty();
        for root in CertificateDer::pem_file_iter(&files.authority).unwrap() {
            roots.add(root.unwrap()).unwrap();
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = tokio_rustls::TlsConnector::from(Arc::new(client));
        for name in names {
            let (near, far) = tokio::io::duplex(64 * 1024);
            let name = name.try_into().unwrap();
            let (ours, theirs) = tokio::join!(greeter.accept(near), client.connect(name, far));
            theirs.unwrap();
            assert_eq!(encryption(&ours.unwrap()).version, TlsVersion::Tls13);
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Greeter::load(Path::new("/no/such.pem"), Path::new("/no/key.pem"));
        assert!(error.unwrap_err().to_string().starts_with("/no/such.pem: "));
    }
}
