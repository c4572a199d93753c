//! mbsync: a folder of Maildirs and a mailbox, each made like the other again and again.

use std::fs;
use std::path::{Path, PathBuf};

use super::tools::{file, imap, program, run, secret_file, shelf};
use crate::common::{Facteur, Person};

struct Mbsync<'a> {
    facteur: &'a Facteur,
    person: Person,
    /// Where the Maildirs are.
    mail: PathBuf,
    /// How to come in.
    tunnel: String,
}

impl<'a> Mbsync<'a> {
    fn new(facteur: &'a Facteur, port: u16, tls: &str, mechanism: &str) -> Mbsync<'a> {
        let [person, _] = facteur.people();
        let mail = facteur.folder.path().join("mail");
        fs::create_dir_all(&mail).unwrap();
        Mbsync {
            facteur,
            person,
            mail,
            tunnel: format!(
                "Port {}\nSSLType {tls}\nAuthMechs {mechanism}\n",
                facteur.port(port)
            ),
        }
    }

    fn sync(&self) {
        let settings = format!(
            "IMAPAccount there\nHost localhost\nUser {}\nPass \"{}\"\nSystemCertificates no\n\
             CertificateFile {}\n{}\nIMAPStore there\nAccount there\n\n\
             MaildirStore here\nPath {mail}/\nInbox {mail}/INBOX\nSubFolders Verbatim\n\n\
             Channel mail\nFar :there:\nNear :here:\nPatterns *\nCreate Both\nRemove Both\n\
             Expunge Both\nCopyArrivalDate yes\nSyncState *\n",
            self.person.address,
            self.person.password,
            self.facteur.authority().display(),
            self.tunnel,
            mail = self.mail.display(),
        );
        let file = self.facteur.folder.path().join("mbsyncrc");
        secret_file(&file, &settings);
        run(program("mbsync").arg("--config").arg(file).arg("--all")).fine();
    }

    fn fill(&self, mailbox: &str, subject: &str) {
        let letter = format!("From: ann@example.org\nSubject: {subject}\n\n.hi\n");
        file(self.facteur, &self.person, mailbox, &letter);
    }

    /// Puts a message into a Maildir, as another program would.
    fn write(&self, mailbox: &str, subject: &str) {
        let folder = self.mail.join(mailbox);
        for name in ["cur", "new", "tmp"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let text = format!("From: me@example.org\nSubject: {subject}\n\nx\n");
        fs::write(folder.join("new").join(format!("1.{subject}.host")), text).unwrap();
    }

    /// The file of a message here.
    fn here(&self, mailbox: &str, subject: &str) -> PathBuf {
        let line = format!("Subject: {subject}\n");
        let holds = |path: &PathBuf| fs::read_to_string(path).unwrap().contains(&line);
        files(&self.mail.join(mailbox))
            .into_iter()
            .find(holds)
            .unwrap()
    }

    /// The subjects here with the letters of their flags, and those of the service, sorted.
    fn both(&self, mailbox: &str) -> [Vec<String>; 2] {
        let shown = |path: PathBuf| {
            let text = fs::read_to_string(&path).unwrap();
            let subject = text
                .split_once("Subject: ")
                .unwrap()
                .1
                .lines()
                .next()
                .unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let flags = name
                .split_once(":2,")
                .map_or("", |(_, flags)| flags)
                .to_owned();
            format!("{subject} {flags}").trim().to_owned()
        };
        let mut here: Vec<_> = files(&self.mail.join(mailbox))
            .into_iter()
            .map(shown)
            .collect();
        let mut there = shelf(self.facteur, &self.person, mailbox);
        here.sort();
        there.sort();
        [here, there]
    }

    #[track_caller]
    fn assert_both(&self, mailbox: &str, wanted: &[&str]) {
        assert_eq!(self.both(mailbox), [wanted, wanted], "{mailbox}");
    }
}

fn files(mailbox: &Path) -> Vec<PathBuf> {
    let files = |part: &str| fs::read_dir(mailbox.join(part)).unwrap();
    let both = files("cur").chain(files("new"));
    both.map(|file| file.unwrap().path()).collect()
}

/// Gives a message here other flags.
fn flag(path: &Path, flags: &str) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let name = name
        .split_once(":2,")
        .map_or(name.as_str(), |(name, _)| name);
    let folder = path.parent().unwrap().parent().unwrap().join("cur");
    fs::rename(path, folder.join(format!("{name}:2,{flags}"))).unwrap();
}

/// Everything that can change on either side, several rounds of it.
fn both_sides_become_the_same(facteur: &Facteur, port: u16, tls: &str, mechanism: &str) {
    let mbsync = Mbsync::new(facteur, port, tls, mechanism);
    let there = |mailbox: &str, command: &str| imap(facteur, &mbsync.person, mailbox, command);
    for subject in ["one", "three", "two"] {
        mbsync.fill("INBOX", subject);
    }
    mbsync.sync();
    mbsync.assert_both("INBOX", &["one S", "three S", "two S"]);
    for mailbox in ["Sent", "Drafts", "Trash", "Junk"] {
        assert!(mbsync.mail.join(mailbox).is_dir(), "{mailbox}");
    }
    // Flags of both sides, and a new message on each.
    flag(&mbsync.here("INBOX", "one"), "FS");
    flag(&mbsync.here("INBOX", "two"), "");
    there("INBOX", "STORE 2 +FLAGS (\\Flagged \\Draft)");
    mbsync.write("INBOX", "written");
    mbsync.fill("INBOX", "arrived");
    mbsync.sync();
    mbsync.assert_both(
        "INBOX",
        &["arrived S", "one FS", "three DFS", "two", "written"],
    );
    // Removed here, marked as removed here, and removed there.
    fs::remove_file(mbsync.here("INBOX", "one")).unwrap();
    flag(&mbsync.here("INBOX", "arrived"), "ST");
    let uid = there("INBOX", "SEARCH SUBJECT written").concat();
    let number = uid.rsplit(' ').next().unwrap();
    there("INBOX", &format!("STORE {number} +FLAGS (\\Deleted)"));
    mbsync.sync();
    mbsync.assert_both("INBOX", &["three DFS", "two"]);
    // Folders of both sides, one in another.
    mbsync.write("Made here", "local");
    there("", "CREATE \"Made there/Within\"");
    mbsync.fill("Made there/Within", "remote");
    mbsync.sync();
    assert_eq!(mbsync.both("Made here")[0], ["local"]);
    assert_eq!(shelf(facteur, &mbsync.person, "Made here"), ["local"]);
    assert_eq!(mbsync.both("Made there/Within")[0], ["remote S"]);
    // Nothing new: nothing changes, and nothing comes twice.
    for _ in 0..2 {
        mbsync.sync();
        mbsync.assert_both("INBOX", &["three DFS", "two"]);
    }
    // Emptied here, and then the folder is gone there: gone on both.
    there("Made there/Within", "STORE 1 +FLAGS (\\Deleted)");
    mbsync.sync();
    there("", "DELETE \"Made there/Within\"");
    mbsync.sync();
    assert!(!mbsync.mail.join("Made there/Within/cur").exists());
    mbsync.assert_both("INBOX", &["three DFS", "two"]);
}

#[test]
fn both_sides_become_the_same_over_tls() {
    both_sides_become_the_same(&Facteur::start(), 993, "IMAPS", "LOGIN");
}

#[test]
fn both_sides_become_the_same_upgraded_and_by_sasl() {
    both_sides_become_the_same(&Facteur::start(), 143, "STARTTLS", "PLAIN");
}
