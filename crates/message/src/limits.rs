//! Every limit of this crate, with the reason for its size.
//!
//! Beyond each of them a message is still read, stored and given out octet for octet:
//! what is lost is a detail of its description.

/// Octets of one header that are looked into; fields beyond it are not seen. RFC 5322
/// sets no limit. It is some thousands of recipients, and more than large providers
/// accept at all. Whoever holds a header in memory need not hold more of it than this.
pub const HEADER_OCTETS: usize = 1024 * 1024;

/// Parts of one message, multiparts and enclosed messages counted too. RFC 2046 sets no
/// limit. What follows the last belongs to it as text.
pub const PARTS: usize = 10_000;

/// How deep parts lie in one another. RFC 2046 sets no limit; people forward a forward a
/// dozen times. What is deeper is one leaf. It bounds every recursion over a structure.
pub const NESTING: usize = 100;

/// Longest boundary, in octets: a line of RFC 5322 section 2.1.1, though RFC 2046 section
/// 5.1.1 allows 70 only. A multipart with a longer one is text.
pub const BOUNDARY_OCTETS: usize = 998;

/// Octets of header text that the structure and the envelopes of one message keep
/// together, with [`ITEM_OCTETS`] for each address and parameter. With the places of
/// [`PARTS`] parts the whole stays under a megabyte when it is stored.
pub const KEPT_OCTETS: usize = 384 * 1024;

/// Octets of header fields that are kept beside a message as they stand, for programs that
/// list mail: a hundred recipients and a long thread. Where there are more, the message is read.
pub const ASKED_OCTETS: usize = 8 * 1024;

/// What an address or a parameter is counted as, besides its text: a list of thousands of
/// empty ones costs memory too.
pub const ITEM_OCTETS: usize = 16;

/// Octets kept of a single value: a subject, a display name, a file name. IMAP sets no
/// limit, and clients choke long before this.
pub const VALUE_OCTETS: usize = 16 * 1024;

/// Octets of a media type, of a subtype, of a disposition or of an encoding's name. RFC
/// 6838 section 4.2 allows 127 for the first two.
pub const TOKEN_OCTETS: usize = 127;

/// Parameters of one field. RFC 2231 cuts a long file name into a dozen.
pub const PARAMETERS: usize = 100;

/// Tags of one `Content-Language`. RFC 3282 shows two.
pub const LANGUAGES: usize = 32;

/// White space that may turn out to stand at the end of a quoted-printable line, where it
/// does not count (RFC 2045 section 6.7, rule 3). A longer run is taken as text.
pub const TRAILING_SPACE_OCTETS: usize = 998;

/// Octets of the name of a message: a line of RFC 5322 section 2.1.1, which no name can be
/// folded over. A longer one is none.
pub const MSG_ID_OCTETS: usize = 998;

/// Names at the beginning of `References` that are kept where there are too many. RFC 5322
/// section 3.6.4 lets the field grow with every reply. The first began the conversation, and
/// every reply has it, whatever else was cut; the second is there in case the first is one
/// that a program made up.
pub const FIRST_REFERENCES: usize = 2;

/// Names at its end that are kept: those nearest to the message, which the messages have
/// that came lately. With these few a message costs the same little however many it names.
pub const LAST_REFERENCES: usize = 14;

/// Names that are taken of `In-Reply-To`: one, but for a reply to several messages.
pub const IN_REPLY_TO_IDS: usize = 2;

/// Octets of a `From` or `Sender` field that is read: hundreds of addresses. A longer one
/// is a doubt.
pub const SENDER_OCTETS: usize = 64 * 1024;

/// Octets shown of a sender that could not be read, in a refusal.
pub const SHOWN_OCTETS: usize = 200;

/// Octets of a `HELO` argument in a `Received` field: the longest domain of RFC 5321
/// section 4.5.3.1.2.
pub const HELO_OCTETS: usize = 255;

/// Where a trace field is folded. RFC 5322 section 2.1.1.
pub const FOLD_COLUMNS: usize = 78;

/// `Delivered-To` fields that are read, those on top: as many hands as `Received` fields are
/// taken for a loop (RFC 5321 section 6.3).
pub const DELIVERED_TO: usize = 100;

/// Octets of a `Delivered-To` field that is read: more than any address has (RFC 5321 section
/// 4.5.3.1.3).
pub const DELIVERED_TO_OCTETS: usize = 512;
