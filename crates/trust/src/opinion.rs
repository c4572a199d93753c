//! All that was found out about a message.

use std::sync::Arc;

use address::Domain;
use events::{DkimVerdict, Finding, IprevVerdict, SpfVerdict, Verdicts};

use crate::arc::CheckedChain;
use crate::dkim::Checked;
use crate::dmarc::Authors;
use crate::watch::BodyHashes;

/// What is known of a message apart from its body. The DNS is not needed any more.
#[derive(Clone, Debug)]
pub struct Opinion {
    /// Of the envelope's sender.
    pub spf: SpfVerdict,
    /// Of each signature.
    pub dkim: Vec<Checked>,
    /// Of the domains in `From`.
    pub authors: Authors,
    /// Of the peer's address.
    pub iprev: IprevVerdict,
    /// Of those through whose hands it went.
    pub chain: CheckedChain,
    /// Of them, whose word counts.
    pub trusted_sealers: Arc<[Domain]>,
    /// The lists that name the peer's address.
    pub listed: Vec<String>,
    /// One of them is why it goes where unwanted mail is.
    pub is_junk_by_list: bool,
}

impl Opinion {
    /// The verdicts over a message with this body; without, over one whose body is the one
    /// that was signed.
    pub fn verdicts(&self, body: Option<&BodyHashes>) -> Verdicts {
        let dkim: Vec<DkimVerdict> = self.dkim.iter().map(|one| one.with(body)).collect();
        let dmarc = self.authors.judge(&self.spf, &dkim);
        let arc = self.chain.with(body);
        let vouched = match (dmarc.finding, arc.finding) {
            (Finding::Fail, Finding::Pass) => {
                self.chain.vouched(&self.trusted_sealers, &dmarc.domain)
            }
            _ => None,
        };
        Verdicts {
            vouched: vouched.map(ToString::to_string),
            dmarc,
            arc,
            spf: self.spf.clone(),
            dkim,
            iprev: self.iprev.clone(),
            listed: self.listed.clone(),
            is_junk_by_list: self.is_junk_by_list,
        }
    }
}
