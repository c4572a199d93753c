//! What is stored of one message: what changes ([`Mark`]) and what never does
//! ([`Fixed`]). They are kept apart, so that a change of flags writes little.

use blob::BodyRef;
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::values::Fields;
use crate::{EmailId, InternalDate, Modseq, SystemFlags};

/// What of a message changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) modseq: Modseq,
    pub(crate) system: SystemFlags,
    /// Bits of [`crate::values::KeywordsValue`].
    pub(crate) keywords: u128,
    pub(crate) kept: Kept,
    /// When it was removed, in seconds since 1970; none while it is there.
    pub(crate) gone: Option<i64>,
}

impl Mark {
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// Marks it as removed by this change, at this time.
    pub(crate) fn remove(&mut self, modseq: Modseq, seconds: i64) {
        self.modseq = modseq;
        self.gone = Some(seconds);
    }
}

/// Where a message's envelope and structure are kept, and whether they go when it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kept {
    /// By its email id, for it alone: they go with it.
    Own,
    /// By its email id, maybe for others too: they stay until nobody has that id
    /// ([`crate::Store::sweep`]).
    Shared,
    /// In its mailbox by its UID, as version 1 kept them: they go with it.
    Here,
}

impl Kept {
    /// Once another record may refer to the same.
    pub(crate) fn shared(self) -> Kept {
        match self {
            Kept::Own | Kept::Shared => Kept::Shared,
            Kept::Here => Kept::Here,
        }
    }
}

/// What of a message never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fixed {
    /// When it arrived, in seconds since 1970.
    pub(crate) seconds: i64,
    /// Of the date's zone.
    pub(crate) offset_minutes: i16,
    pub(crate) email_id: EmailId,
    pub(crate) body: BodyRef,
}

impl Fixed {
    pub(crate) fn size(&self) -> u64 {
        self.body.length()
    }

    pub(crate) fn internal_date(&self) -> InternalDate {
        InternalDate {
            at: Timestamp::from_second(self.seconds).unwrap_or_default(),
            offset: Offset::from_seconds(i32::from(self.offset_minutes) * 60)
                .unwrap_or(Offset::UTC),
        }
    }
}

/// The offset of a date's zone in minutes.
pub(crate) fn offset_minutes(offset: Offset) -> i16 {
    i16::try_from(offset.seconds() / 60).unwrap_or(0)
}

/// A message that is in no block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordValue {
    pub(crate) mark: Mark,
    pub(crate) fixed: Fixed,
}

/// The same as version 1 wrote it.
#[derive(Serialize, Deserialize)]
struct RecordV1 {
    modseq: Modseq,
    system: SystemFlags,
    keywords: u128,
    fixed: Fixed,
}

impl Fields for RecordValue {
    const WHAT: &'static str = "a message";
    const VERSION: u8 = 2;

    fn read_older(version: u8, fields: &[u8]) -> Option<postcard::Result<RecordValue>> {
        (version == 1).then(|| postcard::from_bytes::<RecordV1>(fields).map(RecordValue::from))
    }
}

impl From<RecordV1> for RecordValue {
    fn from(old: RecordV1) -> RecordValue {
        let mark = Mark {
            modseq: old.modseq,
            system: old.system,
            keywords: old.keywords,
            kept: Kept::Here,
            gone: None,
        };
        RecordValue {
            mark,
            fixed: old.fixed,
        }
    }
}

/// What version 1 wrote of this record.
#[cfg(test)]
pub(crate) fn written_by_version_1(record: &RecordValue) -> Vec<u8> {
    let RecordValue { mark, fixed } = record.clone();
    let old = RecordV1 {
        modseq: mark.modseq,
        system: mark.system,
        keywords: mark.keywords,
        fixed,
    };
    postcard::to_extend(&old, vec![1]).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_keeps_its_zone() {
        let offset = Offset::from_seconds(-(9 * 60 + 30) * 60).unwrap();
        assert_eq!(offset_minutes(offset), -570);
    }
}
