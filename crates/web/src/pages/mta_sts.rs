//! The policy of MTA-STS, which other servers read before they send mail to a domain. RFC
//! 8461 section 3.3.

use std::sync::Arc;

use address::Domain;
use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::uri::Authority;
use axum::response::{IntoResponse, Response};
use service::publish::policy;

use super::error::{self, Fault};
use crate::routes::App;
use crate::visit::Visit;

/// Where the policy of a domain is asked for.
const LABEL: &str = "mta-sts.";

/// The policy, at `mta-sts.DOMAIN` of each domain that is served; no such page elsewhere.
pub(crate) async fn show(
    State(app): State<App>,
    Extension(visit): Extension<Arc<Visit>>,
) -> Response {
    let Some(domain) = asked(&visit) else {
        return error::page(&app, &visit, Fault::NotFound);
    };
    match app.site.directory.is_hosted(&domain).await {
        Ok(true) => {
            let text = policy(&app.site.hosts.transfer, app.site.mta_sts);
            ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
        }
        Ok(false) => error::page(&app, &visit, Fault::NotFound),
        Err(error) => {
            tracing::error!(%error, "whether a domain is served could not be read");
            error::page(&app, &visit, Fault::Ours)
        }
    }
}

fn asked(visit: &Visit) -> Option<Domain> {
    let host = visit.authority.as_ref().map(Authority::host)?;
    let (label, domain) = host.split_at_checked(LABEL.len())?;
    let is_it = label.eq_ignore_ascii_case(LABEL);
    is_it.then(|| domain.parse().ok()).flatten()
}
