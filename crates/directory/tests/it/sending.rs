//! Whether an account may send, and how much.

use std::sync::Arc;

use directory::{DirectoryError, Sending, SendingChange, SendingLock};
use kv::memory::Memory;
use kv::{Direction, Kv, Partition};

use crate::world::{World, at};

#[tokio::test]
async fn an_account_is_stopped_once_and_for_every_process() {
    let kv: Arc<dyn Kv> = Arc::new(Memory::default());
    let world = World::on(kv.clone()).await;
    let jean = world.add("jean@x.fr").await;
    let (here, there) = (&world.directory, World::another_on(kv).directory);
    assert_eq!(here.sending(jean).await, Ok(Sending::default()));
    assert_eq!(here.lock_sending(jean, "too much", at(5)).await, Ok(true));
    assert_eq!(there.lock_sending(jean, "again", at(6)).await, Ok(false));
    let lock = SendingLock {
        since: at(5),
        why: "too much".to_owned(),
    };
    assert_eq!(there.sending(jean).await.unwrap().lock, Some(lock));
    assert_eq!(there.unlock_sending(jean).await, Ok(true));
    assert_eq!(here.unlock_sending(jean).await, Ok(false));
    assert_eq!(here.sending(jean).await, Ok(Sending::default()));
}

#[tokio::test]
async fn a_new_password_lets_it_send_again_and_leaves_its_limits() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    let change = SendingChange {
        messages_per_hour: Some(Some(7)),
        ..SendingChange::default()
    };
    let set = world.directory.set_sending(jean, change).await.unwrap();
    assert_eq!(
        (set.messages_per_hour, set.recipients_per_day),
        (Some(7), None)
    );
    let locked = world.directory.lock_sending(jean, "x", at(5)).await;
    assert_eq!(locked, Ok(true));
    world.set_password(jean, "châtaigne").await;
    assert_eq!(world.directory.sending(jean).await, Ok(set));
    let change = SendingChange {
        messages_per_hour: Some(None),
        recipients_per_day: Some(Some(9)),
    };
    let set = world.directory.set_sending(jean, change).await.unwrap();
    assert_eq!(
        (set.messages_per_hour, set.recipients_per_day),
        (None, Some(9))
    );
}

#[tokio::test]
async fn a_tablet_is_remembered_whatever_else_changes() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    let limit = |limit| SendingChange {
        messages_per_hour: Some(limit),
        ..SendingChange::default()
    };
    world
        .directory
        .set_sending(jean, limit(Some(7)))
        .await
        .unwrap();
    for _ in 0..2 {
        assert_eq!(world.directory.note_old_tablet(jean).await, Ok(()));
    }
    let noted = world.directory.sending(jean).await.unwrap();
    assert_eq!((noted.old_tablet, noted.messages_per_hour), (true, Some(7)));
    world.set_password(jean, "châtaigne").await;
    let set = world
        .directory
        .set_sending(jean, limit(None))
        .await
        .unwrap();
    assert!(set.old_tablet);
}

#[tokio::test]
async fn nothing_is_left_of_an_account_that_goes() {
    let kv: Arc<dyn Kv> = Arc::new(Memory::default());
    let world = World::on(kv.clone()).await;
    let jean = world.add("jean@x.fr").await;
    let locked = world.directory.lock_sending(jean, "x", at(5)).await;
    assert_eq!(locked, Ok(true));
    world.directory.remove_account(jean).await.unwrap();
    let gone = Err(DirectoryError::AccountGone { id: jean });
    assert_eq!(world.directory.lock_sending(jean, "x", at(5)).await, gone);
    let snapshot = kv.snapshot(Partition::Directory).await.unwrap();
    let rows = snapshot.scan(vec![12]..vec![13], Direction::Forward, 9);
    assert_eq!(rows.await, Ok(vec![]));
}
