//! Reading a message as it streams in: where its parts are and what they say of
//! themselves.
//!
//! The scanner goes line by line. A line is plain (header or body of the innermost open
//! part), or it is the delimiter of an open multipart; which of the two is known from its
//! first octets, so long lines are never held. Of a header at most
//! [`HEADER_OCTETS`](crate::limits::HEADER_OCTETS) are kept until its blank line; of a
//! body, nothing.
//!
//! | file | what |
//! | --- | --- |
//! | `mod.rs` | bytes to lines |
//! | `tree.rs` | lines to parts: the stack of open parts |
//! | `frame.rs` | one open part |
//! | `delimiter.rs` | which boundary a line is |
//! | `header_line.rs` | whether a line belongs to a header |
//! | `beginning.rs` | whether a message begins with a header |
//! | `part_header.rs` | what a part's header says |
//! | `count.rs` | how many octets a body has once decoded |

mod beginning;
mod count;
mod delimiter;
mod frame;
mod header_line;
mod part_header;
mod tree;

#[cfg(test)]
mod tests;

use memchr::{memchr, memchr_iter};

use crate::{Envelope, Lineage, Senders, Structure};
pub(crate) use beginning::{Beginning, beginning};
use delimiter::Delimiter;
pub(crate) use header_line::{HeaderLine, classify, is_mbox_line};
use tree::{Place, Tree};

/// Octets of a line that decide what it is: `--`, the longest boundary, `--`. No more of a
/// line, or of lines that wait for the next, is ever held.
pub(crate) const HEAD_OCTETS: usize = crate::limits::BOUNDARY_OCTETS + 4;

/// Reads a message in pieces of any size and says what it is made of.
///
/// Any octets are a message, and how they are cut does not matter. Memory is bounded
/// whatever the size of the message: see [`crate::limits`].
#[derive(Debug)]
pub struct Scanner {
    tree: Tree,
    line: Line,
    /// Lines of a header that wait for the next: they may belong to it or begin the body.
    /// Empty when nothing waits.
    held: Vec<u8>,
    /// The place before the first octet that is neither in the tree nor passed over: that
    /// of the held lines, then that of the head of the line.
    at: Place,
    /// How long the line end just before that place is: it belongs to a delimiter that
    /// follows.
    end_before: u64,
    eight_bit: bool,
}

/// What a whole message turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// Octets of the message.
    pub size: u64,
    /// Its parts, with their places.
    pub structure: Structure,
    /// Its envelope.
    pub envelope: Envelope,
    /// Who it says it is from: for submission, which refuses a forged sender.
    pub senders: Senders,
    /// How many `Received` fields its header has: a hundred are a loop (RFC 5321
    /// section 6.3).
    pub received_fields: u32,
    /// Its header asks that it be sent even where TLS can't be had as is usual:
    /// `TLS-Required: No` (RFC 8689 section 3).
    pub tls_waived: bool,
    /// Whose hands it went through: its `Delivered-To` fields, at most
    /// [`crate::limits::DELIVERED_TO`] of them. An address that sends it on a second time is
    /// in a loop.
    pub delivered_to: Vec<Vec<u8>>,
    /// The fields of its header that [`crate::is_asked`] names, as [`crate::header_fields`]
    /// gives them; none when they are longer than [`crate::limits::ASKED_OCTETS`], or the
    /// header than is looked into.
    pub asked: Option<Vec<u8>>,
    /// What it is called, and which messages it follows: for its thread.
    pub lineage: Lineage,
    /// True when an octet over 127 is in it: it cannot go out without 8BITMIME
    /// (RFC 6152), nor, where that octet is in a header, without SMTPUTF8 (RFC 6531).
    pub eight_bit: bool,
}

/// The line that is being read.
#[derive(Debug, Default)]
struct Line {
    kind: Kind,
    /// The beginning of a line that is undecided.
    head: Vec<u8>,
    /// The place before it, once it is decided.
    start: Place,
    /// The last octet so far.
    last: u8,
}

