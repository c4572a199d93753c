//! Notices between nodes: what one has committed, the others' watches are told.
//!
//! A node tells in its own time, after its commits and over a connection of its own: a
//! commit that notified by itself would hold a lock that all of PostgreSQL's notifying
//! commits share, and so sync alone. A notice that is lost does no harm; whenever one may
//! have been, all who listen here are woken.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{interval, sleep};
use tokio_postgres::error::SqlState;

use super::connection::{Connection, Database, answer, answer_all, pause};
use super::settings::Notices;
use super::trouble::Trouble;
use crate::{Partition, Watches};

/// The channel of all nodes.
const LISTEN: &str = "LISTEN facteur_kv";
const TELL: &str = "SELECT pg_notify('facteur_kv', $1)";
/// A notice need not outlive a crash, so nothing is synced for it.
const HASTE: &str = "SET synchronous_commit = off";
const HEADS: &str = "SELECT part, ver FROM kv_heads WHERE part = ANY($1::BYTEA[])";
/// Partitions named in one notice, and asked for at once. PostgreSQL takes 8000 octets;
/// an account takes 19.
const TOLD_AT_ONCE: usize = 400;
/// Between two notices of one node, so that a busy one tells many changes at once.
const TELLING: Duration = Duration::from_millis(20);
/// How often is asked, where nothing is told.
const ASKING: Duration = Duration::from_millis(500);
/// How often a silent connection is tried, so that one that died is not listened to.
const TRYING: Duration = Duration::from_secs(10);
/// Changes that wait to be told while the database is out of reach. Of those beyond
/// nothing is told.
const WAITING: usize = 100_000;

/// How often whoever waits until all is told looks whether it is.
const LOOKING: Duration = Duration::from_millis(5);

/// Where writers say what they changed.
#[derive(Clone, Default)]
pub(super) struct Bell(Arc<Rung>);

#[derive(Default)]
struct Rung {
    changed: Mutex<BTreeSet<Partition>>,
    rung: Notify,
    /// How often it was rung, and how many of these times need no telling any more.
    times: AtomicU64,
    told: AtomicU64,
}

impl Bell {
    /// Has the other nodes told that this has changed.
    pub(super) fn ring(&self, partition: Partition) {
        let mut changed = self.0.changed.lock();
        if changed.len() < WAITING {
            changed.insert(partition);
        }
        self.0.times.fetch_add(1, Ordering::AcqRel);
        drop(changed);
        self.0.rung.notify_one();
    }

    /// Waits until all that was rung for is told.
    pub(super) async fn all_told(&self) {
        let times = self.0.times.load(Ordering::Acquire);
        while self.0.told.load(Ordering::Acquire) < times {
            sleep(LOOKING).await;
        }
    }

    /// What is to be told, and what to say once it is ([`Bell::told`]).
    fn take(&self) -> (BTreeSet<Partition>, u64) {
        let mut changed = self.0.changed.lock();
        let times = self.0.times.load(Ordering::Acquire);
        (std::mem::take(&mut *changed), times)
    }

    fn told(&self, times: u64) {
        self.0.told.fetch_max(times, Ordering::AcqRel);
    }

    fn put_back(&self, changed: BTreeSet<Partition>) {
        self.0.changed.lock().extend(changed);
    }
}

/// The task that tells and listens.
pub(super) struct Messenger {
    pub(super) database: Arc<Database>,
    pub(super) notices: Notices,
    pub(super) watches: Watches,
    pub(super) bell: Bell,
    /// Names this node, so that it passes over what it told itself.
    pub(super) node: String,
}

/// Why a messenger stopped listening.
enum Ended {
    /// The connection is gone.
    Gone,
    /// This database tells nothing.
    Untold,
}

impl From<Trouble> for Ended {
    fn from(_: Trouble) -> Ended {
        Ended::Gone
    }
}

impl Messenger {
    pub(super) async fn run(self) {
        if self.notices == Notices::Told {
            while !matches!(self.listen().await, Err(Ended::Untold)) {
                pause().await;
            }
            tracing::info!("this database tells no changes of other nodes: they are asked for");
        }
        loop {
            if let Err(trouble) = self.ask().await {
                tracing::debug!(?trouble, "what other nodes change can't be asked for now");
            }
            pause().await;
        }
    }

    /// Listens and tells until the connection ends.
    async fn listen(&self) -> Result<(), Ended> {
        let (watches, node) = (self.watches.clone(), self.node.clone());
        let told = move |notice: &str| hear(notice, &node, &watches);
        let mut connection = self.database.connect(told).await?;
        let client = &connection.client;
        if let Err(error) = answer_all(client.batch_execute(LISTEN)).await? {
            return Err(meaning(&error));
        }
        // It may not know this; then it tells more slowly.
        let _ = answer_all(client.batch_execute(HASTE)).await?;
        let tell = answer(client.prepare(TELL)).await?;
        // What happened before is not told any more.
        self.wake_all();
        let mut tries = interval(TRYING);
        loop {
            tokio::select! {
                () = self.bell.0.rung.notified() => self.tell(&connection, &tell).await?,
                _ = tries.tick() => answer(connection.client.batch_execute("SELECT 1")).await?,
                _ = &mut connection.driver => return Ok(()),
            }
        }
    }

