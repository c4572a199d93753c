//! Who a message says it is from, read as the most gullible mail client would.
//!
//! A submission is refused when it names a sender that the account may not use, so this
//! must find every address that any client may show as the sender, however it is written:
//! two `From` fields, a group, a field name in odd letters, a carriage return that some
//! take for a line end. Where clients would differ there is no address, only the doubt.
//!
//! | file | what |
//! | --- | --- |
//! | `mod.rs` | which lines of a header are sender fields |
//! | `strict.rs` | which addresses such a field names, if that is beyond doubt |
//! | `token.rs` | the words that they are made of |

mod strict;
mod token;

use address::Address;

use crate::limits::SHOWN_OCTETS;
use crate::{Field, fields};

/// Everything that the `From` and `Sender` fields of a header say.
///
/// RFC 5322 section 3.6 wants exactly one `From`, and a submission is to be refused where
/// [`from_fields`](Self::from_fields) says otherwise: of two, clients differ in which they
/// show, and where there is none some look for it further down. Every field gives at least
/// one element of `found`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Senders {
    /// How many `From` fields there are, doubtful ones counted too.
    pub from_fields: u32,
    /// How many `Sender` fields there are. RFC 5322 allows one.
    pub sender_fields: u32,
    /// Every sender found, in order.
    pub found: Vec<Sender>,
}

/// One sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The field that names it.
    pub field: SenderField,
    /// Who it is: the address; or, where there is any doubt about what a client would
    /// show, the text, at most 200 octets of it. A doubt is to be refused: nobody has the
    /// right to use an address that cannot be told.
    pub who: Result<Address, String>,
    /// The address stands in a display name or a comment, as in `"a@b" <c@d>`: it is not
    /// who sent it, but many a client shows nothing else.
    pub in_name: bool,
}

/// A header field that names a sender. RFC 5322 section 3.6.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SenderField {
    /// Who wrote it.
    From,
    /// Who sent it for them.
    Sender,
}

impl SenderField {
    /// The field's name, for a refusal.
    pub fn name(self) -> &'static str {
        match self {
            Self::From => "From",
            Self::Sender => "Sender",
        }
    }

    /// The sender field of this name. Octets that no field name has are passed over: one
    /// client stops at them, another does not see them.
    fn named(name: &[u8]) -> Option<Self> {
        let letters: Vec<u8> = name.iter().copied().filter(u8::is_ascii_graphic).collect();
        [Self::From, Self::Sender]
            .into_iter()
            .find(|field| letters.eq_ignore_ascii_case(field.name().as_bytes()))
    }
}

/// The senders that a header names.
pub fn senders(header: &[u8]) -> Senders {
    let mut senders = Senders::default();
    for field in fields(header) {
        if field.name.is_empty() {
            senders.odd_lines(field.raw);
        } else {
            senders.field(&field);
        }
    }
    senders
}

impl Senders {
    /// The header is longer than what was looked at, or its end is open to doubt: who knows
    /// what the rest says.
    pub(crate) fn header_was_cut(&mut self) {
        self.doubt(SenderField::From, b"header without end");
    }

    fn field(&mut self, field: &Field<'_>) {
        self.after_returns(field.raw);
        let Some(kind) = SenderField::named(field.name) else {
            return;
        };
        let clean = field.name.eq_ignore_ascii_case(kind.name().as_bytes());
        match strict::addresses(field.value) {
            Some(addresses) if clean && addresses.iter().any(|(_, in_name)| !in_name) => {
                self.count(kind);
                let sender = |(address, in_name)| Sender {
                    field: kind,
                    who: Ok(address),
                    in_name,
                };
                self.found.extend(addresses.into_iter().map(sender));
            }
            _ => self.doubt(kind, field.raw),
        }
    }

    /// Lines without a field name that we would go by: each may be a field to somebody, and
    /// so may all of them be, to whoever unfolds first (`From`, then ` : a@b`).
    fn odd_lines(&mut self, raw: &[u8]) {
        let first = memchr::memchr2(b'\r', b'\n', raw).unwrap_or(raw.len());
        if !raw.get(..first).unwrap_or(raw).contains(&b':') {
            self.hidden(raw);
        }
        for line in raw.split(|octet| matches!(octet, b'\r' | b'\n')) {
            self.hidden(line);
        }
    }

    /// A carriage return alone is a line end to some: what follows it may be a field.
    fn after_returns(&mut self, raw: &[u8]) {
        let mut pieces = raw.split(|octet| *octet == b'\r');
        pieces.next();
        for piece in pieces.filter(|piece| piece.first() != Some(&b'\n')) {
            self.hidden(piece);
        }
    }

    /// A line that is a field to some only.
    fn hidden(&mut self, line: &[u8]) {
        let Some(colon) = memchr::memchr(b':', line) else {
            return;
        };
        if let Some(kind) = SenderField::named(line.get(..colon).unwrap_or_default()) {
            self.doubt(kind, line);
        }
    }

    fn doubt(&mut self, field: SenderField, text: &[u8]) {
        self.count(field);
        let text = crate::header::unfold(text);
        let shown = text.get(..SHOWN_OCTETS).unwrap_or(&text);
        let shown = String::from_utf8_lossy(shown)
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        self.found.push(Sender {
            field,
            who: Err(shown),
            in_name: false,
        });
    }

    fn count(&mut self, field: SenderField) {
        let counter = match field {
            SenderField::From => &mut self.from_fields,
            SenderField::Sender => &mut self.sender_fields,
        };
        *counter = counter.saturating_add(1);
    }
}

#[cfg(test)]
mod tests;
