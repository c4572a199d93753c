//! Deliveries that happen once: each is remembered, and found by its age to be forgotten.
//!
//! They can be many, so they are read page by page, each page at a moment of its own.

use std::collections::{BTreeMap, BTreeSet};

use kv::Version;
use kv::damage::Rest;

use super::{Check, READ_ROWS, Wrong};
use crate::keys::OnceAgeKey;
use crate::values::{AccountValue, MarkValue, OnceValue, Stored};
use crate::{Result, UidSet, keys};

impl Check<'_> {
    pub(super) async fn once(&mut self) -> Result<()> {
        let remembered = self.remembered().await?;
        let aged = self.aged(&remembered).await?;
        for (delivery, version) in remembered {
            if aged.contains(&delivery) {
                continue;
            }
            // Both go together. One that is still what it was then was there all the time,
            // and its age was not.
            let reading = self.reading().await?;
            let now = reading.get::<OnceValue>(&keys::once(delivery)).await;
            if now.is_ok_and(|now| now.is_some_and(|(_, now)| Some(now) == version)) {
                self.account_fault(Wrong::Unaged { delivery });
            }
        }
        Ok(())
    }

    /// Those that are remembered. One that can't be read has no version.
    async fn remembered(&mut self) -> Result<BTreeMap<u128, Option<Version>>> {
        let mut remembered = BTreeMap::new();
        let mut rest = Rest::all(keys::all_once());
        loop {
            let reading = self.reading().await?;
            let mut scan = reading.resume(rest, READ_ROWS);
            let Some(page) = scan.page().await? else {
                return Ok(remembered);
            };
            rest = scan.rest();
            let last = reading.get::<AccountValue>(&keys::account()).await;
            let last = last.ok().flatten().map(|(it, _)| it.last_uid_validity);
            for (key, value) in page.rows {
                let Some(delivery) = keys::read_once(&key) else {
                    self.account_fault(Wrong::Stray { key });
                    continue;
                };
                remembered.insert(delivery, Some(value.version));
                match OnceValue::read(&value.bytes) {
                    Ok(placed) if last.is_some_and(|last| placed.uid_validity.get() > last) => {
                        let why = "no mailbox ever had its UIDVALIDITY".into();
                        self.account_fault(Wrong::Unreadable { key, why });
                    }
                    Ok(_) => {}
                    Err(error) => self.unreadable(None, UidSet::default(), key, error)?,
                }
            }
            if let Some(damage) = page.damage {
                remembered.extend(keys::read_once(&damage.key).map(|delivery| (delivery, None)));
                self.damage(None, UidSet::default(), damage);
            }
        }
    }

    /// Those that are found by their age. Of one that is not remembered a fault is claimed.
    async fn aged(
        &mut self,
        remembered: &BTreeMap<u128, Option<Version>>,
    ) -> Result<BTreeSet<u128>> {
        let mut aged = BTreeSet::new();
        let mut rest = Rest::all(OnceAgeKey::all());
        loop {
            let reading = self.reading().await?;
            let mut scan = reading.resume(rest, READ_ROWS);
            let Some(page) = scan.page().await? else {
                return Ok(aged);
            };
            rest = scan.rest();
            for (key, value) in page.rows {
                let Some(OnceAgeKey { delivery, .. }) = OnceAgeKey::decode(&key) else {
                    self.account_fault(Wrong::Stray { key });
                    continue;
                };
                aged.insert(delivery);
                if let Err(error) = MarkValue::read(&value.bytes) {
                    self.unreadable(None, UidSet::default(), key, error)?;
                }
                // What came after the others were read is looked up now.
                if !remembered.contains_key(&delivery)
                    && let Ok(None) = reading.get::<OnceValue>(&keys::once(delivery)).await
                {
                    self.account_fault(Wrong::AgedOnly { delivery });
                }
            }
            if let Some(damage) = page.damage {
                let age = OnceAgeKey::decode(&damage.key);
                aged.extend(age.map(|age| age.delivery));
                self.damage(None, UidSet::default(), damage);
            }
        }
    }
}
