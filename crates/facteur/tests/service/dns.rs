//! What a domain is to have in DNS: printed as it can be pasted, and compared with what a real
//! name server says.

use serde_json::Value;
use testbed::{Dns, Zone};

use crate::common::Facteur;

/// Where the host is, and a name that is another machine's.
const PLACES: &str = "mail A 192.0.2.1\nmail AAAA 2001:db8::1\nother A 192.0.2.2\n";

struct World {
    facteur: Facteur,
    dns: Dns,
}

impl World {
    fn new() -> World {
        World {
            facteur: Facteur::prepared(),
            dns: Dns::start(&[]),
        }
    }

    /// `facteur domain dns`, with the standard ports and a name of the domain.
    fn said(&self, more: &[&str]) -> String {
        let mut words = vec!["domain", "dns", "facteur.test"];
        words.extend(more);
        let done = self
            .facteur
            .facteur(&words)
            .env("FACTEUR_HOSTNAME", "mail.facteur.test")
            .env("FACTEUR_PORT_BASE", "0")
            .env("FACTEUR_DNS__SERVERS", self.dns.address().to_string())
            .env("FACTEUR_DNS__TRUST_ANCHORS", self.dns.trust_anchors())
            .output()
            .unwrap();
        let errors = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.success(), "{errors}");
        String::from_utf8(done.stdout).unwrap()
    }

    /// The records, as JSON.
    fn records(&self) -> Vec<Value> {
        let all: Value = serde_json::from_str(&self.said(&["--json"])).unwrap();
        assert_eq!(all["notes"], serde_json::json!([]));
        all["records"].as_array().unwrap().clone()
    }
}

/// How they stand: `right`, `missing`, `different`, `unknown`.
fn verdicts(records: &[Value]) -> Vec<&str> {
    let verdicts = records.iter().map(|one| &one["live"]["verdict"]);
    verdicts.map(|verdict| verdict.as_str().unwrap()).collect()
}

/// What is said of the first record of a purpose.
fn told(records: &[Value], purpose: &str) -> (String, String) {
    let record = records
        .iter()
        .find(|one| one["purpose"] == purpose)
        .unwrap();
    let live = &record["live"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&live["verdict"]), live.to_string())
}

#[test]
fn what_is_printed_is_what_is_right_once_it_is_published() {
    let mut world = World::new();
    world.dns.publish(&[Zone::signed("facteur.test", PLACES)]);
    let records = world.records();
    assert!(records.len() >= 20, "{records:?}");
    assert!(
        verdicts(&records)
            .iter()
            .all(|verdict| *verdict == "missing")
    );
    // All of it, as a person pastes it: comments too.
    let text = world.said(&[]);
    assert!(text.contains("; Mail for the domain comes here.\n"));
    assert!(text.contains(";   missing: add it\n"));
    let longest = text
        .lines()
        .filter(|line| line.starts_with(';'))
        .map(str::len);
    assert!(longest.max().unwrap() <= 78);
    let zone = Zone::signed("facteur.test", &format!("{PLACES}{text}"));
    world.dns.publish(&[zone]);
    let records = world.records();
    assert!(
        verdicts(&records).iter().all(|verdict| *verdict == "right"),
        "{records:#?}"
    );
    let text = world.said(&[]);
    assert!(
        text.ends_with("0 missing, 0 different, 0 not known\n"),
        "{text}"
    );
}

#[test]
fn what_is_otherwise_is_told_with_what_to_change() {
    let mut world = World::new();
    let records = world.records();
    let key = records.iter().find(|one| one["purpose"] == "key").unwrap();
    let selector = key["name"].as_str().unwrap();
    let spoilt = format!(
        "{PLACES}@ MX 10 mail\n@ MX 5 mx.elsewhere.test.\n@ TXT \"v=spf1 include:x.test -all\"\n\
         {selector}. TXT \"v=DKIM1; k=rsa; p=AAAA\"\n\
         _dmarc TXT \"v=DMARC1; p=reject\"\n_mta-sts TXT \"v=STSv1; id=old\"\n\
         _25._tcp.mail TLSA 3 1 1 {}\n_imaps._tcp SRV 0 0 993 mail\n_imap._tcp SRV 0 0 0 .\n\
         imap A 192.0.2.1\npop3 CNAME other\n",
        "ab".repeat(32)
    );
    world.dns.publish(&[Zone::signed("facteur.test", &spoilt)]);
    let records = world.records();
    for (purpose, verdict, advice) in [
        ("mail", "different", "take them away"),
        ("senders", "different", "add mx before its last word"),
        ("key", "different", "another key"),
        ("policy", "right", ""),
        ("encryption", "different", "older policy"),
        ("encryption-host", "missing", "add it"),
        ("host-key", "different", "take away what is old"),
    ] {
        let (found, live) = told(&records, purpose);
        assert_eq!(found, verdict, "{purpose}: {live}");
        assert!(live.contains(advice), "{purpose}: {live}");
    }
    let named = |name: &str| {
        let name = format!("{name}.facteur.test");
        let record = records.iter().find(|one| one["name"] == *name).unwrap();
        record["live"]["verdict"].as_str().unwrap()
    };
    assert_eq!(named("_imaps._tcp"), "right");
    assert_eq!(named("_imap._tcp"), "different");
    // An address of the host's is as good as its name.
    assert_eq!(named("imap"), "right");
    assert_eq!(named("pop3"), "different");
    let text = world.said(&[]);
    assert!(text.contains(";     5 mx.elsewhere.test.\n"), "{text}");
}

#[test]
fn where_the_zone_is_not_signed_nobody_heeds_the_key_of_the_host() {
    let mut world = World::new();
    let text = world.said(&[]);
    world
        .dns
        .publish(&[Zone::plain("facteur.test", &format!("{PLACES}{text}"))]);
    let records = world.records();
    let (verdict, live) = told(&records, "host-key");
    assert_eq!(verdict, "different");
    assert!(live.contains("DNSSEC"), "{live}");
    let right = verdicts(&records)
        .iter()
        .filter(|one| **one == "right")
        .count();
    assert_eq!(right, records.len() - 1);
}

#[test]
fn without_an_answer_nothing_is_claimed() {
    let world = World::new();
    let silent = testbed::SilentDns::start();
    let done = world
        .facteur
        .facteur(&["domain", "dns", "facteur.test"])
        .env("FACTEUR_HOSTNAME", "mail.facteur.test")
        .env("FACTEUR_DNS__SERVERS", silent.address().to_string())
        .env("FACTEUR_DNS__PATIENCE_SECONDS", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(
        text.contains("; 0 right, 0 missing, 0 different,"),
        "{text}"
    );
    // The ports are those of the test: no mail comes there.
    assert!(
        text.contains("; But: other servers bring mail to port 25,"),
        "{text}"
    );
    let done = world.facteur.facteur(&["domain", "dns", "facteur.test"]);
    let done = { done }
        .env("FACTEUR_HOSTNAME", "localhost")
        .output()
        .unwrap();
    let errors = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(
        errors.contains("set it to the name of this host"),
        "{errors}"
    );
}
