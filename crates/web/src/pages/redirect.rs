//! From port 80 to the encrypted pages.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::uri::{Authority, Uri};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::paths;
use crate::routes::App;
use crate::visit::Visit;

/// Points to the same path on the encrypted port. What was posted in the clear is not
/// asked for again: it is pointed to the page that a person begins at.
pub(crate) async fn to_the_encrypted_port(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
    method: Method,
    uri: Uri,
) -> Response {
    let read = matches!(method, Method::GET | Method::HEAD);
    let same = uri
        .path_and_query()
        .map_or(paths::HOME, |path| path.as_str());
    // A path that is none (`*`) would become part of the host's name.
    let (status, path) = if read && same.starts_with('/') {
        (StatusCode::FOUND, same)
    } else {
        (StatusCode::SEE_OTHER, paths::HOME)
    };
    (status, [(LOCATION, encrypted_url(&app, &visit, path))]).into_response()
}

/// A path on the encrypted port of the host that was asked for, or of the site's own
/// name where the request names none.
pub(crate) fn encrypted_url(app: &App, visit: &Visit, path: &str) -> String {
    let asked = visit
        .authority
        .as_ref()
        .map(Authority::host)
        .filter(|host| !host.is_empty());
    let host = asked.unwrap_or(&app.site.hosts.pages);
    format!("https://{}{path}", app.site.pages_authority(host))
}
