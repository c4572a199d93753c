//! The account as a whole, at one moment: its numbers, its names, which mailboxes it has.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use kv::damage::Rest;

use super::{Check, FAULTS, Number, READ_ROWS, Wrong, is_there, one};
use crate::keys::{DoomedKey, NameKey, SubscriptionKey};
use crate::name::Name;
use crate::reading::Reading;
use crate::values::{AccountValue, FullValue, MarkValue, NameValue, Stored, SummaryValue};
use crate::{MailboxId, Result, StoreError, UidSet, keys};

impl Check<'_> {
    /// Learns which mailboxes there are, and checks what is not within one.
    pub(super) async fn account(&mut self) -> Result<()> {
        let reading = self.reading().await?;
        let account = self.numbers(&reading).await?;
        let all_read = self.names(&reading).await?;
        self.subscriptions(&reading).await?;
        if let Err(error) = reading.get::<FullValue>(&keys::full()).await {
            self.unreadable(None, UidSet::default(), keys::full(), error)?;
        }
        let doomed = self.doomed(&reading).await?;
        for range in keys::strays() {
            self.strays(&reading, None, range).await?;
        }
        self.nameless(&reading, &doomed, all_read).await?;
        match account {
            Some(account) => self.sums(&reading, &account).await,
            None => Ok(()),
        }
    }

    /// The account in numbers; none if they can't be read.
    async fn numbers(&mut self, reading: &Reading) -> Result<Option<AccountValue>> {
        match reading.get(&keys::account()).await {
            Ok(Some((account, _))) => Ok(Some(account)),
            Ok(None) => Err(StoreError::Gone),
            Err(error) => {
                self.unreadable(None, UidSet::default(), keys::account(), error)?;
                Ok(None)
            }
        }
    }

    /// False if one of the names, or its mailbox, is not known.
    async fn names(&mut self, reading: &Reading) -> Result<bool> {
        let mut all_read = true;
        let mut scan = reading.past_damage(NameKey::all(), READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, value) in page.rows {
                let Some(NameKey(name)) = NameKey::decode(&key) else {
                    self.account_fault(Wrong::Stray { key });
                    continue;
                };
                match NameValue::read(&value.bytes) {
                    Ok(value) => self.name(name, value.id),
                    Err(error) => {
                        all_read = false;
                        self.unreadable(None, UidSet::default(), key, error)?;
                    }
                }
            }
            if let Some(damage) = page.damage {
                all_read = false;
                self.damage(None, UidSet::default(), damage);
            }
        }
        let inbox = self.names.get(&MailboxId::INBOX);
        if all_read && inbox.is_none_or(|name| name != "INBOX") {
            self.account_fault(Wrong::NoInbox);
        }
        Ok(all_read)
    }

    fn name(&mut self, name: String, mailbox: MailboxId) {
        self.mailboxes.insert(mailbox);
        let is_good = Name::is_good(&name);
        match self.names.entry(mailbox) {
            Entry::Vacant(vacant) => drop(vacant.insert(name)),
            Entry::Occupied(_) => {
                let twice = Wrong::TwoNames { other: name };
                self.fault(Some(mailbox), UidSet::default(), twice);
            }
        }
        if !is_good {
            self.fault(Some(mailbox), UidSet::default(), Wrong::BadName);
        }
    }

    async fn subscriptions(&mut self, reading: &Reading) -> Result<()> {
        let mut scan = reading.past_damage(SubscriptionKey::all(), READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, value) in page.rows {
                match SubscriptionKey::decode(&key) {
                    Some(SubscriptionKey(name)) if Name::is_good(&name) => {}
                    Some(_) => self.account_fault(Wrong::BadName),
                    None => self.account_fault(Wrong::Stray { key: key.clone() }),
                }
                if let Err(error) = MarkValue::read(&value.bytes) {
                    self.unreadable(None, UidSet::default(), key, error)?;
                }
            }
            if let Some(damage) = page.damage {
                self.damage(None, UidSet::default(), damage);
            }
        }
        Ok(())
    }

    /// Mailboxes that are being cleared away.
    async fn doomed(&mut self, reading: &Reading) -> Result<BTreeSet<MailboxId>> {
        let mut doomed = BTreeSet::new();
        let mut scan = reading.past_damage(DoomedKey::all(), READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, value) in page.rows {
                let Some(DoomedKey(mailbox)) = DoomedKey::decode(&key) else {
                    self.account_fault(Wrong::Stray { key });
                    continue;
                };
                doomed.insert(mailbox);
                if let Err(error) = MarkValue::read(&value.bytes) {
                    self.unreadable(Some(mailbox), UidSet::default(), key, error)?;
                }
            }
            if let Some(damage) = page.damage {
                doomed.extend(DoomedKey::decode(&damage.key).map(|DoomedKey(mailbox)| mailbox));
                self.damage(None, UidSet::default(), damage);
            }
        }
        for mailbox in &doomed {
            let numbers = one(keys::summary(*mailbox));
            if self.mailboxes.contains(mailbox) || is_there(reading, numbers).await? {
                self.fault(Some(*mailbox), UidSet::default(), Wrong::HalfDeleted);
            }
        }
        Ok(doomed)
    }

    /// Finds rows of mailboxes that no name has and that are not being cleared away. Where
    /// a name could not be read it may be theirs.
    async fn nameless(
        &mut self,
        reading: &Reading,
        doomed: &BTreeSet<MailboxId>,
        all_read: bool,
    ) -> Result<()> {
        let mut rest = Rest::all(keys::all_mailboxes());
        let mut nameless = 0;
        while nameless < FAULTS {
            let mut scan = reading.resume(rest, 1);
            let Some(page) = scan.page().await? else {
                break;
            };
            rest = scan.rest();
            let key = match (page.rows.into_iter().next(), page.damage) {
                (None, Some(damage)) if damage.rest => {
                    self.damage(None, UidSet::default(), damage);
                    break;
                }
                (None, Some(damage)) => damage.key,
                (Some((key, _)), _) => key,
                (None, None) => break,
            };
            let Some(mailbox) = keys::mailbox_of(&key) else {
                nameless += 1;
                self.account_fault(Wrong::Stray { key });
                continue;
            };
            rest.begin_at(keys::all_of_mailbox(mailbox).end);
            if !self.mailboxes.contains(&mailbox) && !doomed.contains(&mailbox) {
                nameless += 1;
                self.mailboxes.insert(mailbox);
                if all_read {
                    self.fault(Some(mailbox), UidSet::default(), Wrong::NoName);
                }
            }
        }
        Ok(())
    }

    /// Records of no known kind.
    pub(super) async fn strays(
        &mut self,
        reading: &Reading,
        mailbox: Option<MailboxId>,
        range: Range<Vec<u8>>,
    ) -> Result<()> {
        let mut scan = reading.past_damage(range, READ_ROWS);
        while let Some(page) = scan.page().await? {
            for (key, _) in page.rows {
                self.fault(mailbox, UidSet::default(), Wrong::Stray { key });
            }
            if let Some(damage) = page.damage {
                self.damage(mailbox, UidSet::default(), damage);
            }
        }
        Ok(())
    }

    /// Holds the account's numbers against those of its mailboxes.
    async fn sums(&mut self, reading: &Reading, account: &AccountValue) -> Result<()> {
        let (mut messages, mut octets, mut all_read) = (0u64, 0u64, true);
        let mut validities = BTreeMap::new();
        for mailbox in self.mailboxes.clone() {
            let most = account.next_mailbox.saturating_sub(1);
            self.bound(mailbox, Number::Mailbox, mailbox.get(), most);
            let summary = reading.get::<SummaryValue>(&keys::summary(mailbox)).await;
            // What is wrong with the numbers themselves is said where they are checked.
            let Ok(Some((summary, _))) = summary else {
                all_read = false;
                continue;
            };
            messages = messages.saturating_add(summary.exists.into());
            octets = octets.saturating_add(summary.bytes);
            let validity = summary.uid_validity;
            let most = account.last_uid_validity;
            self.bound(mailbox, Number::UidValidity, validity.get(), most);
            if let Some(other) = validities.insert(validity, mailbox) {
                let same = Wrong::SameUidValidity { other };
                self.fault(Some(mailbox), UidSet::default(), same);
            }
        }
        if all_read {
            self.account_count(Number::Messages, account.messages, messages);
            self.account_count(Number::Octets, account.bytes, octets);
        }
        Ok(())
    }

    fn account_count(&mut self, what: Number, kept: u64, counted: u64) {
        if kept != counted {
            self.account_fault(Wrong::Miscounted {
                what,
                kept,
                counted,
            });
        }
    }

    /// Claims a fault of a mailbox if a number is past its bound.
    pub(super) fn bound(
        &mut self,
        mailbox: MailboxId,
        what: Number,
        found: impl Into<u64>,
        most: impl Into<u64>,
    ) {
        let (found, most) = (found.into(), most.into());
        if found > most {
            let wrong = Wrong::TooHigh { what, found, most };
            self.fault(Some(mailbox), UidSet::default(), wrong);
        }
    }
}
