//! Which octets of a message an IMAP section is. RFC 9051 section 6.4.5.

use std::ops::Range;

use crate::{Content, Structure};

/// What is wanted of the part that a section number names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SectionText {
    /// `BODY[]`, `BODY[1.2]`: the whole message, or a part's body.
    Whole,
    /// `BODY[HEADER]`, `BODY[1.HEADER]`, and the header that `HEADER.FIELDS` chooses
    /// from ([`crate::header_fields`]): of the message, or of an enclosed message.
    Header,
    /// `BODY[TEXT]`, `BODY[1.TEXT]`: the body of the message, or of an enclosed message.
    Text,
    /// `BODY[1.MIME]`: the header of a part. It must have a number.
    Mime,
}

/// The place of a section in the message, or `None` when the message has no such part,
/// or when it is a part that has no such text (`1.HEADER` of what is no message).
pub fn section(structure: &Structure, path: &[u32], what: SectionText) -> Option<Range<u64>> {
    let part = structure.part(path)?;
    if path.is_empty() {
        return match what {
            SectionText::Whole => Some(part.start..part.end),
            SectionText::Header => Some(part.header_range()),
            SectionText::Text => Some(part.body_range()),
            SectionText::Mime => None,
        };
    }
    match (what, &part.content) {
        (SectionText::Whole, _) => Some(part.body_range()),
        (SectionText::Mime, _) => Some(part.header_range()),
        (SectionText::Header, Content::Message(enclosed)) => Some(enclosed.root.header_range()),
        (SectionText::Text, Content::Message(enclosed)) => Some(enclosed.root.body_range()),
        (SectionText::Header | SectionText::Text, _) => None,
    }
}
