//! What is true of every page: each one is found by following links from the first.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Browser, HOST, Page, World};
use axum::http::{StatusCode, header};

/// Most octets of the sign-in page with all that it loads (interface.md, section 4).
const SIGN_IN_OCTETS: usize = 60_000;

/// Every page that can be reached from `start`, by its path.
async fn walk(browser: &mut Browser, start: &str) -> BTreeMap<String, Page> {
    let mut waiting = vec![start.to_owned()];
    let mut seen = BTreeSet::new();
    let mut pages = BTreeMap::new();
    while let Some(path) = waiting.pop() {
        // Our own pages in this language only; the switch is tested by itself.
        if !seen.insert(path.clone()) || path.contains("?lang=") {
            continue;
        }
        let mut page = browser.get(&path).await;
        if page.location().starts_with("https://") {
            continue; // to the encrypted port, which has a walk of its own
        }
        if page.status.is_redirection() {
            page = browser.get(page.location()).await;
        }
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let links = page
            .attributes("href")
            .into_iter()
            .map(|link| link.replace("&#38;", "&"));
        for link in links.collect::<Vec<_>>() {
            match link.strip_prefix('#') {
                Some(name) => assert!(
                    page.body.contains(&format!(" id=\"{name}\"")),
                    "{path}: #{name}"
                ),
                None if link.starts_with("https://") => {}
                None => waiting.push(link),
            }
        }
        if page.headers[header::CONTENT_TYPE] == "text/html; charset=utf-8" {
            pages.insert(path, page);
        }
    }
    pages
}

/// Every page there is, for each reader and in each language.
async fn all(world: &World) -> Vec<(String, Page)> {
    let mut all = Vec::new();
    for language in ["fr", "en"] {
        let readers = [
            ("anyone", world.browser()),
            ("jeanne", world.signed_in().await),
            ("plain", world.plain_browser()),
        ];
        for (who, mut browser) in readers {
            browser.headers = vec![("accept-language", language.into())];
            let start = if who == "plain" { "/guides" } else { "/" };
            let pages = walk(&mut browser, start).await;
            all.extend(
                pages
                    .into_iter()
                    .map(|(path, page)| (format!("{who} {language} {path}"), page)),
            );
        }
        let mut browser = world.signed_in().await;
        browser.headers = vec![("accept-language", language.into())];
        for path in [
            "/nowhere",
            "/guides/email-android-4.1.2/imap/9",
            "//evil.example/",
        ] {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND);
            all.push((format!("{language} {path}"), page));
        }
        let page = browser.change("wrong", "short", "other").await;
        all.push((format!("{language} password faults"), page));
        let page = world.browser().sign_in("a", "b").await;
        all.push((format!("{language} sign-in fault"), page));
    }
    all
}

#[tokio::test]
async fn every_link_leads_somewhere_and_every_page_is_well_made() {
    let world = World::new().await;
    let all = all(&world).await;
    assert!(all.len() > 100, "{}", all.len());
    for (name, page) in &all {
        let body = &page.body;
        let count = |text: &str| body.matches(text).count();
        assert_eq!(count("<h1"), 1, "{name}: one h1");
        for needed in [
            "<header",
            "<main id=\"content\"",
            "<nav",
            "class=\"skip\"",
            "<title>",
        ] {
            assert!(count(needed) >= 1, "{name}: {needed}");
        }
        for forbidden in [
            "<script",
            "<style",
            " style=\"",
            " onclick",
            "javascript:",
            "<img",
        ] {
            assert_eq!(count(forbidden), 0, "{name}: {forbidden}");
        }
        assert!(
            !body.contains("{ $") && !body.contains("**") && !body.contains('`'),
            "{name}: {body}"
        );
        let other_host = page
            .attributes("src")
            .iter()
            .chain(&page.attributes("action"))
            .any(|to| !to.starts_with('/'));
        assert!(!other_host, "{name}");
        headings_are_in_order(name, body);
        fields_have_labels(name, page);
        ids_are_unique(name, page);
        headers_guard(name, page);
    }
}

fn headings_are_in_order(name: &str, body: &str) {
    let levels: Vec<_> = body
        .split("<h")
        .skip(1)
        .filter_map(|rest| rest.chars().next()?.to_digit(10))
        .collect();
    assert!(
        levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
        "{name}: {levels:?}"
    );
}

