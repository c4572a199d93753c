//! Redirections, what catches all, other names of a domain, and what is sent on.

use std::sync::Arc;

use directory::{DirectoryError, Found, Holder, LostTarget, Redirection};
use kv::memory::Memory;

use crate::world::{World, address, at, domain};

async fn found(world: &World, text: &str) -> String {
    let list = |targets: Vec<address::Address>| {
        let targets: Vec<_> = targets.iter().map(ToString::to_string).collect();
        targets.join(" ")
    };
    match world.directory.lookup(&address(text)).await.unwrap() {
        Found::Account(account) => account.address.to_string(),
        Found::Redirected {
            account,
            keeps,
            targets,
        } => format!("{} {keeps} -> {}", account.address, list(targets)),
        Found::Alias(targets) => format!("-> {}", list(targets)),
        Found::CatchAll(targets) => format!("* -> {}", list(targets)),
        Found::SentOn(sender) => format!("of {sender}"),
        Found::NoSuchUser => "nobody".into(),
        Found::NotHosted => "elsewhere".into(),
    }
}

async fn in_order(world: &World) {
    let checked = world.directory.check().await.unwrap();
    assert_eq!(checked.faults, []);
}

#[tokio::test]
async fn an_account_s_mail_goes_on_and_stays_again() {
    let world = World::new().await;
    let jean = world.add("jean@x.fr").await;
    let redirect = async |targets: &[&str], keeps| {
        let targets = targets.iter().map(|target| address(target)).collect();
        world.directory.redirect(jean, targets, keeps).await
    };
    redirect(&["lea@y.fr", "lea@y.fr", "a@z.fr"], true)
        .await
        .unwrap();
    assert_eq!(
        found(&world, "Jean@x.fr").await,
        "jean@x.fr true -> lea@y.fr a@z.fr"
    );
    assert_eq!(
        found(&world, "jean+tag@x.fr").await,
        "jean@x.fr true -> lea@y.fr a@z.fr"
    );
    redirect(&["lea@y.fr"], false).await.unwrap();
    let is = Redirection {
        address: address("jean@x.fr"),
        keeps: false,
        targets: vec![address("lea@y.fr")],
    };
    assert_eq!(world.directory.redirections().await, Ok(vec![is.clone()]));
    let one = world.directory.redirection(&address("Jean@x.fr")).await;
    assert_eq!(one, Ok(Some(is)));
    in_order(&world).await;
    let itself = redirect(&["JEAN@x.fr"], true).await;
    let refused = DirectoryError::RedirectedToItself {
        address: address("jean@x.fr"),
    };
    assert_eq!(itself, Err(refused));
    // It is an account all the same.
    assert!(world.sign_in("jean@x.fr", "tilleul!").await.is_ok());
    assert!(world.try_add("jean@x.fr").await.is_err());
    assert!(
        world
            .directory
            .remove_alias(&address("jean@x.fr"))
            .await
            .is_err()
    );
    redirect(&[], true).await.unwrap();
    assert_eq!(found(&world, "jean@x.fr").await, "jean@x.fr");
    assert_eq!(world.directory.redirections().await, Ok(vec![]));
    in_order(&world).await;
    redirect(&["lea@y.fr"], false).await.unwrap();
    world.directory.remove_account(jean).await.unwrap();
    assert_eq!(found(&world, "jean@x.fr").await, "nobody");
    in_order(&world).await;
}

#[tokio::test]
async fn what_went_on_to_a_removed_account_stays() {
    let world = World::new().await;
    let (jean, lea) = (world.add("jean@x.fr").await, world.add("lea@x.fr").await);
    let ali = world.add("ali@x.fr").await;
    let to = |targets: &[&str]| targets.iter().map(|target| address(target)).collect();
    world
        .directory
        .redirect(lea, to(&["Jean@x.fr"]), false)
        .await
        .unwrap();
    world
        .directory
        .redirect(ali, to(&["jean@x.fr", "a@y.fr"]), false)
        .await
        .unwrap();
    let removed = world.directory.remove_account(jean).await.unwrap();
    let lost = |text, removed| LostTarget {
        address: address(text),
        holder: Holder::Account,
        removed,
    };
    assert_eq!(
        removed.aliases,
        [lost("ali@x.fr", false), lost("lea@x.fr", true)]
    );
    assert_eq!(found(&world, "lea@x.fr").await, "lea@x.fr");
    assert_eq!(found(&world, "ali@x.fr").await, "ali@x.fr false -> a@y.fr");
    in_order(&world).await;
}

