//! COPY and MOVE. RFC 3501 section 6.4.7, RFC 4315 section 3, RFC 6851.

use super::core::Core;
use super::fetch::uids;
use super::job::{After, Broken, Job, Tell, Verdict};
use super::mailboxes::read_only;
use super::refusal::Asked;
use crate::codec::command::{By, MailboxName, Tag};
use crate::codec::write::{Code, Reply};
use crate::number::{SequenceSet, Uid, UidRun, UidValidity};
use crate::question::{Piece, Question};

pub(super) fn copy(
    core: &mut Core,
    tag: Tag,
    by: By,
    set: &SequenceSet,
    to: MailboxName,
    moving: bool,
) -> After {
    let uids = match uids(core, by, set) {
        Ok(uids) => uids,
        Err(reply) => return core.bad(Some(tag), reply),
    };
    if moving
        && core
            .selected()
            .is_none_or(|(selected, _)| selected.read_only)
    {
        return read_only(tag);
    }
    if uids.is_empty() {
        return After::Answer(tag, Reply::ok("None"), Tell::All);
    }
    let question = if moving {
        Question::Move { uids, to }
    } else {
        Question::Copy { uids, to }
    };
    let job = Copying {
        tag,
        moving,
        copied: Copied::default(),
        verdict: Verdict::default(),
    };
    After::ask(question, job)
}

struct Copying {
    tag: Tag,
    moving: bool,
    copied: Copied,
    verdict: Verdict,
}

/// What has arrived.
#[derive(Default)]
struct Copied {
    validity: Option<UidValidity>,
    from: UidRun,
    to: UidRun,
}

impl Copied {
    fn take(&mut self, validity: UidValidity, pairs: &[(Uid, Uid)]) {
        self.validity = Some(validity);
        for &(from, to) in pairs {
            self.from.push(from);
            self.to.push(to);
        }
    }

    fn code(self) -> Option<Code> {
        let validity = self.validity.filter(|_| !self.from.is_empty())?;
        Some(Code::CopyUid(validity, self.from, self.to))
    }
}

impl Job for Copying {
    fn piece(&mut self, core: &mut Core, piece: Piece) -> Result<(), Broken> {
        let Some(Piece::Copied { validity, pairs }) = self.verdict.take(piece) else {
            return Ok(());
        };
        if let Some((selected, _)) = core.selected().filter(|_| self.moving) {
            pairs
                .iter()
                .for_each(|&(from, _)| selected.view.vanish(from));
        }
        self.copied.take(validity, &pairs);
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        let (said, code) = (
            if self.moving { "Moved" } else { "Copied" },
            self.copied.code(),
        );
        let reply = match (self.verdict.refusal(), self.moving) {
            (Some(refusal), false) => return Ok(core.refuse(self.tag, refusal, Asked::File)),
            (refusal, true) => {
                // RFC 6851 section 4.3: told first, since the messages leave before the end.
                if let Some(code) = code {
                    core.write().untagged_ok(code, said);
                }
                match refusal {
                    None => Reply::ok(said),
                    Some(refusal) => match core.refuse(self.tag.clone(), refusal, Asked::File) {
                        After::Answer(_, reply, _) => reply,
                        other => return Ok(other),
                    },
                }
            }
            (None, false) => match code {
                Some(code) => Reply::ok(said).with(code),
                None => Reply::ok(said),
            },
        };
        Ok(After::Answer(self.tag, reply, Tell::All))
    }
}
