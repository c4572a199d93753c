//! This service as it is by itself, but for what names where things are.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use testbed::{Dns, Zone};

use crate::server::{Door, Server};
use crate::{MAILBOXES, counter};

/// The password of all accounts.
const PASSWORD: &str = "a password for measuring";
/// What AUTH PLAIN says for `user0@mx.test` (RFC 4616).
const SIGN_IN: &str = "AUTH PLAIN AHVzZXIwQG14LnRlc3QAYSBwYXNzd29yZCBmb3IgbWVhc3VyaW5n";

/// A limit that nothing here comes near.
const PLENTY: &str = "1000000000";

pub(crate) struct Ours {
    child: Child,
    base: u16,
    folder: TempDir,
    _dns: Dns,
}

impl Ours {
    /// Strangers are judged: the domain that the mail is from publishes what it should, but
    /// does not sign.
    pub(crate) fn start(peers: &str, relay: Option<SocketAddr>) -> Ours {
        let dns = Dns::start(&[
            Zone::signed(
                "sender.test",
                "@ TXT \"v=spf1 ip4:127.0.0.1 -all\"
                 _dmarc TXT \"v=DMARC1; p=reject\"
                 mail A 127.0.0.1",
            ),
            Zone::plain("0.0.127.in-addr.arpa", "1 PTR mail.sender.test."),
            Zone::plain("sink.test", "@ MX 10 mail\nmail A 127.0.0.1"),
        ]);
        let folder = tempfile::Builder::new().prefix("mail").tempdir().unwrap();
        let base = free_base();
        let mut command = facteur(folder.path(), &["quickstart", "--domain", "mx.test"]);
        command
            .args(["--listen", "127.0.0.1", "--hostname", "localhost"])
            .args(["--port-base", &base.to_string()])
            .env(
                "FACTEUR_DNS__SERVERS",
                format!("[{:?}]", dns.address().to_string()),
            )
            .env("FACTEUR_DNS__TRUST_ANCHORS", dns.trust_anchors())
            .env("FACTEUR_SENDING__PRIVATE_NETWORKS", "[\"127.0.0.0/8\"]")
            .env("FACTEUR_SUBMISSION__MESSAGES_PER_HOUR", PLENTY)
            .env("FACTEUR_SUBMISSION__RECIPIENTS_PER_DAY", PLENTY);
        if peers == "stranger" {
            // It is counted, and its pace is what is measured.
            command
                .env("FACTEUR_BELIEVING__TRUSTED_NETWORKS", "[]")
                .env("FACTEUR_BELIEVING__NETWORK_PER_HOUR", PLENTY)
                .env("FACTEUR_BELIEVING__SENDER_PER_HOUR", PLENTY)
                .env("FACTEUR_BELIEVING__RECIPIENT_PER_HOUR", PLENTY)
                .env("FACTEUR_BELIEVING__SLOW_DOWN_SECONDS", "0");
        }
        if let Some(relay) = relay {
            command.env("FACTEUR_SENDING__PORT", relay.port().to_string());
        }
        if let Some(library) = counter() {
            command.env("LD_PRELOAD", library);
        }
        let child = serve(command);
        make_accounts(folder.path());
        Ours {
            child,
            base,
            folder,
            _dns: dns,
        }
    }

    fn door(&self, port: u16, sender: &str) -> Door {
        Door {
            address: SocketAddr::from(([127, 0, 0, 1], self.base + port)),
            sender: sender.to_owned(),
            sign_in: None,
        }
    }
}

impl Server for Ours {
    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn taking(&self) -> Door {
        self.door(25, "lea@sender.test")
    }

    fn submitting(&self) -> Door {
        Door {
            sign_in: Some(SIGN_IN.to_owned()),
            ..self.door(587, "user0@mx.test")
        }
    }

    /// What is acknowledged can be read.
    fn wait_until_kept(&self, _messages: u64) {}

    fn kept(&self) -> u64 {
        let kept = (0..MAILBOXES).map(|number| {
            let address = format!("user{number}@mx.test");
            let mut show = facteur(self.folder.path(), &["account", "show", "--json"]);
            let told = show.arg(address).output().unwrap().stdout;
            let account: serde_json::Value = serde_json::from_slice(&told).unwrap();
            account["usage"]["messages"].as_u64().unwrap()
        });
        kept.sum()
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn facteur(data: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
    command.arg("--data").arg(data).args(words);
    command
}

fn make_accounts(data: &Path) {
    for number in 0..MAILBOXES {
        let address = format!("user{number}@mx.test");
        let mut command = facteur(data, &["account", "add", "--password-stdin", &address]);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "{PASSWORD}").unwrap();
        drop(input);
        assert!(child.wait().unwrap().success());
    }
    // Who submits has no TLS to pay for, as theirs has none.
    let words = ["account", "set", "--old-devices", "on", "user0@mx.test"];
    let set = facteur(data, &words).output().unwrap();
    assert!(set.status.success(), "{set:?}");
}

/// Starts it, and waits until it says that it serves.
fn serve(mut command: Command) -> Child {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let serving = |line: Result<String, _>| line.is_ok_and(|line| line.contains("quickstart.txt"));
    assert!(lines.any(serving), "the service did not start");
    child
}

/// A base under which the ports of mail are free.
fn free_base() -> u16 {
    let free = |base: u16| {
        let ports = [25, 80, 110, 143, 443, 465, 587, 993, 995];
        let open = |port: &u16| TcpListener::bind(("127.0.0.1", base + port)).ok();
        ports.iter().map(open).collect::<Option<Vec<_>>>().is_some()
    };
    // The tests have those above.
    let mut bases = (2..10).map(|thousand| thousand * 1000);
    bases.find(|base| free(*base)).unwrap()
}
