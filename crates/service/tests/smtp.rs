//! Mail coming in, over a real store, queue and directory.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod rooms;
#[path = "smtp/sealing.rs"]
mod sealing;
#[path = "smtp/sent_on.rs"]
mod sent_on;
#[path = "smtp/signing.rs"]
mod signing;
#[path = "smtp/submission.rs"]
mod submission;
#[path = "smtp/wishes.rs"]
mod wishes;

use std::sync::Arc;
use std::time::{Duration, Instant};

use address::{AccountId, Address, Password, ReversePath};
use directory::{Account, AccountChange};
use events::{HeaderField, Refusal};
use jiff::Timestamp;
use journal::Protocol;
use limits::Limits;
use net::Answerer;
use queue::{Destination, Entry, Queue, QueueId, Recipient};
use service::fan_out::{FanOut, TAKEOVER};
use service::sending::Sending;
use service::smtp::{Answers, Believing, Doors, Limits as Paces, Lists, Service};
use session::sasl::Mechanism;
use smtp::dsn::Wishes;
use smtp::{Begin, ForwardPath, Hello, Piece, Question, Role, Sender};
use store::{MailboxId, Page, UidSet};

use rooms::{Rooms, SECRET, ask, journal, line};

struct House {
    service: Service,
    lea: Account,
    paul: Account,
    _dir: tempfile::TempDir,
}

/// `lea` and `paul` at `exemple.fr`, the list `tous` of both, and Léa's own `l`.
async fn house() -> House {
    let dir = tempfile::tempdir().unwrap();
    let rooms = Rooms::open(dir.path()).await;
    let lea = rooms.add("lea@exemple.fr").await;
    let paul = rooms.add("paul@exemple.fr").await;
    let Rooms { store, directory } = rooms;
    for (alias, targets) in [
        (
            "tous@exemple.fr",
            vec![lea.address.clone(), paul.address.clone()],
        ),
        ("l@exemple.fr", vec![lea.address.clone()]),
        ("ailleurs@exemple.fr", vec![at("x@loin.example")]),
        ("zoe@exemple.fr", vec![at("zoé@loin.example")]),
    ] {
        directory.add_alias(&at(alias), targets).await.unwrap();
    }
    let queue = Queue::new(Arc::new(kv::memory::Memory::default()));
    let fan_out = FanOut::new(
        store.clone(),
        queue.clone(),
        directory.clone(),
        Timestamp::now,
    );
    let journal = journal();
    let sending = Sending {
        directory: directory.clone(),
        journal: journal.clone(),
        queue: queue.clone(),
        limits: Limits {
            messages_per_hour: 200,
            recipients_per_day: 2000,
        },
    };
    let service = Service {
        store,
        queue,
        directory,
        journal,
        sending,
        fan_out,
        host: "mail.exemple.fr".into(),
        believing: trusting(),
        message_octets: 10_000,
        name_clients: false,
        clock: Timestamp::now,
    };
    House {
        service,
        lea,
        paul,
        _dir: dir,
    }
}

/// Nobody's mail is judged.
fn trusting() -> Believing {
    let settings = dns::Settings {
        servers: vec!["127.0.0.1:9".parse().unwrap()],
        dnssec: false,
        trust_anchors: None,
        patience: Duration::from_secs(1),
    };
    Believing {
        dns: dns::Resolver::new(&settings).unwrap(),
        trusted: ["0.0.0.0/0", "::/0"].map(|all| all.parse().unwrap()).into(),
        patience: Duration::from_secs(1),
        doors: Doors::new(Paces {
            of_network: 0,
            of_sender: 0,
            of_recipient: 0,
            pause: Duration::ZERO,
        }),
        lists: Lists::new(&[]).unwrap(),
        trusted_sealers: [].into(),
        seals: false,
    }
}

fn at(text: &str) -> Address {
    text.parse().unwrap()
}

async fn one(answers: &mut Answers, question: Question) -> Piece {
    let mut pieces = ask(answers, question).await;
    assert_eq!(pieces.len(), 1);
    pieces.remove(0)
}

impl House {
    fn exchange(&self) -> Answers {
        Answers::new(self.service.clone(), Role::Exchange, line(Protocol::Smtp))
    }

