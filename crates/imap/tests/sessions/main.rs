//! Whole sessions, held in the hand: a small fake world with mailboxes in memory answers
//! their questions, and a reader as strict as the oldest client hears what they say.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod driver;
mod moments;
mod noise;
mod search;
mod strict;
mod transcripts;
mod world;

use imap::{Imap, Settings};
use session::sasl::Cleartext;

pub(crate) const USER: &str = "lea@exemple.fr";
pub(crate) const PASSWORD: &str = "une fleur de tilleul";
/// An account that is there but without *old devices*, so unencrypted it is refused.
pub(crate) const MODERN: &str = "paul@exemple.fr";

pub(crate) fn session(cleartext: Cleartext) -> Imap {
    Imap::new(Settings {
        host: "mail.exemple.fr".to_owned(),
        cleartext,
    })
}
