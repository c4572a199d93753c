//! FETCH: messages as a run of pieces. RFC 3501 section 6.4.5.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use blob::Ahead;
use imap::{Fetch, Partial, Piece, Section, SectionText};
use message::{SectionText as Part, Structure};
use net::Pieces;
use store::{Details, Flags, Page, Record, StoreError, SystemFlags, ThreadId, Uid, UidSet};

use super::open::Mailbox;
use super::{convert, working};

/// Records that are read at once.
const RECORDS: usize = 100;
/// Messages whose flags alone are read at once.
const FLAGS: usize = 2000;

/// How much of a header is held to choose fields from (`HEADER.FIELDS`): more than any
/// mail program writes. What lies beyond is left out.
const HEADER_OCTETS: u64 = 1024 * 1024;

/// Tells all that was asked for.
pub(super) async fn fetch(
    mailbox: &Mailbox<'_>,
    fetch: &Fetch,
    pieces: &mut Pieces<Piece>,
) -> Result<(), StoreError> {
    if is_about_flags(fetch) {
        return flags(mailbox, fetch, pieces).await;
    }
    let uids = convert::stored_set(&fetch.uids);
    let ahead = mailbox.store.ahead();
    let mut teller = Teller {
        mailbox,
        fetch,
        ahead,
        reads_bodies: !fetch.sections.iter().all(is_kept),
        pieces,
    };
    let mut after = None;
    loop {
        let page = Page {
            uids: &uids,
            after,
            limit: RECORDS,
            include_gone: true,
        };
        let mut records = working(teller.pieces, mailbox.records(page)).await?;
        let Some(last) = records.last() else {
            return Ok(());
        };
        after = Some(last.uid);
        records.retain(|record| !record.gone || record.modseq.get() > fetch.told.0);
        let marked = if fetch.mark_seen {
            mark_seen(mailbox, &mut records).await
        } else {
            HashMap::new()
        };
        let mut threads = Vec::new();
        if fetch.thread_id {
            threads = working(teller.pieces, mailbox.threads(&records)).await?;
        }
        for (at, record) in records.iter().enumerate() {
            let mark = marked.get(&record.uid).copied();
            let next = records.get(at..).filter(|_| teller.reads_bodies);
            if let Some(next) = next {
                teller.ahead.expect(next.iter().map(|record| &record.body));
            }
            teller.message(record, mark, threads.get(at)).await?;
        }
    }
}

/// True when no more is asked for than UIDs and flags, as a program does of a whole mailbox.
fn is_about_flags(fetch: &Fetch) -> bool {
    let records = fetch.date || fetch.size || fetch.email_id || fetch.thread_id;
    let details = fetch.envelope || fetch.structure;
    !records && !details && !fetch.mark_seen && fetch.sections.is_empty()
}

/// Tells UIDs and flags.
async fn flags(
    mailbox: &Mailbox<'_>,
    fetch: &Fetch,
    pieces: &mut Pieces<Piece>,
) -> Result<(), StoreError> {
    let uids = convert::stored_set(&fetch.uids);
    let mut after = None;
    loop {
        let page = Page {
            uids: &uids,
            after,
            limit: FLAGS,
            include_gone: true,
        };
        let flagged = working(pieces, mailbox.flags(page)).await?;
        let Some(last) = flagged.messages.last() else {
            return Ok(());
        };
        after = Some(last.uid);
        for message in &flagged.messages {
            if message.gone && message.modseq.get() <= fetch.told.0 {
                continue;
            }
            let Some(uid) = convert::uid(message.uid) else {
                continue;
            };
            let flags = || convert::flags(&flagged.flags(message));
            let message = imap::Message {
                uid,
                flags: fetch.flags.then(flags),
                marked: None,
                date: None,
                size: None,
                envelope: None,
                structure: None,
                email_id: None,
                thread_id: None,
            };
            pieces.send(Piece::Message(Box::new(message))).await;
        }
    }
}

