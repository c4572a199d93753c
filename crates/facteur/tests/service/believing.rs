//! Mail from other servers, judged: over a real name server, with signatures that another
//! program has made.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use testbed::{Dns, SilentDns, Zone};

use crate::common::{Facteur, Person};
use crate::served::Served;

/// What is kept of a message waits in memory up to this; more streams to its place.
const HELD_OCTETS: usize = 256 * 1024;

/// What the python of Debian does with dkimpy.
pub(crate) fn dkimpy(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/sign.py");
    let mut python = Command::new("/usr/bin/python3")
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(input).unwrap();
    let done = python.wait_with_output().unwrap();
    assert!(done.status.success());
    done.stdout
}

/// The message, signed by `pass.test`.
fn signed(message: &str) -> String {
    String::from_utf8(dkimpy(&["sign"], message.as_bytes())).unwrap()
}

fn dns() -> Dns {
    let key = String::from_utf8(dkimpy(&["key"], b"")).unwrap();
    let pass = format!(
        "@ TXT \"v=spf1 ip4:127.0.0.1 -all\"
         _dmarc TXT \"v=DMARC1; p=reject\"
         s1._domainkey TXT \"v=DKIM1; k=ed25519; p={}\"
         mail A 127.0.0.1",
        key.trim()
    );
    Dns::start(&[
        Zone::signed("pass.test", &pass),
        Zone::plain(
            "junk.test",
            "@ TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=quarantine\"",
        ),
        Zone::plain("fail.test", "@ TXT \"v=spf1 -all\""),
        Zone::bogus("bogus.test", "@ TXT \"v=spf1 +all\""),
        Zone::plain("0.0.127.in-addr.arpa", "1 PTR mail.pass.test."),
    ])
}

/// A service that trusts nobody and asks this server.
pub(crate) fn serve(facteur: &Facteur, dns: SocketAddr, more: &[(&str, &str)]) -> Served {
    let mut command = facteur.facteur(&["serve"]);
    command
        .env("FACTEUR_DNS__SERVERS", dns.to_string())
        .env("FACTEUR_BELIEVING__TRUSTED_NETWORKS", "192.0.2.0/24")
        .env("FACTEUR_BELIEVING__SLOW_DOWN_SECONDS", "0")
        .envs(more.iter().copied());
    Served::start(command)
}

/// Brings a message as another server would; the last reply.
pub(crate) fn bring(facteur: &Facteur, from: &str, to: &[&Person], message: &str) -> String {
    let mut lines = vec![
        "EHLO mail.pass.test".to_owned(),
        format!("MAIL FROM:<{from}>"),
    ];
    lines.extend(
        to.iter()
            .map(|person| format!("RCPT TO:<{}>", person.address)),
    );
    let mut replies = say(facteur, &lines, Some(message));
    let last = replies.pop().unwrap();
    for (reply, line) in replies.iter().zip(&lines) {
        assert!(reply.starts_with("250"), "{line}: {reply}");
    }
    last
}

/// Says these lines to port 25, and then this message; each reply, but for that to DATA.
pub(crate) fn say(facteur: &Facteur, lines: &[String], message: Option<&str>) -> Vec<String> {
    let stream = TcpStream::connect(("127.0.0.1", facteur.port(25))).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    let mut say = |text: &str| {
        writer.write_all(text.as_bytes()).unwrap();
        let mut reply = String::new();
        loop {
            let begin = reply.len();
            assert_ne!(replies.read_line(&mut reply).unwrap(), 0, "{text}");
            if reply.get(begin + 3..=begin + 3) != Some("-") {
                return reply;
            }
        }
    };
    say("");
    let mut all: Vec<String> = lines
        .iter()
        .map(|line| say(&format!("{line}\r\n")))
        .collect();
    if let Some(message) = message {
        let begin = say("DATA\r\n");
        assert!(begin.starts_with("354"), "{begin} after {all:?}");
        let message = message.replace("\r\n.", "\r\n..");
        all.push(say(&format!("{message}\r\n.\r\n")));
    }
    all
}

/// The first message of a mailbox that has this text, once it is there.
pub(crate) fn find(facteur: &Facteur, person: &Person, mailbox: &str, text: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        for index in 1..20 {
            match read(facteur, person, mailbox, index) {
                Some(message) if message.contains(text) => return message,
                Some(_) => {}
                None => break,
            }
        }
        assert!(Instant::now() < deadline, "no {text:?} in {mailbox}");
    }
}

