//! Entries to be put.

use std::path::Path;

use address::{AccountId, ReversePath};
use blob::{Blobs, BodyRef};
use jiff::Timestamp;
use queue::{
    Concluded, Destination, Entry, Fate, Lane, Queue, QueueId, Recipient, Status, Trouble,
};

/// When all that is put here was accepted.
pub(crate) const RECEIVED: i64 = 1_800_000_000;

pub(crate) async fn body(dir: &Path) -> BodyRef {
    let [body] = bodies(dir).await;
    body
}

pub(crate) async fn bodies<const N: usize>(dir: &Path) -> [BodyRef; N] {
    let blobs = Blobs::open(dir).unwrap();
    let mut bodies = Vec::new();
    for _ in 0..N {
        let mut writer = blobs.writer();
        let message = "Return-Path: <lea@exemple.fr>\r\nSubject: Bonjour\r\n\r\n";
        writer.write(message.as_bytes()).await.unwrap();
        bodies.push(writer.finish().await.unwrap());
    }
    bodies.try_into().unwrap()
}

pub(crate) fn id(number: i64) -> QueueId {
    QueueId::new(Timestamp::from_millisecond(number).unwrap(), 7)
}

/// So many seconds after all was accepted.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(RECEIVED + seconds).unwrap()
}

/// Every second one is here, the others are at one of three domains elsewhere.
pub(crate) fn recipient(number: u32) -> Recipient {
    let to = match number.is_multiple_of(2) {
        true => Destination::Local(AccountId(number.into())),
        false => Destination::Remote,
    };
    let address = format!("jean{number}@exemple{}.fr", number / 2 % 3);
    let sent_on_by = number
        .is_multiple_of(3)
        .then(|| "all@exemple.fr".parse().unwrap());
    Recipient {
        place: number,
        sent_on_by,
        ..Recipient::new(address.parse().unwrap(), to, at(0))
    }
}

pub(crate) fn entry(number: i64, body: &BodyRef, recipients: u32) -> Entry {
    let from = ReversePath::Address("lea@exemple.fr".parse().unwrap());
    let recipients = (0..recipients).map(recipient).collect();
    Entry {
        submitted_by: Some(AccountId(4)),
        smtputf8: true,
        ..Entry::new(id(number), from, recipients, body.clone(), at(0))
    }
}

/// One for a single recipient elsewhere, sent by an account.
pub(crate) fn letter(number: i64, body: &BodyRef, to: &str, account: u64) -> Entry {
    let recipient = Recipient::new(to.parse().unwrap(), Destination::Remote, at(0));
    Entry {
        recipients: vec![recipient],
        submitted_by: Some(AccountId(account)),
        ..entry(number, body, 0)
    }
}

pub(crate) fn lane(domain: &str, account: u64) -> Lane {
    Lane {
        destination: Some(domain.parse().unwrap()),
        account: Some(AccountId(account)),
    }
}

pub(crate) fn trouble(text: &str) -> Trouble {
    Trouble::ours(Status(4, 4, 1), text)
}

pub(crate) fn later(seconds: i64, text: &str) -> Fate {
    Fate::Later {
        due: at(seconds),
        trouble: trouble(text),
        told: false,
    }
}

/// Settles a recipient that nobody has taken.
pub(crate) async fn settle(queue: &Queue, id: QueueId, place: u32) {
    let done = [(place, Fate::Done)];
    let concluded = queue.conclude(id, None, &done, None).await;
    assert_eq!(concluded, Ok(Concluded::Durably));
}

/// What is wrong with the queue, in words.
pub(crate) async fn faults(queue: &Queue) -> Vec<String> {
    let checked = queue.check().await.unwrap();
    checked.faults.iter().map(ToString::to_string).collect()
}
