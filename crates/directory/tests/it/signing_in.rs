//! Who may sign in, and how.

use directory::OldDevices;
use events::SignInFailure;

use crate::world::World;

#[tokio::test]
async fn the_whole_address_and_the_password_in_any_case_of_the_name() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    for name in ["jean@x.fr", "Jean@X.FR", "\"jean\"@x.fr"] {
        let grant = world.sign_in(name, "tilleul!").await.unwrap();
        assert_eq!(grant.account.id, jean);
    }
    let failure = async |name, password| world.sign_in(name, password).await.err();
    assert_eq!(
        failure("jean", "tilleul!").await,
        Some(SignInFailure::BareLocalPart)
    );
    assert_eq!(
        failure("lea@x.fr", "tilleul!").await,
        Some(SignInFailure::UnknownUser)
    );
    assert_eq!(
        failure("@x.fr", "tilleul!").await,
        Some(SignInFailure::UnknownUser)
    );
    for password in ["Tilleul!", "tilleul", "tilleul! ", ""] {
        assert_eq!(
            failure("jean@x.fr", password).await,
            Some(SignInFailure::WrongPassword)
        );
    }
}

#[tokio::test]
async fn only_the_new_password_is_taken_after_a_change() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    world.sign_in("jean@x.fr", "tilleul!").await.unwrap();
    world.set_password(jean, "châtaigne").await;
    let old = world.sign_in("jean@x.fr", "tilleul!").await.err();
    assert_eq!(old, Some(SignInFailure::WrongPassword));
    assert!(world.sign_in("jean@x.fr", "châtaigne").await.is_ok());
    world.set_password(jean, "tilleul!").await;
    assert!(world.sign_in("jean@x.fr", "tilleul!").await.is_ok());
}

#[tokio::test]
async fn without_encryption_account_and_service_must_allow_it() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    let failure = async |name, password| world.sign_in_over(false, name, password).await.err();
    let unencrypted = Some(SignInFailure::Unencrypted);
    assert_eq!(failure("jean@x.fr", "tilleul!").await, unencrypted);
    assert_eq!(failure("lea@x.fr", "tilleul!").await, unencrypted);
    assert_eq!(failure("jean", "tilleul!").await, unencrypted);
    world.set_old_devices(jean, true).await;
    assert_eq!(failure("jean@x.fr", "tilleul!").await, None);
    assert_eq!(
        failure("jean@x.fr", "tilleul?").await,
        Some(SignInFailure::WrongPassword)
    );
    world.directory.set_old_devices(OldDevices::Off);
    assert_eq!(failure("jean@x.fr", "tilleul!").await, unencrypted);
    assert!(world.sign_in("jean@x.fr", "tilleul!").await.is_ok());
}

#[tokio::test]
async fn an_account_that_is_gone_is_unknown() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    world.sign_in("jean@x.fr", "tilleul!").await.unwrap();
    world.directory.remove_account(jean).await.unwrap();
    let failure = world.sign_in("jean@x.fr", "tilleul!").await.err();
    assert_eq!(failure, Some(SignInFailure::UnknownUser));
}
