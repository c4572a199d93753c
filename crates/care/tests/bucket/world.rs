//! What the tests share: nodes with a real store and queue, on an index in memory and a bucket
//! of a real server.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use address::{AccountId, Address, Password, ReversePath};
use blob::s3::{Bucket, Found, ObjectName, Settings};
use blob::{Blobs, Hold};
use care::CareError;
use care::bucket::{CollectTerms, Collected, Collector, Kept};
use directory::Directory;
use futures_util::future::join_all;
use jiff::Timestamp;
use kv::Kv;
use queue::{Concluded, Destination, Entry, Fate, Queue, QueueId, Recipient};
use store::{
    Delivery, DeliveryId, Flags, Incoming, MailboxId, Page, Store, StoreError, Uid, UidSet,
};

pub(crate) const INBOX: MailboxId = MailboxId::INBOX;
/// When what was removed at 0 is readable no more.
pub(crate) const LATER: i64 = 2 * 60 * 60;

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(crate) fn quietly(_: care::Step) {}

/// A node, on an index and a bucket that others may have too.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    pub(crate) directory: Directory,
    pub(crate) bucket: Bucket,
    pub(crate) collector: Collector,
}

impl Node {
    pub(crate) async fn new(index: &Arc<dyn Kv>, endpoint: &str, grace: Duration) -> Node {
        let mut settings = Settings::new(endpoint, "mail", "facteur", Password::new("s3cret"));
        settings.prefix = "bodies".to_owned();
        settings.patience = Duration::from_secs(2);
        Node::on(index, Bucket::open(&settings).await.unwrap(), grace)
    }

    /// The same bucket, with another index perhaps.
    pub(crate) fn on(index: &Arc<dyn Kv>, bucket: Bucket, grace: Duration) -> Node {
        let store = Store::new(index.clone(), Blobs::in_bucket(bucket.clone()));
        let queue = Queue::new(index.clone());
        let directory = Directory::new(index.clone(), &directory::Settings::default());
        let kept = Kept {
            store: store.clone(),
            queue: queue.clone(),
            directory: directory.clone(),
            index: index.clone(),
            bucket: bucket.clone(),
        };
        Node {
            store,
            queue,
            directory,
            bucket,
            collector: Collector::new(kept, grace).tidying(),
        }
    }

    pub(crate) async fn pass(&self, terms: &CollectTerms) -> Result<Collected, CareError> {
        let pass = self.collector.pass(terms, at(LATER), &quietly).await?;
        assert_eq!(pass.untidy, [] as [&str; 0]);
        Ok(pass)
    }

    pub(crate) async fn account(&self, account: u64) {
        let account = AccountId(account);
        self.store.create_account(account, at(0)).await.unwrap();
    }

    pub(crate) async fn incoming(&self, text: &str, octets: usize) -> Incoming {
        let mut intake = self.store.body();
        let body = message(text, octets);
        intake.write(&body).await.unwrap();
        intake.finish().await.unwrap()
    }

    /// Messages that come in the same moment: most of them are in a pack.
    pub(crate) async fn burst(&self, texts: &[String], octets: usize) -> Vec<Incoming> {
        join_all(texts.iter().map(|text| self.incoming(text, octets))).await
    }

    /// Passes until nothing is left to be done, where nobody else is.
    pub(crate) async fn collect(&self) -> Collected {
        let collected = self
            .collector
            .collect(&CollectTerms::ALONE, at(LATER), &quietly);
        collected.await.unwrap()
    }

    /// Sees that there is nothing in the bucket that nobody needs.
    pub(crate) async fn needs_all(&self) {
        let contents = self.collector.contents(&quietly).await.unwrap();
        let needless = (contents.needless, contents.needless_in_packs);
        assert_eq!(needless, (0, 0), "{contents:?}");
    }

    pub(crate) async fn deliver(
        &self,
        account: u64,
        incoming: &Incoming,
        once: Option<u128>,
    ) -> Result<Uid, StoreError> {
        let delivery = Delivery {
            flags: Flags::default(),
            internal_date: at(0).into(),
            once: once.map(DeliveryId::new),
            quota: None,
        };
        let account = AccountId(account);
        let placed = self
            .store
            .deliver(account, INBOX, incoming, &delivery, at(0));
        Ok(placed.await?.uid)
    }

    pub(crate) async fn arrive(&self, account: u64, text: &str, octets: usize) -> Uid {
        let incoming = self.incoming(text, octets).await;
        self.deliver(account, &incoming, None).await.unwrap()
    }