    /// Léa, signed in.
    async fn submission(&self) -> Answers {
        let line = line(Protocol::Smtp);
        let mut answers = Answers::new(self.service.clone(), Role::Submission, line);
        let question = Question::SignIn {
            mechanism: Mechanism::Plain,
            name: "lea@exemple.fr".into(),
            password: Password::new(SECRET),
            encrypted: true,
        };
        let told = one(&mut answers, question).await;
        assert!(matches!(told, Piece::SignedIn { .. }), "{told:?}");
        answers
    }

    async fn octets(&self, body: &blob::BodyRef, range: std::ops::Range<u64>) -> Vec<u8> {
        let mut reader = self.service.store.read(body, range);
        let mut octets = Vec::new();
        while let Some(chunk) = reader.next().await {
            octets.extend_from_slice(&chunk.unwrap());
        }
        octets
    }

    async fn inbox(&self, account: AccountId) -> Vec<Vec<u8>> {
        let all = UidSet::all();
        let page = Page {
            uids: &all,
            after: None,
            limit: 100,
            include_gone: false,
        };
        let store = &self.service.store;
        let records = store.records(account, MailboxId::INBOX, page).await;
        let mut messages = Vec::new();
        for record in records.unwrap() {
            messages.push(self.octets(&record.body, 0..record.size).await);
        }
        messages
    }

    /// The names and texts of the records that publish the keys of its domain.
    async fn records(&self) -> Vec<(String, String)> {
        let (directory, domain) = (&self.service.directory, "exemple.fr".parse().unwrap());
        let keys = directory.signature_keys(&domain, Timestamp::now()).await;
        let record = |key: directory::SignatureKey| {
            let name = format!("{}._domainkey.{domain}", key.selector);
            (name, key.record)
        };
        keys.unwrap().into_iter().map(record).collect()
    }

    async fn waiting(&self) -> Vec<Entry> {
        self.service.queue.list(None, 100).await.unwrap()
    }

    /// Delivers what waits, due or not.
    async fn bring_round(&self) {
        let flushed = self.service.queue.flush(None, Timestamp::now(), drop).await;
        flushed.unwrap();
        self.service.fan_out.bring_round().await.unwrap();
    }

