//! neomutt on a terminal, its keys pressed by its own settings.

use std::fs;
use std::io::{BufReader, Read, Write as _};
use std::process::{Command, Stdio};

use super::tools::{Said, deliver, file, imap, program, run, run_with, secret_file, shelf};
use crate::common::{Facteur, Person};

struct Neomutt<'a> {
    facteur: &'a Facteur,
    person: Person,
}

impl<'a> Neomutt<'a> {
    fn new(facteur: &'a Facteur) -> Neomutt<'a> {
        let [person, _] = facteur.people();
        for name in ["headers", "home"] {
            fs::create_dir_all(facteur.folder.path().join(name)).unwrap();
        }
        Neomutt { facteur, person }
    }

    /// Settings as its users have them, with what it makes of newer IMAP switched on.
    fn settings(&self, imap: &str, pop3: &str, smtp: &str) -> String {
        let (user, password) = (&self.person.address, &self.person.password);
        let user_in_url = user.replace('@', "%40");
        let folder = self.facteur.folder.path().display();
        format!(
            "set imap_user='{user}' imap_pass='{password}'\n\
             set pop_user='{user}' pop_pass='{password}' pop_host='{pop3}'\n\
             set smtp_url='{scheme}://{user_in_url}@{host}/' smtp_pass='{password}'\n\
             set from='{user}' use_from=yes realname='Jeanne' hostname=localhost\n\
             set folder='{imap}/' spoolfile='{imap}/INBOX' record='{imap}/Sent'\n\
             set trash='{imap}/Trash' postponed='{imap}/Drafts' mbox='{folder}/mbox'\n\
             set ssl_ca_certificates_file='{authority}' ssl_force_tls=yes\n\
             set certificate_file='{folder}/certificates'\n\
             set imap_idle=yes imap_condstore=yes imap_qresync=yes\n\
             set header_cache='{folder}/headers' message_cachedir='{folder}/headers'\n\
             set delete=yes quit=yes move=no copy=yes mark_old=no resolve=no wait_key=no\n\
             set confirmappend=no confirmcreate=no abort_unmodified=no abort_nosubject=no\n\
             set sort=mailbox-order timeout=1 mail_check=1 sleep_time=0 editor=true autoedit=yes\n",
            authority = self.facteur.authority().display(),
            scheme = smtp.split_once("://").unwrap().0,
            host = smtp.split_once("://").unwrap().1,
        )
    }

    /// The settings, for TLS from the first byte or the upgrade.
    fn write(&self, implicit: bool) -> String {
        let port = |standard: u16| format!("localhost:{}", self.facteur.port(standard));
        let settings = if implicit {
            let [imap, pop3, smtp] = [993, 995, 465].map(port);
            let (imap, pop3) = (format!("imaps://{imap}"), format!("pops://{pop3}"));
            self.settings(&imap, &pop3, &format!("smtps://{smtp}"))
        } else {
            let [imap, pop3, smtp] = [143, 110, 587].map(port);
            let (imap, pop3) = (format!("imap://{imap}"), format!("pop://{pop3}"));
            self.settings(&imap, &pop3, &format!("smtp://{smtp}"))
        };
        let path = self.facteur.folder.path().join("neomuttrc");
        secret_file(&path, &settings);
        path.display().to_string()
    }

    /// Where it writes nothing beside the test's own.
    fn at_home(&self, command: &mut Command) {
        let home = self.facteur.folder.path().join("home");
        command.env("HOME", home).env("TERM", "xterm");
    }

    /// Sends from the command line.
    fn send(&self, implicit: bool, arguments: &[&str]) -> Said {
        let mut neomutt = program("neomutt");
        neomutt.args(["-n", "-F", &self.write(implicit)]);
        // A copy in IMAP it makes from its screen only.
        neomutt.args(["-e", "set copy=no"]).args(arguments);
        self.at_home(&mut neomutt);
        run_with(&mut neomutt, "bonjour\n.\n")
    }

    /// Opens a mailbox on a terminal and presses these keys. The last should end it.
    fn press(&self, implicit: bool, mailbox: &str, keys: &str) {
        run(&mut self.on_a_terminal(implicit, &format!("{mailbox} -e \"push {keys}\""))).fine();
    }

    fn on_a_terminal(&self, implicit: bool, arguments: &str) -> Command {
        let line = format!("neomutt -n -F '{}' {arguments}", self.write(implicit));
        let mut script = program("script");
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        self.at_home(&mut script);
        script
    }

    fn fill(&self, subjects: &[&str]) {
        for subject in subjects {
            let letter = format!("From: ann@example.org\nSubject: {subject}\n\nhi\n");
            file(self.facteur, &self.person, "INBOX", &letter);
        }
    }

    fn shelf(&self, mailbox: &str) -> Vec<String> {
        shelf(self.facteur, &self.person, mailbox)
    }
}

#[test]
fn it_sends_from_the_command_line() {
    let facteur = Facteur::start();
    let neomutt = Neomutt::new(&facteur);
    let [_, paul] = facteur.people();
    let attached = facteur.folder.path().join("plan.bin");
    fs::write(&attached, [0_u8, 10, 13, 200].repeat(500)).unwrap();
    let attached = attached.display().to_string();
    for (implicit, subject) in [(true, "implicit"), (false, "upgraded")] {
        neomutt
            .send(
                implicit,
                &["-s", subject, "-a", &attached, "--", &paul.address],
            )
            .fine();
    }
    assert_eq!(shelf(&facteur, &paul, "INBOX"), ["implicit", "upgraded"]);
    let told = imap(&facteur, &paul, "INBOX", "FETCH 1 BODYSTRUCTURE").concat();
    assert!(told.contains("\"plan.bin\""), "{told}");
    let said = neomutt
        .send(true, &["-s", "lost", "--", "nobody@facteur.test"])
        .refused();
    assert!(said.contains("550 5.1.1"), "{said}");
    let said = neomutt
        .send(
            true,
            &[
                "-e",
                "set smtp_pass=wrong",
                "-s",
                "kept out",
                "--",
                &paul.address,
            ],
        )
        .refused();
    assert!(said.contains("authentication failed"), "{said}");
    assert_eq!(shelf(&facteur, &paul, "INBOX").len(), 2);
}

#[test]
fn it_reads_moves_flags_and_deletes_by_imap() {
    let facteur = Facteur::start();
    let neomutt = Neomutt::new(&facteur);
    let [_, paul] = facteur.people();
    for implicit in [true, false] {
        neomutt.fill(&["one", "two", "three", "four"]);
        neomutt.press(
            implicit,
            "",
            "'<first-entry><flag-message><next-entry><delete-message><next-entry>\
             <save-message>=Junk<enter><next-entry><copy-message>=Drafts<enter>\
             <toggle-new><sync-mailbox><quit>'",
        );
        assert_eq!(neomutt.shelf("INBOX"), ["one FS", "four"]);
        assert_eq!(neomutt.shelf("Trash").len(), 1);
        assert_eq!(neomutt.shelf("Junk").len(), 1);
        assert_eq!(neomutt.shelf("Drafts").len(), 1);
        // The second time from what it cached of the first; then everything goes.
        neomutt.press(
            implicit,
            "",
            "'<delete-pattern>~A<enter><sync-mailbox><change-folder>=Trash<enter>\
             <delete-pattern>~A<enter><sync-mailbox><change-folder>=Junk<enter>\
             <delete-pattern>~A<enter><sync-mailbox><change-folder>=Drafts<enter>\
             <delete-pattern>~A<enter><sync-mailbox><quit>'",
        );
        for mailbox in ["INBOX", "Junk", "Drafts"] {
            assert!(neomutt.shelf(mailbox).is_empty(), "{mailbox}");
        }
        // Written on its screen, with a copy in Sent.
        let keys = format!(
            "'<mail>{}<enter>hello<enter><send-message><quit>'",
            paul.address
        );
        neomutt.press(implicit, "", &keys);
        neomutt.press(
            implicit,
            "",
            "'<change-folder>=Trash<enter><delete-pattern>~A<enter><purge-message>\
             <sync-mailbox><quit>'",
        );
    }
    assert_eq!(shelf(&facteur, &paul, "INBOX"), ["hello", "hello"]);
    assert_eq!(neomutt.shelf("Sent"), ["hello S", "hello S"]);
}

#[test]
fn it_reads_and_deletes_by_pop3() {
    let facteur = Facteur::start();
    let neomutt = Neomutt::new(&facteur);
    for (implicit, scheme, port) in [(true, "pops", 995), (false, "pop", 110)] {
        neomutt.fill(&["one", "two", "three"]);
        let mailbox = format!("-f {scheme}://localhost:{}/", facteur.port(port));
        neomutt.press(
            implicit,
            &mailbox,
            "'<first-entry><next-entry><delete-message><sync-mailbox><quit>'",
        );
        assert_eq!(neomutt.shelf("INBOX"), ["one S", "three S"]);
        // Into its own file, and away.
        let local = facteur.folder.path().join("local");
        fs::write(&local, "").unwrap();
        neomutt.press(
            implicit,
            &format!(
                "-f {0} -e 'set spoolfile={0} pop_delete=yes'",
                local.display()
            ),
            "'<fetch-mail><quit>'",
        );
        let text = fs::read_to_string(&local).unwrap();
        assert_eq!(text.matches("\nSubject: ").count(), 2, "{text}");
        assert!(neomutt.shelf("INBOX").is_empty());
    }
}

#[test]
fn it_shows_what_arrives_while_it_waits() {
    let facteur = Facteur::start();
    let neomutt = Neomutt::new(&facteur);
    neomutt.fill(&["first letter"]);
    let log = facteur.folder.path().join("log");
    // Nothing else to ask about, so that only IDLE can tell.
    let drafts = facteur.folder.path().join("home/drafts");
    let logged = format!(
        "-d 2 -l '{}' -e 'set postponed={}'",
        log.display(),
        drafts.display()
    );
    let mut screen = neomutt
        .on_a_terminal(true, &logged)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = screen.stdin.take().unwrap();
    let mut shown = BufReader::new(screen.stdout.take().unwrap());
    read_until(&mut shown, "first letter");
    deliver(&facteur, &neomutt.person, "second letter");
    read_until(&mut shown, "second letter");
    keys.write_all(b"q").unwrap();
    // It draws until its end, and nobody looks.
    std::io::copy(&mut shown, &mut std::io::sink()).unwrap();
    assert!(screen.wait().unwrap().success());
    // It was told, and had not asked. The number is neomutt's: it keeps older logs.
    let log = fs::read_to_string(format!("{}0", log.display())).unwrap();
    let before = log.split_once("2 messages total").unwrap().0;
    let asked = before.lines().rfind(|line| line.contains("socket_write"));
    assert!(asked.unwrap().ends_with(" IDLE"), "{before}");
}

/// Reads what a terminal shows until it shows this.
fn read_until(shown: &mut impl Read, wanted: &str) {
    let mut all = Vec::new();
    let mut octet = [0];
    while !all.ends_with(wanted.as_bytes()) {
        let read = shown.read(&mut octet).unwrap();
        assert_ne!(read, 0, "{wanted}: {}", String::from_utf8_lossy(&all));
        all.extend_from_slice(&octet);
    }
}
