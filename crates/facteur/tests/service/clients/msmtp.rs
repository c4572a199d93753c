//! msmtp, as its users send with it: through a file of settings, from a pipe.

use super::tools::{
    Said, add, allow_old_devices, imap, program, run, run_with, secret_file, shelf,
};
use crate::common::{Facteur, Person};

/// An account for each way to come in.
fn settings(facteur: &Facteur, person: &Person) -> String {
    let (user, password) = (&person.address, &person.password);
    let common = format!(
        "defaults\nhost localhost\ntls_trust_file {}\nuser {user}\npassword {password}\nfrom {user}\n",
        facteur.authority().display()
    );
    let account = |name: &str, port: u16, tls: &str| {
        format!("account {name}\nport {}\n{tls}\n", facteur.port(port))
    };
    [
        common,
        account("implicit", 465, "tls on\ntls_starttls off\nauth plain"),
        account("upgraded", 587, "tls on\ntls_starttls on\nauth login"),
        account("clear", 587, "tls off\nauth plain"),
        account("stranger", 465, "tls on\ntls_starttls off\nauth off"),
        account(
            "wrong",
            465,
            "tls on\ntls_starttls off\nauth plain\npassword wrong",
        ),
    ]
    .concat()
}

fn msmtp(facteur: &Facteur, person: &Person, arguments: &[&str], message: &str) -> Said {
    let file = facteur.folder.path().join("msmtprc");
    secret_file(&file, &settings(facteur, person));
    let mut msmtp = program("msmtp");
    run_with(msmtp.arg("--file").arg(file).args(arguments), message)
}

#[test]
fn it_sends_to_all_that_are_named() {
    let facteur = Facteur::start();
    let [jeanne, paul] = facteur.people();
    let third = add(&facteur, "third");
    let (from, to, hidden) = (&jeanne.address, &paul.address, &third.address);
    for account in ["implicit", "upgraded"] {
        let letter = format!("From: {from}\nTo: {to}\nSubject: {account}\n\n.dot\n");
        msmtp(&facteur, &jeanne, &["-a", account, to, hidden], &letter).fine();
    }
    // From the message's own fields, of which the last does not go out.
    let letter = format!("From: {from}\nTo: {to}\nCc: {from}\nBcc: {hidden}\nSubject: read\n\nx\n");
    msmtp(
        &facteur,
        &jeanne,
        &["-a", "upgraded", "--read-recipients"],
        &letter,
    )
    .fine();
    for person in [&paul, &third] {
        assert_eq!(
            shelf(&facteur, person, "INBOX"),
            ["implicit", "upgraded", "read"]
        );
        let found = imap(&facteur, person, "INBOX", &format!("SEARCH BCC {hidden}"));
        assert_eq!(found, ["* SEARCH"]);
    }
    assert_eq!(shelf(&facteur, &jeanne, "INBOX"), ["read"]);
    let offered = msmtp(&facteur, &jeanne, &["-a", "upgraded", "--serverinfo"], "").fine();
    for extension in ["SIZE", "PIPELINING", "STARTTLS", "PLAIN LOGIN"] {
        assert!(offered.contains(extension), "{offered}");
    }
}

#[test]
fn it_shows_its_user_why_not() {
    let facteur = Facteur::start();
    let [jeanne, paul] = facteur.people();
    let (from, to) = (&jeanne.address, &paul.address);
    let letter = format!("From: {from}\nTo: {to}\nSubject: letter\n\nx\n");
    let forged = letter.replace(&format!("From: {from}"), &format!("From: {to}"));
    for (arguments, message, refusal) in [
        (
            &["-a", "implicit", "--from", to, to][..],
            &letter,
            "553 5.7.1",
        ),
        (&["-a", "implicit", to], &forged, "550 5.7.1"),
        // msmtp sends to all or to none: the one that is known gets nothing either.
        (
            &["-a", "implicit", to, "nobody@facteur.test"],
            &letter,
            "550 5.1.1",
        ),
        (&["-a", "wrong", to], &letter, "535 5.7.8"),
        (&["-a", "clear", to], &letter, "538 5.7.11"),
        (&["-a", "stranger", to], &letter, "530 5.7.0"),
    ] {
        let said = msmtp(&facteur, &jeanne, arguments, message).refused();
        assert!(said.contains(refusal), "{arguments:?}: {said}");
    }
    assert!(shelf(&facteur, &paul, "INBOX").is_empty());
    allow_old_devices(&facteur, &jeanne);
    msmtp(&facteur, &jeanne, &["-a", "clear", to], &letter).fine();
    // Elsewhere is kept for later.
    msmtp(
        &facteur,
        &jeanne,
        &["-a", "implicit", "someone@example.net"],
        &letter,
    )
    .fine();
    assert_eq!(shelf(&facteur, &paul, "INBOX"), ["letter"]);
    let queue = run(&mut facteur.facteur(&["queue", "list"])).fine();
    assert!(
        queue.contains("someone@example.net") || queue.contains(from),
        "{queue}"
    );
}
