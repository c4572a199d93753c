//! Copying and moving messages between the mailboxes of one account: all of them or none,
//! whatever their number (RFC 9051 section 6.4.7, RFC 6851 section 3.3).
//!
//! What one commit takes is one commit. More is written in several, unseen: past the last
//! UID that the mailbox has given, where nobody looks. The last commit gives those UIDs
//! and counts the messages in. Those that a move takes out of a mailbox are not marked one
//! by one then: the last commit says of a set of UIDs, written before, that they are gone
//! ([`LeftValue`]). A copy that does not come to its end leaves only what the next change
//! of the mailbox clears away.

use std::collections::BTreeMap;

use address::AccountId;
use jiff::Timestamp;

use crate::change::{Change, FULL_OCTETS, FULL_OPERATIONS};
use crate::intake::DETAILS_PARTS;
use crate::keys::LeftKey;
use crate::mark::{Fixed, Kept, Mark, RecordValue};
use crate::store::Turn;
use crate::values::{LeftPieceValue, LeftValue, SummaryValue};
use crate::walk::{Place, Walk};
use crate::writing::{Message, Operations};
use crate::{Copied, Limit, MailboxId, Modseq, Result, Store, StoreError, Uid, UidSet, keys};

/// How often a copy in several commits is begun anew because another machine changed one
/// of its mailboxes meanwhile.
const RESTARTS: usize = 20;
/// Ranges of UIDs in one piece of what a move takes out.
const PIECE_RANGES: usize = 4000;

/// From where to where.
#[derive(Clone, Copy)]
struct Way {
    from: MailboxId,
    to: MailboxId,
    /// Whether the messages stay where they were too.
    keep: bool,
    /// Octets that the account may hold then.
    quota: Option<u64>,
    now: Timestamp,
}

impl Store {
    /// Copies those of these messages that are there, with their flags and dates: all or
    /// none.
    ///
    /// # Errors
    /// [`StoreError::OverQuota`]; [`StoreError::Gone`] when either mailbox is. Nothing is
    /// copied then.
    pub async fn copy(
        &self,
        account: AccountId,
        from: MailboxId,
        uids: &UidSet,
        to: MailboxId,
        quota: Option<u64>,
        now: Timestamp,
    ) -> Result<Copied> {
        let way = Way {
            from,
            to,
            keep: true,
            quota,
            now,
        };
        self.turn(account).await.transfer(way, uids).await
    }

    /// Moves those of these messages that are there, with their flags and dates: all or
    /// none, and each is at every moment in one place and not in the other. Nothing grows
    /// by it, so that no quota is asked.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when either mailbox is. Nothing is moved then.
    pub async fn move_messages(
        &self,
        account: AccountId,
        from: MailboxId,
        uids: &UidSet,
        to: MailboxId,
        now: Timestamp,
    ) -> Result<Copied> {
        let way = Way {
            from,
            to,
            keep: false,
            quota: None,
            now,
        };
        self.turn(account).await.transfer(way, uids).await
    }
}

/// What has come of a copy so far.
struct Work {
    way: Way,
    /// The mailboxes' numbers as they were last written.
    written: BTreeMap<MailboxId, SummaryValue>,
    /// The same as they will be at the end.
    then: BTreeMap<MailboxId, SummaryValue>,
    /// What happened there is the change of this number.
    arrival: Modseq,
    departure: Modseq,
    /// The last message that was taken.
    done: Option<Uid>,
    pairs: Vec<(Uid, Uid)>,
    octets: u64,
    /// Copies that are not in a block yet.
    open: Vec<Message>,
    /// What leaves, as far as it is not written: ranges, ascending.
    left: Vec<(Uid, Uid)>,
    /// Pieces of it that are written.
    pieces: u32,
    commits: usize,
    /// The last keywords that were looked up, there and here.
    keywords: (u128, u128),
}

/// How one commit of a copy came out.
enum Part {
    /// It was the last.
    Last,
    /// More follows.
    More,
    /// Another machine has changed one of the mailboxes.
    Disturbed,
}