#[derive(Clone, Copy, Debug, Default)]
enum Kind {
    /// Nothing of it was seen.
    #[default]
    New,
    /// What was seen of it, which is in the head, does not tell.
    Undecided,
    /// Header or body.
    Plain,
    /// It waits with those held.
    Held,
    /// A delimiter; the rest of its line is padding.
    Delimiter(Delimiter),
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// A scanner at the start of a message.
    pub fn new() -> Self {
        Self {
            tree: Tree::new(),
            line: Line::default(),
            held: Vec::new(),
            at: Place::default(),
            end_before: 0,
            eight_bit: false,
        }
    }

    /// Takes the next octets of the message, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.eight_bit |= !bytes.is_ascii();
        self.lines(bytes);
    }

    /// The message ends here.
    pub fn finish(mut self) -> Scanned {
        // The last line may begin a body, or the header of a message inside.
        while !self.held.is_empty() || matches!(self.line.kind, Kind::Undecided) {
            if matches!(self.line.kind, Kind::Undecided) {
                self.decide(true);
            } else {
                self.begin_body();
            }
        }
        if let Kind::Delimiter(delimiter) = self.line.kind {
            self.delimiter(delimiter);
        }
        let found = self.tree.finish(self.at);
        Scanned {
            size: self.at.offset,
            structure: Structure { root: found.root },
            envelope: found.envelope,
            senders: found.senders,
            received_fields: found.received_fields,
            tls_waived: found.tls_waived,
            delivered_to: found.delivered_to,
            asked: found.asked,
            lineage: found.lineage,
            eight_bit: self.eight_bit,
        }
    }

    fn lines(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.tree.is_settled() {
                return self.run(rest);
            }
            let room = HEAD_OCTETS.saturating_sub(self.line.head.len()).max(1);
            let window = rest.get(..room).unwrap_or(rest);
            // Only a line of which nothing is held may come in pieces beyond the window.
            let window = if self.is_free() { rest } else { window };
            let cut = memchr(b'\n', window).map_or(window.len(), |at| at + 1);
            let (piece, after) = rest.split_at_checked(cut).unwrap_or((rest, b""));
            self.piece(piece);
            rest = after;
        }
    }

    /// True when octets go where they belong at once.
    fn is_free(&self) -> bool {
        match self.line.kind {
            Kind::New => !self.tree.in_header() && !self.tree.has_boundary(),
            Kind::Undecided => false,
            Kind::Plain | Kind::Held | Kind::Delimiter(_) => true,
        }
    }

    /// Octets of a body that nothing can end but the end of the message.
    fn run(&mut self, bytes: &[u8]) {
        self.at.offset += bytes.len() as u64;
        self.at.line += memchr_iter(b'\n', bytes).count() as u64;
        self.tree.plain(bytes);
    }

    /// Octets of one line, its end included if it ends.
    fn piece(&mut self, piece: &[u8]) {
        if matches!(self.line.kind, Kind::New) {
            let may_delimit = self.tree.has_boundary() && piece.first() == Some(&b'-');
            if may_delimit || self.tree.in_header() {
                self.line.kind = Kind::Undecided;
            } else {
                self.begin(Kind::Plain);
            }
        }
        match self.line.kind {
            Kind::Undecided => {
                self.line.head.extend(piece);
                self.decide(self.line.head.len() >= HEAD_OCTETS || piece.ends_with(b"\n"));
            }
            Kind::Held => self.hold(piece),
            Kind::New | Kind::Plain | Kind::Delimiter(_) => self.pass(piece),
        }
    }

    /// The line that begins here is of this kind.
    fn begin(&mut self, kind: Kind) {
        self.line.kind = kind;
        self.line.start = self.at;
        self.line.last = 0;
    }

    /// Octets of a line whose kind is known.
    fn pass(&mut self, piece: &[u8]) {
        self.at.offset += piece.len() as u64;
        if matches!(self.line.kind, Kind::Plain) {
            self.tree.plain(piece);
        }
        let Some(text) = piece.strip_suffix(b"\n") else {
            self.line.last = piece.last().copied().unwrap_or(self.line.last);
            return;
        };
        let last = text.last().copied().unwrap_or(self.line.last);
        self.line_end(if last == b'\r' { 2 } else { 1 });
    }

    /// The line ends, with so many octets of line end.
    fn line_end(&mut self, length: u64) {
        self.at.line += 1;
        match self.line.kind {
            Kind::Delimiter(delimiter) => self.delimiter(delimiter),
            _ if self.line.start.offset + length == self.at.offset => self.tree.empty_line(self.at),
            _ => {}
        }
        self.line.kind = Kind::New;
        self.end_before = length;
    }

    /// A delimiter was read to the end of its line, or of the message.
    fn delimiter(&mut self, delimiter: Delimiter) {
        let line = self.line.start;
        let before = Place {
            offset: line.offset.saturating_sub(self.end_before),
            line: line.line.saturating_sub(self.end_before.min(1)),
        };
        self.tree.delimited(delimiter, before, line, self.at);
    }

    /// Decides what the line is, if enough of it was seen; `whole` says that no more of it
    /// will be looked at.
    fn decide(&mut self, whole: bool) {
        let dashes = self.line.head.starts_with(b"--");
        if !whole && (dashes || self.line.head == b"-") {
            return;
        }
        match self.tree.delimiter(&self.line.head) {
            Some(_) if !self.held.is_empty() => self.begin_body(),
            Some(delimiter) => self.pass_head(Kind::Delimiter(delimiter)),
            None if !self.tree.in_header() => self.pass_head(Kind::Plain),
            None => {
                if let Some(line) = classify(&self.line.head, whole) {
                    self.header_line(line);
                }
            }
        }
    }

    /// A line of a header that is no delimiter.
    fn header_line(&mut self, line: HeaderLine) {
        let waiting = !self.held.is_empty();
        match line {
            HeaderLine::Known => {
                self.release();
                self.pass_head(Kind::Plain);
            }
            HeaderLine::Odd
                if !waiting && self.tree.is_first_line() && is_mbox_line(&self.line.head) =>
            {
                self.pass_head(Kind::Plain);
            }
            HeaderLine::Odd => self.hold_head(),
            HeaderLine::Field | HeaderLine::Folded if waiting => self.hold_head(),
            HeaderLine::Empty if waiting => self.begin_body(),
            HeaderLine::Dashes => self.begin_body(),
            HeaderLine::Field | HeaderLine::Folded | HeaderLine::Empty => {
                self.pass_head(Kind::Plain);
            }
        }
    }

    /// The line is of this kind: passes on what was seen of it.
    fn pass_head(&mut self, kind: Kind) {
        let head = std::mem::take(&mut self.line.head);
        self.begin(kind);
        self.pass(&head);
        self.keep_room(head);
    }

    /// The line waits for the next.
    fn hold_head(&mut self) {
        let head = std::mem::take(&mut self.line.head);
        self.line.kind = Kind::Held;
        self.hold(&head);
        self.keep_room(head);
    }

    /// The head of the next line needs no new memory.
    fn keep_room(&mut self, mut head: Vec<u8>) {
        head.clear();
        if self.line.head.is_empty() {
            self.line.head = head;
        }
    }

    fn hold(&mut self, piece: &[u8]) {
        self.held.extend(piece);
        if self.held.len() > HEAD_OCTETS {
            self.begin_body();
        } else if piece.ends_with(b"\n") {
            self.line.kind = Kind::New;
        }
    }

    /// The lines that wait belong to the header after all.
    fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        for line in held.split_inclusive(|octet| *octet == b'\n') {
            self.begin(Kind::Plain);
            self.pass(line);
        }
    }

    /// The header has ended without an empty line, and the body begins with the lines that
    /// wait and the one that is read: they are read again as such.
    fn begin_body(&mut self) {
        let held = std::mem::take(&mut self.held);
        let head = std::mem::take(&mut self.line.head);
        self.line.kind = Kind::New;
        self.tree.header_without_end(self.at);
        self.lines(&held);
        self.lines(&head);
    }
}
