//! Reports by mail to whoever sent a message: that it was not delivered, or takes long; or,
//! where that was asked for, that it was delivered.
//! RFC 3461 section 6, RFC 3464, RFC 6522.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `mod.rs` | [`Notice`]: a report as a message |
//! | `status.rs` | its part for programs |
//! | `text.rs`, `meaning.rs` | its part for people |

mod meaning;
mod status;
#[cfg(test)]
mod tests;
mod text;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;
use message::trace::return_path;
use queue::{Recipient, Trouble};
use words::{Language, keys};

/// Octets of the original's header that come back with a report. What people write has a
/// tenth of it.
pub(crate) const HEADER_OCTETS: usize = 64 * 1024;
/// Octets of a message that comes back whole, where its sender asked for that; of a larger
/// one the header does.
pub(crate) const WHOLE_OCTETS: u64 = 1024 * 1024;

/// What a report tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// That it was not delivered, and will not be.
    Failed,
    /// That it takes long, and is tried until then.
    Delayed {
        /// When it is given up.
        until: Timestamp,
    },
    /// That it was delivered, to accounts here.
    Delivered,
    /// That a host has it which tells nothing more. RFC 3461 section 6.1.
    Relayed,
}

/// What comes back of the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Original {
    /// Its header.
    Header(Vec<u8>),
    /// All of it.
    Whole(Vec<u8>),
}

/// A report.
#[derive(Clone, Debug)]
pub(crate) struct Notice<'a> {
    /// What it tells.
    pub(crate) told: Told,
    /// Of whom, and why.
    pub(crate) of: &'a [(Recipient, Trouble)],
    /// Who gets it.
    pub(crate) to: &'a address::Address,
    /// Who it is from: one who is read by a person.
    pub(crate) from: &'a address::Address,
    /// Our own name.
    pub(crate) host: &'a str,
    /// The language of whoever gets it.
    pub(crate) language: Language,
    /// The zone in which times are told.
    pub(crate) zone: &'a TimeZone,
    /// When the original was accepted.
    pub(crate) received: Timestamp,
    /// Its name, as its sender gave it (RFC 3461 section 4.4).
    pub(crate) envelope_id: Option<&'a str>,
    /// What comes back of it.
    pub(crate) original: Original,
    /// Now.
    pub(crate) now: Timestamp,
    /// The left side of its `Message-ID`, which nothing else has.
    pub(crate) name: &'a str,
}

impl Notice<'_> {
    /// The report as a message, behind the `Return-Path` of nobody: nobody gets a report of a
    /// report (RFC 3461 section 6.1).
    pub(crate) fn message(&self) -> Vec<u8> {
        let (subject, message_id) = self.of_original();
        let text = MimePart::new("text/plain", self.text());
        let status =
            MimePart::new("message/delivery-status", self.status()).transfer_encoding("7bit");
        let kind = ContentType::new("multipart/report").attribute("report-type", "delivery-status");
        let parts = vec![text, status, self.returned()];
        let from = words::text(self.language, keys::NOTICE_SENDER, &[]);
        let date = message::date::format(self.now, self.zone.to_offset(self.now));
        let mut builder = MessageBuilder::new()
            .header("Date", Raw::new(date))
            .from(Address::new_address(Some(from), self.from.to_string()))
            .to(Address::new_address(None::<&str>, self.to.to_string()))
            .subject(subject)
            .message_id(format!("{}@{}", self.name, self.host))
            // RFC 3834 section 5: nobody who is away answers it.
            .header("Auto-Submitted", Raw::new("auto-replied"))
            .body(MimePart::new(kind, parts));
        // Where the person's program shows it: below the message itself.
        if let Some(id) = message_id {
            builder = builder.in_reply_to(id.clone()).references(id);
        }
        let mut octets = return_path(&address::ReversePath::Null).into_bytes();
        builder.serialize(&mut octets);
        octets
    }

    /// The subject of the report, and how the original is called.
    fn of_original(&self) -> (String, Option<String>) {
        let (Original::Header(octets) | Original::Whole(octets)) = &self.original;
        let mut scanner = message::Scanner::new();
        scanner.push(octets);
        let scanned = scanner.finish();
        let subject = scanned.envelope.subject.as_deref();
        let subject = subject.map(message::text::header_value);
        let subject = subject.filter(|subject| !subject.trim().is_empty());
        let none = || words::text(self.language, keys::NOTICE_NO_SUBJECT, &[]);
        let subject = subject.unwrap_or_else(none);
        let key = match self.told {
            Told::Failed => keys::NOTICE_FAILED_SUBJECT,
            Told::Delayed { .. } => keys::NOTICE_DELAYED_SUBJECT,
            Told::Delivered => keys::NOTICE_DELIVERED_SUBJECT,
            Told::Relayed => keys::NOTICE_RELAYED_SUBJECT,
        };
        let subject = words::text(self.language, key, &[("subject", (&subject).into())]);
        let id = scanned.lineage.own;
        // One that has what no name may have would be another name.
        let plain = |octet: &u8| octet.is_ascii_graphic() && !b"<>".contains(octet);
        let id = id.filter(|id| id.as_bytes().iter().all(plain));
        let id = id.and_then(|id| String::from_utf8(id.as_bytes().to_vec()).ok());
        (subject, id)
    }

    fn returned(&self) -> MimePart<'_> {
        match &self.original {
            Original::Header(octets) => {
                let kind = ContentType::new("text/rfc822-headers");
                MimePart::new(kind, octets.as_slice())
            }
            Original::Whole(octets) => {
                let encoding = match octets.is_ascii() {
                    true => "7bit",
                    false => "8bit",
                };
                MimePart::new("message/rfc822", octets.as_slice()).transfer_encoding(encoding)
            }
        }
    }
}