fn read(facteur: &Facteur, person: &Person, mailbox: &str, index: usize) -> Option<String> {
    let (port, user) = (
        facteur.port(993),
        format!("{}:{}", person.address, person.password),
    );
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--user", &user, "--cacert"]);
    curl.arg(facteur.authority());
    curl.arg(format!(
        "imaps://localhost:{port}/{mailbox};MAILINDEX={index}"
    ));
    let done = curl.output().unwrap();
    let message = String::from_utf8(done.stdout).unwrap();
    (done.status.success() && !message.is_empty()).then_some(message)
}

/// The field of verdicts, which must stand below `Return-Path` and above `Received`.
pub(crate) fn results(message: &str) -> &str {
    let (above, rest) = message
        .split_once("\r\nAuthentication-Results: localhost;")
        .unwrap();
    assert!(
        above.starts_with("Return-Path: <") && !above.contains("\r\n"),
        "{message}"
    );
    rest.split_once("\r\nReceived: from ").unwrap().0
}

pub(crate) fn letter(from: &str, subject: &str, body: &str) -> String {
    format!("From: Lea <{from}>\r\nTo: all\r\nSubject: {subject}\r\n\r\n{body}")
}

#[test]
fn what_is_found_out_stands_on_top_and_decides() {
    let dns = dns();
    let facteur = Facteur::prepared();
    let anchors = dns.trust_anchors();
    let anchors = ("FACTEUR_DNS__TRUST_ANCHORS", anchors.to_str().unwrap());
    let mut served = serve(&facteur, dns.address(), &[anchors]);
    let [jeanne, paul] = facteur.people();
    let bring = |from: &str, to: &[&Person], message: &str| bring(&facteur, from, to, message);

    // It passes, and who claims to have been us is renamed.
    let claim = "Authentication-Results: localhost; dkim=pass header.d=bank.test\r\n";
    let message = claim.to_owned() + &signed(&letter("lea@pass.test", "it passes", "hello\r\n"));
    let reply = bring("lea@pass.test", &[&jeanne], &message);
    assert!(reply.starts_with("250"), "{reply}");
    let kept = find(&facteur, &jeanne, "INBOX", "it passes");
    let found = results(&kept);
    for part in [
        "dkim=pass header.d=pass.test header.s=s1 header.a=ed25519-sha256",
        "spf=pass smtp.mailfrom=lea@pass.test",
        "dmarc=pass (p=reject dis=none) header.from=pass.test",
        "iprev=pass policy.iprev=127.0.0.1",
    ] {
        assert!(found.contains(part), "{part} in {found}");
    }
    let renamed = format!("\r\nX-Forged-{claim}");
    assert!(
        kept.contains(&renamed) && kept.matches(claim).count() == 1,
        "{kept}"
    );
    let told = served.wait_for("judged: ");
    assert!(
        told.contains("spf=pass (pass.test) dkim=pass (pass.test) dmarc=pass"),
        "{told}"
    );

    // A forger is told why.
    let reply = bring(
        "eve@fail.test",
        &[&jeanne],
        &letter("lea@pass.test", "forged", "x\r\n"),
    );
    assert!(reply.starts_with("550 5.7.1 "), "{reply}");
    for part in ["pass.test", "DMARC", "SPF fail", "DKIM none"] {
        assert!(reply.contains(part), "{reply}");
    }

    // Suspicious mail goes where it is looked for, also by way of the queue.
    let suspicious = letter("eve@junk.test", "suspicious", "x\r\n");
    assert!(bring("eve@junk.test", &[&jeanne], &suspicious).starts_with("250"));
    let kept = find(&facteur, &jeanne, "Junk", "suspicious");
    assert!(
        results(&kept).contains("dmarc=fail (p=quarantine dis=quarantine)"),
        "{kept}"
    );
    let both = letter("eve@junk.test", "for both", "x\r\n");
    assert!(bring("eve@junk.test", &[&jeanne, &paul], &both).starts_with("250"));
    for person in [&jeanne, &paul] {
        find(&facteur, person, "Junk", "for both");
    }

    // What SPF alone says, refuses nothing; nor does what can't be believed.
    for (domain, part) in [("fail.test", "spf=fail"), ("bogus.test", "spf=temperror")] {
        let from = format!("eve@{domain}");
        let reply = bring(&from, &[&paul], &letter(&from, domain, "x\r\n"));
        assert!(reply.starts_with("250"), "{reply}");
        let kept = find(&facteur, &paul, "INBOX", domain);
        assert!(results(&kept).contains(part), "{kept}");
    }
    // Nothing of the forger's is anywhere.
    for mailbox in ["INBOX", "Junk"] {
        let messages = (1..20).map_while(|index| read(&facteur, &jeanne, mailbox, index));
        assert!(
            messages
                .into_iter()
                .all(|message| !message.contains("Subject: forged"))
        );
    }
    // What a stranger's name server gets wrong is no news here.
    let (_, log) = served.stop();
    assert!(!log.contains("RRSIG") && !log.contains("NSEC"), "{log}");
}

