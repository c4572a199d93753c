//! One mailbox, step by step: its messages first, then what leads to them, then its numbers,
//! each in a change decided on one moment.

use super::blocks::Region;
use super::numbers::raise;
use super::{Done, Mending};
use crate::change::Change;
use crate::check::{Check, Span, Tally};
use crate::keys::LeftKey;
use crate::limits::KEYWORD_OCTETS;
use crate::reading::Reading;
use crate::values::{KeywordsValue, LeftPieceValue, LeftValue, Stored, SummaryValue};
use crate::walk::Index;
use crate::{Bodies, Fault, Keyword, MailboxId, Result, Uid, Wrong, keys};

/// Steps of one mailbox in one round. Each but the last puts something right; a mailbox of
/// 100,000 messages that is broken all over takes some dozens.
const STEPS: usize = 200;
/// Faults that one step looks at.
const STEP_FAULTS: usize = 5_000;
/// Bits of keywords in a message's marks.
const KEYWORD_BITS: u32 = u128::BITS;

/// What was found of a mailbox at one moment.
pub(super) struct Seen {
    pub(super) faults: Vec<Fault>,
    pub(super) summary: SummaryValue,
    pub(super) tally: Tally,
    pub(super) spans: Vec<Span>,
    pub(super) indexes: Vec<(Uid, Index)>,
}

impl Seen {
    pub(super) fn is_wrong(&self, which: impl Fn(&Wrong) -> bool) -> bool {
        self.faults.iter().any(|fault| which(&fault.wrong))
    }
}

/// True for what is wrong with how messages stand.
pub(super) fn is_of_blocks(wrong: &Wrong) -> bool {
    matches!(wrong, Wrong::Overlap | Wrong::NoFixed | Wrong::StrayFixed)
}

impl Mending<'_> {
    pub(super) async fn mailbox(&mut self, mailbox: MailboxId) -> Result<()> {
        for _ in 0..STEPS {
            // Others have theirs between the steps.
            let mut turn = self.store.turn(self.account).await;
            let mut change = turn.begin().await?;
            // What a copy left unseen goes with it.
            change.summary(mailbox).await?;
            let Some(seen) = self.seen(&change.reading, mailbox).await? else {
                return Ok(());
            };
            // Whatever needs a number gets one that nothing has.
            raise(change.summary(mailbox).await?, &seen);
            let Some(done) = self.step(&mut change, mailbox, &seen).await? else {
                return Ok(());
            };
            change.touch(mailbox);
            if turn.commit(change).await? {
                for done in done {
                    self.note(Some(mailbox), done);
                }
            }
        }
        Ok(())
    }

    /// Looks at a mailbox; none if its numbers can't be read.
    async fn seen(&self, reading: &Reading, mailbox: MailboxId) -> Result<Option<Seen>> {
        let mut show = drop;
        let mut check = Check::new(
            self.store,
            self.account,
            Bodies::Pass,
            STEP_FAULTS,
            &mut show,
        );
        let Some(pass) = check.pass(reading, mailbox).await? else {
            return Ok(None);
        };
        let found = pass.summary.clone().map(|summary| Seen {
            faults: Vec::new(),
            summary,
            tally: pass.tally.clone(),
            spans: pass.spans.clone(),
            indexes: pass.indexes.clone(),
        });
        drop(pass);
        let faults = std::mem::take(&mut check.found.faults);
        Ok(found.map(|seen| Seen { faults, ..seen }))
    }

    /// Puts one thing right, if there is one. Gives what is to be told when it has happened.
    async fn step(
        &self,
        change: &mut Change,
        mailbox: MailboxId,
        seen: &Seen,
    ) -> Result<Option<Vec<Done>>> {
        if seen.is_wrong(is_of_blocks) {
            let regions = Region::all(seen);
            let elsewhere = self.elsewhere(mailbox, &regions);
            let done = change.mend_blocks(mailbox, regions, &elsewhere).await?;
            if done.is_some() {
                return Ok(done);
            }
        }
        if seen.is_wrong(|wrong| matches!(wrong, Wrong::NotFoundBy(_) | Wrong::FoundByWrong(_)))
            && change.mend_index(mailbox, seen).await?
        {
            return Ok(Some(Vec::new()));
        }
        let nameless =
            |wrong: &Wrong| matches!(wrong, Wrong::NamelessKeyword | Wrong::KeywordTwice);
        if seen.is_wrong(nameless) {
            let done = change.mend_keywords(mailbox, seen.tally.keywords).await?;
            if !done.is_empty() {
                return Ok(Some(done));
            }
        }
        if seen.is_wrong(|wrong| *wrong == Wrong::Left) && change.mend_left(mailbox).await? {
            return Ok(Some(Vec::new()));
        }
        let changed = change.mend_numbers(mailbox, seen).await?;
        Ok(changed.then(Vec::new))
    }
}

