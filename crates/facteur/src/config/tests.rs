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

fn secret(text: &str) -> Secret {
    Secret(address::Password::new(text))
}

/// With a value for each setting.
fn full() -> Config {
    let text = |text: &str| Some(text.to_owned());
    let mut full = Config {
        user: text("facteur"),
        ..Config::default()
    };
    full.storage.postgres = Database {
        url: text("postgres://facteur@db.test/mail"),
        password: Some(secret("s3cret")),
        password_file: Some("password".into()),
        authority: Some("authority.pem".into()),
        notices: Notices::Asked,
    };
    full.dns = Dns {
        servers: vec!["192.0.2.1:5353".parse().unwrap()],
        trust_anchors: Some("anchors".into()),
        ..Dns::default()
    };
    full.sending = Sending {
        private_networks: vec!["192.168.7.0/24".parse().unwrap()],
        authorities: Some("authorities.pem".into()),
        from: vec!["192.0.2.1".parse().unwrap()],
        routes: Some([("a.test".to_owned(), Smarthost::default())].into()),
        smarthost: Smarthost {
            host: text("smtp.test"),
            user: text("facteur"),
            password: Some(secret("s3cret")),
            password_file: Some("password".into()),
            ..Smarthost::default()
        },
        ..Sending::default()
    };
    full.storage.s3 = S3 {
        endpoint: text("https://s3.test"),
        bucket: text("mail"),
        access_key: text("facteur"),
        secret_key: Some(secret("s3cret")),
        secret_key_file: Some("secret".into()),
        authority: Some("authority.pem".into()),
        ..S3::default()
    };
    full
}

/// The names of all values in a table of tables.
fn paths(table: &toml::Table) -> Vec<String> {
    let plain = |value: &toml::Value| match value {
        // It names what it holds itself: that is one value.
        toml::Value::Table(inner) => inner.contains_key("a.test"),
        _ => true,
    };
    let below = |(name, value): (&String, &toml::Value)| match value {
        toml::Value::Table(inner) if !plain(value) => {
            let inner = paths(inner).into_iter();
            inner.map(|path| format!("{name}.{path}")).collect()
        }
        _ => vec![name.clone()],
    };
    table.iter().flat_map(below).collect()
}

