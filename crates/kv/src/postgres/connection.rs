//! How a connection is made and set up.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Error};

use super::settings::Settings;
use super::trouble::Trouble;
use crate::KvError;

/// How long an answer may take. A database that is silent for so long is taken for gone.
const ANSWER_PATIENCE: Duration = Duration::from_secs(15);
/// How long is waited before a database that is out of reach is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// What is said on every new connection. All of it makes things better or safer and none
/// of it is needed: a database that does not know one of these may refuse it.
const SET_UP: [&str; 7] = [
    // Whoever waits for a row longer than this looks for the one commit that is held up,
    // so that the others are not.
    "SET lock_timeout = '1s'",
    // A node that is cut off in the middle of a commit holds up others for no longer.
    "SET idle_in_transaction_session_timeout = '10s'",
    // All that is asked for is found by its key. A planner that has seen an empty table
    // must not think that reading all of it is cheaper, then keep that plan.
    "SET enable_seqscan = off",
    "SET enable_bitmapscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    // Committed means on stable storage. A server that waits for more than its own disk
    // is left as it is.
    "SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off'",
];

/// What is given to a statement.
pub(super) type Columns<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The database, and whether it can be reached.
pub(super) struct Database {
    settings: Settings,
    is_away: AtomicBool,
}

/// One open connection. It is closed when this is dropped.
pub(super) struct Connection {
    pub(super) client: Client,
    /// Moves bytes until the connection ends.
    pub(super) driver: JoinHandle<()>,
}

impl Database {
    pub(super) fn new(settings: Settings) -> Database {
        Database {
            settings,
            is_away: AtomicBool::new(false),
        }
    }

    /// How long one waits for it.
    pub(super) fn patience(&self) -> Duration {
        self.settings.patience
    }

    /// Why something was waited for in vain.
    pub(super) fn why_not(&self) -> KvError {
        if self.is_away.load(Ordering::Relaxed) {
            KvError::Away("it has been for some time".into())
        } else {
            KvError::Busy
        }
    }

    /// Opens a connection. What other nodes tell over it goes to `told`.
    pub(super) async fn connect(
        &self,
        told: impl Fn(&str) + Send + 'static,
    ) -> Result<Connection, Trouble> {
        let connected = self.try_connect(told).await;
        match &connected {
            Ok(_) => {
                if self.is_away.swap(false, Ordering::Relaxed) {
                    tracing::info!("the database is back");
                }
            }
            // It is told once, not at every attempt.
            Err(trouble) => {
                if !self.is_away.swap(true, Ordering::Relaxed) {
                    tracing::error!(?trouble, "the database is out of reach");
                }
            }
        }
        connected
    }

    async fn try_connect(
        &self,
        told: impl Fn(&str) + Send + 'static,
    ) -> Result<Connection, Trouble> {
        let config = &self.settings.config;
        let connect = config.connect(self.settings.tls.clone());
        let (client, mut connection) = answer(connect).await?;
        let driver = tokio::spawn(async move {
            // Errors reach those who wait for an answer; what nobody waits for ends here.
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await
            {
                if let AsyncMessage::Notification(notice) = message {
                    told(notice.payload());
                }
            }
        });
        let steps = SET_UP.iter().map(|step| client.batch_execute(step));
        for (step, done) in SET_UP.iter().zip(answer_all(join_all(steps)).await?) {
            if let Err(error) = done {
                tracing::debug!(%error, step, "the database does not know this");
            }
        }
        Ok(Connection { client, driver })
    }

    /// As [`Database::connect`], for as long as until then.
    pub(super) async fn connect_until(&self, deadline: Instant) -> Result<Connection, Trouble> {
        loop {
            match self.connect(|_| ()).await {
                Err(Trouble::Away(_)) if Instant::now() < deadline => sleep(PAUSE).await,
                connected => return connected,
            }
        }
    }
}

/// Waits before a database that was out of reach is tried again.
pub(super) async fn pause() {
    sleep(PAUSE).await;
}

/// The answer of the database, if it comes in time.
pub(super) async fn answer<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    answer_all(asked)
        .await?
        .map_err(|error| Trouble::of(&error))
}

/// What this comes to, if it does in time.
pub(super) async fn answer_all<T>(asked: impl Future<Output = T>) -> Result<T, Trouble> {
    let silent = |_| Trouble::Away("no answer".into());
    timeout(ANSWER_PATIENCE, asked).await.map_err(silent)
}
