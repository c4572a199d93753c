//! How mail leaves, as it is set.

use std::path::Path;

use anyhow::Context;
use delivery::{Credentials, Smarthost};

use crate::config::{Sending, SmarthostTls};
use crate::rooms::secret;

/// The host that takes all mail from here, if there is one, with its password. Like the key of
/// the certificate, that may be root's alone to read.
pub(super) fn smarthost(sending: &Sending, data: &Path) -> anyhow::Result<Option<Smarthost>> {
    let set = &sending.smarthost;
    let Some(host) = &set.host else {
        return Ok(None);
    };
    let password = secret(set.password.as_ref(), set.password_file.as_deref(), data)
        .context("sending.smarthost.password_file")?;
    let credentials = set.user.clone().zip(password);
    Ok(Some(Smarthost {
        host: host.clone(),
        port: set.port,
        at_once: set.tls == SmarthostTls::AtOnce,
        credentials: credentials.map(|(name, password)| Credentials { name, password }),
    }))
}
