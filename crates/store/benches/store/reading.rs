//! Reading messages.

use std::path::Path;

use address::AccountId;
use store::{MailboxId, Page, UidSet};

use crate::cost::Cost;
use crate::places::embedded;
use crate::world::{Sizes, deliver_one, make_accounts};

/// How many messages are read, and how often all of them.
const MESSAGES: u64 = 1000;
const TIMES: u32 = 20;
/// Octets of each.
const OCTETS: usize = 20_000;

pub(crate) async fn read(folder: &Path, sizes: Sizes) {
    let store = embedded(folder);
    make_accounts(&store).await;
    for seed in 0..MESSAGES {
        deliver_one(&store, 0, &sizes.message(OCTETS, seed)).await;
    }
    let all = UidSet::all();
    let page = Page {
        uids: &all,
        after: None,
        limit: usize::MAX,
        include_gone: false,
    };
    let records = store.records(AccountId(0), MailboxId::INBOX, page).await;
    let records = records.unwrap();
    let (mut octets, before) = (0, Cost::now());
    for _ in 0..TIMES {
        for record in &records {
            let mut reader = store.read(&record.body, 0..record.size);
            while let Some(piece) = reader.next().await {
                octets += piece.unwrap().len();
            }
        }
    }
    let after = Cost::now();
    let times = f64::from(TIMES) * records.len() as f64;
    let kept: u64 = folder
        .join("bodies")
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    println!(
        "{:.4} | {:.3}",
        (after.cpu - before.cpu) / times * 1e3,
        kept as f64 / (octets as f64 / f64::from(TIMES)),
    );
}