fn fields_have_labels(name: &str, page: &Page) {
    for field in page.body.split("<input ").skip(1) {
        let field = field.split('>').next().unwrap();
        if field.contains("type=\"hidden\"") || field.contains("aria-hidden") {
            continue;
        }
        let id = field
            .split("id=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap();
        assert!(
            page.body.contains(&format!("<label for=\"{id}\"")),
            "{name}: {id}"
        );
    }
    for described in page
        .attributes("aria-describedby")
        .iter()
        .flat_map(|ids| ids.split(' '))
    {
        assert!(
            page.attributes("id").contains(&described),
            "{name}: {described}"
        );
    }
}

fn ids_are_unique(name: &str, page: &Page) {
    let mut ids = page.attributes("id");
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "{name}");
}

fn headers_guard(name: &str, page: &Page) {
    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(
        page.headers[header::X_CONTENT_TYPE_OPTIONS],
        "nosniff",
        "{name}"
    );
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store", "{name}");
    assert!(page.headers.contains_key(header::REFERRER_POLICY), "{name}");
    assert!(
        !page.headers.contains_key(header::STRICT_TRANSPORT_SECURITY),
        "{name}: not yet"
    );
}

#[tokio::test]
async fn a_language_once_chosen_stays() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.headers = vec![("accept-language", "de, fr;q=0.8, en;q=0.2".into())];
    let page = browser.get("/sign-in").await;
    assert!(page.body.contains("<html lang=\"fr\">"));
    assert!(page.attributes("href").contains(&"/sign-in?lang=en"));
    assert!(
        browser
            .get("/sign-in?lang=en")
            .await
            .body
            .contains("<html lang=\"en\">")
    );
    assert!(
        browser
            .get("/guides")
            .await
            .body
            .contains("<html lang=\"en\">")
    );
    assert!(
        browser
            .get("/guides?lang=xx")
            .await
            .body
            .contains("<html lang=\"en\">")
    );
    let lost = browser.get("//evil.example/").await;
    assert!(
        !lost
            .attributes("href")
            .iter()
            .any(|link| link.starts_with("//")),
        "no way to another host"
    );
}

/// A sheet of paper lies about for years: it says where to look anew.
#[tokio::test]
async fn a_page_on_paper_says_where_it_is() {
    let world = World::new().await;
    for path in ["/guides/any", "/guides/email-android-4.1.2/pop3"] {
        let page = world.browser().get(path).await;
        let here = format!("<p class=\"printed\">https://{HOST}{path}</p>");
        assert!(page.body.contains(&here), "{path}");
    }
}

#[tokio::test]
async fn sign_in_is_light() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await;
    let mut octets = page.body.len();
    let files: BTreeSet<_> = page
        .attributes("href")
        .into_iter()
        .filter(|link| link.starts_with("/static/"))
        .collect();
    assert_eq!(files.len(), 4, "style sheet, two fonts, icon: {files:?}");
    let router = world.router.clone();
    for file in files {
        octets += octets_of(router.clone(), file).await;
    }
    assert!(octets < SIGN_IN_OCTETS, "{octets} octets");
}

async fn octets_of(router: axum::Router, path: &str) -> usize {
    use tower::ServiceExt;
    let request = axum::http::Request::get(path)
        .body(axum::body::Body::empty())
        .unwrap();
    let reply = router.oneshot(request).await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    axum::body::to_bytes(reply.into_body(), 1 << 20)
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn files_are_kept_for_ever_and_asked_for_once() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await;
    for file in page
        .attributes("href")
        .into_iter()
        .filter(|link| link.starts_with("/static/"))
    {
        let reply = browser.get(file).await;
        assert!(
            reply.headers[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        let mut again = browser.clone();
        let tag = reply.headers[header::ETAG].to_str().unwrap().to_owned();
        again.headers.push(("if-none-match", tag));
        let reply = again.get(file).await;
        assert_eq!(
            (reply.status, reply.body.len()),
            (StatusCode::NOT_MODIFIED, 0)
        );
    }
    assert_eq!(
        browser.get("/static/facteur.css").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        browser.get("/static/..%2Fsecret").await.status,
        StatusCode::NOT_FOUND
    );
}

/// Sentences that nothing says are mended by translators for nobody.
#[test]
fn every_sentence_is_said_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in [
        "src",
        "templates",
        "../words/src",
        "../delivery/src",
        "../service/src",
    ] {
        gather(&root.join(folder), &mut sources);
    }
    for key in words::keys::ALL {
        let name = key.id().replace('-', "_").to_uppercase();
        let said = sources
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .any(|word| word == name);
        assert!(said, "nobody says {}", key.id());
    }
}

fn gather(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, text);
        } else {
            *text += &std::fs::read_to_string(&path).unwrap();
        }
    }
}
