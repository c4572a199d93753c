//! What LIST and LSUB can ask for. RFC 3501 section 6.3.8, RFC 5258, RFC 6154.

/// A LIST or LSUB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) kind: ListKind,
    pub(crate) reference: String,
    /// At least one.
    pub(crate) patterns: Vec<String>,
    pub(crate) select: Select,
    pub(crate) returned: Returned,
}

/// Which command and which syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// LIST as RFC 3501 knows it.
    Basic,
    /// LIST with any of what RFC 5258 adds.
    Extended,
    Lsub,
}

/// Which mailboxes are wanted. RFC 5258 section 3.1, RFC 6154 section 5.1. REMOTE is
/// taken and changes nothing: all mailboxes are here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Select {
    /// Those that are subscribed to, whether or not they exist.
    pub(crate) subscribed: bool,
    /// Those that have a special use.
    pub(crate) special_use: bool,
    /// And those above one that is wanted.
    pub(crate) recursive: bool,
}

/// What is to be told of them. RFC 5258 section 3.2. CHILDREN and SPECIAL-USE are taken
/// and change nothing: they are told always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Returned {
    pub(crate) subscribed: bool,
}
