//! FETCH. RFC 3501 sections 6.4.5 and 7.4.2.
//!
//! The answer passes through in pieces: the session writes the lines and the sizes of
//! literals, and hands octets on as they come. What it has announced it must send to the
//! last octet; where the answer does not hold that much, the connection ends.

use bytes::Bytes;
use events::Event;

use super::core::{Core, Selected};
use super::job::{After, Broken, Job, Tell, Verdict};
use super::refusal::Asked;
use crate::codec::command::{By, Tag};
use crate::codec::fetch::{BodySection, FetchItem};
use crate::codec::write::{Code, Reply, Writer};
use crate::number::{SequenceSet, UidSet};
use crate::question::{Fetch, Message, Piece, Question};

pub(super) fn fetch(
    core: &mut Core,
    tag: Tag,
    by: By,
    set: &SequenceSet,
    items: Vec<FetchItem>,
) -> After {
    let uids = match uids(core, by, set) {
        Ok(uids) => uids,
        Err(reply) => return core.bad(Some(tag), reply),
    };
    let Some((selected, _)) = core.selected() else {
        return After::Nothing;
    };
    if uids.is_empty() {
        return After::Answer(tag, Reply::ok("None"), tell(by));
    }
    let missing = selected.view.count(&uids);
    let mut wanted = wanted(uids, &items, selected.read_only);
    if selected.view.is_told() {
        wanted.told = selected.known.modseq;
    }
    let question = Question::Fetch(wanted);
    let (sections, items) = split(items);
    let job = Fetching {
        tag,
        by,
        items,
        sections,
        current: None,
        missing,
        octets: 0,
        verdict: Verdict::default(),
    };
    After::ask(question, job)
}

/// The messages that a command means, or why it is bad.
pub(super) fn uids(core: &mut Core, by: By, set: &SequenceSet) -> Result<UidSet, Reply> {
    let Some((selected, _)) = core.selected() else {
        return Ok(UidSet::default());
    };
    match by {
        By::Uid => Ok(selected.view.by_uid(set)),
        By::Sequence => selected
            .view
            .by_sequence(set)
            .map_err(|_| Reply::bad("There is no message of that number")),
    }
}

/// What may be told at the end of a command that speaks in numbers or in UIDs. RFC 3501
/// section 7.4.1.
pub(super) fn tell(by: By) -> Tell {
    match by {
        By::Uid => Tell::All,
        By::Sequence => Tell::NoExpunges,
    }
}

fn wanted(uids: UidSet, items: &[FetchItem], read_only: bool) -> Fetch {
    let mut fetch = Fetch {
        uids,
        ..Fetch::default()
    };
    for item in items {
        match item {
            FetchItem::Uid => {}
            FetchItem::Flags => fetch.flags = true,
            FetchItem::InternalDate => fetch.date = true,
            FetchItem::Rfc822Size => fetch.size = true,
            FetchItem::Envelope => fetch.envelope = true,
            FetchItem::Body | FetchItem::BodyStructure => fetch.structure = true,
            FetchItem::EmailId => fetch.email_id = true,
            FetchItem::ThreadId => fetch.thread_id = true,
            FetchItem::Section(section) => {
                fetch.mark_seen |= !section.peek && !read_only;
                fetch.sections.push(section.section.clone());
            }
        }
    }
    fetch
}

fn split(items: Vec<FetchItem>) -> (Vec<BodySection>, Vec<FetchItem>) {
    let (mut sections, mut others) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            FetchItem::Section(section) => sections.push(section),
            other => others.push(other),
        }
    }
    (sections, others)
}

struct Fetching {
    tag: Tag,
    by: By,
    /// What is told at once.
    items: Vec<FetchItem>,
    /// What follows in pieces.
    sections: Vec<BodySection>,
    current: Option<Current>,
    /// Messages that have not come yet.
    missing: usize,
    /// Octets of sections that were sent.
    octets: u64,
    verdict: Verdict,
}

/// The message that is being told.
struct Current {
    /// The client knows of it. If not, nothing is said.
    shown: bool,
    /// Something stands in its line, so that a space must follow.
    written: bool,
    /// How many of its sections have begun.
    begun: usize,
    /// Octets of the section that are still to come.
    remaining: u64,
}

impl Job for Fetching {
    fn piece(&mut self, core: &mut Core, piece: Piece) -> Result<(), Broken> {
        match self.verdict.take(piece) {
            Some(Piece::Message(message)) => self.message(core, &message),
            Some(Piece::Body(size)) => self.body(core, Some(size)),
            Some(Piece::NoBody) => self.body(core, None),
            Some(Piece::Chunk(octets)) => self.chunk(core, octets),
            _ => Ok(()),
        }
    }

    fn end(mut self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        self.finish_message(core)?;
        if self.octets > 0 {
            core.note(Event::Read {
                octets: self.octets,
            });
        }
        if let Some(refusal) = self.verdict.refusal() {
            return Ok(core.refuse(self.tag, refusal, Asked::Other));
        }
        // RFC 2180 section 4.1.2: what was there is told, and that some was not.
        let reply = if self.missing > 0 && self.by == By::Sequence {
            Reply::no("Some of those messages are gone").with(Code::ExpungeIssued)
        } else {
            Reply::ok("Fetched")
        };
        Ok(After::Answer(self.tag, reply, tell(self.by)))
    }

