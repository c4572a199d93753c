//! Domains, accounts and aliases: adding, changing, removing.

use std::sync::Arc;

use address::{AccountId, Password};
use directory::{
    AccountChange, Directory, DirectoryError, Found, Holder, HostedDomain, LostTarget, TARGETS,
};
use kv::sqlite::Sqlite;
use words::Language;

use crate::world::{World, address, at, domain, settings};

#[tokio::test]
async fn a_domain_comes_and_goes() {
    let world = World::new().await;
    let directory = &world.directory;
    let x = HostedDomain {
        domain: domain("x.fr"),
        added: at(0),
        addresses: 0,
        alias_of: None,
    };
    assert_eq!(directory.domains().await, Ok(vec![x]));
    let again = directory.add_domain(&domain("X.fr"), at(5)).await;
    assert!(matches!(again, Err(DirectoryError::DomainExists { .. })));
    assert_eq!(directory.remove_domain(&domain("x.fr")).await, Ok(()));
    assert_eq!(directory.is_hosted(&domain("x.fr")).await, Ok(false));
    let gone = directory.remove_domain(&domain("x.fr")).await;
    assert!(matches!(gone, Err(DirectoryError::NoSuchDomain { .. })));
}

#[tokio::test]
async fn a_domain_with_addresses_stays() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    world.alias("info@x.fr", &["jean@x.fr", "lea@y.fr"]).await;
    let refused = world.directory.remove_domain(&domain("x.fr")).await;
    let in_use = DirectoryError::DomainInUse {
        domain: domain("x.fr"),
        count: 2,
    };
    assert_eq!(refused, Err(in_use));
    world.directory.remove_account(jean).await.unwrap();
    world
        .directory
        .remove_alias(&address("info@x.fr"))
        .await
        .unwrap();
    assert_eq!(world.directory.remove_domain(&domain("x.fr")).await, Ok(()));
}

#[tokio::test]
async fn a_domain_can_begin_with_the_addresses_that_help() {
    let world = World::new().await;
    let directory = &world.directory;
    let add = async |name: &str, target: &str| {
        let target = address(target);
        directory
            .add_domain_with_postmaster(&domain(name), &target, at(5))
            .await
    };
    assert_eq!(directory.postmaster().await, Ok(None));
    add("y.fr", "jean@x.fr").await.unwrap();
    let postmaster = address("postmaster@y.fr");
    assert_eq!(directory.postmaster().await, Ok(Some(postmaster)));
    for alias in ["postmaster@y.fr", "Abuse@y.fr"] {
        let found = directory.lookup(&address(alias)).await;
        assert_eq!(found, Ok(Found::Alias(vec![address("jean@x.fr")])));
    }
    assert_eq!(directory.domains().await.unwrap()[1].addresses, 2);
    // The postmaster of the domain itself is an account that is to come.
    add("z.fr", "Postmaster@z.fr").await.unwrap();
    let own = directory.lookup(&address("postmaster@z.fr")).await;
    assert_eq!(own, Ok(Found::NoSuchUser));
    let abuse = directory.lookup(&address("abuse@z.fr")).await;
    assert_eq!(abuse, Ok(Found::Alias(vec![address("Postmaster@z.fr")])));
    let again = add("y.fr", "lea@x.fr").await;
    assert!(matches!(again, Err(DirectoryError::DomainExists { .. })));
    // They follow the account that they lead to, and go one by one.
    let jean = world.add("jean@x.fr").await;
    let removed = directory.remove_account(jean).await.unwrap();
    assert_eq!(removed.aliases.len(), 2);
    assert_eq!(directory.remove_domain(&domain("y.fr")).await, Ok(()));
}

#[tokio::test]
async fn one_name_space_whatever_the_case() {
    let world = World::new().await;
    world.add("Jean@x.fr").await;
    world.alias("info@x.fr", &["jean@x.fr"]).await;
    let taken = |text, holder| {
        Err(DirectoryError::AddressTaken {
            address: address(text),
            holder,
        })
    };
    let alias = world.try_alias("JEAN@x.fr", &["a@y.fr"]).await;
    assert_eq!(alias, taken("jean@x.fr", Holder::Account));
    let account = world.try_add("INFO@x.fr").await.map(|_| ());
    assert_eq!(account, taken("info@x.fr", Holder::Alias));
    let account = world.try_add("jEAN@x.fr").await.map(|_| ());
    assert_eq!(account, taken("jean@x.fr", Holder::Account));
}

