//! SEARCH: which messages fulfil a condition. RFC 3501 section 6.4.4.
//!
//! What the flags of a message say is asked first, then its record; its octets are read only
//! where those leave the answer open, and then once for all texts that are looked for.

use std::borrow::Cow;
use std::ops::Range;

use address::AccountId;
use blob::BodyReader;
use imap::{Condition, Relation, SearchDate, TextPlace};
use jiff::civil::Date;
use message::{Content, Part};
use store::{Details, Flagged, Record, StoreError, SystemFlags, ThreadId, Uid, UidSet};

use super::convert;

/// How much of one header is looked at: more than any mail program writes.
const HEADER_OCTETS: u64 = 1024 * 1024;

/// A condition, its open questions numbered.
#[derive(Debug)]
enum Plan {
    Always,
    Uids(imap::UidSet),
    Has(store::SystemFlags),
    /// `None` is a keyword that no message can have.
    Keyword(Option<store::Keyword>),
    Day(Relation, Date),
    /// `None` is a name that no message of this account can have.
    Email(Option<u64>),
    Thread(Option<u64>),
    Larger(u64),
    Smaller(u64),
    /// What only the message's octets tell.
    Ask(usize),
    All(Vec<Plan>),
    Any(Box<Plan>, Box<Plan>),
    Not(Box<Plan>),
}

/// A question that a message's octets answer.
#[derive(Debug, PartialEq, Eq)]
enum Ask {
    Sent(Relation, Date),
    /// The text in lower case.
    Text(TextPlace, String),
}

impl Ask {
    fn is_about_header(&self) -> bool {
        matches!(self, Ask::Text(TextPlace::Header(_) | TextPlace::Text, _))
    }

    fn is_about_body(&self) -> bool {
        matches!(self, Ask::Text(TextPlace::Text | TextPlace::Body, _))
    }

    /// Whether the fields that are kept beside a message answer it.
    fn is_about_asked(&self) -> bool {
        matches!(self, Ask::Text(TextPlace::Header(name), _) if message::is_asked(name.as_bytes()))
    }
}

/// A condition ready to be asked of many messages.
#[derive(Debug)]
pub(super) struct Search {
    plan: Plan,
    asks: Vec<Ask>,
    /// Threads are part of it.
    needs_threads: bool,
}

/// Where the octets of a message come from, and what else is not in its record.
pub(super) trait Source {
    /// The threads of messages, in their order.
    fn threads(
        &self,
        records: &[Record],
    ) -> impl Future<Output = Result<Vec<ThreadId>, StoreError>> + Send;
    /// Its envelope and structure; none when the message is gone.
    fn details(
        &self,
        record: &Record,
    ) -> impl Future<Output = Result<Option<Details>, StoreError>> + Send;
    /// These messages are read next, in their order.
    fn expect<'r>(&self, records: impl Iterator<Item = &'r Record>);
    /// Some of its octets.
    fn read(&self, record: &Record, range: Range<u64>) -> BodyReader;
}

impl Search {
    /// Of messages of this account.
    pub(super) fn new(condition: Condition, account: AccountId) -> Search {
        let mut asks = Vec::new();
        let plan = plan(condition, account, &mut asks);
        Search {
            needs_threads: names_thread(&plan),
            plan,
            asks,
        }
    }

    /// UIDs outside of which no message can fulfil it.
    pub(super) fn within(&self) -> UidSet {
        match within(&self.plan) {
            Some(range) => UidSet::from_ranges(range),
            None => UidSet::all(),
        }
    }

    /// Which of these messages fulfil it as far as their flags tell, and of which more must
    /// be known.
    pub(super) fn by_flags(&self, flagged: &Flagged) -> (Vec<Uid>, UidSet) {
        let answers = vec![None; self.asks.len()];
        let (mut found, mut open) = (Vec::new(), Vec::new());
        for message in &flagged.messages {
            let told = Told {
                uid: message.uid,
                system: message.system,
                has_keyword: &|keyword| flagged.has_keyword(message, keyword),
                record: None,
                thread: None,
            };
            match decide(&self.plan, &told, &answers) {
                Some(true) => found.push(message.uid),
                Some(false) => {}
                None => open.push(message.uid),
            }
        }
        (found, open.into_iter().collect())
    }

