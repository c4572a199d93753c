//! Our signatures, as somebody else verifies them.

#![allow(clippy::unwrap_used, reason = "this file is tests only")]

use dkim::{Algorithm, Chain, PrivateKey, Read, Reading, Selector, Signer, seal, sign};
use jiff::Timestamp;

/// A domain with a key of each kind.
struct Domain {
    name: address::Domain,
    keys: Vec<(Selector, PrivateKey)>,
}

impl Domain {
    fn new(name: &str) -> Domain {
        let key = |algorithm: Algorithm| {
            let selector = format!("20261128-{}", algorithm.name()).parse().unwrap();
            (selector, PrivateKey::generate(algorithm).unwrap())
        };
        Domain {
            name: name.parse().unwrap(),
            keys: Algorithm::ALL.map(key).into(),
        }
    }

    fn records(&self) -> Vec<(String, String)> {
        let record = |(selector, key): &(Selector, PrivateKey)| {
            let name = format!("{selector}._domainkey.{}", self.name);
            (name, key.record().unwrap())
        };
        self.keys.iter().map(record).collect()
    }

    /// The message with our signatures on top.
    fn signed(&self, message: &[u8]) -> Vec<u8> {
        let end = message.windows(4).position(|four| four == b"\r\n\r\n");
        let (header, body) = message.split_at(end.map_or(message.len(), |end| end + 4));
        let mut reading = Reading::new();
        reading.header(header);
        body.chunks(7).for_each(|piece| reading.body(piece));
        let read = reading.finish();
        let header = read.header.unwrap();
        let mut signed = Vec::new();
        for (selector, key) in &self.keys {
            let signer = Signer {
                domain: &self.name,
                selector,
                key,
            };
            let now = Timestamp::from_second(1_795_860_000).unwrap();
            let field = sign(&header, &read.body_hash, &signer, now).unwrap();
            assert!(field.lines().all(|line| line.len() <= 78), "{field}");
            signed.extend_from_slice(field.as_bytes());
        }
        signed.extend_from_slice(message);
        signed
    }

    /// What somebody else says of these messages.
    fn verdicts(&self, messages: &[Vec<u8>]) -> Vec<Vec<String>> {
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        testbed::dkimpy::verify(&self.records(), &messages)
    }
}

const HEADER: &str = "From: Lea <lea@exemple.fr>\r\nTo: b@loin.example,\r\n\tc@loin.example\r\n\
    Subject: Un long \t sujet\r\n  en deux lignes\r\nDate: Sat, 28 Nov 2026 10:11:12 +0100\r\n\
    Message-ID: <1@exemple.fr>\r\nX-Other: a\r\n";

#[test]
fn every_body_verifies() {
    let domain = Domain::new("exemple.fr");
    let long = "x".repeat(100_000);
    let bodies = [
        "",
        "\r\n",
        "\r\n\r\n\r\n",
        "Salut\r\n",
        "Salut",
        "Salut \t \r\n",
        "Salut\r\n\r\n\r\n",
        "Salut \t toi\r\n \r\n\t\r\n",
        " \r\n",
        "\r\n\r\nSalut\r\n",
        ".\r\n..\r\n",
        "é à ☀\r\n",
        "--x\r\nContent-Type: text/plain\r\n\r\nFrom: a@b\r\n--x--\r\n",
        &long,
    ];
    let message = |body: &&str| domain.signed(format!("{HEADER}\r\n{body}").as_bytes());
    let mut messages: Vec<Vec<u8>> = bodies.iter().map(message).collect();
    // Without a body, or with hardly a header.
    messages.push(domain.signed(HEADER.as_bytes()));
    messages.push(domain.signed(b"From: lea@exemple.fr\r\n\r\nSalut\r\n"));
    let verdicts = domain.verdicts(&messages);
    assert_eq!(verdicts.len(), messages.len());
    for (verdict, message) in verdicts.iter().zip(&messages) {
        let shown = String::from_utf8_lossy(&message[..message.len().min(3000)]);
        assert_eq!(verdict, &["pass", "pass"], "{shown}");
    }
}

