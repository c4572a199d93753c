//! What FETCH can ask for. RFC 3501 section 6.4.5.

use std::num::NonZeroU32;

/// One thing to be told about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FetchItem {
    Uid,
    Flags,
    InternalDate,
    Rfc822Size,
    Envelope,
    /// `BODY` alone: BODYSTRUCTURE without extension data.
    Body,
    BodyStructure,
    /// RFC 8474 section 5.1.
    EmailId,
    /// RFC 8474 section 5.2.
    ThreadId,
    Section(BodySection),
}

/// Some octets of a message, and by what name they are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BodySection {
    pub(crate) section: Section,
    pub(crate) name: SectionName,
    /// True when asking for it leaves `\Seen` alone.
    pub(crate) peek: bool,
}

/// By what name a section is asked for, and so answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SectionName {
    /// `BODY[..]` and `BODY.PEEK[..]`.
    Body,
    /// `RFC822`.
    Rfc822,
    /// `RFC822.HEADER`.
    Rfc822Header,
    /// `RFC822.TEXT`.
    Rfc822Text,
}

/// Some octets of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The numbers that lead to the part; none for the message itself.
    pub path: Vec<u32>,
    /// What of the part.
    pub text: SectionText,
    /// Which octets of that, `None` for all.
    pub partial: Option<Partial>,
}

/// What of a part a section is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SectionText {
    /// All of the message, or the body of the part.
    Whole,
    /// `HEADER`.
    Header,
    /// `HEADER.FIELDS`: those fields of the header that have one of these names. The names
    /// are printable ASCII and compare in any case.
    HeaderFields(Vec<String>),
    /// `HEADER.FIELDS.NOT`: those that have none of them.
    HeaderFieldsNot(Vec<String>),
    /// `TEXT`.
    Text,
    /// `MIME`.
    Mime,
}

/// `<0.51200>`: a stretch of octets. What lies past the end is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partial {
    /// The first octet, from 0.
    pub start: u32,
    /// How many at most.
    pub count: NonZeroU32,
}
