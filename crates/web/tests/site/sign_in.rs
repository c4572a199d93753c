//! Signing in and out, and what may not pass for either.

use crate::support::{HOST, JEANNE, PASSWORD, PAUL, World};
use address::Password;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};

#[tokio::test]
async fn the_right_password_opens_the_mailbox() {
    let world = World::new().await;
    let mut browser = world.browser();
    let reply = browser.sign_in(JEANNE, PASSWORD).await;
    assert_eq!(
        (reply.status, reply.location()),
        (StatusCode::SEE_OTHER, "/")
    );
    let cookie = reply
        .headers
        .get(header::SET_COOKIE)
        .unwrap()
        .to_str()
        .unwrap();
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let home = browser.get("/").await;
    assert!(home.body.contains("jeanne.morel<wbr>@tilleuls.example"));
    assert!(
        home.body.contains("Jeanne &#60;b&#62;Morel"),
        "the name is text, not HTML"
    );
}

#[tokio::test]
async fn names_are_trimmed_and_folded_passwords_are_not() {
    let world = World::new().await;
    let signed = world
        .browser()
        .sign_in(" Jeanne.Morel@TILLEULS.example ", PASSWORD)
        .await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER);
    let refused = world
        .browser()
        .sign_in(JEANNE, &format!("{PASSWORD} "))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nobody_learns_who_exists() {
    let world = World::new().await;
    let mut browser = world.browser();
    let mut pages = Vec::new();
    for name in [
        JEANNE,
        "nobody@tilleuls.example",
        "jeanne.morel",
        "a@elsewhere.example",
    ] {
        let page = browser.sign_in(name, "not the password").await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.body.contains(name), "what was typed stays");
        assert!(
            !page.body.contains("not the password"),
            "but for the password"
        );
        assert!(!browser.cookies.contains_key("__Host-session"));
        pages.push(page.body.replace(name, "NAME"));
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "the same page, whatever the reason");
}

#[tokio::test]
async fn what_is_typed_is_text() {
    let world = World::new().await;
    let page = world
        .browser()
        .sign_in("\"><script>alert(1)</script>", "x")
        .await;
    assert!(!page.body.contains("<script"));
}

