//! Deliveries that happen once: each that is remembered is found by an age, to be forgotten.

use std::collections::BTreeSet;

use super::Mending;
use crate::keys::OnceAgeKey;
use crate::values::{MarkValue, OnceValue};
use crate::{Result, Wrong, keys};

/// Rows that are read at once.
const READ_ROWS: usize = 400;

impl Mending<'_> {
    /// What would never be forgotten is as old as now; what is to be forgotten and is not
    /// remembered is forgotten.
    pub(super) async fn once(&mut self) -> Result<()> {
        let (mut unaged, mut aged) = (BTreeSet::new(), BTreeSet::new());
        for fault in &self.faults {
            match fault.wrong {
                Wrong::Unaged { delivery } => drop(unaged.insert(delivery)),
                Wrong::AgedOnly { delivery } => drop(aged.insert(delivery)),
                _ => {}
            }
        }
        if unaged.is_empty() && aged.is_empty() {
            return Ok(());
        }
        let mut turn = self.store.turn(self.account).await;
        loop {
            let mut change = turn.begin().await?;
            // Who remembers a delivery changes the account's numbers.
            change.touch_account().await?;
            let mut found = BTreeSet::new();
            let mut scan = change.reading.past_damage(OnceAgeKey::all(), READ_ROWS);
            let mut old = Vec::new();
            while let Some(page) = scan.page().await? {
                for (key, _) in page.rows {
                    let Some(age) = OnceAgeKey::decode(&key) else {
                        continue;
                    };
                    found.insert(age.delivery);
                    if aged.contains(&age.delivery) {
                        old.push(age);
                    }
                }
            }
            for age in old {
                let once = keys::once(age.delivery);
                let kept = change.reading.get::<OnceValue>(&once).await?;
                if kept.is_none() && !change.is_full() {
                    change.operations.delete(age.encode());
                }
            }
            let seconds = u64::try_from(self.now.as_second()).unwrap_or(0);
            for delivery in unaged.difference(&found) {
                let once = keys::once(*delivery);
                let kept = change.reading.get::<OnceValue>(&once).await?;
                if kept.is_some() && !change.is_full() {
                    let age = OnceAgeKey {
                        seconds,
                        delivery: *delivery,
                    };
                    change.operations.put(age.encode(), &MarkValue)?;
                }
            }
            if turn.commit(change).await? {
                return Ok(());
            }
        }
    }
}
