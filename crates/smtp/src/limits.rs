//! Every bound of an SMTP session, with its source.

use std::time::Duration;

/// Longest command line, CRLF not counted. RFC 5321 section 4.5.3.1.4 asks for 512
/// octets and lets extensions add to it; the longest is AUTH with its response
/// (RFC 4954 section 4), and one limit for all lines is simpler than several.
pub const LINE_OCTETS: usize = session::sasl::LINE_OCTETS;

const _: () = assert!(LINE_OCTETS >= 512);

/// Longest reply line, code and CRLF included. RFC 5321 section 4.5.3.1.5.
pub const REPLY_OCTETS: usize = 512;

/// Recipients of one message. RFC 5321 section 4.5.3.1.8 asks for at least 100.
pub const RECIPIENTS: usize = 1_000;

const _: () = assert!(RECIPIENTS >= 100);

/// How much of a name in EHLO is kept. RFC 5321 section 4.5.3.1.2.
pub const HELLO_OCTETS: usize = 255;

/// How long the peer may be silent between commands, and inside a message.
/// RFC 5321 section 4.5.3.2.7.
pub const IDLE: Duration = Duration::from_secs(5 * 60);

/// How long a user may take to sign in, however much is said. Ours: the person who
/// types at this protocol needs a minute or two.
pub const SIGN_IN: Duration = Duration::from_secs(10 * 60);

/// Sign-ins that may fail in one session. RFC 4954 section 4 lets a server close
/// after some; a person who mistypes tries in a new session.
pub const SIGN_IN_TRIES: u32 = 5;

/// Commands in one session that may make no sense. RFC 5321 section 4.3.2 gives 421
/// for a server that must close.
pub const BAD_COMMANDS: u32 = 20;

/// Commands that may be refused since the last message that was accepted: unknown
/// recipients above all, so that nobody reads a list of who is here out of one session.
/// RFC 5321 section 4.3.2 again; a list with that many members gone is sent in several
/// sessions.
pub const REFUSED_COMMANDS: u32 = 100;

/// Commands that bring no message nearer (NOOP, RSET, HELP, VRFY, a greeting again) and
/// may be said since the last one that was accepted. RFC 5321 section 4.1.1.9 has NOOP
/// change nothing, the time that a peer may stay included.
pub const IDLE_COMMANDS: u32 = 100;

/// How far past the size limit a message is read to find its end, so that the peer
/// sees the refusal. One that goes on longer gets the refusal and is cut off.
pub const EXCESS_OCTETS: u64 = 256 * 1024 * 1024;

/// How long a message that is arriving at shutdown may take to come to its end.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// How long a submission may be held. RFC 4865 leaves it to us; what signs a message is made
/// when it comes and must be found in DNS when it arrives: for two weeks at least after the
/// domain has changed its keys, of which the message may be tried for five days.
pub const HOLD: Duration = Duration::from_secs(7 * 24 * 60 * 60);
