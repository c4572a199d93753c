//! The envelope of a message as IMAP means it: what a list of messages shows.
//! RFC 9051 section 7.5.2.

use serde::{Deserialize, Serialize};

use crate::header::addresses::addresses;
use crate::header::budget::Budget;
use crate::header::unfold;
use crate::{HeaderText, fields};

/// The fields of a header that a list of messages shows.
///
/// Text is as it stands in the header, unfolded and trimmed, encoded words and raw 8-bit
/// octets included. `None` is a missing field, an empty value one that is there and
/// empty. Of a field that is there twice the first counts; address fields are joined,
/// so that nobody is shown another sender than the one that was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// `Date`; [`crate::date::parse`] reads it.
    pub date: Option<HeaderText>,
    /// `Subject`.
    pub subject: Option<HeaderText>,
    /// `From`.
    pub from: Vec<EnvelopeAddress>,
    /// What `Sender` really holds; IMAP is told [`Envelope::sender`].
    pub sender_field: Vec<EnvelopeAddress>,
    /// What `Reply-To` really holds; IMAP is told [`Envelope::reply_to`].
    pub reply_to_field: Vec<EnvelopeAddress>,
    /// `To`.
    pub to: Vec<EnvelopeAddress>,
    /// `Cc`.
    pub cc: Vec<EnvelopeAddress>,
    /// `Bcc`.
    pub bcc: Vec<EnvelopeAddress>,
    /// `In-Reply-To`.
    pub in_reply_to: Option<HeaderText>,
    /// `Message-ID`.
    pub message_id: Option<HeaderText>,
}

/// One element of an address list.
///
/// A group is its [`GroupStart`](Self::GroupStart), its members, its
/// [`GroupEnd`](Self::GroupEnd); every start has its end, and groups do not nest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnvelopeAddress {
    /// An address, or what stands in an address's place.
    Mailbox {
        /// The display name, quotes taken off, encoded words as they stand; a comment
        /// where there is no other name.
        name: Option<HeaderText>,
        /// The source route of RFC 5322 section 4.4 (`@a,@b`), as IMAP's `adl`.
        route: Option<HeaderText>,
        /// The local part, quotes taken off. Empty where it is missing.
        local: HeaderText,
        /// The domain. Empty where it is missing, never NIL: NIL means a group.
        host: HeaderText,
    },
    /// A group begins: `(NIL NIL "name" NIL)`.
    GroupStart(HeaderText),
    /// The group ends: `(NIL NIL NIL NIL)`.
    GroupEnd,
}

impl Envelope {
    /// The sender that IMAP is told: `From` where `Sender` is missing or empty.
    pub fn sender(&self) -> &[EnvelopeAddress] {
        if self.sender_field.is_empty() {
            &self.from
        } else {
            &self.sender_field
        }
    }

    /// Where to reply that IMAP is told: `From` where `Reply-To` is missing or empty.
    pub fn reply_to(&self) -> &[EnvelopeAddress] {
        if self.reply_to_field.is_empty() {
            &self.from
        } else {
            &self.reply_to_field
        }
    }

    /// Reads the envelope of a header, keeping no more than there is room for.
    pub(crate) fn read(header: &[u8], budget: &mut Budget) -> Self {
        let mut this = Self::default();
        for field in fields(header) {
            match this.slot(field.name) {
                Some(Slot::Text(slot)) if slot.is_none() => {
                    *slot = budget.text(&unfold(field.value));
                }
                Some(Slot::Addresses(list)) => list.extend(addresses(&unfold(field.value), budget)),
                _ => {}
            }
        }
        this
    }

    /// Where a field of this name goes.
    fn slot(&mut self, name: &[u8]) -> Option<Slot<'_>> {
        Some(match name.to_ascii_lowercase().as_slice() {
            b"date" => Slot::Text(&mut self.date),
            b"subject" => Slot::Text(&mut self.subject),
            b"in-reply-to" => Slot::Text(&mut self.in_reply_to),
            b"message-id" => Slot::Text(&mut self.message_id),
            b"from" => Slot::Addresses(&mut self.from),
            b"sender" => Slot::Addresses(&mut self.sender_field),
            b"reply-to" => Slot::Addresses(&mut self.reply_to_field),
            b"to" => Slot::Addresses(&mut self.to),
            b"cc" => Slot::Addresses(&mut self.cc),
            b"bcc" => Slot::Addresses(&mut self.bcc),
            _ => return None,
        })
    }
}

enum Slot<'a> {
    Text(&'a mut Option<HeaderText>),
    Addresses(&'a mut Vec<EnvelopeAddress>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Envelope {
        Envelope::read(header.as_bytes(), &mut Budget::new())
    }

    fn plain(local: &str, host: &str) -> EnvelopeAddress {
        EnvelopeAddress::Mailbox {
            name: None,
            route: None,
            local: local.into(),
            host: host.into(),
        }
    }

    #[test]
    fn absent_is_not_empty() {
        let envelope = read("Subject:\r\nDate: \r\n\r\n");
        assert_eq!(envelope.subject, Some("".into()));
        assert_eq!(envelope.date, Some("".into()));
        assert_eq!(envelope.message_id, None);
        assert_eq!(read(""), Envelope::default());
    }

    #[test]
    fn text_is_unfolded_and_stays_octets() {
        let header = b"SUBJECT : a\r\n =?utf-8?Q?=C3=A9?= \xe9\r\nSubject: second\r\n";
        let envelope = Envelope::read(header, &mut Budget::new());
        assert_eq!(
            envelope.subject.unwrap().as_bytes(),
            b"a =?utf-8?Q?=C3=A9?= \xe9"
        );
    }

    #[test]
    fn sender_and_reply_to_default_to_from() {
        let envelope = read("From: a@b\r\nFrom: c@d\r\nReply-To:\r\nSender: e@f\r\n");
        assert_eq!(envelope.from, [plain("a", "b"), plain("c", "d")]);
        assert_eq!(envelope.reply_to(), envelope.from);
        assert_eq!(envelope.sender(), [plain("e", "f")]);
    }
}
