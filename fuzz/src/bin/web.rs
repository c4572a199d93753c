//! Requests for pages: whatever is asked with whatever header, cookie and form, there is a
//! reply that is no failure of ours, has the headers that guard it, and no end of octets.
#![no_main]

use std::sync::{Arc, LazyLock};

use address::Password;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, Uri};
use axum::{Extension, Router};
use directory::{Argon2Cost, Directory, NewAccount, Settings};
use fuzz::{fuzz_target, within};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use journal::Journal;
use kv::memory::Memory;
use service::endpoints::Endpoints;
use service::publish::Mode;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;
use web::{Hosts, Peer, Site};
use words::Language;

const DOMAIN: &str = "exemple.fr";
const PASSWORD: &str = "une fleur de tilleul";
/// A visitor's secret, as any 64 digits are. The proof that forms of its holder carry
/// stands in the input as `{proof}`.
const VISIT: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A page with its pictures of a device's screens.
const PAGE_OCTETS: usize = 512 * 1024;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_current_thread();
    // A sign-in that is refused waits for a beat.
    builder.enable_time().build().expect("a runtime")
});

static PROOF: LazyLock<String> = LazyLock::new(|| {
    let cookie = format!("GET /sign-in\nCookie: __Host-visit={VISIT}\n\n");
    let request = request(cookie.as_bytes(), "").expect("a request");
    let (_, page) = RUNTIME.block_on(async { ask(&pages(true).await, request).await });
    let page = String::from_utf8(page.to_vec()).expect("a page");
    let field = page
        .split("name=\"proof\" value=\"")
        .nth(1)
        .expect("a form");
    field.split('"').next().expect("a proof").to_owned()
});

fuzz_target!(|input: &[u8]| {
    let Some((&first, rest)) = input.split_first() else {
        return;
    };
    let Some(request) = request(rest, &PROOF) else {
        return;
    };
    within(16 * 1024 * 1024 + 64 * input.len(), || {
        RUNTIME.block_on(async {
            let (headers, _) = ask(&pages(first & 1 == 0).await, request).await;
            assert!(headers.contains_key("content-security-policy"));
            assert!(headers.contains_key("x-content-type-options"));
        });
    });
});

/// `METHOD PATH`, a header in each line, an empty line, a body.
fn request(text: &[u8], proof: &str) -> Option<Request<Body>> {
    let end = text.windows(2).position(|two| two == b"\n\n")?;
    let (head, body) = (std::str::from_utf8(&text[..end]).ok()?, &text[end + 2..]);
    let mut lines = head.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder()
        .method(method)
        .uri(path.parse::<Uri>().ok()?);
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        request = request.header(name, value);
    }
    let body = match std::str::from_utf8(body) {
        Ok(body) => Bytes::from(body.replace("{proof}", proof)),
        Err(_) => Bytes::copy_from_slice(body),
    };
    request.body(Body::from(body)).ok()
}

async fn ask(pages: &Router, request: Request<Body>) -> (HeaderMap, Bytes) {
    let Ok(reply) = pages.clone().oneshot(request).await;
    let (head, body) = reply.into_parts();
    assert!(!head.status.is_server_error(), "{}", head.status);
    let body = to_bytes(body, PAGE_OCTETS)
        .await
        .expect("a page of such a size");
    (head.headers, body)
}

/// The pages of a new service with one account.
async fn pages(encrypted: bool) -> Router {
    let now = Timestamp::from_second(1_795_438_920).expect("a time");
    let settings = Settings {
        cost: Argon2Cost::new(8, 1, 1).expect("a cost"),
        ..Settings::default()
    };
    let directory = Directory::new(Arc::new(Memory::default()), &settings);
    let domain = DOMAIN.parse().expect("a domain");
    directory.add_domain(&domain, now).await.expect("a domain");
    let account = NewAccount {
        address: format!("lea@{DOMAIN}").parse().expect("an address"),
        password: Password::new(PASSWORD),
        name: None,
        quota: None,
        language: Language::French,
    };
    directory
        .add_account(account, now)
        .await
        .expect("an account");
    let site = Arc::new(Site {
        name: "Facteur".to_owned(),
        domain,
        directory,
        journal: Journal::new(Arc::new(Memory::default()), 1),
        endpoints: Endpoints::from_base(0).expect("ports"),
        hosts: Hosts::same("mail.exemple.fr"),
        time_zone: TimeZone::UTC,
        mta_sts: Mode::Testing,
        clock: Arc::new(move || now),
    });
    let peer = Peer {
        ip: [192, 0, 2, 7].into(),
        encrypted,
    };
    let pages = if encrypted {
        web::router(site)
    } else {
        web::plain_router(site)
    };
    pages.layer(Extension(peer))
}
