//! Port 80: the guides for a browser that can't follow, and the way to the rest.

use crate::support::{HOST, JEANNE, PASSWORD, World};
use axum::http::{StatusCode, header};

#[tokio::test]
async fn everything_but_the_guides_points_to_the_encrypted_port() {
    let world = World::with_base(10_000).await;
    let mut browser = world.plain_browser();
    for path in [
        "/",
        "/sign-in",
        "/password?a=b",
        "/.well-known/x",
        "/nowhere",
    ] {
        let reply = browser.get(path).await;
        let wanted = format!("https://{HOST}:10443{path}");
        assert_eq!(
            (reply.status, reply.location()),
            (StatusCode::FOUND, wanted.as_str())
        );
        assert!(!reply.headers.contains_key(header::SET_COOKIE));
    }
    let posted = browser
        .post("/sign-in", &[("address", JEANNE), ("password", PASSWORD)])
        .await;
    assert_eq!(
        posted.status,
        StatusCode::SEE_OTHER,
        "what was posted in the clear is not sent again"
    );
    let standard = World::new().await.plain_browser().get("/").await;
    assert_eq!(standard.location(), format!("https://{HOST}/"));
}

#[tokio::test]
async fn the_guides_are_general_there_and_nobody_signs_in() {
    let world = World::new().await;
    let session = world.signed_in().await.cookies;
    let mut browser = world.plain_browser();
    browser.cookies = session;
    for path in [
        "/guides",
        "/guides/any",
        "/guides/email-android-4.1.2/pop3/4",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.body.contains("jeanne"), "a session has no say here");
        assert!(!page.body.contains("<form"), "{path}");
        assert!(
            page.body.contains(&format!("href=\"https://{HOST}/\"")),
            "{path}"
        );
    }
    let french = browser.get("/guides?lang=fr").await;
    assert!(french.body.contains("<html lang=\"fr\">"));
    assert!(
        browser
            .get("/guides")
            .await
            .body
            .contains("<html lang=\"fr\">")
    );
}

#[tokio::test]
async fn the_host_that_was_asked_for_is_the_one_pointed_to() {
    let world = World::with_base(10_000).await;
    for (host, wanted) in [
        ("localhost:10080", "https://localhost:10443/"),
        ("[::1]:10080", "https://[::1]:10443/"),
        ("not a host", "https://mail.tilleuls.example:10443/"),
    ] {
        use tower::ServiceExt;
        let request = axum::http::Request::get("/").header("host", host);
        let request = request.body(axum::body::Body::empty()).unwrap();
        let reply = world.plain.clone().oneshot(request).await.unwrap();
        assert_eq!(reply.headers()[header::LOCATION], wanted);
    }
}

#[tokio::test]
async fn a_path_that_is_none_does_not_become_a_host() {
    let world = World::new().await;
    let mut browser = world.plain_browser();
    let reply = browser.get("*").await;
    assert!(reply.location().ends_with('/'), "{}", reply.location());
    assert!(!reply.location().contains('*'), "{}", reply.location());
}
