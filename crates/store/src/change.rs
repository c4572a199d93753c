//! A change of an account: what it was decided on, and what it does.
//!
//! Whatever was read for the decision and can change (the account, a mailbox in numbers,
//! a mailbox's keywords) is a condition of the commit, so that two changes decided on
//! the same state can't both happen. Everything in a mailbox is guarded by its summary:
//! each change of a message changes that too.

use std::collections::BTreeMap;

use kv::{Condition, Operation, Version};

use crate::keys;
use crate::limits::KEYWORDS;
use crate::reading::Reading;
use crate::values::{AccountValue, KeywordsValue, RecordValue, Stored, SummaryValue};
use crate::{
    EmailId, Flags, Keyword, Limit, MailboxId, Modseq, Result, StoreError, Uid, UidValidity,
};

/// A long work takes no more messages into one commit once it has so many operations:
/// what one message, and the collecting beside it, can add stays within
/// [`kv::COMMIT_OPERATIONS`].
const FULL_OPERATIONS: usize = kv::COMMIT_OPERATIONS - 500;
/// The same in octets. A message's details can add half a MiB.
const FULL_OCTETS: usize = kv::COMMIT_OCTETS / 3;

/// A change in the making.
pub(crate) struct Change {
    pub(crate) reading: Reading,
    account: Option<Loaded<AccountValue>>,
    summaries: BTreeMap<MailboxId, Loaded<SummaryValue>>,
    keywords: BTreeMap<MailboxId, Loaded<KeywordsValue>>,
    operations: Vec<Operation>,
    octets: usize,
}

/// A value that was read, or made, and may be changed.
struct Loaded<T> {
    now: T,
    /// As it was read; none if it was not there.
    before: Option<(T, Version)>,
}

impl<T: Stored + Clone + PartialEq> Loaded<T> {
    fn read((value, version): (T, Version)) -> Loaded<T> {
        Loaded {
            now: value.clone(),
            before: Some((value, version)),
        }
    }

    fn is_changed(&self) -> bool {
        self.before
            .as_ref()
            .is_none_or(|(before, _)| *before != self.now)
    }

    fn condition(&self, key: Vec<u8>) -> Condition {
        match &self.before {
            Some((_, version)) => Condition::Version(key, *version),
            None => Condition::Absent(key),
        }
    }

    fn finish(
        self,
        key: Vec<u8>,
        conditions: &mut Vec<Condition>,
        operations: &mut Vec<Operation>,
    ) -> Result<()> {
        conditions.push(self.condition(key.clone()));
        if self.is_changed() {
            operations.push(Operation::Put(key, self.now.write()?));
        }
        Ok(())
    }
}

impl Change {
    pub(crate) fn new(reading: Reading) -> Change {
        Change {
            reading,
            account: None,
            summaries: BTreeMap::new(),
            keywords: BTreeMap::new(),
            operations: Vec::new(),
            octets: 0,
        }
    }

    /// The account in numbers, or [`StoreError::Gone`].
    pub(crate) async fn account(&mut self) -> Result<&mut AccountValue> {
        if self.account.is_none() {
            let found = self.reading.get(&keys::account()).await?;
            self.account = Some(Loaded::read(found.ok_or(StoreError::Gone)?));
        }
        self.account
            .as_mut()
            .map(|account| &mut account.now)
            .ok_or(StoreError::Gone)
    }

    /// Makes the account, on condition that it is not there.
    pub(crate) fn new_account(&mut self, account: AccountValue) {
        self.account = Some(Loaded {
            now: account,
            before: None,
        });
    }

    /// A mailbox in numbers, or [`StoreError::Gone`].
    pub(crate) async fn summary(&mut self, mailbox: MailboxId) -> Result<&mut SummaryValue> {
        if !self.summaries.contains_key(&mailbox) {
            let found = self.reading.get(&keys::summary(mailbox)).await?;
            let found = found.ok_or(StoreError::Gone)?;
            self.summaries.insert(mailbox, Loaded::read(found));
        }
        let loaded = self.summaries.get_mut(&mailbox);
        loaded
            .map(|summary| &mut summary.now)
            .ok_or(StoreError::Gone)
    }

    /// Makes a mailbox, on condition that its number was never given.
    pub(crate) fn new_summary(&mut self, mailbox: MailboxId, uid_validity: UidValidity) {
        let now = SummaryValue::new(uid_validity);
        self.summaries.insert(mailbox, Loaded { now, before: None });
    }

    /// Removes a mailbox's numbers, on condition that they are as they were read.
    pub(crate) async fn remove_summary(&mut self, mailbox: MailboxId) -> Result<SummaryValue> {
        let summary = self.summary(mailbox).await?.clone();
        self.delete(keys::summary(mailbox));
        Ok(summary)
    }

    /// The number of this change in a mailbox: the first time it is asked for, one that
    /// no change had.
    pub(crate) async fn modseq(&mut self, mailbox: MailboxId) -> Result<Modseq> {
        self.summary(mailbox).await?;
        let summary = self.summaries.get_mut(&mailbox).ok_or(StoreError::Gone)?;
        let before = summary
            .before
            .as_ref()
            .map(|(before, _)| before.highest_modseq);
        if Some(summary.now.highest_modseq) == before {
            summary.now.highest_modseq = summary.now.highest_modseq.next();
        }
        Ok(summary.now.highest_modseq)
    }