#[tokio::test]
async fn a_form_that_our_page_did_not_make_does_nothing() {
    let world = World::new().await;
    let mut browser = world.browser();
    let good = browser.get("/sign-in").await.proof();
    let other = world.browser().get("/sign-in").await.proof();
    for proof in ["", "0", other.as_str()] {
        let fields = [
            ("proof", proof),
            ("address", JEANNE),
            ("password", PASSWORD),
        ];
        let page = browser.post("/sign-in", &fields).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.body.contains(JEANNE), "what was typed stays");
    }
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://mail.tilleuls.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let mut framed = browser.clone();
        framed.headers.push((name, value.into()));
        let fields = [
            ("proof", good.as_str()),
            ("address", JEANNE),
            ("password", PASSWORD),
        ];
        let page = framed.post("/sign-in", &fields).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    browser.headers.push(("origin", format!("https://{HOST}")));
    browser
        .headers
        .push(("sec-fetch-site", "same-origin".into()));
    assert_eq!(
        browser.sign_in(JEANNE, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn each_sign_in_has_a_token_of_its_own() {
    let world = World::new().await;
    let (one, other) = (world.signed_in().await, world.signed_in().await);
    assert_ne!(
        one.cookies["__Host-session"],
        other.cookies["__Host-session"]
    );
    let mut chosen = world.browser();
    chosen
        .cookies
        .insert("__Host-session".into(), "a".repeat(64));
    chosen.sign_in(JEANNE, PASSWORD).await;
    assert_ne!(
        chosen.cookies["__Host-session"],
        "a".repeat(64),
        "nobody chooses it for another"
    );
}

#[tokio::test]
async fn signing_out_ends_the_session_itself() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let kept = browser.clone();
    assert_eq!(
        browser.get("/sign-out").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        browser.post("/sign-out", &[("proof", "0")]).await.status,
        StatusCode::FORBIDDEN
    );
    assert!(browser.is_signed_in().await);
    let proof = browser.get("/").await.proof();
    let reply = browser.post("/sign-out", &[("proof", &proof)]).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert!(!browser.cookies.contains_key("__Host-session"));
    assert!(
        !kept.clone().is_signed_in().await,
        "a copy of the cookie opens nothing either"
    );
    assert!(
        browser
            .get(reply.location())
            .await
            .body
            .contains("You are signed out.")
    );
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.later(11 * 3600);
    assert!(browser.is_signed_in().await);
    world.later(11 * 3600);
    assert!(browser.is_signed_in().await, "use keeps it");
    world.later(12 * 3600);
    assert!(!browser.is_signed_in().await, "rest ends it");

    let mut browser = world.signed_in().await;
    for _ in 0..16 {
        assert!(browser.is_signed_in().await);
        world.later(11 * 3600);
    }
    assert!(!browser.is_signed_in().await, "and a week in any case");
}

#[tokio::test]
async fn a_right_that_ends_ends_the_session() {
    let world = World::new().await;
    let (mut jeanne, mut paul) = (world.signed_in().await, world.browser());
    paul.sign_in(PAUL, PASSWORD).await;
    let (directory, id) = (&world.site.directory, world.jeanne().await.id);
    let new = Password::new("another one altogether");
    directory
        .set_password(id, &new, (world.site.clock)())
        .await
        .unwrap();
    assert!(
        !jeanne.is_signed_in().await,
        "the password was changed elsewhere"
    );
    assert!(paul.is_signed_in().await);

    jeanne.sign_in(JEANNE, "another one altogether").await;
    assert!(jeanne.is_signed_in().await);
    directory.remove_account(id).await.unwrap();
    assert!(!jeanne.is_signed_in().await, "the account is gone");
}

#[tokio::test]
async fn an_account_keeps_its_latest_sessions() {
    let world = World::new().await;
    let (mut first, mut paul) = (world.signed_in().await, world.browser());
    paul.sign_in(PAUL, PASSWORD).await;
    for _ in 0..20 {
        world.later(1);
        world.signed_in().await;
    }
    assert!(!first.is_signed_in().await, "its oldest gave way");
    assert!(paul.is_signed_in().await, "nobody else's did");
}

#[tokio::test]
async fn a_form_is_bounded_and_must_be_readable() {
    let world = World::new().await;
    let mut browser = world.browser();
    let large = "a".repeat(20_000);
    let page = browser.post("/sign-in", &[("address", &large)]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.body.contains("<h1>"), "a page says so");
    let twice = Body::from("address=a&address=b");
    let page = browser.send(Method::POST, "/sign-in", twice).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let bytes = Body::from("address=%FF%FE&password=%00&proof=%");
    let page = browser.send(Method::POST, "/sign-in", bytes).await;
    assert!(page.status.is_client_error());
}

#[tokio::test]
async fn cookies_of_any_shape_are_nobody() {
    let world = World::new().await;
    for value in [
        "",
        "x",
        "=",
        &"f".repeat(64),
        &"é".repeat(32),
        &"0".repeat(10_000),
    ] {
        let mut browser = world.browser();
        browser
            .cookies
            .insert("__Host-session".into(), value.into());
        browser.cookies.insert("__Host-visit".into(), value.into());
        browser.cookies.insert("language".into(), value.into());
        assert!(!browser.is_signed_in().await);
        assert_eq!(
            browser.sign_in(JEANNE, PASSWORD).await.status,
            StatusCode::SEE_OTHER
        );
    }
}

#[tokio::test]
async fn signing_in_again_ends_the_session_before() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let mut copy = world.browser();
    copy.cookies = browser.cookies.clone();
    assert!(copy.is_signed_in().await);
    let proof = browser.get("/").await.proof();
    let fields = [("address", PAUL), ("password", PASSWORD), ("proof", &proof)];
    let reply = browser.post("/sign-in", &fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert!(browser.is_signed_in().await);
    assert!(!copy.is_signed_in().await);
}

/// RFC 9110 section 15.5.6: the answer names the methods that there are.
#[tokio::test]
async fn another_method_is_told_which_there_are() {
    let world = World::new().await;
    let mut browser = world.browser();
    for (method, path, allowed) in [
        (Method::DELETE, "/sign-in", ["GET", "POST"]),
        (Method::POST, "/guides", ["GET", "HEAD"]),
    ] {
        let page = browser.send(method, path, Body::empty()).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allow = page.headers.get(header::ALLOW).unwrap().to_str().unwrap();
        assert!(allowed.iter().all(|one| allow.contains(one)), "{allow}");
    }
    let head = browser.send(Method::HEAD, "/guides", Body::empty()).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
}
