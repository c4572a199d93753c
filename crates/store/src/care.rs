//! What the care of a whole store asks of an account: which bodies it needs, that some of
//! them are elsewhere now, and what nobody needs any more.

use std::ops::{Range, RangeInclusive};

use address::AccountId;
use blob::{BodyRef, Moved};
use kv::tuple::after_key;

use crate::change::Change;
use crate::keys::{DetailsKey, NameKey, ThreadKey};
use crate::mark::Fixed;
use crate::reading::Reading;
use crate::references::Kind;
use crate::values::{AccountValue, NameValue, Stored};
use crate::{EmailId, MailboxId, Result, Store, StoreError, keys};

/// Rows that refer to bodies that are read, or written again, at once.
const READ_ROWS: usize = 400;
/// Stretches of unused email ids that are looked at in one snapshot.
const LOOK_IDS: usize = 1000;
/// Rows of envelopes and structures, and of threads, that one commit clears away.
const CLEAR_ROWS: usize = 500;

impl Store {
    /// Shows the body of every message of an account, also of removed ones that may still
    /// be read. One that several messages have is shown for each.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when the account is; [`StoreError::Damaged`].
    pub async fn bodies(
        &self,
        account: AccountId,
        mut show: impl FnMut(BodyRef) + Send,
    ) -> Result<()> {
        let reading = self.reading(account).await?;
        reading.each_fixed(|fixed| show(fixed.body)).await
    }

    /// Has those messages of an account whose bodies are in this table (first) refer to
    /// where they now are (second). Gives how many there were. One that is copied
    /// meanwhile may be missed: once this finds none, none refers to the old places.
    ///
    /// # Errors
    /// As [`Store::bodies`]; [`StoreError::Broken`] once the bodies may have been cleared away
    /// from where they now are, since that was noted so long ago. Some messages may then be
    /// changed.
    pub async fn relocate(&self, account: AccountId, moved: &Moved) -> Result<usize> {
        let mut found = 0;
        for mailbox in self.reading(account).await?.mailbox_ids().await? {
            found += match self.relocate_mailbox(account, mailbox, moved).await {
                // It was deleted, and its messages with it.
                Err(StoreError::Gone) => 0,
                found => found?,
            };
        }
        Ok(found)
    }

    async fn relocate_mailbox(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        moved: &Moved,
    ) -> Result<usize> {
        let mut found = 0;
        for kind in Kind::ALL {
            let mut rest = kind.all(mailbox);
            loop {
                let mut turn = self.turn(account).await;
                let mut change = turn.begin().await?;
                let relocated = change.relocate(mailbox, kind, &rest, moved).await?;
                if relocated.messages > 0 && !moved.is_good() {
                    let why = "bodies waited too long for records to refer to them";
                    return Err(StoreError::Broken(why.into()));
                }
                if !turn.commit(change).await? {
                    continue;
                }
                found += relocated.messages;
                match relocated.last {
                    Some(last) => rest.start = after_key(&last),
                    None => break,
                }
            }
        }
        Ok(found)
    }

    /// Clears away envelopes and structures that no message needs any more: those that
    /// several messages had in common, since a message that is forgotten takes along only
    /// what it had for itself. Likewise what is known of the threads of such messages, and
    /// names that lead to threads without messages. Gives how many values they were.
    ///
    /// # Errors
    /// As [`Store::bodies`].
    pub async fn sweep(&self, account: AccountId) -> Result<usize> {
        let (used, next) = self.reading(account).await?.used_ids().await?;
        let mut cleared = 0;
        for unused in unused(&used, next).chunks(LOOK_IDS) {
            loop {
                let reading = self.reading(account).await?;
                let (ranges, rows) = reading.unused_details(unused).await?;
                if rows > 0 {
                    let mut turn = self.turn(account).await;
                    let mut change = turn.begin().await?;
                    let ranges = ranges.into_iter();
                    ranges.for_each(|range| change.operations.clear(range));
                    // An id that no message has is never given again: whatever came
                    // between, this holds.
                    turn.commit(change).await?;
                }
                cleared += rows;
                if rows < CLEAR_ROWS {
                    break;
                }
            }
        }
        Ok(cleared + self.sweep_threads(account, &used, next).await?)
    }
}

/// What one commit of a relocation did.
struct Relocated {
    messages: usize,
    /// The last key that was looked at, when there may be more.
    last: Option<Vec<u8>>,
}

