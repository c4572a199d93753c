//! Mail that leaves: from one service to another and to hosts of every manner, with a real
//! name server. The scripts of `sending/` send, look, and play the hosts.

mod kills;
mod onward;
mod promised;

use std::process::{Command, Stdio};

use testbed::{Dns, Zone};

use crate::common::{BUSY_PEOPLE, Facteur, Given, free_base, scripts};

/// Two services, of `a.test` and `b.test`, that know where the other is.
struct World {
    dns: Dns,
    here: Facteur,
    there: Facteur,
}

impl World {
    fn start() -> World {
        World::start_with(&[])
    }

    /// With these settings of the other service.
    fn start_with(settings: &[(&'static str, &str)]) -> World {
        World::start_by(settings, |_| Vec::new())
    }

    /// The same, and with settings of the first that depend on the other, which runs already.
    fn start_by(
        settings: &[(&'static str, &str)],
        own: impl Fn(&Facteur) -> Vec<(&'static str, String)>,
    ) -> World {
        // `odd.test` is whatever host a script plays, at the other service's address and
        // another one of this machine's: all hosts of a world have one port.
        let dns = Dns::start(&[
            Zone::plain("a.test", "@ MX 10 mail\nmail A 127.0.0.1"),
            Zone::plain("b.test", "@ MX 10 mail\nmail A 127.0.0.1"),
            Zone::plain("localhost", "@ A 127.0.0.1"),
            Zone::plain("null.test", "@ MX 0 ."),
            Zone::plain("us.test", "@ MX 10 localhost."),
            Zone::plain("down.test", "@ MX 10 mail\nmail A 127.0.0.3"),
            Zone::plain("odd.test", "@ MX 10 mail\nmail A 127.0.0.2"),
            Zone::plain("private.test", "@ MX 10 mail\nmail A 10.255.255.1"),
        ]);
        let (one, other) = (free_base(), free_base());
        let given = |domain, port: u16| Given {
            domain,
            settings: vec![
                (
                    "FACTEUR_DNS__SERVERS",
                    format!("[{:?}]", dns.address().to_string()),
                ),
                (
                    "FACTEUR_DNS__TRUST_ANCHORS",
                    dns.trust_anchors().display().to_string(),
                ),
                ("FACTEUR_SENDING__PORT", port.to_string()),
                (
                    "FACTEUR_SENDING__PRIVATE_NETWORKS",
                    "[\"127.0.0.0/8\"]".to_owned(),
                ),
            ],
            ..Given::default()
        };
        let mut here = given("a.test", other.0 + 25);
        let busy = BUSY_PEOPLE.map(|(name, value)| (name, value.to_owned()));
        here.settings.extend(busy);
        let mut there = given("b.test", one.0 + 25);
        let further = settings
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        there.settings.extend(further);
        let there = Facteur::begin_at(other, Stdio::null(), there);
        here.settings.extend(own(&there));
        World {
            dns,
            here: Facteur::begin_at(one, Stdio::null(), here),
            there,
        }
    }

    fn run(&self, script: &str) {
        assert!(self.script(script).status().unwrap().success(), "{script}");
    }

    fn script(&self, script: &str) -> Command {
        let mut command = scripts(&format!("sending.{script}"));
        command.args([self.here.setting(), self.there.setting()]);
        command
    }

    /// Has the names of signed domains lead to the other service, with what its certificate
    /// is said to be: usage, selector, matching and data of a TLSA record.
    fn publish(&mut self, domains: &[(&str, &str)]) {
        let port = self.there.port(25);
        let mut zones = vec![Zone::bogus("bogus.test", "@ MX 10 mail\nmail A 127.0.0.1")];
        zones.extend(domains.iter().map(|(name, tlsa)| {
            let records = format!("@ MX 10 mail\nmail A 127.0.0.1\n_{port}._tcp.mail TLSA {tlsa}");
            Zone::signed(name, &records)
        }));
        self.dns.publish(&zones);
    }
}

#[test]
fn what_a_domain_sends_is_believed_and_what_is_forged_is_not() {
    let mut world = World::start_with(&[("FACTEUR_BELIEVING__TRUSTED_NETWORKS", "[]")]);
    let keys = world.script("keys").output().unwrap().stdout;
    let keys = String::from_utf8(keys).unwrap();
    let records =
        format!("@ MX 10 mail\nmail A 127.0.0.1\n_dmarc TXT \"v=DMARC1; p=reject\"\n{keys}");
    world.dns.publish(&[
        Zone::plain("a.test", &records),
        Zone::plain("b.test", "@ MX 10 mail\nmail A 127.0.0.1"),
    ]);
    world.run("believed");
}

#[test]
fn a_certificate_that_the_dns_names_is_demanded() {
    let mut world = World::start();
    let hash = world.script("certificate").output().unwrap().stdout;
    let hash = String::from_utf8(hash).unwrap();
    let (right, wrong) = (
        format!("3 0 1 {hash}"),
        format!("3 0 1 {}", "ab".repeat(32)),
    );
    let strange = format!("1 0 1 {}", "ab".repeat(32));
    let domains = [
        ("right.test", &*right),
        ("wrong.test", &*wrong),
        ("strange.test", &*strange),
    ];
    world.publish(&domains);
    world.run("demanded");
    world.publish(&[("wrong.test", &*right)]);
    // What was learned of it is kept for a time: the service learns it anew.
    world.here.kill_and_restart();
    world.run("mended");
}

#[test]
fn an_account_whose_mail_is_for_many_that_nobody_knows_elsewhere_is_stopped() {
    World::start().run("guessed");
}

#[test]
fn mail_goes_from_one_service_to_another_and_back() {
    World::start().run("exchange");
}

#[test]
fn what_arrives_elsewhere_bears_signatures_that_others_verify() {
    let said = World::start().script("signed").output().unwrap();
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    let said = String::from_utf8(said.stdout).unwrap();
    let (mut records, mut messages) = (Vec::new(), Vec::new());
    for line in said.lines() {
        match line.split_once(' ').unwrap() {
            ("record", record) => {
                let (name, text) = record.split_once(' ').unwrap();
                records.push((name.to_owned(), text.to_owned()));
            }
            (_, octets) => messages.push(octets_of(octets)),
        }
    }
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let verdicts = testbed::dkimpy::verify(&records, &messages);
    assert_eq!(verdicts.len(), 10);
    for (verdict, message) in verdicts.iter().zip(messages) {
        let shown = String::from_utf8_lossy(message.get(..3000).unwrap_or(message));
        assert_eq!(verdict, &["pass", "pass"], "{shown}");
    }
}

/// Octets from their hex.
fn octets_of(hex: &str) -> Vec<u8> {
    let two = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(two).collect()
}

#[test]
fn all_mail_goes_to_a_smarthost_where_there_is_one() {
    for (port, tls) in [(465, "at-once"), (587, "starttls")] {
        let world = World::start_by(&[], |there| {
            let [_, paul] = there.people();
            vec![
                ("FACTEUR_SENDING__SMARTHOST__HOST", "localhost".to_owned()),
                (
                    "FACTEUR_SENDING__SMARTHOST__PORT",
                    there.port(port).to_string(),
                ),
                ("FACTEUR_SENDING__SMARTHOST__TLS", tls.to_owned()),
                ("FACTEUR_SENDING__SMARTHOST__USER", paul.address),
                ("FACTEUR_SENDING__SMARTHOST__PASSWORD", paul.password),
                (
                    "FACTEUR_SENDING__AUTHORITIES",
                    there.authority().display().to_string(),
                ),
            ]
        });
        world.run("smarthost");
    }
}

#[test]
fn mail_for_a_domain_goes_to_the_host_that_is_set_for_it() {
    let world = World::start_by(&[], |there| {
        let [_, paul] = there.people();
        let (port, name, password) = (there.port(465), paul.address, paul.password);
        let route = format!(
            "{{ \"set.test\" = {{ host = \"localhost\", port = {port}, tls = \"at-once\", \
             user = {name:?}, password = {password:?} }} }}"
        );
        let authority = there.authority().display().to_string();
        vec![
            ("FACTEUR_SENDING__ROUTES", route),
            ("FACTEUR_SENDING__AUTHORITIES", authority),
        ]
    });
    world.run("routed");
}

#[test]
fn whoever_sent_it_is_told_what_was_not_delivered() {
    World::start().run("reports");
}

#[test]
fn whoever_asked_is_told_what_was_delivered() {
    World::start().run("wishes");
}

#[test]
fn what_its_sender_has_held_arrives_when_it_is_time() {
    World::start().run("held");
}

#[test]
fn what_is_to_be_delivered_by_a_time_is_or_its_sender_is_told() {
    World::start().run("intime");
}

#[test]
fn hosts_of_every_manner_are_got_along_with() {
    World::start().run("hosts");
}

#[test]
fn what_is_queued_is_sent_after_a_crash_and_by_an_operators_word() {
    let mut world = World::start();
    world.there.kill();
    world.run("left");
    world.here.kill();
    world.there.restart();
    world.here.restart();
    world.run("found");
    // Without a name server nothing is lost.
    world.dns.stop();
    world.run("nameless");
}
