//! A right that ends, ends at once: also when it is given at the same moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use directory::{Directory, Lease, OldDevices, RightEnd};
use events::SignInFailure;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kv::memory::Memory;
use kv::{Condition, Kv, KvError, Operation, Outcome, Partition, Snapshot, Watch};
use parking_lot::Mutex;

use crate::world::{World, at, settings};

#[tokio::test]
async fn each_change_ends_the_rights_it_concerns() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    let lea = world.add("lea@x.fr").await;
    world.set_old_devices(jean, true).await;
    let mut safe = world.sign_in("jean@x.fr", "tilleul!").await.unwrap();
    let mut weak = world
        .sign_in_over(false, "jean@x.fr", "tilleul!")
        .await
        .unwrap();
    let other = world.sign_in("lea@x.fr", "tilleul!").await.unwrap();

    world.set_old_devices(jean, false).await;
    assert_eq!(weak.ended.ended().await, RightEnd::OldDevicesOff);
    assert_eq!(safe.ended.why_ended(), None);
    world.set_password(jean, "châtaigne").await;
    assert_eq!(safe.ended.ended().await, RightEnd::PasswordChanged);
    assert_eq!(other.ended.why_ended(), None);
    world.directory.remove_account(lea).await.unwrap();
    assert_eq!(other.ended.why_ended(), Some(RightEnd::AccountRemoved));
}

#[tokio::test]
async fn the_service_ends_unencrypted_rights_of_all() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    world.set_old_devices(jean, true).await;
    let weak = world
        .sign_in_over(false, "jean@x.fr", "tilleul!")
        .await
        .unwrap();
    let safe = world.sign_in("jean@x.fr", "tilleul!").await.unwrap();
    world.directory.set_old_devices(OldDevices::ByAccount);
    assert_eq!(weak.ended.why_ended(), None);
    world.directory.set_old_devices(OldDevices::Off);
    assert_eq!(weak.ended.why_ended(), Some(RightEnd::OldDevicesOff));
    assert_eq!(safe.ended.why_ended(), None);
}

#[tokio::test]
async fn a_change_that_nobody_waits_for_is_made_whole() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    let mut grant = world.sign_in("jean@x.fr", "tilleul!").await.unwrap();
    let directory = world.directory.clone();
    let asking = async move { directory.remove_account(jean).await };
    // Dropped as soon as it has begun.
    assert!(asking.now_or_never().is_none());
    assert_eq!(grant.ended.ended().await, RightEnd::AccountRemoved);
    assert_eq!(world.directory.account(jean).await, Ok(None));
}

/// What ended here and elsewhere is the same for whoever is signed in here.
#[tokio::test]
async fn what_another_process_ends_ends_here_and_nothing_else_does() {
    let kv: Arc<dyn Kv> = Arc::new(Memory::default());
    let there = World::on(kv.clone()).await;
    let here = World::another_on(kv);
    let (jean, lea) = (there.add("jean@x.fr").await, there.add("lea@x.fr").await);
    there.set_old_devices(jean, true).await;
    let followed = here.directory.clone();
    let following = tokio::spawn(async move { followed.follow().await });

    let mut safe = here.sign_in("jean@x.fr", "tilleul!").await.unwrap();
    let mut weak = here
        .sign_in_over(false, "jean@x.fr", "tilleul!")
        .await
        .unwrap();
    let mut other = here.sign_in("lea@x.fr", "tilleul!").await.unwrap();
    there.set_old_devices(jean, false).await;
    assert_eq!(weak.ended.ended().await, RightEnd::OldDevicesOff);
    assert_eq!(safe.ended.why_ended(), None);
    there.set_password(jean, "châtaigne").await;
    // Verified a moment ago, and refused at once.
    let refused = here.sign_in("jean@x.fr", "tilleul!").await;
    assert_eq!(refused.err(), Some(SignInFailure::WrongPassword));
    let anew = here.sign_in("jean@x.fr", "châtaigne").await.unwrap();
    assert_eq!(safe.ended.ended().await, RightEnd::PasswordChanged);
    assert_eq!(other.ended.why_ended(), None);
    there.directory.remove_account(lea).await.unwrap();
    assert_eq!(other.ended.ended().await, RightEnd::AccountRemoved);
    assert_eq!(anew.ended.why_ended(), None);
    following.abort();
}

