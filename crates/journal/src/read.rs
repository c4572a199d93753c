//! What was noted, added up over all processes: what is written, and what this one is about to
//! write.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use address::AccountId;
use jiff::Timestamp;
use kv::tuple::after_key;
use kv::{Direction, Partition};

use crate::journal::added_up;
use crate::stored::{self, Kind, Owner, begin, hour, read, read_key, seen_at, since};
use crate::{Journal, JournalError, KEPT, Record, SEEN_FOR, Seen, Sent};

/// Rows that are read at once.
const ROWS: usize = 1000;

/// What an account sent in one hour from one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentHour {
    /// When the hour begins.
    pub begin: Timestamp,
    /// What it sent.
    pub sent: Sent,
}

impl Journal {
    /// What an account sent since a time, the hour of that time included, in the order of time.
    pub async fn sent_since(
        &self,
        account: AccountId,
        from: Timestamp,
    ) -> Result<Vec<SentHour>, JournalError> {
        let range = since(Owner::Account(account), Kind::Sent, hour(from));
        let records = self.records(range).await?;
        let hours = records.into_iter().filter_map(|(at, record)| match record {
            Record::Sent(sent) => Some(SentHour {
                begin: begin(at),
                sent,
            }),
            _ => None,
        });
        Ok(hours.collect())
    }

    /// The networks from which somebody signed in to an account before the hour of a time.
    pub async fn networks_before(
        &self,
        account: AccountId,
        until: Timestamp,
    ) -> Result<BTreeSet<IpAddr>, JournalError> {
        let owner = Owner::Account(account);
        let range = stored::before(owner, Kind::SignIn, hour(until));
        let records = self.records(range).await?;
        let networks = records.into_iter().filter_map(|(_, record)| match record {
            Record::SignIn(of, _) if of.refused.is_none() => of.network,
            _ => None,
        });
        Ok(networks.collect())
    }

    /// What happened to an account since a time, in the order of time, to the hour.
    pub async fn of_account(
        &self,
        account: AccountId,
        from: Timestamp,
    ) -> Result<Vec<(Timestamp, Record)>, JournalError> {
        let owner = Owner::Account(account);
        let mut all = Vec::new();
        let kinds = [
            Kind::SignIn,
            Kind::Sent,
            Kind::Unsigned,
            Kind::Lock,
            Kind::Sorted,
        ];
        for kind in kinds {
            all.extend(self.records(since(owner, kind, hour(from))).await?);
        }
        all.sort_by_key(|(hour, record)| (*hour, record.last()));
        Ok(in_time(all))
    }

    /// Attempts to send without signing in since a time, of all networks, in the order of time.
    pub async fn unsigned_since(
        &self,
        from: Timestamp,
    ) -> Result<Vec<(Timestamp, Record)>, JournalError> {
        let range = since(Owner::Networks, Kind::Unsigned, hour(from));
        let mut all = self.records(range).await?;
        all.sort_by_key(|(hour, record)| (*hour, record.last()));
        Ok(in_time(all))
    }

    /// Who was last at a network, a short time ([`SEEN_FOR`]) before.
    pub async fn seen_lately(
        &self,
        network: IpAddr,
        now: Timestamp,
    ) -> Result<Option<Seen>, JournalError> {
        let from = now.checked_sub(SEEN_FOR).unwrap_or(now);
        let mut last: Option<Seen> = None;
        for hour in hour(from)..=hour(now) {
            for (_, record) in self.records(seen_at(network, hour)).await? {
                if let Record::Seen(seen) = record
                    && seen.at >= from.as_second()
                    && last.is_none_or(|last| last.at <= seen.at)
                {
                    last = Some(seen);
                }
            }
        }
        Ok(last)
    }

    /// The records of some keys with their hours.
    async fn records(&self, range: Range<Vec<u8>>) -> Result<Vec<(u32, Record)>, JournalError> {
        let mut rows: BTreeMap<Vec<u8>, Record> = BTreeMap::new();
        let mut rest = range.clone();
        loop {
            let snapshot = self.inner.kv.snapshot(Partition::Journal).await?;
            let some = snapshot.scan(rest.clone(), Direction::Forward, ROWS);
            let some = some.await?;
            let Some((last, _)) = some.last() else { break };
            rest.start = after_key(last);
            let is_all = some.len() < ROWS;
            for (key, value) in some {
                rows.insert(key, read(&value.bytes)?);
            }
            if is_all {
                break;
            }
        }
        // Newer than what is written of the same.
        rows.extend(self.in_memory(&range));
        let hour_of = |key: &[u8]| {
            let whole = stored::written_by(key, 0);
            read_key(&whole).map_or(0, |(.., hour)| hour)
        };
        let sums = added_up(rows).into_iter();
        Ok(sums.map(|(key, sum)| (hour_of(&key), sum)).collect())
    }
}

fn in_time(all: Vec<(u32, Record)>) -> Vec<(Timestamp, Record)> {
    let one = |(hour, record)| (begin(hour), record);
    all.into_iter().map(one).collect()
}

/// The first hour of which anything is kept.
pub(crate) fn first_kept(now: Timestamp) -> u32 {
    hour(now.checked_sub(KEPT).unwrap_or(Timestamp::UNIX_EPOCH))
}