#[test]
fn every_setting_is_explained() {
    let there = paths(&toml::Table::try_from(full()).unwrap());
    let there: BTreeSet<String> = there.into_iter().collect();
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
fn a_name_in_a_section_of_a_section_is_looked_at_too() {
    for (text, line, nearest) in [
        ("[storage]\nengin = \"postgres\"\n", 2, "storage.engine"),
        ("[storage.s3]\n\nbuket = \"mail\"\n", 3, "storage.s3.bucket"),
        (
            "[storage.postgre]\nurl = \"x\"\n",
            2,
            "storage.postgres.url",
        ),
        ("storage.s3.prefx = \"a\"\n", 1, "storage.s3.prefix"),
    ] {
        let message = refusal(text, &[]);
        assert!(
            message.contains(&format!("facteur.toml:{line}: ")),
            "{message}"
        );
        assert!(
            message.ends_with(&format!("the nearest is {nearest}")),
            "{message}"
        );
    }
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
        ("[storage]\nengine = \"sqlite\"\n", 2),
        ("[storage]\npostgres = 3\n", 2),
        ("[storage.s3]\nregion = 3\n", 2),
        ("[storage.s3.bucket]\nname = \"mail\"\n", 1),
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
fn storage_can_be_chosen_by_the_environment() {
    let environment = [
        ("FACTEUR_STORAGE__ENGINE", "postgres"),
        ("FACTEUR_STORAGE__BODIES", "s3"),
        (
            "FACTEUR_STORAGE__POSTGRES__URL",
            "postgres://facteur@localhost/mail",
        ),
        ("FACTEUR_STORAGE__POSTGRES__PASSWORD", "s3cret"),
        ("FACTEUR_STORAGE__S3__ENDPOINT", "http://s3.test"),
        ("FACTEUR_STORAGE__S3__BUCKET", "mail"),
        ("FACTEUR_STORAGE__S3__ACCESS_KEY", "facteur"),
        ("FACTEUR_STORAGE__S3__SECRET_KEY", "123"),
        ("FACTEUR_STORAGE__S3__IN_THE_CLEAR", "true"),
    ];
    let loaded = loaded("", &environment).unwrap();
    let storage = &loaded.config.storage;
    assert_eq!(
        (storage.engine, storage.bodies),
        (Engine::Postgres, Bodies::S3)
    );
    assert_eq!(storage.postgres.password, Some(secret("s3cret")));
    assert_eq!(storage.s3.secret_key, Some(secret("123")));
    assert!(storage.s3.in_the_clear);
    let settings = loaded.settings().unwrap();
    let engine = settings.iter().find(|(name, ..)| name == "storage.engine");
    assert_eq!(engine.unwrap().2, Source::Environment);
}

#[test]
fn a_secret_is_never_shown() {
    let text = "[storage.postgres]\npassword = \"s3cret\"\n\
                [storage.s3]\nsecret_key = \"s3cret\"\n";
    let loaded = loaded(text, &[]).unwrap();
    let settings = loaded.settings().unwrap();
    let shown = |wanted: &str| {
        let setting = settings.iter().find(|(name, ..)| name == wanted);
        setting.unwrap().1.clone().unwrap()
    };
    for name in ["storage.postgres.password", "storage.s3.secret_key"] {
        assert_eq!(shown(name).as_str(), Some("***"));
    }
    for printed in [
        format!("{loaded:?} {settings:?}"),
        documented(&loaded.config).unwrap(),
    ] {
        assert!(!printed.contains("s3cret"), "{printed}");
    }
    // Nor where it is of the wrong type.
    for wrong in ["31337", "[\"s31337\"]", "{ a = \"s31337\" }"] {
        let message = refusal(&format!("[storage.postgres]\npassword = {wrong}\n"), &[]);
        assert!(!message.contains("31337"), "{message}");
        assert!(message.contains("text between quotes"), "{message}");
    }
}

#[test]
fn storage_that_cannot_work_is_refused_by_name_and_remedy() {
    let postgres = "[storage]\nengine = \"postgres\"\nbodies = \"s3\"\n";
    let s3 = "[storage]\nbodies = \"s3\"\n[storage.s3]\n";
    let key = "endpoint = \"https://s3.test\"\nbucket = \"mail\"\naccess_key = \"a\"\n";
    for (text, told) in [
        (
            "[storage.postgres]\nurl = \"postgres://u:s3cret@h/mail\"\n".to_owned(),
            "storage.postgres.url: it must be an address, and the password in a file",
        ),
        (
            "[storage.postgres]\nurl = \"postgres://u:s3cret@h:port/\"\n".to_owned(),
            "storage.postgres.url: it must be an address",
        ),
        (
            "[storage]\nengine = \"postgres\"\n".to_owned(),
            "storage.bodies: \"segments\" are on this machine alone",
        ),
        (
            postgres.to_owned(),
            "storage.postgres.url: with storage.engine",
        ),
        (
            format!(
                "{postgres}[storage.postgres]\nurl = \"host=x\"\npassword = \"a\"\npassword_file = \"b\"\n"
            ),
            "storage.postgres: password and password_file are both set",
        ),
        (
            format!("{postgres}[storage.postgres]\nurl = \"host=x\"\n"),
            "storage.s3.endpoint: with storage.bodies",
        ),
        (
            s3.to_owned(),
            "storage.s3.endpoint: with storage.bodies = \"s3\" it must say",
        ),
        (
            format!("{s3}endpoint = \"https://s3.test\"\n"),
            "storage.s3.bucket: ",
        ),
        (
            format!("{s3}endpoint = \"https://s3.test\"\nbucket = \"mail\"\n"),
            "storage.s3.access_key: ",
        ),
        (format!("{s3}{key}"), "storage.s3.secret_key_file: "),
        (
            format!("{s3}{key}secret_key = \"a\"\nsecret_key_file = \"b\"\n"),
            "storage.s3: secret_key and secret_key_file are both set",
        ),
    ] {
        let message = refusal(&text, &[]);
        assert!(
            message.contains(&format!("can't work: {told}")),
            "{message}"
        );
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[test]
fn what_is_set_for_an_engine_that_is_not_chosen_is_told() {
    let idle = |text: &str| loaded(text, &[]).unwrap().config.storage.idle();
    assert!(idle(&documented(&Config::default()).unwrap()).is_empty());
    let told = idle("[storage.postgres]\nurl = \"host=x\"\n[storage.s3]\nbucket = \"mail\"\n");
    let [database, bucket] = told.try_into().unwrap();
    assert!(database.starts_with("storage.postgres does nothing: storage.engine is"));
    assert!(bucket.starts_with("storage.s3 does nothing: storage.bodies is"));
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

#[test]
fn sending_has_bounds() {
    let text = "[sending]\nprivate_networks = [\"10.0.0.0/8\", \"::1\"]\n";
    let config = loaded(text, &[]).unwrap().config;
    let networks: Vec<_> = config
        .sending
        .private_networks
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(networks, ["10.0.0.0/8", "::1/128"]);
    for wrong in [
        "patience_hours = 0",
        "patience_hours = 721",
        "port = 0",
        "from = [\"192.0.2.1\", \"192.0.2.2\"]",
        "smarthost.user = \"facteur\"",
        "smarthost.port = 0",
        "routes.\"a.test\".port = 25",
        "routes.\"a b\".host = \"c.test\"",
        "routes.\"a.test\" = { host = \"c.test\", user = \"facteur\" }",
    ] {
        let message = refusal(&format!("[sending]\n{wrong}\n"), &[]);
        let name = wrong.split([' ', '.']).next().unwrap();
        assert!(message.contains(name), "{message}");
    }
    let misspelt = "[sending.routes.\"a.test\"]\nhost = \"c.test\"\nprot = 25\n";
    assert!(refusal(misspelt, &[]).contains("prot"));
    let route = "{ \"a.test\" = { host = \"c.test\" } }";
    let by_variable = loaded("", &[("FACTEUR_SENDING__ROUTES", route)]).unwrap();
    let by_file = "[sending.routes.\"a.test\"]\nhost = \"c.test\"\n";
    let routes = loaded(by_file, &[]).unwrap().config.sending.routes;
    assert_eq!(by_variable.config.sending.routes, routes);
    assert_eq!(routes.unwrap()["a.test"].host.as_deref(), Some("c.test"));
    let message = refusal("[sending]\nprivate_networks = [\"10.0.0.0/33\"]\n", &[]);
    assert!(message.contains(":2: \"10.0.0.0/33\""), "{message}");
}

#[test]
fn servers_of_the_dns_are_addresses() {
    let environment = [("FACTEUR_DNS__SERVERS", "127.0.0.1:5353, ::1")];
    let config = loaded("", &environment).unwrap().config;
    let servers = ["127.0.0.1:5353", "::1"].map(|text| text.parse().unwrap());
    assert_eq!(config.dns.servers, servers);
    let inside = config.dns_in(Path::new("/data"));
    assert_eq!(
        (inside.servers, inside.trust_anchors),
        (servers.to_vec(), None)
    );
    let message = refusal("[dns]\nservers = [\"ns.a.test\"]\n", &[]);
    assert!(message.contains("facteur.toml:2"), "{message}");
    assert!(message.contains("is no IP address"), "{message}");
    for seconds in [0, 61] {
        let message = refusal(&format!("[dns]\npatience_seconds = {seconds}\n"), &[]);
        assert!(message.contains("dns.patience_seconds"), "{message}");
    }
}

#[test]
fn this_machine_is_trusted_unless_somebody_says_otherwise() {
    let networks = |text: &str| {
        let config = loaded(text, &[]).unwrap().config;
        let networks = config.believing.trusted_networks.into_iter();
        networks
            .map(|network| network.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(networks(""), ["127.0.0.0/8", "::1/128"]);
    assert!(networks("[believing]\ntrusted_networks = []\n").is_empty());
    let message = refusal("[believing]\ntrusted_networks = [\"10.0.0.1/8\"]\n", &[]);
    assert!(message.contains("facteur.toml:2"), "{message}");
    let message = refusal("[believing]\npatience_seconds = 0\n", &[]);
    assert!(message.contains("believing.patience_seconds"), "{message}");
    let message = refusal("[believing]\nslow_down_seconds = 21\n", &[]);
    assert!(message.contains("believing.slow_down_seconds"), "{message}");
    for lists in ["[\"zen.example.org\"]", "[\"a..b refuse\"]"] {
        let message = refusal(&format!("[believing]\nblock_lists = {lists}\n"), &[]);
        assert!(message.contains("believing.block_lists"), "{message}");
    }
    let many = vec!["\"zen.example.org junk\""; 17].join(", ");
    let message = refusal(&format!("[believing]\nblock_lists = [{many}]\n"), &[]);
    assert!(message.contains("more than 16"), "{message}");
}
