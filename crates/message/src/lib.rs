//! Messages: what RFC 5322 and MIME make of a stream of octets.
//!
//! This room reads. It finds the parts of a message while it streams in, tells what a
//! header says, gives the octets that an IMAP section means, and makes text of anything for
//! a search. It writes only the few lines that a server adds. It knows no protocol,
//! no store and no clock.
//!
//! | who asks | what for |
//! | --- | --- |
//! | `store` | [`Scanner`]: the [`Structure`] and [`Envelope`] that are stored with each message; [`Lineage`]: its thread |
//! | `imap`, `service` | [`section`], [`header_fields`]: which octets to send; [`text`], [`date`]: SEARCH |
//! | `service` | [`Scanned::senders`]: whom a submission says it is from; [`trace`]: what is put on top; [`Submitted`]: what a submission lacks |
//! | who signs or verifies | [`canonical`]: what of a message may not change |
//!
//! # How the files are cut
//!
//! | file | what |
//! | --- | --- |
//! | `scan/` | bytes to parts, as they come |
//! | `structure.rs`, `envelope.rs` | what is kept of a message: plain data |
//! | `section.rs` | a section's place |
//! | `fields.rs` | a header as fields |
//! | `asked.rs` | those of them that are kept beside a message |
//! | `lineage/` | what a message says of its conversation: its own name, and its ancestors' |
//! | `header/` | the small languages in fields: comments, address lists, parameters |
//! | `senders/` | the strict reading of `From` and `Sender` |
//! | `submitted.rs` | the header of a submission, put in order |
//! | `transfer/` | base64 and quoted-printable |
//! | `text/` | encoded words, charsets, bodies: text at last |
//! | `canonical/` | the octets that a signature is made over |
//! | `date.rs`, `trace.rs` | dates; `Received` and `Return-Path` |
//! | `limits.rs` | every limit |
//!
//! # What holds
//!
//! * Everything is total: any octets are a message, any value is an address list, text or
//!   no date. Nothing here returns an error, since mail that was accepted must be shown.
//! * Places are exact octets of the message as stored, whatever its line ends (CRLF, LF, or
//!   both in one message). A bare CR is no line end.
//! * How a message is cut into pieces changes nothing.
//! * Memory and time are bounded by [`limits`], and no cost grows with the square of a size.
//!   What is kept of one message is under a megabyte when stored, and a few hundred octets
//!   for most.
//! * Text of a header is octets ([`HeaderText`]) until somebody asks for text: its charset
//!   is not known before.
//! * Two readings of an address never meet: the tolerant one shows
//!   ([`EnvelopeAddress`]), the strict one decides ([`senders`]).
//!
//! ```
//! use message::{Scanner, SectionText, section};
//!
//! let message = b"From: Jean <jean@exemple.fr>\r\nSubject: Bonjour\r\n\r\nSalut !\r\n";
//! let mut scanner = Scanner::new();
//! message.chunks(10).for_each(|piece| scanner.push(piece));
//! let scanned = scanner.finish();
//! assert_eq!(scanned.envelope.subject, Some("Bonjour".into()));
//! assert_eq!(section(&scanned.structure, &[1], SectionText::Whole), Some(50..59));
//! ```

mod asked;
pub mod canonical;
pub mod date;
mod envelope;
mod fields;
mod header;
mod header_text;
pub mod limits;
mod lineage;
mod scan;
mod section;
mod senders;
mod structure;
mod submitted;
pub mod text;
pub mod trace;
pub mod transfer;

pub use asked::is_asked;
pub use envelope::{Envelope, EnvelopeAddress};
pub use fields::{Field, Fields, fields, header_fields};
pub use header_text::HeaderText;
pub use lineage::{Lineage, MsgId};
pub use scan::{Scanned, Scanner};
pub use section::{SectionText, section};
pub use senders::{Sender, SenderField, Senders, senders};
pub use structure::{Content, Disposition, Enclosed, Media, Parameter, Part, Structure};
pub use submitted::{Additions, Ordered, Submitted};
