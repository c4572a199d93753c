//! Mail of others that leaves again, since an address here leads elsewhere: what was found
//! out about it is sealed on top (ARC), so that whoever gets it may believe us.
//!
//! It is read once more for that when it is in its place: only what leaves is, and only where
//! the operator wants it.

use dkim::{Chain, Read, Reading};
use events::{Finding, Refusal, Verdicts};
use memchr::memmem;
use message::trace::return_path;
use store::Incoming;
use trust::{SETS, findings};

use super::Answers;
use super::believing::bare;
use super::envelope::Envelope;
use crate::trouble;

/// The end of a header.
const END: &[u8] = b"\r\n\r\n";

impl Answers {
    /// The seal on a message that was judged, to be put on top of what leaves of it; none
    /// where nothing leaves, or where the chain that it has is not whole.
    pub(super) async fn seal(
        &self,
        envelope: &Envelope,
        incoming: &Incoming,
        verdicts: &Verdicts,
    ) -> Result<String, Refusal> {
        let Some(domain) = envelope.sends_on().filter(|_| self.service.believing.seals) else {
            return Ok(String::new());
        };
        let before = match verdicts.arc.finding {
            Finding::None => 0,
            Finding::Pass if verdicts.arc.sets < SETS => verdicts.arc.sets,
            _ => return Ok(String::new()),
        };
        let from = bare(&envelope.sender.path);
        let chain = Chain {
            before,
            results: findings(&self.service.host, verdicts, &from),
        };
        let read = self.read_again(envelope, incoming).await?;
        let sealed = self.service.directory.seal(domain, read, chain, self.now());
        sealed.await.map_err(trouble::of_directory)
    }

    /// What of a message is signed, as it leaves: behind our `Return-Path`.
    async fn read_again(&self, envelope: &Envelope, incoming: &Incoming) -> Result<Read, Refusal> {
        let top = return_path(&envelope.sender.path).len() as u64;
        let end = incoming.body.length();
        let mut reader = self.service.store.read(&incoming.body, top.min(end)..end);
        let mut split = Split::default();
        while let Some(piece) = reader.next().await {
            let piece = piece.map_err(|error| trouble::of_store(error.into()))?;
            split.push(&piece);
        }
        Ok(split.reading.finish())
    }
}

/// A message that streams by, its header apart from its body.
#[derive(Default)]
struct Split {
    reading: Reading,
    in_body: bool,
    /// The last octets of the header so far, where its end may begin.
    tail: Vec<u8>,
}

impl Split {
    fn push(&mut self, octets: &[u8]) {
        if self.in_body {
            return self.reading.body(octets);
        }
        let mut seen = std::mem::take(&mut self.tail);
        let known = seen.len();
        seen.extend_from_slice(octets);
        let end = memmem::find(&seen, END).map(|at| at + END.len() - known);
        let (header, body) = octets
            .split_at_checked(end.unwrap_or(octets.len()))
            .unwrap_or((octets, &[]));
        self.reading.header(header);
        if end.is_some() {
            self.in_body = true;
            return self.reading.body(body);
        }
        self.tail = seen.split_off(seen.len().saturating_sub(END.len() - 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_it_is_cut_the_header_ends_where_it_ends() {
        for message in [
            "A: b\r\n\r\nbody\r\n\r\nmore\r\n",
            "A: b\r\n",
            "A: b\r\n\r\n",
        ] {
            let whole = Read::of(message.as_bytes());
            for size in 1..=message.len() {
                let mut split = Split::default();
                message
                    .as_bytes()
                    .chunks(size)
                    .for_each(|piece| split.push(piece));
                assert_eq!(split.reading.finish(), whole, "{message:?} {size}");
            }
        }
    }
}
