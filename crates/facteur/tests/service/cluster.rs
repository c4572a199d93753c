//! Several real nodes on one database and one bucket: they are one service. What is done
//! with them is in `cluster/`; here they are made, and settings that can't work are refused.
//! In `nodes.rs` they are used at length, and whatever can end does.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::{Facteur, free_base, restlessly, scripts};
use crate::served::{Served, run};
use crate::store::World;

/// What all nodes use.
pub(crate) struct Cluster {
    pub(crate) index: testbed::Postgres,
    /// Follows the index, to take its place.
    pub(crate) standby: Option<testbed::Postgres>,
    pub(crate) bodies: Bodies,
    /// One that was served from its data folder; the nodes have its certificate.
    pub(crate) alone: Facteur,
}

/// Where bodies are.
pub(crate) enum Bodies {
    /// In the memory of a small server.
    Moto(testbed::S3),
    /// On the disks of several.
    Garage(testbed::Garage),
}

/// A data folder of its own, and the ports.
pub(crate) struct Node {
    folder: tempfile::TempDir,
    pub(crate) base: u16,
    _base_lock: File,
}

impl Cluster {
    fn start() -> Cluster {
        Cluster {
            index: testbed::Postgres::start(),
            standby: None,
            bodies: Bodies::Moto(testbed::S3::start()),
            alone: Facteur::prepared(),
        }
    }

    /// One whose database has a standby.
    pub(crate) fn start_followed(bodies: Bodies) -> Cluster {
        let index = testbed::Postgres::start();
        Cluster {
            standby: Some(index.standby()),
            index,
            bodies,
            alone: Facteur::prepared(),
        }
    }

    pub(crate) fn node(&self) -> Node {
        let (base, lock) = free_base();
        let node = Node {
            folder: tempfile::tempdir().unwrap(),
            base,
            _base_lock: lock,
        };
        let tls = node.data().join("tls");
        fs::create_dir(&tls).unwrap();
        for name in ["certificate.pem", "key.pem"] {
            fs::copy(self.alone.data().join("tls").join(name), tls.join(name)).unwrap();
        }
        fs::write(node.data().join("password"), self.index.password()).unwrap();
        let secret = match &self.bodies {
            Bodies::Moto(_) => "any secret",
            Bodies::Garage(garage) => garage.secret_key(),
        };
        fs::write(node.data().join("secret"), secret).unwrap();
        node.configure(&self.storage("postgres", "s3"));
        node
    }

    fn storage(&self, engine: &str, bodies: &str) -> String {
        let (endpoints, key) = match &self.bodies {
            Bodies::Moto(moto) => (moto.endpoint(), "facteur"),
            Bodies::Garage(garage) => (garage.endpoints().join(","), garage.access_key()),
        };
        let place = match &self.standby {
            Some(standby) => self.index.place_or(standby),
            None => self.index.place(),
        };
        format!(
            "[storage]\nengine = \"{engine}\"\nbodies = \"{bodies}\"\n\
             [storage.postgres]\nurl = \"{place}\"\npassword_file = \"password\"\n\
             [storage.s3]\nendpoint = \"{endpoints}\"\nbucket = \"mail\"\n\
             access_key = \"{key}\"\nsecret_key_file = \"secret\"\n",
        )
    }
}

impl Node {
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn configure(&self, storage: &str) {
        let text = format!(
            "hostname = \"localhost\"\nlisten = [\"127.0.0.1\"]\nport_base = {}\n{storage}",
            self.base
        );
        fs::write(self.data().join("facteur.toml"), text).unwrap();
    }

    pub(crate) fn facteur(&self, words: &[&str]) -> Command {
        facteur(&self.data(), words)
    }

    /// What a command tells to machines.
    fn told(&self, words: &[&str]) -> serde_json::Value {
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&run(self.facteur(&words))).unwrap()
    }

    pub(crate) fn serve(&self) -> Served {
        Served::start(self.facteur(&["serve"]))
    }

    /// Does not serve, and says why.
    fn refused(&self) -> String {
        let begun = Instant::now();
        let said = refused(self.facteur(&["serve"]));
        assert!(begun.elapsed() < Duration::from_secs(20));
        said
    }
}

