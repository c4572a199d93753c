//! The parts that are open while a message is read, and those that are complete.

use super::delimiter::{self, Delimiter};
use super::frame::{Frame, State};
use super::part_header::{Inside, PartHeader, Surroundings};
use crate::asked::asked;
use crate::header::budget::Budget;
use crate::limits::{DELIVERED_TO, DELIVERED_TO_OCTETS, HEADER_OCTETS, NESTING, PARTS};
use crate::{Envelope, Lineage, Part, Senders, fields, senders};

/// A place in the message: how many octets and how many line ends are before it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) line: u64,
}

/// What was found when the message has ended.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) root: Part,
    pub(super) envelope: Envelope,
    pub(super) senders: Senders,
    pub(super) received_fields: u32,
    pub(super) tls_waived: bool,
    pub(super) delivered_to: Vec<Vec<u8>>,
    pub(super) asked: Option<Vec<u8>>,
    pub(super) lineage: Lineage,
}

/// The stack of open parts, outermost first; never empty.
#[derive(Debug)]
pub(super) struct Tree {
    innermost: Frame,
    outer: Vec<Frame>,
    /// The header that the innermost part is in.
    header: Vec<u8>,
    /// There may be more of that header than was kept.
    header_cut: bool,
    parts: usize,
    budget: Budget,
    senders: Senders,
    received_fields: u32,
    tls_waived: bool,
    delivered_to: Vec<Vec<u8>>,
    asked: Option<Vec<u8>>,
    lineage: Lineage,
    has_boundary: bool,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self {
            innermost: Frame::new(0, true),
            outer: Vec::new(),
            header: Vec::new(),
            header_cut: false,
            parts: 1,
            budget: Budget::new(),
            senders: Senders::default(),
            received_fields: 0,
            tls_waived: false,
            delivered_to: Vec::new(),
            asked: None,
            lineage: Lineage::default(),
            has_boundary: false,
        }
    }

    /// True when a line may be a delimiter.
    pub(super) fn has_boundary(&self) -> bool {
        self.has_boundary
    }

    /// True when nothing can end the part that is open but the end of the message.
    pub(super) fn is_settled(&self) -> bool {
        !self.has_boundary && !self.innermost.is_header()
    }

    /// The delimiter that a line beginning like this is.
    pub(super) fn delimiter(&self, head: &[u8]) -> Option<Delimiter> {
        if !head.starts_with(b"--") {
            return None;
        }
        let frames = self.outer.iter().chain([&self.innermost]).enumerate();
        let boundaries: Vec<_> = frames
            .filter_map(|(depth, frame)| Some((depth, frame.boundary()?)))
            .collect();
        delimiter::find(head, boundaries.into_iter())
    }

    /// Octets that are no delimiter: header or body of the innermost part.
    pub(super) fn plain(&mut self, bytes: &[u8]) {
        match &mut self.innermost.state {
            State::Header => {
                let room = HEADER_OCTETS - self.header.len().min(HEADER_OCTETS);
                self.header_cut |= bytes.len() > room;
                self.header.extend(bytes.get(..room).unwrap_or(bytes));
            }
            State::Leaf(count) => count.push(bytes),
            // Preamble or epilogue.
            State::Multipart { .. } | State::Message(_) => {}
        }
    }

    /// True while the header of the innermost part is read.
    pub(super) fn in_header(&self) -> bool {
        self.innermost.is_header()
    }

    /// True when nothing of that header was read.
    pub(super) fn is_first_line(&self) -> bool {
        self.in_header() && self.header.is_empty()
    }

    /// An empty line was read; `after` is the place behind it.
    pub(super) fn empty_line(&mut self, after: Place) {
        if self.in_header() {
            self.end_header(after);
        }
    }

    /// The header has ended where an empty line should be, but is not.
    pub(super) fn header_without_end(&mut self, here: Place) {
        // Somebody else may read on, and see other fields.
        self.header_cut = true;
        self.end_header(here);
    }

    /// A delimiter line was read, from `line` to `after`; `before` is the place before the
    /// line end that belongs to it.
    pub(super) fn delimited(
        &mut self,
        delimiter: Delimiter,
        before: Place,
        line: Place,
        after: Place,
    ) {
        self.close_inside(delimiter.depth, before, line, true);
        if delimiter.closing {
            self.innermost.close();
        } else {
            self.open(Frame::new(after.offset, false));
        }
        self.watch();
    }

    /// The message ends here.
    pub(super) fn finish(mut self, end: Place) -> Found {
        self.close_inside(0, end, end, false);
        if self.innermost.is_header() {
            self.end_header(end);
            self.close_inside(0, end, end, false);
        }
        let done = self.innermost.finish(end, false);
        Found {
            root: done.part,
            envelope: done.envelope,
            senders: self.senders,
            received_fields: self.received_fields,
            tls_waived: self.tls_waived,
            delivered_to: self.delivered_to,
            asked: self.asked,
            lineage: self.lineage,
        }
    }

    fn open(&mut self, frame: Frame) {
        self.parts += 1;
        let outer = std::mem::replace(&mut self.innermost, frame);
        self.outer.push(outer);
    }

    /// Closes every part inside the one at this depth. A header that has not ended ends
    /// with its last whole line, at `line`.
    fn close_inside(&mut self, depth: usize, end: Place, line: Place, delimited: bool) {
        while self.outer.len() > depth {
            if self.innermost.is_header() {
                self.end_header(line);
                continue;
            }
            let Some(outer) = self.outer.pop() else {
                return;
            };
            let inner = std::mem::replace(&mut self.innermost, outer);
            self.innermost.adopt(inner.finish(end, delimited));
        }
    }

    /// The header of the innermost part has ended, and its body begins here.
    fn end_header(&mut self, body: Place) {
        let around = Surroundings {
            in_digest: !self.innermost.is_message
                && self.outer.last().is_some_and(Frame::is_digest),
            // Room for the part inside, too.
            may_nest: self.parts < PARTS && self.outer.len() + 1 < NESTING,
        };
        let (header, inside) = PartHeader::read(&self.header, around, &mut self.budget);
        if self.innermost.is_message {
            self.innermost.envelope = Envelope::read(&self.header, &mut self.budget);
        }
        if self.outer.is_empty() {
            self.whole_message();
        }
        self.header.clear();
        self.header_cut = false;
        let is_message = inside == Inside::Message;
        self.innermost.begin_body(body, header, inside);
        if is_message {
            self.open(Frame::new(body.offset, true));
        }
        self.watch();
    }

    /// Reads what is told of the outermost header only.
    fn whole_message(&mut self) {
        self.senders = senders(&self.header);
        if self.header_cut {
            self.senders.header_was_cut();
        } else {
            self.asked = asked(&self.header);
        }
        self.lineage = Lineage::of(&self.innermost.envelope, &self.header);
        let received = fields(&self.header)
            .filter(|field| field.is("Received"))
            .count();
        self.received_fields = u32::try_from(received).unwrap_or(u32::MAX);
        self.tls_waived = is_waived(&self.header);
        let delivered = fields(&self.header).filter(|field| field.is("Delivered-To"));
        self.delivered_to = delivered
            .take(DELIVERED_TO)
            .filter(|field| field.value.len() <= DELIVERED_TO_OCTETS)
            .map(|field| field.value.trim_ascii().to_vec())
            .collect();
    }

    /// Whether there is a boundary to look for. With no room for another part there is
    /// none: the rest belongs to the part that is open.
    fn watch(&mut self) {
        let mut frames = self.outer.iter().chain([&self.innermost]);
        self.has_boundary = self.parts < PARTS && frames.any(|frame| frame.boundary().is_some());
    }
}

/// RFC 8689 section 3: the field is there once at most, and `No` is all that it can say.
fn is_waived(header: &[u8]) -> bool {
    let mut found = fields(header).filter(|field| field.is("TLS-Required"));
    match (found.next(), found.next()) {
        (Some(field), None) => field.value.trim_ascii().eq_ignore_ascii_case(b"no"),
        _ => false,
    }
}