impl Turn<'_> {
    async fn transfer(mut self, way: Way, uids: &UidSet) -> Result<Copied> {
        for _ in 0..RESTARTS {
            if !way.keep {
                self.settle(way.from).await?;
            }
            let mut work = self.prepare(way).await?;
            loop {
                match self.transfer_part(&mut work, uids).await {
                    Ok(Part::Last) => {
                        let then = work.then.get(&way.to).ok_or(StoreError::Gone)?;
                        return Ok(Copied {
                            uid_validity: then.uid_validity,
                            pairs: work.pairs,
                        });
                    }
                    Ok(Part::More) => {}
                    Ok(Part::Disturbed) => break,
                    Err(error) => {
                        if work.commits > 0 {
                            self.give_up(way).await;
                        }
                        return Err(error);
                    }
                }
            }
        }
        Err(StoreError::Broken("others always came before".into()))
    }

    /// Clears away what was written of a copy that will not be.
    async fn give_up(&mut self, way: Way) {
        if let Err(error) = self.unstage(way).await {
            let account = self.account;
            tracing::warn!(%account, %error, "half of a copy stays, unseen, until the next change");
        }
    }

    async fn unstage(&mut self, way: Way) -> Result<()> {
        let mut change = self.begin().await?;
        change.summary(way.to).await?;
        change.summary(way.from).await?;
        self.commit(change).await.map(drop)
    }

    /// What the copy begins with.
    async fn prepare(&mut self, way: Way) -> Result<Work> {
        let mut change = self.begin().await?;
        let mut written = BTreeMap::new();
        for mailbox in [way.from, way.to] {
            written.insert(mailbox, change.staged_summary(mailbox).await?.clone());
        }
        let mut then = written.clone();
        let mut next = |mailbox: MailboxId| {
            let summary = then.get_mut(&mailbox).ok_or(StoreError::Gone)?;
            summary.staged = false;
            summary.highest_modseq = summary.highest_modseq.next();
            Ok::<Modseq, StoreError>(summary.highest_modseq)
        };
        let arrival = next(way.to)?;
        let departure = if way.from == way.to || way.keep {
            arrival
        } else {
            next(way.from)?
        };
        Ok(Work {
            way,
            written,
            then,
            arrival,
            departure,
            done: None,
            pairs: Vec::new(),
            octets: 0,
            open: Vec::new(),
            left: Vec::new(),
            pieces: 0,
            commits: 0,
            keywords: (0, 0),
        })
    }

    /// One commit of a copy.
    async fn transfer_part(&mut self, work: &mut Work, uids: &UidSet) -> Result<Part> {
        let way = work.way;
        let mut change = self.begin().await?;
        for mailbox in [way.from, way.to] {
            if work.commits == 0 {
                // What another left there is cleared away.
                change.summary(mailbox).await?;
            }
            let found = change.staged_summary(mailbox).await?.clone();
            let mut known = work.known(mailbox)?.clone();
            known.staged &= work.commits > 0;
            if found != known {
                return Ok(Part::Disturbed);
            }
        }
        let mut source = Operations::default();
        let all = change.take_messages(work, &mut source, uids).await?;
        if work.pairs.is_empty() {
            return Ok(Part::Last);
        }
        change.check_quota(way.quota, work.octets).await?;
        if all {
            change.conclude(work, source).await?;
        } else {
            change.stage(work, source).await?;
        }
        let committed = if all {
            self.commit_and_tend(change, way.now).await?
        } else {
            self.commit(change).await?
        };
        work.commits += 1;
        Ok(match (committed, all) {
            (false, _) => Part::Disturbed,
            (true, true) => Part::Last,
            (true, false) => Part::More,
        })
    }
}

impl Work {
    fn known(&self, mailbox: MailboxId) -> Result<&SummaryValue> {
        self.written.get(&mailbox).ok_or(StoreError::Gone)
    }

    fn then(&mut self, mailbox: MailboxId) -> Result<&mut SummaryValue> {
        self.then.get_mut(&mailbox).ok_or(StoreError::Gone)
    }

    /// True if a message is no longer the same where it was, once it is taken.
    fn changes(&self, mark: &Mark) -> bool {
        !self.way.keep || mark.kept == Kept::Own
    }

    /// Notes that a message leaves.
    fn leaves(&mut self, uid: Uid) {
        match self.left.last_mut() {
            Some((_, last)) if last.next() == Some(uid) => *last = uid,
            _ => self.left.push((uid, uid)),
        }
    }
}

