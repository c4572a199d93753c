//! Certificates as DNS names them, between mail servers. RFC 7672, RFC 6698, RFC 7671.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::judge::{Judge, server_names, verify_chain};

/// One TLSA record. RFC 6698 section 2.1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tlsa {
    /// What it names: 2 an authority (DANE-TA), 3 the host's own certificate (DANE-EE).
    pub usage: u8,
    /// Which part is compared: 0 the certificate, 1 its public key.
    pub selector: u8,
    /// How: 0 as it is, 1 by SHA-256, 2 by SHA-512.
    pub matching: u8,
    /// With what.
    pub data: Vec<u8>,
}

/// Usages. RFC 7218 section 2.1.
const DANE_TA: u8 = 2;
const DANE_EE: u8 = 3;

impl Tlsa {
    /// Whether it is of a kind that is used between mail servers. Usages 0 and 1 are not:
    /// they would need authorities that both sides trust (RFC 7672 section 3.1.3).
    pub fn is_usable(&self) -> bool {
        let length = match self.matching {
            0 => !self.data.is_empty(),
            1 => self.data.len() == 32,
            2 => self.data.len() == 64,
            _ => false,
        };
        matches!(self.usage, DANE_TA | DANE_EE) && self.selector <= 1 && length
    }

    /// Whether it names this certificate.
    fn names(&self, certificate: &CertificateDer<'_>) -> bool {
        let key;
        let part = match self.selector {
            0 => certificate.as_ref(),
            _ => match ParsedCertificate::try_from(certificate) {
                Ok(parsed) => {
                    key = parsed.subject_public_key_info();
                    key.as_ref()
                }
                Err(_) => return false,
            },
        };
        match self.matching {
            0 => part == self.data,
            1 => digest(&SHA256, part).as_ref() == self.data,
            _ => digest(&SHA512, part).as_ref() == self.data,
        }
    }
}

/// Wants what the records name.
#[derive(Debug)]
pub(crate) struct ByDane {
    records: Vec<Tlsa>,
    names: Vec<ServerName<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ByDane {
    /// None where no record is usable.
    pub(crate) fn new(
        records: &[Tlsa],
        names: &[String],
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Option<ByDane> {
        let usable = records.iter().filter(|record| record.is_usable());
        let records: Vec<Tlsa> = usable.cloned().collect();
        (!records.is_empty()).then(|| ByDane {
            records,
            names: server_names(names),
            algorithms,
        })
    }

    fn of(&self, usage: u8) -> impl Iterator<Item = &Tlsa> {
        self.records
            .iter()
            .filter(move |record| record.usage == usage)
    }

    /// The authorities that the records name: those among what the host sent, and those
    /// that a record holds whole.
    fn anchors(&self, sent: &[CertificateDer<'_>]) -> RootCertStore {
        let mut anchors = RootCertStore::empty();
        for record in self.of(DANE_TA) {
            let named = sent.iter().filter(|certificate| record.names(certificate));
            let named = named.map(|certificate| certificate.clone().into_owned());
            let whole = (record.selector, record.matching) == (0, 0);
            let held = whole.then(|| CertificateDer::from(record.data.clone()));
            anchors.add_parsable_certificates(named.chain(held));
        }
        anchors
    }
}

impl Judge for ByDane {
    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        // Neither its names nor its times count: DNS has said that it is the host's, and
        // for how long (RFC 7672 section 3.1.1).
        if self.of(DANE_EE).any(|record| record.names(certificate)) {
            return Ok(());
        }
        let anchors = self.anchors(others);
        if anchors.is_empty() {
            let why = CertificateError::ApplicationVerificationFailure;
            return Err(Error::InvalidCertificate(why));
        }
        let names = &self.names;
        verify_chain(certificate, others, &anchors, names, now, self.algorithms)
    }
}
