//! Threads: that what leads to them can be read, and that the name of each message leads to
//! the thread that it is in.
//!
//! A name that leads to a thread without messages is no fault: it waits to be swept.

use std::collections::HashMap;
use std::ops::Range;

use kv::damage::Rest;

use super::details::look;
use super::fault::only;
use super::{Check, Number, READ_ROWS, Wrong};
use crate::keys::{NamedKey, ThreadKey};
use crate::reading::Reading;
use crate::values::{AccountValue, Stored, ThreadValue};
use crate::{EmailId, MailboxId, Result, StoreError, ThreadId, Uid, UidSet, keys};

/// A message whose own name is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) email: EmailId,
    pub(super) mailbox: MailboxId,
    pub(super) uid: Uid,
    pub(super) name: NamedKey,
}

impl Check<'_> {
    pub(super) async fn threads(&mut self) -> Result<()> {
        let named = std::mem::take(&mut self.named);
        let names = self
            .leading(NamedKey::all(), |key| Some(NamedKey::decode(key)?.0))
            .await?;
        let joined = self
            .leading(ThreadKey::all(), |key| {
                Some(ThreadKey::decode(key)?.0.get())
            })
            .await?;
        let highest = joined.keys().max().copied().unwrap_or(0);
        self.known(Number::EmailId, highest).await?;
        for named in named {
            let leads = names.get(&named.name.0).copied();
            let own = ThreadId::of(named.email);
            let is_in = joined.get(&named.email.get()).copied().unwrap_or(own);
            if leads != Some(is_in) {
                self.misled(&named).await?;
            }
        }
        Ok(())
    }

    /// What leads to threads, of one kind, read page by page, each at a moment of its own.
    async fn leading(
        &mut self,
        range: Range<Vec<u8>>,
        read: fn(&[u8]) -> Option<u64>,
    ) -> Result<HashMap<u64, ThreadId>> {
        let (mut all, mut rest, mut highest) = (HashMap::new(), Rest::all(range), 0);
        loop {
            let reading = self.reading().await?;
            let mut scan = reading.resume(rest, READ_ROWS);
            let Some(page) = scan.page().await? else {
                break;
            };
            rest = scan.rest();
            drop(reading);
            for (key, value) in page.rows {
                let Some(number) = read(&key) else {
                    self.account_fault(Wrong::Stray { key });
                    continue;
                };
                match ThreadValue::read(&value.bytes) {
                    Ok(ThreadValue(thread)) => {
                        highest = highest.max(thread.get());
                        all.insert(number, thread);
                    }
                    Err(error) => self.unreadable(None, UidSet::default(), key, error)?,
                }
            }
            if let Some(damage) = page.damage {
                self.damage(None, UidSet::default(), damage);
            }
        }
        self.known(Number::Thread, highest).await?;
        Ok(all)
    }

    /// Claims a fault if a number is higher than any that a message was given.
    async fn known(&mut self, what: Number, found: u64) -> Result<()> {
        let reading = self.reading().await?;
        let account = reading.get::<AccountValue>(&keys::account()).await;
        let Some((account, _)) = account.ok().flatten() else {
            return Ok(());
        };
        let most = account.next_email.saturating_sub(1);
        if found > most {
            self.account_fault(Wrong::TooHigh { what, found, most });
        }
        Ok(())
    }

    /// Claims that a message's name does not lead to its thread, if that is so at one moment.
    async fn misled(&mut self, named: &Named) -> Result<()> {
        let reading = self.reading().await?;
        let account = reading.get::<AccountValue>(&keys::account()).await;
        let Some((account, _)) = account.ok().flatten() else {
            return Ok(());
        };
        if named.email.get() < account.unthreaded {
            return Ok(());
        }
        let found = look(&reading, named.mailbox, named.uid).await?;
        if found
            .record()
            .is_none_or(|found| found.fixed.email_id != named.email)
        {
            return Ok(());
        }
        let leads = at(&reading, named.name.encode()).await?;
        let is_in = at(&reading, ThreadKey(named.email).encode()).await?;
        // What can't be read was told.
        let (Some(leads), Some(is_in)) = (leads, is_in) else {
            return Ok(());
        };
        if leads != Some(is_in.unwrap_or(ThreadId::of(named.email))) {
            let uids = only(Some(named.uid));
            self.fault(Some(named.mailbox), uids, Wrong::Misled);
        }
        Ok(())
    }
}

/// The thread under a key, if one is there; none where it can't be read.
async fn at(reading: &Reading, key: Vec<u8>) -> Result<Option<Option<ThreadId>>> {
    match reading.get::<ThreadValue>(&key).await {
        Ok(found) => Ok(Some(found.map(|(value, _)| value.0))),
        Err(StoreError::Damaged(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
