//! The resolver: the questions that mail asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use address::Domain;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::time::timeout;

use crate::answer::{Answer, DnsError, Mx, Srv, Tlsa, Trouble};
use crate::asker::Asker;
use crate::cache::{Cache, Key};
use crate::health::Health;
use crate::reading::{Alias, Found, Reading, Step, plain};
use crate::settings::{Settings, Unusable};

/// How many aliases are followed. RFC 1034 section 3.6.2 wants none of more than one step;
/// ten is what resolvers bear with.
const ALIASES: usize = 10;

/// Asks the DNS. A clone shares connections, cache and all that is known of the servers.
#[derive(Clone)]
pub struct Resolver {
    /// None when no server is known.
    asker: Option<Asker>,
    patience: Duration,
    cache: Cache,
    health: Health,
}

impl Resolver {
    /// Made of settings. It asks nothing yet.
    ///
    /// # Errors
    /// When the trust anchors can't be read. That the system names no server is no error:
    /// each lookup then says so ([`Trouble::NoServer`]).
    pub fn new(settings: &Settings) -> Result<Self, Unusable> {
        Ok(Self {
            asker: Asker::new(settings)?,
            patience: settings.patience,
            cache: Cache::new(),
            health: Health::default(),
        })
    }

    /// Where mail for a domain goes, what is tried first at the beginning. RFC 5321
    /// section 5.1. That it has no such record is for the caller to read as the domain
    /// itself.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn mx(&self, domain: &Domain) -> Result<Answer<Mx>, DnsError> {
        let mut answer = self.ask(domain.as_str(), RecordType::MX, mx).await?;
        answer.records.sort();
        Ok(answer)
    }

    /// The addresses of a host, those of IPv6 first. Secure when what was learned is: a
    /// family of which nothing can be learned for now is as one that the host does not have.
    ///
    /// # Errors
    /// When neither family has an address; that the answer for either is bogus.
    pub async fn addresses(&self, host: &str) -> Result<Answer<IpAddr>, DnsError> {
        let (six, four) = tokio::join!(self.ipv6(host), self.ipv4(host));
        both(six.map(into_ip), four.map(into_ip))
    }

    /// The IPv4 addresses of a host.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn ipv4(&self, host: &str) -> Result<Answer<Ipv4Addr>, DnsError> {
        let read = |data: &RData| match data {
            RData::A(a) => Some(a.0),
            _ => None,
        };
        self.ask(host, RecordType::A, read).await
    }

    /// The IPv6 addresses of a host.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn ipv6(&self, host: &str) -> Result<Answer<Ipv6Addr>, DnsError> {
        let read = |data: &RData| match data {
            RData::AAAA(aaaa) => Some(aaaa.0),
            _ => None,
        };
        self.ask(host, RecordType::AAAA, read).await
    }

    /// What the certificate of a host's service on a TCP port must be. RFC 6698 section 3,
    /// RFC 7672 section 2.2.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn tlsa(&self, port: u16, host: &str) -> Result<Answer<Tlsa>, DnsError> {
        self.ask(&format!("_{port}._tcp.{host}"), RecordType::TLSA, tlsa)
            .await
    }

    /// The texts of a name, the parts of each put together. RFC 7208 section 3.3.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn txt(&self, name: &str) -> Result<Answer<Vec<u8>>, DnsError> {
        let read = |data: &RData| match data {
            RData::TXT(txt) => Some(txt.txt_data.concat()),
            _ => None,
        };
        self.ask(name, RecordType::TXT, read).await
    }

    /// The names of an address, lower case, without the final dot. RFC 1035 section 3.5,
    /// RFC 3596 section 2.5. Whoever has the address chose them: they prove nothing until
    /// the name has the address.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn reverse(&self, ip: IpAddr) -> Result<Answer<String>, DnsError> {
        let read = |data: &RData| match data {
            RData::PTR(ptr) => Some(plain(&ptr.0)),
            _ => None,
        };
        self.ask_name(Name::from(ip), RecordType::PTR, read).await
    }

    /// Where a service is, by its name (`_imaps._tcp.example.org`). RFC 2782.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn srv(&self, name: &str) -> Result<Answer<Srv>, DnsError> {
        let mut answer = self.ask(name, RecordType::SRV, srv).await?;
        answer.records.sort();
        Ok(answer)
    }

    async fn ask<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Answer<T>, DnsError> {
        let name = Name::from_ascii(name).map_err(|_| DnsError::NotAName)?;
        self.ask_name(name, kind, read).await
    }

    async fn ask_name<T>(
        &self,
        mut name: Name,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Answer<T>, DnsError> {
        name.set_fqdn(true);
        let reading = self.reading(Key(name.to_lowercase(), kind)).await;
        let found = reading.found.as_ref().map_err(Clone::clone)?;
        answer(found, read)
    }

    async fn reading(&self, key: Key) -> Arc<Reading> {
        if let Some(known) = self.cache.get(&key) {
            return known;
        }
        if self.health.is_down() {
            // Not kept: it ends when a server is back.
            return Arc::new(Reading::trouble(Trouble::Down));
        }
        let reading = Arc::new(self.look_up(&key).await);
        if reading.is_silence() {
            self.doubt();
        }
        self.cache.put(key, Arc::clone(&reading));
        reading
    }

    async fn look_up(&self, key: &Key) -> Reading {
        let Some(asker) = &self.asker else {
            return Reading::trouble(Trouble::NoServer);
        };
        match timeout(self.patience, follow(asker, key)).await {
            Ok(reading) => reading,
            Err(_) => Reading::trouble(Trouble::Timeout),
        }
    }

    /// Finds out beside everything else whether the servers are there at all, if nobody
    /// does so yet.
    fn doubt(&self) {
        let Some(doubt) = self.health.doubt() else {
            return;
        };
        let asked = self.clone();
        tokio::spawn(async move {
            // The servers of the root: nobody is without an answer to that.
            let key = Key(Name::root(), RecordType::NS);
            let answers = || async { !asked.look_up(&key).await.is_silence() };
            doubt.settle(answers).await;
        });
    }
}