#[tokio::test]
async fn what_can_not_be_added_says_why() {
    let world = World::new().await;
    let elsewhere = world.try_add("jean@y.fr").await;
    assert!(matches!(
        elsewhere,
        Err(DirectoryError::NoSuchDomain { .. })
    ));
    let elsewhere = world.try_alias("jean@y.fr", &["a@x.fr"]).await;
    assert!(matches!(
        elsewhere,
        Err(DirectoryError::NoSuchDomain { .. })
    ));
    let nowhere = world.try_alias("a@x.fr", &[]).await;
    assert_eq!(nowhere, Err(DirectoryError::NoTarget));
    let itself = world.try_alias("a@x.fr", &["b@y.fr", "A@x.fr"]).await;
    assert!(matches!(itself, Err(DirectoryError::AliasToItself { .. })));
    let many: Vec<_> = (0..=TARGETS).map(|n| format!("{n}@y.fr")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let too_many = world.try_alias("a@x.fr", &many).await;
    assert_eq!(
        too_many,
        Err(DirectoryError::TooManyTargets { limit: TARGETS })
    );
    world.alias("a@x.fr", &many[1..]).await;
}

#[tokio::test]
async fn lookup_tells_what_an_address_is() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    world.alias("info@x.fr", &["Jean@x.fr", "Lea@y.fr"]).await;
    let lookup = async |text| world.directory.lookup(&address(text)).await.unwrap();
    let Found::Account(account) = lookup("JEAN@x.fr").await else {
        panic!("no account");
    };
    assert_eq!((account.id, account.address), (jean, address("jean@x.fr")));
    let targets = vec![address("Jean@x.fr"), address("Lea@y.fr")];
    assert_eq!(lookup("Info@x.fr").await, Found::Alias(targets));
    assert_eq!(lookup("lea@x.fr").await, Found::NoSuchUser);
    assert_eq!(lookup("jean@y.fr").await, Found::NotHosted);
    // With a tag it is the same, unless that is an address by itself.
    assert_eq!(lookup("Jean+shop@x.fr").await, lookup("jean@x.fr").await);
    assert_eq!(lookup("info+a+b@x.fr").await, lookup("info@x.fr").await);
    for nobody in ["lea+a@x.fr", "+jean@x.fr"] {
        assert_eq!(lookup(nobody).await, Found::NoSuchUser, "{nobody}");
    }
    world.alias("jean+own@x.fr", &["b@y.fr"]).await;
    let own = Found::Alias(vec![address("b@y.fr")]);
    assert_eq!(lookup("jean+own@x.fr").await, own);
    let long = format!("{}@x.fr", "é".repeat(64));
    assert_eq!(lookup(&long).await, Found::NoSuchUser);
}

#[tokio::test]
async fn an_account_is_changed_in_what_is_named_only() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    let before = world.directory.account(jean).await.unwrap().unwrap();
    let change = AccountChange {
        quota: Some(None),
        language: Some(Language::English),
        ..AccountChange::default()
    };
    let after = world.directory.set(jean, change).await.unwrap();
    assert_eq!((after.quota, after.language), (None, Language::English));
    assert_eq!((&after.name, after.created), (&before.name, at(1)));
    assert_eq!(
        world.directory.account_at(&address("Jean@x.fr")).await,
        Ok(after)
    );
    let gone = world
        .directory
        .set(AccountId(99), AccountChange::default())
        .await;
    assert_eq!(gone, Err(DirectoryError::AccountGone { id: AccountId(99) }));
}

#[tokio::test]
async fn a_removed_account_goes_from_its_aliases() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    world.alias("info@x.fr", &["Jean@x.fr", "lea@y.fr"]).await;
    world.alias("only@x.fr", &["jean@x.fr"]).await;
    world.alias("other@x.fr", &["lea@y.fr"]).await;
    let removed = world.directory.remove_account(jean).await.unwrap();
    assert_eq!(removed.account.id, jean);
    let lost = |text, removed| LostTarget {
        address: address(text),
        holder: Holder::Alias,
        removed,
    };
    assert_eq!(
        removed.aliases,
        [lost("info@x.fr", false), lost("only@x.fr", true)]
    );
    assert_eq!(
        world.aliases().await,
        ["info@x.fr: lea@y.fr", "other@x.fr: lea@y.fr"]
    );
    // Whoever gets the address next gets none of that mail.
    world.add("jean@x.fr").await;
    assert_eq!(world.aliases().await.len(), 2);
    let domains = world.directory.domains().await.unwrap();
    assert_eq!(domains[0].addresses, 3);
}

