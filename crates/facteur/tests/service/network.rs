//! A small internet: two services of ours, Debian's Postfix and OpenSMTPD, and a name server, each
//! at an address of its own and at the real ports, in a network that the test makes for itself.
//! What the domains of ours publish is what `facteur domain dns` prints.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use testbed::{Authority, Dns, Identity, Mta, Place, Zone, network, postfix_tool};
use tls::{Files, make_authority};

use crate::common::{Facteur, Given, scripts};

/// Who is where.
const HERE: (&str, &str) = ("mail.a.test", "127.0.0.10");
const THERE: (&str, &str) = ("mail.b.test", "127.0.0.11");
const POSTFIX: Place<'_> = Place {
    address: Ipv4Addr::new(127, 0, 0, 20),
    name: "postfix.test",
};
const OPENSMTPD: Place<'_> = Place {
    address: Ipv4Addr::new(127, 0, 0, 21),
    name: "opensmtpd.test",
};
const SINK: &str = "127.0.0.30";

/// All of them. What is listed first is stopped first.
struct World {
    sink: Child,
    postfix: Mta,
    opensmtpd: Mta,
    here: Facteur,
    there: Facteur,
    dns: Dns,
    _files: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.sink.kill();
        let _ = self.sink.wait();
    }
}

impl World {
    fn start() -> World {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            HERE.0,
            THERE.0,
            "mta-sts.a.test",
            "mta-sts.b.test",
            POSTFIX.name,
        ];
        let files = make_authority(folder.path(), &names.map(str::to_owned)).unwrap();
        let mut dns = Dns::start_at(53, &[]);
        let here = service("a.test", HERE, &files, &dns);
        let there = service("b.test", THERE, &files, &dns);
        dns.publish(&zones(
            &published(&here, "a.test"),
            &published(&there, "b.test"),
        ));
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        let (certificate, key) = (text(&files.certificate), text(&files.key));
        let identity = Identity {
            certificate: &certificate,
            key: &key,
        };
        World {
            sink: sink(),
            postfix: Mta::postfix_at(POSTFIX, &identity, Authority(&files.authority)),
            opensmtpd: Mta::opensmtpd_at(OPENSMTPD),
            here,
            there,
            dns,
            _files: folder,
        }
    }

    fn run(&self, script: &str) {
        let mut command = scripts(&format!("network.{script}"));
        command.args([self.here.setting(), self.there.setting()]);
        command.args([self.postfix.mail_folder(), self.opensmtpd.mail_folder()]);
        let done = command.stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8_lossy(&done.stderr);
        let log = self.postfix.log() + &self.opensmtpd.log();
        let said: Vec<&str> = log.lines().rev().take(60).collect();
        assert!(done.status.success(), "{errors}\n{}", said.join("\n"));
    }
}

/// One of ours, which asks the name server of this network's own resolver file.
fn service(
    domain: &'static str,
    host: (&'static str, &'static str),
    files: &Files,
    dns: &Dns,
) -> Facteur {
    let file = |path: &Path| path.display().to_string();
    let settings = vec![
        ("FACTEUR_DNS__SERVERS", "[]".to_owned()),
        ("FACTEUR_DNS__TRUST_ANCHORS", file(&dns.trust_anchors())),
        ("FACTEUR_TLS__CERTIFICATE", file(&files.certificate)),
        ("FACTEUR_TLS__KEY", file(&files.key)),
        ("FACTEUR_MTA_STS", "enforce".to_owned()),
        ("FACTEUR_SENDING__AUTHORITIES", file(&files.authority)),
        ("FACTEUR_SENDING__FROM", format!("[{:?}]", host.1)),
        (
            "FACTEUR_SENDING__PRIVATE_NETWORKS",
            "[\"127.0.0.0/8\"]".to_owned(),
        ),
        // Where the scripts are; the hosts are judged.
        (
            "FACTEUR_BELIEVING__TRUSTED_NETWORKS",
            "[\"127.0.0.1/32\"]".to_owned(),
        ),
    ];
    let given = Given {
        domain,
        host,
        settings,
        ..Given::default()
    };
    // The ports are its own: so is the network.
    let lock = tempfile::tempfile().unwrap();
    let service = Facteur::begin_at((0, lock), Stdio::null(), given);
    // The scripts sign in there.
    fs::create_dir_all(service.data().join("tls")).unwrap();
    fs::copy(&files.authority, service.authority()).unwrap();
    service
}

/// What a domain of ours is to publish.
fn published(service: &Facteur, domain: &str) -> String {
    let done = service
        .facteur(&["domain", "dns", domain])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

/// The zones, with what the two domains of ours publish: the second is signed.
fn zones(a: &str, b: &str) -> Vec<Zone> {
    let ours = |text: &str, (_, address): (&str, &str)| format!("{text}\nmail A {address}");
    let theirs = |place: Place<'_>| {
        let address = place.address;
        let records = format!("@ MX 10 @\n@ A {address}\n@ TXT \"v=spf1 a -all\"");
        Zone::plain(place.name, &records)
    };
    let names = format!(
        "10.0.0 PTR {}.\n11.0.0 PTR {}.\n20.0.0 PTR {}.\n21.0.0 PTR {}.",
        HERE.0, THERE.0, POSTFIX.name, OPENSMTPD.name
    );
    vec![
        Zone::plain("a.test", &ours(a, HERE)),
        Zone::signed("b.test", &ours(b, THERE)),
        theirs(POSTFIX),
        theirs(OPENSMTPD),
        Zone::plain("sink.test", &format!("@ MX 10 mail\nmail A {SINK}")),
        Zone::plain("127.in-addr.arpa", &names),
    ]
}

/// Postfix's own sink: it takes all mail, and keeps none.
fn sink() -> Child {
    let mut sink: Command = postfix_tool("smtp-sink");
    // It wants to be somebody else than root.
    sink.args(["-u", "nobody", &format!("{SINK}:25"), "100"]);
    sink.stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn mail_is_exchanged_with_other_peoples_servers() {
    network::alone(
        "network::mail_is_exchanged_with_other_peoples_servers",
        || {
            let mut world = World::start();
            world.run("exchange");
            world.run("smuggled");
            let mut source = postfix_tool("smtp-source");
            source.args([
                "-s",
                "10",
                "-m",
                "200",
                "-l",
                "2000",
                "-S",
                "by smtp-source",
            ]);
            source.args(["-f", "x@postfix.test", "-t", "paul@a.test", "127.0.0.10:25"]);
            assert!(source.status().unwrap().success());
            world.run("many");
            // Both of our domains' names lead to a host that they do not name, with a certificate of
            // its own that can be verified.
            let forged = format!("@ MX 10 {}.", POSTFIX.name);
            let tlsa = format!("_25._tcp.mail TLSA 3 1 1 {}", "ab".repeat(32));
            let b = format!("@ MX 10 mail\n{tlsa}");
            world.dns.publish(&zones(&forged, &b));
            world.here.kill_and_restart();
            world.there.kill_and_restart();
            world.run("forged");
        },
    );
}
