//! A submission as it streams by: its header is put in order, and what leaves for elsewhere
//! is read to be signed.

use std::borrow::Cow;

use address::Domain;
use directory::Directory;
use dkim::{Read, Reading};
use events::Refusal;
use jiff::Timestamp;
use journal::Sample;
use message::{Additions, HeaderText, Ordered, Scanned, SenderField, Senders, Submitted};

use crate::trouble;

/// Octets that are kept of a field of a message of which a sample is.
const SAMPLE_OCTETS: usize = 200;

/// A submission that is coming in.
pub(super) struct Submission {
    order: Submitted,
    /// None where nobody elsewhere gets it: nothing need be signed then.
    reading: Option<Reading>,
}

impl Submission {
    /// One of which nothing has come; whether it leaves is known before it comes.
    pub(super) fn new(additions: Additions, leaves: bool) -> Submission {
        Submission {
            order: Submitted::new(additions),
            reading: leaves.then(Reading::new),
        }
    }

    /// The next octets of the message, as they are kept and leave.
    pub(super) fn push<'a>(&mut self, octets: &'a [u8]) -> Cow<'a, [u8]> {
        if self.order.is_in_body() {
            if let Some(reading) = &mut self.reading {
                reading.body(octets);
            }
            return octets.into();
        }
        let ordered = self.order.push(octets);
        read(&mut self.reading, ordered).into()
    }

    /// The last octets, and what is signed of the message.
    pub(super) fn finish(mut self) -> (Vec<u8>, Option<Read>) {
        let last = read(&mut self.reading, self.order.finish());
        (last, self.reading.map(Reading::finish))
    }
}

/// Takes note of octets that leave, and gives them.
fn read(reading: &mut Option<Reading>, ordered: Ordered) -> Vec<u8> {
    if let Some(reading) = reading {
        reading.header(&ordered.header);
        reading.body(&ordered.body);
    }
    let mut octets = ordered.header;
    octets.extend(ordered.body);
    octets
}

/// The signatures of a submission whose senders were found to be the account's own. The
/// domain of its author signs, since that is the one that others look for (RFC 7489 section
/// 3.1); of several authors, the first.
pub(super) async fn sign(
    directory: &Directory,
    senders: &Senders,
    message: Read,
    now: Timestamp,
) -> Result<String, Refusal> {
    let Some(domain) = author(senders) else {
        return Ok(String::new());
    };
    if message.header.is_none() {
        tracing::warn!(%domain, "a message has a header so long that it leaves unsigned");
    }
    let signed = directory.sign(domain, message, now).await;
    signed.map_err(trouble::of_directory)
}

/// What a message says of itself, for whoever has to judge later what was sent.
pub(super) fn sample(scanned: &Scanned) -> Sample {
    let text = |field: Option<&HeaderText>| {
        let text = field.map(|field| String::from_utf8_lossy(field).into_owned());
        cut(text.unwrap_or_default())
    };
    let senders = &scanned.senders.found;
    let from = senders
        .iter()
        .find(|sender| sender.field == SenderField::From);
    let from = from.map(|sender| match &sender.who {
        Ok(address) => address.to_string(),
        Err(text) => text.clone(),
    });
    Sample {
        from: cut(from.unwrap_or_default()),
        subject: text(scanned.envelope.subject.as_ref()),
        message_id: text(scanned.envelope.message_id.as_ref()),
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(SAMPLE_OCTETS));
    text
}

fn author(senders: &Senders) -> Option<&Domain> {
    let from = |sender: &&message::Sender| sender.field == SenderField::From && !sender.in_name;
    let first = senders.found.iter().find(from)?;
    first.who.as_ref().ok().map(address::Address::domain)
}
