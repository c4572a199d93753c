//! A certificate authority of one's own, for a service that starts without a
//! certificate.
//!
//! The authority's own key is not kept: it signs one certificate and is forgotten, so
//! that nobody can steal a key that devices were told to trust. A new certificate then
//! means a new authority.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Where a certificate, its key and its authority are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate, then its authority, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM, readable by its owner alone.
    pub key: PathBuf,
    /// The authority that devices are told to trust, PEM.
    pub authority: PathBuf,
}

/// Why no authority could be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// A file can't be written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A name can't stand in a certificate, or there is no randomness.
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
}

/// Makes an authority and, under it, a certificate for `names` (host names and IP
/// addresses as text); writes them into `dir`, which is made if need be.
///
/// # Errors
/// When a name can't stand in a certificate, or a file can't be written.
pub fn make_authority(dir: &Path, names: &[String]) -> Result<Files, MakeError> {
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let label = format!(
        "Facteur authority of {}",
        names.first().map_or("localhost", String::as_str)
    );
    root.distinguished_name.push(DnType::CommonName, label);
    let root_key = KeyPair::generate()?;
    let root_certificate = root.self_signed(&root_key)?;
    let issuer = Issuer::new(root, root_key);

    let mut leaf = CertificateParams::new(names)?;
    if let Some(first) = names.first() {
        leaf.distinguished_name
            .push(DnType::CommonName, first.as_str());
    }
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let now = std::time::SystemTime::now();
    leaf.not_before = (now - CLOCK_SKEW).into();
    leaf.not_after = (now + LIFETIME).into();
    let leaf_key = KeyPair::generate()?;
    let leaf_certificate = leaf.signed_by(&leaf_key, &issuer)?;

    let files = Files {
        certificate: dir.join("certificate.pem"),
        key: dir.join("key.pem"),
        authority: dir.join("authority.pem"),
    };
    let chain = leaf_certificate.pem() + &root_certificate.pem();
    let made = fs::create_dir_all(dir);
    made.map_err(|source| MakeError::File {
        path: dir.to_owned(),
        source,
    })?;
    write(&files.key, &leaf_key.serialize_pem(), 0o600)?;
    write(&files.certificate, &chain, 0o644)?;
    write(&files.authority, &root_certificate.pem(), 0o644)?;
    Ok(files)
}

/// How long a self-made certificate lasts. Apple's systems refuse any that lasts over
/// 825 days, whoever made it.
const LIFETIME: std::time::Duration = std::time::Duration::from_secs(820 * 24 * 3600);
/// How far a device's clock may be behind.
const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

fn write(path: &Path, text: &str, mode: u32) -> Result<(), MakeError> {
    let put = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    put().map_err(|source| MakeError::File {
        path: path.to_owned(),
        source,
    })
}