    /// Which of these messages fulfil it. Other tasks have their turn between them.
    pub(super) async fn among(
        &self,
        records: &[Record],
        source: &(impl Source + Sync),
    ) -> Result<Vec<Uid>, StoreError> {
        let mut found = Vec::new();
        let reads_bodies = self.asks.iter().any(Ask::is_about_body);
        let mut threads = Vec::new();
        if self.needs_threads {
            threads = source.threads(records).await?;
        }
        for (at, record) in records.iter().enumerate() {
            if let Some(next) = records.get(at..).filter(|_| reads_bodies) {
                source.expect(next.iter());
            }
            if self.fulfilled(record, threads.get(at), source).await? {
                found.push(record.uid);
            }
            tokio::task::coop::consume_budget().await;
        }
        Ok(found)
    }

    /// Whether a message fulfils it.
    async fn fulfilled(
        &self,
        record: &Record,
        thread: Option<&ThreadId>,
        source: &(impl Source + Sync),
    ) -> Result<bool, StoreError> {
        let mut answers = vec![None; self.asks.len()];
        let told = Told {
            uid: record.uid,
            system: record.flags.system,
            has_keyword: &|keyword| record.flags.keywords.contains(keyword),
            record: Some(record),
            thread: thread.map(|thread| thread.get()),
        };
        if let Some(known) = decide(&self.plan, &told, &answers) {
            return Ok(known);
        }
        let Some(details) = source.details(record).await? else {
            return Ok(false);
        };
        self.ask_header(record, source, &details, &mut answers)
            .await?;
        if let Some(known) = decide(&self.plan, &told, &answers) {
            return Ok(known);
        }
        self.ask_body(record, source, &details.structure.root, &mut answers)
            .await?;
        // What was asked for and not found is not there.
        let answers: Vec<_> = answers
            .into_iter()
            .map(|answer| Some(answer.unwrap_or(false)))
            .collect();
        Ok(decide(&self.plan, &told, &answers).unwrap_or(false))
    }

    /// Answers what envelope and header tell.
    async fn ask_header(
        &self,
        record: &Record,
        source: &impl Source,
        details: &Details,
        answers: &mut [Option<bool>],
    ) -> Result<(), StoreError> {
        let root = &details.structure.root;
        let mut wanted = self.asks.iter().filter(|ask| ask.is_about_header());
        let header = match &details.asked {
            Some(asked) if wanted.clone().all(Ask::is_about_asked) => Cow::Borrowed(asked),
            _ if wanted.next().is_none() => Cow::Owned(Vec::new()),
            _ => Cow::Owned(header(record, source, root.header_range()).await?),
        };
        for (ask, answer) in self.asks.iter().zip(answers) {
            *answer = match ask {
                Ask::Sent(relation, date) => {
                    Some(sent(details).is_some_and(|day| holds(day, *relation, *date)))
                }
                Ask::Text(TextPlace::Header(name), text) => {
                    Some(in_header(&header, Some(name), text))
                }
                Ask::Text(TextPlace::Text, text) if in_header(&header, None, text) => Some(true),
                Ask::Text(TextPlace::Text | TextPlace::Body, _) => None,
            };
        }
        Ok(())
    }

    /// Answers what the body tells, until nothing is open.
    async fn ask_body(
        &self,
        record: &Record,
        source: &impl Source,
        root: &Part,
        answers: &mut [Option<bool>],
    ) -> Result<(), StoreError> {
        let mut parts = vec![root];
        while let Some(part) = parts.pop() {
            let mut finder = Finder::new(self.open(answers));
            if finder.wanted.is_empty() {
                return Ok(());
            }
            match &part.content {
                Content::Multipart(children) => parts.extend(children.iter().rev()),
                Content::Message(enclosed) => {
                    let header = header(record, source, enclosed.root.header_range()).await?;
                    message::fields(&header).for_each(|field| finder.look(&field_text(field)));
                    parts.push(&enclosed.root);
                }
                // Reports and pieces of messages are text to people, too.
                Content::Leaf if part.media.kind == "text" || part.media.kind == "message" => {
                    read_text(source.read(record, part.body_range()), part, &mut finder).await?;
                }
                Content::Leaf => {}
            }
            for index in finder.found {
                if let Some(answer) = answers.get_mut(index) {
                    *answer = Some(true);
                }
            }
        }
        Ok(())
    }