    pub(crate) async fn remove(&self, account: u64, uids: &UidSet) {
        let removed = self.store.remove(AccountId(account), INBOX, uids, at(0));
        removed.await.unwrap();
    }

    /// Puts a message into the queue, for these accounts.
    pub(crate) async fn enqueue(&self, number: u64, incoming: &Incoming, to: &[u64]) -> Entry {
        let recipient = |account: &u64| {
            let to = Destination::Local(AccountId(*account));
            Recipient::new(address(*account), to, at(0))
        };
        let (id, body) = (QueueId::new(at(0), number.into()), incoming.body.clone());
        let recipients = to.iter().map(recipient).collect();
        let entry = Entry::new(id, ReversePath::Null, recipients, body, at(0));
        self.queue.put(&entry).await.unwrap();
        entry
    }

    /// Brings a queued message round, as any node may do at any time.
    pub(crate) async fn bring_round(&self, id: QueueId) {
        let hold = Hold::from_now();
        let Some(entry) = self.queue.get(id).await.unwrap() else {
            return;
        };
        let incoming = self.store.take_up(&entry.body, hold).await.unwrap();
        for recipient in &entry.recipients {
            let Destination::Local(account) = recipient.to else {
                continue;
            };
            let once = Some(entry.id.get());
            match self.deliver(account.0, &incoming, once).await {
                Ok(_) | Err(StoreError::Gone) => {}
                Err(error) => panic!("{error}"),
            }
            let done = [(recipient.place, Fate::Done)];
            let concluded = self.queue.conclude(entry.id, None, &done, None).await;
            assert_eq!(concluded, Ok(Concluded::Durably));
        }
    }

    /// All messages of a mailbox, whole.
    pub(crate) async fn messages(
        &self,
        account: u64,
        mailbox: MailboxId,
    ) -> BTreeMap<Uid, Vec<u8>> {
        let mut messages = BTreeMap::new();
        for (uid, body) in self.records(account, mailbox).await {
            let mut reader = self.store.read(&body, 0..body.length());
            let mut octets = Vec::new();
            while let Some(piece) = reader.next().await {
                octets.extend_from_slice(&piece.unwrap());
            }
            messages.insert(uid, octets);
        }
        messages
    }

    pub(crate) async fn records(
        &self,
        account: u64,
        mailbox: MailboxId,
    ) -> Vec<(Uid, blob::BodyRef)> {
        let page = Page {
            uids: &UidSet::all(),
            after: None,
            limit: usize::MAX,
            include_gone: false,
        };
        let found = self.store.records(AccountId(account), mailbox, page).await;
        let found = found.unwrap().into_iter();
        found.map(|record| (record.uid, record.body)).collect()
    }

    /// The names of all bodies in the bucket.
    pub(crate) async fn objects(&self) -> BTreeSet<ObjectName> {
        let mut names = BTreeSet::new();
        for folder in self.bucket.folders().await.unwrap().bodies {
            let mut listing = self.bucket.objects(folder);
            while let Some(found) = listing.next().await.unwrap() {
                if let Found::Body(object) = found {
                    names.insert(object.name);
                }
            }
        }
        names
    }
}

fn address(account: u64) -> Address {
    format!("a{account}@facteur.test").parse().unwrap()
}

pub(crate) fn message(text: &str, octets: usize) -> Vec<u8> {
    let filling = text.repeat(octets / text.len().max(1));
    format!("Subject: {text}\r\n\r\n{filling}\r\n").into_bytes()
}

pub(crate) fn name(incoming: &Incoming) -> ObjectName {
    incoming.body.object().unwrap()
}

/// Puts an object into the bucket as somebody else does.
pub(crate) fn put(server: &testbed::S3, name: &str, octets: &[u8]) {
    ask(server, "PUT", name, octets);
}

/// Changes an octet of an object.
pub(crate) fn harm(server: &testbed::S3, name: &str, at: u64) {
    let mut octets = ask(server, "GET", name, &[]);
    octets[usize::try_from(at).unwrap()] ^= 1;
    put(server, name, &octets);
}

/// What the server answers when it is asked as somebody else does.
fn ask(server: &testbed::S3, verb: &str, name: &str, octets: &[u8]) -> Vec<u8> {
    let place = server.endpoint().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(place).unwrap();
    let head = format!(
        "{verb} /mail/{name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, \
         SignedHeaders=host, Signature=x\r\nConnection: close\r\n\r\n",
        octets.len()
    );
    stream
        .write_all(&[head.as_bytes(), octets].concat())
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{verb} {name}");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    answer.split_off(end.unwrap() + 4)
}
