//! Mailboxes as version 1 wrote them, and accounts that never heard of threads.

use address::AccountId;
use kv::{Kv, Operation, Outcome, Partition};

use crate::keys::{GoneKey, NameKey, NamedKey, RecordKey, ThreadKey};
use crate::mark::{Kept, RecordValue, written_by_version_1};
use crate::reading::Reading;
use crate::values::{
    AccountValue, NameValue, RemovedValue, Stored, account_of_version_1, summary_of_version_1,
};
use crate::walk::{Place, Walk};
use crate::{Store, UidSet, keys};

/// Writes all mailboxes of an account again as version 1 would have them.
pub(super) async fn make_old(store: &Store, kv: &dyn Kv, account: AccountId) {
    let partition = Partition::Account(account);
    let names = store.reading(account).await.unwrap();
    let names = names.rows(NameKey::all(), usize::MAX).await.unwrap();
    for row in names {
        let mailbox = NameValue::read(&row.1.bytes).unwrap().id;
        let reading = Reading::new(kv.snapshot(partition).await.unwrap());
        let mut operations = vec![Operation::ClearRange(keys::messages_of_mailbox(mailbox))];
        let summary = reading.summary(mailbox).await.unwrap();
        let octets = summary_of_version_1(&summary);
        operations.push(Operation::Put(keys::summary(mailbox), octets));
        let walk = Walk::new(&reading, mailbox, &UidSet::all(), &summary).await;
        let mut walk = walk.unwrap().with_old_gone(&summary);
        let mut records = Vec::new();
        while let Some(place) = walk.next(&reading).await.unwrap() {
            match place {
                Place::Single(uid, record) => records.push((uid, record)),
                Place::Block(block) => {
                    let all = 0..block.marks.0.len();
                    let fixeds = reading.fixeds(mailbox, &block, all).await.unwrap();
                    for (at, (uid, mark)) in block.marks.0.into_iter().enumerate() {
                        let fixed = fixeds.get(at).unwrap().clone();
                        records.push((uid, RecordValue { mark, fixed }));
                    }
                }
            }
        }
        for (uid, record) in records {
            let email = record.fixed.email_id;
            let kept = keys::DetailsKey::range(&(email..=email));
            let here = keys::all_old_details(mailbox, &(uid..=uid));
            let range = if record.mark.kept == Kept::Here {
                here
            } else {
                kept
            };
            for (part, row) in (0..).zip(reading.rows(range, 100).await.unwrap()) {
                let key = keys::old_details(mailbox, uid, part);
                operations.push(Operation::Put(key, row.1.bytes));
            }
            let octets = written_by_version_1(&record);
            let modseq = record.mark.modseq;
            match record.mark.gone {
                None => {
                    operations.push(Operation::Put(RecordKey(mailbox, uid).encode(), octets));
                    let changed = keys::old_changed(mailbox, modseq, uid);
                    operations.push(Operation::Put(changed, vec![1, 0, 0]));
                }
                Some(mut seconds) => {
                    let removed = keys::old_removed(mailbox, modseq, uid);
                    if let Some((known, _)) = reading.get::<RemovedValue>(&removed).await.unwrap() {
                        seconds = known.seconds;
                    }
                    operations.push(Operation::Put(GoneKey(mailbox, uid).encode(), octets));
                    let value = RemovedValue { seconds }.write().unwrap();
                    operations.push(Operation::Put(removed, value));
                }
            }
        }
        for operations in operations.chunks(kv::COMMIT_OPERATIONS / 2) {
            let outcome = kv.commit(partition, vec![], operations.to_vec()).await;
            assert_eq!(outcome, Ok(Outcome::Committed));
        }
    }
    // Version 1 knew no details by email id.
    let all = keys::DetailsKey::range(&(crate::EmailId(0)..=crate::EmailId(u64::MAX)));
    let clear = vec![Operation::ClearRange(all)];
    let outcome = kv.commit(partition, vec![], clear).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
}

/// Makes an account what it was before there were threads.
pub(super) async fn forget_threads(store: &Store, kv: &dyn Kv, account: AccountId) {
    let reading = store.reading(account).await.unwrap();
    let found = reading.get::<AccountValue>(&keys::account()).await.unwrap();
    let operations = vec![
        Operation::Put(keys::account(), account_of_version_1(&found.unwrap().0)),
        Operation::ClearRange(NamedKey::all()),
        Operation::ClearRange(ThreadKey::all()),
    ];
    let partition = Partition::Account(account);
    let outcome = kv.commit(partition, vec![], operations).await;
    assert_eq!(outcome, Ok(Outcome::Committed));
}
