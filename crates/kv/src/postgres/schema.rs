//! The tables, and the format that they say they have.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::connection::{answer, answer_all};
use super::trouble::Trouble;
use crate::KvError;

/// The format that is made, and the newest that is used.
///
/// 1: the tables of this module.
const FORMAT: i64 = 1;

/// In a cluster that spreads tables, `kv` and `kv_heads` are spread by `part` together.
const TABLES: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS kv (
        part BYTEA NOT NULL, k BYTEA NOT NULL, v BYTEA NOT NULL, ver BIGINT NOT NULL,
        PRIMARY KEY (part, k))",
    "CREATE TABLE IF NOT EXISTS kv_heads (
        part BYTEA NOT NULL PRIMARY KEY, ver BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS kv_writers (
        id BYTEA NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL)",
    "CREATE TABLE IF NOT EXISTS kv_meta (
        name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL)",
];
const NAME_FORMAT: &str =
    "INSERT INTO kv_meta (name, value) VALUES ('format', $1) ON CONFLICT (name) DO NOTHING";
/// What writers that are long gone left behind. One that is still there makes its row
/// anew when it needs it.
const FORGET_WRITERS: &str = "DELETE FROM kv_writers WHERE at < now() - INTERVAL '1 day'";
/// How often the making of tables is tried while another node makes them as well.
const ATTEMPTS: usize = 10;

/// Sees to it that the tables are there, in a format that is known.
pub(super) async fn ensure(client: &Client) -> Result<(), KvError> {
    if found(client).await?.is_none() {
        make(client).await?;
    }
    match found(client).await? {
        Some(1..=FORMAT) => {}
        Some(found) if found > FORMAT => {
            return Err(KvError::NewerDatabase {
                found,
                known: FORMAT,
            });
        }
        odd => return Err(KvError::Broken(format!("the database has format {odd:?}"))),
    }
    warn_of_lost_syncs(client).await?;
    // If another node does the same now, that is as good.
    let forgotten = answer_all(client.batch_execute(FORGET_WRITERS)).await;
    if let Err(error) = forgotten.map_err(Trouble::told)? {
        tracing::debug!(%error, "writers that are gone were not forgotten");
    }
    Ok(())
}

/// The format that the database names, if it names one.
async fn found(client: &Client) -> Result<Option<i64>, KvError> {
    let sql = "SELECT value FROM kv_meta WHERE name = 'format'";
    match answer_all(client.query_opt(sql, &[]))
        .await
        .map_err(Trouble::told)?
    {
        Ok(row) => Ok(row.map(|row| row.get(0))),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
        Err(error) => Err(Trouble::of(&error).told()),
    }
}

/// Makes the tables. The format is named last, so that a making that was cut short is
/// done again.
async fn make(client: &Client) -> Result<(), KvError> {
    for table in TABLES {
        make_table(client, table).await?;
    }
    answer(client.execute(NAME_FORMAT, &[&FORMAT]))
        .await
        .map(drop)
        .map_err(Trouble::told)
}

/// `IF NOT EXISTS` looks before it makes: of two that make the same table at once, one is
/// told that it is there. Which of the catalogue's rows it met decides by which code.
async fn make_table(client: &Client, table: &str) -> Result<(), KvError> {
    // Beside those that `Trouble` knows to pass.
    const ANOTHER_MADE_IT: [&SqlState; 2] =
        [&SqlState::DUPLICATE_OBJECT, &SqlState::DUPLICATE_TABLE];
    let mut attempts = ATTEMPTS;
    loop {
        let answered = answer_all(client.batch_execute(table)).await;
        let Err(error) = answered.map_err(Trouble::told)? else {
            return Ok(());
        };
        attempts -= 1;
        let trouble = Trouble::of(&error);
        let another = error
            .code()
            .is_some_and(|code| ANOTHER_MADE_IT.contains(&code));
        if attempts == 0 || !(another || trouble == Trouble::InTheWay) {
            return Err(trouble.told());
        }
    }
}

/// Without syncs nothing is durable, whatever we do.
async fn warn_of_lost_syncs(client: &Client) -> Result<(), KvError> {
    let asked = answer_all(client.query_opt("SHOW fsync", &[])).await;
    if let Ok(Some(row)) = asked.map_err(Trouble::told)?
        && row.try_get(0).is_ok_and(|fsync: &str| fsync == "off")
    {
        tracing::error!(
            "the database does not sync its files (fsync = off): a power cut loses mail"
        );
    }
    Ok(())
}
