//! One file a page. A page gathers its data into a template's struct; the HTML is in
//! `templates/`.

pub(crate) mod error;
pub(crate) mod guides;
pub(crate) mod home;
pub(crate) mod mta_sts;
pub(crate) mod password;
pub(crate) mod redirect;
pub(crate) mod sign_in;

use askama::Template;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use words::{Key, Language, keys as k};

use crate::assets::Urls;
use crate::paths;
use crate::rich::Words;
use crate::routes::App;
use crate::visit::Visit;

/// What surrounds every page.
pub(crate) struct Page {
    /// The reader's words.
    pub(crate) w: Words,
    /// As in the browser's title bar.
    pub(crate) title: String,
    /// What the service is called.
    pub(crate) service: String,
    /// The entries of the masthead.
    pub(crate) places: Vec<Place>,
    /// This page in the other language.
    pub(crate) other: OtherLanguage,
    /// Whether somebody is signed in.
    pub(crate) signed_in: bool,
    /// The proof for every form of this page.
    pub(crate) proof: String,
    /// This page, for whoever has it on paper.
    pub(crate) here: String,
    /// The same service, encrypted, where this page is not.
    pub(crate) secure: Option<String>,
    /// Style sheet, fonts and icon.
    pub(crate) urls: Urls,
}

/// One entry of the masthead.
pub(crate) struct Place {
    pub(crate) url: &'static str,
    pub(crate) label: String,
    pub(crate) current: bool,
}

/// The link to the other language.
pub(crate) struct OtherLanguage {
    pub(crate) url: String,
    pub(crate) code: &'static str,
    pub(crate) name: String,
}

impl Page {
    /// What surrounds a page of that title. `place` is the masthead's entry it is under.
    pub(crate) fn new(app: &App, visit: &Visit, title: &str, place: Option<&str>) -> Self {
        let w = Words(visit.language);
        let service = app.site.name.clone();
        let signed_in = visit.reader.is_some();
        Self {
            w,
            title: w.with(k::PAGE_TITLE, &[("page", title), ("service", &service)]),
            service,
            places: places(w, signed_in, place),
            other: other_language(visit),
            signed_in,
            proof: visit.secret().form_proof(),
            here: redirect::encrypted_url(app, visit, &visit.path),
            secure: app
                .plain
                .then(|| redirect::encrypted_url(app, visit, paths::HOME)),
            urls: Urls,
        }
    }

    /// The code of the page's language.
    pub(crate) fn lang(&self) -> &'static str {
        self.w.0.code()
    }
}

fn places(w: Words, signed_in: bool, current: Option<&str>) -> Vec<Place> {
    let place = |url, key: Key| Place {
        url,
        label: w.t(key),
        current: current == Some(url),
    };
    let guides = place(paths::GUIDES, k::NAVIGATION_GUIDES);
    if !signed_in {
        return vec![guides];
    }
    let home = place(paths::HOME, k::NAVIGATION_HOME);
    vec![home, guides, place(paths::PASSWORD, k::NAVIGATION_PASSWORD)]
}

fn other_language(visit: &Visit) -> OtherLanguage {
    let other = match visit.language {
        Language::French => Language::English,
        Language::English => Language::French,
    };
    // Two slashes would name another host.
    let path = if visit.path.starts_with("//") {
        paths::HOME
    } else {
        &visit.path
    };
    let code = other.code();
    OtherLanguage {
        url: format!("{path}?lang={code}"),
        code,
        name: other.name(),
    }
}

/// A template as a reply.
pub(crate) fn render(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// *See that page* after a form, or in place of a page that is not for this visitor.
pub(crate) fn see(path: &'static str) -> Response {
    (
        StatusCode::SEE_OTHER,
        [(LOCATION, HeaderValue::from_static(path))],
    )
        .into_response()
}