#[tokio::test]
async fn more_aliases_than_one_commit_takes() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    for number in 0..40 {
        world
            .alias(&format!("a{number}@x.fr"), &["jean@x.fr"])
            .await;
    }
    let removed = world.directory.remove_account(jean).await.unwrap();
    assert_eq!(removed.aliases.len(), 40);
    assert!(world.aliases().await.is_empty());
    assert_eq!(world.directory.remove_domain(&domain("x.fr")).await, Ok(()));
}

#[tokio::test]
async fn numbers_are_never_given_twice() {
    let world = World::new().await;
    let first = world.add("jean@x.fr").await;
    world.directory.remove_account(first).await.unwrap();
    let second = world.add("jean@x.fr").await;
    assert!(second > first);
    assert_eq!(world.directory.account(first).await, Ok(None));
}

#[tokio::test]
async fn of_two_who_add_the_same_one_wins() {
    let world = Arc::new(World::new().await);
    let adding: Vec<_> = (0..12)
        .map(|number| {
            let world = world.clone();
            tokio::spawn(async move {
                if number % 2 == 0 {
                    world.try_add("jean@x.fr").await.is_ok()
                } else {
                    world.try_alias("jean@x.fr", &["a@y.fr"]).await.is_ok()
                }
            })
        })
        .collect();
    let mut winners = 0;
    for adder in adding {
        winners += usize::from(adder.await.unwrap());
    }
    assert_eq!(winners, 1);
    assert_eq!(world.directory.domains().await.unwrap()[0].addresses, 1);
}

/// Two directories on one store know nothing of each other's turns: conditions decide.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_processes_that_add_the_same_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let kv = Arc::new(Sqlite::open(&folder.path().join("store")).unwrap());
    let worlds = [
        World::on(kv.clone()).await.directory,
        Directory::new(kv, &settings()),
    ];
    for round in 0..20 {
        let adding = worlds.clone().map(|directory| {
            let alias = address(&format!("a{round}@x.fr"));
            tokio::spawn(async move { directory.add_alias(&alias, vec![address("b@y.fr")]).await })
        });
        let mut winners = 0;
        for adder in adding {
            winners += usize::from(adder.await.unwrap().is_ok());
        }
        assert_eq!(winners, 1);
    }
    let domains = worlds[0].domains().await.unwrap();
    assert_eq!(domains[0].addresses, 20);
}

#[tokio::test]
async fn all_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (jean, password) = {
        let world = World::on(Arc::new(Sqlite::open(&path).unwrap())).await;
        world.alias("info@x.fr", &["jean@x.fr"]).await;
        let password = directory::generate_password();
        let jean = world.add("jean@x.fr").await;
        world
            .directory
            .set_password(jean, &password, at(9))
            .await
            .unwrap();
        (jean, password)
    };
    let directory = Directory::new(Arc::new(Sqlite::open(&path).unwrap()), &settings());
    let account = directory.account(jean).await.unwrap().unwrap();
    assert_eq!((account.created, account.password_changed), (at(1), at(9)));
    let attempt = directory::Attempt {
        name: "jean@x.fr",
        password: &password,
        encrypted: true,
        network: [192, 0, 2, 1].into(),
        now: at(10),
    };
    assert!(directory.sign_in(attempt).await.is_ok());
}

#[tokio::test]
async fn passwords_have_two_rules() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    let set = async |text: &str| {
        let password = Password::new(text);
        world.directory.set_password(jean, &password, at(4)).await
    };
    assert_eq!(
        set("short").await,
        Err(DirectoryError::PasswordTooShort { minimum: 8 })
    );
    assert_eq!(
        set(&"x".repeat(1025)).await,
        Err(DirectoryError::PasswordTooLong { limit: 1024 })
    );
    assert!(world.sign_in("jean@x.fr", "tilleul!").await.is_ok());
}

#[tokio::test]
async fn a_removed_account_is_known_until_its_mail_is_gone() {
    let world = World::new().await;
    let (jean, lea) = (world.add("jean@x.fr").await, world.add("lea@x.fr").await);
    assert_eq!(world.directory.leaving().await, Ok(vec![]));
    for id in [jean, lea] {
        world.directory.remove_account(id).await.unwrap();
    }
    assert_eq!(world.directory.leaving().await, Ok(vec![jean, lea]));
    // The address is free at once; the number never is.
    assert_ne!(world.add("jean@x.fr").await, jean);
    for _ in 0..2 {
        world.directory.left(jean).await.unwrap();
    }
    assert_eq!(world.directory.leaving().await, Ok(vec![lea]));
}
