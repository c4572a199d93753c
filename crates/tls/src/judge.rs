//! Who judges a certificate: nobody, or its names and authorities.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// Decides about a certificate.
pub(crate) trait Judge: fmt::Debug + Send + Sync {
    /// Whether it is what is wanted; the host sent others with it.
    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error>;

    /// Whether it counts that the host has the certificate's key.
    fn wants_key(&self) -> bool {
        true
    }
}

/// A judge in the place that rustls has for one.
#[derive(Debug)]
pub(crate) struct Verifier<J> {
    pub(crate) judge: J,
    pub(crate) algorithms: WebPkiSupportedAlgorithms,
}

impl<J: Judge> ServerCertVerifier for Verifier<J> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.judge.judge(certificate, others, now);
        judged.map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.judge.wants_key() {
            true => verify_tls12_signature(message, certificate, signature, &self.algorithms),
            false => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.judge.wants_key() {
            true => verify_tls13_signature(message, certificate, signature, &self.algorithms),
            false => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Takes any certificate. Not even the signature of the handshake is verified: whoever
/// stands between could sign with a certificate of its own, and one that we can't read must
/// not lead to mail in the clear.
#[derive(Debug)]
pub(crate) struct Anyone;

impl Judge for Anyone {
    fn judge(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn wants_key(&self) -> bool {
        false
    }
}

/// Wants one of some names, from an authority that is trusted.
#[derive(Debug)]
pub(crate) struct ByName {
    roots: Arc<RootCertStore>,
    names: Vec<ServerName<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ByName {
    /// What is no name is had by no certificate.
    pub(crate) fn new(
        roots: Arc<RootCertStore>,
        names: &[String],
        algorithms: WebPkiSupportedAlgorithms,
    ) -> ByName {
        ByName {
            roots,
            names: server_names(names),
            algorithms,
        }
    }
}

pub(crate) fn server_names(names: &[String]) -> Vec<ServerName<'static>> {
    let name = |name: &String| ServerName::try_from(name.clone()).ok();
    names.iter().filter_map(name).collect()
}

/// Whether a chain leads to one of these roots at this time, and its first certificate has
/// one of these names.
pub(crate) fn verify_chain(
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    roots: &RootCertStore,
    names: &[ServerName<'static>],
    now: UnixTime,
    algorithms: WebPkiSupportedAlgorithms,
) -> Result<(), Error> {
    let leaf = ParsedCertificate::try_from(end_entity)?;
    verify_server_cert_signed_by_trust_anchor(&leaf, roots, intermediates, now, algorithms.all)?;
    let mut wrong = Error::InvalidCertificate(CertificateError::NotValidForName);
    for name in names {
        match verify_server_name(&leaf, name) {
            Ok(()) => return Ok(()),
            Err(error) => wrong = error,
        }
    }
    Err(wrong)
}

impl Judge for ByName {
    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let (roots, names) = (&self.roots, &self.names);
        verify_chain(certificate, others, roots, names, now, self.algorithms)
    }
}
