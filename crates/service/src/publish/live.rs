//! Asks the DNS for the records that are to be there.

use dns::{Answer, DnsError, Resolver};

use super::judge::{self, Live};
use super::{Data, Record};

/// How each of the records stands, in their order. All are asked for at once.
pub async fn look(resolver: &Resolver, host: &str, records: &[Record]) -> Vec<Live> {
    let ask = |record: &Record| {
        let (resolver, host, record) = (resolver.clone(), host.to_owned(), record.clone());
        tokio::spawn(async move { look_at(&resolver, &host, &record).await })
    };
    let asked: Vec<_> = records.iter().map(ask).collect();
    let mut found = Vec::new();
    for one in asked {
        let lost = |_| Live::unknown("the service is stopping");
        found.push(one.await.unwrap_or_else(lost));
    }
    found
}

async fn look_at(resolver: &Resolver, host: &str, record: &Record) -> Live {
    let name = &record.name;
    match &record.data {
        Data::Mx { host, .. } => {
            let Ok(domain) = name.parse() else {
                return Live::unknown("it is no name of a domain");
            };
            judged(resolver.mx(&domain).await, |found| {
                let hosts: Vec<_> = found
                    .iter()
                    .map(|mx| (mx.preference, mx.host.clone()))
                    .collect();
                judge::mail(host, &hosts)
            })
        }
        Data::Txt(_) => judged(resolver.txt(name).await, |found| {
            let text = |octets: &Vec<u8>| String::from_utf8_lossy(octets).into_owned();
            let texts: Vec<String> = found.iter().map(text).collect();
            judge::text(record, host, &texts)
        }),
        Data::Srv { port, host, .. } => judged(resolver.srv(name).await, |found| {
            let places: Vec<_> = found
                .iter()
                .map(|srv| (srv.port, srv.host.clone()))
                .collect();
            judge::service(*port, host, &places)
        }),
        Data::Cname(host) => name_of(resolver, host, name).await,
        Data::Tlsa(digest) => host_key(resolver, name, digest).await,
    }
}

/// What there is, judged; or that nothing is, or that nobody knows.
fn judged<T>(answer: Result<Answer<T>, DnsError>, judge: impl FnOnce(&[T]) -> Live) -> Live {
    match answer {
        Ok(answer) => judge(&answer.records),
        Err(error) => nothing(&error),
    }
}

fn nothing(error: &DnsError) -> Live {
    match error.is_none() {
        true => Live::missing(),
        false => Live::unknown(&error.to_string()),
    }
}

/// Whether a name leads where the host does, be that by an alias or by addresses.
async fn name_of(resolver: &Resolver, host: &str, name: &str) -> Live {
    let texts = |answer: Answer<_>| -> Vec<String> {
        let addresses = answer.records.iter();
        addresses.map(std::net::IpAddr::to_string).collect()
    };
    let found = match resolver.addresses(name).await {
        Ok(answer) if answer.name == host => return Live::right(),
        Ok(answer) => texts(answer),
        Err(error) => return nothing(&error),
    };
    match resolver.addresses(host).await {
        Ok(answer) => judge::addresses(&found, &texts(answer)),
        Err(error) => Live::different(found, &format!("{host} itself: {error}")),
    }
}

async fn host_key(resolver: &Resolver, name: &str, digest: &[u8; 32]) -> Live {
    // `_25._tcp.HOST`
    let mut labels = name.splitn(3, '.');
    let port = labels.next().and_then(|label| label.strip_prefix('_'));
    let port = port.and_then(|port| port.parse().ok());
    let (Some(port), Some(host)) = (port, labels.nth(1)) else {
        return Live::unknown("it is no name of a port");
    };
    match resolver.tlsa(port, host).await {
        Ok(Answer {
            records, secure, ..
        }) => {
            let keys = records.into_iter();
            let keys: Vec<_> = keys
                .map(|tlsa| (tlsa.usage, tlsa.selector, tlsa.matching, tlsa.data))
                .collect();
            judge::host_key(digest, &keys, secure)
        }
        Err(error) => nothing(&error),
    }
}
