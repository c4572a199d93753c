//! What an operator may ask for the sake of the data folder: to be compacted, counted,
//! backed up.

use std::path::PathBuf;

use care::{Backup, Care, CareError, Pass, Progress, Stats, Terms};
use serde::{Deserialize, Serialize};

use crate::manage::{Clock, Refused};

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
    /// Of compacting.
    Compacted(Pass),
    /// Of counting.
    Stats(Stats),
    /// Of a backup.
    BackedUp(Backup),
}

impl Keeper {
    /// Carries out one order.
    ///
    /// # Errors
    /// Why it could not be done, in words for the operator.
    pub async fn execute(&self, order: Order, progress: Progress<'_>) -> Result<Report, Refused> {
        let done = match order {
            Order::Compact => {
                let terms = if self.serving {
                    Terms::EAGER
                } else {
                    Terms::ALONE
                };
                let now = (self.clock)();
                let compacted = self.care.compact(&terms, now, progress).await;
                compacted.map(Report::Compacted)
            }
            Order::Stats => self.care.stats(progress).await.map(Report::Stats),
            Order::Backup { to } => {
                let saved = self.care.backup(&self.data, &to, progress).await;
                saved.map(Report::BackedUp)
            }
        };
        Ok(done?)
    }
}

impl From<CareError> for Refused {
    fn from(error: CareError) -> Refused {
        Refused {
            message: error.to_string(),
        }
    }
}
