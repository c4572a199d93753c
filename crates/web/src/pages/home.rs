//! A mailbox user's own page: the address on its envelope, what state it is in, and
//! what to type into a device.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use words::{format, keys as k};

use super::{Page, render, see};
use crate::drawing::Postmark;
use crate::paths;
use crate::rich::{self, Html, Words};
use crate::routes::App;
use crate::settings::{Ports, Setting, settings};
use crate::visit::{Reader, Visit};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    p: Page,
    name: Option<String>,
    address: Html,
    postmark: Postmark,
    settings: Vec<Setting>,
    ports: Ports,
    password_url: &'static str,
    password_since: String,
    old_devices: bool,
    guides: &'static str,
}

/// The page of whoever is signed in; others are sent to sign in.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
) -> Response {
    let Some(reader) = &visit.reader else {
        return see(paths::SIGN_IN);
    };
    let w = Words(visit.language);
    let account = &reader.account;
    let changed = app.site.local(account.password_changed).date();
    let since = format::date(changed, visit.language);
    let template = HomePage {
        p: Page::new(&app, &visit, &w.t(k::HOME_TITLE), Some(paths::HOME)),
        name: account.name.clone(),
        address: rich::address(&account.address.to_string()),
        postmark: opened(&app, &visit, reader),
        settings: settings(&app.site, w, Some(account)),
        ports: Ports::of(&app.site, w, None),
        password_url: paths::PASSWORD,
        password_since: w.with(k::HOME_PASSWORD_CHANGED, &[("date", &since)]),
        old_devices: app.site.admits_old_devices(account),
        guides: paths::GUIDES,
    };
    render(StatusCode::OK, &template)
}

/// The postmark of the moment at which this session was opened.
fn opened(app: &App, visit: &Visit, reader: &Reader) -> Postmark {
    let w = Words(visit.language);
    let opened = app.site.local(reader.opened);
    let time = format::time(opened.time(), visit.language);
    let date = format::date(opened.date(), visit.language);
    Postmark {
        above: w.t(k::HOME_POSTMARK),
        below: w.t(k::HOME_POSTMARK_BELOW),
        name: w.with(k::HOME_POSTMARK_NAME, &[("date", &date), ("time", &time)]),
        first: time,
        second: format::postmark_day(opened.date(), visit.language),
    }
}
