//! Mailboxes in memory, for one account that all connections of a test share.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use events::{Event, Refusal, SignInFailure};
use imap::{
    Append, Changes, Fetch, FlagChange, FlagChangeKind, Flags, FlagsOf, Imap, InternalDate,
    Keyword, Known, Mailbox, Message, Modseq, NewMessage, ObjectId, Opened, Partial, Piece,
    Question, Section, SectionText, SpecialUse, Status, SystemFlag, Uid, UidSet, UidValidity,
};
use message::{MsgId, Scanned, Scanner};
use playback::World;

use crate::{MODERN, PASSWORD, USER, search};

/// The service of one connection.
pub(crate) struct Service {
    pub(crate) account: Arc<Mutex<Account>>,
    selected: Option<u32>,
    read_only: bool,
    taking: Option<(Append, Vec<u8>)>,
    changes_seen: u64,
}

/// All that is kept.
pub(crate) struct Account {
    pub(crate) folders: Vec<Folder>,
    pub(crate) subscriptions: Vec<String>,
    pub(crate) events: Vec<Event>,
    /// Octets that fit in.
    pub(crate) quota: u64,
    /// The next question is refused so.
    pub(crate) fail: Option<Refusal>,
    pub(crate) modseq: u64,
    next_id: u32,
    next_email: u32,
}

pub(crate) struct Folder {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) uid_next: u32,
    /// From here on no session has been told.
    pub(crate) fresh_from: u32,
    pub(crate) mails: Vec<Mail>,
    vanished: Vec<(Uid, u64)>,
    /// Removed, and still there for sessions that show them.
    gone: Vec<Mail>,
}

pub(crate) struct Mail {
    pub(crate) uid: Uid,
    pub(crate) modseq: u64,
    pub(crate) flags: Flags,
    pub(crate) date: InternalDate,
    pub(crate) octets: Bytes,
    pub(crate) scanned: Arc<Scanned>,
    /// Its number in the account, and that of the one which began its conversation.
    ids: (u32, u32),
}

impl Mail {
    pub(crate) fn email_id(&self) -> ObjectId {
        object('E', self.ids.0)
    }

    pub(crate) fn thread_id(&self) -> ObjectId {
        object('T', self.ids.1)
    }

    /// The names of its own and of its ancestors.
    fn names(&self) -> impl Iterator<Item = &MsgId> {
        let lineage = &self.scanned.lineage;
        lineage.own.iter().chain(&lineage.ancestors)
    }
}

fn object(kind: char, number: u32) -> ObjectId {
    ObjectId::new(&format!("{kind}7-{number}")).unwrap()
}

const NOW: InternalDate = InternalDate {
    seconds: 1_793_869_872,
    offset_minutes: 60,
};

impl Account {
    pub(crate) fn new() -> Arc<Mutex<Account>> {
        let mut account = Account {
            folders: Vec::new(),
            subscriptions: Vec::new(),
            events: Vec::new(),
            quota: 100_000_000,
            fail: None,
            modseq: 1,
            next_id: 1,
            next_email: 1,
        };
        for name in ["INBOX", "Sent", "Drafts", "Trash", "Junk"] {
            account.create(name);
            account.subscriptions.push(name.to_owned());
        }
        Arc::new(Mutex::new(account))
    }

    fn create(&mut self, name: &str) {
        let id = self.next_id;
        self.next_id += 1;
        self.folders.push(Folder {
            id,
            name: name.to_owned(),
            uid_next: 1,
            fresh_from: 1,
            mails: Vec::new(),
            vanished: Vec::new(),
            gone: Vec::new(),
        });
    }

    fn step(&mut self) -> u64 {
        self.modseq += 1;
        self.modseq
    }

    pub(crate) fn folder(&mut self, name: &str) -> Option<&mut Folder> {
        self.folders.iter_mut().find(|folder| folder.name == name)
    }

    fn open(&mut self, id: Option<u32>) -> Option<&mut Folder> {
        self.folders.iter_mut().find(|folder| Some(folder.id) == id)
    }

