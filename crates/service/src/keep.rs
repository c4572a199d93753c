//! What an operator may ask for the sake of the data folder: to be compacted, counted,
//! backed up.

mod check;

use std::path::PathBuf;

use care::{Backup, Care, CareError, Pass, Progress, Stats, Terms};
use serde::{Deserialize, Serialize};

use crate::manage::{Clock, Manager, Refused};

pub use check::Checked;

/// Who keeps the data folder.
#[derive(Clone)]
pub struct Keeper {
    /// What is done.
    pub care: Care,
    /// The data folder.
    pub data: PathBuf,
    /// What tells the time.
    pub clock: Clock,
    /// Whether people are served meanwhile.
    pub serving: bool,
}

/// One thing asked for the sake of the data folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// Look at all there is, and say what is wrong.
    Check {
        /// Whether each message is read whole.
        messages: bool,
    },
    /// Take back all space that can be.
    Compact,
    /// Count what there is.
    Stats,
    /// Make a backup, or bring one up to now.
    Backup {
        /// The folder of the backup.
        to: PathBuf,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// Of a check.
    Checked(Checked),
    /// Of compacting.
    Compacted(Pass),
    /// Of counting.
    Stats(Stats),
    /// Of a backup.
    BackedUp(Backup),
}

/// Carries out one order.
///
/// # Errors
/// Why it could not be done, in words for the operator.
pub(crate) async fn execute(
    manager: &Manager,
    order: Order,
    progress: Progress<'_>,
) -> Result<Report, Refused> {
    Ok(match order {
        Order::Check { messages } => {
            Report::Checked(check::check(manager, messages, progress).await?)
        }
        Order::Compact => Report::Compacted(keeper(manager)?.compact(progress).await?),
        Order::Stats => Report::Stats(keeper(manager)?.care.stats(progress).await?),
        Order::Backup { to } => {
            let Keeper { care, data, .. } = keeper(manager)?;
            Report::BackedUp(care.backup(data, &to, progress).await?)
        }
    })
}

fn keeper(manager: &Manager) -> Result<&Keeper, Refused> {
    manager.keeper.as_ref().ok_or_else(|| Refused {
        message:
            "what is kept is in a database and a bucket, which have ways of their own for this"
                .to_owned(),
    })
}

impl Keeper {
    async fn compact(&self, progress: Progress<'_>) -> Result<Pass, CareError> {
        let terms = if self.serving {
            Terms::EAGER
        } else {
            Terms::ALONE
        };
        self.care.compact(&terms, (self.clock)(), progress).await
    }
}

impl From<CareError> for Refused {
    fn from(error: CareError) -> Refused {
        Refused {
            message: error.to_string(),
        }
    }
}