    /// A UID that no message of the mailbox had.
    pub(crate) async fn give_uid(&mut self, mailbox: MailboxId) -> Result<Uid> {
        let summary = self.summary(mailbox).await?;
        let uid = summary.uid_next;
        summary.uid_next = uid.next().ok_or(StoreError::TooMany(Limit::Uids))?;
        Ok(uid)
    }

    /// A number that no message of the account had.
    pub(crate) async fn give_email_id(&mut self) -> Result<EmailId> {
        let account = self.account().await?;
        let id = EmailId(account.next_email);
        account.next_email += 1;
        Ok(id)
    }

    /// The flags of a message, with keywords by name.
    pub(crate) async fn flags(
        &mut self,
        mailbox: MailboxId,
        record: &RecordValue,
    ) -> Result<Flags> {
        let keywords = match record.keywords {
            0 => Vec::new(),
            bits => self.keywords(mailbox).await?.names(bits),
        };
        Ok(Flags {
            system: record.system,
            keywords,
        })
    }

    /// The bits of these keywords, with those that the mailbox has never seen added to
    /// what it knows.
    pub(crate) async fn keyword_bits(
        &mut self,
        mailbox: MailboxId,
        keywords: &[Keyword],
    ) -> Result<u128> {
        if keywords.is_empty() {
            return Ok(0);
        }
        self.keywords(mailbox).await?.bits_adding(keywords)
    }

    /// The bits of those of these keywords that the mailbox knows.
    pub(crate) async fn known_keyword_bits(
        &mut self,
        mailbox: MailboxId,
        keywords: &[Keyword],
    ) -> Result<u128> {
        if keywords.is_empty() {
            return Ok(0);
        }
        Ok(self.keywords(mailbox).await?.bits(keywords))
    }

    async fn keywords(&mut self, mailbox: MailboxId) -> Result<&mut KeywordsValue> {
        if !self.keywords.contains_key(&mailbox) {
            let before = self
                .reading
                .get::<KeywordsValue>(&keys::keywords(mailbox))
                .await?;
            let now = before
                .as_ref()
                .map(|(known, _)| known.clone())
                .unwrap_or_default();
            self.keywords.insert(mailbox, Loaded { now, before });
        }
        self.keywords
            .get_mut(&mailbox)
            .map(|known| &mut known.now)
            .ok_or(StoreError::Gone)
    }

    pub(crate) fn put<T: Stored>(&mut self, key: Vec<u8>, value: &T) -> Result<()> {
        self.push(Operation::Put(key, value.write()?));
        Ok(())
    }

    /// Puts a value that is encoded already.
    pub(crate) fn put_octets(&mut self, key: Vec<u8>, octets: Vec<u8>) {
        self.push(Operation::Put(key, octets));
    }

    pub(crate) fn delete(&mut self, key: Vec<u8>) {
        self.push(Operation::Delete(key));
    }

    pub(crate) fn clear(&mut self, range: std::ops::Range<Vec<u8>>) {
        self.push(Operation::ClearRange(range));
    }

    fn push(&mut self, operation: Operation) {
        self.octets += operation.octets();
        self.operations.push(operation);
    }

    /// True when a long work should commit and go on in a new change.
    pub(crate) fn is_full(&self) -> bool {
        self.operations.len() >= FULL_OPERATIONS || self.octets >= FULL_OCTETS
    }

    /// What is committed. The numbers come first, so that removing a mailbox's wins.
    pub(crate) fn finish(self) -> Result<(Vec<Condition>, Vec<Operation>)> {
        let mut conditions = Vec::new();
        let mut operations = Vec::new();
        if let Some(account) = self.account {
            let before = account.before.as_ref().map(|(before, _)| before.bytes);
            if before.is_some_and(|before| account.now.bytes < before) {
                // Somebody has made room, however little.
                operations.push(Operation::Delete(keys::full()));
            }
            account.finish(keys::account(), &mut conditions, &mut operations)?;
        }
        for (mailbox, summary) in self.summaries {
            summary.finish(keys::summary(mailbox), &mut conditions, &mut operations)?;
        }
        for (mailbox, known) in self.keywords {
            // One that is not there and not needed is not made.
            if known.before.is_some() || !known.now.0.is_empty() {
                known.finish(keys::keywords(mailbox), &mut conditions, &mut operations)?;
            }
        }
        operations.extend(self.operations);
        Ok((conditions, operations))
    }
}

impl KeywordsValue {
    /// The keywords of these bits.
    pub(crate) fn names(&self, bits: u128) -> Vec<Keyword> {
        let set = self
            .0
            .iter()
            .enumerate()
            .filter(|(at, _)| bits >> at & 1 == 1);
        set.map(|(_, keyword)| keyword.clone()).collect()
    }

    fn bit(&self, keyword: &Keyword) -> Option<u128> {
        self.0
            .iter()
            .position(|known| known == keyword)
            .map(|at| 1 << at)
    }

    /// The bits of those of these that are known.
    pub(crate) fn bits(&self, keywords: &[Keyword]) -> u128 {
        keywords
            .iter()
            .filter_map(|keyword| self.bit(keyword))
            .fold(0, |bits, bit| bits | bit)
    }

    /// The bits of these, of which those that are not known become known.
    fn bits_adding(&mut self, keywords: &[Keyword]) -> Result<u128> {
        for keyword in keywords {
            if self.bit(keyword).is_some() {
                continue;
            }
            if self.0.len() >= KEYWORDS {
                return Err(StoreError::TooMany(Limit::Keywords));
            }
            self.0.push(keyword.clone());
        }
        Ok(self.bits(keywords))
    }
}
