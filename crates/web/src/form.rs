//! Posted forms, and the proof that our own page posted them.
//!
//! Two things are asked of every form. The token in it must be derived from the secret
//! in the visitor's cookie: the session's own, or for the sign-in form one that the
//! page gave before. And where the browser says which site sent the form (`Origin`, or
//! `Sec-Fetch-Site`), it must have been this one. The browsers of 2012 say neither, so
//! for them the token stands alone.

use std::sync::Arc;

use address::Password;
use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::{HeaderMap, HeaderValue, ORIGIN};
use axum::http::uri::Authority;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::pages::error::{self, Fault};
use crate::routes::App;
use crate::visit::Visit;

/// Largest form that is read, in octets. An address and three passwords, each octet
/// written as three, fit several times.
pub(crate) const FORM_OCTETS: usize = 16 * 1024;

/// A form that carries a proof.
pub(crate) trait Proved {
    /// What its hidden field `proof` held.
    fn proof(&self) -> &str;
}

/// A form as it was posted.
pub(crate) struct Posted<T> {
    /// What was filled in.
    pub(crate) form: T,
    /// Who posted it.
    pub(crate) visit: Arc<Visit>,
    /// Whether our own page did so for this visitor. Nothing may be done otherwise.
    pub(crate) genuine: bool,
}

impl<T: Proved + DeserializeOwned> FromRequest<App> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let Some(visit) = request.extensions().get::<Arc<Visit>>().cloned() else {
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        };
        let ours = comes_from_us(request.headers(), &visit);
        let form = match Form::<T>::from_request(request, app).await {
            Ok(Form(form)) => form,
            Err(rejection) => {
                let large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
                let fault = if large { Fault::TooLarge } else { Fault::Form };
                return Err(error::page(app, &visit, fault));
            }
        };
        let genuine = ours && visit.secret().proves(form.proof());
        Ok(Self {
            form,
            visit,
            genuine,
        })
    }
}

/// False when the browser says that another site sent the request.
fn comes_from_us(headers: &HeaderMap, visit: &Visit) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if !matches!(site, None | Some(b"same-origin" | b"none")) {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    origin
        .to_str()
        .is_ok_and(|origin| is_ours(origin, visit.peer.encrypted, visit.authority.as_ref()))
}

/// Whether an `Origin` (RFC 6454 section 7) is the one that this request was sent to.
fn is_ours(origin: &str, encrypted: bool, authority: Option<&Authority>) -> bool {
    let scheme = if encrypted { "https://" } else { "http://" };
    let host = origin.strip_prefix(scheme);
    host.zip(authority)
        .is_some_and(|(host, ours)| host.eq_ignore_ascii_case(ours.as_str()))
}

/// A password in a form. It goes straight into the type that no log can print.
pub(crate) struct Secret(pub(crate) Password);

impl Secret {
    /// Whether nothing was typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.expose().is_empty()
    }
}

impl Default for Secret {
    fn default() -> Self {
        Self(Password::new(Vec::new()))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Password::new(String::deserialize(from)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_same_origin_is_ours() {
        let authority: Authority = "mail.exemple.fr:10443".parse().unwrap();
        let ours = |origin, encrypted| is_ours(origin, encrypted, Some(&authority));
        assert!(ours("https://mail.exemple.fr:10443", true));
        assert!(ours("https://MAIL.exemple.fr:10443", true));
        assert!(!ours("http://mail.exemple.fr:10443", true));
        assert!(!ours("https://mail.exemple.fr", true));
        assert!(!ours("https://mail.exemple.fr:10443.evil.example", true));
        assert!(!ours("null", true));
        assert!(!is_ours("https://mail.exemple.fr", true, None));
    }
}
