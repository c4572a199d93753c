//! Every verb of the command line, beside a running server and without one.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use crate::common::Facteur;
use crate::served::{Served, python, run};

/// What a command said, and its exit code.
struct Said {
    code: Option<i32>,
    out: String,
    errors: String,
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `facteur` with that on its standard input.
fn with_input(facteur: &Facteur, line: &str, input: &[u8]) -> Said {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut child = facteur
        .facteur(&words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Verbs that ask for nothing may be gone by now.
    let _ = stdin.write_all(input);
    drop(stdin);
    said(child.wait_with_output().unwrap())
}

fn done(facteur: &Facteur, line: &str) -> String {
    let said = with_input(facteur, line, b"quatre mots au hasard\n");
    assert_eq!(said.code, Some(0), "{line}: {}", said.errors);
    assert_eq!(said.errors, "", "{line}");
    said.out
}

/// Refused: exit code 1, one reason, nothing on the standard output.
fn refused(facteur: &Facteur, line: &str) -> String {
    let said = with_input(facteur, line, b"quatre mots au hasard\n");
    assert_eq!(said.code, Some(1), "{line}: {}", said.out);
    assert_eq!(said.out, "", "{line}");
    assert!(said.errors.starts_with("facteur: "), "{}", said.errors);
    said.errors
}

/// Goes through all verbs, each with and without `--json` where it prints.
fn every_verb(facteur: &Facteur) {
    let json = |line: &str| -> serde_json::Value {
        serde_json::from_str(&done(facteur, &format!("{line} --json"))).unwrap()
    };
    assert_eq!(
        done(facteur, "domain add a.test --postmaster lea@a.test"),
        ""
    );
    assert!(done(facteur, "domain list").contains("a.test"));
    assert_eq!(json("domain list")[0]["domain"], "a.test");
    assert_eq!(json("domain list")[0]["addresses"], 2);
    let states = |line: &str| -> Vec<String> {
        let keys = json(line);
        let keys = keys.as_array().unwrap().iter();
        keys.map(|key| key["state"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(states("domain keys list a.test"), ["active"; 2]);
    assert!(done(facteur, "domain keys list a.test").contains("active: it signs"));
    assert!(done(facteur, "domain keys prepare a.test").contains("prepared: publish it"));
    assert!(refused(facteur, "domain keys prepare a.test").contains("keys rotate a.test"));
    let rotated = ["retired", "retired", "active", "active"];
    assert_eq!(states("domain keys rotate a.test"), rotated);
    // Mail that they signed is on its way.
    assert_eq!(states("domain keys forget a.test"), rotated);

    let add = "account add lea@a.test --password-stdin --name Léa --quota 2G";
    assert!(done(facteur, add).contains("lea@a.test"));
    let paul = json("account add paul@a.test --password-stdin");
    assert_eq!(paul["address"], "paul@a.test");
    assert!(done(facteur, "account list").contains("Léa"));
    assert_eq!(json("account list")[3]["address"], "paul@a.test");
    assert!(done(facteur, "account show lea@a.test").contains("2G"));
    assert_eq!(json("account show lea@a.test")["usage"]["messages"], 0);
    done(facteur, "account password lea@a.test --password-stdin");
    let set = "account set lea@a.test --old-devices on --quota none --name L";
    assert!(done(facteur, set).contains("old devices"));
    assert_eq!(json(set)["old_devices"], true);

    assert!(done(facteur, "alias add l@a.test lea@a.test").contains("l@a.test"));
    assert_eq!(
        json("alias add p@a.test paul@a.test")["targets"][0],
        "paul@a.test"
    );
    assert!(done(facteur, "alias list").contains("p@a.test"));
    assert_eq!(json("alias list").as_array().unwrap().len(), 5);
    done(facteur, "alias remove l@a.test");

    done(facteur, "domain add b.test --alias-of a.test");
    assert!(done(facteur, "domain list").contains("another name of a.test"));
    assert_eq!(json("domain list")[1]["alias_of"], "a.test");
    assert!(refused(facteur, "domain remove a.test").contains("address"));
    let redirect = "account redirect paul@b.test lea@a.test p@else.test";
    assert!(done(facteur, redirect).contains("goes on to lea@a.test, p@else.test"));
    let kept = json(&format!("{redirect} --keep-copy"));
    assert_eq!(kept["redirected"]["keeps_copy"], true);
    assert!(done(facteur, "account list").contains("a copy goes on to lea@a.test"));
    let explained = done(facteur, "address explain p@b.test");
    for line in [
        "b.test is another name of a.test: p@a.test",
        "account: paul@a.test\n  since p@b.test is an alias",
        "elsewhere: p@else.test",
        "  since paul@a.test is an account whose mail goes on",
    ] {
        assert!(explained.contains(line), "{explained}");
    }
    let nobody = done(facteur, "address explain nobody@a.test");
    assert_eq!(nobody, "refused: nobody has this address\n");
    done(facteur, "alias add *@a.test lea@a.test");
    let caught = json("address explain nobody@b.test");
    assert_eq!(caught["places"][0]["through"][0]["by"], "catch-all");
    done(facteur, "alias remove *@a.test");
    let off = json("account redirect paul@a.test --off");
    assert!(off["redirected"].is_null());
    done(facteur, "account redirect lea@a.test paul@a.test");

    assert_eq!(json("queue list").as_array().unwrap().len(), 1);
    let waiting = json("queue list")[0]["id"].as_str().unwrap().to_owned();
    assert!(done(facteur, "queue list").contains("else@where.test"));
    let show = format!("queue show {waiting}");
    assert!(done(facteur, &show).contains("else@where.test (elsewhere): "));
    assert_eq!(json(&show)["recipients"][0]["address"], "else@where.test");

    let removed = done(facteur, "account remove paul@a.test");
    assert!(removed.contains("alias p@a.test"), "{removed}");
    assert!(
        removed.contains("account lea@a.test  its mail stays again"),
        "{removed}"
    );
    assert_eq!(
        json("account remove lea@a.test")["aliases"][0]["removed"],
        true
    );
    assert!(refused(facteur, "domain remove a.test").contains("domain remove b.test"));
    done(facteur, "domain remove b.test");
    done(facteur, "domain remove a.test");

    assert!(done(facteur, "config check").contains("right"));
    assert_eq!(json("config check")["ok"], true);
    assert!(done(facteur, "config show").contains("port_base"));
    assert_eq!(json("config show")[0]["name"], "hostname");
    assert_eq!(json("config show")[0]["source"], "file");

    for (line, why) in [
        ("domain add facteur.test", "facteur.test"),
        ("domain remove facteur.test", "3 address"),
        ("domain remove other.test", "other.test"),
        ("domain keys list other.test", "other.test"),
        (
            "domain keys rotate facteur.test",
            "keys prepare facteur.test",
        ),
        ("domain dns facteur.test", "hostname"),
        ("account add x@other.test --password-stdin", "other.test"),
        (
            "account add jeanne@facteur.test --password-stdin",
            "jeanne@facteur.test",
        ),
        ("account show x@facteur.test", "x@facteur.test"),
        ("account remove x@facteur.test", "x@facteur.test"),
        (
            "account password x@facteur.test --password-stdin",
            "x@facteur.test",
        ),
        ("account set x@facteur.test --name X", "x@facteur.test"),
        (
            "alias add jeanne@facteur.test a@b.test",
            "jeanne@facteur.test",
        ),
        ("alias add a@facteur.test a@facteur.test", "itself"),
        ("alias remove a@facteur.test", "a@facteur.test"),
        ("queue show nothing", "26 letters"),
    ] {
        let reason = refused(facteur, line);
        assert!(reason.contains(why), "{line}: {reason}");
    }
}

/// One message to elsewhere, so that the queue has something to show.
fn send_elsewhere(facteur: &Facteur) {
    let [jeanne, _] = facteur.people();
    let words = [jeanne.address.as_str(), &jeanne.password, "else@where.test"];
    run(python(facteur, "sends.py", &words));
}

#[test]
fn every_verb_works_beside_a_server_and_without_one() {
    let mut facteur = Facteur::start();
    send_elsewhere(&facteur);
    every_verb(&facteur);
    assert!(facteur.stop().success());
    every_verb(&facteur);
}

#[test]
fn a_password_is_one_line_whatever_its_end() {
    let facteur = Facteur::start();
    let [jeanne, _] = facteur.people();
    let line = format!("account password {} --password-stdin", jeanne.address);
    for input in ["  un  mot de passe \r\nnext\n", "sans fin de ligne"] {
        let said = with_input(&facteur, &line, input.as_bytes());
        assert_eq!(said.code, Some(0), "{}", said.errors);
        let password = input.lines().next().unwrap();
        run(python(
            &facteur,
            "signs_in.py",
            &[&jeanne.address, password],
        ));
    }
    for (input, why) in [
        (&b""[..], "too short"),
        (b"\n", "too short"),
        (b"court\n", "too short"),
        (
            b"\xff\xfe\xfd\xfc\xff\xfe\xfd\xfc\xff\xfe\xfd\xfc\n",
            "UTF-8",
        ),
    ] {
        let said = with_input(&facteur, &line, input);
        assert_eq!(said.code, Some(1));
        assert!(said.errors.contains(why), "{}", said.errors);
    }
    let long = with_input(&facteur, &line, "x".repeat(100_000).as_bytes());
    assert_eq!(long.code, Some(1), "{}", long.errors);
}

#[test]
fn wrong_usage_is_code_2_and_help_is_0() {
    let facteur = Facteur::prepared();
    for line in [
        "",
        "no-such-verb",
        "account add x@facteur.test",
        "domain add two..dots",
    ] {
        assert_eq!(with_input(&facteur, line, b"").code, Some(2), "{line}");
    }
    for line in ["--help", "account --help", "--version"] {
        assert_eq!(with_input(&facteur, line, b"").code, Some(0), "{line}");
    }
}

#[test]
fn a_reader_that_stops_reading_is_no_trouble() {
    let facteur = Facteur::prepared();
    for line in ["config show", "account list", "alias list --json", "--help"] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut child = facteur
            .facteur(&words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Gone before anything is written.
        drop(child.stdout.take());
        let mut errors = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut errors)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{line}: {errors}");
        assert_eq!(errors, "", "{line}");
    }
}

#[test]
fn the_environment_and_the_file_are_told_apart_and_faults_are_placed() {
    let facteur = Facteur::prepared();
    let mut show = facteur.facteur(&["config", "show", "--json"]);
    show.env("FACTEUR_LOG__LEVEL", "debug");
    let shown: serde_json::Value = serde_json::from_str(&run(show)).unwrap();
    let setting = |name: &str| {
        let all = shown.as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap().clone()
    };
    assert_eq!(setting("log.level")["source"], "environment");
    assert_eq!(setting("log.level")["value"], "debug");
    assert_eq!(setting("port_base")["source"], "file");
    assert_eq!(setting("user")["source"], "default");

    let check = |arguments: &[&str]| facteur.facteur(&[&["config", "check"], arguments].concat());
    let checked = |arguments: &[&str]| said(check(arguments).output().unwrap());
    let wrong = said(
        check(&[])
            .env("FACTEUR_HOSTNAM", "a.test")
            .output()
            .unwrap(),
    );
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong.errors.contains("FACTEUR_HOSTNAME"),
        "{}",
        wrong.errors
    );
    let file = facteur.folder.path().join("other.toml");
    std::fs::write(&file, "# mine\n\nmesage_bytes = 1\n").unwrap();
    let wrong = checked(&["--config", file.to_str().unwrap()]);
    assert_eq!(wrong.code, Some(1));
    let place = format!("{}:3: ", file.display());
    assert!(wrong.errors.contains(&place), "{}", wrong.errors);
    assert!(
        wrong.errors.ends_with("the nearest is message_bytes\n"),
        "{}",
        wrong.errors
    );
    let none = checked(&["--config", "/no/such/file.toml"]);
    assert_eq!(none.code, Some(1));
    assert!(
        none.errors.contains("/no/such/file.toml"),
        "{}",
        none.errors
    );
}

#[test]
fn a_mistyped_folder_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("typo");
    for words in [&["account", "list"][..], &["alias", "remove", "a@b.test"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
        let said = said(
            command
                .arg("--data")
                .arg(&data)
                .args(words)
                .output()
                .unwrap(),
        );
        assert_eq!(said.code, Some(1));
        assert!(
            said.errors.contains("there is no data folder"),
            "{}",
            said.errors
        );
        assert!(!data.exists());
    }
}

#[test]
fn without_a_postmaster_of_its_own_a_domain_has_the_services() {
    let facteur = Facteur::prepared();
    let served = Served::start(facteur.facteur(&["serve"]));
    let [jeanne, _] = facteur.people();
    done(&facteur, "domain add alpha.test");
    done(
        &facteur,
        "domain add zeta.test --postmaster paul@facteur.test",
    );
    let words = [&jeanne.address, &jeanne.password];
    run(python(
        &facteur,
        "postmasters.py",
        &words.map(String::as_str),
    ));
    drop(served);
}
