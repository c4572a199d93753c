//! Where the service of a bucket is: one place, or several that are the same service.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use object_store::Error;
use object_store::aws::AmazonS3;
use tokio::time::{Instant, sleep};

use super::bucket::meaning;
use super::settings::{Settings, SettingsError};
use crate::BlobError;

/// What is waited when no place could answer, before they are asked again.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// All places, and whose turn it is. One that could not answer passes the turn on, and
/// whoever answers keeps it.
pub(super) struct Places {
    all: Vec<AmazonS3>,
    /// Counts on for ever.
    turn: AtomicUsize,
    patience: Duration,
}

impl Places {
    pub(super) fn of(settings: &Settings) -> Result<Places, SettingsError> {
        Ok(Places {
            all: settings.connect()?,
            turn: AtomicUsize::new(0),
            patience: settings.patience,
        })
    }

    /// How long a request may wait for a place that answers.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Asks one place after the other until one can answer, for as long as the patience
    /// lasts. What is asked may be done although the answer was lost, and is then asked
    /// again: it must be such that this does no harm.
    pub(super) async fn ask<'a, T, F>(
        &'a self,
        question: impl Fn(&'a AmazonS3) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let begun = Instant::now();
        let mut asked = 0_usize;
        loop {
            let turn = self.turn.load(Ordering::Relaxed);
            let error = match question(self.place(turn)).await {
                Err(error) if passes(&error) => error,
                answer => return answer,
            };
            if begun.elapsed() >= self.patience {
                return Err(error);
            }
            // Whoever had the same trouble may have passed it on already.
            let next = turn.wrapping_add(1);
            let order = Ordering::Relaxed;
            let _ = self.turn.compare_exchange(turn, next, order, order);
            asked = asked.wrapping_add(1);
            if asked.is_multiple_of(self.all.len()) {
                sleep(PAUSE).await;
            }
        }
    }

    /// The place whose turn it is, for what takes more than one request. Whoever meets
    /// trouble there begins anew.
    pub(super) fn current(&self) -> &AmazonS3 {
        self.place(self.turn.load(Ordering::Relaxed))
    }

    fn place(&self, turn: usize) -> &AmazonS3 {
        &self.all[turn % self.all.len()]
    }
}

/// Whether the same request may be answered later, or elsewhere. What tells how things are in
/// the bucket is an answer.
fn passes(error: &Error) -> bool {
    let answers = matches!(
        error,
        Error::NotFound { .. }
            | Error::AlreadyExists { .. }
            | Error::Precondition { .. }
            | Error::NotModified { .. }
    );
    !answers && matches!(meaning(error), BlobError::Away(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_no_reason_to_ask_elsewhere() {
        let path = || "a/b".to_owned();
        let why = || "so".into();
        for answer in [
            Error::NotFound {
                path: path(),
                source: why(),
            },
            Error::AlreadyExists {
                path: path(),
                source: why(),
            },
            Error::Precondition {
                path: path(),
                source: why(),
            },
            Error::NotModified {
                path: path(),
                source: why(),
            },
            Error::PermissionDenied {
                path: path(),
                source: why(),
            },
        ] {
            assert!(!passes(&answer), "{answer}");
        }
        assert!(passes(&Error::Generic {
            store: "S3",
            source: why()
        }));
    }
}