fn facteur(data: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_facteur"));
    command.arg("--data").arg(data).args(words);
    command
}

fn refused(mut command: Command) -> String {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{command:?}: {said}");
    said
}

/// Lets a script loose on nodes that serve, to its end.
fn script(verb: &str, cluster: &Cluster, nodes: &[(&Node, &Served)]) -> String {
    run(command(verb, cluster, nodes))
}

/// The same, not yet begun.
pub(crate) fn command(verb: &str, cluster: &Cluster, nodes: &[(&Node, &Served)]) -> Command {
    let nodes = nodes.iter().map(|(node, served)| {
        let pid: u32 = served.pid().parse().unwrap();
        json!({ "base": node.base, "data": node.data(), "pid": pid })
    });
    let setting = json!({
        "binary": env!("CARGO_BIN_EXE_facteur"),
        "authority": cluster.alone.authority(),
        "nodes": nodes.collect::<Vec<_>>(),
    });
    let path = cluster.alone.folder.path().join("cluster.json");
    fs::write(&path, setting.to_string()).unwrap();
    let mut command = scripts("cluster");
    command.arg(verb).arg(path);
    command
}

#[test]
fn three_nodes_are_one_service() {
    let cluster = Cluster::start();
    let nodes = [(); 3].map(|()| cluster.node());
    let served = nodes.each_ref().map(Node::serve);
    let pairs: Vec<_> = nodes.iter().zip(&served).collect();
    let printed = script("together", &cluster, &pairs);
    println!("milliseconds until seen and until closed elsewhere: {printed}");
    let times: Vec<u64> = printed
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    // About a second, where nobody else uses the machine.
    assert!(times.iter().all(|time| *time < 3000), "{printed}");
    for node in &nodes {
        let left = fs::read_dir(node.data()).unwrap();
        let names: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        let mail = ["index", "bodies"];
        assert!(!names.iter().any(|name| mail.iter().any(|one| name == one)));
    }
    // A data folder is one server's all the same.
    let second = free_base();
    let mut again = nodes[0].facteur(&["serve"]);
    again.env("FACTEUR_PORT_BASE", second.0.to_string());
    let said = refused(again);
    assert!(said.contains("in use by another process"), "{said}");
    // Nor does it become a service of its own, with nobody in it.
    nodes[2].configure(&cluster.storage("embedded", "segments"));
    let said = nodes[2].refused();
    assert!(said.contains("set it to \"postgres\""), "{said}");
}

#[test]
fn what_a_killed_node_acknowledged_is_there_through_another() {
    let cluster = Cluster::start();
    let nodes = [(); 2].map(|()| cluster.node());
    let served = nodes.each_ref().map(Node::serve);
    let pairs: Vec<_> = nodes.iter().zip(&served).collect();
    let printed = script("killed", &cluster, &pairs);
    println!("acknowledged, and milliseconds until all was there: {printed}");
}

#[test]
fn what_was_acknowledged_is_there_after_the_database_was_gone() {
    let mut cluster = Cluster::start();
    let nodes = [(); 2].map(|()| cluster.node());
    let served = nodes.each_ref().map(Node::serve);
    let pairs: Vec<_> = nodes.iter().zip(&served).collect();
    let mut command = command("away", &cluster, &pairs);
    let mut script = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(script.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "busy");
    cluster.index.crash();
    cluster.index.start_again();
    let mut input = script.stdin.take().unwrap();
    input.write_all(b"back\n").unwrap();
    let printed = lines.next();
    assert!(script.wait().unwrap().success());
    println!("acknowledged: {}", printed.unwrap().unwrap());
}

