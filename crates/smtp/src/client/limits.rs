//! Every bound of the client's side, with its source.

use std::time::Duration;

/// Longest line of a reply, its end not counted. RFC 5321 section 4.5.3.1.5 has 512
/// octets; servers that explain themselves, with links, go past it.
pub const LINE_OCTETS: usize = 4096;

const _: () = assert!(LINE_OCTETS >= 512);

/// Lines of one reply. Ours: the longest answers to EHLO have thirty.
pub const REPLY_LINES: usize = 500;

/// Octets of a reply that are kept, so that one costs little whatever is said. The rest is
/// read and forgotten.
pub const REPLY_OCTETS: usize = 8 * 1024;

/// Lines of a reply that are kept.
pub const KEPT_LINES: usize = 100;

/// Commands that may wait for their replies at once (RFC 2920). A window, so that a
/// thousand recipients are not a thousand lines in memory; the peer never sees it.
pub const WINDOW: usize = 100;

/// Until the greeting is there. RFC 5321 section 4.5.3.2.1.
pub const GREETING: Duration = Duration::from_secs(5 * 60);

/// For the reply to EHLO, HELO, STARTTLS, AUTH and RSET: as for MAIL.
pub const COMMAND: Duration = Duration::from_secs(5 * 60);

/// For the reply to MAIL. RFC 5321 section 4.5.3.2.2.
pub const MAIL: Duration = Duration::from_secs(5 * 60);

/// For the reply to RCPT. RFC 5321 section 4.5.3.2.3.
pub const RCPT: Duration = Duration::from_secs(5 * 60);

/// For the reply to DATA. RFC 5321 section 4.5.3.2.4.
pub const DATA: Duration = Duration::from_secs(2 * 60);

/// For the peer to take a piece of the message. RFC 5321 section 4.5.3.2.5.
pub const BLOCK: Duration = Duration::from_secs(3 * 60);

/// For the reply to the message's end. RFC 5321 section 4.5.3.2.6.
pub const END: Duration = Duration::from_secs(10 * 60);

/// For the reply to QUIT. Ours: nothing depends on it.
pub const QUIT: Duration = Duration::from_secs(5);

/// For a whole message, from MAIL to the reply to its end. Ours: a peer that stays just
/// within each of the limits above, for each of a thousand recipients, would hold a
/// connection for days. The largest message takes two hours at 64 kbit/s.
pub const MESSAGE: Duration = Duration::from_secs(3 * 60 * 60);

/// For all until the connection is ready for its first message. Ours, for the same reason.
pub const OPENING: Duration = Duration::from_secs(15 * 60);
