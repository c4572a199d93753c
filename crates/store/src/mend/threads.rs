//! What leads to threads. That of a message never changes: where a row says which it is, its
//! name leads there. Where none does it began one, if its name leads nowhere; if its name
//! leads to another, that is the one which it joined, and the row that said so is lost.

use super::{Mending, passing};
use crate::change::Change;
use crate::check::look;
use crate::intake::DETAILS_PARTS;
use crate::keys::{DetailsKey, NamedKey, ThreadKey};
use crate::mark::Kept;
use crate::threads::named;
use crate::values::{DetailsValue, Stored, ThreadValue};
use crate::{EmailId, MailboxId, Result, ThreadId, Uid, Wrong};

impl Mending<'_> {
    pub(super) async fn threads(&mut self) -> Result<()> {
        let misled = self
            .faults
            .iter()
            .filter(|fault| fault.wrong == Wrong::Misled);
        let misled = misled.filter_map(|fault| Some((fault.mailbox?, fault.uids.clone())));
        let misled: Vec<_> = misled.collect();
        for (mailbox, uids) in misled {
            for uid in uids.iter() {
                let step = self.lead(mailbox, uid).await;
                passing(step)?;
            }
        }
        Ok(())
    }

    async fn lead(&self, mailbox: MailboxId, uid: Uid) -> Result<()> {
        let mut turn = self.store.turn(self.account).await;
        loop {
            let mut change = turn.begin().await?;
            // Who adds names changes the account's numbers.
            change.touch_account().await?;
            let found = look(&change.reading, mailbox, uid).await?.record();
            let Some(record) = found.filter(|found| found.mark.kept != Kept::Here) else {
                return Ok(());
            };
            change.lead(record.fixed.email_id).await?;
            if turn.commit(change).await? {
                return Ok(());
            }
        }
    }
}

impl Change {
    /// Has the name of a message lead to its thread.
    async fn lead(&mut self, email: EmailId) -> Result<()> {
        let Some(name) = self.own_name(email).await? else {
            return Ok(());
        };
        let row = ThreadKey(email).encode();
        let is_in = self.reading.get::<ThreadValue>(&row).await?;
        let leads = self.reading.get::<ThreadValue>(&name.encode()).await?;
        match (is_in, leads) {
            (Some((is_in, _)), _) => self.operations.put(name.encode(), &is_in),
            (None, Some((leads, _))) => self.operations.put(row, &leads),
            (None, None) => {
                let own = ThreadValue(ThreadId::of(email));
                self.operations.put(name.encode(), &own)
            }
        }
    }

    async fn own_name(&self, email: EmailId) -> Result<Option<NamedKey>> {
        let parts = DetailsKey::range(&(email..=email));
        let rows = self.reading.rows(parts, DETAILS_PARTS).await?;
        let octets = rows.into_iter().flat_map(|(_, value)| value.bytes);
        let details = DetailsValue::read(&octets.collect::<Vec<_>>())?;
        let header = details.asked.as_deref().unwrap_or_default();
        let own = message::Lineage::of(&details.envelope, header).own;
        Ok(own.map(|own| named(&own)))
    }
}
