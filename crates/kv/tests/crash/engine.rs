//! The engines that are put to the proof.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kv::sqlite::Sqlite;
use kv::{Kv, KvError};
use testbed::power::Chance;

/// Longest pause between two times that the log is brought into the database.
const SETTLING_MS: u64 = 60;

/// An engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    #[cfg(feature = "redb")]
    Redb,
    #[cfg(feature = "postgres")]
    Postgres,
}

impl Engine {
    const ALL: &[Engine] = &[
        Engine::Sqlite,
        #[cfg(feature = "redb")]
        Engine::Redb,
        #[cfg(feature = "postgres")]
        Engine::Postgres,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            #[cfg(feature = "redb")]
            Engine::Redb => "redb",
            #[cfg(feature = "postgres")]
            Engine::Postgres => "postgres",
        }
    }

    pub(crate) fn named(name: &str) -> Engine {
        let all = Engine::ALL.iter();
        *all.clone().find(|engine| engine.name() == name).unwrap()
    }

    /// Whether it refuses a file with a length between that which it had and that which it
    /// was set to (docs/durability.md).
    pub(crate) fn counts_on_its_length(self) -> bool {
        match self {
            Engine::Sqlite => false,
            #[cfg(feature = "redb")]
            Engine::Redb => true,
            #[cfg(feature = "postgres")]
            Engine::Postgres => false,
        }
    }

    /// Opens it at a place: a folder, or the address of a database.
    pub(crate) async fn open(self, place: &str, round: u64) -> Result<Arc<dyn Kv>, KvError> {
        match self {
            Engine::Sqlite => {
                let sqlite = Arc::new(Sqlite::open(Path::new(place))?);
                // In every other round the database follows the log all the time, and not
                // only once much has come together.
                if round.is_multiple_of(2) {
                    let sqlite = sqlite.clone();
                    std::thread::spawn(move || settle_on_and_on(&sqlite, round));
                }
                Ok(sqlite)
            }
            #[cfg(feature = "redb")]
            Engine::Redb => Ok(Arc::new(kv::redb::Redb::open(Path::new(place))?)),
            #[cfg(feature = "postgres")]
            Engine::Postgres => {
                let settings = kv::postgres::Settings::new(place, None).unwrap();
                Ok(Arc::new(kv::postgres::Postgres::open(settings).await?))
            }
        }
    }
}

fn settle_on_and_on(sqlite: &Sqlite, round: u64) {
    let mut chance = Chance::new(round);
    loop {
        std::thread::sleep(Duration::from_millis(chance.below(SETTLING_MS)));
        sqlite.settle().unwrap();
    }
}