/// More endings than are noted between two looks: then all accounts are looked at.
#[tokio::test]
async fn an_ending_that_is_noted_no_more_is_found() {
    let kv: Arc<dyn Kv> = Arc::new(Memory::default());
    let there = World::on(kv.clone()).await;
    let here = World::another_on(kv);
    let (jean, lea) = (there.add("jean@x.fr").await, there.add("lea@x.fr").await);
    let followed = here.directory.clone();
    let mut grant = here.sign_in("jean@x.fr", "tilleul!").await.unwrap();
    // Nothing runs between the looks: this thread is the only one.
    let mut following = Box::pin(async move { followed.follow().await });
    assert!(following.as_mut().now_or_never().is_none());
    there.set_password(jean, "châtaigne").await;
    for round in 0..100 {
        there.set_password(lea, &format!("noisetier {round}")).await;
    }
    assert!(following.as_mut().now_or_never().is_none());
    assert_eq!(
        grant.ended.ended().now_or_never(),
        Some(RightEnd::PasswordChanged)
    );
}

#[tokio::test]
async fn where_bodies_are_is_noted_for_good() {
    let world = World::new().await;
    assert_eq!(world.directory.bodies().await, Ok(None));
    assert_eq!(world.directory.has_accounts().await, Ok(false));
    world.add("jean@x.fr").await;
    assert_eq!(world.directory.has_accounts().await, Ok(true));
    for place in ["s3://a/", "s3://b/"] {
        let kept = world.directory.keep_bodies_in(place).await;
        assert_eq!(kept, Ok("s3://a/".to_owned()));
    }
    assert_eq!(
        world.directory.bodies().await,
        Ok(Some("s3://a/".to_owned()))
    );
}

#[tokio::test]
async fn an_index_keeps_its_name_and_counts_the_turns() {
    let kv: Arc<dyn Kv> = Arc::new(Memory::default());
    let [one, other] = [(); 2].map(|()| Directory::new(kv.clone(), &settings()));
    let named = one.custody().await.unwrap();
    assert_eq!(other.custody().await, Ok(named));
    assert_ne!(World::new().await.directory.custody().await, Ok(named));
    let lease = Lease {
        keeper: 7,
        until: at(60),
    };
    assert_eq!(one.take_turn(0, Some(lease)).await, Ok(1));
    assert_eq!(other.take_turn(0, None).await, Ok(2));
    assert_eq!(other.take_turn(5, None).await, Ok(6));
    let kept = one.custody().await.unwrap();
    assert_eq!((kept.index, kept.turn, kept.lease), (named.index, 6, lease));
}

type Act = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// An engine on which something happens just before, or just after, one of the
/// snapshots that a sign-in takes.
struct Interrupted {
    memory: Memory,
    /// How many snapshots from now, and then what.
    before: Mutex<Option<(usize, Act)>>,
    after: Mutex<Option<(usize, Act)>>,
    taken: AtomicUsize,
}

impl Interrupted {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: Memory::default(),
            before: Mutex::default(),
            after: Mutex::default(),
            taken: AtomicUsize::new(0),
        })
    }

    fn plan(slot: &Mutex<Option<(usize, Act)>>, at: usize, act: Act) {
        *slot.lock() = Some((at, act));
    }

    async fn act(slot: &Mutex<Option<(usize, Act)>>, taken: usize) {
        let due = slot.lock().take_if(|(at, _)| *at == taken);
        if let Some((_, act)) = due {
            act().await;
        }
    }
}

