//! All that was found out about a message.

use events::{DkimVerdict, IprevVerdict, SpfVerdict, Verdicts};

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
}

impl Opinion {
    /// The verdicts over a message with this body; without, over one whose body is the one
    /// that was signed.
    pub fn verdicts(&self, body: Option<&BodyHashes>) -> Verdicts {
        let dkim: Vec<DkimVerdict> = self.dkim.iter().map(|one| one.with(body)).collect();
        Verdicts {
            dmarc: self.authors.judge(&self.spf, &dkim),
            spf: self.spf.clone(),
            dkim,
            iprev: self.iprev.clone(),
        }
    }
}