impl Change {
    /// Takes messages until there are no more (true) or the commit is full. What is to be
    /// changed of them where they were is put into `source`.
    async fn take_messages(
        &mut self,
        work: &mut Work,
        source: &mut Operations,
        uids: &UidSet,
    ) -> Result<bool> {
        let way = work.way;
        let uids = uids.after(work.done);
        let summary = work.known(way.from)?.clone();
        let mut walk = Walk::new(&self.reading, way.from, &uids, &summary).await?;
        let before = work.pairs.len();
        while let Some(place) = walk.next(&self.reading).await? {
            match place {
                Place::Single(uid, mut record) => {
                    let (mark, fixed) = (&mut record.mark, record.fixed.clone());
                    if mark.is_gone() {
                        continue;
                    }
                    let (last, changes) = (mark.modseq, work.changes(mark));
                    if !self
                        .take_one(work, source, before, (uid, mark, fixed))
                        .await?
                    {
                        return Ok(false);
                    }
                    if changes {
                        source.put_single(way.from, uid, &record)?;
                    }
                    if changes && record.mark.kept == Kept::Here {
                        source.delete(keys::old_changed(way.from, last, uid));
                    }
                }
                Place::Block(mut block) => {
                    let meant = |(uid, mark): &(Uid, Mark)| uids.contains(*uid) && !mark.is_gone();
                    let Some(places) = block.places(meant) else {
                        continue;
                    };
                    let fixeds = self.reading.fixeds(way.from, &block, places).await?;
                    let (mut all, mut changes) = (true, false);
                    for (at, (uid, mark)) in block.marks.0.iter_mut().enumerate() {
                        if mark.is_gone() || !uids.contains(*uid) {
                            continue;
                        }
                        changes |= work.changes(mark);
                        let message = (*uid, mark, fixeds.get(at)?.clone());
                        all = self.take_one(work, source, before, message).await?;
                        if !all {
                            break;
                        }
                    }
                    if changes {
                        source.put_marks(way.from, &block)?;
                    }
                    if !all {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Takes one message. False if the commit has no room for it.
    async fn take_one(
        &mut self,
        work: &mut Work,
        source: &Operations,
        before: usize,
        (uid, mark, fixed): (Uid, &mut Mark, Fixed),
    ) -> Result<bool> {
        let way = work.way;
        let details = match mark.kept {
            Kept::Here => self.old_details(way.from, uid).await?,
            Kept::Own | Kept::Shared => Vec::new(),
        };
        let octets: usize = details.iter().map(Vec::len).sum();
        let octets = octets + self.operations.octets() + source.octets();
        let taken = work.pairs.len() - before;
        let count = self.operations.count() + source.count() + details.len();
        if taken >= self.packing.copied
            || (taken > 0 && (octets >= FULL_OCTETS || count >= FULL_OPERATIONS))
        {
            return Ok(false);
        }
        self.operations.put_details(fixed.email_id, details);
        let copy = Mark {
            modseq: work.arrival,
            system: mark.system,
            keywords: self.copied_keywords(work, mark).await?,
            kept: match mark.kept {
                Kept::Own if !way.keep => Kept::Own,
                _ => Kept::Shared,
            },
            gone: None,
        };
        mark.kept = mark.kept.shared();
        if !way.keep {
            let seconds = way.now.as_second();
            let from = work.then(way.from)?;
            from.take(uid, mark.system, fixed.size());
            from.has_gone(seconds);
            mark.remove(work.departure, seconds);
            work.leaves(uid);
        }
        let then = work.then(way.to)?;
        let new = then.uid_next;
        then.uid_next = new.next().ok_or(StoreError::TooMany(Limit::Uids))?;
        then.add(new, copy.system, fixed.size());
        work.octets = work.octets.saturating_add(fixed.size());
        work.pairs.push((uid, new));
        work.done = Some(uid);
        work.open.push(Message {
            uid: new,
            mark: copy,
            fixed,
        });
        self.put_full_blocks(work)?;
        Ok(true)
    }

    /// Puts copies into blocks, where they are too many to stand alone.
    fn put_full_blocks(&mut self, work: &mut Work) -> Result<()> {
        let alone = usize::try_from(self.packing.singles).unwrap_or(usize::MAX);
        let packing = self.packing;
        while work.open.len() >= packing.block && work.pairs.len() > alone {
            let full: Vec<Message> = work.open.drain(..packing.block).collect();
            self.operations.put_blocks(work.way.to, &full, packing)?;
        }
        Ok(())
    }

    /// The keywords of a copy. Of a message's keywords go along as many as the other
    /// mailbox can still learn: no copy fails for them.
    async fn copied_keywords(&mut self, work: &mut Work, mark: &Mark) -> Result<u128> {
        let way = work.way;
        if way.from == way.to || mark.keywords == 0 {
            return Ok(mark.keywords);
        }
        if work.keywords.0 != mark.keywords {
            let keywords = self.flags(way.from, mark).await?.keywords;
            let bits = match self.keyword_bits(way.to, &keywords).await {
                Err(StoreError::TooMany(Limit::Keywords)) => {
                    self.known_keyword_bits(way.to, &keywords).await?
                }
                bits => bits?,
            };
            work.keywords = (mark.keywords, bits);
        }
        Ok(work.keywords.1)
    }

    /// A message's envelope and structure as version 1 kept them.
    async fn old_details(&self, mailbox: MailboxId, uid: Uid) -> Result<Vec<Vec<u8>>> {
        let range = keys::all_old_details(mailbox, &(uid..=uid));
        let rows = self.reading.rows(range, DETAILS_PARTS).await?;
        Ok(rows.into_iter().map(|(_, value)| value.bytes).collect())
    }

    /// Writes what was taken so that nobody sees it.
    async fn stage(&mut self, work: &mut Work, source: Operations) -> Result<()> {
        let way = work.way;
        if way.keep {
            // That others may need their details too does no harm if the copy never is.
            self.operations.append(source);
        } else {
            self.put_left(work)?;
        }
        for mailbox in [way.from, way.to] {
            let summary = self.staged_summary(mailbox).await?;
            summary.staged = true;
            work.written.insert(mailbox, summary.clone());
            self.touch(mailbox);
        }
        Ok(())
    }

    /// Writes which messages leave.
    fn put_left(&mut self, work: &mut Work) -> Result<()> {
        for ranges in std::mem::take(&mut work.left).chunks(PIECE_RANGES) {
            let key = LeftKey(work.way.from, work.pieces).encode();
            self.operations.put(key, &LeftPieceValue(ranges.to_vec()))?;
            work.pieces += 1;
        }
        Ok(())
    }

    /// Makes all that was taken seen.
    async fn conclude(&mut self, work: &mut Work, source: Operations) -> Result<()> {
        let way = work.way;
        self.put_rest(work).await?;
        if work.commits == 0 || way.keep {
            self.operations.append(source);
        } else {
            self.put_left(work)?;
            let leaving = work.pairs.first().zip(work.pairs.last());
            let (modseq, seconds) = (work.departure, way.now.as_second());
            let left = leaving.map(|((from, _), (to, _))| LeftValue {
                modseq,
                seconds,
                from: *from,
                to: *to,
            });
            work.then(way.from)?.left = left;
        }
        if way.keep {
            let copies = u64::try_from(work.pairs.len()).unwrap_or(u64::MAX);
            let account = self.account().await?;
            account.bytes = account.bytes.saturating_add(work.octets);
            account.messages = account.messages.saturating_add(copies);
        }
        for (mailbox, then) in &work.then {
            *self.staged_summary(*mailbox).await? = then.clone();
            self.touch(*mailbox);
        }
        Ok(())
    }

    /// Puts those copies that are in no block yet: into the last block if they fit there,
    /// few alone, more into a block of their own.
    async fn put_rest(&mut self, work: &mut Work) -> Result<()> {
        let to = work.way.to;
        let open = std::mem::take(&mut work.open);
        let alone = usize::try_from(self.packing.singles).unwrap_or(usize::MAX);
        if work.pairs.len() <= alone {
            for message in open {
                let record = RecordValue {
                    mark: message.mark,
                    fixed: message.fixed,
                };
                self.operations.put_single(to, message.uid, &record)?;
                let then = work.then(to)?;
                then.singles = then.singles.saturating_add(1);
            }
            return Ok(());
        }
        let packing = self.packing;
        if work.pairs.len() == open.len()
            && work.way.from != to
            && work.known(to)?.singles == 0
            && let Some(before) = Uid::new(work.known(to)?.uid_next.get() - 1)
            && let Some(last) = self.reading.block_at(to, before).await?
            && last.marks.0.len() + open.len() <= packing.block
        {
            return self.operations.extend_block(to, last, &open, packing);
        }
        self.operations.put_blocks(to, &open, packing)
    }
}