impl Kv for Interrupted {
    fn commit(
        &self,
        partition: Partition,
        conditions: Vec<Condition>,
        operations: Vec<Operation>,
    ) -> BoxFuture<'_, Result<Outcome, KvError>> {
        self.memory.commit(partition, conditions, operations)
    }

    fn snapshot(&self, partition: Partition) -> BoxFuture<'_, Result<Box<dyn Snapshot>, KvError>> {
        Box::pin(async move {
            let taken = self.taken.fetch_add(1, Ordering::Relaxed);
            Self::act(&self.before, taken).await;
            let snapshot = self.memory.snapshot(partition).await;
            Self::act(&self.after, taken).await;
            snapshot
        })
    }

    fn watch(&self, partition: Partition) -> Watch {
        self.memory.watch(partition)
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, KvError>> {
        self.memory.partitions()
    }
}

/// What a change does to a sign-in that it meets at one of its two snapshots: the
/// failure, or why the right that was given has ended.
async fn meet<F>(
    encrypted: bool,
    snapshot: usize,
    after: bool,
    change: fn(World, address::AccountId) -> F,
) -> Result<Option<RightEnd>, SignInFailure>
where
    F: Future<Output = ()> + Send + 'static,
{
    let kv = Interrupted::new();
    let world = World::on(kv.clone()).await;
    let jean = world.add("jean@x.fr").await;
    world.set_old_devices(jean, true).await;
    let changer = world.again();
    let act: Act = Box::new(move || Box::pin(change(changer, jean)));
    let at = kv.taken.load(Ordering::Relaxed) + snapshot;
    Interrupted::plan(if after { &kv.after } else { &kv.before }, at, act);
    let grant = world
        .sign_in_over(encrypted, "jean@x.fr", "tilleul!")
        .await?;
    assert!(kv.before.lock().is_none() && kv.after.lock().is_none());
    Ok(grant.ended.why_ended())
}

async fn new_password(world: World, id: address::AccountId) {
    world.set_password(id, "châtaigne").await;
}

async fn removal(world: World, id: address::AccountId) {
    world.directory.remove_account(id).await.unwrap();
}

async fn switched_off(world: World, id: address::AccountId) {
    world.set_old_devices(id, false).await;
}

async fn service_off(world: World, _: address::AccountId) {
    world.directory.set_old_devices(OldDevices::Off);
}

#[tokio::test]
async fn no_right_survives_a_change_that_it_meets() {
    use SignInFailure::{Unencrypted, UnknownUser, WrongPassword};
    // Read before the change, which is over before the right begins.
    assert_eq!(meet(true, 0, true, new_password).await, Err(WrongPassword));
    assert_eq!(meet(true, 0, true, removal).await, Err(UnknownUser));
    assert_eq!(meet(false, 0, true, switched_off).await, Err(Unencrypted));
    assert_eq!(meet(false, 0, true, service_off).await, Err(Unencrypted));
    // The right begins, the change is made, then the account is read again.
    assert_eq!(meet(true, 1, false, new_password).await, Err(WrongPassword));
    assert_eq!(meet(true, 1, false, removal).await, Err(UnknownUser));
    assert_eq!(meet(false, 1, false, switched_off).await, Err(Unencrypted));
    assert_eq!(meet(false, 1, false, service_off).await, Err(Unencrypted));
    // The account is read again as it was, and the change is made before the grant is
    // given out: it is given, and has ended already.
    let ended = |why| Ok(Some(why));
    let met = meet(true, 1, true, new_password).await;
    assert_eq!(met, ended(RightEnd::PasswordChanged));
    let met = meet(true, 1, true, removal).await;
    assert_eq!(met, ended(RightEnd::AccountRemoved));
    let met = meet(false, 1, true, switched_off).await;
    assert_eq!(met, ended(RightEnd::OldDevicesOff));
    // An encrypted sign-in is not concerned.
    assert_eq!(meet(true, 1, true, switched_off).await, Ok(None));
    assert_eq!(meet(true, 0, true, service_off).await, Ok(None));
}
