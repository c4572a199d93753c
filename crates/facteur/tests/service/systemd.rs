//! Sockets from systemd, what systemd is told, and ports that nobody gave.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::Facteur;
use crate::served::{Served, python, run};

/// Far longer than anything waited for takes: past it the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// What systemd hears.
struct Ear(UnixDatagram);

impl Ear {
    fn at(path: &Path) -> Ear {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Ear(socket)
    }

    fn hear(&self) -> String {
        let mut said = [0; 1024];
        let length = self.0.recv(&mut said).unwrap();
        String::from_utf8(said[..length].to_vec()).unwrap()
    }

    /// The next that is not the watchdog's.
    fn hear_news(&self) -> String {
        std::iter::repeat_with(|| self.hear())
            .find(|said| said.trim() != "WATCHDOG=1")
            .unwrap()
    }
}

/// `facteur serve` behind a program that hands over the sockets of these ports.
fn handed(facteur: &Facteur, ports: &[u16]) -> Command {
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    let mut parent = Command::new("python3");
    parent.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/service/systemd.py"
    ));
    parent.arg(ports.join(","));
    parent.arg(env!("CARGO_BIN_EXE_facteur")).arg("--data");
    parent.arg(facteur.data()).arg("serve");
    parent
}

#[test]
fn sockets_handed_over_are_served_and_the_others_opened() {
    let facteur = Facteur::prepared();
    let [jeanne, paul] = facteur.people();
    let ports = [25, 993, 465].map(|port| facteur.port(port));
    let mut served = Served::start(handed(&facteur, &ports));
    let words = [&jeanne, &paul].map(|one| [one.address.as_str(), one.password.as_str()]);
    run(python(&facteur, "everyday.py", &words.concat()));
    let (status, log) = served.stop();
    assert!(status.success(), "{log}");
}

#[test]
fn a_socket_for_which_there_is_no_service_is_refused_in_words() {
    let facteur = Facteur::prepared();
    let done = handed(&facteur, &[facteur.port(26)]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("where nothing is served"), "{said}");
}

#[test]
fn systemd_is_told_of_start_reload_life_and_end() {
    let facteur = Facteur::prepared();
    let path = facteur.folder.path().join("notify");
    let ear = Ear::at(&path);
    let mut serve = facteur.facteur(&["serve"]);
    serve.env("NOTIFY_SOCKET", &path);
    serve.env("WATCHDOG_USEC", "200000");
    let mut served = Served::start(serve);
    assert_eq!(ear.hear_news().trim(), "READY=1");
    while ear.hear().trim() != "WATCHDOG=1" {}
    served.signal("HUP");
    let reloading = ear.hear_news();
    assert!(
        reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="),
        "{reloading}"
    );
    assert_eq!(ear.hear_news().trim(), "READY=1");
    served.signal("TERM");
    assert_eq!(ear.hear_news().trim(), "STOPPING=1");
    assert!(served.end().0.success());
}

#[test]
fn a_port_in_use_is_refused_in_words() {
    let facteur = Facteur::prepared();
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, facteur.port(143))).unwrap();
    let done = facteur.facteur(&["serve"]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    let port = facteur.port(143).to_string();
    assert!(said.contains(&port) && said.contains("in use"), "{said}");
}

/// In a network of its own, where the standard ports are free and need a right, and
/// without any right.
#[test]
fn a_port_that_needs_a_right_tells_the_ways_to_get_it() {
    let facteur = Facteur::prepared();
    let mut bare = Command::new("unshare");
    bare.args(["--user", "--map-root-user", "--net", "--"]);
    bare.args(["setpriv", "--inh-caps=-all", "--bounding-set=-all", "--"]);
    bare.arg(env!("CARGO_BIN_EXE_facteur")).arg("--data");
    bare.arg(facteur.data()).arg("serve");
    bare.env("FACTEUR_PORT_BASE", "0")
        .env("FACTEUR_LISTEN", "0.0.0.0");
    let done = bare.output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{said}");
    for way in [
        "port 25 needs a right",
        "as root with a `user`",
        "setcap cap_net_bind_service",
    ] {
        assert!(said.contains(way), "{said}");
    }
}

#[test]
fn a_second_server_on_the_folder_is_refused_in_words() {
    let facteur = Facteur::prepared();
    let served = Served::start(facteur.facteur(&["serve"]));
    let mut second = facteur.facteur(&["serve"]);
    // Its ports are free: the folder is not.
    let base = (facteur.base + 1).to_string();
    let done = second.env("FACTEUR_PORT_BASE", base).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("another process"), "{said}");
    // The first has not suffered.
    TcpStream::connect((Ipv4Addr::LOCALHOST, facteur.port(993))).unwrap();
    drop(served);
}
