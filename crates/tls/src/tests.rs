//! Connections of our two sides with each other, under each kind of trust.

use std::fs;
use std::path::Path;

use rustls::server::ParsedCertificate;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use session::{Encryption, TlsVersion};
use tempfile::TempDir;

use crate::{
    Caller, Fault, Files, Greeter, HandshakeError, LoadError, Tlsa, Trust, make_authority,
};

struct World {
    _folder: TempDir,
    greeter: Greeter,
    files: Files,
    caller: Caller,
}

/// A host named `mx.test` whose authority we trust.
fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let files = make_authority(folder.path(), &["mx.test".to_owned()]).unwrap();
    World {
        greeter: Greeter::load(&files.certificate, &files.key).unwrap(),
        caller: Caller::load(Some(&files.authority)).unwrap(),
        files,
        _folder: folder,
    }
}

impl World {
    async fn greet(&self, caller: &Caller, trust: &Trust) -> Result<Encryption, HandshakeError> {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (ours, _theirs) = tokio::join!(
            caller.connect(near, "mx.test", trust),
            self.greeter.accept(far)
        );
        ours.map(|(_, encryption)| encryption)
    }

    async fn fault(&self, caller: &Caller, trust: &Trust) -> Option<Fault> {
        match self.greet(caller, trust).await {
            Ok(_) => None,
            Err(HandshakeError::Certificate(fault)) => Some(fault),
            Err(other) => panic!("{other}"),
        }
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        let certificates = CertificateDer::pem_file_iter(&self.files.certificate).unwrap();
        certificates.map(Result::unwrap).collect()
    }
}

fn names(names: &[&str]) -> Trust {
    Trust::Names(names.iter().map(|&name| name.to_owned()).collect())
}

#[tokio::test]
async fn any_certificate_does_where_nothing_is_asked() {
    let world = world();
    let stranger = Caller::load(None).unwrap();
    let encryption = world.greet(&stranger, &Trust::Anyone).await.unwrap();
    assert_eq!(encryption.version, TlsVersion::Tls13);
    assert!(encryption.suite.contains("AES"), "{encryption:?}");
}

#[tokio::test]
async fn one_of_the_names_and_a_trusted_authority_are_wanted() {
    let world = world();
    let caller = &world.caller;
    assert_eq!(world.fault(caller, &names(&["mx.test"])).await, None);
    assert_eq!(
        world.fault(caller, &names(&["x.test", "mx.test"])).await,
        None
    );
    let other = names(&["x.test", "not a name"]);
    assert_eq!(world.fault(caller, &other).await, Some(Fault::OtherName));
    assert_eq!(
        world.fault(caller, &names(&[])).await,
        Some(Fault::OtherName)
    );
    let stranger = Caller::load(None).unwrap();
    assert_eq!(
        world.fault(&stranger, &names(&["mx.test"])).await,
        Some(Fault::NotTrusted)
    );
}

#[test]
fn a_file_of_authorities_is_read_or_named() {
    let missing = Caller::load(Some(Path::new("/no/such.pem"))).unwrap_err();
    assert!(
        missing.to_string().starts_with("/no/such.pem: "),
        "{missing}"
    );
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.pem");
    fs::write(
        &wrong,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    assert!(matches!(
        Caller::load(Some(&wrong)),
        Err(LoadError::Unusable { .. })
    ));
    let world = world();
    assert_eq!(
        world.caller.roots(),
        Caller::load(None).unwrap().roots() + 1
    );
}

/// The record of a certificate.
fn record(usage: u8, selector: u8, matching: u8, certificate: &CertificateDer<'_>) -> Tlsa {
    use aws_lc_rs::digest::{SHA256, SHA512, digest};
    let parsed = ParsedCertificate::try_from(certificate).unwrap();
    let part = match selector {
        0 => certificate.to_vec(),
        _ => parsed.subject_public_key_info().to_vec(),
    };
    let data = match matching {
        0 => part,
        1 => digest(&SHA256, &part).as_ref().to_vec(),
        _ => digest(&SHA512, &part).as_ref().to_vec(),
    };
    Tlsa {
        usage,
        selector,
        matching,
        data,
    }
}

fn dane(records: &[Tlsa], name: &str) -> Trust {
    Trust::Dane {
        records: records.to_vec(),
        names: vec![name.to_owned()],
    }
}

#[tokio::test]
async fn a_certificate_is_what_dns_says() {
    let world = world();
    let stranger = Caller::load(None).unwrap();
    let chain = world.chain();
    for (selector, matching) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
        // The host's own: its name is of no interest.
        let own = dane(&[record(3, selector, matching, &chain[0])], "other.test");
        assert_eq!(
            world.fault(&stranger, &own).await,
            None,
            "3 {selector} {matching}"
        );
        let above = record(2, selector, matching, &chain[1]);
        let authority = dane(std::slice::from_ref(&above), "mx.test");
        assert_eq!(
            world.fault(&stranger, &authority).await,
            None,
            "2 {selector} {matching}"
        );
        let other = dane(&[above], "other.test");
        assert_eq!(world.fault(&stranger, &other).await, Some(Fault::OtherName));
    }
}

#[tokio::test]
async fn what_dns_does_not_name_is_refused_though_its_authority_is_trusted() {
    let (world, another) = (world(), self::world());
    let elsewhere = another.chain();
    for usage in [2, 3] {
        for certificate in &elsewhere {
            let wrong = dane(&[record(usage, 1, 1, certificate)], "mx.test");
            assert_eq!(
                world.fault(&world.caller, &wrong).await,
                Some(Fault::NotInDns)
            );
        }
    }
    // An authority that a record holds whole, and that did not sign.
    let whole = dane(&[record(2, 0, 0, &elsewhere[1])], "mx.test");
    assert!(world.fault(&world.caller, &whole).await.is_some());
    // One good record is enough.
    let both = [
        record(3, 1, 1, &elsewhere[0]),
        record(3, 1, 1, &world.chain()[0]),
    ];
    assert_eq!(
        world.fault(&world.caller, &dane(&both, "mx.test")).await,
        None
    );
}

#[tokio::test]
async fn records_of_no_use_ask_for_nothing() {
    let world = world();
    let leaf = &world.chain()[0];
    let mut short = record(3, 1, 1, leaf);
    short.data.pop();
    let useless = [record(0, 1, 1, leaf), record(1, 0, 1, leaf), short];
    for record in &useless {
        assert!(!record.is_usable());
    }
    let stranger = Caller::load(None).unwrap();
    assert_eq!(
        world.fault(&stranger, &dane(&useless, "x.test")).await,
        None
    );
}
