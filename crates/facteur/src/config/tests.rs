use std::collections::BTreeSet;
use std::fs;

use super::keys::keys;
use super::load::{Loaded, load};
use super::*;

fn loaded(text: &str, environment: &[(&str, &str)]) -> anyhow::Result<Loaded> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    fs::write(&file, text).unwrap();
    let pairs = environment.iter();
    load(
        &file,
        true,
        pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

fn refusal(text: &str, environment: &[(&str, &str)]) -> String {
    format!("{:#}", loaded(text, environment).unwrap_err())
}

#[test]
fn the_documented_file_says_what_it_was_made_of() {
    let text = documented(&Config::default()).unwrap();
    assert_eq!(loaded(&text, &[]).unwrap().config, Config::default());
    let other = Config {
        user: Some("facteur".to_owned()),
        port_base: 10_000,
        service_name: "Chez \"Anne\" \\ Léon".to_owned(),
        ..Config::default()
    };
    let text = documented(&other).unwrap();
    assert_eq!(loaded(&text, &[]).unwrap().config, other);
}

#[test]
fn every_setting_is_explained() {
    let full = Config {
        user: Some("facteur".to_owned()),
        ..Config::default()
    };
    let mut there = BTreeSet::new();
    for (name, value) in toml::Table::try_from(full).unwrap() {
        match value {
            toml::Value::Table(inner) => {
                there.extend(inner.keys().map(|key| format!("{name}.{key}")));
            }
            _ => drop(there.insert(name)),
        }
    }
    let explained: BTreeSet<String> = keys().into_iter().map(|key| key.path).collect();
    assert_eq!(explained, there);
}

#[test]
fn an_unknown_name_is_refused_with_its_line_and_the_nearest() {
    let message = refusal("# mine\nhostnam = \"a.test\"\n", &[]);
    assert!(
        message.contains("facteur.toml:2: there is no setting hostnam"),
        "{message}"
    );
    assert!(message.ends_with("the nearest is hostname"), "{message}");
    let message = refusal("[log]\n\nlevle = \"info\"\n", &[]);
    assert!(message.contains("facteur.toml:3"), "{message}");
    assert!(message.ends_with("the nearest is log.level"), "{message}");
    let message = refusal("[logs]\nlevel = \"info\"\n", &[]);
    assert!(message.ends_with("the nearest is log.level"), "{message}");
    let message = refusal("[lok]\n", &[]);
    assert!(message.contains("facteur.toml:1"), "{message}");
}

#[test]
fn a_wrong_type_or_value_is_refused_with_its_line() {
    for (text, line) in [
        ("\nport_base = \"high\"\n", 2),
        ("port_base = 70000\n", 1),
        ("log = 3\n", 1),
        ("[hostname]\nname = 1\n", 1),
        ("\n\n[log]\nlevel = \"loud\"\n", 4),
        ("listen = [\"here\"]\n", 1),
        ("hostname = \n", 1),
    ] {
        let message = refusal(text, &[]);
        assert!(
            message.contains(&format!("facteur.toml:{line}: ")),
            "{text}: {message}"
        );
    }
}

#[test]
fn the_environment_goes_before_the_file() {
    let environment = [
        ("FACTEUR_HOSTNAME", "b.test"),
        ("FACTEUR_PORT_BASE", "10000"),
        ("FACTEUR_LISTEN", "::1, 127.0.0.1"),
        ("FACTEUR_LOG__LEVEL", "debug"),
        ("FACTEUR_USER", "facteur"),
        ("HOME", "/"),
    ];
    let loaded = loaded(
        "hostname = \"a.test\"\nservice_name = \"Poste\"\n",
        &environment,
    )
    .unwrap();
    assert_eq!(loaded.config.hostname, "b.test");
    assert_eq!(loaded.config.port_base, 10_000);
    assert_eq!(loaded.config.listen.len(), 2);
    assert_eq!(loaded.config.log.level, LogLevel::Debug);
    assert_eq!(loaded.config.user.as_deref(), Some("facteur"));
    let settings = loaded.settings().unwrap();
    let source = |path: &str| settings.iter().find(|(name, ..)| name == path).unwrap().2;
    assert_eq!(source("hostname"), Source::Environment);
    assert_eq!(source("log.level"), Source::Environment);
    assert_eq!(source("service_name"), Source::File);
    assert_eq!(source("time_zone"), Source::Default);
}

#[test]
fn a_wrong_variable_is_refused_by_its_name() {
    let message = refusal("", &[("FACTEUR_PORT_BAS", "1")]);
    assert!(
        message.ends_with("the nearest is FACTEUR_PORT_BASE"),
        "{message}"
    );
    let message = refusal("", &[("FACTEUR_PORT_BASE", "many")]);
    assert!(
        message.starts_with("FACTEUR_PORT_BASE in the environment"),
        "{message}"
    );
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    for (text, name) in [
        ("port_base = 65000", "port_base"),
        ("listen = []", "listen"),
        ("message_bytes = 10", "message_bytes"),
        ("connections = 0", "connections"),
        ("connections_per_network = 0", "connections_per_network"),
        ("time_zone = \"Europe/Nowhere\"", "time_zone"),
        ("hostname = \"two words\"", "hostname"),
    ] {
        let message = refusal(text, &[]);
        assert!(
            message.contains(&format!("can't work: {name}: ")),
            "{message}"
        );
    }
}

#[test]
fn a_host_is_spelled_as_the_network_does() {
    let loaded = loaded("hostname = \"Courrier.Été.test\"\n", &[]).unwrap();
    assert_eq!(loaded.config.hostname, "courrier.xn--t-9fab.test");
}

/// `UPDATE=1 cargo test -p facteur` writes the page anew.
#[test]
fn the_reference_is_the_one_of_this_source() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let made = documented::reference().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&page, &made).unwrap();
    }
    assert_eq!(fs::read_to_string(&page).unwrap(), made);
}
