//! A certificate authority of one's own, for a service that starts without a
//! certificate.
//!
//! The authority's own key is not kept: it signs one certificate and is forgotten, so
//! that nobody can steal a key that devices were told to trust. A new certificate then
//! means a new authority.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
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
/// addresses as text); writes them durably into `dir`, which is made if need be.
///
/// # Errors
/// When a name can't stand in a certificate, or a file can't be written.
pub fn make_authority(dir: &Path, names: &[String]) -> Result<Files, MakeError> {
    let now = std::time::SystemTime::now();
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // It signs nothing more, so it need not outlast what it signed; and years far ahead are
    // beyond what some devices can count.
    root.not_before = (now - CLOCK_SKEW).into();
    root.not_after = (now + LIFETIME).into();
    let first = names.first().map_or("localhost", String::as_str);
    let label = common_name(format!("Facteur authority of {first}"), "Facteur authority");
    root.distinguished_name.push(DnType::CommonName, label);
    let root_key = KeyPair::generate()?;
    let root_certificate = root.self_signed(&root_key)?;
    let issuer = Issuer::new(root, root_key);

    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name
        .push(DnType::CommonName, common_name(first.to_owned(), "Facteur"));
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
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
    // Whoever is told of the files may rely on them: their names are durable too.
    let synced = fs::File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(|source| MakeError::File {
        path: dir.to_owned(),
        source,
    })?;
    Ok(files)
}

/// Octets of a common name. RFC 5280 appendix A.1, `ub-common-name`.
const COMMON_NAME: usize = 64;

/// A common name that is not too long to be one; the names that count stand elsewhere.
fn common_name(name: String, otherwise: &str) -> String {
    match name.len() <= COMMON_NAME {
        true => name,
        false => otherwise.to_owned(),
    }
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
        // One that was there keeps its rights otherwise.
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    put().map_err(|source| MakeError::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_owners_alone_even_over_an_older_file() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key.pem");
        fs::write(&key, "older").unwrap();
        fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
        let files = make_authority(dir.path(), &["a.test".to_owned()]).unwrap();
        assert_eq!(files.key, key);
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        // The authority's own key is nowhere: one private key, the certificate's.
        let keys = fs::read_dir(dir.path()).unwrap().filter(|file| {
            let text = fs::read_to_string(file.as_ref().unwrap().path()).unwrap();
            text.contains("PRIVATE KEY")
        });
        assert_eq!(keys.count(), 1);
    }

    #[test]
    fn no_common_name_is_too_long() {
        assert_eq!(common_name("a.test".to_owned(), "b"), "a.test");
        assert_eq!(common_name("a".repeat(65), "b"), "b");
    }
}