#[test]
fn a_large_message_streams_and_is_judged_all_the_same() {
    let dns = dns();
    let facteur = Facteur::prepared();
    let mut served = serve(&facteur, dns.address(), &[("FACTEUR_DNS__DNSSEC", "false")]);
    let [jeanne, _] = facteur.people();
    let body = "0123456789abcdef\r\n".repeat(HELD_OCTETS / 4);
    let good = signed(&letter("lea@pass.test", "large", &body));
    let altered = good.replacen("0123456789", "1123456789", 2);
    for (message, part) in [(&good, "dkim=pass"), (&altered, "dkim=fail (body altered)")] {
        let reply = bring(&facteur, "lea@pass.test", &[&jeanne], message);
        assert!(reply.starts_with("250"), "{reply}");
        let kept = find(&facteur, &jeanne, "INBOX", part);
        assert!(results(&kept).contains("dmarc=pass"));
        // All of it is there, once.
        let below = kept.find("DKIM-Signature: ").unwrap();
        assert_eq!(kept[below..].trim_end(), message.trim_end());
    }
    // The signature alone would have to speak for this one, and does not.
    let reply = bring(&facteur, "eve@fail.test", &[&jeanne], &altered);
    assert!(
        reply.starts_with("550 5.7.1 ") && reply.contains("DKIM fail"),
        "{reply}"
    );
    let reply = bring(&facteur, "eve@fail.test", &[&jeanne], &good);
    assert!(reply.starts_with("250"), "{reply}");

    // A header without end is not waited for.
    let endless = format!("X: {}\r\n", "y".repeat(900)).repeat(200) + "\r\nbody\r\n";
    let reply = bring(&facteur, "lea@pass.test", &[&jeanne], &endless);
    assert!(
        reply.starts_with("552 5.3.4 ") && reply.contains("header"),
        "{reply}"
    );
    served.stop();
}

#[test]
fn a_name_server_that_stalls_keeps_nobody_waiting() {
    let silent = SilentDns::start();
    let facteur = Facteur::prepared();
    let patience = ("FACTEUR_BELIEVING__PATIENCE_SECONDS", "1");
    let mut served = serve(&facteur, silent.address(), &[patience]);
    let [jeanne, _] = facteur.people();
    let began = Instant::now();
    let message = signed(&letter("lea@pass.test", "not known", "x\r\n"));
    let reply = bring(&facteur, "lea@pass.test", &[&jeanne], &message);
    assert!(reply.starts_with("250"), "{reply}");
    // Less than one lookup would take: much, as the machine may be busy.
    assert!(began.elapsed() < Duration::from_secs(5));
    let kept = find(&facteur, &jeanne, "INBOX", "not known");
    for part in [
        "dkim=temperror (key not available) header.d=pass.test",
        "spf=temperror smtp.mailfrom=lea@pass.test",
        "dmarc=temperror header.from=pass.test",
        "iprev=temperror policy.iprev=127.0.0.1",
    ] {
        assert!(results(&kept).contains(part), "{part} in {kept}");
    }
    served.stop();
}

#[test]
fn whom_we_trust_is_not_judged() {
    let silent = SilentDns::start();
    let facteur = Facteur::prepared();
    let mut command = facteur.facteur(&["serve"]);
    command.env("FACTEUR_DNS__SERVERS", silent.address().to_string());
    let mut served = Served::start(command);
    let [jeanne, _] = facteur.people();
    let message = letter("lea@pass.test", "trusted", "x\r\n");
    let reply = bring(&facteur, "eve@fail.test", &[&jeanne], &message);
    assert!(reply.starts_with("250"), "{reply}");
    let kept = find(&facteur, &jeanne, "INBOX", "trusted");
    assert!(!kept.contains("Authentication-Results"), "{kept}");
    assert_eq!(silent.asked(), 0);
    served.stop();
}