impl Change {
    /// Gives a name to every keyword that messages have, and another to one that has
    /// another's. The flags stay: what they were called is for whoever sees them to tell.
    async fn mend_keywords(&mut self, mailbox: MailboxId, used: u128) -> Result<Vec<Done>> {
        let key = keys::keywords(mailbox);
        let known = self.reading.get::<KeywordsValue>(&key).await?;
        let mut names = known.map(|(known, _)| known.0).unwrap_or_default();
        let mut done = Vec::new();
        for at in 1..names.len() {
            let (before, from) = names.split_at(at);
            let Some(name) = from.first().filter(|name| before.contains(name)) else {
                continue;
            };
            let second = (2..)
                .map(|number| format!("{}-{number}", name.as_str()))
                .take_while(|text| text.len() <= KEYWORD_OCTETS);
            let free = free(second, &names).or_else(|| unknown(at, &names));
            if let (Some(place), Some(free)) = (names.get_mut(at), free) {
                *place = free.clone();
                done.push(Done::Keyword(free.as_str().to_owned()));
            }
        }
        let needed = KEYWORD_BITS.saturating_sub(used.leading_zeros());
        while names.len() < usize::try_from(needed).unwrap_or(0) {
            let Some(name) = unknown(names.len(), &names) else {
                break;
            };
            done.push(Done::Keyword(name.as_str().to_owned()));
            names.push(name);
        }
        if !done.is_empty() {
            self.operations.put(key, &KeywordsValue(names))?;
        }
        Ok(done)
    }

    /// What is written down of a move is what there is. Where it is not known which messages
    /// one took out they stay, besides where it put them. False if it was so before.
    async fn mend_left(&mut self, mailbox: MailboxId) -> Result<bool> {
        let mut last = None;
        let mut scan = self.reading.scan(LeftKey::all(mailbox));
        while let Some(rows) = scan.page().await? {
            for row in rows {
                let ranges = LeftPieceValue::read(&row.1.bytes)?.0;
                last = last.max(ranges.iter().map(|(_, last)| *last).max());
            }
        }
        let summary = self.summary(mailbox).await?;
        let before = summary.left;
        let most = Uid::new(summary.uid_next.get() - 1);
        summary.left = match (before, last.min(most)) {
            (Some(left), Some(to)) => Some(LeftValue {
                from: Uid::MIN,
                to,
                ..left
            }),
            _ => None,
        };
        let is_changed = summary.left != before || summary.left.is_none();
        if summary.left.is_none() {
            self.operations.clear(LeftKey::all(mailbox));
        }
        Ok(is_changed)
    }
}

/// The first of these that no keyword is called.
fn free(texts: impl Iterator<Item = String>, names: &[Keyword]) -> Option<Keyword> {
    texts
        .filter_map(|text| Keyword::new(&text))
        .find(|name| !names.contains(name))
}

/// A name for the keyword at this place.
fn unknown(at: usize, names: &[Keyword]) -> Option<Keyword> {
    let first = std::iter::once(format!("unknown-{}", at + 1));
    let others = (2..=names.len() + 2).map(|number| format!("unknown-{}-{number}", at + 1));
    free(first.chain(others), names)
}
