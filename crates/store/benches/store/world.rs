//! The store that is measured, and what is put into it.

use std::sync::atomic::{AtomicU64, Ordering};

use address::AccountId;
use jiff::Timestamp;
use store::{Delivery, Flags, Incoming, MailboxId, Store, Uid, UidSet};

/// Accounts that mail is delivered to.
pub(crate) const ACCOUNTS: u64 = 1000;

/// Makes the accounts that mail is delivered to.
pub(crate) async fn make_accounts(store: &Store) {
    for account in 0..ACCOUNTS {
        let made = store.create_account(AccountId(account), Timestamp::now());
        made.await.unwrap();
    }
}

/// How large messages are, and of what.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sizes {
    /// 80, 15 and 5 of a hundred have 2, 20 and 200 KB; noise in base64, of which compressed three
    /// quarters are left.
    Mix,
    /// The same sizes; words, of which compressed somewhat less than half is left, as of what
    /// people write.
    Text,
    /// All have 200 KB; noise in base64.
    Large,
}

impl Sizes {
    pub(crate) fn named(name: &str) -> Sizes {
        match name {
            "mix" => Sizes::Mix,
            "text" => Sizes::Text,
            "large" => Sizes::Large,
            other => panic!("no sizes {other:?}"),
        }
    }

    pub(crate) fn octets(self, random: u64) -> usize {
        match (self, random % 100) {
            (Sizes::Mix | Sizes::Text, 0..80) => 2_000,
            (Sizes::Mix | Sizes::Text, 80..95) => 20_000,
            _ => 200_000,
        }
    }

    /// A message of so many octets.
    pub(crate) fn message(self, octets: usize, seed: u64) -> Vec<u8> {
        match self {
            Sizes::Mix | Sizes::Large => message(octets, seed),
            Sizes::Text => text(octets, seed),
        }
    }
}

/// Numbers that are spread well, the same in each run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// The header of a message.
fn header(seed: u64) -> Vec<u8> {
    format!(
        "From: Léa <lea{seed}@facteur.test>\r\nTo: Jean <jean@facteur.test>\r\n\
         Subject: Nouvelles {seed}\r\nDate: Sat, 28 Nov 2026 04:00:00 +0000\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    .into_bytes()
}

/// A message of so many octets: a header and words, some of which come much more often than
/// others.
fn text(octets: usize, seed: u64) -> Vec<u8> {
    const WORDS: u64 = 3000;
    let mut text = header(seed);
    let mut random = Random(seed);
    let mut line = 0;
    while text.len() < octets {
        let [one, other] = [random.next() % WORDS, random.next() % WORDS];
        // The same word wherever its number comes up.
        let mut letters = Random(one * other / WORDS);
        for _ in 0..2 + letters.next() % 8 {
            let letter = b"etaoinshrdlcumwfgypbvk"[usize::try_from(letters.next() % 22).unwrap()];
            text.push(letter);
            line += 1;
        }
        let end: &[u8] = if line > 70 { b"\r\n" } else { b" " };
        line = if line > 70 { 0 } else { line };
        text.extend_from_slice(end);
    }
    text.extend_from_slice(b"\r\n");
    text
}

/// A message of so many octets: a header and noise in base64.
pub(crate) fn message(octets: usize, seed: u64) -> Vec<u8> {
    let mut text = header(seed);
    let mut noise = blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof();
    let mut line = [0; 57];
    while text.len() < octets {
        noise.fill(&mut line);
        for octet in line {
            text.push(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                    [usize::from(octet & 63)],
            );
        }
        text.extend_from_slice(b"\r\n");
    }
    text
}

/// Delivers a message, under a name that no other has: what is known of names grows as it
/// does in life.
pub(crate) async fn deliver_one(store: &Store, account: u64, text: &[u8]) {
    static NAMES: AtomicU64 = AtomicU64::new(0);
    let name = NAMES.fetch_add(1, Ordering::Relaxed);
    let name = format!("Message-ID: <{name:016x}@facteur.test>\r\n");
    let mut intake = store.body();
    intake.write(name.as_bytes()).await.unwrap();
    intake.write(text).await.unwrap();
    let incoming: Incoming = intake.finish().await.unwrap();
    let now = Timestamp::now();
    let delivery = Delivery {
        flags: Flags::default(),
        internal_date: now.into(),
        once: None,
        quota: None,
    };
    store
        .deliver(
            AccountId(account),
            MailboxId::INBOX,
            &incoming,
            &delivery,
            now,
        )
        .await
        .unwrap();
}

/// Fills a mailbox up to so many messages: copies are messages like others, and many are
/// made at once.
pub(crate) async fn copy_up_to(
    store: &Store,
    account: AccountId,
    mailbox: MailboxId,
    count: usize,
) {
    let mut held = held(store, account, mailbox).await;
    while held < count {
        let more = UidSet::from_ranges([(Uid::MIN, uid(held.min(count - held)))]);
        let copied = store.copy(account, mailbox, &more, mailbox, None, Timestamp::now());
        held += copied.await.unwrap().pairs.len();
    }
}

/// How many messages a mailbox has.
pub(crate) async fn held(store: &Store, account: AccountId, mailbox: MailboxId) -> usize {
    let summary = store.summary(account, mailbox).await.unwrap();
    usize::try_from(summary.exists).unwrap()
}

pub(crate) fn uid(number: usize) -> Uid {
    Uid::new(u32::try_from(number).unwrap()).unwrap()
}
