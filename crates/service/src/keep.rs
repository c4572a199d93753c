//! What an operator may ask for the sake of what is kept: to be compacted, counted, backed up.

mod check;

use std::path::PathBuf;

use care::bucket::{CollectTerms, Collected, Collector, Contents};
use care::{Backup, Care, CareError, Pass, Progress, Stats, Terms};
use serde::{Deserialize, Serialize};

use crate::manage::{Clock, Manager, Refused};

pub use check::Checked;

/// Who keeps what there is.
#[derive(Clone)]
pub struct Keeper {
    /// What is done for the data folder, where the index is in it.
    pub care: Option<Care>,
    /// What is done for the bucket, where the messages are in one.
    pub collector: Option<Collector>,
    /// The data folder.
    pub data: PathBuf,
    /// What tells the time.
    pub clock: Clock,
    /// Whether people are served meanwhile.
    pub serving: bool,
}

/// One thing asked for the sake of what is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// Look at all there is, and say what is wrong.
    Check {
        /// Whether each message is read whole.
        messages: bool,
        /// Whether what can be is put right. It is left out where it is not so: a service of
        /// an earlier version knows no such thing.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        mend: bool,
    },
    /// Take back all space that can be.
    Compact {
        /// Also what looks like a mistake in a bucket.
        #[serde(default)]
        anyway: bool,
    },
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
    Compacted(Compacted),
    /// Of counting.
    Stats(Counted),
    /// Of a backup.
    BackedUp(Backup),
}

/// What was taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Compacted {
    /// In the data folder.
    #[serde(flatten)]
    pub folder: Option<Pass>,
    /// In the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Collected>,
}

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counted {
    /// In the data folder.
    #[serde(flatten)]
    pub folder: Option<Stats>,
    /// In the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Contents>,
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
        Order::Check { messages, mend } => {
            Report::Checked(check::check(manager, messages, mend, progress).await?)
        }
        Order::Compact { anyway } => {
            Report::Compacted(keeper(manager)?.compact(anyway, progress).await?)
        }
        Order::Stats => Report::Stats(keeper(manager)?.count(progress).await?),
        Order::Backup { to } => {
            let keeper = keeper(manager)?;
            let care = keeper.care.as_ref().ok_or_else(elsewhere)?;
            Report::BackedUp(care.backup(&keeper.data, &to, progress).await?)
        }
    })
}

fn keeper(manager: &Manager) -> Result<&Keeper, Refused> {
    manager.keeper.as_ref().ok_or_else(elsewhere)
}

fn elsewhere() -> Refused {
    Refused {
        message:
            "what is kept is in a database and a bucket, which have ways of their own for this"
                .to_owned(),
    }
}

impl Keeper {
    /// Whether nobody else reads or writes anything meanwhile. Where the index is not in the
    /// folder, other nodes may always.
    fn is_alone(&self) -> bool {
        self.care.is_some() && !self.serving
    }

    async fn compact(&self, anyway: bool, progress: Progress<'_>) -> Result<Compacted, CareError> {
        let mut compacted = Compacted::default();
        let now = (self.clock)();
        // The folder first: it forgets removed messages, whose bodies then go.
        if let Some(care) = &self.care {
            let terms = if self.is_alone() {
                Terms::ALONE
            } else {
                Terms::EAGER
            };
            compacted.folder = Some(care.compact(&terms, now, progress).await?);
        }
        if let Some(collector) = &self.collector {
            let terms = if self.is_alone() {
                CollectTerms::ALONE
            } else {
                CollectTerms::EAGER
            };
            let terms = CollectTerms { anyway, ..terms };
            compacted.bucket = Some(collector.collect(&terms, now, progress).await?);
        }
        Ok(compacted)
    }

    async fn count(&self, progress: Progress<'_>) -> Result<Counted, CareError> {
        let mut counted = Counted::default();
        if let Some(care) = &self.care {
            counted.folder = Some(care.stats(progress).await?);
        }
        if let Some(collector) = &self.collector {
            counted.bucket = Some(collector.contents(progress).await?);
        }
        Ok(counted)
    }
}

impl From<CareError> for Refused {
    fn from(error: CareError) -> Refused {
        Refused {
            message: error.to_string(),
        }
    }
}
