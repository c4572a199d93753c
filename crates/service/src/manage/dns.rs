//! What an operator may ask of the records of a domain.

use address::Domain;
use serde::{Deserialize, Serialize};

use super::{Manager, Refused, Response, refused};
use crate::endpoints::{Service, Tls};
use crate::publish::{self, Live, Published, Purpose, Record};

/// The port at which other servers hand mail over. RFC 5321 section 4.5.4.2.
const TRANSFER_PORT: u16 = 25;

/// The records of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsShown {
    /// Whose.
    pub domain: Domain,
    /// The host that they lead to.
    pub host: String,
    /// The records, what is most needed first.
    pub records: Vec<RecordShown>,
    /// What stands in the way, whatever the records say.
    pub notes: Vec<String>,
}

/// A record that is to be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordShown {
    /// What for.
    pub purpose: Purpose,
    /// Its name, whole, without the final dot.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// What it says, as a file of a zone has it.
    pub value: String,
    /// The line of a zone.
    pub line: String,
    /// Why, in words.
    pub why: String,
    /// How it stands; none where nobody asked.
    pub live: Option<Live>,
}

impl Manager {
    pub(super) async fn domain_dns(&self, domain: Domain) -> Result<Response, Refused> {
        let published = self.published.as_ref();
        let published = published.ok_or_else(|| refused("nothing is served here"))?;
        let host = &published.host;
        if !host.contains('.') {
            return Err(refused(format_args!(
                "hostname is {host:?}, which nobody finds by DNS: set it to the name of this host first"
            )));
        }
        let keys = self.directory.signature_keys(&domain, (self.clock)());
        let keys = keys.await?;
        let (key, mut notes) = host_key(published).await;
        notes.extend(other_port(published));
        let records = publish::records(published, &domain, &keys, key);
        let live = match &published.resolver {
            Some(resolver) => {
                let live = publish::look(resolver, host, &records).await;
                live.into_iter().map(Some).collect()
            }
            None => vec![None; records.len()],
        };
        let shown = records
            .iter()
            .zip(live)
            .map(|(record, live)| shown(record, live));
        Ok(Response::Dns(Box::new(DnsShown {
            host: host.clone(),
            records: shown.collect(),
            domain,
            notes,
        })))
    }
}

/// The SHA-256 of the public key of the certificate.
async fn host_key(published: &Published) -> (Option<[u8; 32]>, Vec<String>) {
    let path = published.certificate.clone();
    let read = tokio::task::spawn_blocking(move || tls::key_digest(&path));
    match read.await {
        Ok(Ok(digest)) => (Some(digest), Vec::new()),
        Ok(Err(error)) => (None, vec![format!("the certificate names no key: {error}")]),
        Err(_) => (None, Vec::new()),
    }
}

fn other_port(published: &Published) -> Option<String> {
    match published.endpoints.port(Service::Transfer, Tls::StartTls) {
        Some(TRANSFER_PORT) => None,
        Some(port) => Some(format!(
            "other servers bring mail to port {TRANSFER_PORT}, and this one is at {port}: set \
             port_base = 0, or lead the port here"
        )),
        None => Some("no port takes mail from other servers".to_owned()),
    }
}

fn shown(record: &Record, live: Option<Live>) -> RecordShown {
    RecordShown {
        purpose: record.purpose,
        name: record.name.clone(),
        kind: record.data.kind().to_owned(),
        value: record.data.to_string(),
        line: record.to_string(),
        why: record.purpose.why().to_owned(),
        live,
    }
}
