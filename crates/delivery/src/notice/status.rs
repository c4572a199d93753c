//! The part of a report that programs read. RFC 3464.

use std::fmt::Write;

use jiff::tz::Offset;
use queue::{Recipient, Trouble};
use smtp::dsn::{EnvelopeId, OriginalRecipient};

use super::{Notice, Told};

/// Octets of a line of this part. RFC 5322 section 2.1.1 has 998 as the most.
const LINE_OCTETS: usize = 900;

impl Notice<'_> {
    pub(super) fn status(&self) -> String {
        let mut text = String::new();
        field(&mut text, "Reporting-MTA", &format!("dns; {}", self.host));
        let id = self.envelope_id.and_then(|id| id.parse().ok());
        if let Some(id) = id.as_ref().map(EnvelopeId::decoded) {
            field(&mut text, "Original-Envelope-Id", &id);
        }
        let received = message::date::format(self.received, Offset::UTC);
        field(&mut text, "Arrival-Date", &received);
        for (recipient, trouble) in self.of {
            text.push_str("\r\n");
            self.recipient(&mut text, recipient, trouble);
        }
        text
    }

    fn recipient(&self, text: &mut String, recipient: &Recipient, trouble: &Trouble) {
        let original = recipient.original.as_ref();
        let original = original.and_then(|who| who.parse::<OriginalRecipient>().ok());
        if let Some(who) = original {
            let who = format!("{}; {}", who.kind(), who.decoded());
            field(text, "Original-Recipient", &who);
        }
        let address = recipient.address.to_string();
        // RFC 6533 section 3 has a type for addresses that are not ASCII.
        let kind = if address.is_ascii() {
            "rfc822"
        } else {
            "utf-8"
        };
        field(text, "Final-Recipient", &format!("{kind}; {address}"));
        let action = match self.told {
            Told::Failed => "failed",
            Told::Delayed { .. } => "delayed",
            Told::Delivered => "delivered",
            Told::Relayed => "relayed",
        };
        field(text, "Action", action);
        field(text, "Status", &trouble.status.to_string());
        if let Some(host) = &trouble.host {
            field(text, "Remote-MTA", &format!("dns; {host}"));
            field(text, "Diagnostic-Code", &format!("smtp; {}", trouble.text));
        } else if !trouble.text.is_empty() {
            let words = trouble.text.as_str();
            field(text, "Diagnostic-Code", &format!("x-facteur; {words}"));
        }
        if let Told::Delayed { until } = self.told {
            let until = message::date::format(until, Offset::UTC);
            field(text, "Will-Retry-Until", &until);
        }
    }
}

/// Writes a field in one line of ASCII, whatever its value holds.
fn field(text: &mut String, name: &str, value: &str) {
    let mut line = format!("{name}: ");
    for character in value.chars() {
        if line.len() >= LINE_OCTETS {
            break;
        }
        match character {
            ' '..='~' => line.push(character),
            character if character.is_control() => line.push(' '),
            // As RFC 6533 section 3 writes such characters of an address.
            character => {
                let _ = write!(line, "\\x{{{:X}}}", u32::from(character));
            }
        }
    }
    text.push_str(&line);
    text.push_str("\r\n");
}
