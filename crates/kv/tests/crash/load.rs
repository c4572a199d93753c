//! The program that is killed: tasks that commit all the time, and tell what they ask and
//! what they are told. It is this test binary, started again.
//!
//! Told `go`, it commits; told `stop`, it finishes what it began and shows what is there.

use std::env;
use std::panic::set_hook;
use std::process::{Command, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use kv::{Condition, Direction, Kv, KvError, Outcome, Partition, Snapshot, Value};
use testbed::power::Chance;
use tokio::task::JoinSet;

use crate::commits::{Ask, Content, Id, PARTITIONS, RACE, TASKS, chain_key, part_of};
use crate::engine::Engine;
use crate::wire::{Found, Line, Told, Wire};

/// The variables that make this binary the load, and say of what.
const ENGINE: &str = "KV_LOAD_ENGINE";
const PLACE: &str = "KV_LOAD_PLACE";
const ROUND: &str = "KV_LOAD_ROUND";

/// Rows that are read at once when all is shown.
const PAGE: usize = 100;
/// What is waited after a failure that passes.
const PAUSE: Duration = Duration::from_millis(20);

/// What becomes the load when it is started.
pub(crate) fn command(engine: Engine, place: &str, round: u64) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "load::is_this_program_started_again"])
        .env(ENGINE, engine.name())
        .env(PLACE, place)
        .env(ROUND, round.to_string());
    command
}

/// Only where the variables are set, which they are by [`command`] alone.
#[test]
fn is_this_program_started_again() {
    let Ok(engine) = env::var(ENGINE) else {
        return;
    };
    let engine = Engine::named(&engine);
    let place = env::var(PLACE).unwrap();
    let round = env::var(ROUND).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let wire = Arc::new(Wire::new());
    end_by_any_panic(wire.clone());
    if let Err(error) = runtime.block_on(run(engine, &place, round, &wire)) {
        wire.say(&Line::Trouble(error.to_string()));
    }
    // Whoever judges ends it, or is gone: nothing is to be closed in good order.
    exit(1);
}

/// A thread that ends, of the engine or of the load, would not be missed.
fn end_by_any_panic(wire: Arc<Wire>) {
    set_hook(Box::new(move |panic| {
        wire.say(&Line::Trouble(panic.to_string()));
        exit(1);
    }));
}

async fn run(engine: Engine, place: &str, round: u64, wire: &Arc<Wire>) -> Result<(), KvError> {
    let kv = engine.open(place, round).await?;
    wire.say(&Line::Opened);
    let serial = Arc::new(AtomicU64::new(0));
    loop {
        show(&kv, wire).await?;
        if hear(wire).await.is_none() {
            return Ok(());
        }
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            let worker = Worker {
                kv: kv.clone(),
                wire: wire.clone(),
                round,
                task,
                serial: serial.clone(),
            };
            tasks.spawn(worker.work(stop.clone()));
        }
        if hear(wire).await.is_none() {
            return Ok(());
        }
        stop.store(true, Ordering::Relaxed);
        tasks.join_all().await;
    }
}

/// What whoever judges says next; it does not hold up the tasks.
async fn hear(wire: &Arc<Wire>) -> Option<String> {
    let wire = wire.clone();
    let heard = tokio::task::spawn_blocking(move || wire.hear());
    heard.await.unwrap()
}

/// Tells all that is there.
async fn show(kv: &Arc<dyn Kv>, wire: &Wire) -> Result<(), KvError> {
    for (part, partition) in PARTITIONS.into_iter().enumerate() {
        let snapshot = kv.snapshot(partition).await?;
        let mut from = Vec::new();
        loop {
            let range = from..vec![0xff];
            let rows = snapshot.scan(range, Direction::Forward, PAGE).await?;
            for row in &rows {
                wire.say(&Line::Found(Found::new(part, row)));
            }
            match rows.last() {
                Some((key, _)) if rows.len() == PAGE => from = kv::tuple::after_key(key),
                _ => break,
            }
        }
    }
    wire.say(&Line::Ready);
    Ok(())
}

/// One task.
struct Worker {
    kv: Arc<dyn Kv>,
    wire: Arc<Wire>,
    round: u64,
    task: u64,
    serial: Arc<AtomicU64>,
}

impl Worker {
    async fn work(self, stop: Arc<AtomicBool>) {
        let mut chance = Chance::new(self.round << 8 ^ self.task);
        while !stop.load(Ordering::Relaxed) {
            match self.attempt(&mut chance).await {
                Ok(()) => {}
                Err(KvError::Away(_) | KvError::Busy) => tokio::time::sleep(PAUSE).await,
                Err(error) => self.wire.say(&Line::Trouble(error.to_string())),
            }
        }
    }

    /// One attempt to commit. An error is one of reading.
    async fn attempt(&self, chance: &mut Chance) -> Result<(), KvError> {
        let partition = PARTITIONS[part_of(self.task)];
        let races = chance.happens(30);
        let (ask, conditions) = self.plan(partition, races).await?;
        self.wire.say(&Line::Ask(ask));
        let outcome = self.kv.commit(partition, conditions, ask.operations());
        let told = match outcome.await {
            Ok(Outcome::Committed) => Told::Committed,
            Ok(Outcome::Conflict) => Told::Conflict,
            Err(KvError::Away(_) | KvError::Busy) => Told::Refused,
            Err(KvError::Unknown(_)) => Told::Unknown,
            Err(error) => {
                self.wire.say(&Line::Trouble(error.to_string()));
                Told::Refused
            }
        };
        self.wire.say(&Line::Told(ask.id, told));
        Ok(())
    }

    /// The next commit, on what is there now.
    async fn plan(
        &self,
        partition: Partition,
        races: bool,
    ) -> Result<(Ask, Vec<Condition>), KvError> {
        let snapshot = self.kv.snapshot(partition).await?;
        let neighbour = (self.task + PARTITIONS.len() as u64) % TASKS;
        self.look(&*snapshot, neighbour).await?;
        let (chain, was) = next(
            self.look(&*snapshot, self.task).await?,
            chain_key(self.task),
        );
        let mut conditions = vec![was];
        let mut race = None;
        if races {
            let (count, was) = next(snapshot.get(RACE.as_bytes()).await?, RACE.to_owned());
            race = Some(count);
            conditions.push(was);
        }
        let id = Id {
            round: self.round,
            task: self.task,
            serial: self.serial.fetch_add(1, Ordering::Relaxed),
        };
        Ok((Ask { id, chain, race }, conditions))
    }

    /// Reads the count of a task, and tells: what was seen once must stay.
    async fn look(&self, snapshot: &dyn Snapshot, task: u64) -> Result<Option<Value>, KvError> {
        let value = snapshot.get(chain_key(task).as_bytes()).await?;
        if let Some(value) = &value {
            let row = (chain_key(task).into_bytes(), value.clone());
            let found = Found::new(part_of(task), &row);
            self.wire.say(&match found.by {
                Some(id) => Line::Saw(id, found.version),
                None => Line::Trouble(format!("the count of task {task} is none")),
            });
        }
        Ok(value)
    }
}

/// The count after the one that is there, and the condition that it still is.
fn next(now: Option<Value>, key: String) -> (u64, Condition) {
    match now {
        Some(now) => {
            let count = Content::read(&now.bytes).map_or(0, |content| content.number);
            (count + 1, Condition::Version(key.into_bytes(), now.version))
        }
        None => (1, Condition::Absent(key.into_bytes())),
    }
}