impl Change {
    async fn relocate(
        &mut self,
        mailbox: MailboxId,
        kind: Kind,
        rest: &Range<Vec<u8>>,
        moved: &Moved,
    ) -> Result<Relocated> {
        self.summary(mailbox).await?;
        let rows = self.reading.rows(rest.clone(), READ_ROWS).await?;
        let mut messages = 0;
        for (key, value) in &rows {
            let mut found = 0;
            let changed = kind.changed(&value.bytes, |body| {
                let moved = moved.get(body)?;
                found += 1;
                Some(moved.clone())
            })?;
            if let Some(octets) = changed {
                self.operations.put_octets(key.clone(), octets);
            }
            messages += found;
        }
        if messages > 0 {
            self.touch(mailbox);
        }
        let last = rows.last().filter(|_| rows.len() == READ_ROWS);
        Ok(Relocated {
            messages,
            last: last.map(|(key, _)| key.clone()),
        })
    }
}

impl Reading {
    /// All mailboxes of the account, or [`StoreError::Gone`].
    pub(crate) async fn mailbox_ids(&self) -> Result<Vec<MailboxId>> {
        let mut ids = Vec::new();
        let mut scan = self.scan(NameKey::all());
        while let Some(rows) = scan.page().await? {
            for row in rows {
                ids.push(NameValue::read(&row.1.bytes)?.id);
            }
        }
        // Every account has an INBOX.
        if ids.is_empty() {
            Err(StoreError::Gone)
        } else {
            Ok(ids)
        }
    }

    /// Shows what never changes of every message, also of removed ones.
    async fn each_fixed(&self, mut show: impl FnMut(Fixed) + Send) -> Result<()> {
        for mailbox in self.mailbox_ids().await? {
            for kind in Kind::ALL {
                let mut rest = kind.all(mailbox);
                while let Some(rows) = self.next_rows(&mut rest).await? {
                    for (_, value) in rows {
                        kind.read(&value.bytes)?.into_iter().for_each(&mut show);
                    }
                }
            }
        }
        Ok(())
    }

    /// The next rows of what is left of a range; none at its end.
    async fn next_rows(&self, rest: &mut Range<Vec<u8>>) -> Result<Option<Vec<kv::Row>>> {
        let rows = self.rows(rest.clone(), READ_ROWS).await?;
        if let Some((last, _)) = rows.last() {
            rest.start = after_key(last);
        }
        // The engine reads on this thread and never waits.
        tokio::task::yield_now().await;
        Ok(Some(rows).filter(|rows| !rows.is_empty()))
    }

    /// Email ids that messages have, ascending, and the first that was never given.
    async fn used_ids(&self) -> Result<(Vec<EmailId>, EmailId)> {
        let account = self.get::<AccountValue>(&keys::account()).await?;
        let (account, _) = account.ok_or(StoreError::Gone)?;
        let mut used = Vec::new();
        self.each_fixed(|fixed| used.push(fixed.email_id)).await?;
        used.sort_unstable();
        used.dedup();
        Ok((used, EmailId(account.next_email)))
    }

    /// Where there are details or threads of these ids, as many as one commit clears away,
    /// and how many values they are.
    async fn unused_details(
        &self,
        unused: &[RangeInclusive<EmailId>],
    ) -> Result<(Vec<Range<Vec<u8>>>, usize)> {
        let (mut ranges, mut found) = (Vec::new(), 0);
        let kinds = [DetailsKey::range, ThreadKey::range];
        let all = unused.iter().flat_map(|ids| kinds.map(|kind| kind(ids)));
        for range in all {
            let rows = self.rows(range.clone(), CLEAR_ROWS - found).await?;
            if let Some((last, _)) = rows.last() {
                ranges.push(range.start..after_key(last));
                found += rows.len();
            }
            if found == CLEAR_ROWS {
                break;
            }
        }
        tokio::task::yield_now().await;
        Ok((ranges, found))
    }
}

/// Email ids that were given and that no message has: stretches, ascending.
fn unused(used: &[EmailId], next: EmailId) -> Vec<RangeInclusive<EmailId>> {
    let mut unused = Vec::new();
    let mut first = 0;
    for id in used.iter().chain([&next]) {
        if first < id.get() {
            unused.push(EmailId(first)..=EmailId(id.get() - 1));
        }
        first = first.max(id.get().saturating_add(1));
    }
    unused
}