/// Sets `\Seen` where it is missing; gives the numbers of those changes. Where it can't be
/// set the messages are read all the same.
async fn mark_seen(mailbox: &Mailbox<'_>, records: &mut [Record]) -> HashMap<Uid, imap::Modseq> {
    let unseen =
        |record: &&Record| !record.gone && !record.flags.system.contains(SystemFlags::SEEN);
    let uids: UidSet = records
        .iter()
        .filter(unseen)
        .map(|record| record.uid)
        .collect();
    if uids.is_empty() {
        return HashMap::new();
    }
    let what = store::FlagChange {
        how: store::How::Add,
        flags: Flags::from(SystemFlags::SEEN),
    };
    let marks = match mailbox.set_flags(&uids, &what).await {
        Ok(marks) => marks,
        Err(error) => {
            tracing::warn!(%error, "a message is read and not marked as read");
            return HashMap::new();
        }
    };
    let mut marked = HashMap::new();
    for store::Marked { marks, before } in marks {
        if let Ok(index) = records.binary_search_by_key(&marks.uid, |record| record.uid)
            && let Some(record) = records.get_mut(index)
        {
            record.flags = marks.flags;
            // Where another session was faster, that is told as its change.
            if before != marks.modseq {
                marked.insert(marks.uid, imap::Modseq(marks.modseq.get()));
            }
        }
    }
    marked
}

/// What was asked for, told message by message.
struct Teller<'a, 'p> {
    mailbox: &'a Mailbox<'a>,
    fetch: &'a Fetch,
    ahead: Ahead,
    /// What is kept beside the records is not enough.
    reads_bodies: bool,
    pieces: &'p mut Pieces<Piece>,
}

impl Teller<'_, '_> {
    async fn message(
        &mut self,
        record: &Record,
        marked: Option<imap::Modseq>,
        thread: Option<&ThreadId>,
    ) -> Result<(), StoreError> {
        let Some(uid) = convert::uid(record.uid) else {
            return Ok(());
        };
        let (mailbox, fetch) = (self.mailbox, self.fetch);
        let mut details = None;
        if fetch.envelope || fetch.structure || fetch.sections.iter().any(needs_structure) {
            details = working(self.pieces, mailbox.details(record)).await?;
            if details.is_none() {
                // It has gone for good since its record was read.
                return Ok(());
            }
        }
        let told = details.as_ref();
        let message = imap::Message {
            uid,
            flags: (fetch.flags || marked.is_some()).then(|| convert::flags(&record.flags)),
            marked,
            date: fetch.date.then(|| convert::date(record.internal_date)),
            size: fetch.size.then_some(record.size),
            envelope: told
                .filter(|_| fetch.envelope)
                .map(|details| details.envelope.clone()),
            structure: told
                .filter(|_| fetch.structure)
                .map(|details| details.structure.clone()),
            email_id: fetch
                .email_id
                .then(|| convert::email_id(mailbox.account, record.email_id))
                .flatten(),
            thread_id: thread.and_then(|thread| convert::thread_id(mailbox.account, *thread)),
        };
        self.pieces.send(Piece::Message(Box::new(message))).await;
        for section in &fetch.sections {
            self.section(record, details.as_ref(), section).await?;
        }
        Ok(())
    }

    async fn section(
        &mut self,
        record: &Record,
        details: Option<&Details>,
        section: &Section,
    ) -> Result<(), StoreError> {
        let Some(range) = range(record, details.map(|details| &details.structure), section) else {
            self.pieces.send(Piece::NoBody).await;
            return Ok(());
        };
        let (names, not) = match &section.text {
            SectionText::HeaderFields(names) => (names, false),
            SectionText::HeaderFieldsNot(names) => (names, true),
            _ => return self.octets(record, cut(range, section.partial)).await,
        };
        let kept = details.and_then(|details| details.asked.as_ref());
        let header = match kept.filter(|_| is_kept(section)) {
            Some(asked) => Cow::Borrowed(asked),
            None => Cow::Owned(self.header(record, range).await?),
        };
        let fields = message::header_fields(&header, names, not);
        let wanted = cut(0..fields.len() as u64, section.partial);
        let bytes = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let chosen = fields
            .get(bytes(wanted.start)..bytes(wanted.end))
            .unwrap_or_default();
        self.pieces.send(Piece::Body(chosen.len() as u64)).await;
        if !chosen.is_empty() {
            self.pieces.send(Piece::Chunk(chosen.to_vec().into())).await;
        }
        Ok(())
    }

