//! Looking at all that waits, while mail comes and goes: every record, and that each entry
//! and its recipients fit.
//!
//! An entry is always seen at one moment with its recipients, so that what comes or goes
//! meanwhile is no fault.

use std::ops::Range;

use kv::Snapshot;
use kv::damage::{Damage, PastDamage, Rest};

use crate::stored::{
    EntryValue, Place, RecipientValue, all_nodes, all_places, all_recipients, all_standings,
    all_taken, all_turns, entries_after, entry_key, layout_key, promises_after, read,
    read_entry_key, read_node_key, read_promise_key, read_recipient_key, read_standing_key,
    read_taken_key, read_turn_key, recipient_entry, recipient_key, recipients, strays,
};
use crate::{Fault, Queue, QueueError, QueueId, Recipient, Wrong};

/// Faults that are kept; of more only the number is.
pub const FAULTS: usize = 1000;
/// Entries that are looked at in one snapshot, with their recipients.
const READ_ENTRIES: usize = 20;
/// Rows that are read at once.
const READ_ROWS: usize = 400;

/// What a check of the queue found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Entries that were looked at.
    pub entries: u64,
    /// What is wrong: the first [`FAULTS`].
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub more: u64,
}

impl Queue {
    /// Looks at all that waits, and says what is wrong with it. It changes nothing, and
    /// mail may come and go meanwhile. A record that is damaged is named and passed over.
    ///
    /// # Errors
    /// [`QueueError::Broken`] when the engine fails.
    pub async fn check(&self) -> Result<Checked, QueueError> {
        let mut found = Checked::default();
        let mut rest = Rest::all(entries_after(None));
        while !rest.is_empty() {
            let snapshot = self.snapshot().await?;
            rest = found.entries(&*snapshot, rest).await?;
        }
        let mut rest = Rest::all(all_recipients());
        while !rest.is_empty() {
            let snapshot = self.snapshot().await?;
            rest = found.orphans(&*snapshot, rest).await?;
        }
        let mut rest = Rest::all(all_places());
        while !rest.is_empty() {
            let snapshot = self.snapshot().await?;
            rest = found.places(&*snapshot, rest).await?;
        }
        let snapshot = self.snapshot().await?;
        for range in strays() {
            found.strays(&*snapshot, range, |_| false).await?;
        }
        for (range, known) in known() {
            found.strays(&*snapshot, range, known).await?;
        }
        Ok(found)
    }
}

/// Whether a key is of a kind.
type IsKnown = fn(&[u8]) -> bool;

/// Kinds of rows of which each is checked by itself alone, and whether a key is one.
fn known() -> [(Range<Vec<u8>>, IsKnown); 5] {
    [
        (all_turns(), |key| read_turn_key(key).is_ok()),
        (all_taken(), |key| read_taken_key(key).is_ok()),
        (all_nodes(), |key| read_node_key(key).is_ok()),
        (all_standings(), |key| read_standing_key(key).is_ok()),
        (promises_after(None), |key| read_promise_key(key).is_ok()),
    ]
}