    /// The texts that are still looked for.
    fn open(&self, answers: &[Option<bool>]) -> Vec<(usize, String)> {
        let numbered = self.asks.iter().zip(answers).enumerate();
        let open = numbered.filter_map(|(index, (ask, answer))| match (ask, answer) {
            (Ask::Text(_, text), None) => Some((index, text.clone())),
            _ => None,
        });
        open.collect()
    }
}

/// The first and the last UID that can fulfil a plan, in the outer layer none when none can;
/// `None` where that is not known without looking.
fn within(plan: &Plan) -> Option<Option<(Uid, Uid)>> {
    match plan {
        Plan::Uids(uids) => {
            let stored = convert::stored_set(uids);
            let (first, last) = (stored.ranges().first(), stored.ranges().last());
            Some(
                first
                    .zip(last)
                    .map(|(first, last)| (*first.start(), *last.end())),
            )
        }
        Plan::All(all) => all.iter().filter_map(within).reduce(|one, other| {
            let ((from, to), (other_from, other_to)) = one.zip(other)?;
            let (from, to) = (from.max(other_from), to.min(other_to));
            (from <= to).then_some((from, to))
        }),
        Plan::Any(one, other) => match (within(one)?, within(other)?) {
            (Some((from, to)), Some((other_from, other_to))) => {
                Some(Some((from.min(other_from), to.max(other_to))))
            }
            (one, other) => Some(one.or(other)),
        },
        _ => None,
    }
}

/// True where a plan names a thread.
fn names_thread(plan: &Plan) -> bool {
    match plan {
        Plan::Thread(number) => number.is_some(),
        Plan::All(all) => all.iter().any(names_thread),
        Plan::Any(one, other) => names_thread(one) || names_thread(other),
        Plan::Not(one) => names_thread(one),
        _ => false,
    }
}

/// A question once, however often it is asked.
fn ask(asks: &mut Vec<Ask>, ask: Ask) -> Plan {
    let known = asks.iter().position(|known| *known == ask);
    Plan::Ask(known.unwrap_or_else(|| {
        asks.push(ask);
        asks.len() - 1
    }))
}

fn plan(condition: Condition, account: AccountId, asks: &mut Vec<Ask>) -> Plan {
    match condition {
        Condition::All => Plan::Always,
        Condition::Uids(uids) => Plan::Uids(uids),
        Condition::Has(flag) => Plan::Has(convert::stored_flag(flag)),
        Condition::Keyword(keyword) => Plan::Keyword(store::Keyword::new(keyword.as_str())),
        Condition::Date {
            which: SearchDate::Internal,
            relation,
            date,
        } => Plan::Day(relation, date),
        Condition::Date {
            which: SearchDate::Sent,
            relation,
            date,
        } => ask(asks, Ask::Sent(relation, date)),
        Condition::EmailId(id) => Plan::Email(convert::email_number(account, &id)),
        Condition::ThreadId(id) => Plan::Thread(convert::thread_number(account, &id)),
        Condition::Larger(octets) => Plan::Larger(octets.into()),
        Condition::Smaller(octets) => Plan::Smaller(octets.into()),
        Condition::Text { place, text } => ask(asks, Ask::Text(place, text.to_lowercase())),
        Condition::And(all) => Plan::All(
            all.into_iter()
                .map(|one| plan(one, account, asks))
                .collect(),
        ),
        Condition::Or(one, other) => {
            let one = plan(*one, account, asks);
            Plan::Any(Box::new(one), Box::new(plan(*other, account, asks)))
        }
        Condition::Not(one) => Plan::Not(Box::new(plan(*one, account, asks))),
    }
}

/// What is known of a message.
struct Told<'a> {
    uid: Uid,
    system: SystemFlags,
    has_keyword: &'a (dyn Fn(&store::Keyword) -> bool + Sync),
    /// The rest, once it was read.
    record: Option<&'a Record>,
    /// The number of its thread.
    thread: Option<u64>,
}

