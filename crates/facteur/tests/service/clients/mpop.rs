//! mpop: POP3 to a folder or a file, and never the same message twice.

use std::fs;
use std::path::{Path, PathBuf};

use super::tools::{Said, add, allow_old_devices, file, program, run, secret_file, shelf};
use crate::common::{Facteur, Person};

struct Mpop<'a> {
    facteur: &'a Facteur,
    person: Person,
    folder: PathBuf,
}

impl<'a> Mpop<'a> {
    fn new(facteur: &'a Facteur, person: Person) -> Mpop<'a> {
        let folder = facteur.folder.path().join(&person.address);
        for name in ["mail/cur", "mail/new", "mail/tmp"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        Mpop {
            facteur,
            person,
            folder,
        }
    }

    /// Fetches through the port, and remembers what was fetched in a file of this name.
    fn fetch(&self, port: u16, seen: &str, more: &str) -> Said {
        let tls = match port {
            995 => "tls on\ntls_starttls off",
            _ => "tls on\ntls_starttls on",
        };
        let settings = format!(
            "defaults\ntls_trust_file {}\nhost localhost\naccount default\nport {}\n{tls}\n\
             user {}\npassword {}\nuidls_file {}\n{more}\n",
            self.facteur.authority().display(),
            self.facteur.port(port),
            self.person.address,
            self.person.password,
            self.folder.join(seen).display(),
        );
        let file = self.folder.join("mpoprc");
        secret_file(&file, &settings);
        run(program("mpop").arg("--file").arg(file))
    }

    fn maildir(&self) -> String {
        format!("delivery maildir {}", self.folder.join("mail").display())
    }

    fn fill(&self, subject: &str) {
        let letter = format!("From: ann@example.org\nSubject: {subject}\n\nhi\n.dot\n");
        file(self.facteur, &self.person, "INBOX", &letter);
    }
}

/// The subjects of what was delivered.
fn subjects(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let text =
        |file: std::io::Result<fs::DirEntry>| fs::read_to_string(file.unwrap().path()).unwrap();
    let mut subjects: Vec<_> = files
        .flat_map(|file| lines(&text(file), "Subject: "))
        .collect();
    subjects.sort();
    subjects
}

fn lines(text: &str, start: &str) -> Vec<String> {
    let found = text.lines().filter_map(|line| line.strip_prefix(start));
    found.map(str::to_owned).collect()
}

#[test]
fn it_keeps_or_deletes_and_fetches_nothing_twice() {
    let facteur = Facteur::start();
    let [jeanne, _] = facteur.people();
    let mpop = Mpop::new(&facteur, jeanne);
    for subject in ["one", "two"] {
        mpop.fill(subject);
    }
    let keep = format!("keep on\n{}", mpop.maildir());
    let new = mpop.folder.join("mail/new");
    for _ in 0..2 {
        mpop.fetch(995, "seen", &keep).fine();
        assert_eq!(subjects(&new), ["one", "two"]);
    }
    mpop.fill("three");
    let said = mpop.fetch(110, "seen", &keep).fine();
    assert!(said.contains("new: 1 message"), "{said}");
    assert_eq!(subjects(&new), ["one", "three", "two"]);
    assert_eq!(
        shelf(&facteur, &mpop.person, "INBOX"),
        ["one S", "two S", "three S"]
    );
    // Into one file, and away with it.
    let mbox = mpop.folder.join("mbox");
    let delete = format!("keep off\ndelivery mbox {}", mbox.display());
    for _ in 0..2 {
        mpop.fetch(110, "seen elsewhere", &delete).fine();
    }
    let text = fs::read_to_string(&mbox).unwrap();
    assert_eq!(lines(&text, "Subject: "), ["one", "two", "three"]);
    assert_eq!(lines(&text, ".").len(), 3, "{text}");
    assert!(shelf(&facteur, &mpop.person, "INBOX").is_empty());
}

#[test]
fn it_signs_in_by_each_mechanism_where_it_may() {
    let facteur = Facteur::start();
    let mpop = Mpop::new(&facteur, add(&facteur, "reader"));
    mpop.fill("one");
    let said = mpop.fetch(995, "seen", &format!("{}\npassword wrong", mpop.maildir()));
    let said = said.refused();
    assert!(said.contains("authentication failed"), "{said}");
    let clear = |mechanism: &str| {
        let more = format!("{}\nkeep on\ntls off\nauth {mechanism}", mpop.maildir());
        mpop.fetch(110, mechanism, &more)
    };
    for mechanism in ["user", "plain"] {
        let said = clear(mechanism).refused();
        assert!(said.contains("authentication failed"), "{said}");
    }
    allow_old_devices(&facteur, &mpop.person);
    for mechanism in ["user", "plain"] {
        clear(mechanism).fine();
    }
    for mechanism in ["user", "plain"] {
        let seen = format!("tls {mechanism}");
        mpop.fetch(
            995,
            &seen,
            &format!("{}\nkeep on\nauth {mechanism}", mpop.maildir()),
        )
        .fine();
    }
    assert_eq!(subjects(&mpop.folder.join("mail/new")), ["one"; 4]);
}
