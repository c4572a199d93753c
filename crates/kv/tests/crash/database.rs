//! The engine that is a database: the load is killed, or the database, or both.

use std::time::{Duration, Instant};

use tempfile::TempDir;
use testbed::power::{Chance, Row};
use tokio_postgres::NoTls;

use crate::engine::Engine;
use crate::kill::{count, kills, report, work};
use crate::load::command;
use crate::machine::Machine;
use crate::seed;

/// How often something is killed, unless `KILLS` says otherwise.
const KILLS: u64 = 4;
/// So many commits are acknowledged once the database is back.
const BUSY: u64 = 30;
/// How often one looks whether the database has done with a load that is gone.
const MOMENT: Duration = Duration::from_millis(5);

/// What is killed, in turn.
const VICTIMS: [Victim; 4] = [Victim::Load, Victim::Database, Victim::Load, Victim::Both];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Load,
    Database,
    Both,
}

/// A database and the load on it.
struct Node {
    server: testbed::Postgres,
    machine: Machine,
    /// Where the load says what went wrong.
    _folder: TempDir,
    starts: u64,
    row: [Row; 3],
}

impl Node {
    fn new() -> Node {
        let folder = tempfile::tempdir().unwrap();
        Node {
            server: testbed::Postgres::start(),
            machine: Machine::new(folder.path().join("log")),
            _folder: folder,
            starts: 0,
            row: Default::default(),
        }
    }

    fn start(&mut self) -> Result<Duration, String> {
        self.starts += 1;
        let command = command(Engine::Postgres, &self.server.address(), self.starts);
        let opened = self.machine.start(command);
        opened.ok_or_else(|| format!("it did not open: {}", self.machine.said()))
    }

    /// Judges what is there.
    fn look(&mut self, victim: Victim) -> Result<(), String> {
        let Some(verdict) = self.machine.look() else {
            return Err(format!("the load ended: {}", self.machine.said()));
        };
        count(&mut self.row[victim as usize], &verdict)
    }

    fn kill(&mut self, victim: Victim, round: u64) -> Result<(), String> {
        if victim != Victim::Load {
            self.end_database(round);
        }
        let begun = Instant::now();
        if victim != Victim::Database {
            self.machine.kill(None)?;
        }
        if victim != Victim::Load {
            self.server.start_again();
        }
        if victim == Victim::Database {
            // All that it waits for is answered, and it goes on by itself.
            self.machine.wait_until_busy(BUSY);
            self.machine.tell("stop");
        } else {
            until_alone(&self.server.address());
            self.start()?;
        }
        let row = &mut self.row[victim as usize];
        row.rounds += 1;
        row.openings.push(begun.elapsed());
        self.look(victim)
    }

    fn end_database(&mut self, round: u64) {
        if round % 8 < 4 {
            self.server.kill();
        } else {
            self.server.crash();
        }
    }
}

/// Returns once the database has done with a load that is gone: what it began for that may
/// still happen until then, and nobody was told that it did not.
fn until_alone(address: &str) {
    let others = "SELECT count(*) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
        tokio::spawn(connection);
        let count = async || {
            client
                .query_one(others, &[])
                .await
                .unwrap()
                .get::<_, i64>(0)
        };
        while count().await > 0 {
            tokio::time::sleep(MOMENT).await;
        }
    });
}

#[test]
fn postgres_keeps_what_it_acknowledged() {
    let seed = seed();
    let mut chance = Chance::new(seed);
    let mut node = Node::new();
    let mut held = node.start().and_then(|_| node.look(Victim::Load));
    for round in 0..kills(KILLS) {
        let victim = VICTIMS[round as usize % VICTIMS.len()];
        held = held.and_then(|()| {
            work(&mut node.machine, &mut chance);
            node.kill(victim, round)
        });
    }
    let [load, database, both] = &node.row;
    let rows = [
        ("postgres: a node", load),
        ("postgres: the database", database),
        ("postgres: both", both),
    ];
    println!("{}", report(&rows));
    assert_eq!(held, Ok(()), "POWER_SEED={seed}");
}