    /// Puts a message in, as delivery does.
    pub(crate) fn deliver(
        &mut self,
        folder: &str,
        octets: &[u8],
        flags: Flags,
    ) -> Option<(UidValidity, Uid)> {
        let mut scanner = Scanner::new();
        scanner.push(octets);
        let email = self.next_email;
        self.next_email += 1;
        let mut mail = Mail {
            uid: Uid::new(1)?,
            modseq: 0,
            flags,
            date: NOW,
            octets: Bytes::copy_from_slice(octets),
            scanned: Arc::new(scanner.finish()),
            ids: (email, email),
        };
        let all = self.folders.iter().flat_map(|folder| &folder.mails);
        let akin = |other: &&Mail| mail.names().any(|name| other.names().any(|it| it == name));
        mail.ids.1 = all
            .filter(akin)
            .map(|other| other.ids.1)
            .min()
            .unwrap_or(email);
        self.put(folder, mail)
    }

    fn put(&mut self, folder: &str, mail: Mail) -> Option<(UidValidity, Uid)> {
        let modseq = self.step();
        let folder = self.folder(folder)?;
        let uid = Uid::new(folder.uid_next)?;
        folder.uid_next += 1;
        folder.mails.push(Mail {
            uid,
            modseq,
            ..mail
        });
        Some((folder.validity(), uid))
    }

    fn used(&self) -> u64 {
        self.folders
            .iter()
            .flat_map(|folder| &folder.mails)
            .map(|mail| mail.octets.len() as u64)
            .sum()
    }
}

impl Folder {
    fn validity(&self) -> UidValidity {
        UidValidity(NonZeroU32::new(1000 + self.id).unwrap())
    }

    fn uid_next(&self) -> NonZeroU32 {
        NonZeroU32::new(self.uid_next).unwrap()
    }

    fn chosen<'a>(&'a self, uids: &'a UidSet) -> impl Iterator<Item = &'a Mail> {
        self.mails.iter().filter(|mail| uids.contains(mail.uid))
    }

    fn remove(&mut self, modseq: u64, gone: impl Fn(&Mail) -> bool) -> Vec<Uid> {
        let (removed, kept) = std::mem::take(&mut self.mails).into_iter().partition(gone);
        let removed: Vec<Mail> = removed;
        self.mails = kept;
        let uids: Vec<Uid> = removed.iter().map(|mail| mail.uid).collect();
        self.vanished.extend(uids.iter().map(|&uid| (uid, modseq)));
        self.gone.extend(removed);
        uids
    }

    fn keywords(&self) -> Vec<Keyword> {
        let mut all: Vec<Keyword> = Vec::new();
        for keyword in self.mails.iter().flat_map(|mail| mail.flags.keywords()) {
            if !all.contains(keyword) {
                all.push(keyword.clone());
            }
        }
        all
    }

    fn special_use(&self) -> Option<SpecialUse> {
        Some(match self.name.as_str() {
            "Sent" => SpecialUse::Sent,
            "Drafts" => SpecialUse::Drafts,
            "Trash" => SpecialUse::Trash,
            "Junk" => SpecialUse::Junk,
            _ => return None,
        })
    }
}

