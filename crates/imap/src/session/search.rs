//! SEARCH. RFC 3501 sections 6.4.4 and 7.2.5.

use super::core::{Core, Selected};
use super::fetch::tell;
use super::job::{After, Broken, Job, Verdict};
use super::output::pieces;
use super::view::View;
use crate::codec::command::{By, Tag};
use crate::codec::search::SearchKey;
use crate::codec::write::{Reply, Writer};
use crate::number::Uid;
use crate::question::{Condition, Piece, Question};

pub(super) fn search(core: &mut Core, tag: Tag, by: By, key: SearchKey) -> After {
    let Some((selected, _)) = core.selected() else {
        return After::Nothing;
    };
    let question = Question::Search(condition(&selected.view, key));
    After::ask(
        question,
        Searching {
            tag,
            by,
            found: Vec::new(),
            verdict: Verdict::default(),
        },
    )
}

/// The condition with this session's numbers and its `\Recent` put in.
fn condition(view: &View, key: SearchKey) -> Condition {
    let boxed = |key: Box<SearchKey>| Box::new(condition(view, *key));
    match key {
        SearchKey::All => Condition::All,
        SearchKey::Sequence(set) => Condition::Uids(view.by_sequence_as_far(&set)),
        SearchKey::Uid(set) => Condition::Uids(view.by_uid(&set)),
        SearchKey::Recent => Condition::Uids(view.recent_set()),
        SearchKey::Nothing => Condition::Not(Box::new(Condition::All)),
        SearchKey::Has(flag) => Condition::Has(flag),
        SearchKey::Keyword(keyword) => Condition::Keyword(keyword),
        SearchKey::Date {
            which,
            relation,
            date,
        } => Condition::Date {
            which,
            relation,
            date,
        },
        SearchKey::EmailId(id) => Condition::EmailId(id),
        SearchKey::ThreadId(id) => Condition::ThreadId(id),
        SearchKey::Larger(octets) => Condition::Larger(octets),
        SearchKey::Smaller(octets) => Condition::Smaller(octets),
        SearchKey::Text { place, text } => Condition::Text { place, text },
        SearchKey::And(keys) => {
            Condition::And(keys.into_iter().map(|key| condition(view, key)).collect())
        }
        SearchKey::Or(one, other) => Condition::Or(boxed(one), boxed(other)),
        SearchKey::Not(key) => Condition::Not(boxed(key)),
    }
}

struct Searching {
    tag: Tag,
    by: By,
    /// What was found, as numbers for the client: never more than the view has.
    found: Vec<u32>,
    verdict: Verdict,
}

impl Job for Searching {
    fn piece(&mut self, core: &mut Core, piece: Piece) -> Result<(), Broken> {
        let Some(Piece::Found(uids)) = self.verdict.take(piece) else {
            return Ok(());
        };
        let Some((selected, _)) = core.selected() else {
            return Ok(());
        };
        for uid in uids {
            self.take(selected, uid);
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        if let Some(refusal) = self.verdict.refusal() {
            core.note(events::Event::Refused(refusal));
            // Some devices take a NO for "no messages" and empty their list.
            return Ok(After::Leave(None, "The search failed, please try again"));
        }
        let numbers = self.found.into_iter().map(Part::Number);
        let parts = std::iter::once(Part::Begin)
            .chain(numbers)
            .chain(std::iter::once(Part::End));
        core.out
            .run(pieces(parts, |to: &mut Writer, part| match part {
                Part::Begin => {
                    to.syntax("* SEARCH");
                }
                Part::Number(number) => {
                    to.syntax(" ").number(number);
                }
                Part::End => to.end_line(),
            }));
        Ok(After::Answer(
            self.tag,
            Reply::ok("Searched"),
            tell(self.by),
        ))
    }
}

/// A stretch of the line that tells what was found.
enum Part {
    Begin,
    Number(u32),
    End,
}

impl Searching {
    fn take(&mut self, selected: &Selected, uid: Uid) {
        let Some(number) = selected.view.number(uid) else {
            return;
        };
        let number = match self.by {
            By::Uid => uid.get(),
            By::Sequence => number.0.get(),
        };
        if self.found.len() < selected.view.told() {
            self.found.push(number);
        }
    }
}
