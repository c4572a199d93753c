//! Who judges a certificate: nobody, or its names and authorities.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// Takes any certificate. Not even the signature of the handshake is verified: whoever
/// stands between could sign with a certificate of its own, and one that we can't read must
/// not lead to mail in the clear.
#[derive(Debug)]
pub(crate) struct Anyone(pub(crate) WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
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
) -> Result<ServerCertVerified, Error> {
    let leaf = ParsedCertificate::try_from(end_entity)?;
    verify_server_cert_signed_by_trust_anchor(&leaf, roots, intermediates, now, algorithms.all)?;
    let mut wrong = Error::InvalidCertificate(CertificateError::NotValidForName);
    for name in names {
        match verify_server_name(&leaf, name) {
            Ok(()) => return Ok(ServerCertVerified::assertion()),
            Err(error) => wrong = error,
        }
    }
    Err(wrong)
}

impl ServerCertVerifier for ByName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (roots, names) = (&self.roots, &self.names);
        verify_chain(
            end_entity,
            intermediates,
            roots,
            names,
            now,
            self.algorithms,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
