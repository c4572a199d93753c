//! How mail leaves, as it is set.

use std::collections::HashMap;
use std::path::Path;

use address::Domain;
use anyhow::Context;
use delivery::{Credentials, Smarthost};

use crate::config::{self, Sending, SmarthostTls};
use crate::rooms::secret;

/// The hosts that mail is handed to whatever the DNS says, with their passwords. Like the key of
/// the certificate, those may be root's alone to read.
#[derive(Clone, Default)]
pub(super) struct Routes {
    /// The one that takes all mail from here, if there is one.
    pub(super) smarthost: Option<Smarthost>,
    /// Those that take all mail for a domain.
    pub(super) by_domain: HashMap<Domain, Smarthost>,
}

impl Routes {
    /// As they are set.
    pub(super) fn of(sending: &Sending, data: &Path) -> anyhow::Result<Routes> {
        let mut by_domain = HashMap::new();
        for (domain, set) in sending.routes.iter().flatten() {
            let route = host(set, data, &format!("sending.routes.{domain:?}"))?;
            by_domain.extend(domain.parse().ok().zip(route));
        }
        Ok(Routes {
            smarthost: host(&sending.smarthost, data, "sending.smarthost")?,
            by_domain,
        })
    }
}

fn host(set: &config::Smarthost, data: &Path, name: &str) -> anyhow::Result<Option<Smarthost>> {
    let Some(host) = &set.host else {
        return Ok(None);
    };
    let password = secret(set.password.as_ref(), set.password_file.as_deref(), data)
        .with_context(|| format!("{name}.password_file"))?;
    let credentials = set.user.clone().zip(password);
    Ok(Some(Smarthost {
        host: host.clone(),
        port: set.port,
        at_once: set.tls == SmarthostTls::AtOnce,
        credentials: credentials.map(|(name, password)| Credentials { name, password }),
    }))
}