    /// Until the background has done what it can.
    async fn until_empty(&self) {
        for _ in 0..500 {
            if self.waiting().await.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the queue is not empty");
    }

    async fn quota(&self, account: &Account, quota: Option<u64>) {
        let change = AccountChange {
            quota: Some(quota),
            ..AccountChange::default()
        };
        let set = self.service.directory.set(account.id, change).await;
        set.unwrap();
    }
}

/// A sender who asks for nothing.
fn plain(path: ReversePath) -> Sender {
    Sender {
        path,
        size: None,
        smtputf8: false,
        eight_bit: false,
        require_tls: false,
        ret: None,
        envelope_id: None,
        hold: None,
        by: None,
        old_tablet: false,
    }
}

async fn from(answers: &mut Answers, sender: &str, size: Option<u64>) -> Piece {
    let path = match sender {
        "" => ReversePath::Null,
        sender => ReversePath::Address(at(sender)),
    };
    let sender = Sender {
        size,
        ..plain(path)
    };
    one(answers, Question::Sender(sender)).await
}

async fn to(answers: &mut Answers, recipient: &str) -> Piece {
    let path = ForwardPath::Address(at(recipient));
    one(answers, Question::Recipient(path, Wishes::default())).await
}

fn to_postmaster() -> Question {
    Question::Recipient(ForwardPath::Postmaster, Wishes::default())
}

/// Begins a message.
async fn begin(answers: &mut Answers) {
    let begin = Begin {
        hello: Hello {
            name: "client.example".into(),
            extended: true,
        },
        encryption: None,
        signed_in: false,
        smtputf8: false,
    };
    let told = one(answers, Question::Begin(begin)).await;
    assert_eq!(told, Piece::Granted);
}

async fn data(answers: &mut Answers, message: &str) -> Piece {
    begin(answers).await;
    for chunk in message.as_bytes().chunks(7) {
        answers.body(bytes::Bytes::copy_from_slice(chunk)).await;
    }
    one(answers, Question::Accept).await
}

/// A whole transaction that is granted until the message is there.
async fn send(answers: &mut Answers, sender: &str, recipients: &[&str], message: &str) -> Piece {
    assert_eq!(from(answers, sender, None).await, Piece::Granted);
    for recipient in recipients {
        assert_eq!(to(answers, recipient).await, Piece::Granted, "{recipient}");
    }
    data(answers, message).await
}

fn counts(told: &Piece) -> (usize, usize) {
    match told {
        Piece::Accepted {
            delivered, queued, ..
        } => (*delivered, *queued),
        other => panic!("{other:?}"),
    }
}

const MESSAGE: &str = "From: a@loin.example\r\nSubject: Bonjour\r\n\r\nSalut\r\n";

#[tokio::test]
async fn mail_for_one_account_is_there_when_it_is_accepted() {
    let house = house().await;
    let told = send(
        &mut house.exchange(),
        "a@loin.example",
        &["lea@exemple.fr", "l@exemple.fr"],
        MESSAGE,
    )
    .await;
    assert_eq!(counts(&told), (1, 0));
    assert!(house.waiting().await.is_empty());
    let inbox = house.inbox(house.lea.id).await;
    assert_eq!(inbox.len(), 1);
    let text = String::from_utf8(inbox[0].clone()).unwrap();
    assert!(text.starts_with("Return-Path: <a@loin.example>\r\nReceived: from client.example"));
    assert!(text.ends_with(MESSAGE));
}

#[tokio::test]
async fn mail_for_several_is_fanned_out() {
    let house = house().await;
    let mut answers = house.exchange();
    let told = send(&mut answers, "", &["tous@exemple.fr"], MESSAGE).await;
    assert_eq!(counts(&told), (2, 0));
    house.until_empty().await;
    for account in [&house.lea, &house.paul] {
        assert_eq!(house.inbox(account.id).await.len(), 1);
    }
}

/// An entry for both that is not in the queue yet.
async fn entry(house: &House) -> Entry {
    let mut intake = house.service.store.body();
    intake.write(MESSAGE.as_bytes()).await.unwrap();
    let body = intake.finish().await.unwrap().body;
    let now = Timestamp::now();
    let copy = |account: &Account| {
        Recipient::new(account.address.clone(), Destination::Local(account.id), now)
    };
    let recipients = vec![copy(&house.lea), copy(&house.paul)];
    Entry::new(
        QueueId::new(now, 7),
        ReversePath::Null,
        recipients,
        body,
        now,
    )
}

#[tokio::test]
async fn fan_out_goes_on_after_a_crash_and_delivers_once() {
    let house = house().await;
    let entry = entry(&house).await;
    // The second time is as after a crash between the delivery and its settling.
    for _ in 0..2 {
        house.service.queue.put(&entry).await.unwrap();
        house.bring_round().await;
        house.bring_round().await;
        assert!(house.waiting().await.is_empty());
    }
    for account in [&house.lea, &house.paul] {
        assert_eq!(house.inbox(account.id).await, [MESSAGE.as_bytes()]);
    }
}

#[tokio::test]
async fn what_another_node_left_in_the_queue_is_brought_round_soon() {
    let house = house().await;
    house.quota(&house.paul, Some(1)).await;
    let entry = entry(&house).await;
    let fan_out = house.service.fan_out.clone();
    let running = tokio::spawn(async move { fan_out.run().await });
    // Its first look is over when that node puts it there and dies.
    tokio::time::sleep(TAKEOVER / 10).await;
    house.service.queue.put(&entry).await.unwrap();
    tokio::time::sleep(TAKEOVER / 2).await;
    // That node's turn to bring it round.
    assert!(house.inbox(house.lea.id).await.is_empty());
    let deadline = Instant::now() + TAKEOVER * 4;
    while house.waiting().await[0].recipients.len() > 1 {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(TAKEOVER / 50).await;
    }
    assert_eq!(house.inbox(house.lea.id).await.len(), 1);
    running.abort();
}

#[tokio::test]
async fn a_copy_over_quota_waits_and_comes_when_there_is_room() {
    let house = house().await;
    house.quota(&house.paul, Some(1)).await;
    let mut answers = house.exchange();
    let told = send(&mut answers, "", &["tous@exemple.fr"], MESSAGE).await;
    assert_eq!(counts(&told), (2, 0));
    house.bring_round().await;
    assert_eq!(house.inbox(house.lea.id).await.len(), 1);
    let waiting = house.waiting().await;
    assert_eq!(waiting[0].recipients.len(), 1);
    assert!(waiting[0].recipients[0].trouble.is_some());
    house.quota(&house.paul, None).await;
    house.bring_round().await;
    assert!(house.waiting().await.is_empty());
    assert_eq!(house.inbox(house.paul.id).await.len(), 1);
}

#[tokio::test]
async fn a_copy_for_an_account_that_is_gone_is_given_up() {
    let house = house().await;
    house.quota(&house.paul, Some(1)).await;
    send(&mut house.exchange(), "", &["tous@exemple.fr"], MESSAGE).await;
    let removed = house.service.directory.remove_account(house.paul.id).await;
    removed.unwrap();
    house.bring_round().await;
    house.until_empty().await;
}

#[tokio::test]
async fn what_is_refused_before_the_message() {
    let house = house().await;
    let mut answers = house.exchange();
    let told = from(&mut answers, "a@loin.example", Some(10_001)).await;
    assert_eq!(told, Piece::Refused(Refusal::TooLarge { limit: 10_000 }));
    from(&mut answers, "a@loin.example", Some(100)).await;
    let recipient = at("personne@exemple.fr");
    assert_eq!(
        to(&mut answers, "personne@exemple.fr").await,
        Piece::Refused(Refusal::UnknownRecipient { recipient })
    );
    let recipient = at("b@loin.example");
    assert_eq!(
        to(&mut answers, "b@loin.example").await,
        Piece::Refused(Refusal::NotHosted { recipient })
    );
    house.quota(&house.paul, Some(99)).await;
    let full = Piece::Refused(Refusal::OverQuota { temporary: true });
    assert_eq!(to(&mut answers, "paul@exemple.fr").await, full);
    let told = one(&mut answers, to_postmaster()).await;
    let recipient = at("postmaster@exemple.fr");
    assert_eq!(
        told,
        Piece::Refused(Refusal::UnknownRecipient { recipient })
    );
    // What was not said to be too large turns out to be.
    house.quota(&house.paul, Some(99)).await;
    let told = send(&mut answers, "", &["paul@exemple.fr"], MESSAGE).await;
    assert_eq!(told, full);
    assert!(house.inbox(house.paul.id).await.is_empty());
}

#[tokio::test]
async fn a_domain_without_a_postmaster_has_that_of_the_oldest_with_one() {
    let house = house().await;
    let directory = &house.service.directory;
    let later = Timestamp::now() + Duration::from_secs(60);
    // Its name comes first, but it came last.
    let young = "a.example".parse().unwrap();
    directory.add_domain(&young, later).await.unwrap();
    let postmaster = vec![house.lea.address.clone()];
    let alias = at("postmaster@exemple.fr");
    directory.add_alias(&alias, postmaster).await.unwrap();
    let mut answers = house.exchange();
    from(&mut answers, "a@loin.example", None).await;
    let told = one(&mut answers, to_postmaster()).await;
    assert!(!matches!(told, Piece::Refused(_)), "{told:?}");
    let told = send(&mut answers, "", &["PostMaster@a.example"], MESSAGE).await;
    assert_eq!(counts(&told), (1, 0));
    assert_eq!(house.inbox(house.lea.id).await.len(), 1);
    let told = send(&mut answers, "", &["abuse@a.example"], MESSAGE).await;
    assert_eq!(counts(&told), (1, 0));
    assert_eq!(house.inbox(house.lea.id).await.len(), 2);
    // Nobody else is there for all.
    let recipient = at("info@a.example");
    let refused = Piece::Refused(Refusal::UnknownRecipient { recipient });
    from(&mut answers, "", None).await;
    assert_eq!(to(&mut answers, "info@a.example").await, refused);
}

#[tokio::test]
async fn an_account_that_is_full_for_days_asks_nobody_to_come_back() {
    const DAY: i64 = 24 * 60 * 60;
    let mut house = house().await;
    send(&mut house.exchange(), "", &["paul@exemple.fr"], MESSAGE).await;
    house.quota(&house.paul, Some(1)).await;
    let full = |temporary| Piece::Refused(Refusal::OverQuota { temporary });
    let days = [
        (|| Timestamp::from_second(100 * DAY).unwrap()) as fn() -> Timestamp,
        || Timestamp::from_second(105 * DAY - 1).unwrap(),
        || Timestamp::from_second(105 * DAY).unwrap(),
    ];
    let refused = async |house: &mut House, day: usize| {
        house.service.clock = days[day];
        let mut answers = house.exchange();
        from(&mut answers, "", None).await;
        to(&mut answers, "paul@exemple.fr").await
    };
    for (day, temporary) in [(0, true), (1, true), (2, false), (0, true), (2, false)] {
        assert_eq!(refused(&mut house, day).await, full(temporary));
    }
    // Room, and full again.
    house.quota(&house.paul, Some(1_000_000)).await;
    assert_eq!(refused(&mut house, 2).await, Piece::Granted);
    house.quota(&house.paul, Some(1)).await;
    assert_eq!(refused(&mut house, 0).await, full(true));
    assert_eq!(refused(&mut house, 2).await, full(false));
    // A message was removed, which was not enough.
    house.quota(&house.paul, None).await;
    send(&mut house.exchange(), "", &["paul@exemple.fr"], MESSAGE).await;
    house.quota(&house.paul, Some(1)).await;
    assert_eq!(refused(&mut house, 0).await, full(true));
    let first = UidSet::from_iter(store::Uid::new(1));
    let store = &house.service.store;
    let removed = store.remove(house.paul.id, MailboxId::INBOX, &first, Timestamp::now());
    assert_eq!(removed.await.unwrap().len(), 1);
    assert_eq!(refused(&mut house, 2).await, full(true));
}

#[tokio::test]
async fn postmaster_without_a_domain_is_that_of_any_domain_that_has_one() {
    let house = house().await;
    let directory = &house.service.directory;
    for domain in ["a.example", "zone.example"] {
        let domain = domain.parse().unwrap();
        directory
            .add_domain(&domain, Timestamp::now())
            .await
            .unwrap();
    }
    let last = at("postmaster@zone.example");
    let targets = vec![house.lea.address.clone()];
    directory.add_alias(&last, targets).await.unwrap();
    let mut answers = house.exchange();
    from(&mut answers, "", None).await;
    let told = one(&mut answers, to_postmaster()).await;
    assert_eq!(told, Piece::Granted);
    assert_eq!(counts(&data(&mut answers, MESSAGE).await), (1, 0));
    assert_eq!(house.inbox(house.lea.id).await.len(), 1);
}

#[tokio::test]
async fn a_message_that_goes_in_circles_is_refused() {
    let house = house().await;
    let message = "Received: x\r\n".repeat(100) + MESSAGE;
    let told = send(&mut house.exchange(), "", &["lea@exemple.fr"], &message).await;
    assert_eq!(told, Piece::Refused(Refusal::Loop));
}

#[tokio::test]
async fn a_submission_is_sent_here_and_elsewhere() {
    let house = house().await;
    let message = "From: Lea <l@exemple.fr>\r\n\r\nSalut\r\n";
    let recipients = ["paul@exemple.fr", "b@loin.example"];
    let mut answers = house.submission().await;
    let told = send(&mut answers, "lea@exemple.fr", &recipients, message).await;
    assert_eq!(counts(&told), (1, 1));
    house.bring_round().await;
    let waiting = house.waiting().await;
    assert_eq!(waiting[0].submitted_by, Some(house.lea.id));
    assert_eq!(waiting[0].recipients.len(), 1);
    assert_eq!(waiting[0].recipients[0].to, Destination::Remote);
    // Final delivery alone has a Return-Path.
    let entry = &waiting[0];
    let leaving = house.octets(&entry.body, entry.outgoing()).await;
    assert!(leaving.starts_with(b"Received: "));
    let inbox = house.inbox(house.paul.id).await;
    let here = [b"Return-Path: <lea@exemple.fr>\r\n", &leaving[..]].concat();
    assert_eq!(inbox, [here]);
}

#[tokio::test]
async fn no_line_of_a_message_becomes_part_of_our_fields() {
    let house = house().await;
    for (message, joint) in [
        ("", ""),
        ("\r\nSalut\r\n", ""),
        ("Subject: a\r\n", ""),
        ("From a@b\r\nSubject: a\r\n\r\n", ""),
        ("Salut\r\nLea : oui\r\n", "\r\n"),
        (
            " for <x@y>\r\nSubject: a\r\n\r\n",
            "Comments: the message began with the next line\r\n",
        ),
    ] {
        let mut answers = house.exchange();
        let told = send(&mut answers, "", &["lea@exemple.fr"], message).await;
        assert_eq!(counts(&told), (1, 0));
        let inbox = house.inbox(house.lea.id).await;
        let text = String::from_utf8(inbox.last().unwrap().clone()).unwrap();
        let trace = text.strip_suffix(message).unwrap();
        let (_, after_date) = trace.split_once(" +0000\r\n").unwrap();
        assert_eq!(after_date, joint, "{message:?}");
    }
}

#[tokio::test]
async fn an_alias_leads_elsewhere_for_a_stranger_too() {
    let house = house().await;
    let mut answers = house.exchange();
    let told = send(&mut answers, "", &["ailleurs@exemple.fr"], MESSAGE).await;
    assert_eq!(counts(&told), (0, 1));
    let entry = &house.waiting().await[0];
    assert_eq!(entry.recipients[0].address, at("x@loin.example"));
    assert!(!entry.smtputf8);
    // It asks for more than what leads to it.
    send(&mut answers, "", &["zoe@exemple.fr"], MESSAGE).await;
    // Of two of the same millisecond either may be the first.
    let waiting = house.waiting().await;
    let to = |entry: &&queue::Entry| entry.recipients[0].address == at("zoé@loin.example");
    assert!(waiting.iter().find(to).unwrap().smtputf8);
}

#[tokio::test]
async fn nobody_sends_as_another() {
    let house = house().await;
    let line = line(Protocol::Smtp);
    let mut stranger = Answers::new(house.service.clone(), Role::Submission, line);
    let told = from(&mut stranger, "lea@exemple.fr", None).await;
    assert_eq!(told, Piece::Refused(Refusal::SignInRequired));
    let mut answers = house.submission().await;
    for sender in ["paul@exemple.fr", "lea@loin.example"] {
        let refusal = Refusal::SenderNotYours { sender: at(sender) };
        let told = from(&mut answers, sender, None).await;
        assert_eq!(told, Piece::Refused(refusal));
    }
    use HeaderField::{From, Sender};
    for (header, field, address) in [
        ("From: paul@exemple.fr\r\n", From, "paul@exemple.fr"),
        (
            "From: lea@exemple.fr\r\nSender: p@loin.example\r\n",
            Sender,
            "p@loin.example",
        ),
        (
            "From: lea@exemple.fr\r\nFrom: l@exemple.fr\r\n",
            From,
            "l@exemple.fr",
        ),
        (
            "From: \"paul@exemple.fr\" <lea@exemple.fr>\r\n",
            From,
            "paul@exemple.fr",
        ),
    ] {
        let message = format!("{header}\r\nSalut\r\n");
        let told = send(&mut answers, "", &["paul@exemple.fr"], &message).await;
        let address = address.to_owned();
        assert_eq!(
            told,
            Piece::Refused(Refusal::HeaderNotYours { field, address }),
            "{header}"
        );
    }
    let told = send(&mut answers, "", &["paul@exemple.fr"], "\r\nSalut\r\n").await;
    assert_eq!(told, Piece::Refused(Refusal::NoFrom));
    let message = "From: \"lea@loin.example\" <lea@exemple.fr>\r\n\r\nSalut\r\n";
    let told = send(&mut answers, "", &["paul@exemple.fr"], message).await;
    assert_eq!(counts(&told), (1, 0));
}

#[tokio::test]
async fn what_is_discarded_or_reset_leaves_nothing() {
    let house = house().await;
    let mut answers = house.exchange();
    for question in [Question::Discard, Question::Reset] {
        from(&mut answers, "", None).await;
        to(&mut answers, "lea@exemple.fr").await;
        assert!(ask(&mut answers, question).await.is_empty());
        let told = one(&mut answers, Question::Accept).await;
        assert_eq!(told, Piece::Refused(Refusal::Temporary));
    }
    assert!(house.inbox(house.lea.id).await.is_empty());
}

/// Whether the right is seen to have ended while a question is out.
fn is_cut(answers: &Answers) -> bool {
    let mut right = std::pin::pin!(answers.right());
    let mut now = std::task::Context::from_waker(std::task::Waker::noop());
    right.as_mut().poll(&mut now).is_ready()
}

#[tokio::test]
async fn a_message_that_has_come_is_answered_though_the_right_has_ended() {
    let house = house().await;
    let mut answers = house.submission().await;
    from(&mut answers, "lea@exemple.fr", None).await;
    to(&mut answers, "paul@exemple.fr").await;
    begin(&mut answers).await;
    let message = bytes::Bytes::from("From: lea@exemple.fr\r\n\r\nSalut\r\n");
    answers.body(message).await;
    let password = Password::new("un autre tilleul");
    let (directory, now) = (&house.service.directory, Timestamp::now());
    let changed = directory.set_password(house.lea.id, &password, now).await;
    changed.unwrap();
    assert!(!is_cut(&answers));
    let told = one(&mut answers, Question::Accept).await;
    assert_eq!(counts(&told), (1, 0));
    assert!(is_cut(&answers));
}
