//! curl, which knows all three protocols.

use std::fs;

use super::tools::{Said, allow_old_devices, curl, file, imap, program, run, shelf};
use crate::common::{Facteur, Person};

const LETTER: &str = "From: jeanne@facteur.test\r\nSubject: letter\r\n\r\nhi\r\n.\r\n..dots\r\n";

/// One service, and who asks it.
struct Asked {
    facteur: Facteur,
    jeanne: Person,
    paul: Person,
    /// Holds `LETTER`.
    letter: String,
}

impl Asked {
    fn new() -> Asked {
        let facteur = Facteur::start();
        let [jeanne, paul] = facteur.people();
        let letter = facteur.folder.path().join("letter.eml");
        fs::write(&letter, LETTER).unwrap();
        Asked {
            letter: letter.display().to_string(),
            facteur,
            jeanne,
            paul,
        }
    }

    /// Jeanne asks for what stands behind an address such as `pop3s:995/1`.
    fn get(&self, at: &str, arguments: &[&str]) -> Said {
        let mut curl = curl(&self.facteur, &self.jeanne);
        run(curl.arg(self.url(at)).args(arguments))
    }

    fn url(&self, at: &str) -> String {
        let (scheme, rest) = at.split_once(':').unwrap();
        let (port, path) = rest.split_once('/').unwrap();
        let port = self.facteur.port(port.parse().unwrap());
        format!("{scheme}://localhost:{port}/{path}")
    }
}

#[test]
fn it_uploads_and_reads_by_imap() {
    let asked = Asked::new();
    asked
        .get("imaps:993/INBOX", &["--upload-file", &asked.letter])
        .fine();
    asked
        .get(
            "imap:143/Drafts",
            &["--ssl-reqd", "--upload-file", &asked.letter],
        )
        .fine();
    asked
        .get("imaps:993/Nowhere", &["--upload-file", &asked.letter])
        .refused();
    assert_eq!(shelf(&asked.facteur, &asked.jeanne, "Drafts"), ["letter S"]);
    for (at, wanted) in [
        ("imaps:993/INBOX;UID=1", LETTER),
        ("imaps:993/INBOX;MAILINDEX=1", LETTER),
        (
            "imaps:993/INBOX;UID=1;SECTION=TEXT",
            "hi\r\n.\r\n..dots\r\n",
        ),
        (
            "imaps:993/INBOX;UID=1;SECTION=HEADER.FIELDS%20(SUBJECT)",
            "Subject: letter\r\n\r\n",
        ),
        ("imaps:993/INBOX?SUBJECT%20letter", "* SEARCH 1\r\n"),
        ("imaps:993/INBOX?SUBJECT%20other", "* SEARCH\r\n"),
    ] {
        assert_eq!(asked.get(at, &[]).fine(), wanted, "{at}");
    }
    asked.get("imaps:993/INBOX;UID=9", &[]).refused();
    asked.get("imaps:993/Nowhere;UID=1", &[]).refused();
}

#[test]
fn it_asks_imap_in_words_of_its_users() {
    let asked = Asked::new();
    file(
        &asked.facteur,
        &asked.jeanne,
        "INBOX",
        "Subject: one\n\nx\n",
    );
    let top = |command: &str| asked.get("imaps:993/", &["--request", command]);
    let inbox = |command: &str| imap(&asked.facteur, &asked.jeanne, "INBOX", command);
    top("CREATE Travel/Sea").fine();
    let listed = top("LIST \"\" Travel*").fine();
    assert!(listed.contains("\"Travel/Sea\""), "{listed}");
    let status = top("STATUS INBOX (MESSAGES UNSEEN)").fine();
    assert_eq!(status, "* STATUS \"INBOX\" (MESSAGES 1 UNSEEN 0)\r\n");
    let capability = top("CAPABILITY").fine();
    assert!(capability.contains("IMAP4rev1"), "{capability}");
    assert_eq!(
        top("NAMESPACE").fine(),
        "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"
    );
    // Not offered, and not known.
    top("GETQUOTAROOT INBOX").refused();
    top("SELECT Nowhere").refused();
    let told = inbox("STORE 1 +FLAGS (\\Flagged $Curl)").concat();
    assert!(
        told.contains("\\Flagged") && told.contains("$Curl"),
        "{told}"
    );
    assert!(inbox("UID COPY 1 Travel/Sea").is_empty());
    assert!(
        inbox("STORE 1 +FLAGS.SILENT (\\Deleted)")
            .iter()
            .all(|line| !line.contains("FETCH"))
    );
    assert_eq!(inbox("EXPUNGE"), ["* 1 EXPUNGE"]);
    assert_eq!(shelf(&asked.facteur, &asked.jeanne, "INBOX").len(), 0);
    assert_eq!(
        shelf(&asked.facteur, &asked.jeanne, "Travel/Sea"),
        ["one FS"]
    );
}

