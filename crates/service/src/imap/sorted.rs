//! What a reader says is unwanted, by putting it into Junk, or is not, by taking it out.
//!
//! A copy into Junk counts as a move: old programs move by COPY and STORE. What a program
//! appends there came by none of our ways, and says nothing of them.

use events::{Event, Sorted, Story};
use imap::Piece;
use journal::Times;
use store::{MailboxId, Page, Role, Uid, UidSet};

use super::{Answer, Answers, convert};
use crate::story;

/// Messages of one order that the event tells one by one.
const SHOWN: usize = 20;
/// Octets of what was found out that the journal keeps of one: more than most have.
const FOUND_OCTETS: usize = 1024;

impl Answers {
    /// Adds to an answer what copying or moving these messages from one to another says.
    pub(super) async fn note_sorted(
        &self,
        (from, to): (MailboxId, MailboxId),
        mut answer: Vec<Piece>,
    ) -> Answer {
        let arrived: Vec<Uid> = answer.iter().flat_map(arrived).collect();
        if let Some(unwanted) = self.says(from, to).await
            && !arrived.is_empty()
        {
            let first: UidSet = arrived.iter().take(SHOWN).copied().collect();
            let shown = self.stories(to, &first).await.unwrap_or_default();
            self.keep_sorted(unwanted, &shown);
            let event = Event::Sorted {
                unwanted,
                messages: arrived.len(),
                shown,
            };
            answer.insert(0, Piece::Noted(Box::new(event)));
        }
        Ok(answer)
    }

    /// Keeps what was said of the first of them, for scoring to come.
    fn keep_sorted(&self, unwanted: bool, shown: &[Sorted]) {
        let Ok(account) = self.account() else { return };
        let now = self.now();
        for one in shown {
            let found = one.verdicts.as_ref().map(ToString::to_string);
            let mut found = found.unwrap_or_default();
            let end = found.floor_char_boundary(FOUND_OCTETS);
            found.truncate(end);
            let sorted = journal::Sorted {
                times: Times::once(now),
                unwanted,
                id: one.id.clone(),
                found,
            };
            self.service.journal.sorted(account, sorted, now);
        }
    }

    /// Whether messages that go from one mailbox to another are said to be unwanted, or not;
    /// none where nothing is said by it. If it can't be found out, the order was carried out
    /// all the same.
    async fn says(&self, from: MailboxId, to: MailboxId) -> Option<bool> {
        let mailboxes = self.store().mailboxes(self.account().ok()?).await.ok()?;
        let role = |id: MailboxId| mailboxes.iter().find(|one| one.id == id)?.role;
        match (role(from), role(to)) {
            (Some(Role::Junk), Some(Role::Junk)) => None,
            (_, Some(Role::Junk)) => Some(true),
            // To be thrown away is not to be wanted.
            (Some(Role::Junk), Some(Role::Trash)) => None,
            (Some(Role::Junk), _) => Some(false),
            _ => None,
        }
    }

    async fn stories(&self, mailbox: MailboxId, uids: &UidSet) -> Option<Vec<Sorted>> {
        let (store, account) = (self.store(), self.account().ok()?);
        let page = Page {
            uids,
            after: None,
            limit: SHOWN,
            include_gone: false,
        };
        let mut shown = Vec::new();
        for record in store.records(account, mailbox, page).await.ok()? {
            let details = store.details(account, mailbox, &record).await.ok()?;
            let story: Option<Story> = details.and_then(|details| story::read(&details.story));
            let email = convert::email_id(account, record.email_id);
            shown.push(match story {
                Some(story) => Sorted {
                    id: story.id,
                    verdicts: story.verdicts,
                },
                None => Sorted {
                    id: email.map_or(String::new(), |id| id.as_str().to_owned()),
                    verdicts: None,
                },
            });
        }
        Some(shown)
    }
}

/// The messages that a piece says have arrived.
fn arrived(piece: &Piece) -> Vec<Uid> {
    match piece {
        Piece::Copied { pairs, .. } => {
            let there = pairs.iter().filter_map(|(_, there)| Uid::new(there.get()));
            there.collect()
        }
        _ => Vec::new(),
    }
}
