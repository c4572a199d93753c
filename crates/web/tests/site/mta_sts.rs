//! What other servers read before they send mail here.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt;

use crate::support::World;

async fn ask(world: &World, host: &str) -> (StatusCode, String, String) {
    let request = Request::builder()
        .uri("/.well-known/mta-sts.txt")
        .header(header::HOST, host)
        .body(Body::empty())
        .unwrap();
    let reply = world.router.clone().oneshot(request).await.unwrap();
    let kind = reply.headers()[header::CONTENT_TYPE]
        .to_str()
        .unwrap()
        .to_owned();
    let status = reply.status();
    let body = axum::body::to_bytes(reply.into_body(), 100_000)
        .await
        .unwrap();
    (status, kind, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn each_domain_here_has_its_policy_at_its_own_name() {
    let world = World::new().await;
    for host in ["mta-sts.tilleuls.example", "MTA-STS.Tilleuls.Example:443"] {
        let (status, kind, text) = ask(&world, host).await;
        assert_eq!(
            (status, kind.starts_with("text/plain")),
            (StatusCode::OK, true)
        );
        let policy = service::publish::policy(&world.site.hosts.transfer, world.site.mta_sts);
        assert_eq!(text, policy);
        assert!(text.contains("\r\nmode: testing\r\nmx: "));
    }
    for host in [
        "tilleuls.example",
        "mta-sts.loin.example",
        "mta-sts.",
        "mta-sts.x.tilleuls.example",
        "é",
        "",
    ] {
        assert_eq!(ask(&world, host).await.0, StatusCode::NOT_FOUND, "{host}");
    }
}
