//! Whether mail for an address is taken, and where it goes.

use address::Address;
use directory::{Account, Found};
use events::Refusal;
use queue::{Destination, Recipient};
use routing::{Asker, Place, Resolution, Routes};
use smtp::ForwardPath;

use super::Answers;
use crate::trouble;

const POSTMASTER: &str = "postmaster";

/// Domains in which a postmaster is looked for, the oldest first.
const DOMAINS: usize = 100;

impl Answers {
    /// Adds a recipient to the envelope.
    pub(super) async fn recipient(&mut self, path: ForwardPath) -> Result<(), Refusal> {
        let asker = match self.submitter()? {
            Some(_) => Asker::SignedIn,
            None => Asker::Stranger,
        };
        let address = match path {
            ForwardPath::Address(address) => address,
            ForwardPath::Postmaster => self.postmaster().await?,
        };
        let routes = match self.resolve(&address, asker).await {
            Err(Refusal::UnknownRecipient { .. }) if is_postmaster(&address) => {
                self.resolve(&self.postmaster().await?, asker).await?
            }
            found => found?,
        };
        self.check_room(&routes).await?;
        for missing in &routes.missing {
            tracing::warn!(recipient = %address, %missing, "an alias leads to an address that does not exist");
        }
        let place = |place: Place| match place {
            Place::Account(account) => (address.clone(), Destination::Local(account.id)),
            Place::Elsewhere(elsewhere) => (elsewhere, Destination::Remote),
        };
        let places = routes.destinations.into_iter().map(|destination| {
            let (address, to) = place(destination.place);
            Recipient {
                address,
                to,
                trouble: None,
            }
        });
        let places = places.collect();
        let envelope = self.envelope.as_mut().ok_or(Refusal::Temporary)?;
        envelope.add(&address, places)
    }

    /// Whoever looks after this service, and after the mail of every domain that has no
    /// postmaster of its own (RFC 5321 section 4.5.1): the postmaster of the oldest domain
    /// that has one.
    async fn postmaster(&self) -> Result<Address, Refusal> {
        let domains = self.service.directory.domains().await;
        let mut domains = domains.map_err(trouble::of_directory)?;
        domains.sort_by_key(|hosted| hosted.added);
        for hosted in domains.iter().take(DOMAINS) {
            let address = postmaster_of(hosted.domain.as_str())?;
            let found = self.service.directory.lookup(&address).await;
            if found.map_err(trouble::of_directory)? != Found::NoSuchUser {
                return Ok(address);
            }
        }
        // Nobody: the refusal then names the oldest domain or, without any, the host.
        let oldest = domains.first().map(|hosted| hosted.domain.as_str());
        postmaster_of(oldest.unwrap_or(&self.service.host))
    }

    async fn resolve(&self, recipient: &Address, asker: Asker) -> Result<Routes, Refusal> {
        let mut resolution = Resolution::new(recipient.clone(), asker);
        while let Some(address) = resolution.next_lookup() {
            let found = self.service.directory.lookup(address).await;
            resolution.answer(found.map_err(trouble::of_directory)?);
        }
        resolution.finish()
    }

    /// Refuses a recipient whose every place is a full account. Where only some of a
    /// list's members are full, the others are not to suffer: the copies of these wait
    /// in the queue.
    async fn check_room(&self, routes: &Routes) -> Result<(), Refusal> {
        for destination in &routes.destinations {
            match &destination.place {
                Place::Account(account) if !self.has_room(account).await? => {}
                _ => return Ok(()),
            }
        }
        Err(Refusal::OverQuota { temporary: true })
    }

    async fn has_room(&self, account: &Account) -> Result<bool, Refusal> {
        let Some(quota) = account.quota else {
            return Ok(true);
        };
        let usage = self.service.store.usage(account.id).await;
        let held = usage.map_err(trouble::of_store)?.bytes;
        let size = self
            .envelope
            .as_ref()
            .and_then(|envelope| envelope.sender.size);
        // A message has an octet at least.
        Ok(held.saturating_add(size.unwrap_or(1).max(1)) <= quota)
    }
}

fn postmaster_of(domain: &str) -> Result<Address, Refusal> {
    let address = format!("{POSTMASTER}@{domain}");
    address.parse().map_err(|_| Refusal::Temporary)
}

/// In any case, as that name alone is everywhere. RFC 5321 section 4.5.1.
fn is_postmaster(address: &Address) -> bool {
    address.local().as_str().eq_ignore_ascii_case(POSTMASTER)
}