/// Whether a condition holds, as far as that is known.
fn decide(plan: &Plan, told: &Told<'_>, answers: &[Option<bool>]) -> Option<bool> {
    let decided = |plan: &Plan| decide(plan, told, answers);
    match plan {
        Plan::Always => Some(true),
        Plan::Uids(uids) => Some(convert::uid(told.uid).is_some_and(|uid| uids.contains(uid))),
        Plan::Has(flag) => Some(told.system.contains(*flag)),
        Plan::Keyword(keyword) => Some(keyword.as_ref().is_some_and(told.has_keyword)),
        Plan::Day(relation, date) => {
            let day = convert::date(told.record?.internal_date).day();
            Some(holds(day, *relation, *date))
        }
        Plan::Email(None) | Plan::Thread(None) => Some(false),
        Plan::Email(Some(number)) => Some(told.record?.email_id.get() == *number),
        Plan::Thread(Some(number)) => Some(told.thread? == *number),
        Plan::Larger(octets) => Some(told.record?.size > *octets),
        Plan::Smaller(octets) => Some(told.record?.size < *octets),
        Plan::Ask(index) => answers.get(*index).copied().flatten(),
        Plan::Not(one) => decided(one).map(|known| !known),
        Plan::Any(one, other) => match (decided(one), decided(other)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Plan::All(all) => {
            let mut open = false;
            for one in all {
                match decided(one) {
                    Some(true) => {}
                    Some(false) => return Some(false),
                    None => open = true,
                }
            }
            (!open).then_some(true)
        }
    }
}

fn holds(day: Date, relation: Relation, date: Date) -> bool {
    match relation {
        Relation::Before => day < date,
        Relation::On => day == date,
        Relation::Since => day >= date,
    }
}

/// The day that the `Date` field names, where its writer was.
fn sent(details: &Details) -> Option<Date> {
    let field = details.envelope.date.as_ref()?;
    message::date::parse(field).map(|sent| sent.local.date())
}

/// A header, or as much of it as is looked at.
async fn header(
    record: &Record,
    source: &impl Source,
    range: Range<u64>,
) -> Result<Vec<u8>, StoreError> {
    let end = range.end.min(range.start.saturating_add(HEADER_OCTETS));
    let mut reader = source.read(record, range.start..end);
    let mut header = Vec::new();
    while let Some(piece) = reader.next().await {
        header.extend_from_slice(&piece?);
    }
    Ok(header)
}

/// Whether a text, in lower case, is in the fields of a name, or in any of them. An empty
/// text is in every field.
fn in_header(header: &[u8], name: Option<&str>, text: &str) -> bool {
    message::fields(header).any(|field| match name {
        Some(name) if !field.is(name) => false,
        Some(_) => message::text::header_value(field.value)
            .to_lowercase()
            .contains(text),
        None => field_text(field).to_lowercase().contains(text),
    })
}

/// A field as people would write it down.
fn field_text(field: message::Field<'_>) -> String {
    let name = String::from_utf8_lossy(field.name);
    format!("{name}: {}", message::text::header_value(field.value))
}

/// Reads a part's text until all that is looked for is found.
async fn read_text(
    mut reader: BodyReader,
    part: &Part,
    finder: &mut Finder,
) -> Result<(), StoreError> {
    let mut decoder = message::text::BodyText::new(part);
    let mut text = String::new();
    while let Some(piece) = reader.next().await {
        decoder.push(&piece?, &mut text);
        finder.look(&text);
        if finder.wanted.is_empty() {
            return Ok(());
        }
        text.clear();
    }
    decoder.finish(&mut text);
    finder.look(&text);
    Ok(())
}

/// Looks for texts in one that comes in pieces.
struct Finder {
    /// What is looked for, in lower case, with its number.
    wanted: Vec<(usize, String)>,
    found: Vec<usize>,
    /// The end of what was looked at, long enough for all but the last octet of a text.
    tail: String,
}

impl Finder {
    fn new(wanted: Vec<(usize, String)>) -> Finder {
        Finder {
            wanted,
            found: Vec::new(),
            tail: String::new(),
        }
    }

    fn look(&mut self, text: &str) {
        self.tail.push_str(&text.to_lowercase());
        let (found, wanted) = std::mem::take(&mut self.wanted)
            .into_iter()
            .partition(|(_, wanted)| self.tail.contains(wanted.as_str()));
        let found: Vec<(usize, String)> = found;
        self.wanted = wanted;
        self.found.extend(found.into_iter().map(|(index, _)| index));
        let longest = self
            .wanted
            .iter()
            .map(|(_, text)| text.len())
            .max()
            .unwrap_or(0);
        let from = self
            .tail
            .floor_char_boundary(self.tail.len().saturating_sub(longest));
        self.tail.drain(..from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_across_pieces_and_in_any_case() {
        let wanted = ["pâté", "chinois", "absent"];
        let numbered = wanted
            .iter()
            .enumerate()
            .map(|(index, text)| (index, (*text).to_owned()));
        let mut finder = Finder::new(numbered.collect());
        for piece in ["Le P", "Â", "TÉ, chi", "n", "ois"] {
            finder.look(piece);
        }
        assert_eq!(finder.found, [0, 1]);
        assert_eq!(finder.wanted.len(), 1);
        assert!(finder.tail.len() <= "absent".len());
    }

    #[test]
    fn fields_are_looked_at_decoded() {
        let header = b"Subject: =?utf-8?q?Caf=C3=A9?=\r\nTo: Paul\r\nX-Empty:\r\n\r\n";
        assert!(in_header(header, Some("subject"), "café"));
        assert!(!in_header(header, Some("To"), "café"));
        assert!(in_header(header, None, "subject: ca"));
        assert!(in_header(header, Some("X-Empty"), ""));
        assert!(!in_header(header, Some("X-None"), ""));
    }

    #[test]
    fn only_messages_that_can_be_meant_are_looked_at() {
        let uids = |ranges: &[(u32, u32)]| {
            let uid = |number| imap::Uid::new(number).unwrap();
            let mut set = imap::UidSet::default();
            ranges
                .iter()
                .for_each(|&(from, to)| set.append(uid(from), uid(to)));
            Condition::Uids(set)
        };
        let within = |condition: Condition| {
            let set = Search::new(condition, AccountId(1)).within();
            let ranges = set.ranges().iter();
            ranges
                .map(|range| (range.start().get(), range.end().get()))
                .collect::<Vec<_>>()
        };
        let all = within(Condition::All);
        assert_eq!(all, [(1, Uid::MAX.get())]);
        assert_eq!(within(uids(&[(3, 4), (9, 9)])), [(3, 9)]);
        assert_eq!(within(uids(&[])), []);
        let not = Condition::Not(Box::new(uids(&[(3, 4)])));
        assert_eq!(within(not.clone()), all);
        let and = |conditions: &[Condition]| within(Condition::And(conditions.to_vec()));
        assert_eq!(and(&[not.clone(), uids(&[(3, 9)])]), [(3, 9)]);
        assert_eq!(and(&[uids(&[(1, 5)]), uids(&[(3, 9)])]), [(3, 5)]);
        assert_eq!(and(&[uids(&[(1, 2)]), uids(&[(3, 9)])]), []);
        assert_eq!(and(&[uids(&[]), not.clone()]), []);
        let or = |one, other| within(Condition::Or(Box::new(one), Box::new(other)));
        assert_eq!(or(uids(&[(1, 2)]), uids(&[(8, 9)])), [(1, 9)]);
        assert_eq!(or(uids(&[]), uids(&[(8, 9)])), [(8, 9)]);
        assert_eq!(or(uids(&[(8, 9)]), not), all);
    }

    #[test]
    fn a_question_is_asked_once() {
        let text = |text: &str| Condition::Text {
            place: TextPlace::Body,
            text: text.into(),
        };
        let condition = Condition::And(vec![
            text("A"),
            Condition::Not(Box::new(text("a"))),
            text("b"),
        ]);
        assert_eq!(Search::new(condition, AccountId(1)).asks.len(), 2);
    }
}
