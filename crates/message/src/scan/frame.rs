//! One part whose end was not seen yet.

use super::count::Count;
use super::part_header::{Inside, PartHeader};
use super::tree::Place;
use crate::{Content, Enclosed, Envelope, Part};

#[derive(Debug)]
pub(super) struct Frame {
    start: u64,
    body: Place,
    /// Where the last child ended: never beyond our own end.
    reach: Place,
    header: PartHeader,
    /// The part is the outermost of a message: its header has an envelope.
    pub(super) is_message: bool,
    pub(super) envelope: Envelope,
    pub(super) state: State,
}

/// A part that is complete.
#[derive(Debug)]
pub(super) struct Done {
    /// What its header says, if it is the outermost part of a message.
    pub(super) envelope: Envelope,
    pub(super) part: Part,
    end: Place,
}

#[derive(Debug)]
pub(super) enum State {
    /// Its header is being read.
    Header,
    Leaf(Count),
    Multipart {
        boundary: Vec<u8>,
        /// The closing delimiter was seen: what follows is epilogue.
        closed: bool,
        digest: bool,
        children: Vec<Part>,
    },
    Message(Option<Box<Enclosed>>),
}

impl Frame {
    pub(super) fn new(start: u64, is_message: bool) -> Self {
        let here = Place {
            offset: start,
            line: 0,
        };
        Self {
            start,
            body: here,
            reach: here,
            header: PartHeader::default(),
            is_message,
            envelope: Envelope::default(),
            state: State::Header,
        }
    }

    pub(super) fn is_header(&self) -> bool {
        matches!(self.state, State::Header)
    }

    /// The boundary that lines are still to be compared with.
    pub(super) fn boundary(&self) -> Option<&[u8]> {
        match &self.state {
            State::Multipart {
                boundary,
                closed: false,
                ..
            } => Some(boundary),
            _ => None,
        }
    }

    pub(super) fn is_digest(&self) -> bool {
        matches!(self.state, State::Multipart { digest: true, .. })
    }

    pub(super) fn close(&mut self) {
        if let State::Multipart { closed, .. } = &mut self.state {
            *closed = true;
        }
    }

    /// The header was read; the body begins here.
    pub(super) fn begin_body(&mut self, body: Place, header: PartHeader, inside: Inside) {
        self.body = body;
        self.reach = body;
        self.state = match inside {
            Inside::Leaf => State::Leaf(Count::new(header.transfer())),
            Inside::Message => State::Message(None),
            Inside::Multipart { boundary, digest } => State::Multipart {
                boundary,
                closed: false,
                digest,
                children: Vec::new(),
            },
        };
        self.header = header;
    }

    /// A part inside this one is complete.
    pub(super) fn adopt(&mut self, done: Done) {
        self.reach = done.end;
        let Done { envelope, part, .. } = done;
        match &mut self.state {
            State::Multipart { children, .. } => children.push(part),
            State::Message(enclosed) => {
                let inside = Enclosed {
                    envelope,
                    root: part,
                };
                *enclosed = Some(Box::new(inside));
            }
            State::Header | State::Leaf(_) => {}
        }
    }

    /// The part ends here: at a delimiter, or with the message.
    pub(super) fn finish(mut self, end: Place, delimited: bool) -> Done {
        let end = if end.offset < self.reach.offset {
            self.reach
        } else {
            end
        };
        let octets = end.offset - self.body.offset;
        let (decoded, content) = match self.state {
            State::Leaf(count) => (count.finish(octets, delimited), Content::Leaf),
            State::Message(Some(enclosed)) => (octets, Content::Message(enclosed)),
            State::Multipart { children, .. } if !children.is_empty() => {
                (octets, Content::Multipart(children))
            }
            State::Header | State::Message(None) | State::Multipart { .. } => {
                self.header.make_text();
                (octets, Content::Leaf)
            }
        };
        let part = Part {
            start: self.start,
            body: self.body.offset,
            end: end.offset,
            lines: end.line.saturating_sub(self.body.line),
            decoded,
            media: self.header.media,
            encoding: self.header.encoding,
            id: self.header.id,
            description: self.header.description,
            md5: self.header.md5,
            disposition: self.header.disposition,
            language: self.header.language,
            location: self.header.location,
            content,
        };
        Done {
            envelope: self.envelope,
            part,
            end,
        }
    }
}
