//! The sign-in page, an envelope that the visitor addresses; and the way out.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use directory::Attempt;
use events::{Refusal, SignInFailure};
use serde::Deserialize;
use service::endpoints::{Service, Tls};
use words::{format, keys as k};

use super::error::{self, Fault};
use super::{Page, render, see};
use crate::drawing::{Postmark, Sticks, ring_name};
use crate::form::{Posted, Proved, Secret};
use crate::paths;
use crate::rich::{Html, Words};
use crate::routes::App;
use crate::token::Token;
use crate::visit::{self, Visit};

/// The query of the page that a visitor sees after signing out.
const ENDED_QUERY: &str = "ended";
const ENDED: &str = "/sign-in?ended=1";

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct SignIn {
    #[serde(default)]
    address: String,
    #[serde(default)]
    password: Secret,
    #[serde(default)]
    proof: String,
}

impl Proved for SignIn {
    fn proof(&self) -> &str {
        &self.proof
    }
}

/// A form that holds nothing but its proof.
#[derive(Deserialize)]
pub(crate) struct SignOut {
    #[serde(default)]
    proof: String,
}

impl Proved for SignOut {
    fn proof(&self) -> &str {
        &self.proof
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    p: Page,
    heading: Html,
    /// What was typed, when the form comes back.
    address: String,
    /// What is wrong with it.
    fault: Option<Html>,
    /// What was done, when nothing is wrong.
    note: Option<Html>,
    /// What a device needs.
    server: Html,
    ports: Vec<Html>,
    postmark: Postmark,
    stamp: String,
    sticks: Sticks,
    action: &'static str,
    guides: &'static str,
}

/// The empty form; who is signed in already goes to the mailbox.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
    uri: Uri,
) -> Response {
    if visit.reader.is_some() {
        return see(paths::HOME);
    }
    let mut template = page(&app, &visit);
    if visit::query(&uri, ENDED_QUERY).is_some() {
        template.note = Some(template.p.w.h(k::SIGN_IN_ENDED));
    }
    visit.with_form(render(StatusCode::OK, &template))
}

/// Tries what was typed.
pub(crate) async fn submit(State(app): State<App>, posted: Posted<SignIn>) -> Response {
    let Posted {
        form,
        visit,
        genuine,
    } = posted;
    let w = Words(visit.language);
    if !genuine {
        return refuse(
            &app,
            &visit,
            form.address,
            StatusCode::FORBIDDEN,
            w.h(k::SIGN_IN_EXPIRED),
        );
    }
    let attempt = Attempt {
        name: form.address.trim(),
        password: &form.password.0,
        encrypted: visit.peer.encrypted,
        network: visit.peer.ip,
        now: visit.now,
    };
    match app.site.directory.sign_in(attempt).await {
        Ok(grant) => {
            tracing::info!(peer = %visit.peer.ip, account = %grant.account.address, "signed in to the pages");
            // Whoever was signed in here before is no more: the browser forgets that token.
            if let Some(reader) = &visit.reader {
                app.sessions.close(&reader.token);
            }
            let token = Token::random();
            app.sessions.open(&token, grant, visit.now);
            let mut reply = see(paths::HOME);
            visit::keep_session(&mut reply, &token);
            reply
        }
        Err(failure) => {
            tracing::info!(peer = %visit.peer.ip, ?failure, "sign-in to the pages refused");
            let (status, refusal) = refusal(failure);
            let text = w.plain(&words::refusal(&refusal, visit.language));
            refuse(&app, &visit, form.address, status, text)
        }
    }
}

/// What the visitor is told: a name that is not there and a password that is wrong
/// read the same.
pub(crate) fn refusal(failure: SignInFailure) -> (StatusCode, Refusal) {
    use SignInFailure as F;
    match failure {
        F::UnknownUser | F::BareLocalPart | F::WrongPassword => {
            (StatusCode::FORBIDDEN, Refusal::Credentials)
        }
        F::Unencrypted => (StatusCode::FORBIDDEN, Refusal::EncryptionRequired),
        F::Busy => (StatusCode::SERVICE_UNAVAILABLE, Refusal::SignInBusy),
        F::Broken => (StatusCode::SERVICE_UNAVAILABLE, Refusal::Temporary),
    }
}

/// The form again, with what was typed and what is wrong; the password is gone.
fn refuse(app: &App, visit: &Visit, address: String, status: StatusCode, fault: Html) -> Response {
    let template = SignInPage {
        address,
        fault: Some(fault),
        ..page(app, visit)
    };
    visit.with_form(render(status, &template))
}

/// Ends the session.
pub(crate) async fn leave(State(app): State<App>, posted: Posted<SignOut>) -> Response {
    let Posted { visit, genuine, .. } = posted;
    if !genuine {
        return error::page(&app, &visit, Fault::Expired);
    }
    if let Some(reader) = &visit.reader {
        app.sessions.close(&reader.token);
    }
    let mut reply = see(ENDED);
    visit::forget_session(&mut reply);
    reply
}

fn page(app: &App, visit: &Visit) -> SignInPage {
    let w = Words(visit.language);
    let domain = app.site.domain.to_unicode();
    let label = domain.split('.').next().unwrap_or_default().to_owned();
    SignInPage {
        p: Page::new(app, visit, &w.t(k::SIGN_IN_TITLE), None),
        heading: w.rich(k::SIGN_IN_HEADING_DOMAIN, &[("domain", &domain)]),
        address: String::new(),
        fault: None,
        note: None,
        server: w.rich(k::SIGN_IN_SERVER, &[("host", &app.site.hosts.imap)]),
        ports: ports(app, w),
        postmark: today(app, visit, &domain),
        sticks: Sticks::of(&label),
        stamp: if label.chars().count() <= STAMP_LETTERS {
            label
        } else {
            String::new()
        },
        action: paths::SIGN_IN,
        guides: paths::GUIDES,
    }
}

/// Most letters that fit on the stamp.
const STAMP_LETTERS: usize = 11;

/// The encrypted ports, as the sender's lines name them.
fn ports(app: &App, w: Words) -> Vec<Html> {
    let port = |service| {
        app.site
            .endpoints
            .port(service, Tls::Implicit)
            .map(|port| port.to_string())
    };
    let incoming = |service: Service| {
        let port = port(service)?;
        Some(w.rich(
            k::SIGN_IN_INCOMING,
            &[("protocol", service.name()), ("port", &port)],
        ))
    };
    let outgoing =
        port(Service::Submission).map(|port| w.rich(k::SIGN_IN_OUTGOING, &[("port", &port)]));
    [incoming(Service::Imap), incoming(Service::Pop3), outgoing]
        .into_iter()
        .flatten()
        .collect()
}

/// Today's postmark, with the place that the mail is of.
fn today(app: &App, visit: &Visit, domain: &str) -> Postmark {
    let date = app.site.local(visit.now).date();
    Postmark {
        above: ring_name(domain).unwrap_or_else(|| app.site.name.to_uppercase()),
        below: Words(visit.language).t(k::POSTMARK_MAIL),
        first: format::postmark_day(date, visit.language),
        second: date.year().to_string(),
        name: String::new(),
    }
}
