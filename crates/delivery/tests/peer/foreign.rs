//! Other people's servers: Debian's Postfix and OpenSMTPD.

use std::fs;
use std::process::Command;

use address::ReversePath;
use delivery::peer::{Doors, Failure, Peer, Policy, Tls};
use smtp::client::{Fate, Outcome};
use smtp::dsn::Return;
use tempfile::TempDir;
use testbed::{Identity, Mta};
use tls::{Fault, Files, HandshakeError, Tlsa, Trust, make_authority};

use crate::common::{accepted, doors, message, try_open};

/// A certificate for `mx.test`, its key and its authority.
struct Papers {
    _folder: TempDir,
    files: Files,
    certificate: String,
    key: String,
}

impl Papers {
    fn make() -> Papers {
        let folder = tempfile::tempdir().unwrap();
        let files = make_authority(folder.path(), &["mx.test".to_owned()]).unwrap();
        Papers {
            certificate: fs::read_to_string(&files.certificate).unwrap(),
            key: fs::read_to_string(&files.key).unwrap(),
            files,
            _folder: folder,
        }
    }

    fn identity(&self) -> Identity<'_> {
        Identity {
            certificate: &self.certificate,
            key: &self.key,
        }
    }

    fn doors(&self) -> Doors {
        doors(Some(&self.files.authority))
    }
}

fn verified() -> Policy {
    Policy {
        tls: Tls::Demanded,
        trust: Trust::Names(vec!["mx.test".to_owned()]),
    }
}

/// A body with lines that begin with dots, and without an end.
const BODY: &[&[u8]] = &[
    b"Subject: odd\r\n\r\n.\r\n..\r\n.a",
    b"\r\n",
    b"\r\nlast. without end",
];
const AS_KEPT: &str = ".\n..\n.a\n\nlast. without end\n";

/// The body of a message as the server keeps it.
fn body(kept: &str) -> &str {
    assert!(kept.contains("\nReceived: by mail.exemple.fr\n"), "{kept}");
    kept.split_once("\n\n").unwrap().1
}

async fn converse(server: &Mta, mut peer: Peer) -> Outcome {
    let first = peer
        .send(message(&["paul@mx.test", "nobody@mx.test"], BODY))
        .await;
    assert_eq!(accepted(&first), [true, false], "{}", server.log());
    assert!(matches!(
        &first.fates[1],
        Fate::Refused { for_good: true, .. }
    ));
    // Nobody at all: the next message finds the connection tidy.
    let none = peer.send(message(&["nobody@mx.test"], BODY)).await;
    assert_eq!(accepted(&none), [false]);
    let line = [&[b'.'; 900][..], b"\r\n"].concat();
    let large = line.repeat(1000);
    let second = peer
        .send(message(&["paul@mx.test"], &[b"\r\n", &large, &large]))
        .await;
    assert_eq!(accepted(&second), [true], "{}", server.log());
    peer.close().await;
    let mail = server.mail(2);
    let kept: Vec<&str> = mail.iter().map(|kept| body(kept)).collect();
    assert!(kept.contains(&AS_KEPT), "{}", server.log());
    let large = format!("{}\n", ".".repeat(900)).repeat(2000);
    assert!(kept.contains(&large.as_str()));
    first
}

#[tokio::test]
async fn postfix_takes_our_mail_in_the_clear() {
    let server = Mta::postfix(None);
    let opened = try_open(&doors(None), server.address(), &Policy::opportunistic()).await;
    let peer = opened.unwrap();
    assert!(peer.encryption().is_none() && peer.capabilities().pipelining);
    let outcome = converse(&server, peer).await;
    assert!(outcome.dsn);
    assert!(!server.log().contains("warning: non-SMTP command"));
}

#[tokio::test]
async fn postfix_takes_our_mail_under_tls_that_is_verified() {
    let papers = Papers::make();
    let server = Mta::postfix(Some(&papers.identity()));
    let opened = try_open(&papers.doors(), server.address(), &verified()).await;
    let peer = opened.unwrap();
    assert_eq!(peer.encryption().unwrap().version.name(), "TLSv1.3");
    converse(&server, peer).await;
    let mail = server.mail(2);
    assert!(mail[0].contains("using TLSv1.3"), "{}", mail[0]);
}

#[tokio::test]
async fn opensmtpd_takes_our_mail_in_the_clear() {
    let server = Mta::opensmtpd();
    let opened = try_open(&doors(None), server.address(), &Policy::opportunistic()).await;
    let peer = opened.unwrap();
    assert!(!peer.capabilities().pipelining && peer.encryption().is_none());
    converse(&server, peer).await;
}

/// Its certificate, made by OpenSSL for RSA, is its own authority: DNS alone can know it.
#[tokio::test]
async fn postfix_takes_our_mail_under_tls_that_dns_speaks_for() {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |words: &str| {
        let mut openssl = Command::new("openssl");
        openssl.args(words.split(' ')).current_dir(folder.path());
        assert!(openssl.output().unwrap().status.success(), "{words}");
    };
    openssl("req -x509 -newkey rsa:2048 -nodes -subj /CN=mx.test -keyout key.pem -out own.pem");
    openssl("x509 -in own.pem -outform DER -out own.der");
    let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
    let server = Mta::postfix(Some(&Identity {
        certificate: &read("own.pem"),
        key: &read("key.pem"),
    }));
    let mut record = Tlsa {
        usage: 3,
        selector: 0,
        matching: 0,
        data: fs::read(folder.path().join("own.der")).unwrap(),
    };
    let policy = |record: &Tlsa| Policy {
        tls: Tls::Demanded,
        trust: Trust::Dane {
            records: vec![record.clone()],
            names: vec!["mx.test".to_owned()],
        },
    };
    let opened = try_open(&doors(None), server.address(), &policy(&record)).await;
    let peer = opened.unwrap();
    assert!(peer.encryption().is_some());
    converse(&server, peer).await;
    record.data.reverse();
    let opened = try_open(&doors(None), server.address(), &policy(&record)).await;
    assert!(matches!(
        opened,
        Err(Failure::Handshake(HandshakeError::Certificate(
            Fault::NotInDns
        )))
    ));
}

#[tokio::test]
async fn postfix_is_asked_to_report_as_the_sender_wants_it() {
    let server = Mta::postfix(None);
    let opened = try_open(&doors(None), server.address(), &Policy::opportunistic()).await;
    let mut peer = opened.unwrap();
    let mut asking = message(&["paul@mx.test"], BODY);
    asking.envelope.from = ReversePath::Address("paul@mx.test".parse().unwrap());
    asking.envelope.ret = Some(Return::Headers);
    asking.envelope.id = Some("our+2Bid".parse().unwrap());
    let to = &mut asking.envelope.recipients[0];
    to.notify = Some("SUCCESS".parse().unwrap());
    to.original = Some("rfc822;p+2Bx@mx.test".parse().unwrap());
    let outcome = peer.send(asking).await;
    assert_eq!((accepted(&outcome), outcome.dsn), (vec![true], true));
    let mail = server.mail(2);
    let report = mail
        .iter()
        .find(|mail| mail.contains("delivery-status"))
        .unwrap();
    for words in [
        "Original-Envelope-Id: our+id",
        "Original-Recipient: rfc822;p+x@mx.test",
        "Action: delivered",
    ] {
        assert!(report.contains(words), "{words}: {report}");
    }
}