    async fn tell(
        &self,
        connection: &Connection,
        tell: &tokio_postgres::Statement,
    ) -> Result<(), Trouble> {
        let (changed, times) = self.bell.take();
        let all: Vec<Partition> = changed.iter().copied().collect();
        for some in all.chunks(TOLD_AT_ONCE) {
            let notice = notice(&self.node, some);
            let told = answer(connection.client.execute(tell, &[&notice])).await;
            if let Err(trouble) = told {
                self.bell.put_back(changed);
                return Err(trouble);
            }
        }
        self.bell.told(times);
        sleep(TELLING).await;
        Ok(())
    }

    /// Asks what has changed until the connection ends.
    async fn ask(&self) -> Result<(), Trouble> {
        let connection = self.database.connect(|_| ()).await?;
        let heads = answer(connection.client.prepare(HEADS)).await?;
        let mut known: HashMap<Partition, i64> = HashMap::new();
        loop {
            let listened = self.watches.partitions();
            let mut now = HashMap::new();
            for some in listened.chunks(TOLD_AT_ONCE) {
                let parts: Vec<Vec<u8>> = some.iter().map(|one| one.to_bytes()).collect();
                for row in answer(connection.client.query(&heads, &[&parts])).await? {
                    if let Some(partition) = Partition::from_bytes(row.get(0)) {
                        now.insert(partition, row.get(1));
                    }
                }
            }
            // One that was not asked for before may have changed since it was listened to.
            for (partition, version) in &now {
                if known.get(partition) != Some(version) {
                    self.watches.notify(*partition);
                }
            }
            known = now;
            // The others ask as well.
            self.bell.told(self.bell.take().1);
            sleep(ASKING).await;
        }
    }

    fn wake_all(&self) {
        for partition in self.watches.partitions() {
            self.watches.notify(partition);
        }
    }
}

/// What it means that LISTEN was refused.
fn meaning(error: &tokio_postgres::Error) -> Ended {
    let unknown = [
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::SYNTAX_ERROR,
        SqlState::UNDEFINED_OBJECT,
    ];
    match error.code() {
        Some(code) if unknown.contains(code) => Ended::Untold,
        _ => Ended::Gone,
    }
}

/// `NODE PARTITION PARTITION ...`, the partitions in hexadecimal.
fn notice(node: &str, changed: &[Partition]) -> String {
    let mut notice = node.to_owned();
    for partition in changed {
        notice.push(' ');
        for octet in partition.to_bytes() {
            // A String takes all that is written to it.
            let _ = write!(notice, "{octet:02x}");
        }
    }
    notice
}

/// Passes a notice on, unless it is our own. Whoever else may write into the channel can
/// wake listeners for nothing, and no more.
fn hear(notice: &str, node: &str, watches: &Watches) {
    let mut words = notice.split(' ');
    if words.next() == Some(node) {
        return;
    }
    for word in words {
        if let Some(partition) = octets(word).and_then(|bytes| Partition::from_bytes(&bytes)) {
            watches.notify(partition);
        }
    }
}

fn octets(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let digits = digits?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use address::AccountId;
    use futures_util::FutureExt;

    #[test]
    fn a_notice_wakes_those_it_names_and_not_its_own_node() {
        let watches = Watches::default();
        let partitions = [Partition::Queue, Partition::Account(AccountId(0x0102_0304))];
        let mut woken = partitions.map(|partition| watches.watch(partition));
        let mut other = watches.watch(Partition::Directory);
        let notice = notice("me", &partitions);
        assert_eq!(notice, "me 02 030000000001020304");
        hear(&notice, "me", &watches);
        assert!(
            woken
                .iter_mut()
                .all(|one| one.changed().now_or_never().is_none())
        );
        hear(&notice, "you", &watches);
        assert!(
            woken
                .iter_mut()
                .all(|one| one.changed().now_or_never().is_some())
        );
        for odd in ["you 0", "you zz 02", "", "you", "you 0é 0300", "you 01"] {
            hear(odd, "me", &watches);
        }
        assert!(other.changed().now_or_never().is_some());
    }

    #[test]
    fn a_full_notice_is_short_enough() {
        let account = Partition::Account(AccountId(u64::MAX));
        let longest = notice(&"f".repeat(32), &vec![account; TOLD_AT_ONCE]);
        assert!(longest.len() < 8000, "{}", longest.len());
    }
}
