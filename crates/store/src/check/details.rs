//! Envelopes and structures: that those are there which messages need, and can be read.

use super::fault::only;
use super::parts::{Page, Parts};
use super::threads::Named;
use super::{Check, Number, Wrong, is_there};
use crate::intake::details;
use crate::keys::DetailsKey;
use crate::mark::{Kept, RecordValue};
use crate::reading::Reading;
use crate::records;
use crate::values::AccountValue;
use crate::{EmailId, MailboxId, Result, StoreError, Uid, UidSet, keys};

/// How often a message is read again because it can't be where it was.
const LOOKS: usize = 3;

/// A message whose envelope and structure are kept by email id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    pub(super) email: EmailId,
    pub(super) mailbox: MailboxId,
    pub(super) uid: Uid,
    /// Whether they are for it alone.
    pub(super) own: bool,
}

/// A message, and under which number its details are kept.
struct Wanted {
    id: u64,
    mailbox: MailboxId,
    uid: Uid,
}

impl Check<'_> {
    /// Checks what is kept by email id.
    pub(super) async fn details(&mut self) -> Result<()> {
        let mut needs = std::mem::take(&mut self.needs);
        if let Some(there) = &mut self.there {
            there.extend(
                needs
                    .iter()
                    .map(|need| (need.email, need.mailbox, need.uid)),
            );
        }
        needs.sort_unstable_by_key(|need| (need.email, need.mailbox, need.uid));
        for group in needs.chunk_by(|one, other| one.email == other.email) {
            if group.len() > 1 && group.iter().any(|need| need.own) {
                self.own(group).await?;
            }
        }
        let wanted = needs.into_iter().map(|need| Wanted {
            id: need.email.get(),
            mailbox: need.mailbox,
            uid: need.uid,
        });
        let read = |key: &[u8]| {
            let DetailsKey(email, part) = DetailsKey::decode(key)?;
            Some((email.get(), part))
        };
        let parts = Parts::new(DetailsKey::all(), read);
        self.parts(None, parts, wanted.collect()).await
    }

    /// Checks what version 1 kept in a mailbox, and these messages of it need.
    pub(super) async fn old_details(
        &mut self,
        mailbox: MailboxId,
        mut here: Vec<Uid>,
    ) -> Result<()> {
        here.sort_unstable();
        let wanted = here.into_iter().map(|uid| Wanted {
            id: uid.get().into(),
            mailbox,
            uid,
        });
        let read = |key: &[u8]| {
            let (uid, part) = keys::read_old_details(key)?;
            Some((uid.get().into(), part))
        };
        let parts = Parts::new(keys::every_old_details(mailbox), read);
        self.parts(Some(mailbox), parts, wanted.collect()).await
    }

    async fn parts(
        &mut self,
        mailbox: Option<MailboxId>,
        mut parts: Parts,
        wanted: Vec<Wanted>,
    ) -> Result<()> {
        let mut rest = wanted.as_slice();
        loop {
            let reading = self.reading().await?;
            let Some(page) = parts.page(&reading).await? else {
                break;
            };
            if mailbox.is_none() {
                self.given(&reading, &page).await?;
            }
            drop(reading);
            let last = page.found.last().copied();
            let known = rest.partition_point(|wanted| Some(wanted.id) <= last);
            let (these, later) = rest.split_at(known);
            rest = later;
            let found = |wanted: &&Wanted| page.found.binary_search(&wanted.id).is_ok();
            for wanted in these.iter().filter(|wanted| !found(wanted)) {
                self.missing(wanted).await?;
            }
            if mailbox.is_none() {
                self.named(&page, these);
            }
            self.tell(mailbox, page, these);
            self.show();
        }
        for wanted in rest {
            self.missing(wanted).await?;
        }
        Ok(())
    }

    /// Takes note of the names of messages, for their threads.
    fn named(&mut self, page: &Page, wanted: &[Wanted]) {
        for (id, name) in &page.named {
            let at = wanted.partition_point(|wanted| wanted.id < *id);
            if let Some(wanted) = wanted.get(at).filter(|wanted| wanted.id == *id) {
                self.named.push(Named {
                    email: EmailId(*id),
                    mailbox: wanted.mailbox,
                    uid: wanted.uid,
                    name: *name,
                });
            }
        }
    }

    /// No number is there that was not given.
    async fn given(&mut self, reading: &Reading, page: &Page) -> Result<()> {
        let account = reading.get::<AccountValue>(&keys::account()).await;
        let Some((account, _)) = account.ok().flatten() else {
            return Ok(());
        };
        let highest = page.found.last().copied();
        let most = account.next_email.saturating_sub(1);
        if let Some(found) = highest.filter(|highest| *highest > most) {
            let what = Number::EmailId;
            self.account_fault(Wrong::TooHigh { what, found, most });
        }
        Ok(())
    }

    /// Tells what can't be read of a page, and of which messages.
    fn tell(&mut self, mailbox: Option<MailboxId>, page: Page, wanted: &[Wanted]) {
        for key in page.strays {
            self.fault(mailbox, UidSet::default(), Wrong::Stray { key });
        }
        for (id, key, why) in page.odd {
            let at = wanted.partition_point(|wanted| wanted.id < id);
            let whose = wanted.get(at).filter(|wanted| wanted.id == id);
            let uids = only(whose.map(|wanted| wanted.uid));
            let mailbox = mailbox.or(whose.map(|wanted| wanted.mailbox));
            self.fault(mailbox, uids, Wrong::Unreadable { key, why });
        }
        if let Some(damage) = page.damage {
            self.damage(mailbox, UidSet::default(), damage);
        }
    }

    /// Claims that a message's details are missing, if they are, and should not be.
    async fn missing(&mut self, wanted: &Wanted) -> Result<()> {
        let (mailbox, uid) = (wanted.mailbox, wanted.uid);
        for _ in 0..LOOKS {
            let reading = self.reading().await?;
            let found = look(&reading, mailbox, uid).await?;
            let Some(RecordValue { mark, fixed }) = found.record() else {
                return Ok(());
            };
            let range = match mark.kept {
                Kept::Here => keys::all_old_details(mailbox, &(uid..=uid)),
                Kept::Own | Kept::Shared => DetailsKey::range(&(fixed.email_id..=fixed.email_id)),
            };
            if mark.is_gone() && mark.kept != Kept::Own || is_there(&reading, range).await? {
                return Ok(());
            }
            drop(reading);
            match self.store.rescan(&fixed.body).await {
                // They were too long to be kept.
                Ok(scanned) if details(&scanned, &[])?.is_empty() => return Ok(()),
                Ok(_) => break,
                // It may be elsewhere now.
                Err(StoreError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.fault(Some(mailbox), only(Some(uid)), Wrong::NoDetails);
        Ok(())
    }

    /// Claims that what is one message's own is another's too, if that is so at one moment.
    async fn own(&mut self, needs: &[Need]) -> Result<()> {
        let reading = self.reading().await?;
        let (mut own, mut others) = (None, 0);
        for need in needs {
            let found = look(&reading, need.mailbox, need.uid).await?;
            let found = found.record();
            let Some(record) = found.filter(|found| found.fixed.email_id == need.email) else {
                continue;
            };
            match record.mark.kept {
                Kept::Own if own.is_none() => own = Some((need.mailbox, need.uid)),
                Kept::Shared if record.mark.is_gone() => {}
                Kept::Own | Kept::Shared => others += 1,
                Kept::Here => {}
            }
        }
        if let Some((mailbox, uid)) = own.filter(|_| others > 0) {
            self.fault(Some(mailbox), only(Some(uid)), Wrong::NotOwn);
        }
        Ok(())
    }
}

/// What a second look at a message found.
pub(crate) enum Found {
    Record(RecordValue),
    /// It is gone for good.
    Gone,
    /// It can't be read, which was said already.
    Damaged,
}

impl Found {
    pub(crate) fn record(self) -> Option<RecordValue> {
        match self {
            Found::Record(record) => Some(record),
            Found::Gone | Found::Damaged => None,
        }
    }
}

/// A message as it is now.
pub(crate) async fn look(reading: &Reading, mailbox: MailboxId, uid: Uid) -> Result<Found> {
    let uids = only(Some(uid));
    let page = records::Page {
        uids: &uids,
        after: None,
        limit: 1,
        include_gone: true,
    };
    let found = async {
        let summary = reading.summary(mailbox).await?;
        reading.page(mailbox, page, &summary).await
    };
    match found.await {
        Ok(found) => Ok(match found.into_iter().next() {
            Some((_, record)) => Found::Record(record),
            None => Found::Gone,
        }),
        Err(StoreError::Gone) => Ok(Found::Gone),
        Err(StoreError::Damaged(_)) => Ok(Found::Damaged),
        Err(error) => Err(error),
    }
}