    fn between_lines(&self) -> bool {
        self.current.is_none()
    }
}

impl Fetching {
    fn message(&mut self, core: &mut Core, message: &Message) -> Result<(), Broken> {
        self.finish_message(core)?;
        let Some((selected, out)) = core.selected() else {
            return Ok(());
        };
        if let Some(change) = message.marked {
            selected.made(change);
        }
        let number = selected.view.number(message.uid);
        let mut written = false;
        if let Some(number) = number {
            self.missing = self.missing.saturating_sub(1);
            if let Some(flags) = &message.flags {
                selected.name_keywords(out.write(), flags);
            }
            written = self.write_items(out.write().begin_fetch(number), selected, message);
        }
        self.current = Some(Current {
            shown: number.is_some(),
            written,
            begun: 0,
            remaining: 0,
        });
        Ok(())
    }

    /// Writes what is told at once; false when that is nothing.
    fn write_items(&self, to: &mut Writer, selected: &Selected, message: &Message) -> bool {
        let mut space = "";
        if self.by == By::Uid || self.items.contains(&FetchItem::Uid) {
            to.syntax("UID ").number(message.uid.get());
            space = " ";
        }
        let asked = self.items.contains(&FetchItem::Flags);
        if let Some(flags) = message
            .flags
            .as_ref()
            .filter(|_| asked || message.marked.is_some())
        {
            to.syntax(space)
                .message_flags(flags, selected.view.is_recent(message.uid));
            space = " ";
        }
        for item in &self.items {
            if write_item(to, space, item, message) {
                space = " ";
            }
        }
        !space.is_empty()
    }

    /// A section begins; `None` is one that is not there.
    fn body(&mut self, core: &mut Core, size: Option<u64>) -> Result<(), Broken> {
        let Some(current) = &mut self.current else {
            return Err(Broken);
        };
        if current.remaining > 0 {
            return Err(Broken);
        }
        let section = self.sections.get(current.begun).ok_or(Broken)?;
        current.begun += 1;
        current.remaining = size.unwrap_or(0);
        if !current.shown {
            return Ok(());
        }
        let space = if std::mem::replace(&mut current.written, true) {
            " "
        } else {
            ""
        };
        begin_section(core.write(), space, section, size);
        Ok(())
    }

    fn chunk(&mut self, core: &mut Core, octets: Bytes) -> Result<(), Broken> {
        let Some(current) = &mut self.current else {
            return Err(Broken);
        };
        let length = octets.len() as u64;
        current.remaining = current.remaining.checked_sub(length).ok_or(Broken)?;
        if current.shown {
            self.octets += length;
            core.out.send(octets);
        }
        Ok(())
    }

    /// Ends the line of the message that was being told.
    fn finish_message(&mut self, core: &mut Core) -> Result<(), Broken> {
        let Some(current) = self.current.take() else {
            return Ok(());
        };
        if current.remaining > 0 || current.begun < self.sections.len() {
            return Err(Broken);
        }
        if current.shown {
            core.write().syntax(")").end_line();
        }
        Ok(())
    }
}

fn begin_section(to: &mut Writer, space: &'static str, section: &BodySection, size: Option<u64>) {
    to.syntax(space).section_name(section).syntax(" ");
    match size {
        None => to.syntax("NIL"),
        Some(0) => to.syntax("\"\""),
        Some(size) => to.literal_size(size),
    };
}

/// Writes an item that is neither UID nor FLAGS; false when there is nothing to write.
fn write_item(to: &mut Writer, space: &'static str, item: &FetchItem, message: &Message) -> bool {
    match (item, message) {
        (
            FetchItem::InternalDate,
            Message {
                date: Some(date), ..
            },
        ) => {
            to.syntax(space)
                .syntax("INTERNALDATE ")
                .string(date.write().as_bytes());
        }
        (
            FetchItem::Rfc822Size,
            Message {
                size: Some(size), ..
            },
        ) => {
            to.syntax(space).syntax("RFC822.SIZE ").number(*size);
        }
        (
            FetchItem::Envelope,
            Message {
                envelope: Some(envelope),
                ..
            },
        ) => {
            to.syntax(space).syntax("ENVELOPE ").envelope(envelope);
        }
        (
            FetchItem::Body,
            Message {
                structure: Some(structure),
                ..
            },
        ) => {
            to.syntax(space).syntax("BODY ").body(structure);
        }
        (
            FetchItem::BodyStructure,
            Message {
                structure: Some(structure),
                ..
            },
        ) => {
            to.syntax(space)
                .syntax("BODYSTRUCTURE ")
                .body_structure(structure);
        }
        (
            FetchItem::EmailId,
            Message {
                email_id: Some(id), ..
            },
        ) => {
            to.syntax(space).object("EMAILID", id);
        }
        (
            FetchItem::ThreadId,
            Message {
                thread_id: Some(id),
                ..
            },
        ) => {
            to.syntax(space).object("THREADID", id);
        }
        _ => return false,
    }
    true
}
