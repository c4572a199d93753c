//! Chains of seals that somebody else has made: dkimpy, of Debian.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events::Finding;
use serde_json::json;
use trust::{CheckedChain, SETS, Watch};

use crate::dkim::{changed, run};
use crate::table::Table;

const MESSAGE: &str = "From: Lea <lea@a.test>\r\nSubject: folded\r\n\tand \t spaced \r\n\
                       To: paul@b.test\r\n\r\nBonjour,\r\n\r\nSalut !\r\n";
const NOW: u64 = 1_800_000_000;

/// A message, sealed by whom and with what they say.
struct Sealed {
    message: Vec<u8>,
    record: String,
}

fn seal(hops: &[(&str, &str, &str)]) -> Sealed {
    let rsa = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    let public: PublicKeyX509Der<'_> = rsa.public_key().as_der().unwrap();
    let hops = hops.iter().map(|(domain, results, subject)| {
        json!({ "domain": domain, "results": results, "subject": subject })
    });
    let job = json!({
        "message": STANDARD.encode(MESSAGE),
        "key": format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(private.as_ref())
        ),
        "hops": hops.collect::<Vec<_>>(),
    });
    Sealed {
        message: run("arc.py", &[job]).remove(0),
        record: format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(public.as_ref())),
    }
}

/// Two lists and a forwarder.
fn three() -> Sealed {
    let passed = "dmarc=pass (p=reject) header.from=a.test; spf=pass smtp.mailfrom=lea@a.test";
    seal(&[
        ("one.test", passed, "[one] "),
        (
            "two.test",
            "arc=pass; dmarc=fail header.from=a.test",
            "[two] ",
        ),
        ("three.test", "arc=pass; dmarc=fail header.from=a.test", ""),
    ])
}

async fn check(message: &[u8], record: &str, more: &str) -> (Finding, CheckedChain) {
    let names = ["one", "two", "three"];
    let lines = names.map(|name| format!("s1._domainkey.{name}.test TXT {record}\n"));
    let dns = Table::new(&(lines.concat() + more));
    let mut watch = Watch::new();
    for piece in message.chunks(11) {
        watch.push(piece);
    }
    watch.end_header();
    let header = watch.header().unwrap().to_vec();
    let checked = watch.chain().check(&dns, &header, NOW).await;
    let finding = checked.with(Some(&watch.finish())).finding;
    (finding, checked)
}

async fn finding(message: &[u8], record: &str) -> Finding {
    check(message, record, "").await.0
}

#[tokio::test]
async fn a_chain_that_another_program_has_made_passes() {
    let Sealed { message, record } = three();
    let (finding, chain) = check(&message, &record, "").await;
    assert_eq!(
        finding,
        Finding::Pass,
        "{}",
        String::from_utf8_lossy(&message)
    );
    let verdict = chain.with(None);
    assert_eq!((verdict.sealer.as_str(), verdict.sets), ("three.test", 3));
    // Who is believed is for us to say, and of whom they speak too.
    let trusted = |names: &[&str]| {
        let trusted: Vec<_> = names.iter().map(|name| name.parse().unwrap()).collect();
        chain.vouched(&trusted, "a.test").map(ToString::to_string)
    };
    let all = ["one.test", "two.test", "three.test"];
    assert_eq!(trusted(&all), Some("one.test".to_owned()));
    assert_eq!(trusted(&["one.test", "three.test"]), None);
    assert_eq!(trusted(&["two.test", "three.test"]), None);
    assert_eq!(trusted(&[]), None);
    let all = all.map(|name| name.parse().unwrap());
    assert_eq!(chain.vouched(&all, "bank.test"), None);
    assert_eq!(
        self::finding(MESSAGE.as_bytes(), &record).await,
        Finding::None
    );
}

#[tokio::test]
async fn a_chain_that_was_changed_is_broken() {
    let Sealed { message, record } = three();
    for (from, to) in [
        ("Salut", "salut"),
        ("Lea <", "Eve <"),
        ("i=1; one.test; dmarc=pass", "i=1; one.test; dmarc=none"),
        ("i=2; two.test", "i=2; too.test"),
        ("cv=pass", "cv=fail"),
        ("cv=pass", "cv=none"),
        ("cv=none", "cv=pass"),
        ("ARC-Seal: i=2", "X-Seal: i=2"),
        ("ARC-Message-Signature: i=1", "X-Signature: i=1"),
        ("ARC-Authentication-Results: i=2", "X-Results: i=2"),
        ("ARC-Seal: i=3", "ARC-Seal: i=2"),
        ("ARC-Seal: i=3", "ARC-Seal: i=0"),
        ("ARC-Seal: i=3", "ARC-Seal: i=51"),
        ("ARC-Seal: i=3", "ARC-Seal: h=from; i=3"),
        ("ARC-Seal: i=3", "ARC-Seal: no tags; i=3"),
        (
            "ARC-Seal: i=3",
            "ARC-Authentication-Results: i=3; x\r\nARC-Seal: i=3",
        ),
    ] {
        let message = changed(&message, from, to);
        assert_eq!(
            finding(&message, &record).await,
            Finding::Fail,
            "{from} {to}"
        );
    }
    // What relaxed forgives.
    let folded = changed(&message, "and \t spaced", "and\r\n   spaced");
    assert_eq!(finding(&folded, &record).await, Finding::Pass);
}

#[tokio::test]
async fn keys_decide_and_what_is_not_known_is_no_failure() {
    let Sealed { message, record } = three();
    assert_eq!(finding(&message, "v=DKIM1; p=").await, Finding::Fail);
    assert_eq!(finding(&message, &three().record).await, Finding::Fail);
    let (finding, _) = check(&message, &record, "s1._domainkey.two.test FAIL\n").await;
    assert_eq!(finding, Finding::TempError);
    let changed = changed(&message, "Salut", "salut");
    let (finding, _) = check(&changed, &record, "s1._domainkey.two.test FAIL\n").await;
    assert_eq!(finding, Finding::Fail);
}

#[tokio::test]
async fn a_chain_of_any_length_is_looked_at_no_further_than_the_limit() {
    let set = |number: usize| {
        format!(
            "ARC-Seal: i={number}; cv={}; a=rsa-sha256; d=one.test; s=s1; b=AAAA\r\n\
             ARC-Message-Signature: i={number}; a=rsa-sha256; d=one.test; s=s1; h=from; bh=AA; b=AA\r\n\
             ARC-Authentication-Results: i={number}; x\r\n",
            if number == 1 { "none" } else { "pass" }
        )
    };
    for (sets, kept) in [(SETS, SETS), (SETS + 1, 0)] {
        let header: String = (1..=sets).rev().map(set).collect();
        let (finding, chain) = check(format!("{header}{MESSAGE}").as_bytes(), "p=AAAA", "").await;
        assert_eq!(finding, Finding::Fail);
        assert_eq!(chain.with(None).sets, kept);
    }
}
