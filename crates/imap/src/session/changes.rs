//! Telling the client what happened in its mailbox. RFC 9051 sections 5.2 and 7.5.1.

use events::Refusal;

use super::core::Core;
use super::idle::Idling;
use super::job::{After, Broken, Job, Tell};
use crate::codec::command::Tag;
use crate::codec::write::Reply;
use crate::question::{Changes, Piece, Question};

/// What the telling was for.
pub(super) enum Then {
    /// A command ends with this.
    Answer(Tag, Reply),
    /// IDLE goes on.
    Idle(Idling),
}

/// Has the changes of the selected mailbox asked for; gives `then` back where there is
/// no mailbox.
pub(super) fn ask(core: &mut Core, tell: Tell, then: Then) -> Result<After, Then> {
    match (core.selected(), tell) {
        (None, _) | (_, Tell::Nothing) => Err(then),
        (Some((selected, _)), tell) => {
            let question = Question::Changes(selected.known);
            Ok(After::ask(
                question,
                Telling {
                    expunges: tell == Tell::All,
                    then,
                    gone: false,
                },
            ))
        }
    }
}

struct Telling {
    expunges: bool,
    then: Then,
    /// The mailbox itself is no more.
    gone: bool,
}

impl Job for Telling {
    fn piece(&mut self, core: &mut Core, piece: Piece) -> Result<(), Broken> {
        match piece {
            Piece::Changes(changes) => note(core, changes),
            Piece::Refused {
                refusal: Refusal::NoSuchMailbox,
                ..
            } => self.gone = true,
            // A failure here is none of the command's: the next one asks again.
            _ => {}
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        if let Some((selected, out)) = core.selected() {
            selected.tell(out, self.expunges);
        }
        Ok(match (self.then, self.gone) {
            (Then::Answer(tag, reply), false) => After::Answer(tag, reply, Tell::Nothing),
            (Then::Idle(idling), false) => After::Idle(idling),
            (Then::Answer(tag, reply), true) => After::Leave(Some((tag, reply)), DELETED),
            (Then::Idle(_), true) => After::Leave(None, DELETED),
        })
    }
}

const DELETED: &str = "The selected mailbox was deleted";

fn note(core: &mut Core, changes: Changes) {
    let Some((selected, out)) = core.selected() else {
        return;
    };
    for new in changes.new {
        selected.view.add(new.uid, new.recent);
    }
    selected.view.vanish_all(&changes.vanished);
    for of in changes.changed {
        // Of a message that the client does not know of nothing is written.
        if !selected.is_own(of.modseq) {
            selected.write_changed_flags(out.write(), of.uid, &of.flags);
        }
    }
    if let Some(known) = changes.known {
        selected.know(known);
    }
}
