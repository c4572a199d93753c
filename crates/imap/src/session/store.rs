//! STORE. RFC 3501 section 6.4.6.

use super::core::Core;
use super::fetch::{tell, uids};
use super::job::{After, Broken, Job, Verdict};
use super::mailboxes::read_only;
use super::refusal::Asked;
use crate::codec::command::{By, FlagChange, Tag};
use crate::codec::write::Reply;
use crate::number::SequenceSet;
use crate::question::{Piece, Question};

pub(super) fn store(
    core: &mut Core,
    tag: Tag,
    by: By,
    set: &SequenceSet,
    change: FlagChange,
    silent: bool,
) -> After {
    let uids = match uids(core, by, set) {
        Ok(uids) => uids,
        Err(reply) => return core.bad(Some(tag), reply),
    };
    if core
        .selected()
        .is_none_or(|(selected, _)| selected.read_only)
    {
        return read_only(tag);
    }
    if uids.is_empty() {
        return After::Answer(tag, Reply::ok("None"), tell(by));
    }
    let question = Question::Store { uids, change };
    After::ask(
        question,
        Storing {
            tag,
            by,
            silent,
            verdict: Verdict::default(),
        },
    )
}

struct Storing {
    tag: Tag,
    by: By,
    /// The client knows what it asked for and wants not to be told.
    silent: bool,
    verdict: Verdict,
}

impl Job for Storing {
    fn piece(&mut self, core: &mut Core, piece: Piece) -> Result<(), Broken> {
        let Some(Piece::Flags { of, before }) = self.verdict.take(piece) else {
            return Ok(());
        };
        let Some((selected, out)) = core.selected() else {
            return Ok(());
        };
        let changed = before != of.modseq;
        // What another session did to the message before this change is hidden by it, and
        // is told now or never (RFC 3501 section 6.4.6).
        let hides = changed && selected.is_news(before);
        if changed {
            selected.made(of.modseq);
        }
        if !self.silent {
            selected.write_flags(out.write(), of.uid, &of.flags, self.by);
        } else if hides {
            selected.write_changed_flags(out.write(), of.uid, &of.flags);
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        Ok(match self.verdict.refusal() {
            Some(refusal) => core.refuse(self.tag, refusal, Asked::Other),
            None => After::Answer(self.tag, Reply::ok("Stored"), tell(self.by)),
        })
    }
}
