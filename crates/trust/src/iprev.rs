//! Whether an address has a name that has the address. RFC 8601 section 3.

use std::net::IpAddr;

use events::{Finding, IprevVerdict};

use crate::dns::{Dns, Missing, addresses_like};

/// How many names of an address are looked at: one may have any number. RFC 7208 section
/// 5.5 takes ten.
const NAMES: usize = 10;

/// Looks at it.
pub async fn iprev(dns: &impl Dns, ip: IpAddr) -> IprevVerdict {
    let ip = ip.to_canonical();
    IprevVerdict {
        finding: find(dns, ip).await,
        ip,
    }
}

async fn find(dns: &impl Dns, ip: IpAddr) -> Finding {
    let names = match dns.reverse(ip).await {
        Ok(names) => names,
        // RFC 8601 section 3: no name at all is a permanent error there.
        Err(Missing::NoName | Missing::NoRecords) => return Finding::PermError,
        Err(Missing::Unknown) => return Finding::TempError,
    };
    let mut unknown = false;
    for name in names.iter().take(NAMES) {
        match addresses_like(dns, ip, name).await {
            Ok(found) if found.contains(&ip) => return Finding::Pass,
            Ok(_) => {}
            Err(missing) => unknown |= missing == Missing::Unknown,
        }
    }
    match unknown {
        true => Finding::TempError,
        false => Finding::Fail,
    }
}
