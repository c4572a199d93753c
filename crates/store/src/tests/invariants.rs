//! What holds of the rows of an account, whatever happened to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::keys::{
    BlockChangedKey, BlockGoneKey, DetailsKey, GoneKey, LeftKey, MarksKey, NameKey, PieceKey,
    RecordKey,
};
use crate::mark::{Kept, Mark, RecordValue};
use crate::reading::{Reading, key};
use crate::values::{AccountValue, NameValue, Stored, SummaryValue};
use crate::walk::{Block, Index};
use crate::{EmailId, MailboxId, Uid, keys};

async fn all(reading: &Reading, range: std::ops::Range<Vec<u8>>) -> Vec<kv::Row> {
    reading.rows(range, usize::MAX).await.unwrap()
}

const EVERY: std::ops::RangeInclusive<Uid> = Uid::MIN..=Uid::MAX;

/// What was found of all mailboxes.
#[derive(Default)]
struct Found {
    /// Who needs the details by an email id.
    own: BTreeSet<EmailId>,
    shared: BTreeSet<EmailId>,
    bytes: u64,
    messages: u64,
}

/// Asserts that all rows of an account agree with each other.
pub(super) async fn check(reading: &Reading) {
    let mut found = Found::default();
    for row in all(reading, NameKey::all()).await {
        let mailbox = NameValue::read(&row.1.bytes).unwrap().id;
        check_mailbox(reading, mailbox, &mut found).await;
    }
    let (account, _) = reading
        .get::<AccountValue>(&keys::account())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (account.bytes, account.messages),
        (found.bytes, found.messages)
    );
    for row in all(
        reading,
        DetailsKey::range(&(EmailId(0)..=EmailId(u64::MAX))),
    )
    .await
    {
        let DetailsKey(email, _) = key(&row, DetailsKey::decode).unwrap();
        assert!(email.get() < account.next_email);
        found.own.remove(&email);
    }
    assert_eq!(found.own, BTreeSet::new(), "details are missing");
}

async fn check_mailbox(reading: &Reading, mailbox: MailboxId, found: &mut Found) {
    let summary = reading.summary(mailbox).await.unwrap();
    found.bytes += summary.bytes;
    found.messages += u64::from(summary.exists);
    if summary.staged {
        // Nothing of a copy that is half done is believed, and the next change clears it
        // away.
        return;
    }
    let left = all(reading, LeftKey::all(mailbox)).await;
    assert_eq!(left.is_empty(), summary.left.is_none());
    let mut messages = BTreeMap::new();
    let (mut changed, mut gone, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for row in all(reading, MarksKey::range(mailbox, &EVERY)).await {
        let block = Block::read(&row).unwrap();
        let Index {
            modseq,
            gone: removal,
        } = block.index;
        changed.push(BlockChangedKey(mailbox, modseq, block.key).encode());
        gone.extend(removal.map(|seconds| BlockGoneKey(mailbox, seconds, block.key).encode()));
        ends.push((block.key, block.last()));
        let places = 0..block.marks.0.len();
        let fixeds = reading
            .fixeds(mailbox, &block, places.clone())
            .await
            .unwrap();
        assert!(fixeds.get(places.end).is_err());
        for (at, (uid, mark)) in block.marks.0.into_iter().enumerate() {
            let new = messages.insert(uid, (mark, fixeds.get(at).unwrap().clone()));
            assert!(new.is_none());
        }
    }
    assert!(ends.windows(2).all(|two| two[0].1 < two[1].0), "{ends:?}");
    for row in all(reading, PieceKey::range(mailbox, &EVERY)).await {
        let PieceKey(_, uid) = key(&row, PieceKey::decode).unwrap();
        assert!(
            ends.iter()
                .any(|(first, last)| (first..=last).contains(&&uid))
        );
    }
    let since = BlockChangedKey::since(mailbox, crate::Modseq::NEVER);
    same_keys(reading, since, changed).await;
    same_keys(reading, BlockGoneKey::all(mailbox), gone).await;
    let singles = all(reading, RecordKey::range(mailbox, &EVERY)).await;
    assert_eq!(singles.len(), summary.singles as usize);
    for row in &singles {
        let RecordKey(_, uid) = key(row, RecordKey::decode).unwrap();
        assert!(
            !ends
                .iter()
                .any(|(first, last)| (first..=last).contains(&&uid))
        );
        let record = RecordValue::read(&row.1.bytes).unwrap();
        messages.insert(uid, (record.mark, record.fixed));
    }
    if !summary.old {
        assert_eq!(all(reading, keys::all_old(mailbox)).await.len(), 0);
    }
    let old_gone = all(reading, GoneKey::range(mailbox, &EVERY)).await.len();
    let left = reading.left(mailbox, &summary).await.unwrap();
    for (uid, (mark, fixed)) in &mut messages {
        left.iter().for_each(|left| left.apply_to(*uid, mark));
        match mark.kept {
            Kept::Own => assert!(
                found.own.insert(fixed.email_id),
                "two have the same as their own"
            ),
            Kept::Shared => drop(found.shared.insert(fixed.email_id)),
            Kept::Here => {}
        }
    }
    let messages = messages.iter();
    let messages = messages.map(|(uid, (mark, fixed))| (*uid, mark, fixed.size()));
    check_counts(&summary, old_gone, messages);
}

async fn same_keys(reading: &Reading, range: std::ops::Range<Vec<u8>>, mut expected: Vec<Vec<u8>>) {
    let rows = all(reading, range).await;
    expected.sort();
    assert_eq!(
        rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>(),
        expected
    );
}

fn check_counts<'a>(
    summary: &SummaryValue,
    old_gone: usize,
    messages: impl Iterator<Item = (Uid, &'a Mark, u64)>,
) {
    let mut counted = SummaryValue {
        exists: 0,
        unseen: 0,
        deleted: 0,
        recent: 0,
        bytes: 0,
        ..summary.clone()
    };
    let mut oldest = None;
    for (uid, mark, size) in messages {
        assert!(uid < summary.uid_next && mark.modseq <= summary.highest_modseq);
        match mark.gone {
            None => counted.add(uid, mark.system, size),
            Some(at) => oldest = Some(oldest.unwrap_or(at).min(at)),
        }
    }
    assert_eq!(&counted, summary);
    if old_gone == 0 && oldest.is_some() {
        assert!(summary.oldest_gone <= oldest && summary.oldest_gone.is_some());
    }
}
