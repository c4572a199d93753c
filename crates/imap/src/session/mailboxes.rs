//! Commands about whole mailboxes that one question answers. RFC 9051 section 6.3.

use super::core::{Core, State};
use super::job::{After, Broken, Job, Tell, Verdict};
use super::refusal::Asked;
use crate::codec::command::{MailboxName, StatusItem, Tag};
use crate::codec::object::ObjectId;
use crate::codec::write::{Code, Reply};
use crate::question::{Piece, Question, Status};

/// DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE: done, or not.
pub(super) fn change(tag: Tag, question: Question, said: &'static str) -> After {
    let job = Changing {
        tag,
        said,
        deselects: false,
        verdict: Verdict::default(),
    };
    After::ask(question, job)
}

/// CREATE, which tells the name for ever of what it made (RFC 8474 section 4.1).
pub(super) fn create(tag: Tag, mailbox: MailboxName) -> After {
    let job = Creating {
        tag,
        made: None,
        verdict: Verdict::default(),
    };
    After::ask(Question::Create(created(mailbox)), job)
}

struct Creating {
    tag: Tag,
    made: Option<ObjectId>,
    verdict: Verdict,
}

impl Job for Creating {
    fn piece(&mut self, _: &mut Core, piece: Piece) -> Result<(), Broken> {
        if let Some(Piece::Created(id)) = self.verdict.take(piece) {
            self.made = Some(id);
            self.verdict.done();
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        let Some(id) = self.made else {
            let refusal = self.verdict.refusal().unwrap_or(events::Refusal::Temporary);
            return Ok(core.refuse(self.tag, refusal, Asked::Other));
        };
        let reply = Reply::ok("Created").with(Code::MailboxId(id));
        Ok(After::Answer(self.tag, reply, Tell::All))
    }
}

/// The name that CREATE means: a separator at its end only says that mailboxes will be
/// below it (RFC 9051 section 6.3.4).
fn created(mailbox: MailboxName) -> MailboxName {
    match mailbox.as_str().strip_suffix('/') {
        Some(name) => MailboxName::new(name),
        None => mailbox,
    }
}

struct Changing {
    tag: Tag,
    said: &'static str,
    /// The selected mailbox was deleted.
    deselects: bool,
    verdict: Verdict,
}

impl Job for Changing {
    fn piece(&mut self, _: &mut Core, piece: Piece) -> Result<(), Broken> {
        if let Some(Piece::Deleted { selected }) = self.verdict.take(piece) {
            self.deselects = selected;
            self.verdict.done();
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        if let Some(refusal) = self.verdict.refusal() {
            return Ok(core.refuse(self.tag, refusal, Asked::Other));
        }
        if self.deselects {
            core.state = State::Authenticated;
        }
        Ok(After::Answer(self.tag, Reply::ok(self.said), Tell::All))
    }
}

/// STATUS.
pub(super) fn status(tag: Tag, mailbox: MailboxName, items: Vec<StatusItem>) -> After {
    let question = Question::Status(mailbox.clone());
    After::ask(
        question,
        Counting {
            tag,
            mailbox,
            items,
            status: None,
            verdict: Verdict::default(),
        },
    )
}

struct Counting {
    tag: Tag,
    mailbox: MailboxName,
    items: Vec<StatusItem>,
    status: Option<Status>,
    verdict: Verdict,
}

impl Job for Counting {
    fn piece(&mut self, _: &mut Core, piece: Piece) -> Result<(), Broken> {
        if let Some(Piece::Status(status)) = self.verdict.take(piece) {
            self.status = Some(status);
            self.verdict.done();
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        let Some(status) = self.status else {
            let refusal = self.verdict.refusal().unwrap_or(events::Refusal::Temporary);
            return Ok(core.refuse(self.tag, refusal, Asked::Other));
        };
        let to = core.write();
        to.syntax("* STATUS ")
            .mailbox(self.mailbox.as_str())
            .syntax(" ");
        to.list(self.items, |to, item| {
            let number = match item {
                StatusItem::Messages => status.messages,
                StatusItem::Recent => status.recent,
                StatusItem::UidNext => status.uid_next.get(),
                StatusItem::UidValidity => status.validity.0.get(),
                StatusItem::Unseen => status.unseen,
                StatusItem::MailboxId => {
                    to.object(item.name(), &status.id);
                    return;
                }
            };
            to.syntax(item.name()).syntax(" ").number(number);
        });
        to.end_line();
        Ok(After::Answer(self.tag, Reply::ok("Counted"), Tell::All))
    }
}

/// CLOSE and UNSELECT.
pub(super) fn close(core: &mut Core, tag: Tag, expunge: bool) -> After {
    let read_only = core
        .selected()
        .is_none_or(|(selected, _)| selected.read_only);
    let question = Question::Close {
        expunge: expunge && !read_only,
    };
    After::ask(
        question,
        Closing {
            tag,
            removed: 0,
            verdict: Verdict::default(),
        },
    )
}

struct Closing {
    tag: Tag,
    removed: usize,
    verdict: Verdict,
}

impl Job for Closing {
    fn piece(&mut self, _: &mut Core, piece: Piece) -> Result<(), Broken> {
        if let Some(Piece::Expunged(uids)) = self.verdict.take(piece) {
            self.removed += uids.len();
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        super::expunge::note_removed(core, self.removed);
        if let Some(refusal) = self.verdict.refusal() {
            // It is still open: what was to be removed may still be there.
            return Ok(core.refuse(self.tag, refusal, Asked::Other));
        }
        core.state = State::Authenticated;
        Ok(After::Answer(self.tag, Reply::ok("Closed"), Tell::Nothing))
    }
}

/// What a mailbox that was opened by EXAMINE refuses.
pub(super) fn read_only(tag: Tag) -> After {
    let reply = Reply::no("This mailbox was opened to be read only: use SELECT");
    After::Answer(tag, reply.with(Code::ReadOnly), Tell::Nothing)
}
