//! A service with two mailboxes on a real directory, and a browser to look at it with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use address::{Address, Password};
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use axum::{Extension, Router};
use directory::{Argon2Cost, Directory, NewAccount, Settings};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use journal::Journal;
use kv::sqlite::Sqlite;
use service::endpoints::Endpoints;
use tower::ServiceExt;
use web::{Hosts, Peer, Site};
use words::Language;

pub(crate) const JEANNE: &str = "jeanne.morel@tilleuls.example";
pub(crate) const PAUL: &str = "paul@tilleuls.example";
pub(crate) const PASSWORD: &str = "four words at random";
pub(crate) const HOST: &str = "mail.tilleuls.example";
/// 2026-11-23 13:02 in UTC.
pub(crate) const NOW: i64 = 1_795_438_920;

/// A running service.
pub(crate) struct World {
    pub(crate) site: Arc<Site>,
    pub(crate) router: Router,
    pub(crate) plain: Router,
    pub(crate) clock: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_base(0).await
    }

    pub(crate) async fn with_base(base: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Sqlite::open(&folder.path().join("kv")).unwrap();
        let clock = Arc::new(AtomicI64::new(NOW));
        let seconds = clock.clone();
        let site = Arc::new(Site {
            name: "Facteur".into(),
            domain: "tilleuls.example".parse().unwrap(),
            directory: directory(Arc::new(engine)).await,
            journal: Journal::new(Arc::new(kv::memory::Memory::default()), 1),
            endpoints: Endpoints::from_base(base).unwrap(),
            hosts: Hosts::same(HOST),
            mta_sts: service::publish::Mode::Testing,
            time_zone: TimeZone::UTC,
            clock: Arc::new(move || moment(seconds.load(Ordering::Relaxed))),
        });
        let peer = |encrypted| {
            Extension(Peer {
                ip: [192, 0, 2, 7].into(),
                encrypted,
            })
        };
        let router = web::router(site.clone()).layer(peer(true));
        let plain = web::plain_router(site.clone()).layer(peer(false));
        Self {
            site,
            router,
            plain,
            clock,
            _folder: folder,
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    pub(crate) fn plain_browser(&self) -> Browser {
        Browser::new(self.plain.clone())
    }

    /// A browser that has signed in as Jeanne.
    pub(crate) async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        assert_eq!(
            browser.sign_in(JEANNE, PASSWORD).await.status,
            StatusCode::SEE_OTHER
        );
        browser
    }

    pub(crate) async fn jeanne(&self) -> directory::Account {
        self.site
            .directory
            .account_at(&address(JEANNE))
            .await
            .unwrap()
    }

    pub(crate) fn later(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

async fn directory(engine: Arc<dyn kv::Kv>) -> Directory {
    let cost = Argon2Cost::new(8, 1, 1).unwrap();
    let directory = Directory::new(
        engine,
        &Settings {
            cost,
            ..Settings::default()
        },
    );
    let now = moment(NOW);
    directory
        .add_domain(&"tilleuls.example".parse().unwrap(), now)
        .await
        .unwrap();
    for (mailbox, name) in [(JEANNE, Some("Jeanne <b>Morel</b>")), (PAUL, None)] {
        let account = NewAccount {
            address: address(mailbox),
            password: Password::new(PASSWORD),
            name: name.map(String::from),
            quota: None,
            language: Language::French,
        };
        directory.add_account(account, now).await.unwrap();
    }
    directory
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Every value of an attribute in the page, as HTML wrote it.
    pub(crate) fn attributes(&self, name: &str) -> Vec<&str> {
        let opening = format!(" {name}=\"");
        let parts = self.body.split(opening.as_str()).skip(1);
        parts.map(|part| part.split('"').next().unwrap()).collect()
    }

    pub(crate) fn proof(&self) -> String {
        let after = self
            .body
            .split("name=\"proof\" value=\"")
            .nth(1)
            .expect("a form");
        after.split('"').next().unwrap().to_owned()
    }
}

/// Keeps cookies and asks for pages.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Browser {
    fn new(router: Router) -> Self {
        Self {
            router,
            cookies: BTreeMap::new(),
            headers: vec![("accept-language", "en".into())],
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, Body::empty()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let encode = |text: &str| -> String { text.bytes().map(|b| format!("%{b:02X}")).collect() };
        let pairs: Vec<_> = fields
            .iter()
            .map(|(k, v)| format!("{k}={}", encode(v)))
            .collect();
        self.send(Method::POST, path, pairs.join("&").into()).await
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, body: Body) -> Page {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let request = request
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
            .unwrap();
        let reply = self.router.clone().oneshot(request).await.unwrap();
        self.keep_cookies(&reply);
        let (parts, body) = reply.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Page {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    fn keep_cookies(&mut self, reply: &Response<Body>) {
        for cookie in reply.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
    }

    /// Fills in the sign-in page.
    pub(crate) async fn sign_in(&mut self, address: &str, password: &str) -> Page {
        let proof = self.get("/sign-in").await.proof();
        let fields = [
            ("proof", proof.as_str()),
            ("address", address),
            ("password", password),
        ];
        self.post("/sign-in", &fields).await
    }

    /// Fills in the password page.
    pub(crate) async fn change(&mut self, current: &str, new: &str, again: &str) -> Page {
        let proof = self.get("/password").await.proof();
        let fields = [
            ("proof", proof.as_str()),
            ("current", current),
            ("new", new),
            ("again", again),
        ];
        self.post("/password", &fields).await
    }

    pub(crate) async fn is_signed_in(&mut self) -> bool {
        self.get("/").await.status == StatusCode::OK
    }
}
