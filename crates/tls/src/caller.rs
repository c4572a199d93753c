//! The handshake of a connection that goes out, and what is asked of the other side's
//! certificate.
//!
//! Between mail servers a certificate mostly proves nothing: nobody promised that the host
//! named by an MX record has one that anybody trusts. So TLS that is opportunistic takes
//! any (RFC 7435), and hides the mail from whoever only listens. Where a domain did promise
//! it (MTA-STS), or a smarthost is asked for by name, the name and the authority are
//! verified ([`Trust::Names`]); where its DNS says which certificate or authority it is,
//! that is ([`Trust::Dane`]).

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use session::Encryption;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::LoadError;
use crate::dane::{ByDane, Tlsa};
use crate::greeter::agreed;
use crate::judge::{Anyone, ByName, Judge, Verifier};

/// Greets hosts that connections go out to.
#[derive(Clone)]
pub struct Caller {
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Caller({} roots)", self.roots.len())
    }
}

/// What is asked of a host's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nothing. RFC 7435.
    Anyone,
    /// It has one of these names, and an authority that we trust vouches for it.
    Names(Vec<String>),
    /// It is what the host's TLSA records say. RFC 7672.
    Dane {
        /// The records, as DNSSEC has proved them. Where none is of a kind that is used
        /// between mail servers, nothing is asked (section 2.2 there), though TLS is.
        records: Vec<Tlsa>,
        /// Names, one of which the certificate must have where an authority is what the
        /// records name: the host's, and the domain's that the mail is for (section 3.2.2).
        names: Vec<String>,
    },
}

/// Why a handshake came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The certificate is not what was asked for.
    #[error("its certificate {0}")]
    Certificate(Fault),
    /// The two sides found no way to speak, or the connection broke.
    #[error("{0}")]
    Failed(io::Error),
}

/// What is wrong with a certificate: the kinds that a report tells apart. RFC 8460
/// section 4.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Fault {
    /// Its time, or that of one above it, is over or has not begun.
    #[error("is not valid at this time")]
    Expired,
    /// It is another host's.
    #[error("has another name")]
    OtherName,
    /// No authority that we trust vouches for it.
    #[error("comes from nobody that is trusted")]
    NotTrusted,
    /// It is not the one that DNS names.
    #[error("is not what its DNS says")]
    NotInDns,
    /// It makes no sense, or can't be used for this.
    #[error("can't be used")]
    Unusable,
}

impl Caller {
    /// One that trusts the authorities that the system does, and those in a file beside
    /// them. The system may have none: then no name is believed.
    ///
    /// # Errors
    /// When the file can't be read, or one of its certificates is no authority.
    pub fn load(further: Option<&Path>) -> Result<Caller, LoadError> {
        let mut roots = RootCertStore::empty();
        // What of the system's can't be read is what no program on it trusts.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = further {
            add(&mut roots, path)?;
        }
        Ok(Caller {
            roots: Arc::new(roots),
            provider: Arc::new(aws_lc_rs::default_provider()),
        })
    }

    /// How many authorities are trusted.
    pub fn roots(&self) -> usize {
        self.roots.len()
    }

    /// The handshake with a host, which is told that this name is wanted. The caller
    /// bounds its time.
    ///
    /// # Errors
    /// When the certificate is not as `trust` wants it, the two sides speak nothing in
    /// common, or the connection breaks.
    pub async fn connect<T>(
        &self,
        stream: T,
        host: &str,
        trust: &Trust,
    ) -> Result<(TlsStream<T>, Encryption), HandshakeError>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let config = self.config(trust).map_err(io::Error::other);
        let config = config.map_err(HandshakeError::Failed)?;
        let connecting = TlsConnector::from(Arc::new(config)).connect(wanted(host), stream);
        let stream = connecting.await.map_err(|error| failed(error, trust))?;
        let encryption = agreed(stream.get_ref().1);
        Ok((stream, encryption))
    }

    fn config(&self, trust: &Trust) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .dangerous();
        let algorithms = self.provider.signature_verification_algorithms;
        let verifier: Arc<dyn ServerCertVerifier> = match trust {
            Trust::Anyone => verified_by(Anyone, algorithms),
            Trust::Names(names) => {
                let judge = ByName::new(self.roots.clone(), names, algorithms);
                verified_by(judge, algorithms)
            }
            Trust::Dane { records, names } => match ByDane::new(records, names, algorithms) {
                Some(judge) => verified_by(judge, algorithms),
                None => verified_by(Anyone, algorithms),
            },
        };
        let builder = builder.with_custom_certificate_verifier(verifier);
        Ok(builder.with_no_client_auth())
    }
}

fn verified_by(
    judge: impl Judge + 'static,
    algorithms: WebPkiSupportedAlgorithms,
) -> Arc<dyn ServerCertVerifier> {
    Arc::new(Verifier { judge, algorithms })
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), LoadError> {
    let file = |source| LoadError::File {
        path: path.to_owned(),
        source,
    };
    for certificate in CertificateDer::pem_file_iter(path).map_err(file)? {
        let added = roots.add(certificate.map_err(file)?);
        added.map_err(|source| LoadError::Unusable {
            path: path.to_owned(),
            source,
        })?;
    }
    Ok(())
}

/// The name that the host is told. RFC 6066 section 3 has none but those of DNS there;
/// a host that has no such name is told none.
fn wanted(host: &str) -> ServerName<'static> {
    let nameless = ServerName::from(IpAddr::from([0, 0, 0, 0]));
    ServerName::try_from(host.to_owned()).unwrap_or(nameless)
}

fn failed(error: io::Error, trust: &Trust) -> HandshakeError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    let Some(Error::InvalidCertificate(why)) = inner else {
        return HandshakeError::Failed(error);
    };
    HandshakeError::Certificate(match why {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Fault::Expired,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Fault::OtherName
        }
        CertificateError::ApplicationVerificationFailure => Fault::NotInDns,
        CertificateError::UnknownIssuer => match trust {
            Trust::Dane { .. } => Fault::NotInDns,
            _ => Fault::NotTrusted,
        },
        _ => Fault::Unusable,
    })
}