#[test]
fn what_can_not_be_opened_is_refused_in_words() {
    let cluster = Cluster::start();
    let node = cluster.node();
    let right = cluster.storage("postgres", "s3");
    fs::write(node.data().join("password"), "wrong").unwrap();
    let said = node.refused();
    assert!(said.contains("password authentication failed"), "{said}");
    assert!(said.contains("storage.postgres.password_file"), "{said}");
    fs::write(node.data().join("password"), cluster.index.password()).unwrap();
    node.configure(&right.replace("dbname=postgres", "dbname=nothing"));
    let said = node.refused();
    assert!(said.contains("\"nothing\" does not exist"), "{said}");
    node.configure(&right.replace("bucket = \"mail\"", "bucket = \"elsewhere\""));
    let said = node.refused();
    assert!(
        said.contains("there is no bucket s3://elsewhere/"),
        "{said}"
    );
    assert!(said.contains("name another in storage.s3.bucket"), "{said}");
    // Commands say the same, and `config check` what can be told without asking anybody.
    let said = refused(node.facteur(&["account", "list"]));
    assert!(said.contains("there is no bucket"), "{said}");
    node.configure(&right.replace("\"password\"", "\"none\""));
    let said = refused(node.facteur(&["config", "check"]));
    assert!(
        said.contains("storage.postgres.password_file: can't read"),
        "{said}"
    );
    node.configure(&cluster.storage("embedded", "segments"));
    let said = run(node.facteur(&["config", "check"]));
    assert!(
        said.contains("warning: storage.postgres does nothing"),
        "{said}"
    );
    assert!(said.contains("warning: storage.s3 does nothing"), "{said}");
}

#[test]
fn settings_that_lead_away_from_the_mail_are_refused() {
    let cluster = Cluster::start();
    let node = cluster.node();
    // Two accounts in the data folder, none in the database.
    let alone = Facteur::prepared();
    for (engine, told) in [
        (
            "postgres",
            "holds accounts with their mail, and the database holds none",
        ),
        ("embedded", "has accounts whose messages are in"),
    ] {
        let file = node.data().join("facteur.toml");
        node.configure(&cluster.storage(engine, "s3"));
        fs::copy(&file, alone.data().join("facteur.toml")).unwrap();
        for name in ["password", "secret"] {
            fs::copy(node.data().join(name), alone.data().join(name)).unwrap();
        }
        for words in [&["serve"][..], &["account", "list"]] {
            let said = refused(alone.facteur(words));
            assert!(said.contains(told), "{said}");
        }
    }
    // A bucket that is another's, and one that is left.
    let shared = cluster.storage("postgres", "s3");
    node.configure(&shared);
    run(node.facteur(&["domain", "add", "a.test"]));
    node.configure(&format!("{shared}prefix = \"other\"\n"));
    let said = node.refused();
    assert!(
        said.contains("are in s3://mail/, and storage.s3 leads to s3://mail/other"),
        "{said}"
    );
}

/// Moves all that is kept, and tells what came of it.
fn moved(from: &Path, to: &Path) -> serde_json::Value {
    let mut command = facteur(from, &["store", "move", "--json", "--to"]);
    command.arg(to);
    serde_json::from_str(&run(command)).unwrap()
}

