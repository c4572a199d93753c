//! What was accepted for an address here that nobody has, since a refusal would have been kept
//! from whoever sent it (the old tablet; `service`): it is given back, with a report.
//!
//! It waits in a lane like what goes elsewhere, to the domain in the address. Nothing else of a
//! domain that is served here does, but what came before the domain was: that still goes to
//! whoever has it by the DNS.

use address::Domain;
use jiff::Timestamp;
use queue::{Entry, Status, Trouble};

use crate::job::Job;

/// Nobody has the address. RFC 3463 section 3.2.
pub(crate) const NOBODY_HERE: Status = Status(5, 1, 1);
/// In words.
const WHY: &str = "there was no such address here when the message was sent";

impl Job {
    /// Gives back what is for nobody here. The rest goes on.
    pub(crate) async fn give_back(&self, domain: &Domain, entries: Vec<Entry>) -> Vec<Entry> {
        let since = match self.directory().hosted_since(domain).await {
            Ok(Some(since)) => since,
            Ok(None) => return entries,
            Err(error) => {
                tracing::error!(%domain, %error, "whether a domain is served here is not known");
                return entries;
            }
        };
        let (ours, rest): (Vec<_>, _) = entries
            .into_iter()
            .partition(|entry| is_for_nobody(entry.received, since));
        self.fail_all(ours, &Trouble::ours(NOBODY_HERE, WHY)).await;
        rest
    }
}

/// Whether something that came then and waits to leave for a domain that is served here since is
/// for nobody.
fn is_for_nobody(received: Timestamp, since: Timestamp) -> bool {
    received >= since
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever moves a domain here may do so while mail is on its way to where it was.
    #[test]
    fn what_came_before_the_domain_goes_on() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(!is_for_nobody(at(9), at(10)));
        assert!(is_for_nobody(at(10), at(10)) && is_for_nobody(at(11), at(10)));
    }
}