#[test]
fn what_may_happen_on_the_way_is_forgiven_and_nothing_else() {
    let domain = Domain::new("exemple.fr");
    let message = format!("{HEADER}\r\nSalut \t toi\r\n");
    let signed = String::from_utf8(domain.signed(message.as_bytes())).unwrap();
    let forgiven = [
        format!("Received: from x by y; now\r\nReturn-Path: <a@b>\r\n{signed}"),
        signed.replace(
            "Subject: Un long \t sujet\r\n  en",
            "SUBJECT:Un long\r\n sujet en",
        ),
        signed.replace("Salut \t toi\r\n", "Salut toi  \r\n\r\n\r\n"),
        signed.replace("X-Other: a\r\n", "X-Other: b\r\nX-More: c\r\n"),
    ];
    let forged = [
        signed.replace("Salut", "Adieu"),
        signed.replace("lea@", "leo@"),
        format!("From: paul@exemple.fr\r\n{signed}"),
        format!("Subject: autre\r\n{signed}"),
        format!("To: d@loin.example\r\n{signed}"),
        // Among those that were missing.
        format!("Cc: d@loin.example\r\n{signed}"),
        format!("Content-Type: text/html\r\n{signed}"),
        format!("Reply-To: d@loin.example\r\n{signed}"),
        signed.replace("X-Other: a\r\n", "References: <2@x>\r\n"),
        format!("{signed}More\r\n"),
    ];
    let octets = |texts: &[String]| -> Vec<Vec<u8>> {
        texts.iter().map(|text| text.clone().into_bytes()).collect()
    };
    for (verdict, text) in domain.verdicts(&octets(&forgiven)).iter().zip(&forgiven) {
        assert_eq!(verdict, &["pass", "pass"], "{text}");
    }
    for (verdict, text) in domain.verdicts(&octets(&forged)).iter().zip(&forged) {
        assert!(verdict.len() == 2, "{text}");
        assert!(
            !verdict.iter().any(|one| one == "pass"),
            "{verdict:?}: {text}"
        );
    }
}

#[test]
fn a_name_beyond_ascii_and_many_recipients() {
    let domain = Domain::new("Été.example");
    let to: Vec<String> = (0..1000).map(|n| format!("r{n}@loin.example")).collect();
    let message = format!(
        "From: l@xn--t-9fab.example\r\nTo: {}\r\nTo: x@loin.example\r\nSubject: é\r\n\r\nSalut\r\n",
        to.join(",\r\n ")
    );
    let signed = domain.signed(message.as_bytes());
    assert!(String::from_utf8_lossy(&signed).contains("d=xn--"));
    assert_eq!(domain.verdicts(&[signed]), [["pass", "pass"]]);
}

/// The message, sealed by a domain with its first key: RSA, which dkimpy knows there.
fn sealed(domain: &Domain, before: usize, message: &[u8]) -> Vec<u8> {
    let read = Read::of(message);
    let (selector, key) = &domain.keys[0];
    let signer = Signer {
        domain: &domain.name,
        selector,
        key,
    };
    let arc = if before > 0 { ";\r\n\tarc=pass" } else { "" };
    let chain = Chain {
        before,
        results: format!(
            "{};\r\n\tspf=pass (i=9; a) smtp.mailfrom=a@b.test{arc}",
            domain.name
        ),
    };
    let now = Timestamp::from_second(1_795_860_000).unwrap();
    let header = read.header.unwrap();
    let set = seal(&header, &read.body_hash, &chain, &signer, now).unwrap();
    assert!(set.lines().all(|line| line.len() <= 78), "{set}");
    [set.as_bytes(), message].concat()
}

#[test]
fn a_chain_of_seals_is_whole_for_others() {
    let domains = ["un.example", "deux.example", "trois.example"].map(Domain::new);
    let records: Vec<_> = domains.iter().flat_map(Domain::records).collect();
    let mut message = domains[0].signed(format!("{HEADER}\r\nSalut \t toi\r\n").as_bytes());
    let mut all = Vec::new();
    for (before, domain) in domains.iter().enumerate() {
        // What a server adds on the way.
        let received = b"Received: from x by y; now\r\n";
        message = sealed(domain, before, &[&received[..], &message].concat());
        all.push(message.clone());
    }
    let text = String::from_utf8(message).unwrap();
    for (from, to) in [
        ("Salut", "Adieu"),
        ("lea@", "leo@"),
        ("i=1; un.example", "i=1; une.example"),
        ("cv=none", "cv=pass"),
        ("DKIM-Signature:", "X-Signature:"),
    ] {
        assert!(text.contains(from), "{from} {text}");
        all.push(text.replacen(from, to, 1).into_bytes());
    }
    let octets: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    let verdicts = testbed::dkimpy::chains(&records, &octets);
    assert_eq!(verdicts[..3], ["pass", "pass", "pass"], "{text}");
    assert!(
        verdicts[3..].iter().all(|one| one.starts_with("fail")),
        "{verdicts:?}"
    );
}

#[test]
fn another_key_verifies_nothing() {
    let domain = Domain::new("exemple.fr");
    let signed = domain.signed(format!("{HEADER}\r\nSalut\r\n").as_bytes());
    let other = Domain::new("exemple.fr");
    let verdicts = other.verdicts(&[signed]);
    assert!(!verdicts[0].iter().any(|one| one == "pass"), "{verdicts:?}");
}
