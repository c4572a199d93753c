//! Changing the password of one's own mailbox.

use std::sync::Arc;

use address::Password;
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use directory::{Attempt, DirectoryError, Grant, PASSWORD_CHARACTERS};
use events::SignInFailure;
use serde::Deserialize;
use service::sending::set_password;
use words::{Key, format, keys as k};

use super::error::{self, Fault};
use super::{Page, render, see, sign_in};
use crate::form::{Posted, Proved, Secret};
use crate::paths;
use crate::rich::{Html, Words};
use crate::routes::App;
use crate::token::Token;
use crate::visit::{self, Reader, Visit};

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Change {
    #[serde(default)]
    current: Secret,
    #[serde(default)]
    new: Secret,
    #[serde(default)]
    again: Secret,
    #[serde(default)]
    proof: String,
}

impl Proved for Change {
    fn proof(&self) -> &str {
        &self.proof
    }
}

/// The fields, each with what is wrong with it.
#[derive(Default)]
struct Faults {
    current: Option<Html>,
    new: Option<Html>,
    again: Option<Html>,
}

impl Faults {
    fn count(&self) -> u64 {
        [&self.current, &self.new, &self.again]
            .into_iter()
            .flatten()
            .map(|_| 1)
            .sum()
    }
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    p: Page,
    address: String,
    faults: Faults,
    /// What stops the whole form, not one field.
    refusal: Option<String>,
    hint: String,
    action: &'static str,
    home: &'static str,
}

#[derive(Template)]
#[template(path = "password_changed.html")]
struct ChangedPage {
    p: Page,
    when: String,
    home: &'static str,
    guides: &'static str,
}

/// The empty form.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
) -> Response {
    match &visit.reader {
        Some(reader) => render(StatusCode::OK, &page(&app, &visit, reader)),
        None => see(paths::SIGN_IN),
    }
}

/// What was done, and what to do next. True whenever it is read.
pub(crate) async fn changed(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
) -> Response {
    let Some(reader) = &visit.reader else {
        return see(paths::SIGN_IN);
    };
    let w = Words(visit.language);
    let when = app.site.local(reader.account.password_changed);
    let date = format::date(when.date(), visit.language);
    let time = format::time(when.time(), visit.language);
    let template = ChangedPage {
        p: Page::new(
            &app,
            &visit,
            &w.t(k::PASSWORD_CHANGED_TITLE),
            Some(paths::PASSWORD),
        ),
        when: w.with(
            k::PASSWORD_CHANGED_WHEN,
            &[("date", &date), ("time", &time)],
        ),
        home: paths::HOME,
        guides: paths::GUIDES,
    };
    render(StatusCode::OK, &template)
}

/// Checks the form, then the current password, and sets the new one.
pub(crate) async fn submit(State(app): State<App>, posted: Posted<Change>) -> Response {
    let Posted {
        form,
        visit,
        genuine,
    } = posted;
    if !genuine {
        return error::page(&app, &visit, Fault::Expired);
    }
    let Some(reader) = &visit.reader else {
        return see(paths::SIGN_IN);
    };
    let w = Words(visit.language);
    let faults = check(&form, w);
    if faults.count() > 0 {
        return render(
            StatusCode::UNPROCESSABLE_ENTITY,
            &PasswordPage {
                faults,
                ..page(&app, &visit, reader)
            },
        );
    }
    if let Err(failure) = sign_in_with(&app, &visit, reader, &form.current.0).await {
        return refuse(&app, &visit, reader, failure);
    }
    let (id, address) = (reader.account.id, &reader.account.address);
    let (directory, journal) = (&app.site.directory, &app.site.journal);
    match set_password(directory, journal, (id, &form.new.0), visit.now).await {
        Ok(()) => {}
        Err(DirectoryError::Busy) => return refuse(&app, &visit, reader, SignInFailure::Busy),
        Err(error) => {
            tracing::error!(%error, account = %address, "a password could not be changed");
            return error::page(&app, &visit, Fault::Ours);
        }
    }
    tracing::info!(peer = %visit.peer.ip, account = %address, "password changed on the pages");
    stay(&app, &visit, reader, &form.new.0).await
}

/// Opens a session on the new password, so that whoever made the change stays. The old
/// one has ended with its right.
async fn stay(app: &App, visit: &Visit, reader: &Reader, new: &Password) -> Response {
    app.sessions.close(&reader.token);
    let Ok(grant) = sign_in_with(app, visit, reader, new).await else {
        // Too busy to check: the change stands, and signing in again will show it.
        return see(paths::SIGN_IN);
    };
    let token = Token::random();
    app.sessions.open(&token, grant, visit.now);
    let mut reply = see(paths::PASSWORD_CHANGED);
    visit::keep_session(&mut reply, &token);
    reply
}

