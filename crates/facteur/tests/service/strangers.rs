//! Whoever is not known here: how fast their mail is taken, who is on a list, and whose word
//! counts.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use testbed::{Dns, Zone};

use crate::believing::{self, bring, dkimpy, find, letter, results, say};
use crate::common::{Facteur, Person};
use crate::served::Served;

fn empty() -> Dns {
    Dns::start(&[Zone::plain(
        "pass.test",
        "@ TXT \"v=spf1 ip4:127.0.0.1 -all\"",
    )])
}

/// A service that trusts nobody and asks this server, whose answers nobody signs.
fn serve(facteur: &Facteur, dns: SocketAddr, more: &[(&str, &str)]) -> Served {
    let more = [more, &[("FACTEUR_DNS__DNSSEC", "false")]].concat();
    believing::serve(facteur, dns, &more)
}

fn lines(from: &str, to: &[&str]) -> Vec<String> {
    let mut lines = vec!["EHLO x.test".to_owned(), format!("MAIL FROM:<{from}>")];
    lines.extend(to.iter().map(|to| format!("RCPT TO:<{to}>")));
    lines
}

fn begin_with(replies: &[String], codes: &[&str]) {
    assert_eq!(replies.len(), codes.len(), "{replies:?}");
    for (reply, code) in replies.iter().zip(codes) {
        assert!(reply.starts_with(code), "{code} in {replies:?}");
    }
}

#[test]
fn whoever_brings_too_much_is_asked_to_come_later() {
    let dns = empty();
    let facteur = Facteur::prepared();
    let set = |name: &'static str, value: &'static str| (name, value);
    let mut served = serve(
        &facteur,
        dns.address(),
        &[
            set("FACTEUR_BELIEVING__NETWORK_PER_HOUR", "12"),
            set("FACTEUR_BELIEVING__SENDER_PER_HOUR", "3"),
            set("FACTEUR_BELIEVING__RECIPIENT_PER_HOUR", "4"),
        ],
    );
    let [jeanne, paul] = facteur.people();
    let (jeanne, paul) = (jeanne.address.as_str(), paul.address.as_str());
    // One recipient.
    let replies = say(&facteur, &lines("a@pass.test", &[jeanne; 5]), None);
    begin_with(
        &replies,
        &["250", "250", "250", "250", "250", "250", "451 4.7.28 "],
    );
    assert!(replies[6].contains("to this recipient"), "{replies:?}");
    // One sender, whatever becomes of the message.
    for _ in 0..2 {
        begin_with(
            &say(&facteur, &lines("A@pass.test", &[]), None),
            &["250", "250"],
        );
    }
    let replies = say(&facteur, &lines("a@pass.test", &[]), None);
    begin_with(&replies, &["250", "451 4.7.28 "]);
    assert!(replies[1].contains("of this sender"), "{replies:?}");
    // One network, also for those who are not here; and for reports of failures.
    let mut to = vec![paul; 4];
    to.extend(["x@facteur.test"; 4]);
    let replies = say(&facteur, &lines("", &to), None);
    assert!(
        replies[2..6].iter().all(|reply| reply.starts_with("250")),
        "{replies:?}"
    );
    let last = replies.last().unwrap();
    assert!(
        last.starts_with("451 4.7.28 ") && last.contains("from this network"),
        "{replies:?}"
    );
    let replies = say(&facteur, &lines("b@pass.test", &[]), None);
    begin_with(&replies, &["250", "451 4.7.28 "]);
    served.stop();
}

#[test]
fn a_network_that_was_never_seen_waits_and_one_that_is_trusted_does_not() {
    let dns = empty();
    let facteur = Facteur::prepared();
    let slow = ("FACTEUR_BELIEVING__SLOW_DOWN_SECONDS", "20");
    let mut served = serve(&facteur, dns.address(), &[slow]);
    let began = Instant::now();
    begin_with(
        &say(&facteur, &lines("a@pass.test", &[]), None),
        &["250", "250"],
    );
    // A fifth of it at least.
    assert!(began.elapsed() >= Duration::from_secs(4));
    served.stop();

    let mut command = facteur.facteur(&["serve"]);
    command
        .env("FACTEUR_DNS__SERVERS", dns.address().to_string())
        .envs([slow, ("FACTEUR_BELIEVING__SENDER_PER_HOUR", "1")]);
    let mut served = Served::start(command);
    let began = Instant::now();
    for _ in 0..10 {
        begin_with(
            &say(&facteur, &lines("a@pass.test", &[]), None),
            &["250", "250"],
        );
    }
    assert!(began.elapsed() < Duration::from_secs(4));
    served.stop();
}

