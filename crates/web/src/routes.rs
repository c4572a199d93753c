//! Which path is which page.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use crate::pages::{error, guides, home, mta_sts, password, redirect, sign_in};
use crate::session::Sessions;
use crate::site::Site;
use crate::{assets, form, headers, paths, visit};

/// What every page works with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) site: Arc<Site>,
    pub(crate) sessions: Arc<Sessions>,
    /// True on the port that only points to the encrypted one.
    pub(crate) plain: bool,
}

/// The pages of the encrypted port. Each request needs a [`crate::Peer`] among its
/// extensions.
pub fn router(site: Arc<Site>) -> Router {
    let pages = guides()
        .route(paths::HOME, get(home::show))
        .route(paths::SIGN_IN, get(sign_in::show).post(sign_in::submit))
        .route(paths::SIGN_OUT, post(sign_in::leave))
        .route(paths::PASSWORD, get(password::show).post(password::submit))
        .route(paths::PASSWORD_CHANGED, get(password::changed))
        .route(paths::MTA_STS, get(mta_sts::show))
        .fallback(error::not_found);
    finish(
        pages,
        App {
            site,
            sessions: Arc::default(),
            plain: false,
        },
    )
}

/// The pages of port 80: the guides with general values, for a browser too old to
/// follow to the encrypted port, and nothing else. Every other path points there.
/// Nobody signs in here. Each request needs a [`crate::Peer`] among its extensions.
pub fn plain_router(site: Arc<Site>) -> Router {
    let pages = guides().fallback(redirect::to_the_encrypted_port);
    finish(
        pages,
        App {
            site,
            sessions: Arc::default(),
            plain: true,
        },
    )
}

fn guides() -> Router<App> {
    Router::new()
        .route(paths::GUIDES, get(guides::list))
        .route(paths::GUIDE_ANY, get(guides::any))
        .route(paths::GUIDE_ANDROID, get(guides::android))
        .route(paths::GUIDE_ANDROID_STEP, get(guides::android_step))
}

/// What goes around all pages.
fn finish(pages: Router<App>, app: App) -> Router {
    pages
        .method_not_allowed_fallback(error::wrong_method)
        .layer(DefaultBodyLimit::max(form::FORM_OCTETS))
        .layer(from_fn_with_state(app.clone(), visit::visit))
        .route(paths::STATIC, get(assets::serve))
        .layer(from_fn(headers::guard))
        .with_state(app)
}
