//! Changing one's password.

use crate::support::{JEANNE, PASSWORD, World};
use axum::http::StatusCode;

const NEW: &str = "quite another one";

#[tokio::test]
async fn the_new_password_is_the_one_that_opens() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let mut elsewhere = world.signed_in().await;
    world.later(3600);
    let reply = browser.change(PASSWORD, NEW, NEW).await;
    assert_eq!(
        (reply.status, reply.location()),
        (StatusCode::SEE_OTHER, "/password/changed")
    );
    let done = browser.get("/password/changed").await;
    assert!(
        done.body
            .contains("Changed on 23\u{a0}November\u{a0}2026 at 2:02\u{a0}pm."),
        "{}",
        done.body
    );
    assert!(!elsewhere.is_signed_in().await, "other browsers are out");
    assert_eq!(
        world.browser().sign_in(JEANNE, PASSWORD).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        world.browser().sign_in(JEANNE, NEW).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn whoever_changes_it_stays_under_a_new_token() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let mut before = browser.clone();
    browser.change(PASSWORD, NEW, NEW).await;
    assert!(browser.is_signed_in().await);
    assert!(!before.is_signed_in().await);
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_changes_nothing() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    for (current, new, again, said) in [
        ("wrong one entirely", NEW, NEW, "id=\"current-fault\""),
        (PASSWORD, "qzj", "qzj", "id=\"new-fault\""),
        (PASSWORD, NEW, "quite another two", "id=\"again-fault\""),
        (PASSWORD, PASSWORD, PASSWORD, "already"),
        ("", "", "", "3 fields to correct:"),
    ] {
        let page = browser.change(current, new, again).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(page.body.contains(said), "{said}: {}", page.body);
        for secret in [current, new, again]
            .iter()
            .filter(|secret| !secret.is_empty())
        {
            assert!(
                !page.body.contains(*secret),
                "a password is never written back"
            );
        }
        assert!(browser.is_signed_in().await);
    }
    assert_eq!(
        world.browser().sign_in(JEANNE, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn nobody_changes_it_for_another() {
    let world = World::new().await;
    assert_eq!(
        world.browser().get("/password").await.location(),
        "/sign-in"
    );
    assert_eq!(
        world.browser().get("/password/changed").await.location(),
        "/sign-in"
    );
    let mut browser = world.signed_in().await;
    let foreign = world.signed_in().await.get("/password").await.proof();
    for proof in ["", &foreign] {
        let fields = [
            ("proof", proof),
            ("current", PASSWORD),
            ("new", NEW),
            ("again", NEW),
        ];
        assert_eq!(
            browser.post("/password", &fields).await.status,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(
        world.browser().sign_in(JEANNE, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}
