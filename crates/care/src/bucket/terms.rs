//! How eager a pass is.

use std::time::Duration;

/// How eager a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectTerms {
    /// Whether a body must be old, and have been found needless some time before it goes:
    /// always where anybody may be served.
    pub patient: bool,
    /// For how long others leave it to this process then; none where it is done at once,
    /// whoever does it as a rule.
    pub lease: Option<Duration>,
    /// Whether every pack in which something is needless is written again, and not only those
    /// that are worth it.
    pub all: bool,
    /// Whether what looks like a mistake is done all the same: of an index that was put back
    /// to an earlier state, or that names next to nothing of what is there.
    pub anyway: bool,
}

impl CollectTerms {
    /// While serving, from time to time: for so long it is left to this process.
    pub const fn usual(lease: Duration) -> CollectTerms {
        CollectTerms {
            patient: true,
            lease: Some(lease),
            all: false,
            anyway: false,
        }
    }

    /// While serving, when the operator asks for it.
    pub const EAGER: CollectTerms = CollectTerms {
        patient: true,
        lease: None,
        all: true,
        anyway: false,
    };

    /// When nobody else has the index: nobody reads or writes anything then.
    pub const ALONE: CollectTerms = CollectTerms {
        patient: false,
        lease: None,
        all: true,
        anyway: false,
    };
}
