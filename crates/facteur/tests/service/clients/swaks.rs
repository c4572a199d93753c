//! swaks, which says each step of SMTP as told.

use std::fs;

use super::tools::{Said, add, allow_old_devices, imap, program, run, shelf};
use crate::common::{Facteur, Person};

struct Swaks<'a> {
    facteur: &'a Facteur,
    from: Person,
    to: Person,
}

impl<'a> Swaks<'a> {
    fn new(facteur: &'a Facteur, from: Person, to: Person) -> Swaks<'a> {
        Swaks { facteur, from, to }
    }

    /// A message from the one to the other, or what these arguments make of it.
    fn send(&self, port: u16, arguments: &[&str]) -> Said {
        let mut swaks = program("swaks");
        swaks
            .args(["--server", "localhost", "--port"])
            .arg(self.facteur.port(port).to_string())
            .args(["--tls-verify", "--tls-ca-path"])
            .arg(self.facteur.authority())
            .args(["--from", &self.from.address, "--to", &self.to.address])
            .args(arguments);
        run(&mut swaks)
    }

    /// The same, signed in.
    fn signed_in(&self, port: u16, mechanism: &str, arguments: &[&str]) -> Said {
        let sign_in = ["--auth", mechanism, "--auth-user", &self.from.address];
        let password = ["--auth-password", &self.from.password];
        self.send(port, &[&sign_in[..], &password, arguments].concat())
    }
}

#[test]
fn it_sends_by_each_port_and_mechanism() {
    let facteur = Facteur::start();
    let [jeanne, paul] = facteur.people();
    let swaks = Swaks::new(&facteur, jeanne, paul);
    for (port, tls) in [(465, "--tls-on-connect"), (587, "--tls")] {
        for mechanism in ["PLAIN", "LOGIN"] {
            let subject = format!("{mechanism} by {port}");
            let said = swaks
                .signed_in(
                    port,
                    mechanism,
                    &[tls, "--header", &format!("Subject: {subject}")],
                )
                .fine();
            assert!(said.contains("250 2.0.0 Delivered as "), "{said}");
        }
    }
    assert_eq!(
        shelf(&facteur, &swaks.to, "INBOX"),
        [
            "PLAIN by 465",
            "LOGIN by 465",
            "PLAIN by 587",
            "LOGIN by 587"
        ]
    );
    // Offered are those two, and nothing that only another server may use.
    let said = swaks
        .signed_in(465, "CRAM-MD5", &["--tls-on-connect"])
        .refused();
    assert!(said.contains("requested type not available"), "{said}");
    let said = swaks
        .signed_in(587, "PLAIN", &["--tls", "--xclient-addr", "192.0.2.1"])
        .refused();
    assert!(said.contains("did not advertise XCLIENT"), "{said}");
}

#[test]
fn it_hears_why_it_may_not_send() {
    let facteur = Facteur::start();
    let old = add(&facteur, "old");
    let [jeanne, paul] = facteur.people();
    let swaks = Swaks::new(&facteur, jeanne, paul);
    let tls = "--tls-on-connect";
    for (said, refusal) in [
        (swaks.send(465, &[tls]), "530 5.7.0 Sending needs sign-in."),
        // Nothing of what was pipelined behind the refused MAIL is taken.
        (
            swaks.send(465, &[tls, "--pipeline"]),
            "530 5.7.0 Sending needs sign-in.",
        ),
        (
            swaks.signed_in(465, "LOGIN", &[tls, "--auth-password", "wrong"]),
            "535 5.7.8 ",
        ),
        (
            swaks.signed_in(465, "PLAIN", &[tls, "--auth-user", "nobody@facteur.test"]),
            "535 5.7.8 ",
        ),
        (
            swaks.signed_in(465, "PLAIN", &[tls, "--from", &swaks.to.address]),
            "553 5.7.1 ",
        ),
        (
            swaks.signed_in(465, "PLAIN", &[tls, "--header", "From: other@facteur.test"]),
            "550 5.7.1 The From field",
        ),
        (
            swaks.signed_in(465, "PLAIN", &[tls, "--to", "nobody@facteur.test"]),
            "550 5.1.1 ",
        ),
        // Unencrypted, where the account does not allow it.
        (swaks.signed_in(587, "PLAIN", &[]), "538 5.7.11 "),
        (swaks.signed_in(587, "LOGIN", &[]), "538 5.7.11 "),
        // Another server signs in nowhere and relays nothing.
        (
            swaks.signed_in(25, "PLAIN", &[]),
            "did not advertise authentication",
        ),
        (
            swaks.send(25, &["--to", "someone@example.com"]),
            "550 5.7.1 ",
        ),
    ] {
        let said = said.refused();
        assert!(said.contains(refusal), "{refusal}: {said}");
    }
    assert!(shelf(&facteur, &swaks.to, "INBOX").is_empty());
    allow_old_devices(&facteur, &old);
    let swaks = Swaks::new(&facteur, old, swaks.to);
    for mechanism in ["PLAIN", "LOGIN"] {
        swaks
            .signed_in(587, mechanism, &["--header", "Subject: clear"])
            .fine();
    }
    assert_eq!(shelf(&facteur, &swaks.to, "INBOX"), ["clear", "clear"]);
}

#[test]
fn it_pipelines_attaches_and_dates() {
    let facteur = Facteur::start();
    let [jeanne, paul] = facteur.people();
    let swaks = Swaks::new(&facteur, jeanne, paul);
    let both = format!(
        "{},nobody@facteur.test,{}",
        swaks.from.address, swaks.to.address
    );
    let plan = facteur.folder.path().join("plan.bin");
    fs::write(&plan, [0_u8, 13, 10, 46, 255].repeat(1000)).unwrap();
    let attached = format!("@{}", plan.display());
    let dated = "Date: Sun, 01 Mar 2026 08:00:00 +0100";
    let said = swaks
        .signed_in(
            587,
            "PLAIN",
            &[
                "--tls",
                "--pipeline",
                "--to",
                &both,
                "--header",
                dated,
                "--attach",
                &attached,
            ],
        )
        .fine();
    assert!(
        said.contains("550 5.1.1 There is no address nobody@"),
        "{said}"
    );
    for person in [&swaks.from, &swaks.to] {
        let told = imap(
            &facteur,
            person,
            "INBOX",
            "FETCH 1 (ENVELOPE BODYSTRUCTURE)",
        )
        .concat();
        assert!(
            told.contains("\"Sun, 01 Mar 2026 08:00:00 +0100\""),
            "{told}"
        );
        assert!(
            told.contains("(\"FILENAME\" \"plan.bin\")") || told.contains("plan.bin"),
            "{told}"
        );
        assert!(told.contains("\"BASE64\""), "{told}");
    }
    // From another server, pipelined, with lines that begin with dots and no header.
    let from = ["--from", "someone@example.org"];
    swaks
        .send(
            25,
            &[
                &from[..],
                &[
                    "--tls",
                    "--pipeline",
                    "--data",
                    "no header\\n\\n.\\n..two\\n",
                ],
            ]
            .concat(),
        )
        .fine();
    assert_eq!(shelf(&facteur, &swaks.to, "INBOX").len(), 1);
    let count = imap(&facteur, &swaks.to, "INBOX", "SEARCH ALL");
    assert_eq!(count, ["* SEARCH 1 2"]);
}
