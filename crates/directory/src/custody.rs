//! Which index this is, and who takes care of the bodies that it refers to, where they are in
//! a bucket that any number of processes share.
//!
//! Whoever takes away bodies that no record names must be sure to read the records of that
//! bucket, and all of them. So the index has a name of its own, drawn by lot, that the bucket
//! notes too; and both count the turns of taking care, which shows an index that was put back
//! to an earlier state: the bucket has then seen turns of which it knows nothing.

use jiff::Timestamp;

use crate::edit::{Change, Edit, View};
use crate::keys::CustodyKey;
use crate::records::CustodyRecord;
use crate::{Directory, DirectoryError};

/// Which index this is, and whose care its bodies are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Custody {
    /// The name of the index. A copy of it has the same.
    pub index: u128,
    /// The last turn of taking care. It only grows.
    pub turn: u64,
    /// Who takes care as a rule.
    pub lease: Lease,
}

/// Who takes care as a rule, so that not all do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What tells a process from all others.
    pub keeper: u128,
    /// When others may take over, by the clock of the keeper.
    pub until: Timestamp,
}

impl Directory {
    /// Which index this is, and who takes care of its bodies. It is named when this is first
    /// asked.
    pub async fn custody(&self) -> Result<Custody, DirectoryError> {
        let seen = self.view().await?.get(&CustodyKey).await?;
        match seen {
            Some(seen) => Ok(seen.record.into()),
            None => self.make(&Name(rand::random())).await,
        }
    }

    /// Takes a turn that comes after `turn` too, and gives its number; with a lease, that is
    /// the new one.
    pub async fn take_turn(&self, turn: u64, lease: Option<Lease>) -> Result<u64, DirectoryError> {
        self.custody().await?;
        self.make(&Take { turn, lease }).await
    }
}

struct Name(u128);

impl Change for Name {
    type Done = Custody;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<Custody, DirectoryError> {
        // Another process may have been sooner.
        if let Some(seen) = view.get(&CustodyKey).await? {
            edit.replace(&CustodyKey, &seen, &seen.record)?;
            return Ok(seen.record.into());
        }
        let record = CustodyRecord {
            index: self.0,
            turn: 0,
            keeper: 0,
            until: Timestamp::UNIX_EPOCH.into(),
        };
        edit.create(&CustodyKey, &record)?;
        Ok(record.into())
    }
}

struct Take {
    turn: u64,
    lease: Option<Lease>,
}

impl Change for Take {
    type Done = u64;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<u64, DirectoryError> {
        let seen = view.get(&CustodyKey).await?;
        let seen = seen.ok_or(DirectoryError::Contended)?;
        let mut record = seen.record.clone();
        record.turn = record.turn.max(self.turn).saturating_add(1);
        if let Some(lease) = self.lease {
            record.keeper = lease.keeper;
            record.until = lease.until.into();
        }
        edit.replace(&CustodyKey, &seen, &record)?;
        Ok(record.turn)
    }
}

impl From<CustodyRecord> for Custody {
    fn from(record: CustodyRecord) -> Custody {
        Custody {
            index: record.index,
            turn: record.turn,
            lease: Lease {
                keeper: record.keeper,
                until: record.until.into(),
            },
        }
    }
}
