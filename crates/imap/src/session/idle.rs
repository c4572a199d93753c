//! IDLE. RFC 2177.

use session::Moment;

use super::changes::{self, Then};
use super::core::Core;
use super::job::{After, Tell};
use crate::codec::command::Tag;
use crate::codec::frame::Line;
use crate::codec::write::Reply;
use crate::limits;

/// IDLE is on.
pub(super) struct Idling {
    tag: Tag,
    /// When the client hears the next sign of life.
    pub(super) still_here: Moment,
}

/// Longest line that ends IDLE, with room for a client that says something else.
pub(super) const DONE_LINE: usize = 64;

/// IDLE begins, and with what happened before.
pub(super) fn idle(core: &mut Core, now: Moment, tag: Tag) -> After {
    core.write().syntax("+ Waiting, say DONE").end_line();
    noticed(
        core,
        Idling {
            tag,
            still_here: now + limits::STILL_HERE,
        },
    )
}

/// Something happened.
pub(super) fn noticed(core: &mut Core, idling: Idling) -> After {
    match changes::ask(core, Tell::All, Then::Idle(idling)) {
        Ok(after) => after,
        Err(Then::Idle(idling)) => After::Idle(idling),
        Err(Then::Answer(tag, reply)) => After::Answer(tag, reply, Tell::Nothing),
    }
}

/// The client speaks.
pub(super) fn done(core: &mut Core, idling: Idling, line: &Line) -> After {
    match line {
        Line::Whole(line) if line.trim_ascii().eq_ignore_ascii_case(b"DONE") => {
            core.bad = 0;
            After::Answer(idling.tag, Reply::ok("No longer waiting"), Tell::All)
        }
        _ => core.bad(Some(idling.tag), Reply::bad("Expected DONE")),
    }
}

/// A sign of life.
pub(super) fn still_here(core: &mut Core, now: Moment, idling: &mut Idling) {
    core.write().syntax("* OK Still here").end_line();
    idling.still_here = now + limits::STILL_HERE;
}
