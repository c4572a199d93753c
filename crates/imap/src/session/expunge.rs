//! EXPUNGE and UID EXPUNGE. RFC 3501 section 6.4.3, RFC 4315 section 2.1.

use events::Event;

use super::core::Core;
use super::job::{After, Broken, Job, Tell, Verdict};
use super::mailboxes::read_only;
use super::refusal::Asked;
use crate::codec::command::Tag;
use crate::codec::write::Reply;
use crate::number::SequenceSet;
use crate::question::{Piece, Question};

pub(super) fn expunge(core: &mut Core, tag: Tag, only: Option<&SequenceSet>) -> After {
    let Some((selected, _)) = core.selected() else {
        return After::Nothing;
    };
    if selected.read_only {
        return read_only(tag);
    }
    let only = only.map(|set| selected.view.by_uid(set));
    if only.as_ref().is_some_and(crate::UidSet::is_empty) {
        return After::Answer(tag, Reply::ok("None"), Tell::All);
    }
    let job = Expunging {
        tag,
        removed: 0,
        verdict: Verdict::default(),
    };
    After::ask(Question::Expunge { only }, job)
}

struct Expunging {
    tag: Tag,
    removed: usize,
    verdict: Verdict,
}

impl Job for Expunging {
    fn piece(&mut self, core: &mut Core, piece: Piece) -> Result<(), Broken> {
        let Some(Piece::Expunged(uids)) = self.verdict.take(piece) else {
            return Ok(());
        };
        self.removed += uids.len();
        if let Some((selected, _)) = core.selected() {
            uids.into_iter().for_each(|uid| selected.view.vanish(uid));
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        note_removed(core, self.removed);
        let reply = match self.verdict.refusal() {
            None => Reply::ok("Expunged"),
            // What was removed before it went wrong is told all the same.
            Some(refusal) => match core.refuse(self.tag.clone(), refusal, Asked::Other) {
                After::Answer(_, reply, _) => reply,
                other => return Ok(other),
            },
        };
        Ok(After::Answer(self.tag, reply, Tell::All))
    }
}

pub(super) fn note_removed(core: &mut Core, messages: usize) {
    if messages > 0 {
        core.note(Event::Removed { messages });
    }
}
