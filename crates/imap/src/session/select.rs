//! SELECT and EXAMINE. RFC 3501 sections 6.3.1 and 6.3.2.

use events::Refusal;

use super::core::{Core, Selected, State};
use super::job::{After, Broken, Job, Tell, Verdict};
use super::refusal::Asked;
use super::view::View;
use crate::codec::command::{MailboxName, Tag};
use crate::codec::write::{Code, Reply};
use crate::limits;
use crate::question::{Known, Opened, Piece, Question};

pub(super) fn select(core: &mut Core, tag: Tag, mailbox: MailboxName, read_only: bool) -> After {
    // Whatever comes of it, the mailbox that was open is not any more.
    core.state = State::Authenticated;
    let question = Question::Select { mailbox, read_only };
    After::ask(
        question,
        Selecting {
            tag,
            read_only,
            opened: None,
            verdict: Verdict::default(),
        },
    )
}

struct Selecting {
    tag: Tag,
    read_only: bool,
    opened: Option<(Opened, View)>,
    verdict: Verdict,
}

impl Job for Selecting {
    fn piece(&mut self, _: &mut Core, piece: Piece) -> Result<(), Broken> {
        match self.verdict.take(piece) {
            Some(Piece::Selected(opened)) => {
                let messages = usize::try_from(opened.messages).unwrap_or(limits::VIEW);
                let view = View::with_capacity(messages.min(limits::VIEW));
                self.opened = Some((opened, view));
            }
            Some(Piece::Uids(uids)) => {
                if let Some((opened, view)) = &mut self.opened {
                    for uid in uids {
                        view.add(uid, opened.recent_from.is_some_and(|from| from <= uid));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        let (opened, mut view) = match (self.verdict.refusal(), self.opened) {
            (None, Some(opened)) => opened,
            (refusal, _) => {
                return Ok(core.refuse(
                    self.tag,
                    refusal.unwrap_or(Refusal::Temporary),
                    Asked::Other,
                ));
            }
        };
        view.tell(true);
        if view.told() > limits::VIEW {
            let reply = Reply::no("That mailbox holds too many messages to be opened");
            return Ok(After::Answer(
                self.tag,
                reply.with(Code::Limit),
                Tell::Nothing,
            ));
        }
        describe(core, &opened, &view, self.read_only);
        let known = Known {
            modseq: opened.modseq,
            uid_next: opened.uid_next.get(),
        };
        let selected = Selected::new(self.read_only, view, known, opened.keywords);
        core.state = State::Selected(Box::new(selected));
        let reply = match self.read_only {
            true => Reply::ok("Opened to be read").with(Code::ReadOnly),
            false => Reply::ok("Opened").with(Code::ReadWrite),
        };
        Ok(After::Answer(self.tag, reply, Tell::Nothing))
    }
}

fn describe(core: &mut Core, opened: &Opened, view: &View, read_only: bool) {
    let to = core.write();
    to.mailbox_flags(&opened.keywords);
    let kept = if read_only {
        None
    } else {
        Some(opened.keywords.clone())
    };
    to.untagged_ok(Code::PermanentFlags(kept), "Flags that are kept");
    to.exists(view.told());
    to.recent(view.recent());
    if let Some(number) = opened.first_unseen.and_then(|uid| view.number(uid)) {
        to.untagged_ok(Code::Unseen(number), "First that was not read");
    }
    to.untagged_ok(Code::UidValidity(opened.validity), "UIDs are valid");
    to.untagged_ok(Code::UidNext(opened.uid_next.get()), "Next UID");
    to.untagged_ok(Code::MailboxId(opened.id.clone()), "Its name for ever");
}
