//! The certificate in use, and the handshake.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::aws_lc_rs;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, CommonState, Error, RootCertStore, ServerConfig};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
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
    /// The certificate of both, with those above it.
    chain: ArcSwap<Vec<CertificateDer<'static>>>,
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
        source: pem::Error,
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
        let chain = read_chain(certificate)?;
        let mail = config(certificate, &chain, key, &[])?;
        let pages = config(certificate, &chain, key, PAGES)?;
        Ok(Greeter(Arc::new(Inner {
            mail: ArcSwap::from_pointee(mail),
            pages: ArcSwap::from_pointee(pages),
            chain: ArcSwap::from_pointee(chain),
        })))
    }

    /// Reads a certificate and its key, which may be new or elsewhere, for connections to
    /// come.
    ///
    /// # Errors
    /// As [`Greeter::load`]; what was in use then stays in use.
    pub fn reload(&self, certificate: &Path, key: &Path) -> Result<(), LoadError> {
        let chain = read_chain(certificate)?;
        let mail = config(certificate, &chain, key, &[])?;
        let pages = config(certificate, &chain, key, PAGES)?;
        self.0.mail.store(Arc::new(mail));
        self.0.pages.store(Arc::new(pages));
        self.0.chain.store(Arc::new(chain));
        Ok(())
    }

    /// What devices that check the certificate in use will object to, for the operator.
    /// `host` is the name that they know the service by.
    pub fn concerns(&self, host: &str, now: SystemTime) -> Vec<Concern> {
        concerns(&self.0.chain.load(), host, now)
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

fn config(
    certificate: &Path,
    chain: &[CertificateDer<'static>],
    key: &Path,
    protocols: &[&[u8]],
) -> Result<ServerConfig, LoadError> {
    let private = PrivateKeyDer::from_pem_file(key).map_err(|source| LoadError::File {
        path: key.to_owned(),
        source,
    })?;
    let unusable = |source| LoadError::Unusable {
        path: certificate.to_owned(),
        source,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain.to_vec(), private)
        .map_err(unusable)?;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

/// The SHA-256 of the public key (SubjectPublicKeyInfo) of the certificate in a file, which
/// DANE names a host by (RFC 7671 section 5.1).
///
/// # Errors
/// When the file can't be read, or holds no certificate.
pub fn key_digest(certificate: &Path) -> Result<[u8; 32], LoadError> {
    let chain = read_chain(certificate)?;
    let unusable = |source| LoadError::Unusable {
        path: certificate.to_owned(),
        source,
    };
    let none = rustls::Error::NoCertificatesPresented;
    let leaf = chain.first().ok_or_else(|| unusable(none))?;
    let leaf = ParsedCertificate::try_from(leaf).map_err(unusable)?;
    let key = leaf.subject_public_key_info();
    let digest = ::aws_lc_rs::digest::digest(&::aws_lc_rs::digest::SHA256, &key);
    let mut octets = [0; 32];
    for (octet, from) in octets.iter_mut().zip(digest.as_ref()) {
        *octet = *from;
    }
    Ok(octets)
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|source| LoadError::File {
            path: path.to_owned(),
            source,
        })
}

/// What devices will object to in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Concern {
    /// It names other hosts.
    #[error("it does not name this host: devices that check will refuse it")]
    OtherHost,
    /// Its time, or that of its authority, is over.
    #[error("it is no longer valid: devices refuse it")]
    Over,
    /// Its time is over within [`NOTICE`].
    #[error("it is over within 30 days: put a new one in its place, then SIGHUP")]
    OverSoon,
    /// Its time has not begun, or the clock is wrong.
    #[error("it is not valid yet: look at this machine's clock")]
    NotYet,
}

/// How long before its end a certificate is spoken of.
pub const NOTICE: Duration = Duration::from_secs(30 * 24 * 3600);

fn concerns(chain: &[CertificateDer<'_>], host: &str, now: SystemTime) -> Vec<Concern> {
    let mut found = Vec::new();
    let Some(Ok(leaf)) = chain.first().map(ParsedCertificate::try_from) else {
        return found;
    };
    let named =
        ServerName::try_from(host).is_ok_and(|name| verify_server_name(&leaf, &name).is_ok());
    if !named {
        found.push(Concern::OtherHost);
    }
    match validity(&leaf, chain, now) {
        Some(concern) => found.push(concern),
        None if validity(&leaf, chain, now + NOTICE) == Some(Concern::Over) => {
            found.push(Concern::OverSoon);
        }
        None => {}
    }
    found
}

/// What is wrong with the times of a chain. Whether anybody trusts its authority is not ours
/// to say, so the chain's own end is trusted here.
fn validity(
    leaf: &ParsedCertificate<'_>,
    chain: &[CertificateDer<'_>],
    at: SystemTime,
) -> Option<Concern> {
    let mut roots = RootCertStore::empty();
    roots.add(chain.last()?.clone().into_owned()).ok()?;
    let at = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).ok()?);
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    let verified =
        verify_server_cert_signed_by_trust_anchor(leaf, &roots, chain, at, algorithms.all);
    match verified {
        Err(Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => Some(Concern::Over),
        Err(Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        )) => Some(Concern::NotYet),
        _ => None,
    }
}

/// What was agreed in a handshake that is done.
pub fn encryption<T>(stream: &TlsStream<T>) -> Encryption {
    agreed(stream.get_ref().1)
}

/// The same, of either side.
pub(crate) fn agreed(connection: &CommonState) -> Encryption {
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

    #[test]
    fn a_key_is_named_by_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let files = make_authority(folder.path(), &["localhost".to_owned()]).unwrap();
        let pem = std::fs::read_to_string(&files.key).unwrap();
        let key = rcgen::KeyPair::from_pem(&pem).unwrap();
        let whole = rcgen::PublicKeyData::subject_public_key_info(&key);
        let digest = ::aws_lc_rs::digest::digest(&::aws_lc_rs::digest::SHA256, &whole);
        assert_eq!(key_digest(&files.certificate).unwrap(), digest.as_ref());
        assert!(key_digest(&files.key).is_err());
    }

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
    fn what_devices_will_object_to_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["mail.facteur.test".to_owned(), "127.0.0.1".to_owned()];
        let files = make_authority(dir.path(), &names).unwrap();
        let greeter = Greeter::load(&files.certificate, &files.key).unwrap();
        let now = SystemTime::now();
        let day = |days: u64| Duration::from_secs(days * 24 * 3600);
        let concerns = |at| greeter.concerns("mail.facteur.test", at);
        assert_eq!(concerns(now), []);
        assert_eq!(greeter.concerns("127.0.0.1", now), []);
        assert_eq!(concerns(now + day(780)), []);
        assert_eq!(concerns(now + day(800)), [Concern::OverSoon]);
        assert_eq!(concerns(now + day(830)), [Concern::Over]);
        assert_eq!(concerns(now - day(2)), [Concern::NotYet]);
        assert_eq!(
            greeter.concerns("facteur.test", now + day(830)),
            [Concern::OtherHost, Concern::Over]
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Greeter::load(Path::new("/no/such.pem"), Path::new("/no/key.pem"));
        assert!(error.unwrap_err().to_string().starts_with("/no/such.pem: "));
    }
}