#[tokio::test]
async fn the_star_catches_what_is_nothing_and_nothing_else() {
    let world = World::new().await;
    world.add("jean@x.fr").await;
    world.alias("info@x.fr", &["a@y.fr"]).await;
    assert_eq!(found(&world, "rien@x.fr").await, "nobody");
    world.alias("*@x.fr", &["jean@x.fr"]).await;
    for (text, is) in [
        ("rien@x.fr", "* -> jean@x.fr"),
        ("rien+tag@x.fr", "* -> jean@x.fr"),
        ("jean@x.fr", "jean@x.fr"),
        ("jean+tag@x.fr", "jean@x.fr"),
        ("info+tag@x.fr", "-> a@y.fr"),
        ("rien@y.fr", "elsewhere"),
    ] {
        assert_eq!(found(&world, text).await, is, "{text}");
    }
    in_order(&world).await;
    let account = world.try_add("*@x.fr").await.unwrap_err();
    assert!(
        account.to_string().contains("alias add '*@x.fr'"),
        "{account}"
    );
    world
        .directory
        .remove_alias(&address("*@x.fr"))
        .await
        .unwrap();
    assert_eq!(found(&world, "rien@x.fr").await, "nobody");
}

#[tokio::test]
async fn another_name_of_a_domain_has_its_addresses() {
    let world = World::new().await;
    world.add("jean@x.fr").await;
    world.alias("info@x.fr", &["jean@x.fr"]).await;
    let (x, net) = (domain("x.fr"), domain("x.net"));
    let add = async |name: &str, of: &str| {
        let (name, of) = (domain(name), domain(of));
        world.directory.add_domain_alias(&name, &of, at(5)).await
    };
    add("x.net", "x.fr").await.unwrap();
    assert_eq!(found(&world, "Jean+tag@x.net").await, "jean@x.fr");
    assert_eq!(found(&world, "info@x.net").await, "-> jean@x.fr");
    assert_eq!(found(&world, "rien@x.net").await, "nobody");
    let granted = world.sign_in("jean@x.net", "tilleul!").await.unwrap();
    assert_eq!(granted.account.address, address("jean@x.fr"));
    let known = world.directory.as_known(&address("a@x.net")).await;
    assert_eq!(known, Ok(Some(address("a@x.fr"))));
    let hosted = world.directory.domains().await.unwrap().pop().unwrap();
    assert_eq!(
        (hosted.domain, hosted.alias_of),
        (net.clone(), Some(x.clone()))
    );
    // Its mail is signed in its own name.
    let keys = world.directory.signature_keys(&net, at(5)).await.unwrap();
    assert_eq!(keys.len(), 2);
    in_order(&world).await;
    let refused = DirectoryError::DomainIsAlias {
        domain: net.clone(),
        of: x.clone(),
    };
    assert_eq!(add("x.org", "x.net").await, Err(refused.clone()));
    assert_eq!(world.try_add("lea@x.net").await, Err(refused.clone()));
    assert_eq!(
        world.try_alias("lea@x.net", &["a@y.fr"]).await,
        Err(refused)
    );
    let refused = DirectoryError::DomainExists { domain: x.clone() };
    assert_eq!(add("x.fr", "x.fr").await, Err(refused));
    assert!(add("z.net", "z.fr").await.is_err());
    // It goes first.
    for name in ["jean@x.fr", "info@x.fr"] {
        let name = address(name);
        match world.directory.account_at(&name).await {
            Ok(account) => drop(world.directory.remove_account(account.id).await.unwrap()),
            Err(_) => assert!(world.directory.aliases().await.unwrap().is_empty()),
        }
    }
    let refused = DirectoryError::DomainHasAlias {
        domain: x.clone(),
        alias: net.clone(),
    };
    assert_eq!(world.directory.remove_domain(&x).await, Err(refused));
    world.directory.remove_domain(&net).await.unwrap();
    world.directory.remove_domain(&x).await.unwrap();
    in_order(&world).await;
}

#[tokio::test]
async fn reports_find_whose_message_was_sent_on_at_every_process() {
    let kv = Arc::new(Memory::default());
    let world = World::on(kv.clone()).await;
    world.add("jean@x.fr").await;
    world.alias("*@x.fr", &["jean@x.fr"]).await;
    let lea = address("Lea@loin.example");
    let by = domain("x.fr");
    let sender = world.directory.sent_on(&lea, &by, at(0)).await;
    let sender = sender.unwrap().unwrap();
    assert_eq!(sender.domain(), &by);
    let other = World::another_on(kv);
    for world in [&world, &other] {
        let found = world.directory.lookup_recipient(&sender, at(0)).await;
        assert_eq!(found, Ok(Found::SentOn(lea.clone())));
        // Nobody else's, and too late: what catches all catches none of these.
        for (text, second) in [
            (sender.to_string().replace("loin", "pres"), 0),
            (sender.to_string(), 22 * 24 * 60 * 60),
        ] {
            let text = address(&text);
            let found = world.directory.lookup_recipient(&text, at(second));
            assert_eq!(found.await, Ok(Found::NoSuchUser));
        }
    }
    in_order(&world).await;
    // Too long for any local part.
    let long = format!("{}@{}.example", "a".repeat(100), "b".repeat(50));
    let none = world.directory.sent_on(&address(&long), &by, at(0)).await;
    assert_eq!(none, Ok(None));
}
