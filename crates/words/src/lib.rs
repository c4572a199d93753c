//! Every sentence for people, French and English.
//!
//! Protocol crates and pages take their words from here, so that the same fact is
//! said the same way in an SMTP reply, on a page and in a guide. Sentences follow
//! one order: what is so, what still works, what to do.

use events::Refusal;

/// A language that the service speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// French.
    French,
    /// English, also where no language is known.
    #[default]
    English,
}

/// The sentence for a refusal, on one line and in ASCII for [`Language::English`],
/// fit for a protocol reply.
pub fn refusal(_refusal: &Refusal, _language: Language) -> String {
    String::new()
}