impl Service {
    pub(crate) fn new(account: Arc<Mutex<Account>>) -> Service {
        Service {
            account,
            selected: None,
            read_only: false,
            taking: None,
            changes_seen: 0,
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Answer = Result<Vec<Piece>, Refusal>;

impl World<Imap> for Service {
    fn answer(&mut self, question: Question) -> Vec<Piece> {
        let failed = match &question {
            Question::Changes(_) | Question::SignIn { .. } => None,
            _ => self.lock().fail.take(),
        };
        let answer = match (failed, question) {
            (Some(refusal), _) => Err(refusal),
            (
                None,
                Question::SignIn {
                    name,
                    password,
                    encrypted,
                },
            ) => {
                return vec![sign_in(&name, password.expose(), encrypted)];
            }
            (None, question) => self.reply(question),
        };
        answer.unwrap_or_else(|refusal| {
            vec![Piece::Refused {
                refusal,
                failure: None,
            }]
        })
    }

    fn body(&mut self, chunk: Bytes) {
        self.taking.as_mut().unwrap().1.extend_from_slice(&chunk);
    }

    fn note(&mut self, event: Event) {
        self.lock().events.push(event);
    }

    fn changed(&mut self) -> bool {
        let now = self.lock().modseq;
        std::mem::replace(&mut self.changes_seen, now) != now
    }
}

fn sign_in(name: &str, password: &[u8], encrypted: bool) -> Piece {
    let refused = |refusal, failure| Piece::Refused {
        refusal,
        failure: Some(failure),
    };
    if !encrypted && name != USER {
        return refused(Refusal::EncryptionRequired, SignInFailure::Unencrypted);
    }
    match (name, password) {
        (USER | MODERN, secret) if secret == PASSWORD.as_bytes() => Piece::SignedIn {
            address: name.to_owned(),
        },
        (USER | MODERN, _) => refused(Refusal::Credentials, SignInFailure::WrongPassword),
        _ => refused(Refusal::Credentials, SignInFailure::UnknownUser),
    }
}

impl Service {
    fn reply(&mut self, question: Question) -> Answer {
        match question {
            Question::SignIn { .. } => Err(Refusal::Temporary),
            Question::Mailboxes => Ok(self.mailboxes()),
            Question::Status(mailbox) => self.status(mailbox.as_str()),
            Question::Select { mailbox, read_only } => self.select(mailbox.as_str(), read_only),
            Question::Close { expunge } => {
                let pieces = if expunge {
                    self.expunge(None)?
                } else {
                    vec![Piece::Done]
                };
                self.selected = None;
                Ok(pieces)
            }
            Question::Create(mailbox) => self.create(mailbox.as_str()),
            Question::Delete(mailbox) => self.delete(mailbox.as_str()),
            Question::Rename { from, to } => self.rename(from.as_str(), to.as_str()),
            Question::Subscribe { mailbox, on } => Ok(self.subscribe(mailbox.as_str(), on)),
            Question::Append(append) => self.append(append),
            Question::AppendEnd => self.append_end(),
            Question::AppendCancel => {
                self.taking = None;
                Ok(vec![Piece::Done])
            }
            Question::Changes(known) => self.changes(known),
            Question::Fetch(fetch) => self.fetch(&fetch),
            Question::Store { uids, change } => self.store(&uids, &change),
            Question::Search(condition) => self.search(&condition),
            Question::Copy { uids, to } => self.copy(&uids, to.as_str()),
            Question::Move { uids, to } => self.moved(&uids, to.as_str()),
            Question::Expunge { only } => self.expunge(only.as_ref()),
        }
    }

    fn mailboxes(&self) -> Vec<Piece> {
        let account = self.lock();
        let mailbox = |folder: &Folder| Mailbox {
            name: folder.name.clone(),
            special_use: folder.special_use(),
        };
        vec![
            Piece::Mailboxes(account.folders.iter().map(mailbox).collect()),
            Piece::Subscriptions(account.subscriptions.clone()),
            Piece::Done,
        ]
    }

    fn status(&self, name: &str) -> Answer {
        let mut account = self.lock();
        let folder = account.folder(name).ok_or(Refusal::NoSuchMailbox)?;
        let count = |wanted: &dyn Fn(&Mail) -> bool| {
            folder.mails.iter().filter(|mail| wanted(mail)).count() as u32
        };
        Ok(vec![Piece::Status(Status {
            messages: count(&|_| true),
            recent: count(&|mail| mail.uid.get() >= folder.fresh_from),
            unseen: count(&|mail| !mail.flags.has(SystemFlag::Seen)),
            uid_next: folder.uid_next(),
            validity: folder.validity(),
            id: object('M', folder.id),
        })])
    }

    fn select(&mut self, name: &str, read_only: bool) -> Answer {
        self.selected = None;
        let mut account = self.lock();
        let modseq = Modseq(account.modseq);
        let folder = account.folder(name).ok_or(Refusal::NoSuchMailbox)?;
        let (id, uid_next) = (folder.id, folder.uid_next());
        let opened = Opened {
            id: object('M', id),
            validity: folder.validity(),
            uid_next,
            modseq,
            first_unseen: folder
                .mails
                .iter()
                .find(|mail| !mail.flags.has(SystemFlag::Seen))
                .map(|mail| mail.uid),
            recent_from: Uid::new(folder.fresh_from),
            keywords: folder.keywords(),
            messages: folder.mails.len() as u32,
        };
        let uids: Vec<Uid> = folder.mails.iter().map(|mail| mail.uid).collect();
        if !read_only {
            folder.fresh_from = uid_next.get();
        }
        drop(account);
        (self.selected, self.read_only) = (Some(id), read_only);
        let runs = uids.chunks(3).map(|run| Piece::Uids(run.to_vec()));
        Ok([Piece::Selected(opened)]
            .into_iter()
            .chain(runs)
            .chain([Piece::Done])
            .collect())
    }

    fn create(&mut self, name: &str) -> Answer {
        let mut account = self.lock();
        if account.folder(name).is_some() {
            return Err(Refusal::MailboxExists);
        }
        if name.is_empty() || name.contains("//") || name.contains(char::is_control) {
            return Err(Refusal::MailboxForbidden);
        }
        for (end, _) in name.match_indices('/') {
            if account.folder(&name[..end]).is_none() {
                account.create(&name[..end]);
            }
        }
        account.create(name);
        let made = account.folder(name).ok_or(Refusal::Temporary)?;
        Ok(vec![Piece::Created(object('M', made.id))])
    }

    fn delete(&mut self, name: &str) -> Answer {
        let selected = self.selected;
        let mut account = self.lock();
        if name == "INBOX" {
            return Err(Refusal::MailboxForbidden);
        }
        let id = account.folder(name).ok_or(Refusal::NoSuchMailbox)?.id;
        account.folders.retain(|folder| folder.id != id);
        account.step();
        Ok(vec![Piece::Deleted {
            selected: selected == Some(id),
        }])
    }

    fn rename(&mut self, from: &str, to: &str) -> Answer {
        let mut account = self.lock();
        if account.folder(to).is_some() {
            return Err(Refusal::MailboxExists);
        }
        let mut found = false;
        for folder in &mut account.folders {
            let rest = folder.name.strip_prefix(from).map(str::to_owned);
            if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                folder.name = format!("{to}{rest}");
                found = true;
            }
        }
        if !found {
            return Err(Refusal::NoSuchMailbox);
        }
        Ok(vec![Piece::Done])
    }

    fn subscribe(&mut self, name: &str, on: bool) -> Vec<Piece> {
        let mut account = self.lock();
        account
            .subscriptions
            .retain(|subscribed| subscribed != name);
        if on {
            account.subscriptions.push(name.to_owned());
        }
        vec![Piece::Done]
    }

    fn append(&mut self, append: Append) -> Answer {
        let mut account = self.lock();
        account
            .folder(append.mailbox.as_str())
            .ok_or(Refusal::NoSuchMailbox)?;
        if append.size > 26_214_400 {
            return Err(Refusal::TooLarge { limit: 26_214_400 });
        }
        if account.used() + append.size > account.quota {
            return Err(Refusal::OverQuota { temporary: true });
        }
        drop(account);
        self.taking = Some((append, Vec::new()));
        Ok(vec![Piece::Done])
    }

    fn append_end(&mut self) -> Answer {
        let (append, octets) = self.taking.take().ok_or(Refusal::Temporary)?;
        assert_eq!(append.size, octets.len() as u64);
        let mut account = self.lock();
        let name = append.mailbox.as_str();
        let (validity, uid) = account
            .deliver(name, &octets, append.flags)
            .ok_or(Refusal::NoSuchMailbox)?;
        if let (Some(date), Some(folder)) = (append.date, account.folder(name)) {
            folder.mails.last_mut().unwrap().date = date;
        }
        Ok(vec![Piece::Appended { validity, uid }])
    }

    fn changes(&mut self, known: Known) -> Answer {
        let read_only = self.read_only;
        let mut account = self.lock();
        let modseq = Modseq(account.modseq);
        let folder = account.open(self.selected).ok_or(Refusal::NoSuchMailbox)?;
        let fresh_from = folder.fresh_from;
        let new = folder
            .mails
            .iter()
            .filter(|mail| mail.uid.get() >= known.uid_next);
        let new = new
            .map(|mail| NewMessage {
                uid: mail.uid,
                recent: mail.uid.get() >= fresh_from,
            })
            .collect();
        let changed = folder
            .mails
            .iter()
            .filter(|mail| mail.modseq > known.modseq.0)
            .map(flags_of);
        let vanished = folder
            .vanished
            .iter()
            .filter(|(_, at)| *at > known.modseq.0);
        let changes = Changes {
            new,
            changed: changed.collect(),
            vanished: vanished.map(|&(uid, _)| uid).collect(),
            known: Some(Known {
                modseq,
                uid_next: folder.uid_next,
            }),
        };
        if !read_only {
            folder.fresh_from = folder.uid_next;
        }
        Ok(vec![Piece::Changes(changes), Piece::Done])
    }

    fn fetch(&mut self, fetch: &Fetch) -> Answer {
        let mut account = self.lock();
        let modseq = account.step();
        let folder = account.open(self.selected).ok_or(Refusal::NoSuchMailbox)?;
        let mut pieces = Vec::new();
        let live = folder.mails.iter_mut().map(|mail| (mail, true));
        let mut all: Vec<(&mut Mail, bool)> = live
            .chain(folder.gone.iter_mut().map(|mail| (mail, false)))
            .filter(|(mail, _)| fetch.uids.contains(mail.uid))
            .collect();
        all.sort_by_key(|(mail, _)| mail.uid);
        for (mail, live) in all {
            let marked = live && fetch.mark_seen && !mail.flags.has(SystemFlag::Seen);
            if marked {
                mail.flags.set(SystemFlag::Seen);
                mail.modseq = modseq;
            }
            pieces.push(Piece::Message(Box::new(Message {
                uid: mail.uid,
                flags: (fetch.flags || marked).then(|| mail.flags.clone()),
                marked: marked.then_some(Modseq(modseq)),
                date: fetch.date.then_some(mail.date),
                size: fetch.size.then_some(mail.octets.len() as u64),
                envelope: fetch.envelope.then(|| mail.scanned.envelope.clone()),
                structure: fetch.structure.then(|| mail.scanned.structure.clone()),
                email_id: fetch.email_id.then(|| mail.email_id()),
                thread_id: fetch.thread_id.then(|| mail.thread_id()),
            })));
            for section in &fetch.sections {
                pieces.extend(body(mail, section));
            }
        }
        pieces.push(Piece::Done);
        Ok(pieces)
    }

    fn store(&mut self, uids: &UidSet, change: &FlagChange) -> Answer {
        let mut account = self.lock();
        let modseq = account.step();
        let folder = account.open(self.selected).ok_or(Refusal::NoSuchMailbox)?;
        let mut pieces = Vec::new();
        for mail in folder
            .mails
            .iter_mut()
            .filter(|mail| uids.contains(mail.uid))
        {
            let flags = changed_flags(&mail.flags, change);
            let before = Modseq(mail.modseq);
            if flags != mail.flags {
                (mail.flags, mail.modseq) = (flags, modseq);
            }
            pieces.push(Piece::Flags {
                of: flags_of(mail),
                before,
            });
        }
        pieces.push(Piece::Done);
        Ok(pieces)
    }

    fn search(&mut self, condition: &imap::Condition) -> Answer {
        let mut account = self.lock();
        let folder = account.open(self.selected).ok_or(Refusal::NoSuchMailbox)?;
        let found: Vec<Uid> = folder
            .mails
            .iter()
            .filter(|mail| search::fulfils(mail, condition))
            .map(|mail| mail.uid)
            .collect();
        let runs = found.chunks(2).map(|run| Piece::Found(run.to_vec()));
        Ok(runs.chain([Piece::Done]).collect())
    }

    fn copy(&mut self, uids: &UidSet, to: &str) -> Answer {
        let mut account = self.lock();
        if account.folder(to).is_none() {
            return Err(Refusal::NoSuchMailbox);
        }
        let folder = account.open(self.selected).ok_or(Refusal::NoSuchMailbox)?;
        let chosen: Vec<_> = folder
            .chosen(uids)
            .map(|mail| Mail {
                octets: mail.octets.clone(),
                flags: mail.flags.clone(),
                scanned: Arc::clone(&mail.scanned),
                date: NOW,
                ..*mail
            })
            .collect();
        let mut pieces = Vec::new();
        for mail in chosen {
            let from = mail.uid;
            let (validity, uid) = account.put(to, mail).ok_or(Refusal::NoSuchMailbox)?;
            pieces.push(Piece::Copied {
                validity,
                pairs: vec![(from, uid)],
            });
        }
        pieces.push(Piece::Done);
        Ok(pieces)
    }

    fn moved(&mut self, uids: &UidSet, to: &str) -> Answer {
        let pieces = self.copy(uids, to)?;
        let mut account = self.lock();
        let modseq = account.step();
        let folder = account.open(self.selected).ok_or(Refusal::NoSuchMailbox)?;
        folder.remove(modseq, |mail| uids.contains(mail.uid));
        Ok(pieces)
    }

    fn expunge(&mut self, only: Option<&UidSet>) -> Answer {
        let mut account = self.lock();
        let modseq = account.step();
        let folder = account.open(self.selected).ok_or(Refusal::NoSuchMailbox)?;
        let gone = folder.remove(modseq, |mail| {
            mail.flags.has(SystemFlag::Deleted) && only.is_none_or(|only| only.contains(mail.uid))
        });
        Ok(vec![Piece::Expunged(gone), Piece::Done])
    }
}

fn flags_of(mail: &Mail) -> FlagsOf {
    FlagsOf {
        uid: mail.uid,
        modseq: Modseq(mail.modseq),
        flags: mail.flags.clone(),
    }
}

fn changed_flags(flags: &Flags, change: &FlagChange) -> Flags {
    let named = &change.flags;
    let stays = |there: bool, named: bool| match change.how {
        FlagChangeKind::Replace => named,
        FlagChangeKind::Add => there || named,
        FlagChangeKind::Remove => there && !named,
    };
    let system = SystemFlag::ALL.into_iter();
    let mut new: Flags = system
        .filter(|&flag| stays(flags.has(flag), named.has(flag)))
        .collect();
    for keyword in flags.keywords().iter().chain(named.keywords()) {
        if stays(
            flags.keywords().contains(keyword),
            named.keywords().contains(keyword),
        ) {
            new.add(keyword.clone());
        }
    }
    new
}

/// The pieces of one section.
fn body(mail: &Mail, section: &Section) -> Vec<Piece> {
    let Some(octets) = octets(mail, section) else {
        return vec![Piece::NoBody];
    };
    let octets = match section.partial {
        None => octets,
        Some(Partial { start, count }) => {
            let start = (start as usize).min(octets.len());
            let end = (start + count.get() as usize).min(octets.len());
            octets.slice(start..end)
        }
    };
    // In pieces that have nothing to do with lines.
    let size = if octets.len() > 10_000 { 50_000 } else { 7 };
    let chunks = octets
        .chunks(size)
        .map(|chunk| Piece::Chunk(octets.slice_ref(chunk)));
    [Piece::Body(octets.len() as u64)]
        .into_iter()
        .chain(chunks)
        .collect()
}

fn octets(mail: &Mail, section: &Section) -> Option<Bytes> {
    use message::SectionText as Text;
    let what = match &section.text {
        SectionText::Whole => Text::Whole,
        SectionText::Text => Text::Text,
        SectionText::Mime => Text::Mime,
        SectionText::Header | SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => {
            Text::Header
        }
    };
    let range = message::section(&mail.scanned.structure, &section.path, what)?;
    let octets = mail.octets.slice(range.start as usize..range.end as usize);
    Some(match &section.text {
        SectionText::HeaderFields(names) => message::header_fields(&octets, names, false).into(),
        SectionText::HeaderFieldsNot(names) => message::header_fields(&octets, names, true).into(),
        _ => octets,
    })
}
