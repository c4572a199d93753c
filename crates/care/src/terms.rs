//! How eager a pass is.

/// How eager a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whether a segment must have been found needless some time before it goes: longer than
    /// anybody reads a message that was moved or removed meanwhile.
    pub patient: bool,
    /// Whether every segment in which something is needless is written again, and not only
    /// those that are worth it.
    pub all: bool,
    /// Whether the index is copied into the log in any case.
    pub copy: bool,
}

impl Terms {
    /// While serving, from time to time.
    pub const USUAL: Terms = Terms {
        patient: true,
        all: false,
        copy: false,
    };
    /// While serving, when the operator asks for it.
    pub const EAGER: Terms = Terms {
        patient: true,
        all: true,
        copy: true,
    };
    /// When nobody else has the folder: nobody reads anything then.
    pub const ALONE: Terms = Terms {
        patient: false,
        all: true,
        copy: true,
    };
}
