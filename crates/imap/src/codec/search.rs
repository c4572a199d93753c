//! What SEARCH can ask for. RFC 3501 section 6.4.4.

use jiff::civil::Date;

use crate::codec::flag::{Keyword, SystemFlag};
use crate::codec::object::ObjectId;
use crate::number::SequenceSet;

/// A condition as the client writes it, its texts decoded from its charset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SearchKey {
    All,
    Sequence(SequenceSet),
    Uid(SequenceSet),
    Has(SystemFlag),
    Keyword(Keyword),
    Recent,
    Date {
        which: SearchDate,
        relation: Relation,
        date: Date,
    },
    /// RFC 8474 section 6.
    EmailId(ObjectId),
    ThreadId(ObjectId),
    Larger(u32),
    Smaller(u32),
    Text {
        place: TextPlace,
        text: String,
    },
    And(Vec<SearchKey>),
    Or(Box<SearchKey>, Box<SearchKey>),
    Not(Box<SearchKey>),
    /// What no message fulfils: a keyword that no message can have.
    Nothing,
}

/// Which date of a message is compared. Time and zone are disregarded: see
/// [`InternalDate::day`](crate::InternalDate::day).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchDate {
    /// When it came: `BEFORE`, `ON`, `SINCE`.
    Internal,
    /// Its `Date` field: `SENTBEFORE`, `SENTON`, `SENTSINCE`.
    Sent,
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Earlier than the given day.
    Before,
    /// On it.
    On,
    /// On it or later.
    Since,
}

/// Where a text is looked for, in any case, as a part of what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPlace {
    /// The header field of this name (printable ASCII, any case), decoded. An empty text
    /// asks whether the field is there. `FROM`, `TO`, `CC`, `BCC` and `SUBJECT` are this.
    Header(String),
    /// The body: all of the message but its header.
    Body,
    /// Header and body.
    Text,
}
