//! The tree of a message's parts, as BODYSTRUCTURE tells it and with the place of
//! every part in the message. RFC 9051 section 7.5.2, RFC 2045, RFC 2046.

mod depth;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::transfer::Transfer;
use crate::{Envelope, HeaderText};

/// What a message is made of: its outermost part, whose header is the message's header.
///
/// The envelope of the message itself is not in it (it is asked for on its own, and is
/// stored beside it); those of enclosed messages are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// The whole message as a part.
    pub root: Part,
}

/// One part, or a whole message. All offsets count octets from the start of the message.
///
/// A part's header goes from `start` to `body`, the blank line at its end included; its
/// body goes from `body` to `end`. The line end before a delimiter belongs to the
/// delimiter (RFC 2046 section 5.1.1). Always `start <= body <= end`, and children lie
/// inside their parent's body, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Where the header begins.
    pub start: u64,
    /// Where the body begins.
    pub body: u64,
    /// Where the body ends.
    pub end: u64,
    /// How many line ends are in the body.
    pub lines: u64,
    /// How many octets a leaf's body has once its transfer encoding is undone. For a
    /// multipart or an enclosed message: the octets of its body as it stands.
    pub decoded: u64,
    /// The media type. Where the field is missing or cannot be read this is the default
    /// of RFC 2045 section 5.2, or `message/rfc822` in a digest (RFC 2046 section 5.1.5).
    pub media: Media,
    /// `Content-Transfer-Encoding` as written, or `None`: see [`Part::encoding`].
    pub encoding: Option<HeaderText>,
    /// `Content-ID`, angle brackets and all.
    pub id: Option<HeaderText>,
    /// `Content-Description`, encoded words as they stand.
    pub description: Option<HeaderText>,
    /// `Content-MD5`. RFC 1864.
    pub md5: Option<HeaderText>,
    /// `Content-Disposition`. RFC 2183.
    pub disposition: Option<Disposition>,
    /// `Content-Language`, one tag an element. RFC 3282.
    pub language: Vec<HeaderText>,
    /// `Content-Location`. RFC 2557.
    pub location: Option<HeaderText>,
    /// What is inside.
    #[serde(deserialize_with = "depth::bounded")]
    pub content: Content,
}

/// What a part holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Octets: text, a picture, or anything that was not looked into.
    Leaf,
    /// Parts in order, at least one. A multipart in which none was found is told as a
    /// `text/plain` leaf, since BODYSTRUCTURE cannot say "none" and somebody may read it.
    Multipart(Vec<Part>),
    /// A `message/rfc822` or `message/global` part (RFC 2046 section 5.2.1, RFC 6532):
    /// a message with a header and a body of its own.
    Message(Box<Enclosed>),
}

/// A message inside a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed {
    /// Its envelope.
    pub envelope: Envelope,
    /// Its outermost part, whose header is the enclosed message's header.
    pub root: Part,
}

/// A media type with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// The type, in lower case: `text`.
    pub kind: HeaderText,
    /// The subtype, in lower case: `plain`.
    pub subtype: HeaderText,
    /// The parameters in their order.
    pub parameters: Vec<Parameter>,
}

/// One parameter of `Content-Type` or `Content-Disposition`.
///
/// It is as it stands: quotes taken off, but pieces and charsets of RFC 2231
/// (`filename*0*=`) not put together, as an IMAP client expects to do that itself.
/// [`crate::text::parameter`] does it for us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// The name, in lower case, with any `*`.
    pub name: HeaderText,
    /// The value.
    pub value: HeaderText,
}

/// How a part wants to be shown. RFC 2183.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    /// `inline`, `attachment` or another word, in lower case.
    pub kind: HeaderText,
    /// `filename` and the like, in their order.
    pub parameters: Vec<Parameter>,
}

impl Media {
    /// True when both halves are these; give them in lower case.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// `text/plain; charset=us-ascii`, the default of RFC 2045 section 5.2.
    pub fn plain() -> Self {
        let charset = Parameter {
            name: "charset".into(),
            value: "us-ascii".into(),
        };
        Self {
            kind: "text".into(),
            subtype: "plain".into(),
            parameters: vec![charset],
        }
    }
}

impl Part {
    /// The header's place, its blank line included.
    pub fn header_range(&self) -> Range<u64> {
        self.start..self.body
    }

    /// The body's place.
    pub fn body_range(&self) -> Range<u64> {
        self.body..self.end
    }

    /// The transfer encoding as BODYSTRUCTURE gives it: never absent, since old devices
    /// fail on NIL there. RFC 2045 section 6.1 names the default.
    pub fn encoding(&self) -> &[u8] {
        self.encoding.as_deref().unwrap_or(b"7BIT")
    }

    /// How the body is encoded.
    pub fn transfer(&self) -> Transfer {
        Transfer::named(self.encoding())
    }
}

impl Structure {
    /// The part that an IMAP section number leads to; the empty path is the whole
    /// message. RFC 9051 section 6.4.5: numbers go through enclosed messages, and part 1
    /// of what is not a multipart is its own body. `None` when there is no such part.
    pub fn part(&self, path: &[u32]) -> Option<&Part> {
        let Some((first, rest)) = path.split_first() else {
            return Some(&self.root);
        };
        let mut part = inside(&self.root, *first)?;
        for number in rest {
            part = match &part.content {
                Content::Multipart(_) => inside(part, *number)?,
                Content::Message(enclosed) => inside(&enclosed.root, *number)?,
                Content::Leaf => return None,
            };
        }
        Some(part)
    }
}

/// Part `number` of a message (or multipart) whose outermost part this is.
fn inside(root: &Part, number: u32) -> Option<&Part> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    match &root.content {
        Content::Multipart(children) => children.get(index),
        _ if index == 0 => Some(root),
        _ => None,
    }
}
