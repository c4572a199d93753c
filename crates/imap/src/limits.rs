//! Every bound of this protocol, with its reason.

use std::time::Duration;

/// Longest command before sign-in, its literals included: LOGIN, or AUTHENTICATE with an
/// initial response of 12,288 octets (RFC 4954 section 4), and nothing that needs more.
pub const COMMAND_BEFORE_SIGN_IN: usize = 16 * 1024;

/// Longest command of a signed-in client, its literals included but for the message of
/// APPEND, which is never held. RFC 7162 section 4 asks for at least 8,192 octets; the
/// lists of UIDs that old devices send pass 64 kB.
pub const COMMAND: usize = 256 * 1024;

const _: () = assert!(COMMAND >= 64 * 1024);

/// How much of a command that is too long is read and thrown away, so that the client
/// gets its tagged answer, before the connection is given up (RFC 7888 section 4).
pub const SWALLOWED: u64 = 4 * 1024 * 1024;

/// The same for the message of a refused APPEND that came without asking (RFC 7888
/// section 4): as large as messages get, so that a client with LITERAL+ learns the reason.
pub const SWALLOWED_MESSAGE: u64 = 128 * 1024 * 1024;

/// Longest tag, which every answer repeats. RFC 9051 section 2.2.1 sets no limit; clients
/// use fewer than ten octets.
pub const TAG: usize = 128;

/// Longest mailbox name in octets, as the client spells it. RFC 9051 section 5.1 sets no
/// limit; file systems stop at 255 for a level.
pub const MAILBOX_NAME: usize = 1024;

/// Longest identifier of a mailbox, a message or a thread. RFC 8474 section 7.
pub const OBJECT_ID: usize = 255;

/// Mailboxes (and subscriptions) that LIST and LSUB look at.
pub const MAILBOXES: usize = 20_000;

/// Patterns in one LIST. RFC 5258 section 3 sets no limit.
pub const PATTERNS: usize = 32;

/// Octets of all patterns of one LIST together, each with the reference. RFC 5258 section
/// 3 sets no limit; it is room for one pattern and one reference of the longest kind.
pub const PATTERN_OCTETS: usize = 2 * MAILBOX_NAME;

/// Keys of one SEARCH, those inside others counted too. RFC 9051 section 6.4.4 sets no
/// limit; every message is held against each of them.
pub const SEARCH_KEYS: usize = 1_000;

/// How deep the parentheses, NOTs and ORs of one SEARCH may nest. RFC 9051 section 6.4.4
/// sets no limit; a person's search nests five deep.
pub const SEARCH_DEPTH: usize = 64;

/// Body sections in one FETCH. RFC 9051 section 6.4.5 sets no limit; clients ask for one
/// or two, and some for each part of a message at once.
pub const FETCH_SECTIONS: usize = 256;

/// Numbers in one section (`1.2.3`). RFC 9051 section 6.4.5 sets no limit; it is deeper
/// than any message nests.
pub const SECTION_DEPTH: usize = 100;

/// Longest keyword flag. RFC 9051 section 2.3.2 sets no limit.
pub const KEYWORD: usize = 64;

/// Keywords in one STORE or APPEND.
pub const KEYWORDS: usize = 64;

/// Keywords of a mailbox of which a session remembers that it has named them.
pub const KEYWORDS_TOLD: usize = 1_000;

/// Messages of a mailbox that can be selected: a view of it takes four octets for each.
pub const VIEW: usize = 4_000_000;

/// Numbers of a session's own flag changes that it remembers so as not to be told of
/// them again. One that is forgotten costs a line.
pub const OWN_CHANGES: usize = 1_024;

/// Fields of ID that are looked at. RFC 2971 section 3.3.
pub const ID_FIELDS: usize = 30;

/// Octets of the line that is noted from a client's ID: a log line, not an archive.
pub const ID_NOTED: usize = 512;

/// The largest piece in which an incoming message is handed on, and in which long
/// answers are written.
pub const PIECE: usize = 16 * 1024;

/// How long a client that has not signed in may keep silent.
pub const SILENT_BEFORE_SIGN_IN: Duration = Duration::from_secs(2 * 60);

/// How long a client may take to sign in, whatever it says. RFC 9051 section 5.4 asks for
/// 30 minutes of those only that have.
pub const SIGN_IN: Duration = Duration::from_secs(10 * 60);

/// How long a signed-in client may keep silent, in IDLE too. RFC 9051 section 5.4 asks
/// for at least 30 minutes (RFC 2177 has clients renew IDLE every 29).
pub const SILENT: Duration = Duration::from_secs(35 * 60);

const _: () = assert!(SILENT.as_secs() > 30 * 60);

/// How often a client in IDLE hears a line, so that no router on the way forgets the
/// connection. RFC 5382 section 5 lets them after two hours, but many do after five minutes.
pub const STILL_HERE: Duration = Duration::from_secs(4 * 60);

/// Bad commands in a row before a client that has not signed in is shown the door.
pub const BAD_BEFORE_SIGN_IN: u32 = 10;

/// The same for one that has.
pub const BAD: u32 = 50;

/// Refused attempts to sign in on one connection.
pub const SIGN_IN_ATTEMPTS: u32 = 10;