#[test]
fn who_is_on_a_list_is_told_so_and_reaches_the_postmaster() {
    let dns = Dns::start(&[
        Zone::plain("pass.test", "@ TXT \"v=spf1 ip4:127.0.0.1 -all\""),
        Zone::plain(
            "bl.test",
            "1.0.0.127 A 127.0.0.2\n1.0.0.127 TXT \"See https://bl.test/\\193\\007\"",
        ),
        Zone::plain("error.test", "1.0.0.127 A 127.255.255.254"),
        Zone::plain("other.test", "2.0.0.127 A 127.0.0.2"),
    ]);
    let facteur = Facteur::prepared();
    let [jeanne, _] = facteur.people();
    let run = |lists: &str, check: &dyn Fn(&mut Served)| {
        let lists = ("FACTEUR_BELIEVING__BLOCK_LISTS", lists);
        let mut served = serve(&facteur, dns.address(), &[lists]);
        check(&mut served);
        served.stop();
    };
    run(
        "error.test refuse, gone.invalid refuse, other.test refuse",
        &|served| {
            let reply = bring(
                &facteur,
                "a@pass.test",
                &[&jeanne],
                &letter("a@pass.test", "taken", "x\r\n"),
            );
            assert!(reply.starts_with("250"), "{reply}");
            let told = served.wait_for("a block list gives an answer");
            assert!(
                told.contains("error.test") && told.contains("127.255.255.254"),
                "{told}"
            );
        },
    );
    run("bl.test junk, other.test refuse", &|served| {
        let reply = bring(
            &facteur,
            "a@pass.test",
            &[&jeanne],
            &letter("a@pass.test", "to junk", "x\r\n"),
        );
        assert!(reply.starts_with("250"), "{reply}");
        find(&facteur, &jeanne, "Junk", "to junk");
        served.wait_for("listed=bl.test");
    });
    run("bl.test refuse", &|_| {
        let to = [jeanne.address.as_str(), "postmaster"];
        let replies = say(&facteur, &lines("a@pass.test", &to), None);
        begin_with(&replies, &["250", "250", "550 5.7.1 ", "250"]);
        for part in ["127.0.0.1", "bl.test", "See https://bl.test/"] {
            assert!(replies[2].contains(part), "{replies:?}");
        }
        assert!(
            replies[2]
                .trim_end()
                .chars()
                .all(|c| (' '..='~').contains(&c)),
            "{replies:?}"
        );
    });
}

/// A key of RSA in a file, and what is published of it.
fn rsa(folder: &std::path::Path) -> (String, String) {
    let file = folder.join("rsa.pem");
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        String::from_utf8(done.stdout).unwrap()
    };
    let path = file.to_str().unwrap();
    openssl(&["genrsa", "-out", path, "1024"]);
    let public = openssl(&["rsa", "-in", path, "-pubout"]);
    let public = public.lines().filter(|line| !line.starts_with("---"));
    (path.to_owned(), public.collect())
}

#[test]
fn a_list_that_is_trusted_vouches_for_what_it_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (key, public) = rsa(folder.path());
    let list = format!("@ TXT \"v=spf1 -all\"\ns1._domainkey TXT \"v=DKIM1; p={public}\"");
    let dns = Dns::start(&[
        Zone::plain(
            "author.test",
            "@ TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"",
        ),
        Zone::plain("list.test", &list),
    ]);
    let facteur = Facteur::prepared();
    let [jeanne, _] = facteur.people();
    let seal = |subject: &str, results: &str| {
        let message = letter("lea@author.test", subject, "x\r\n");
        let sealed = dkimpy(&["seal", "list.test", results, &key], message.as_bytes());
        String::from_utf8(sealed).unwrap()
    };
    let passed = "dmarc=pass (p=reject) header.from=author.test";
    let good = seal("vouched for", passed);
    let bring =
        |person: &Person, message: &str| bring(&facteur, "bounces@list.test", &[person], message);

    let mut served = serve(&facteur, dns.address(), &[]);
    let reply = bring(&jeanne, &good);
    assert!(
        reply.starts_with("550 5.7.1 "),
        "nobody is trusted by default: {reply}"
    );
    served.stop();

    let trusting = [("FACTEUR_BELIEVING__TRUSTED_SEALERS", "list.test")];
    let mut served = serve(&facteur, dns.address(), &trusting);
    let reply = bring(&jeanne, &good);
    assert!(reply.starts_with("250"), "{reply}");
    let kept = find(&facteur, &jeanne, "INBOX", "vouched for");
    for part in [
        "dmarc=fail (p=reject dis=none vouched=list.test) header.from=author.test",
        "arc=pass (i=1 d=list.test) smtp.remote-ip=127.0.0.1",
    ] {
        assert!(results(&kept).contains(part), "{part} in {kept}");
    }
    served.wait_for("vouched=list.test");
    for forged in [
        good.replace("\r\nx\r\n", "\r\ny\r\n"),
        seal("not said", "dmarc=fail header.from=author.test"),
        seal("of another", "dmarc=pass header.from=other.test"),
    ] {
        let reply = bring(&jeanne, &forged);
        assert!(reply.starts_with("550 5.7.1 "), "{reply}");
    }
    served.stop();
}
