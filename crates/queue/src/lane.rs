//! Where recipients line up: [`Lane`], and a lane's [`Turn`].

use address::{AccountId, Domain};
use jiff::Timestamp;
use kv::Version;

/// Those who wait for the same, in the order in which they are due. A destination has a lane
/// for each account that sends there, so that one who sends much to it stands in nobody's way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// The domain that the mail goes to; none for accounts here.
    pub destination: Option<Domain>,
    /// Who signed in to send it; none for mail from other hosts, and for all that goes to
    /// accounts here.
    pub account: Option<AccountId>,
}

impl Lane {
    /// The lane of all that goes to accounts here.
    pub const HERE: Lane = Lane {
        destination: None,
        account: None,
    };
}

/// A reason to look at a lane: from this time on there may be something to do. Several may
/// stand for one lane, and one may stand for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// From when on.
    pub due: Timestamp,
    /// The lane.
    pub lane: Lane,
    /// As it was read, so that one that was put anew meanwhile is not taken away.
    pub(crate) version: Version,
}
