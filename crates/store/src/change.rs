//! A change of an account: what it was decided on, and what it does.
//!
//! Whatever was read for the decision and can change (the account, a mailbox in numbers,
//! a mailbox's keywords) is a condition of the commit, so that two changes decided on
//! the same state can't both happen. Everything in a mailbox is guarded by its summary:
//! each change of a message changes that too.

use std::collections::BTreeMap;

use kv::{Condition, Operation, Version};

use crate::keys::{self, BlockChangedKey, LeftKey, MarksKey, NamedKey, PieceKey, RecordKey};
use crate::limits::KEYWORDS;
use crate::mark::Mark;
use crate::packing::Packing;
use crate::reading::Reading;
use crate::values::{AccountValue, KeywordsValue, Stored, SummaryValue};
use crate::writing::Operations;
use crate::{
    EmailId, Flags, Keyword, Limit, MailboxId, Modseq, Result, StoreError, ThreadId, Uid,
    UidValidity,
};

/// A long work takes no more messages into one commit once it has so many operations:
/// what one message, and the collecting beside it, can add stays within
/// [`kv::COMMIT_OPERATIONS`]. No more than this, so that the account's other sessions get
/// their turn.
pub(crate) const FULL_OPERATIONS: usize = 1500;
const _: () = assert!(FULL_OPERATIONS + 500 <= kv::COMMIT_OPERATIONS);
/// The same in octets: room for two blocks and the numbers.
pub(crate) const FULL_OCTETS: usize = kv::COMMIT_OCTETS - 3 * kv::VALUE_OCTETS;

/// A change in the making.
pub(crate) struct Change {
    pub(crate) reading: Reading,
    pub(crate) packing: Packing,
    pub(crate) operations: Operations,
    /// Names of messages that this change makes lead to threads.
    pub(crate) names: BTreeMap<NamedKey, ThreadId>,
    account: Option<Loaded<AccountValue>>,
    summaries: BTreeMap<MailboxId, Loaded<SummaryValue>>,
    keywords: BTreeMap<MailboxId, Loaded<KeywordsValue>>,
}

/// A value that was read, or made, and may be changed.
struct Loaded<T> {
    now: T,
    /// As it was read; none if it was not there.
    before: Option<(T, Version)>,
    /// True when it is written even if it is the same, since it guards what is changed.
    touched: bool,
}

impl<T: Stored + Clone + PartialEq> Loaded<T> {
    fn read((value, version): (T, Version)) -> Loaded<T> {
        Loaded {
            now: value.clone(),
            before: Some((value, version)),
            touched: false,
        }
    }

    fn is_changed(&self) -> bool {
        self.touched
            || self
                .before
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
    pub(crate) fn new(reading: Reading, packing: Packing) -> Change {
        Change {
            reading,
            packing,
            operations: Operations::default(),
            names: BTreeMap::new(),
            account: None,
            summaries: BTreeMap::new(),
            keywords: BTreeMap::new(),
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

    /// Has the account's numbers written even if they stay the same: they guard what is in no
    /// mailbox.
    pub(crate) async fn touch_account(&mut self) -> Result<()> {
        self.account().await?;
        if let Some(account) = &mut self.account {
            account.touched = true;
        }
        Ok(())
    }

    /// Makes the account, on condition that it is not there.
    pub(crate) fn new_account(&mut self, account: AccountValue) {
        self.account = Some(Loaded {
            now: account,
            before: None,
            touched: false,
        });
    }

    /// A mailbox in numbers, or [`StoreError::Gone`]. What a copy that did not come to its
    /// end left there is cleared away first.
    pub(crate) async fn summary(&mut self, mailbox: MailboxId) -> Result<&mut SummaryValue> {
        let known = self.summaries.contains_key(&mailbox);
        if self.staged_summary(mailbox).await?.staged && !known {
            self.clear_staged(mailbox)?;
        }
        self.staged_summary(mailbox).await
    }

    /// The same for whoever has a copy under way there.
    pub(crate) async fn staged_summary(&mut self, mailbox: MailboxId) -> Result<&mut SummaryValue> {
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

    /// Removes what a copy that is not at its end has put into a mailbox, or taken note of.
    fn clear_staged(&mut self, mailbox: MailboxId) -> Result<()> {
        let loaded = self.summaries.get_mut(&mailbox).ok_or(StoreError::Gone)?;
        let summary = &mut loaded.now;
        summary.staged = false;
        let (next, last_change) = (summary.uid_next, summary.highest_modseq);
        if summary.left.is_none() {
            self.operations.clear(LeftKey::all(mailbox));
        }
        let uids = next..=Uid::MAX;
        self.operations.clear(RecordKey::range(mailbox, &uids));
        self.operations.clear(MarksKey::range(mailbox, &uids));
        self.operations.clear(PieceKey::range(mailbox, &uids));
        let changes = BlockChangedKey::since(mailbox, last_change);
        self.operations.clear(changes);
        Ok(())
    }

    /// Has a mailbox's numbers written even if they stay the same: they guard all that is
    /// in it. They must have been read.
    pub(crate) fn touch(&mut self, mailbox: MailboxId) {
        if let Some(loaded) = self.summaries.get_mut(&mailbox) {
            loaded.touched = true;
        }
    }

    /// The mailboxes whose numbers were read, as they will be.
    pub(crate) fn summaries(&self) -> impl Iterator<Item = (MailboxId, &SummaryValue)> {
        let loaded = self.summaries.iter();
        loaded.map(|(mailbox, loaded)| (*mailbox, &loaded.now))
    }

    /// Makes a mailbox, on condition that its number was never given.
    pub(crate) fn new_summary(&mut self, mailbox: MailboxId, uid_validity: UidValidity) {
        let now = SummaryValue::new(uid_validity);
        let made = Loaded {
            now,
            before: None,
            touched: false,
        };
        self.summaries.insert(mailbox, made);
    }

    /// Removes a mailbox's numbers, on condition that they are as they were read.
    pub(crate) async fn remove_summary(&mut self, mailbox: MailboxId) -> Result<SummaryValue> {
        let summary = self.summary(mailbox).await?.clone();
        self.operations.delete(keys::summary(mailbox));
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
    pub(crate) async fn flags(&mut self, mailbox: MailboxId, mark: &Mark) -> Result<Flags> {
        let keywords = match mark.keywords {
            0 => Vec::new(),
            bits => self.keywords(mailbox).await?.names(bits),
        };
        Ok(Flags {
            system: mark.system,
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
            let loaded = Loaded {
                now,
                before,
                touched: false,
            };
            self.keywords.insert(mailbox, loaded);
        }
        self.keywords
            .get_mut(&mailbox)
            .map(|known| &mut known.now)
            .ok_or(StoreError::Gone)
    }

    /// True when a long work should commit and go on in a new change.
    pub(crate) fn is_full(&self) -> bool {
        self.operations.count() >= FULL_OPERATIONS || self.operations.octets() >= FULL_OCTETS
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
        operations.extend(self.operations.into_list());
        Ok((conditions, operations))
    }
}

impl KeywordsValue {
    /// The keywords of these bits.
    pub(crate) fn names(&self, bits: u128) -> Vec<Keyword> {
        if bits == 0 {
            return Vec::new();
        }
        let all = self.0.iter().enumerate();
        let set = all.filter(|(at, _)| bits >> at & 1 == 1);
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
