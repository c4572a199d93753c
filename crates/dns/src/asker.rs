//! One question put to the servers, as hickory puts it: repeated when it gets lost, by TCP
//! when the answer is too big, validated if it is to be.
//!
//! hickory's own resolver is one floor above this. It is not used, because it follows
//! aliases and keeps answers in ways that lose what is needed here: the answer that it could
//! not prove, and that there is none (`reading.rs` and `cache.rs` see to both).

use std::path::Path;
use std::sync::Arc;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::dnssec::DnssecDnsHandle;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer, RetryDnsHandle};
use hickory_resolver::proto::dnssec::TrustAnchors;
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};

use crate::settings::{Server, Settings, Unusable};

/// How often a question is put within the time of one lookup: a datagram may get lost.
const TRIES: u32 = 3;
/// Questions that may be under way to one server. Beyond that they wait for each other.
const UNDER_WAY: usize = 1024;
/// What the proofs of signatures that were checked take: how many of them are kept.
const PROOFS: usize = 16_384;

type Servers = RetryDnsHandle<NameServerPool<TokioRuntimeProvider>>;

/// Puts questions. A clone shares connections and proofs.
#[derive(Clone)]
pub(crate) enum Asker {
    Believing(Servers),
    Validating(DnssecDnsHandle<Servers>),
}

impl Asker {
    /// None when there is no server to ask.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Self>, Unusable> {
        let anchors = trust_anchors(settings.trust_anchors.as_deref())?;
        let servers = if settings.servers.is_empty() {
            servers_of_the_system()
        } else {
            settings.servers.iter().map(server).collect()
        };
        if servers.is_empty() {
            return Ok(None);
        }
        let tls = TlsConfig::new().map_err(|error| Unusable::Resolver(error.to_string()))?;
        let context = Arc::new(PoolContext::new(options(settings), tls));
        let provider = TokioRuntimeProvider::default();
        let pool = NameServerPool::from_config(servers, context, provider);
        let servers = RetryDnsHandle::new(pool, (TRIES - 1) as usize);
        Ok(Some(if settings.dnssec {
            let validating = DnssecDnsHandle::with_trust_anchor(servers, Arc::new(anchors));
            Self::Validating(validating.validation_cache_size(PROOFS))
        } else {
            Self::Believing(servers)
        }))
    }

    pub(crate) async fn ask(&self, name: &Name, kind: RecordType) -> Result<DnsResponse, NetError> {
        let query = Query::query(name.clone(), kind);
        let mut options = DnsRequestOptions::default();
        options.use_edns = true;
        match self {
            Self::Believing(servers) => servers.lookup(query, options).first_answer().await,
            Self::Validating(servers) => {
                options.edns_set_dnssec_ok = true;
                servers.lookup(query, options).first_answer().await
            }
        }
    }
}

fn servers_of_the_system() -> Vec<NameServerConfig> {
    match read_system_conf() {
        Ok((config, _)) => config.name_servers,
        Err(error) => {
            tracing::warn!(%error, "the system names no server of the DNS; set dns.servers");
            Vec::new()
        }
    }
}

fn server(&Server(place): &Server) -> NameServerConfig {
    let at_port = |mut connection: ConnectionConfig| {
        connection.port = place.port();
        connection
    };
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
    NameServerConfig::new(place.ip(), true, connections.map(at_port).into())
}

fn options(settings: &Settings) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = settings.patience / TRIES;
    options.max_active_requests = UNDER_WAY;
    options
}

/// Those of the root, and those of a file.
fn trust_anchors(file: Option<&Path>) -> Result<TrustAnchors, Unusable> {
    let Some(file) = file else {
        return Ok(TrustAnchors::default());
    };
    let mut anchors = TrustAnchors::from_file(file)
        .map_err(|error| Unusable::TrustAnchors(file.to_owned(), error.to_string()))?;
    let root = TrustAnchors::default();
    for key in (0..root.len()).filter_map(|index| root.get(index)) {
        anchors.insert(key);
    }
    Ok(anchors)
}
