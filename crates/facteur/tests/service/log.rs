//! The log: one line a session, and never a secret or the content of a message.

use std::process::{Command, Stdio};

use crate::common::Facteur;
use crate::served::{Served, python, run};

const PASSWORD: &str = "pangolin-verrine-41";
const WRONG: &str = "ocelot-marmite-7302";
const CONTENT: &str = "zibeline-crumble-secret";

/// Serves with a password that is known and everything logged.
fn serve(facteur: &Facteur, format: &str) -> Served {
    let [jeanne, _] = facteur.people();
    let mut set = facteur.facteur(&["account", "password", &jeanne.address, "--password-stdin"]);
    let mut child = set.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, format!("{PASSWORD}\n").as_bytes()).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    let mut serve = facteur.facteur(&["serve"]);
    serve.env("FACTEUR_LOG__LEVEL", "trace");
    serve.env("FACTEUR_LOG__FORMAT", format);
    Served::start(serve)
}

/// What BASE64 makes of a text wherever in a longer one it stands: the part of it that
/// does not depend on what is around it.
fn encoded(text: &str) -> Vec<String> {
    let encode = |padded: String| {
        let mut python = Command::new("python3");
        let program = "import base64,sys; print(base64.b64encode(sys.argv[1].encode()).decode())";
        python.args(["-c", program, &padded]);
        run(python).trim().to_owned()
    };
    let whole = |before: usize| {
        let octets = before + text.len();
        let encoded = encode(format!("{}{text}", "x".repeat(before)));
        let start = (before * 4).div_ceil(3);
        encoded[start..octets * 4 / 3].to_owned()
    };
    vec![whole(0), whole(1), whole(2)]
}

fn speak(facteur: &Facteur) -> String {
    let [jeanne, _] = facteur.people();
    let words = [&jeanne.address, PASSWORD, WRONG, CONTENT];
    run(python(facteur, "log.py", &words)).trim().to_owned()
}

fn holds_no_secret(log: &str, cookie: &str) {
    for secret in [PASSWORD, WRONG, CONTENT] {
        assert!(!log.contains(secret), "{secret}:\n{log}");
        for form in encoded(secret) {
            assert!(form.len() > 16, "{form}");
            assert!(!log.contains(&form), "{secret} as {form}:\n{log}");
        }
    }
    assert!(!log.contains(cookie), "the cookie:\n{log}");
}

#[test]
fn no_secret_and_no_content_is_logged_at_any_level() {
    let facteur = Facteur::prepared();
    let mut served = serve(&facteur, "text");
    let cookie = speak(&facteur);
    let (status, log) = served.stop();
    assert!(status.success());
    holds_no_secret(&log, &cookie);
    // The log was there, and says who came and why one was refused.
    for said in ["signed in", "WrongPassword", "jeanne@facteur.test"] {
        assert!(log.contains(said), "{said}:\n{log}");
    }
}

#[test]
fn each_session_is_one_line_of_json_if_asked() {
    let facteur = Facteur::prepared();
    let mut served = serve(&facteur, "json");
    let cookie = speak(&facteur);
    let (_, log) = served.stop();
    holds_no_secret(&log, &cookie);
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let sessions: Vec<serde_json::Value> = lines
        .filter(|line: &serde_json::Value| line.get("service").is_some())
        .collect();
    let of = |service: &str| {
        let of = sessions.iter().filter(|line| line["service"] == service);
        of.cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        [of("imap").len(), of("pop3").len(), of("submission").len()],
        [2, 1, 1]
    );
    for line in &sessions {
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["account"], "jeanne@facteur.test");
        assert_eq!(line["tls"], "TLSv1.3");
        assert!(line["octets_out"].as_u64() > Some(0), "{line}");
    }
}
