//! Three nodes on one database and one bucket, used by eight people at once, for as long as
//! one likes. Nodes are killed at random; once the database ends for good and its standby
//! takes over; once a node of the bucket's service is lost with all that it kept. All that
//! was acknowledged is there, once, whole, with its UID and flags; and whoever waits at one
//! node is told what came in at another.
//!
//! `NODES_SECONDS=600` in the environment makes it the proof that `cargo xtask prove nodes`
//! runs: then the bucket is one of garage, else of a small server that has one node only.

use std::env;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use testbed::power::Chance;

use crate::cluster::{Bodies, Cluster, Node, command};
use crate::common::Person;
use crate::load::{Load, Setting, Verdict};
use crate::served::{Served, run};

/// How long it takes, unless `NODES_SECONDS` says otherwise.
const SECONDS: u64 = 20;
/// After so long everything is compared, and another load begins with empty accounts.
const CHAPTER: Duration = Duration::from_secs(60);
/// How long whoever was cut off rests: what a node that was killed had asked of the database
/// is done by then or never, as it is when a person tries again.
const REST: Duration = Duration::from_millis(500);
/// Nodes, and those of the bucket's service.
const NODES: usize = 3;

#[test]
fn what_was_acknowledged_is_there_whatever_ends() {
    let given = env::var("NODES_SECONDS").ok();
    let bodies = match given {
        Some(_) => Bodies::Garage(testbed::Garage::start(NODES)),
        None => Bodies::Moto(testbed::S3::start()),
    };
    let seconds = given.map_or(SECONDS, |given| given.parse().unwrap());
    let mut trial = Trial::start(bodies, Duration::from_secs(seconds));
    trial.see_large();
    let watch = Watch::start(&trial);
    while trial.is_on() {
        trial.chapter();
    }
    println!("{}\n{}", trial.table(), watch.end());
    trial.see_large();
    trial.total.assert_good();
    assert!(trial.kills > 0 && trial.failed_over);
    assert!(trial.total.commands() > 100);
    // A short run does not come to everything.
    if matches!(trial.cluster.bodies, Bodies::Garage(_)) {
        assert!(trial.has_lost);
        trial.total.assert_shown();
    }
}

/// The nodes, and what happened to them so far.
struct Trial {
    cluster: Cluster,
    nodes: [Node; NODES],
    served: [Served; NODES],
    people: [Person; 2],
    logs: tempfile::TempDir,
    chance: Chance,
    begun: Instant,
    length: Duration,
    chapters: u64,
    kills: u64,
    failed_over: bool,
    has_lost: bool,
    total: Verdict,
}

impl Trial {
    fn start(bodies: Bodies, length: Duration) -> Trial {
        let cluster = Cluster::start_followed(bodies);
        let nodes = [(); NODES].map(|()| cluster.node());
        let served = nodes.each_ref().map(Node::serve);
        run(nodes[0].facteur(&["domain", "add", "facteur.test"]));
        let people = ["jeanne", "paul"].map(|name| person(&nodes[0], name));
        let postmaster = ["alias", "add", "postmaster@facteur.test"];
        run(nodes[0].facteur(&[&postmaster[..], &[&people[0].address]].concat()));
        Trial {
            cluster,
            nodes,
            served,
            people,
            logs: tempfile::tempdir().unwrap(),
            chance: Chance::new(now()),
            begun: Instant::now(),
            length,
            chapters: 0,
            kills: 0,
            failed_over: false,
            has_lost: false,
            total: Verdict::default(),
        }
    }

    fn is_on(&self) -> bool {
        self.begun.elapsed() < self.length && self.total.wrong.is_empty()
    }

    /// One load, and what is there of it at the end.
    fn chapter(&mut self) {
        let mut load = Load::start(&self.setting(), &self.people, self.chapters);
        let begun = Instant::now();
        while begun.elapsed() < CHAPTER && self.is_on() {
            // Each of them does something before the next one ends, and is then hit in
            // the middle of something else.
            load.wait_until_busy();
            std::thread::sleep(self.within(1000));
            self.something_ends();
        }
        load.end();
        self.total.add(load.verdict());
        if self.total.wrong.is_empty() {
            load.clean();
        }
        self.chapters += 1;
    }