    async fn octets(&mut self, record: &Record, range: Range<u64>) -> Result<(), StoreError> {
        let length = range.end.saturating_sub(range.start);
        self.pieces.send(Piece::Body(length)).await;
        let mut reader = self.ahead.read(&record.body, range);
        while let Some(piece) = reader.next().await {
            self.pieces.send(Piece::Chunk(piece?)).await;
        }
        Ok(())
    }

    async fn header(&mut self, record: &Record, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let end = range.end.min(range.start.saturating_add(HEADER_OCTETS));
        let mut reader = self.ahead.read(&record.body, range.start..end);
        let mut header = Vec::new();
        while let Some(piece) = reader.next().await {
            header.extend_from_slice(&piece?);
        }
        Ok(header)
    }
}

/// All of the message is where its record says.
fn needs_structure(section: &Section) -> bool {
    !section.path.is_empty() || section.text != SectionText::Whole
}

/// Whether what is kept beside the record of a new message answers it.
fn is_kept(section: &Section) -> bool {
    let is_asked = |name: &String| message::is_asked(name.as_bytes());
    match &section.text {
        SectionText::HeaderFields(names) => section.path.is_empty() && names.iter().all(is_asked),
        _ => false,
    }
}

/// Which octets of the message a section is (the header, for fields of it).
fn range(record: &Record, structure: Option<&Structure>, section: &Section) -> Option<Range<u64>> {
    if !needs_structure(section) {
        return Some(0..record.size);
    }
    let what = match &section.text {
        SectionText::Whole => Part::Whole,
        SectionText::Text => Part::Text,
        SectionText::Mime => Part::Mime,
        SectionText::Header | SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => {
            Part::Header
        }
    };
    message::section(structure?, &section.path, what)
}

/// The stretch of a range that is wanted; empty past its end.
fn cut(range: Range<u64>, partial: Option<Partial>) -> Range<u64> {
    let Some(partial) = partial else { return range };
    let start = range
        .start
        .saturating_add(partial.start.into())
        .min(range.end);
    let end = start
        .saturating_add(partial.count.get().into())
        .min(range.end);
    start..end
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn lists_of_mail_need_no_body() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let section = |path: &[u32], text| Section {
            path: path.to_vec(),
            text,
            partial: None,
        };
        let shown = names(&["From", "SUBJECT", "date"]);
        let fields = SectionText::HeaderFields;
        assert!(is_kept(&section(&[], fields(shown))));
        let more = names(&["From", "X-Mailer"]);
        assert!(!is_kept(&section(&[], fields(more))));
        assert!(!is_kept(&section(&[1], fields(names(&["From"])))));
        let others = SectionText::HeaderFieldsNot(names(&["From"]));
        assert!(!is_kept(&section(&[], others)));
        assert!(!is_kept(&section(&[], SectionText::Header)));
    }

    #[test]
    fn a_stretch_ends_where_the_section_does() {
        let partial = |start, count| {
            Some(Partial {
                start,
                count: NonZeroU32::new(count).unwrap(),
            })
        };
        assert_eq!(cut(10..20, None), 10..20);
        assert_eq!(cut(10..20, partial(0, 5)), 10..15);
        assert_eq!(cut(10..20, partial(5, 100)), 15..20);
        assert_eq!(cut(10..20, partial(50, 1)), 20..20);
        assert_eq!(cut(10..20, partial(u32::MAX, u32::MAX)), 20..20);
    }
}
