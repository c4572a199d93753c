//! How a foreign program is let loose on a service, and how a test sees what came of it.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::common::{Facteur, Person};

/// What a program said, and whether it was content.
#[derive(Debug)]
pub(super) struct Said {
    /// With what it ended, if nobody ended it.
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) errors: String,
}

impl Said {
    /// What it said, where it was content.
    #[track_caller]
    pub(super) fn fine(self) -> String {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.errors);
        self.out
    }

    /// All that it said, where it was not.
    #[track_caller]
    pub(super) fn refused(self) -> String {
        let of_its_own = !matches!(self.code, None | Some(0 | HUNG));
        assert!(of_its_own, "{}\n{}", self.out, self.errors);
        self.out + &self.errors
    }
}

/// With what `timeout` ends where the program did not.
const HUNG: i32 = 124;

/// A program that is ended if it hangs, so that its test fails instead of waiting.
pub(super) fn program(name: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["60", name]);
    command
}

/// Runs a program to its end.
pub(super) fn run(program: &mut Command) -> Said {
    run_with(program, "")
}

/// The same, with this to read.
pub(super) fn run_with(program: &mut Command, input: &str) -> Said {
    let mut child = program
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_owned();
    // Beside reading, as it may say much before it reads; one that does not want to read
    // is gone by now.
    let writing = thread::spawn(move || {
        let _ = pipe.write_all(input.as_bytes());
    });
    let done = child.wait_with_output().unwrap();
    writing.join().unwrap();
    Said {
        code: done.status.code(),
        out: String::from_utf8_lossy(&done.stdout).into_owned(),
        errors: String::from_utf8_lossy(&done.stderr).into_owned(),
    }
}

/// The password of all whom `add` adds.
const PASSWORD: &str = "une fleur de tilleul";

/// Adds an account to the service's domain.
pub(super) fn add(facteur: &Facteur, name: &str) -> Person {
    let address = format!("{name}@facteur.test");
    let mut add = facteur.facteur(&["account", "add", &address, "--password-stdin"]);
    run_with(&mut add, &format!("{PASSWORD}\n")).fine();
    Person {
        address,
        password: PASSWORD.to_owned(),
    }
}

/// Lets an account sign in unencrypted.
pub(super) fn allow_old_devices(facteur: &Facteur, person: &Person) {
    run(&mut facteur.facteur(&["account", "set", &person.address, "--old-devices", "on"])).fine();
}

/// curl, quiet but for errors, that trusts the service and signs in as this person.
pub(super) fn curl(facteur: &Facteur, person: &Person) -> Command {
    let mut curl = program("curl");
    curl.args(["--silent", "--show-error", "--cacert"])
        .arg(facteur.authority())
        .args(["--user", &format!("{}:{}", person.address, person.password)]);
    curl
}

/// A mailbox's address.
fn url(facteur: &Facteur, mailbox: &str) -> String {
    let mailbox = mailbox.replace(' ', "%20");
    format!("imaps://localhost:{}/{mailbox}", facteur.port(993))
}

/// What the service answers to one IMAP command in a mailbox, line by line.
pub(super) fn imap(
    facteur: &Facteur,
    person: &Person,
    mailbox: &str,
    command: &str,
) -> Vec<String> {
    let url = url(facteur, mailbox);
    let said = run(curl(facteur, person).args([&url, "--request", command])).fine();
    said.lines().map(str::to_owned).collect()
}

/// Makes the program's file of settings, which holds a password and is nobody else's.
pub(super) fn secret_file(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// Puts a message into somebody's mailbox, as read.
pub(super) fn file(facteur: &Facteur, person: &Person, mailbox: &str, message: &str) {
    let mut curl = curl(facteur, person);
    upload(curl.arg(url(facteur, mailbox)), message);
}

/// Brings somebody a new message, as another server does.
pub(super) fn deliver(facteur: &Facteur, to: &Person, subject: &str) {
    let mut curl = program("curl");
    curl.args(["--silent", "--mail-from", "ann@example.org"])
        .args(["--mail-rcpt", &to.address])
        .arg(format!("smtp://localhost:{}/", facteur.port(25)));
    let message = format!("From: ann@example.org\nSubject: {subject}\n\nhi\n");
    upload(&mut curl, &message);
}

fn upload(curl: &mut Command, message: &str) {
    // curl wants to know its size before.
    let mut letter = tempfile::NamedTempFile::new().unwrap();
    let message = message.replace('\n', "\r\n");
    letter.write_all(message.as_bytes()).unwrap();
    run(curl.arg("--upload-file").arg(letter.path())).fine();
}

/// The subjects of a mailbox in its order, each with the flags, `Seen` as `S` and so on.
pub(super) fn shelf(facteur: &Facteur, person: &Person, mailbox: &str) -> Vec<String> {
    let lines = imap(facteur, person, mailbox, "UID FETCH 1:* (FLAGS ENVELOPE)");
    let message = |line: &String| {
        let flags = line.split_once("FLAGS (")?.1.split_once(')')?.0;
        let mut flags: Vec<_> = flags
            .split(' ')
            .filter(|flag| *flag != "\\Recent")
            .filter_map(|flag| flag.strip_prefix('\\')?.get(..1))
            .collect();
        flags.sort_unstable();
        // The second string of the envelope, after the date.
        let envelope = line.split_once("ENVELOPE (")?.1;
        let rest = match envelope.strip_prefix('"') {
            Some(dated) => dated.split_once("\" ")?.1,
            None => envelope.strip_prefix("NIL ")?,
        };
        let subject = rest.strip_prefix('"')?.split_once('"')?.0;
        Some(format!("{subject} {}", flags.concat()).trim().to_owned())
    };
    lines.iter().filter_map(message).collect()
}