#[test]
fn it_reads_and_deletes_by_pop3() {
    let asked = Asked::new();
    for subject in ["one", "two", "three"] {
        let letter = LETTER.replace("letter", subject).replace("\r\n", "\n");
        file(&asked.facteur, &asked.jeanne, "INBOX", &letter);
    }
    let pop3 = |at: &str, arguments: &[&str]| asked.get(at, arguments);
    let size = LETTER.len() - "letter".len() + "one".len();
    let listed = format!("1 {size}\r\n2 {size}\r\n3 {}\r\n", size + 2);
    assert_eq!(pop3("pop3s:995/", &[]).fine(), listed);
    assert_eq!(pop3("pop3:110/", &["--ssl-reqd"]).fine(), listed);
    assert_eq!(
        pop3("pop3s:995/2", &[]).fine(),
        LETTER.replace("letter", "two")
    );
    let top = pop3("pop3s:995/", &["--request", "TOP 1 1"]).fine();
    assert_eq!(
        top,
        LETTER
            .replace("letter", "one")
            .split_inclusive("hi\r\n")
            .next()
            .unwrap()
    );
    let unique = pop3("pop3s:995/", &["--request", "UIDL"]).fine();
    assert_eq!(
        pop3("pop3:110/", &["--ssl-reqd", "--request", "UIDL"]).fine(),
        unique
    );
    assert_eq!(unique.lines().count(), 3);
    let offered = pop3("pop3s:995/", &["--request", "CAPA"]).fine();
    assert!(
        offered.contains("UIDL\r\n") && offered.contains("EXPIRE NEVER\r\n"),
        "{offered}"
    );
    for command in ["STAT", "NOOP", "RSET"] {
        pop3("pop3s:995/", &["--head", "--request", command]).fine();
    }
    pop3("pop3s:995/9", &[]).refused();
    // curl says QUIT at its end, and only then it is gone.
    pop3("pop3s:995/2", &["--head", "--request", "DELE"]).fine();
    let left: String = pop3("pop3s:995/", &["--request", "UIDL"]).fine();
    let uids = |text: &str| -> Vec<String> {
        let uid = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
        text.lines().map(uid).collect()
    };
    let (before, after) = (uids(&unique), uids(&left));
    assert_eq!(after, [before[0].clone(), before[2].clone()]);
    for login in ["AUTH=PLAIN", "AUTH=*"] {
        pop3("pop3s:995/", &["--login-options", login]).fine();
    }
}

#[test]
fn it_sends_by_smtp() {
    let asked = Asked::new();
    let (jeanne, paul) = (&asked.jeanne, &asked.paul);
    let to = ["--mail-from", &jeanne.address, "--mail-rcpt", &paul.address];
    let also = ["--mail-rcpt", "nobody@facteur.test"];
    let letter = ["--upload-file", &asked.letter];
    let send = |at: &str, parts: &[&[&str]]| asked.get(at, &parts.concat());
    send("smtps:465/", &[&to, &letter]).fine();
    send("smtp:587/", &[&to, &letter, &["--ssl-reqd", "--sasl-ir"]]).fine();
    send(
        "smtp:587/",
        &[
            &to,
            &letter,
            &["--ssl-reqd", "--login-options", "AUTH=LOGIN"],
        ],
    )
    .fine();
    // All or, if told so, whoever is known.
    send("smtps:465/", &[&to, &also, &letter]).refused();
    send(
        "smtps:465/",
        &[&to, &also, &letter, &["--mail-rcpt-allowfails"]],
    )
    .fine();
    assert_eq!(shelf(&asked.facteur, paul, "INBOX"), ["letter"; 4]);
    let attached = format!("=@{};filename=a.bin;encoder=base64", asked.letter);
    // Put together by curl, on behalf of whom it says.
    let from = format!("From: {}", jeanne.address);
    let mime = ["--form", "=hello;type=text/plain", "--form", &attached];
    let header = [
        "--header",
        &from,
        "--header",
        "Subject: mime",
        "--mail-auth",
        &jeanne.address,
    ];
    send("smtps:465/", &[&to, &mime, &header]).fine();
    let told = imap(&asked.facteur, paul, "INBOX", "FETCH 5 BODYSTRUCTURE").concat();
    assert!(
        told.contains("\"a.bin\"") && told.contains("\"mixed\""),
        "{told}"
    );
    // Questions.
    let verify = send("smtps:465/", &[&["--mail-rcpt", &paul.address]]).fine();
    assert!(verify.starts_with("252 "), "{verify}");
    send(
        "smtps:465/",
        &[&["--request", "EXPN", "--mail-rcpt", "staff"]],
    )
    .refused();
    send("smtps:465/", &[&["--request", "NOOP"]]).fine();
    // Who may not.
    let other = ["--mail-from", &paul.address, "--mail-rcpt", &paul.address];
    send("smtps:465/", &[&other, &letter]).refused();
    let mut stranger = program("curl");
    stranger
        .arg("--silent")
        .arg("--cacert")
        .arg(asked.facteur.authority());
    stranger.arg(asked.url("smtps:465/")).args(to).args(letter);
    run(&mut stranger).refused();
    assert_eq!(shelf(&asked.facteur, paul, "INBOX").len(), 5);
}

#[test]
fn it_comes_in_unencrypted_where_the_account_allows_it() {
    let asked = Asked::new();
    let inbox = "SELECT INBOX";
    let tries = || {
        let send = [
            "--mail-from",
            &asked.jeanne.address,
            "--mail-rcpt",
            &asked.paul.address,
        ];
        [
            asked.get("imap:143/", &["--request", inbox]),
            asked.get(
                "imap:143/",
                &["--login-options", "AUTH=PLAIN", "--request", inbox],
            ),
            asked.get("pop3:110/", &[]),
            asked.get("pop3:110/", &["--login-options", "AUTH=PLAIN"]),
            asked.get(
                "smtp:587/",
                &[&send[..], &["--upload-file", &asked.letter]].concat(),
            ),
        ]
    };
    for said in tries() {
        // 67: signing in was refused.
        let said = said.refused();
        assert!(said.contains("(67)"), "{said}");
    }
    allow_old_devices(&asked.facteur, &asked.jeanne);
    for said in tries() {
        said.fine();
    }
    assert_eq!(shelf(&asked.facteur, &asked.paul, "INBOX"), ["letter"]);
    run(curl(&asked.facteur, &asked.paul).arg(asked.url("imap:143/"))).refused();
}
