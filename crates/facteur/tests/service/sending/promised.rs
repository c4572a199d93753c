//! Domains that promise, by MTA-STS, which hosts take their mail and that these can be verified
//! (RFC 8461). Their pages are served by the script.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use testbed::{Dns, Zone};
use tls::{Files, make_authority};

use crate::common::{Facteur, Given, free_base, scripts};

/// Domains whose mail goes to a host that can be verified, and that have pages.
const RIGHT: [&str; 9] = [
    "right", "wild", "foreign", "gone", "ended", "clear", "html", "moved", "huge",
];
/// Domains whose host shows a certificate of another name, and that have pages.
const WRONG: [&str; 4] = ["wrong", "testing", "broken", "none"];

/// What the domains say; `later` some have been forged.
struct Said<'a> {
    port: u16,
    /// Signed domains, and what their DNS says that the certificate of their host is.
    proofs: [(&'a str, &'a str); 2],
    later: bool,
}

impl Said<'_> {
    fn zones(&self) -> Vec<Zone> {
        let mut zones = vec![
            Zone::plain("a.test", "@ MX 10 mail\nmail A 127.0.0.1"),
            plain("forged", "mail", "127.0.0.1", Some("1")),
        ];
        zones.extend(WRONG.map(|name| plain(name, "other", "127.0.0.1", Some("1"))));
        zones.extend(RIGHT.map(|name| match name {
            // Another host, and nothing is promised any more.
            "gone" | "ended" if self.later => plain(name, "other", "127.0.0.1", None),
            "clear" => plain(name, "mail", "127.0.0.2", Some("1")),
            _ => plain(name, "mail", "127.0.0.1", Some("1")),
        }));
        zones.extend(self.proofs.map(|(name, hash)| {
            let port = self.port;
            let records = format!(
                "@ MX 10 mail\nmail A 127.0.0.1\nmta-sts A 127.0.0.1\n\
                 _mta-sts TXT \"v=STSv1; id=1\"\n_{port}._tcp.mail TLSA 3 1 1 {hash}"
            );
            Zone::signed(&format!("{name}.test"), &records)
        }));
        zones
    }
}

/// A domain with a host at an address, and with a promise of that number.
fn plain(name: &str, host: &str, address: &str, number: Option<&str>) -> Zone {
    let promise = number.map(|number| format!("_mta-sts TXT \"v=STSv1; id={number};\""));
    let promise = promise.unwrap_or_default();
    let records = format!("@ MX 10 {host}\n{host} A {address}\nmta-sts A 127.0.0.1\n{promise}");
    Zone::plain(&format!("{name}.test"), &records)
}

/// A certificate for the hosts that can be verified and for all pages but one.
fn certificate(folder: &Path) -> Files {
    let hosts = RIGHT.map(|name| format!("mail.{name}.test"));
    let pages = RIGHT.iter().chain(&WRONG).chain(&["proved", "denied"]);
    let pages = pages.map(|name| format!("mta-sts.{name}.test"));
    let more = ["mail.denied.test", "localhost"].map(str::to_owned);
    let names: Vec<String> = hosts.into_iter().chain(pages).chain(more).collect();
    make_authority(folder, &names).unwrap()
}

fn file(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn what_a_domain_promises_of_its_hosts_is_demanded() {
    let (one, other) = (free_base(), free_base());
    let folder = tempfile::tempdir().unwrap();
    let files = certificate(folder.path());
    let digest = tls::key_digest(&files.certificate).unwrap();
    let right: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
    let wrong = "ab".repeat(32);
    let mut said = Said {
        port: other.0 + 25,
        proofs: [("proved", &right), ("denied", &wrong)],
        later: false,
    };
    let mut dns = Dns::start(&said.zones());
    let there = Given {
        domain: "b.test",
        settings: vec![
            ("FACTEUR_TLS__CERTIFICATE", file(&files.certificate)),
            ("FACTEUR_TLS__KEY", file(&files.key)),
        ],
        ..Given::default()
    };
    let there = Facteur::begin_at(other, Stdio::null(), there);
    // The scripts sign in there.
    fs::copy(&files.authority, there.authority()).unwrap();
    // No service has that one.
    let page_port = one.0 + 999;
    let servers = format!("[{:?}]", dns.address().to_string());
    let networks = "[\"127.0.0.0/8\"]".to_owned();
    let here = Given {
        domain: "a.test",
        settings: vec![
            ("FACTEUR_DNS__SERVERS", servers),
            ("FACTEUR_DNS__TRUST_ANCHORS", file(&dns.trust_anchors())),
            ("FACTEUR_SENDING__PORT", said.port.to_string()),
            ("FACTEUR_SENDING__HTTPS_PORT", page_port.to_string()),
            ("FACTEUR_SENDING__AUTHORITIES", file(&files.authority)),
            ("FACTEUR_SENDING__PRIVATE_NETWORKS", networks),
        ],
        ..Given::default()
    };
    let mut here = Facteur::begin_at(one, Stdio::null(), here);
    let run = |script: &str, here: &Facteur| {
        let mut script = scripts(&format!("sending.{script}"));
        script.args([here.setting(), there.setting()]);
        script.args([&files.certificate, &files.key]);
        script.arg(page_port.to_string());
        let done = script.stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{errors}");
    };
    run("promised", &here);
    // Nobody serves pages any more, and the name service is forged.
    said.later = true;
    dns.publish(&said.zones());
    here.kill_and_restart();
    run("remembered", &here);
    let checked = here.facteur(&["store", "check"]).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
}
