use clap::CommandFactory;
use clap::error::ErrorKind;
use service::manage::Response;

use super::*;

fn parsed(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_commands_are_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn every_promised_line_is_understood() {
    for line in [
        "facteur quickstart",
        "facteur --data /srv quickstart --port-base 0 --domain a.test --hostname h --listen ::1",
        "facteur serve",
        "facteur --config /etc/facteur.toml account list",
        "facteur config show --json --config /etc/facteur.toml",
        "facteur --data /srv serve --config /etc/facteur.toml",
        "facteur config check",
        "facteur config show --json",
        "facteur domain add a.test",
        "facteur domain add a.test --postmaster a@a.test",
        "facteur domain list --json",
        "facteur domain remove a.test",
        "facteur domain dns a.test --json",
        "facteur domain keys list a.test --json",
        "facteur domain keys prepare a.test",
        "facteur domain keys rotate a.test",
        "facteur domain keys forget a.test",
        "facteur account add a@a.test --password-stdin --name N --quota 2G --json",
        "facteur account list --json",
        "facteur account show a@a.test --json",
        "facteur account remove a@a.test",
        "facteur account password a@a.test --password-stdin",
        "facteur account set a@a.test --old-devices on --quota none --name N",
        "facteur alias add p@a.test a@a.test b@a.test",
        "facteur alias list",
        "facteur alias remove p@a.test",
        "facteur queue list --json",
        "facteur queue show 01 --json",
        "facteur account list --data /srv",
    ] {
        assert!(parsed(line).is_ok(), "{line}");
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    for line in [
        "facteur",
        "facteur account add a@a.test",
        "facteur account set a@a.test",
        "facteur account set a@a.test --old-devices maybe",
        "facteur account add a --password-stdin",
        "facteur account add a@a.test --password-stdin --quota big",
        "facteur alias add p@a.test",
        "facteur quickstart --port-base 70000",
    ] {
        let error = parsed(line).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
    }
    let help = parsed("facteur --help").unwrap_err();
    assert_eq!(help.kind(), ErrorKind::DisplayHelp);
    assert_eq!(help.exit_code(), 0);
}

#[test]
fn the_defaults_are_those_of_a_first_try() {
    let cli = parsed("facteur quickstart").unwrap();
    assert_eq!(cli.data, PathBuf::from("./facteur-data"));
    let Command::Quickstart(quickstart) = cli.command else {
        panic!("another verb");
    };
    assert_eq!(quickstart.port_base, 10_000);
    assert_eq!(quickstart.domain.as_str(), "facteur.test");
    assert!(quickstart.hostname.is_none() && quickstart.listen.is_empty());
}

#[test]
fn sizes_are_read() {
    assert_eq!(size("none"), Ok(Quota::None));
    assert_eq!(size("2G"), Ok(Quota::Bytes(2 << 30)));
    assert_eq!(size("500M"), Ok(Quota::Bytes(500 << 20)));
    assert_eq!(size("1024"), Ok(Quota::Bytes(1024)));
    for wrong in ["", "G", "-1", "+1", "1.5G", "99999999T", "2GB", "é"] {
        assert!(size(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_password_is_one_line_without_its_end() {
    let read = |text: &'static str| {
        let secret = run::read_password(text.as_bytes()).unwrap();
        String::from_utf8(secret.0.expose().to_vec()).unwrap()
    };
    assert_eq!(read(" a b \nnext"), " a b ");
    assert_eq!(read("a\r\n"), "a");
    assert_eq!(read("a\r"), "a\r");
    assert_eq!(read("é"), "é");
    assert!(run::read_password(&b"\xff\n"[..]).is_err());
}

#[test]
fn answers_stand_in_columns_or_are_json() {
    let aliases = Response::Aliases(vec![
        service::manage::AliasShown {
            address: "p@a.test".parse().unwrap(),
            targets: vec!["a@a.test".parse().unwrap(), "b@a.test".parse().unwrap()],
        },
        service::manage::AliasShown {
            address: "longer@a.test".parse().unwrap(),
            targets: vec!["a@a.test".parse().unwrap()],
        },
    ]);
    assert_eq!(
        show::response(&aliases, false).unwrap(),
        "p@a.test       a@a.test, b@a.test\nlonger@a.test  a@a.test\n"
    );
    let json: serde_json::Value =
        serde_json::from_str(&show::response(&aliases, true).unwrap()).unwrap();
    assert_eq!(json[1]["targets"][0], "a@a.test");
}