impl Checked {
    fn fault(&mut self, entry: Option<QueueId>, wrong: Wrong) {
        if self.faults.len() < FAULTS {
            self.faults.push(Fault { entry, wrong });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn damage(&mut self, entry: Option<QueueId>, damage: Damage) {
        let Damage { key, why, rest } = damage;
        let wrong = if rest {
            Wrong::Unread { key, why }
        } else {
            Wrong::Unreadable { key, why }
        };
        self.fault(entry, wrong);
    }

    /// Takes note of a record that makes no sense. Other errors are not of the record.
    fn unreadable(
        &mut self,
        entry: Option<QueueId>,
        key: Vec<u8>,
        error: QueueError,
    ) -> Result<(), QueueError> {
        let QueueError::Damaged(why) = error else {
            return Err(error);
        };
        self.fault(entry, Wrong::Unreadable { key, why });
        Ok(())
    }

    /// Checks some entries with their recipients, and gives what is left of the range.
    async fn entries(&mut self, snapshot: &dyn Snapshot, rest: Rest) -> Result<Rest, QueueError> {
        let mut scan = PastDamage::resume(snapshot, rest, READ_ENTRIES);
        let page = scan.page().await?;
        let rest = scan.rest();
        let Some(page) = page else {
            return Ok(rest);
        };
        for (key, value) in page.rows {
            let Ok(id) = read_entry_key(&key) else {
                self.fault(None, Wrong::Stray { key });
                continue;
            };
            self.entries += 1;
            let (counted, recipients) = self.recipients(snapshot, id).await?;
            match read::<EntryValue>(&value.bytes) {
                Ok(EntryValue { waiting: kept, .. }) if u64::from(kept) != counted => {
                    self.fault(Some(id), Wrong::Miscounted { kept, counted });
                }
                Ok(entry) => self.lined_up(snapshot, id, &entry, recipients).await?,
                Err(error) => self.unreadable(Some(id), key, error)?,
            }
        }
        if let Some(damage) = page.damage {
            let id = read_entry_key(&damage.key).ok();
            if let Some(id) = id {
                self.recipients(snapshot, id).await?;
            }
            self.damage(id, damage);
        }
        Ok(rest)
    }

    /// Whether each recipient of an entry waits in its lane or is taken.
    async fn lined_up(
        &mut self,
        snapshot: &dyn Snapshot,
        id: QueueId,
        entry: &EntryValue,
        recipients: Vec<Recipient>,
    ) -> Result<(), QueueError> {
        // An older program kept no lanes.
        if entry.held || snapshot.get(&layout_key()).await?.is_none() {
            return Ok(());
        }
        let mut lost = Vec::new();
        for recipient in recipients {
            let lane = recipient.lane(entry.submitted_by);
            let key = Place::of(id, lane, &recipient).key();
            // One that is damaged is there.
            if let Ok(None) = snapshot.get(&key).await {
                lost.push(recipient.place);
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        let mut scan = PastDamage::new(snapshot, all_taken(), READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, _) in page.rows {
                if let Ok((_, of, place)) = read_taken_key(&key)
                    && of == id
                {
                    lost.retain(|lost| *lost != place);
                }
            }
        }
        for place in lost {
            self.fault(Some(id), Wrong::NotLinedUp { place });
        }
        Ok(())
    }

    /// Checks some places in lanes, and gives what is left of the range.
    async fn places(&mut self, snapshot: &dyn Snapshot, rest: Rest) -> Result<Rest, QueueError> {
        let mut scan = PastDamage::resume(snapshot, rest, READ_ROWS);
        let page = scan.page().await?;
        let rest = scan.rest();
        let Some(page) = page else {
            return Ok(rest);
        };
        for (key, _) in page.rows {
            let Ok(place) = Place::read(&key) else {
                self.fault(None, Wrong::Stray { key });
                continue;
            };
            let recipient = recipient_key(place.entry, place.place);
            let Ok(value) = snapshot.get(&recipient).await else {
                continue;
            };
            let waits = value.is_some_and(|value| {
                read::<RecipientValue>(&value.bytes)
                    .map_or(true, |recipient| recipient.due == place.due.as_second())
            });
            if !waits {
                let Place { entry, place, .. } = place;
                self.fault(Some(entry), Wrong::NobodyThere { place });
            }
        }
        if let Some(damage) = page.damage {
            self.damage(None, damage);
        }
        Ok(rest)
    }

    /// Checks the recipients of an entry, and gives their number and those that can be read.
    async fn recipients(
        &mut self,
        snapshot: &dyn Snapshot,
        id: QueueId,
    ) -> Result<(u64, Vec<Recipient>), QueueError> {
        let (mut counted, mut recipients_read) = (0, Vec::new());
        let mut scan = PastDamage::new(snapshot, recipients(id), READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, value) in page.rows {
                let Ok(place) = read_recipient_key(&key) else {
                    self.fault(Some(id), Wrong::Stray { key });
                    continue;
                };
                counted += 1;
                match read::<RecipientValue>(&value.bytes) {
                    Ok(value) => recipients_read.push(value.recipient(place)),
                    Err(error) => self.unreadable(Some(id), key, error)?,
                }
            }
            if let Some(damage) = page.damage {
                counted += 1;
                self.damage(Some(id), damage);
            }
        }
        Ok((counted, recipients_read))
    }

    /// Looks for the entries of some recipients, and gives what is left of the range. The
    /// recipients of one are passed over at once.
    async fn orphans(
        &mut self,
        snapshot: &dyn Snapshot,
        mut rest: Rest,
    ) -> Result<Rest, QueueError> {
        for _ in 0..READ_ENTRIES {
            let mut scan = PastDamage::resume(snapshot, rest, 1);
            let page = scan.page().await?;
            rest = scan.rest();
            let Some(page) = page else {
                return Ok(rest);
            };
            let key = match (page.rows.into_iter().next(), page.damage) {
                (None, Some(damage)) if damage.rest => {
                    self.damage(None, damage);
                    return Ok(rest);
                }
                (None, Some(damage)) => damage.key,
                (Some((key, _)), _) => key,
                (None, None) => return Ok(rest),
            };
            let Some(id) = recipient_entry(&key) else {
                self.fault(None, Wrong::Stray { key });
                continue;
            };
            rest.begin_at(recipients(id).end);
            // One that is damaged is there.
            if let Ok(None) = snapshot.get(&entry_key(id)).await {
                self.fault(Some(id), Wrong::NoEntry);
                self.recipients(snapshot, id).await?;
            }
        }
        Ok(rest)
    }

    /// Names each key of a range that is not known.
    async fn strays(
        &mut self,
        snapshot: &dyn Snapshot,
        range: Range<Vec<u8>>,
        known: IsKnown,
    ) -> Result<(), QueueError> {
        let mut scan = PastDamage::new(snapshot, range, READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, _) in page.rows {
                if !known(&key) {
                    self.fault(None, Wrong::Stray { key });
                }
            }
            if let Some(damage) = page.damage {
                self.damage(None, damage);
            }
        }
        Ok(())
    }
}
