//! Bodies: each that a message refers to is read whole, and held against what was once
//! written.
//!
//! They are read in the order of their places, one at a time, and one that several
//! messages have is read once.

use std::collections::BTreeMap;

use blob::{BlobError, BodyRef};

use super::details::{Found, look};
use super::{Check, Wrong};
use crate::{MailboxId, Result, Uid, UidSet};

/// References that are gathered before their bodies are read, those of the last mailbox
/// apart: a body that messages farther from each other have is read for each.
const REFERENCES: usize = 200_000;
/// Octets of bodies between two calls of who is shown how far it came.
const SHOW_OCTETS: u64 = 1 << 20;
/// How often a body is looked for where it is now.
const LOOKS: usize = 3;

/// A body, and a message that has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub(super) body: BodyRef,
    pub(super) mailbox: MailboxId,
    pub(super) uid: Uid,
}

impl Check<'_> {
    /// Reads the bodies that were found so far, if they are many.
    pub(super) async fn read_bodies_if_many(&mut self) -> Result<()> {
        if self.references.len() < REFERENCES {
            return Ok(());
        }
        self.read_bodies().await
    }

    /// Reads the bodies that were found so far.
    pub(super) async fn read_bodies(&mut self) -> Result<()> {
        for _ in 0..LOOKS {
            let mut references = std::mem::take(&mut self.references);
            references.sort_unstable();
            let mut shown = self.found.progress.octets;
            for same in references.chunk_by(|one, other| one.body == other.body) {
                let Some(Reference { body, .. }) = same.first() else {
                    continue;
                };
                if let Some(why) = self.read_body(body).await? {
                    self.unreadable_body(body, same, why).await?;
                }
                if self.found.progress.octets - shown >= SHOW_OCTETS {
                    shown = self.found.progress.octets;
                    self.show();
                }
            }
        }
        // Whoever moves bodies so often is still at it.
        self.references.clear();
        Ok(())
    }

    /// Reads a body. None if it is what was once written; else why it is not.
    async fn read_body(&mut self, body: &BodyRef) -> Result<Option<String>> {
        let mut reader = self.store.read(body, 0..body.length());
        while let Some(piece) = reader.next().await {
            match piece {
                Ok(piece) => self.found.progress.octets += piece.len() as u64,
                Err(BlobError::Damaged(why) | BlobError::Broken(why)) => return Ok(Some(why)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Claims that these messages' body can't be read, of those that still have it. Those
    /// that have another one now are looked at again.
    async fn unreadable_body(
        &mut self,
        body: &BodyRef,
        references: &[Reference],
        why: String,
    ) -> Result<()> {
        let mut still: BTreeMap<MailboxId, Vec<Uid>> = BTreeMap::new();
        for Reference { mailbox, uid, .. } in references {
            let reading = self.reading().await?;
            let now = match look(&reading, *mailbox, *uid).await? {
                Found::Gone => continue,
                Found::Damaged => body.clone(),
                Found::Record(record) => record.fixed.body,
            };
            if now == *body {
                still.entry(*mailbox).or_default().push(*uid);
            } else {
                self.references.push(Reference {
                    body: now,
                    mailbox: *mailbox,
                    uid: *uid,
                });
            }
        }
        for (mailbox, uids) in still {
            let uids: UidSet = uids.into_iter().collect();
            let (length, why) = (body.length(), why.clone());
            self.fault(Some(mailbox), uids, Wrong::Body { length, why });
        }
        Ok(())
    }
}
