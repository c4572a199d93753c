//! What a message says of the conversation that it belongs to. RFC 5322 section 3.6.4.

mod msg_id;

use std::collections::VecDeque;

use crate::limits::{FIRST_REFERENCES, IN_REPLY_TO_IDS, LAST_REFERENCES};
use crate::{Envelope, fields};

pub use msg_id::MsgId;
use msg_id::{Kind, msg_ids};

/// The name of a message, and those of the messages that it follows.
///
/// The names of one message's ancestors are kept in the order in which programs thread by
/// them: what it replies to first, then up to the message that began it all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// `Message-ID`; none where there is none that could be read.
    pub own: Option<MsgId>,
    /// `In-Reply-To` and `References`: the nearest first, none of them twice, none of them
    /// [`Lineage::own`]. At most [`FIRST_REFERENCES`], [`LAST_REFERENCES`] and
    /// [`IN_REPLY_TO_IDS`] together.
    pub ancestors: Vec<MsgId>,
}

impl Lineage {
    /// Reads it from an envelope and from the header that has the `References`: the whole
    /// header, or what is kept of it ([`crate::Scanned::asked`]).
    ///
    /// What `In-Reply-To` names comes before what `References` does, since that may end
    /// elsewhere where a program has cut it. An `In-Reply-To` with words in it, as programs
    /// once wrote it, may name an address too; there the first name counts, and only where
    /// there are no `References` (RFC 5256, REFERENCES).
    pub fn of(envelope: &Envelope, header: &[u8]) -> Lineage {
        let mut own = None;
        if let Some(text) = &envelope.message_id {
            msg_ids(text, |id| {
                own.get_or_insert(id);
            });
        }
        let references = references(header);
        let parents = match &envelope.in_reply_to {
            Some(text) => parents(text, references.is_empty()),
            None => Vec::new(),
        };
        let mut ancestors: Vec<MsgId> = Vec::new();
        for id in parents.into_iter().chain(references.into_iter().rev()) {
            if own.as_ref() != Some(&id) && !ancestors.contains(&id) {
                ancestors.push(id);
            }
        }
        Lineage { own, ancestors }
    }
}

/// What `In-Reply-To` names.
fn parents(text: &[u8], alone: bool) -> Vec<MsgId> {
    let mut ids = Vec::new();
    let kind = msg_ids(text, |id| {
        if ids.len() < IN_REPLY_TO_IDS {
            ids.push(id);
        }
    });
    if kind == Kind::Words {
        ids.truncate(usize::from(alone));
    }
    ids
}

/// What `References` names, in its order: of too many the first and the last.
fn references(header: &[u8]) -> Vec<MsgId> {
    let (mut first, mut last) = (Vec::new(), VecDeque::new());
    for field in fields(header).filter(|field| field.is("References")) {
        msg_ids(field.value, |id| {
            if first.len() < FIRST_REFERENCES {
                first.push(id);
                return;
            }
            if last.len() == LAST_REFERENCES {
                last.pop_front();
            }
            last.push_back(id);
        });
    }
    first.extend(last);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scanner;

    fn lineage(header: &str) -> (Option<String>, Vec<String>) {
        let mut scanner = Scanner::new();
        scanner.push(header.as_bytes());
        let lineage = scanner.finish().lineage;
        let text = |id: &MsgId| String::from_utf8_lossy(id.as_bytes()).into_owned();
        let ancestors = lineage.ancestors.iter().map(text).collect();
        (lineage.own.as_ref().map(text), ancestors)
    }

    #[test]
    fn a_reply_names_its_parent_first() {
        let (own, ancestors) = lineage(
            "Message-ID: <d@x>\r\nReferences: <a@x>\r\n <b@x> <c@x>\r\nIn-Reply-To: <c@x>\r\n\r\n",
        );
        assert_eq!(own.unwrap(), "d@x");
        assert_eq!(ancestors, ["c@x", "b@x", "a@x"]);
        assert_eq!(lineage("Subject: x\r\n\r\n"), (None, Vec::new()));
    }

    #[test]
    fn in_reply_to_stands_in_where_references_lack() {
        let ancestors = |header: &str| lineage(header).1;
        assert_eq!(ancestors("In-Reply-To: <a@x>\r\n\r\n"), ["a@x"]);
        assert_eq!(
            ancestors("In-Reply-To: <c@x>\r\nReferences: <a@x> <b@x>\r\n\r\n"),
            ["c@x", "b@x", "a@x"]
        );
        // The words of old programs, which may name the writer as well.
        let words = "In-Reply-To: Message of \"Mon, 1 <q@q>\" from joe <a@x> <joe@x>\r\n";
        assert_eq!(ancestors(&format!("{words}\r\n")), ["a@x"]);
        assert_eq!(
            ancestors(&format!("{words}References: <b@x>\r\n\r\n")),
            ["b@x"]
        );
    }

    #[test]
    fn nothing_is_named_twice_and_nobody_is_their_own_ancestor() {
        let (own, ancestors) = lineage(
            "Message-ID: <b@x>\r\nReferences: <a@x> <b@x> <a@x>\r\nReferences: <c@x>\r\n\r\n",
        );
        assert_eq!(own.unwrap(), "b@x");
        assert_eq!(ancestors, ["c@x", "a@x"]);
    }

    #[test]
    fn of_a_thousand_the_first_and_the_last_are_kept() {
        let many: String = (0..1000).map(|n| format!(" <{n}@x>\r\n")).collect();
        let (_, ancestors) = lineage(&format!("References:{many}\r\n"));
        assert_eq!(ancestors.len(), FIRST_REFERENCES + LAST_REFERENCES);
        assert_eq!(ancestors[0], "999@x");
        assert_eq!(ancestors.last().unwrap(), "0@x");
    }

    #[test]
    fn what_is_kept_beside_a_message_says_the_same() {
        let mut scanner = Scanner::new();
        scanner.push(b"X: y\r\nReferences: <a@x> <b@x>\r\nMessage-ID: <c@x>\r\n\r\nz");
        let scanned = scanner.finish();
        let again = Lineage::of(&scanned.envelope, &scanned.asked.unwrap());
        assert_eq!(again, scanned.lineage);
        assert_eq!(again.ancestors.len(), 2);
    }
}
