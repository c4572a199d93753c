//! fetchmail, by POP3 and IMAP, keeping what it fetched or not.

use std::fs;
use std::process::{Command, Stdio};

use super::tools::{Said, add, allow_old_devices, deliver, file, program, run, secret_file, shelf};
use crate::common::{Facteur, Person};

struct Fetchmail<'a> {
    facteur: &'a Facteur,
    person: Person,
}

impl Fetchmail<'_> {
    /// One poll: where to, and the options of the user.
    fn poll(&self, port: u16, protocol: &str, options: &str) -> Said {
        run(&mut self.command(port, protocol, options))
    }

    fn command(&self, port: u16, protocol: &str, options: &str) -> Command {
        let home = self.facteur.folder.path();
        let settings = format!(
            "poll localhost service {} protocol {protocol}\n  user \"{}\" password \"{}\"\n  \
             {options} mda \"cat >> '{}'\"\n",
            self.facteur.port(port),
            self.person.address,
            self.person.password,
            home.join("fetched").display(),
        );
        let file = home.join("fetchmailrc");
        secret_file(&file, &settings);
        let mut fetchmail = program("fetchmail");
        fetchmail.env("FETCHMAILHOME", home).env("HOME", home);
        // Its lock is one for the whole machine otherwise.
        fetchmail.arg("--pidfile").arg(home.join("fetchmail.pid"));
        fetchmail.arg("--fetchmailrc").arg(file).arg("--nodetach");
        fetchmail
    }

    /// Encrypted from the first byte, certificate checked.
    fn encrypted(&self) -> String {
        format!("ssl {}", self.upgraded())
    }

    /// Encrypted by STARTTLS or STLS, which is insisted on.
    fn upgraded(&self) -> String {
        let authority = self.facteur.authority();
        format!(
            "sslproto \"TLS1.2+\" sslcertck sslcertfile \"{}\"",
            authority.display()
        )
    }

    fn fill(&self, mailbox: &str, subject: &str) {
        let letter = format!("From: ann@example.org\nSubject: {subject}\n\nhi\n.dot\n");
        file(self.facteur, &self.person, mailbox, &letter);
    }

    /// The subjects of what was handed on since the last look.
    fn fetched(&self) -> Vec<String> {
        let path = self.facteur.folder.path().join("fetched");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        let subject = |line: &str| line.strip_prefix("Subject: ").map(str::to_owned);
        let subjects: Vec<_> = text.lines().filter_map(subject).collect();
        // Each came whole, its dot as it was.
        assert_eq!(text.matches("\n.dot\n").count(), subjects.len(), "{text}");
        subjects
    }
}

/// With what fetchmail ends where nothing was new.
const NO_MAIL: Option<i32> = Some(1);

#[test]
fn it_fetches_by_pop3() {
    let facteur = Facteur::start();
    let [_, person] = facteur.people();
    let fetchmail = Fetchmail {
        facteur: &facteur,
        person,
    };
    fetchmail.fill("INBOX", "one");
    fetchmail.fill("INBOX", "two");
    let keep = format!("{} keep", fetchmail.encrypted());
    fetchmail.poll(995, "pop3 uidl", &keep).fine();
    assert_eq!(fetchmail.fetched(), ["one", "two"]);
    assert_eq!(fetchmail.poll(995, "pop3 uidl", &keep).code, NO_MAIL);
    fetchmail.fill("INBOX", "three");
    let keep = format!("{} keep", fetchmail.upgraded());
    fetchmail.poll(110, "pop3 uidl", &keep).fine();
    assert_eq!(fetchmail.fetched(), ["three"]);
    assert_eq!(shelf(&facteur, &fetchmail.person, "INBOX").len(), 3);
    // All of them again, and away.
    let away = format!("{} nokeep fetchall", fetchmail.upgraded());
    fetchmail.poll(110, "pop3", &away).fine();
    assert_eq!(fetchmail.fetched(), ["one", "two", "three"]);
    assert!(shelf(&facteur, &fetchmail.person, "INBOX").is_empty());
}

#[test]
fn it_fetches_by_imap() {
    let facteur = Facteur::start();
    let [_, person] = facteur.people();
    let fetchmail = Fetchmail {
        facteur: &facteur,
        person,
    };
    fetchmail.fill("INBOX", "one");
    fetchmail.fill("Junk", "two");
    let both = "folder \"INBOX\" \"Junk\"";
    let keep = format!("{} {both} keep fetchall", fetchmail.encrypted());
    fetchmail.poll(993, "imap", &keep).fine();
    assert_eq!(fetchmail.fetched(), ["one", "two"]);
    // What was seen is not new.
    let keep = format!("{} {both} keep", fetchmail.upgraded());
    assert_eq!(fetchmail.poll(143, "imap", &keep).code, NO_MAIL);
    assert!(fetchmail.fetched().is_empty());
    let away = format!("{} {both} nokeep fetchall", fetchmail.upgraded());
    fetchmail.poll(143, "imap", &away).fine();
    assert_eq!(fetchmail.fetched(), ["one", "two"]);
    for mailbox in ["INBOX", "Junk"] {
        assert!(shelf(&facteur, &fetchmail.person, mailbox).is_empty());
    }
}

#[test]
fn it_waits_for_what_arrives() {
    let facteur = Facteur::start();
    let [_, person] = facteur.people();
    let fetchmail = Fetchmail {
        facteur: &facteur,
        person,
    };
    // Whoever reads from it waits for the next message.
    let fetched = facteur.folder.path().join("fetched");
    run(Command::new("mkfifo").arg(&fetched)).fine();
    let options = format!("{} idle keep", fetchmail.encrypted());
    let mut waiting = fetchmail
        .command(993, "imap", &options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for subject in ["one", "two", "three"] {
        deliver(&facteur, &fetchmail.person, subject);
        let text = run(program("cat").arg(&fetched)).fine();
        assert!(text.contains(&format!("Subject: {subject}\n")), "{text}");
    }
    let pid = waiting.id().to_string();
    run(Command::new("sh").args(["-c", "kill -TERM \"$1\"", "sh", &pid])).fine();
    waiting.wait().unwrap();
}

#[test]
fn it_comes_in_unencrypted_where_the_account_allows_it() {
    let facteur = Facteur::start();
    let fetchmail = Fetchmail {
        facteur: &facteur,
        person: add(&facteur, "old"),
    };
    fetchmail.fill("INBOX", "one");
    let clear = "sslproto \"\" keep fetchall";
    for (port, protocol) in [(110, "pop3"), (143, "imap")] {
        let said = fetchmail.poll(port, protocol, clear).refused();
        assert!(said.contains("Authorization failure"), "{said}");
    }
    allow_old_devices(&facteur, &fetchmail.person);
    for (port, protocol) in [(110, "pop3"), (143, "imap")] {
        fetchmail.poll(port, protocol, clear).fine();
        assert_eq!(fetchmail.fetched(), ["one"]);
    }
}