    fn setting(&self) -> Setting {
        Setting {
            authority: self.cluster.alone.authority(),
            bases: self.nodes.iter().map(|node| node.base).collect(),
            rest: REST,
            data: self.nodes[0].data(),
            logs: self.logs.path().to_owned(),
        }
    }

    fn within(&mut self, milliseconds: u64) -> Duration {
        Duration::from_millis(self.chance.below(milliseconds))
    }

    /// Usually one node, sometimes two at once. The rest has its time.
    fn something_ends(&mut self) {
        if !self.failed_over && self.begun.elapsed() > self.length / 3 {
            self.fail_over();
        } else if !self.has_lost && self.begun.elapsed() > self.length / 3 * 2 {
            self.lose();
        }
        let first = usize::try_from(self.chance.below(NODES as u64)).unwrap();
        let count = if self.chance.below(4) == 0 { 2 } else { 1 };
        let ended: Vec<usize> = (first..first + count).map(|one| one % NODES).collect();
        for node in &ended {
            self.served[*node].kill();
        }
        std::thread::sleep(self.within(1500));
        for node in ended {
            self.served[node] = self.nodes[node].serve();
            self.kills += 1;
        }
    }

    fn fail_over(&mut self) {
        self.cluster.index.crash();
        std::thread::sleep(self.within(2000));
        self.cluster.standby.as_ref().unwrap().promote();
        self.failed_over = true;
    }

    /// The node that all ask first.
    fn lose(&mut self) {
        if let Bodies::Garage(garage) = &mut self.cluster.bodies {
            garage.lose(0);
            self.has_lost = true;
        }
    }

    /// Every node has a message that is in the bucket in parts.
    fn see_large(&self) {
        run(self.script("large"));
    }

    fn script(&self, verb: &str) -> Command {
        let nodes: Vec<_> = self.nodes.iter().zip(&self.served).collect();
        command(verb, &self.cluster, &nodes)
    }

    fn table(&self) -> String {
        let total = &self.total;
        let counts = ["lost", "torn", "twice", "wrong"].map(|kind| total.count(kind).to_string());
        format!(
            "| seconds | nodes killed | database failed over | node of the bucket lost | acknowledged | lost | torn | twice | wrong |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n\
             | {} | {} | {} | {} | {} | {} |\n{:?}",
            self.begun.elapsed().as_secs(),
            self.kills,
            u8::from(self.failed_over),
            u8::from(self.has_lost),
            total.commands(),
            counts.join(" | "),
            total.acknowledged,
        )
    }
}

fn person(node: &Node, name: &str) -> Person {
    let person = Person {
        address: format!("{name}@facteur.test"),
        password: format!("{name} et quatre mots"),
    };
    let mut add = node.facteur(&["account", "add", &person.address, "--password-stdin"]);
    let mut add = add.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = add.stdin.take().unwrap();
    writeln!(input, "{}", person.password).unwrap();
    drop(input);
    assert!(add.wait().unwrap().success());
    person
}

/// Another number each time.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::from(since.unwrap().subsec_nanos())
}

/// Somebody who waits at one node for what comes in at another.
struct Watch(Child);

impl Watch {
    fn start(trial: &Trial) -> Watch {
        let mut watch = trial.script("watch");
        Watch(
            watch
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    }

    /// How long it took until they were told, most of them in time.
    fn end(self) -> String {
        let done = self.0.wait_with_output().unwrap();
        assert!(done.status.success());
        let told: Value = serde_json::from_slice(&done.stdout).unwrap();
        let times = told["times"].as_array().unwrap().iter();
        let mut times: Vec<u64> = times.map(|time| time.as_u64().unwrap()).collect();
        times.sort_unstable();
        let late = times.iter().filter(|time| **time >= 1000).count();
        let at = |hundredth: usize| times[(times.len() - 1) * hundredth / 100];
        assert!(at(99) < 1000);
        format!(
            "told at another node: {} times, {} cut off; milliseconds: median {}, 99 of 100 {}, \
             most {}; over a second: {late}",
            times.len(),
            told["cut"],
            at(50),
            at(99),
            at(100),
        )
    }
}
