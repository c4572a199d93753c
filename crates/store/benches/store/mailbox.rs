//! What is done with one mailbox.

use std::path::Path;
use std::time::Instant;

use address::AccountId;
use jiff::Timestamp;
use store::{FlagChange, How, MailboxId, Page, Store, SystemFlags, UidSet};

use crate::cost::forget;
use crate::places::embedded;
use crate::world::{Random, copy_up_to, deliver_one, held, message, uid};

const ACCOUNT: AccountId = AccountId(1);
const INBOX: MailboxId = MailboxId::INBOX;

/// How often a small thing is done for its median.
const TIMES: usize = 201;

pub(crate) async fn mailbox(folder: &Path, messages: usize) {
    let store = embedded(folder);
    let now = Timestamp::now();
    store.create_account(ACCOUNT, now).await.unwrap();
    for seed in 0..100 {
        deliver_one(&store, ACCOUNT.0, &message(2_000, seed)).await;
    }
    copy_up_to(&store, ACCOUNT, INBOX, messages).await;
    let held = held(&store, ACCOUNT, INBOX).await;
    drop(store);
    // Nothing of it is in memory: the disk is asked for all.
    forget(folder);
    let store = embedded(folder);
    let cold_flags = timed(async || list_flags(&store, held).await).await;
    drop(store);
    let store = embedded(folder);
    let cold = timed(async || drop(store.select(ACCOUNT, INBOX, false).await.unwrap())).await;
    let mut row = vec![format!("{cold:.1}"), format!("{cold_flags:.1}")];
    let summary = median(async || {
        let summary = store.summary(ACCOUNT, INBOX).await.unwrap();
        assert_eq!(usize::try_from(summary.exists), Ok(held));
    })
    .await;
    let select = median(async || drop(store.select(ACCOUNT, INBOX, false).await.unwrap())).await;
    let flags = median(async || list_flags(&store, held).await).await;
    let mut times = 0;
    let mut mark = async |uids: &UidSet| {
        times += 1;
        let how = if times % 2 == 0 {
            How::Add
        } else {
            How::Remove
        };
        let flags = SystemFlags::FLAGGED.into();
        let what = FlagChange { how, flags };
        let marked = store.set_flags(ACCOUNT, INBOX, uids, &what, now).await;
        assert!(!marked.unwrap().is_empty());
    };
    let many = UidSet::from_ranges([(uid(held / 3), uid(held / 3 + 9_999))]);
    let marking = median(async || mark(&many).await).await;
    let mut random = Random(7);
    let marking_one = median(async || {
        let some = usize::try_from(random.next()).unwrap() % held;
        mark(&UidSet::from_iter([uid(some + 1)])).await;
    })
    .await;
    let text = message(2_000, 1);
    let delivery = median(async || deliver_one(&store, ACCOUNT.0, &text).await).await;
    for cost in [summary, select, flags, marking, marking_one, delivery] {
        row.push(format!("{cost:.3}"));
    }
    println!("{}", row.join(" | "));
}

/// Lists the flags of all messages.
async fn list_flags(store: &Store, held: usize) {
    let all = UidSet::all();
    let page = Page {
        uids: &all,
        after: None,
        limit: usize::MAX,
        include_gone: false,
    };
    let listed = store.flags(ACCOUNT, INBOX, page).await.unwrap();
    assert_eq!(listed.messages.len(), held);
}

/// Milliseconds of one time.
pub(crate) async fn timed(mut act: impl AsyncFnMut()) -> f64 {
    let begun = Instant::now();
    act().await;
    begun.elapsed().as_secs_f64() * 1e3
}

/// The median of many times, in milliseconds.
async fn median(mut act: impl AsyncFnMut()) -> f64 {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        times.push(timed(&mut act).await);
    }
    times.sort_unstable_by(f64::total_cmp);
    times[TIMES / 2]
}