/// Asks until no alias (CNAME) leads further.
async fn follow(asker: &Asker, Key(name, kind): &Key) -> Reading {
    let mut way = Alias::none(name.clone());
    for _ in 0..ALIASES {
        let result = asker.ask(&way.to, *kind).await;
        match way.read(*kind, result) {
            Step::Done(reading) => return reading,
            Step::Alias(next) => way = next,
        }
    }
    // A ring, or a way that nobody means to be gone.
    Reading::trouble(Trouble::ServerFailed)
}

fn answer<T>(found: &Found, read: impl Fn(&RData) -> Option<T>) -> Result<Answer<T>, DnsError> {
    Ok(Answer {
        records: found.records.iter().filter_map(read).collect(),
        secure: found.secure,
        name: found.name.clone(),
    })
}

fn mx(data: &RData) -> Option<Mx> {
    match data {
        RData::MX(mx) => Some(Mx {
            preference: mx.preference,
            host: host(&mx.exchange),
        }),
        _ => None,
    }
}

fn tlsa(data: &RData) -> Option<Tlsa> {
    match data {
        RData::TLSA(tlsa) => Some(Tlsa {
            usage: tlsa.cert_usage.into(),
            selector: tlsa.selector.into(),
            matching: tlsa.matching.into(),
            data: tlsa.cert_data.clone(),
        }),
        _ => None,
    }
}

fn srv(data: &RData) -> Option<Srv> {
    match data {
        RData::SRV(srv) => Some(Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            host: host(&srv.target),
        }),
        _ => None,
    }
}

/// None for the root, which in such a record means that there is no host.
fn host(name: &Name) -> Option<String> {
    (!name.is_root()).then(|| plain(name))
}

fn into_ip<T: Into<IpAddr>>(answer: Answer<T>) -> Answer<IpAddr> {
    Answer {
        records: answer.records.into_iter().map(Into::into).collect(),
        secure: answer.secure,
        name: answer.name,
    }
}

/// What two families make together.
fn both(
    six: Result<Answer<IpAddr>, DnsError>,
    four: Result<Answer<IpAddr>, DnsError>,
) -> Result<Answer<IpAddr>, DnsError> {
    match (six, four) {
        (Err(DnsError::Bogus), _) | (_, Err(DnsError::Bogus)) => Err(DnsError::Bogus),
        (Ok(six), Ok(four)) => Ok(Answer {
            records: [six.records, four.records].concat(),
            secure: six.secure && four.secure,
            name: four.name,
        }),
        (Ok(answer), Err(other)) | (Err(other), Ok(answer)) => Ok(Answer {
            secure: answer.secure && !is_insecure_none(&other),
            ..answer
        }),
        (Err(six), Err(four)) if four.is_temporary() || is_insecure_none(&four) => Err(match six {
            DnsError::Trouble(_) => six,
            _ => four,
        }),
        (Err(six), Err(_)) => Err(six),
    }
}

fn is_insecure_none(error: &DnsError) -> bool {
    matches!(
        error,
        DnsError::NoName { secure: false } | DnsError::NoRecords { secure: false }
    )
}
