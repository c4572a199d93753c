//! What a commit does, and how messages are written in it: a block with all the places
//! where it is found, a message alone, envelopes and structures.

use std::ops::Range;

use kv::Operation;

use crate::block::{Marks, write_piece};
use crate::keys::{BlockChangedKey, BlockGoneKey, DetailsKey, MarksKey, PieceKey, RecordKey};
use crate::mark::{Fixed, Mark, RecordValue};
use crate::packing::Packing;
use crate::values::{MarkValue, Stored};
use crate::walk::{Block, Index};
use crate::{EmailId, MailboxId, Result, Uid};

/// One message of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) uid: Uid,
    pub(crate) mark: Mark,
    pub(crate) fixed: Fixed,
}

fn marks_of(messages: &[Message]) -> Marks {
    let messages = messages.iter();
    let marks = messages.map(|message| (message.uid, message.mark.clone()));
    Marks(marks.collect())
}

/// The operations of a commit, in order.
#[derive(Default)]
pub(crate) struct Operations {
    list: Vec<Operation>,
    octets: usize,
}

impl Operations {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// Octets of all together.
    pub(crate) fn octets(&self) -> usize {
        self.octets
    }

    pub(crate) fn put<T: Stored>(&mut self, key: Vec<u8>, value: &T) -> Result<()> {
        self.put_octets(key, value.write()?);
        Ok(())
    }

    /// Puts a value that is encoded already.
    pub(crate) fn put_octets(&mut self, key: Vec<u8>, octets: Vec<u8>) {
        self.push(Operation::Put(key, octets));
    }

    pub(crate) fn delete(&mut self, key: Vec<u8>) {
        self.push(Operation::Delete(key));
    }

    pub(crate) fn clear(&mut self, range: Range<Vec<u8>>) {
        self.push(Operation::ClearRange(range));
    }

    fn push(&mut self, operation: Operation) {
        self.octets += operation.octets();
        self.list.push(operation);
    }

    /// Adds others after these.
    pub(crate) fn append(&mut self, others: Operations) {
        self.octets += others.octets;
        self.list.extend(others.list);
    }

    pub(crate) fn into_list(self) -> Vec<Operation> {
        self.list
    }

    /// Puts a message that is in no block.
    pub(crate) fn put_single(
        &mut self,
        mailbox: MailboxId,
        uid: Uid,
        record: &RecordValue,
    ) -> Result<()> {
        self.put(RecordKey(mailbox, uid).encode(), record)
    }

    /// Puts what has changed of a block that was read.
    pub(crate) fn put_marks(&mut self, mailbox: MailboxId, block: &Block) -> Result<()> {
        let index = Index::of(&block.marks);
        self.find_by(mailbox, block.key, Some(block.index), Some(index))?;
        let octets = block.marks.write(block.key);
        self.put_octets(MarksKey(mailbox, block.key).encode(), octets);
        Ok(())
    }

    /// Puts messages that follow each other as new blocks.
    pub(crate) fn put_blocks(
        &mut self,
        mailbox: MailboxId,
        messages: &[Message],
        packing: Packing,
    ) -> Result<()> {
        for messages in messages.chunks(packing.block) {
            let Some(first) = messages.first() else {
                continue;
            };
            self.put_pieces(mailbox, messages, packing)?;
            let marks = marks_of(messages);
            self.find_by(mailbox, first.uid, None, Some(Index::of(&marks)))?;
            let octets = marks.write(first.uid);
            self.put_octets(MarksKey(mailbox, first.uid).encode(), octets);
        }
        Ok(())
    }

    /// Adds messages to a block that was read and that they follow.
    pub(crate) fn extend_block(
        &mut self,
        mailbox: MailboxId,
        mut block: Block,
        messages: &[Message],
        packing: Packing,
    ) -> Result<()> {
        self.put_pieces(mailbox, messages, packing)?;
        block.marks.0.extend(marks_of(messages).0);
        self.put_marks(mailbox, &block)
    }

    /// Puts messages as what a block that was read now has. Of none it leaves no block.
    pub(crate) fn replace_block(
        &mut self,
        mailbox: MailboxId,
        block: &Block,
        messages: &[Message],
        packing: Packing,
    ) -> Result<()> {
        let uids = block.key..=block.last();
        self.clear(PieceKey::range(mailbox, &uids));
        if messages.is_empty() {
            self.find_by(mailbox, block.key, Some(block.index), None)?;
            self.delete(MarksKey(mailbox, block.key).encode());
            return Ok(());
        }
        let now = Block {
            key: block.key,
            marks: marks_of(messages),
            index: block.index,
        };
        self.put_pieces(mailbox, messages, packing)?;
        self.put_marks(mailbox, &now)
    }

    /// Puts what never changes of neighbours in one block.
    fn put_pieces(
        &mut self,
        mailbox: MailboxId,
        messages: &[Message],
        packing: Packing,
    ) -> Result<()> {
        for messages in messages.chunks(packing.piece) {
            let octets = write_piece(messages.iter().map(|message| &message.fixed))?;
            if let Some(first) = messages.first() {
                self.put_octets(PieceKey(mailbox, first.uid).encode(), octets);
            }
        }
        Ok(())
    }

    /// Puts and removes the rows by which a block is found beside its own key.
    fn find_by(
        &mut self,
        mailbox: MailboxId,
        key: Uid,
        before: Option<Index>,
        now: Option<Index>,
    ) -> Result<()> {
        let changed = |index: Index| BlockChangedKey(mailbox, index.modseq, key).encode();
        let (old, new) = (before.map(changed), now.map(changed));
        self.replace_row(old, new)?;
        let gone = |index: Index| Some(BlockGoneKey(mailbox, index.gone?, key).encode());
        let (old, new) = (before.and_then(gone), now.and_then(gone));
        self.replace_row(old, new)
    }

    fn replace_row(&mut self, old: Option<Vec<u8>>, new: Option<Vec<u8>>) -> Result<()> {
        if old == new {
            return Ok(());
        }
        if let Some(key) = old {
            self.delete(key);
        }
        match new {
            Some(key) => self.put(key, &MarkValue),
            None => Ok(()),
        }
    }

    /// Puts a message's envelope and structure, which were cut into parts.
    pub(crate) fn put_details(&mut self, email: EmailId, parts: Vec<Vec<u8>>) {
        for (part, octets) in (0..).zip(parts) {
            self.put_octets(DetailsKey(email, part).encode(), octets);
        }
    }

    /// Clears the envelopes and structures of these messages, ascending: neighbours at
    /// once.
    pub(crate) fn clear_details(&mut self, emails: impl IntoIterator<Item = EmailId>) {
        let mut run: Option<(EmailId, EmailId)> = None;
        for email in emails {
            match &mut run {
                Some((_, last)) if last.get().checked_add(1) == Some(email.get()) => *last = email,
                _ => {
                    self.clear_run(run);
                    run = Some((email, email));
                }
            }
        }
        self.clear_run(run);
    }

    fn clear_run(&mut self, run: Option<(EmailId, EmailId)>) {
        if let Some((first, last)) = run {
            self.clear(DetailsKey::range(&(first..=last)));
        }
    }
}
