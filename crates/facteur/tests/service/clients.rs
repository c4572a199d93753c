//! Real clients against the real binary: with the very lines that the quick start prints,
//! and each in a file of its own with what its users do with it.

use std::fs;
use std::process::Command;

use crate::common::Facteur;

mod curl;
mod fetchmail;
mod mbsync;
mod mpop;
mod msmtp;
mod neomutt;
mod python;
mod swaks;
mod tools;

/// The lines to paste stand in the sheet with two spaces before them, after a comment.
fn pasted(sheet: &str, program: &str) -> String {
    let line = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with('#') && line.contains(program)
    };
    sheet.lines().find(line).unwrap().trim().to_owned()
}

fn shell(line: &str) -> String {
    let done = Command::new("sh").args(["-c", line]).output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{line}\n{text}\n{errors}");
    text
}

#[test]
fn the_printed_lines_send_and_read_real_messages() {
    let mut facteur = Facteur::start();
    let sheet = fs::read_to_string(facteur.data().join("quickstart.txt")).unwrap();
    shell(&pasted(&sheet, "msmtp -C"));
    let fetched = shell(&pasted(&sheet, "fetchmail --fetchmailrc"));
    assert!(fetched.contains("Subject: First letter"), "{fetched}");
    assert!(fetched.contains("It works."), "{fetched}");
    let listed = shell(&pasted(&sheet, "curl --cacert"));
    for mailbox in ["INBOX", "Sent", "Drafts", "Trash", "Junk"] {
        assert!(listed.contains(mailbox), "{listed}");
    }
    shell(&pasted(&sheet, "mbsync --config"));
    assert!(facteur.data().join("clients/mail/INBOX/cur").is_dir());
    assert!(facteur.stop().success());
}

#[test]
fn a_changed_password_counts_at_once_and_closes_what_the_old_one_opened() {
    use std::io::Write;
    let facteur = Facteur::start();
    let [jeanne, _] = facteur.people();
    let mut session = Command::new("python3")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/service/idle.py"
        ))
        .arg(facteur.authority())
        .arg(facteur.port(993).to_string())
        .args([&jeanne.address, &jeanne.password])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = std::io::BufReader::new(session.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert_eq!(line, "in\n");
    let mut change = facteur
        .facteur(&["account", "password", &jeanne.address, "--password-stdin"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = change.stdin.take().unwrap();
    input.write_all(b"quatre mots au hasard\n").unwrap();
    drop(input);
    assert!(change.wait().unwrap().success());
    // The session says BYE and closes; then the old password is refused, the new one taken.
    assert!(session.wait().unwrap().success());
    let url = format!("imaps://localhost:{}/", facteur.port(993));
    let curl = |password: &str| {
        let user = format!("{}:{password}", jeanne.address);
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--user", &user, "--cacert"])
            .arg(facteur.authority())
            .arg(&url);
        curl.output().unwrap().status.success()
    };
    assert!(curl("quatre mots au hasard"));
    assert!(!curl(&jeanne.password));
}

/// The corpus beside the checkout, where there is one.
fn corpus() -> Option<std::path::PathBuf> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = |folder: &std::path::Path| folder.join("shared/corpus/messages");
    here.ancestors().map(beside).find(|corpus| corpus.is_dir())
}

/// Messages of our own, odd in the ways that matter here.
fn own_messages(folder: &std::path::Path) -> usize {
    let messages: [&[u8]; 6] = [
        b"Subject: plain\r\n\r\nbody\r\n.\r\n..\r\nend",
        b"\xe9t\xe9: not a field\nSubject: \xff\n\n8-bit \xe9\n",
        b"no header at all",
        b" continues nothing\r\nSubject: there\r\n\r\nbody\r\n",
        b"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n--b--\r\n",
        b"Content-Type: multipart/mixed\r\n\r\n--no boundary\r\n",
    ];
    for (number, message) in messages.iter().enumerate() {
        fs::write(folder.join(format!("{number}.eml")), message).unwrap();
    }
    messages.len()
}

#[test]
fn odd_messages_come_back_byte_for_byte() {
    let own = tempfile::tempdir().unwrap();
    let made = own_messages(own.path());
    assert_eq!(compared(own.path()), made + 1);
    if let Some(corpus) = corpus() {
        let files = fs::read_dir(&corpus).unwrap();
        let files = files.filter(|file| {
            let name = file.as_ref().unwrap().file_name();
            name.to_string_lossy().ends_with(".eml")
        });
        assert_eq!(compared(&corpus), files.count() + 1);
    }
}

/// How many messages came back as they were sent: all of the folder, and a large one.
fn compared(folder: &std::path::Path) -> usize {
    let facteur = Facteur::start();
    let [_, paul] = facteur.people();
    let done = Command::new("python3")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/service/corpus.py"
        ))
        .arg(facteur.authority())
        .arg(facteur.base.to_string())
        .args([&paul.address, &paul.password])
        .arg(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{errors}");
    String::from_utf8_lossy(&done.stdout)
        .trim()
        .parse()
        .unwrap()
}
