//! DKIM signatures that somebody else has made: dkimpy, of Debian.

use std::io::Write as _;
use std::process::{Command, Stdio};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events::{DkimFlaw, DkimVerdict, Finding};
use serde_json::json;
use trust::Watch;

use crate::table::Table;

/// Later than any signature that says when it ends.
const NOW: u64 = 4_000_000_001;

/// Bodies that are odd in one way or another.
const BODIES: [&str; 8] = [
    "Bonjour,\r\n\r\nSalut !\r\n",
    "",
    "\r\n",
    "\r\n\r\n\r\n",
    "no end",
    "spaces  \t here \r\n \t \r\n\r\n\r\n",
    "\r\nfirst line empty\r\n",
    "..\r\n.\r\ntab\t\r\n",
];

/// A key pair: what the signer takes, and what is published.
struct Keys {
    algorithm: &'static str,
    private: String,
    record: String,
}

fn keys() -> [Keys; 2] {
    let rsa = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    let public: PublicKeyX509Der<'_> = rsa.public_key().as_der().unwrap();
    let seed = [7; 32];
    let ed = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    [
        Keys {
            algorithm: "rsa-sha256",
            private: format!(
                "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
                STANDARD.encode(private.as_ref())
            ),
            record: format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(public.as_ref())),
        },
        Keys {
            algorithm: "ed25519-sha256",
            private: STANDARD.encode(seed),
            record: format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(ed.public_key())),
        },
    ]
}

fn sign(jobs: &[serde_json::Value]) -> Vec<Vec<u8>> {
    run("sign.py", jobs)
}

/// What a script makes of each of these jobs.
pub(crate) fn run(script: &str, jobs: &[serde_json::Value]) -> Vec<Vec<u8>> {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verdicts");
    let script = format!("{scripts}/{script}");
    let mut python = Command::new("/usr/bin/python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = serde_json::to_vec(jobs).unwrap();
    python.stdin.take().unwrap().write_all(&text).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let signed: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    signed
        .iter()
        .map(|text| STANDARD.decode(text).unwrap())
        .collect()
}

fn job(keys: &Keys, forms: &str, body: &str, partial: bool) -> serde_json::Value {
    let message = format!(
        "From: Lea <lea@a.test>\r\nSubject:  folded\r\n\tand \t spaced \r\nX-Odd:x\r\n\
         To: paul@b.test\r\n\r\n{body}"
    );
    json!({
        "message": STANDARD.encode(message),
        "forms": forms,
        "algorithm": keys.algorithm,
        "selector": "s1",
        "domain": "a.test",
        "key": keys.private,
        "partial": partial,
    })
}

async fn verify(message: &[u8], record: &str) -> DkimVerdict {
    let dns = Table::new(&format!("s1._domainkey.a.test TXT {record}"));
    let mut watch = Watch::new();
    for piece in message.chunks(11) {
        watch.push(piece);
    }
    watch.end_header();
    let header = watch.header().unwrap().to_vec();
    let checked = watch.claims()[0].check(&dns, &header, NOW).await;
    checked.with(Some(&watch.finish()))
}

pub(crate) fn changed(message: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    assert!(text.contains(from), "{text}");
    text.replacen(from, to, 1).into_bytes()
}

#[tokio::test]
async fn what_another_program_has_signed_passes() {
    for keys in keys() {
        let mut jobs = Vec::new();
        for forms in [
            "simple/simple",
            "simple/relaxed",
            "relaxed/simple",
            "relaxed/relaxed",
        ] {
            jobs.extend(BODIES.iter().map(|body| job(&keys, forms, body, false)));
        }
        for (message, job) in sign(&jobs).iter().zip(&jobs) {
            let verdict = verify(message, &keys.record).await;
            let text = String::from_utf8_lossy(message);
            assert_eq!(
                verdict.flaw, None,
                "{} {}\n{text:?}",
                keys.algorithm, job["forms"]
            );
            assert_eq!(verdict.finding, Finding::Pass);
            assert_eq!(
                (verdict.domain.as_str(), verdict.selector.as_str()),
                ("a.test", "s1")
            );
            assert_eq!(verdict.algorithm, keys.algorithm);
        }
    }
}

#[tokio::test]
async fn what_was_changed_on_the_way_fails() {
    for keys in keys() {
        let signed = sign(&[
            job(&keys, "relaxed/relaxed", BODIES[0], false),
            job(&keys, "relaxed/relaxed", BODIES[0], true),
        ]);
        let whole = &signed[0];
        for (from, to, flaw) in [
            ("Salut", "salut", DkimFlaw::Body),
            ("Salut !\r\n", "Salut !\r\nBuy\r\n", DkimFlaw::Body),
            ("folded", "Folded", DkimFlaw::Header),
            (
                "From: Lea",
                "From: Eve <e@b.test>\r\nFrom: Lea",
                DkimFlaw::Header,
            ),
            ("s=s1;", "s=s2;", DkimFlaw::NoKey),
            ("v=1;", "v=1; x=4000000000;", DkimFlaw::Expired),
            ("rsa-sha256", "rsa-sha1", DkimFlaw::Algorithm),
        ] {
            if from.starts_with("rsa") && keys.algorithm != "rsa-sha256" {
                continue;
            }
            let verdict = verify(&changed(whole, from, to), &keys.record).await;
            assert_eq!(verdict.flaw, Some(flaw), "{from}");
            assert_ne!(verdict.finding, Finding::Pass);
        }
        // What relaxed forgives.
        let folded = changed(whole, "and \t spaced", "and\r\n   spaced");
        assert_eq!(verify(&folded, &keys.record).await.finding, Finding::Pass);
        // Of a body that is signed in part, only the whole is believed.
        assert_eq!(
            verify(&signed[1], &keys.record).await.finding,
            Finding::Pass
        );
        let longer = changed(&signed[1], "Salut !\r\n", "Salut !\r\nBuy\r\n");
        let verdict = verify(&longer, &keys.record).await;
        assert_eq!(
            (verdict.finding, verdict.flaw),
            (Finding::Policy, Some(DkimFlaw::Partial))
        );
    }
}

#[tokio::test]
async fn keys_decide() {
    let [rsa, ed] = keys();
    let signed = sign(&[job(&rsa, "relaxed/relaxed", BODIES[0], false)]);
    let strict = format!("{}; t=s", rsa.record);
    for (record, flaw) in [
        (strict.as_str(), None),
        (&ed.record, Some(DkimFlaw::BadKey)),
        ("v=DKIM1; p=", Some(DkimFlaw::Revoked)),
        (&self::keys()[0].record, Some(DkimFlaw::Header)),
    ] {
        assert_eq!(verify(&signed[0], record).await.flaw, flaw, "{record}");
    }
}
