//! The DNS as a table.

use std::collections::BTreeMap;
use std::future::ready;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use trust::{Dns, Missing};

/// Records by name and type. Names that are not there have none; one with the type `FAIL`
/// can't be found out.
pub(crate) struct Table(BTreeMap<String, Vec<(String, String)>>);

impl Table {
    /// Each line is `name TYPE data`; of names of addresses `ip PTR name`.
    pub(crate) fn new(lines: &str) -> Table {
        let mut table: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut words = line.splitn(3, ' ');
            let mut word = || words.next().unwrap_or_default().to_owned();
            let (name, kind, data) = (word(), word(), word());
            table.entry(name).or_default().push((kind, data));
        }
        Table(table)
    }

    fn find<T>(&self, name: &str, kind: &str, read: impl Fn(&str) -> T) -> Result<Vec<T>, Missing> {
        let records = self
            .0
            .get(&name.to_ascii_lowercase())
            .ok_or(Missing::NoName)?;
        if records.iter().any(|(kind, _)| kind == "FAIL") {
            return Err(Missing::Unknown);
        }
        let of_kind = records.iter().filter(|(other, _)| other == kind);
        let found: Vec<T> = of_kind.map(|(_, data)| read(data)).collect();
        match found.is_empty() {
            true => Err(Missing::NoRecords),
            false => Ok(found),
        }
    }
}

type Found<T> = Result<Vec<T>, Missing>;

impl Dns for Table {
    fn txt(&self, name: &str) -> impl Future<Output = Found<Vec<u8>>> + Send {
        ready(self.find(name, "TXT", |data| data.as_bytes().to_vec()))
    }

    fn ipv4(&self, host: &str) -> impl Future<Output = Found<Ipv4Addr>> + Send {
        ready(self.find(host, "A", |data| data.parse().unwrap()))
    }

    fn ipv6(&self, host: &str) -> impl Future<Output = Found<Ipv6Addr>> + Send {
        ready(self.find(host, "AAAA", |data| data.parse().unwrap()))
    }

    fn mx(&self, domain: &str) -> impl Future<Output = Found<String>> + Send {
        ready(self.find(domain, "MX", str::to_owned))
    }

    fn reverse(&self, ip: IpAddr) -> impl Future<Output = Found<String>> + Send {
        ready(self.find(&ip.to_string(), "PTR", str::to_owned))
    }
}
