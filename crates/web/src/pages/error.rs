//! What is said when there is no page to show.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use words::{Key, keys as k};

use super::{Page, render};
use crate::paths;
use crate::routes::App;
use crate::visit::Visit;

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No such path.
    NotFound,
    /// The path is there, but not for that method.
    Method,
    /// The form was not made for this visitor, or long ago.
    Expired,
    /// The form can't be read.
    Form,
    /// The form is larger than any of ours.
    TooLarge,
    /// Something of ours is not working.
    Ours,
}

impl Fault {
    fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Expired => StatusCode::FORBIDDEN,
            Self::Form => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Ours => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What is so, and what to do.
    fn words(self) -> [Key; 2] {
        match self {
            Self::NotFound => [k::ERROR_NOT_FOUND_TITLE, k::ERROR_NOT_FOUND],
            Self::Method => [k::ERROR_METHOD_TITLE, k::ERROR_METHOD],
            Self::Expired => [k::ERROR_EXPIRED_TITLE, k::ERROR_EXPIRED],
            Self::Form => [k::ERROR_FORM_TITLE, k::ERROR_FORM],
            Self::TooLarge => [k::ERROR_LARGE_TITLE, k::ERROR_LARGE],
            Self::Ours => [k::ERROR_OURS_TITLE, k::ERROR_OURS],
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    p: Page,
    title: String,
    text: String,
    home: &'static str,
    guides: &'static str,
    /// True when the fault is the service's own, which alone is marked as one.
    ours: bool,
}

/// The page for a fault.
pub(crate) fn page(app: &App, visit: &Visit, fault: Fault) -> Response {
    let [title, text] = fault
        .words()
        .map(|key| words::text(visit.language, key, &[]));
    let p = Page::new(app, visit, &title, None);
    let ours = fault == Fault::Ours;
    let template = ErrorPage {
        p,
        title,
        text,
        home: paths::HOME,
        guides: paths::GUIDES,
        ours,
    };
    render(fault.status(), &template)
}

/// Any path that is none of ours.
pub(crate) async fn not_found(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
) -> Response {
    page(&app, &visit, Fault::NotFound)
}

/// A path of ours, asked for by another method.
pub(crate) async fn wrong_method(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
) -> Response {
    page(&app, &visit, Fault::Method)
}