async fn sign_in_with(
    app: &App,
    visit: &Visit,
    reader: &Reader,
    password: &Password,
) -> Result<Grant, SignInFailure> {
    let attempt = Attempt {
        name: &reader.account.address.to_string(),
        password,
        encrypted: visit.peer.encrypted,
        network: visit.peer.ip,
        now: visit.now,
    };
    app.site.directory.sign_in(attempt).await
}

fn refuse(app: &App, visit: &Visit, reader: &Reader, failure: SignInFailure) -> Response {
    let empty = page(app, visit, reader);
    if failure == SignInFailure::WrongPassword {
        let current = Some(empty.p.w.h(k::PASSWORD_WRONG));
        let faults = Faults {
            current,
            ..Faults::default()
        };
        return render(
            StatusCode::UNPROCESSABLE_ENTITY,
            &PasswordPage { faults, ..empty },
        );
    }
    let (status, refusal) = sign_in::refusal(failure);
    let refusal = Some(words::refusal(&refusal, visit.language));
    render(status, &PasswordPage { refusal, ..empty })
}

fn page(app: &App, visit: &Visit, reader: &Reader) -> PasswordPage {
    let w = Words(visit.language);
    PasswordPage {
        p: Page::new(app, visit, &w.t(k::PASSWORD_TITLE), Some(paths::PASSWORD)),
        address: reader.account.address.to_string(),
        faults: Faults::default(),
        refusal: None,
        hint: w.with(
            k::PASSWORD_NEW_HINT,
            &[("least", &PASSWORD_CHARACTERS.to_string())],
        ),
        action: paths::PASSWORD,
        home: paths::HOME,
    }
}

/// What the form alone can tell.
fn check(form: &Change, w: Words) -> Faults {
    let empty = |secret: &Secret| secret.is_empty().then(|| w.h(k::FAULT_EMPTY));
    let (current, new, again) = (&form.current, &form.new, &form.again);
    let differs = || (new.0 != again.0).then(|| w.h(k::PASSWORD_DIFFERS));
    let same = || (new.0 == current.0).then(|| w.h(k::PASSWORD_SAME));
    Faults {
        current: empty(current),
        new: empty(new).or_else(|| unfit(&new.0, w)).or_else(same),
        again: empty(again).or_else(differs),
    }
}

/// Why a password can't be taken, whoever asks.
fn unfit(password: &Password, w: Words) -> Option<Html> {
    let says = |key: Key, name, number: usize| Some(w.rich(key, &[(name, &number.to_string())]));
    let text = std::str::from_utf8(password.expose()).unwrap_or_default();
    if text.chars().any(char::is_control) {
        return Some(w.h(k::PASSWORD_CONTROL));
    }
    match directory::check_password(password) {
        Ok(()) => None,
        Err(DirectoryError::PasswordTooLong { limit }) => says(k::PASSWORD_LONG, "most", limit),
        Err(_) => says(k::PASSWORD_SHORT, "least", PASSWORD_CHARACTERS),
    }
}

#[cfg(test)]
mod tests {
    use words::Language;

    use super::*;

    fn faults(current: &str, new: &str, again: &str) -> [bool; 3] {
        let secret = |text: &str| Secret(Password::new(text));
        let form = Change {
            current: secret(current),
            new: secret(new),
            again: secret(again),
            proof: String::new(),
        };
        let faults = check(&form, Words(Language::English));
        [
            faults.current.is_some(),
            faults.new.is_some(),
            faults.again.is_some(),
        ]
    }

    #[test]
    fn each_fault_is_at_its_field() {
        let good = "four words at random";
        assert_eq!(faults("old", good, good), [false, false, false]);
        assert_eq!(faults("", "", ""), [true, true, true]);
        assert_eq!(faults("old", "2short", "2short"), [false, true, false]);
        assert_eq!(
            faults("old", &"x".repeat(2000), &"x".repeat(2000)),
            [false, true, false]
        );
        assert_eq!(faults("old", good, "other"), [false, false, true]);
        assert_eq!(faults(good, good, good), [false, true, false]);
        assert_eq!(
            faults("old", "tabs\tare no keys", "tabs\tare no keys"),
            [false, true, false]
        );
        assert_eq!(
            faults("old", "éééééééééé", "éééééééééé"),
            [false, false, false]
        );
    }
}
