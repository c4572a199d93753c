//! Every sentence for people, French and English.
//!
//! Protocols and pages take their words from here, so that the same fact is said the
//! same way in an SMTP reply, on a page and in a guide. Sentences follow one order:
//! what is so, what still works, what to do. The texts are Fluent files, one folder a
//! language (`locales/fr`, `locales/en`), written to be read and mended by people who
//! write no Rust. What a protocol's own RFC fixes (greetings, `OK`) stays there.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `language.rs` | [`Language`], and how a reader's choice is found |
//! | `text.rs` | [`text()`]: a message with its placeholders filled |
//! | `refusal.rs` | [`refusal()`]: the sentence for a policy refusal |
//! | `verdict.rs` | [`verdicts()`]: what was found out about who sent a message |
//! | `format.rs` | [`format`](mod@format): sizes, counts, dates and times as each language writes them |
//! | `build.rs` | one constant in [`keys`] for each message |
//!
//! # What is sure
//!
//! * A message that is named but not there, that one language lacks, or whose
//!   placeholders differ between languages, stops the build (`build.rs`).
//! * Two marks in a message are for pages: `**something loud, or a label of the device**`
//!   and `` `an exact value` ``. A page takes them from the message only, never from a
//!   value put in. No message has HTML. Refusals have no marks.
//! * A refusal is one line, shorter than [`REFUSAL_OCTETS`], free of control
//!   characters whatever the peer wrote, and ASCII in English.

pub mod format;
mod language;
mod refusal;
mod text;
mod verdict;

/// One constant for each message of the `.ftl` files; the English text is its
/// documentation.
pub mod keys {
    use crate::Key;

    include!(concat!(env!("OUT_DIR"), "/keys.rs"));
}

pub use language::Language;
pub use refusal::{REFUSAL_OCTETS, refusal};
pub use text::{Key, Value, text};
pub use verdict::verdicts;
