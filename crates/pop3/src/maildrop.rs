//! The messages as they were at sign-in, and which of them are marked.

use crate::limits::MESSAGES;
use crate::question::Message;

/// The maildrop of one session. Numbers begin at 1 and never change, whatever is
/// marked. RFC 1939 section 5.
#[derive(Debug, Default)]
pub(crate) struct Maildrop {
    /// Not known until the first page has come.
    validity: Option<u32>,
    // Column by column: 13 octets a message, where rows would take 24.
    uids: Vec<u32>,
    sizes: Vec<u64>,
    marked: Vec<bool>,
}

/// Why a number names no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoMessage {
    #[error("No such message; there are {count}")]
    Unknown { count: usize },
    #[error("Message {number} is marked as deleted")]
    Marked { number: u32 },
}

impl Maildrop {
    /// Takes a page of the listing. False if it is of another inbox than the pages
    /// before it: the inbox was replaced in between.
    pub(crate) fn add(&mut self, validity: u32, messages: &[Message]) -> bool {
        if *self.validity.get_or_insert(validity) != validity {
            return false;
        }
        let room = MESSAGES.saturating_sub(self.uids.len());
        for message in messages.iter().take(room) {
            self.uids.push(message.uid);
            self.sizes.push(message.size);
            self.marked.push(false);
        }
        true
    }

    /// The whole listing, if there was one.
    pub(crate) fn complete(mut self) -> Option<Self> {
        self.validity?;
        self.uids.shrink_to_fit();
        self.sizes.shrink_to_fit();
        self.marked.shrink_to_fit();
        Some(self)
    }

    /// Number and octets of the messages that are not marked.
    pub(crate) fn stat(&self) -> (usize, u64) {
        self.unmarked_from(1)
            .fold((0, 0), |(count, octets), (_, message)| {
                (count + 1, octets.saturating_add(message.size))
            })
    }

    /// The message of that number, unless it is marked.
    pub(crate) fn get(&self, number: u32) -> Result<Message, NoMessage> {
        match self.row(number) {
            None => Err(NoMessage::Unknown {
                count: self.uids.len(),
            }),
            Some((_, true)) => Err(NoMessage::Marked { number }),
            Some((message, false)) => Ok(message),
        }
    }

    /// Marks a message for removal.
    pub(crate) fn mark(&mut self, number: u32) -> Result<(), NoMessage> {
        self.get(number)?;
        if let Some(mark) = index(number).and_then(|at| self.marked.get_mut(at)) {
            *mark = true;
        }
        Ok(())
    }

    /// Takes every mark away.
    pub(crate) fn unmark_all(&mut self) {
        self.marked.fill(false);
    }

    /// The marked messages' UIDs, ascending.
    pub(crate) fn marked(&self) -> Vec<u32> {
        let rows = self.uids.iter().zip(&self.marked);
        rows.filter(|(_, marked)| **marked)
            .map(|(uid, _)| *uid)
            .collect()
    }

    /// The messages that are not marked, with their numbers, from a number on.
    pub(crate) fn unmarked_from(&self, first: u32) -> impl Iterator<Item = (u32, Message)> {
        (first..)
            .map_while(|number| Some((number, self.row(number)?)))
            .filter_map(|(number, (message, marked))| (!marked).then_some((number, message)))
    }

    /// The unique id of a message: `UIDVALIDITY.UID`, for ever. RFC 1939 section 7
    /// (UIDL) wants 1 to 70 printable characters.
    pub(crate) fn unique_id(&self, message: Message) -> String {
        format!("{}.{}", self.validity.unwrap_or_default(), message.uid)
    }

    fn row(&self, number: u32) -> Option<(Message, bool)> {
        let at = index(number)?;
        let message = Message {
            uid: *self.uids.get(at)?,
            size: *self.sizes.get(at)?,
        };
        Some((message, *self.marked.get(at)?))
    }
}

fn index(number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maildrop() -> Maildrop {
        let mut maildrop = Maildrop::default();
        assert!(maildrop.add(7, &[Message { uid: 3, size: 120 }]));
        assert!(maildrop.add(7, &[Message { uid: 9, size: 200 }]));
        maildrop.complete().unwrap()
    }

    #[test]
    fn marks_hide_but_never_renumber() {
        let mut maildrop = maildrop();
        assert_eq!(maildrop.stat(), (2, 320));
        maildrop.mark(1).unwrap();
        assert_eq!(maildrop.stat(), (1, 200));
        assert_eq!(maildrop.get(1), Err(NoMessage::Marked { number: 1 }));
        assert_eq!(maildrop.mark(1), Err(NoMessage::Marked { number: 1 }));
        assert_eq!(maildrop.get(2).map(|message| message.uid), Ok(9));
        assert_eq!(maildrop.marked(), [3]);
        maildrop.unmark_all();
        assert_eq!(maildrop.stat(), (2, 320));
    }

    #[test]
    fn numbers_begin_at_one() {
        let maildrop = maildrop();
        for number in [0, 3, u32::MAX] {
            assert_eq!(maildrop.get(number), Err(NoMessage::Unknown { count: 2 }));
        }
        assert_eq!(
            maildrop
                .unmarked_from(2)
                .map(|(number, _)| number)
                .collect::<Vec<_>>(),
            [2]
        );
    }

    #[test]
    fn a_listing_that_never_came_is_not_an_empty_one() {
        assert!(Maildrop::default().complete().is_none());
        let mut empty = Maildrop::default();
        assert!(empty.add(1, &[]));
        assert_eq!(empty.complete().unwrap().stat(), (0, 0));
    }

    #[test]
    fn pages_of_two_inboxes_do_not_mix() {
        assert!(!maildrop().add(8, &[]));
    }

    #[test]
    fn unique_ids_are_printable_and_short() {
        let maildrop = maildrop();
        assert_eq!(maildrop.unique_id(maildrop.get(2).unwrap()), "7.9");
    }
}
