//! Destinations that are left in peace for a time, since nothing could be handed over there.

use address::Domain;
use jiff::Timestamp;
use kv::{Direction, Operation, Partition};

use crate::stored::{StandingValue, all_standings, read, read_standing_key, standing_key, write};
use crate::{Queue, QueueError, Trouble};

/// How a destination stands that could not be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How often in a row it could not.
    pub failures: u32,
    /// Until when it is left in peace.
    pub until: Timestamp,
    /// Why.
    pub trouble: Trouble,
}

impl Queue {
    /// How a destination stands; none if nothing is known against it.
    pub async fn standing(&self, domain: &Domain) -> Result<Option<Standing>, QueueError> {
        let keys = vec![standing_key(domain)];
        let values = self.kv.values(Partition::Queue, keys).await?;
        let value = values.into_iter().next().flatten();
        value.map(|value| standing(&value.bytes)).transpose()
    }

    /// Notes how a destination stands; nothing is kept of one that stands well.
    pub async fn set_standing(
        &self,
        domain: &Domain,
        standing: Option<&Standing>,
    ) -> Result<(), QueueError> {
        let key = standing_key(domain);
        let operation = match standing {
            None => Operation::Delete(key),
            Some(standing) => {
                let value = StandingValue {
                    failures: standing.failures,
                    until: standing.until.as_second(),
                    trouble: standing.trouble.clone().cut(),
                };
                Operation::Put(key, write(&value)?)
            }
        };
        let _ = self.commit(Vec::new(), vec![operation]).await?;
        Ok(())
    }

    /// Destinations that something is known against, by name, at most `limit`.
    pub async fn standings(&self, limit: usize) -> Result<Vec<(Domain, Standing)>, QueueError> {
        let snapshot = self.snapshot().await?;
        let range = all_standings();
        let rows = snapshot.scan(range, Direction::Forward, limit).await?;
        let one = |(key, value): &kv::Row| Ok((read_standing_key(key)?, standing(&value.bytes)?));
        rows.iter().map(one).collect()
    }
}

fn standing(octets: &[u8]) -> Result<Standing, QueueError> {
    let value: StandingValue = read(octets)?;
    Ok(Standing {
        failures: value.failures,
        until: Timestamp::from_second(value.until).unwrap_or_default(),
        trouble: value.trouble,
    })
}
