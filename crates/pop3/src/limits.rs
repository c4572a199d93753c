//! Every bound of a POP3 session, with its source.

use std::time::Duration;

/// Longest command line, its end not counted. RFC 2449 section 4 asks for 255
/// octets; a SASL line may be longer (RFC 5034 section 4) and has this limit.
pub const LINE_OCTETS: usize = session::sasl::LINE_OCTETS;

/// Longest reply line, CRLF included. RFC 1939 section 3.
pub const REPLY_OCTETS: usize = 512;

/// How long a client may be silent before it has signed in. RFC 1939 section 3 asks
/// for ten minutes, but means a client that holds a locked maildrop: this one holds
/// nothing yet.
pub const IDLE_BEFORE_SIGN_IN: Duration = Duration::from_secs(2 * 60);

/// How long a client may be silent once it has signed in. RFC 1939 section 3 asks for
/// at least ten minutes; devices that check every hour keep their session until then.
pub const IDLE: Duration = Duration::from_secs(65 * 60);

const _: () = assert!(IDLE.as_secs() >= 10 * 60);

/// How long a client may take to sign in, however much it talks.
pub const SIGN_IN: Duration = Duration::from_secs(10 * 60);

/// Sign-ins that may fail in one session. RFC 1939 section 13 leaves it to us; a
/// person who mistypes tries in a new session.
pub const SIGN_IN_TRIES: u32 = 5;

/// Commands in one session that may make no sense.
pub const BAD_COMMANDS: u32 = 20;

/// Most messages of a maildrop; the oldest are shown, so that a client which removes
/// what it has read comes to all of them. It bounds memory at 13 octets a message.
pub const MESSAGES: usize = 1 << 20;

/// Octets of a LIST or UIDL answer that are made at once.
pub const LISTING_OCTETS: usize = 16 * 1024;

/// Octets of a message that TOP asks for at once: most headers, and the tablet's
/// 673 lines, are within one.
pub const TOP_OCTETS: u64 = 64 * 1024;
