//! What the session has to say and to have done, in order.

use std::collections::VecDeque;

use bytes::Bytes;
use session::Step;

use crate::codec::write::Writer;
use crate::question::Question;

/// Steps on their way out, and the answers that were written since the last of them.
#[derive(Default)]
pub(super) struct Output {
    /// Answers after all that is in `due`.
    writer: Writer,
    due: VecDeque<Due>,
}

enum Due {
    Step(Step<Question>),
    /// A long run of lines that are made as they go out, so that they cost no memory.
    Run(Box<dyn Iterator<Item = Bytes> + Send>),
}

impl Output {
    /// Where answers are written.
    pub(super) fn write(&mut self) -> &mut Writer {
        &mut self.writer
    }

    /// Octets as they are, after what was written.
    pub(super) fn send(&mut self, octets: Bytes) {
        if !octets.is_empty() {
            self.step(Step::Send(octets));
        }
    }

    pub(super) fn step(&mut self, step: Step<Question>) {
        self.settle();
        self.due.push_back(Due::Step(step));
    }

    pub(super) fn run(&mut self, lines: impl Iterator<Item = Bytes> + Send + 'static) {
        self.settle();
        self.due.push_back(Due::Run(Box::new(lines)));
    }

    fn settle(&mut self) {
        if !self.writer.is_empty() {
            let text = Bytes::from(self.writer.take());
            self.due.push_back(Due::Step(Step::Send(text)));
        }
    }

    /// Forgets what has not gone out yet.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn next(&mut self) -> Option<Step<Question>> {
        self.settle();
        loop {
            match self.due.pop_front()? {
                Due::Step(step) => return Some(step),
                Due::Run(mut lines) => {
                    if let Some(octets) = lines.next() {
                        self.due.push_front(Due::Run(lines));
                        return Some(Step::Send(octets));
                    }
                }
            }
        }
    }
}

/// Makes pieces of at most about [`crate::limits::PIECE`] of what a function writes for
/// one thing after another.
pub(super) fn pieces<T>(
    things: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut Writer, T),
) -> impl Iterator<Item = Bytes> {
    let mut things = things.fuse();
    std::iter::from_fn(move || {
        let mut writer = Writer::default();
        for thing in things.by_ref() {
            write(&mut writer, thing);
            if writer.len() >= crate::limits::PIECE {
                break;
            }
        }
        (!writer.is_empty()).then(|| Bytes::from(writer.take()))
    })
}