#[test]
fn all_that_is_kept_moves_to_a_cluster_and_back() {
    let mut world = World::new();
    let data = world.facteur.data();
    let cluster = Cluster::start();
    let (shared, back) = (cluster.node(), cluster.node());
    back.configure(&cluster.storage("embedded", "segments"));
    let mut running = facteur(&data, &["store", "move", "--to"]);
    running.arg(shared.data());
    let said = refused(running);
    assert!(said.contains("stop the service first"), "{said}");
    assert!(world.facteur.stop().success());
    // Cut short, at several moments, it is taken up again.
    for wait in [60, 150, 250, 350] {
        let mut cut = facteur(&data, &["store", "move", "--to"]);
        let mut cut = cut
            .arg(shared.data())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        cut.kill().unwrap();
        cut.wait().unwrap();
    }
    assert_eq!(moved(&data, &shared.data())["accounts"], 3);
    let again = moved(&data, &shared.data());
    assert_eq!((&again["there"], &again["bodies"]), (&json!(3), &json!(0)));
    let returned = moved(&shared.data(), &back.data());
    assert!(returned["bodies"].as_u64().unwrap() > 3, "{returned}");
    // Record by record the same as where it began.
    let again = moved(&data, &back.data());
    assert_eq!((&again["there"], &again["bodies"]), (&json!(3), &json!(0)));
    let checked = run(back.facteur(&["store", "check"]));
    assert!(checked.ends_with("all is well\n"), "{checked}");
    // And for those who use it: passwords, UIDs, unique ids, flags, the queue.
    for part in ["index", "bodies"] {
        fs::remove_dir_all(data.join(part)).unwrap();
        fs::rename(back.data().join(part), data.join(part)).unwrap();
    }
    world.facteur.restart();
    world.check();
    // A place that has something else is left alone.
    let other = Facteur::prepared();
    let mut wrong = other.facteur(&["store", "move", "--to"]);
    wrong.arg(shared.data());
    let said = refused(wrong);
    assert!(said.contains("name a new place"), "{said}");
}

/// Nothing of a bucket is judged by an index that does not name its messages.
#[test]
fn a_bucket_stays_with_its_index() {
    let cluster = Cluster::start();
    let (node, other) = (cluster.node(), cluster.node());
    run(node.facteur(&["domain", "add", "facteur.test"]));
    // It is cared for by itself, too.
    let mut serve = node.facteur(&["serve"]);
    restlessly(&mut serve);
    let mut served = Served::start(serve);
    served.wait_for("care of the bucket");
    assert_eq!(node.told(&["store", "compact"])["bucket"]["objects"], 0);
    drop(served);
    let counted = node.told(&["store", "stats"]);
    assert_eq!(counted["bucket"]["objects"], 0, "{counted}");
    assert!(counted.get("segments").is_none(), "{counted}");
    let shown = run(node.facteur(&["store", "compact"]));
    assert!(shown.contains("taken out of the bucket"), "{shown}");
    // A new index, and settings that lead to the bucket of another.
    other.configure(&cluster.storage("embedded", "s3"));
    for words in [&["store", "compact"][..], &["account", "list"]] {
        let said = refused(other.facteur(words));
        let told = "the messages in s3://mail/ are those of another index";
        assert!(said.contains(told), "{said}");
    }
    assert!(other.refused().contains("Name another bucket or prefix"));
}

/// One node with its index in the data folder and its bodies in a bucket.
#[test]
fn bodies_may_be_in_a_bucket_alone() {
    let cluster = Cluster::start();
    let node = cluster.node();
    node.configure(&cluster.storage("embedded", "s3"));
    run(node.facteur(&["domain", "add", "facteur.test"]));
    for round in 1..=2 {
        let served = node.serve();
        let printed = script("bucket", &cluster, &[(&node, &served)]);
        assert_eq!(printed.trim(), round.to_string());
        // Beside the server nothing goes that somebody may read.
        let done = node.told(&["store", "compact"]);
        assert_eq!(done["bucket"]["removed"], 0, "{done}");
        let counted = node.told(&["store", "stats"]);
        assert_eq!(counted["bucket"]["objects"], round, "{counted}");
        assert_eq!(counted["bucket"]["needless"], 0, "{counted}");
    }
    run(node.facteur(&["account", "remove", "lea@facteur.test"]));
    let done = node.told(&["store", "compact"]);
    assert_eq!(done["bucket"]["removed"], 2, "{done}");
    assert!(done["copied"].as_u64().is_some(), "{done}");
    assert_eq!(node.told(&["store", "stats"])["bucket"]["objects"], 0);
    let shown = run(node.facteur(&["store", "stats"]));
    assert!(shown.contains("objects in the bucket"), "{shown}");
    node.configure(&cluster.storage("embedded", "segments"));
    let said = node.refused();
    assert!(
        said.contains("are in s3://mail/, and storage.bodies is \"segments\""),
        "{said}"
    );
}
