//! What destinations promised of the hosts that take their mail (RFC 8461 section 3.3), kept so
//! that neither a restart nor another node forgets it: whoever could have it forgotten could have
//! mail go in the clear.
//!
//! It stands here, beside how a destination fares, since it is the other thing that is known of
//! one, and those who hand over read both on their way. It is of no account and of no domain of
//! ours.

use address::Domain;
use jiff::Timestamp;
use kv::{Direction, Operation, Partition};

use crate::stored::{PromiseValue, promise_key, promises_after, read, read_promise_key, write};
use crate::{Queue, QueueError};

/// Octets of a promise's text. With the rest of its record it fits one value of the store.
pub const PROMISE_OCTETS: usize = 60 * 1024;
const _: () = assert!(PROMISE_OCTETS + 1024 <= kv::VALUE_OCTETS);

/// What a destination promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The number that the destination gave it.
    pub number: String,
    /// What it says, at most [`PROMISE_OCTETS`]. Whoever put it here knows how it is read.
    pub text: String,
    /// When it was last fetched.
    pub heard: Timestamp,
    /// Until when it counts.
    pub until: Timestamp,
    /// When it last was about mail that left, give or take a day.
    pub used: Timestamp,
}

impl Queue {
    /// What a destination promised; none if nothing is known of it. It may have ended.
    pub async fn promise(&self, domain: &Domain) -> Result<Option<Promise>, QueueError> {
        let keys = vec![promise_key(domain)];
        let values = self.kv.values(Partition::Queue, keys).await?;
        let value = values.into_iter().next().flatten();
        value.map(|value| promise(&value.bytes)).transpose()
    }

    /// Keeps what a destination promised, or forgets it.
    ///
    /// # Errors
    /// [`QueueError::TooLong`], [`QueueError::Full`].
    pub async fn set_promise(
        &self,
        domain: &Domain,
        promise: Option<&Promise>,
    ) -> Result<(), QueueError> {
        let key = promise_key(domain);
        let operation = match promise {
            None => Operation::Delete(key),
            Some(promise) if promise.text.len() > PROMISE_OCTETS => {
                return Err(QueueError::TooLong);
            }
            Some(promise) => {
                let value = PromiseValue {
                    number: promise.number.clone(),
                    text: promise.text.clone(),
                    heard: promise.heard.as_second(),
                    until: promise.until.as_second(),
                    used: promise.used.as_second(),
                };
                Operation::Put(key, write(&value)?)
            }
        };
        let _ = self.commit(Vec::new(), vec![operation]).await?;
        Ok(())
    }

    /// What destinations promised, by name, at most `limit` of those after one.
    pub async fn promises(
        &self,
        after: Option<&Domain>,
        limit: usize,
    ) -> Result<Vec<(Domain, Promise)>, QueueError> {
        let snapshot = self.snapshot().await?;
        let range = promises_after(after);
        let rows = snapshot.scan(range, Direction::Forward, limit).await?;
        let one = |(key, value): &kv::Row| Ok((read_promise_key(key)?, promise(&value.bytes)?));
        rows.iter().map(one).collect()
    }
}

fn promise(octets: &[u8]) -> Result<Promise, QueueError> {
    let value: PromiseValue = read(octets)?;
    let time = |seconds| Timestamp::from_second(seconds).unwrap_or_default();
    Ok(Promise {
        number: value.number,
        text: value.text,
        heard: time(value.heard),
        until: time(value.until),
        used: time(value.used),
    })
}
