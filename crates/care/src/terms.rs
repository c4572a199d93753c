//! How eager a pass is.

use std::time::Duration;

/// How eager a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long a segment must have been found needless before it goes: longer than anybody
    /// reads a message that was moved or removed meanwhile.
    pub grace: Duration,
    /// Whether every segment in which something is needless is written again, and not only
    /// those that are worth it.
    pub all: bool,
    /// Whether the index is copied into the log in any case.
    pub copy: bool,
}

impl Terms {
    /// While serving, from time to time.
    pub const USUAL: Terms = Terms {
        grace: Duration::from_secs(60 * 60),
        all: false,
        copy: false,
    };
    /// While serving, when the operator asks for it.
    pub const EAGER: Terms = Terms {
        grace: Terms::USUAL.grace,
        all: true,
        copy: true,
    };
    /// When nobody else has the folder: nobody reads anything then.
    pub const ALONE: Terms = Terms {
        grace: Duration::ZERO,
        all: true,
        copy: true,
    };
}
