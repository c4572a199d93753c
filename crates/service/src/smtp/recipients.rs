//! Whether mail for an address is taken, and where it goes.

use address::Address;
use directory::Account;
use events::Refusal;
use queue::{Destination, Recipient};
use routing::{Asker, Place, Resolution, Routes};
use smtp::ForwardPath;

use super::Answers;
use crate::trouble;

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
        let routes = self.resolve(&address, asker).await?;
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

    /// Whoever looks after this service. RFC 5321 section 4.5.1.
    async fn postmaster(&self) -> Result<Address, Refusal> {
        let directory = &self.service.directory;
        let found = directory.postmaster().await;
        if let Some(postmaster) = found.map_err(trouble::of_directory)? {
            return Ok(postmaster);
        }
        let domains = directory.domains().await.map_err(trouble::of_directory)?;
        let first = domains.first().map(|hosted| hosted.domain.as_str());
        // Without any domain the host's own name stands there: it is not served either.
        let domain = first.unwrap_or(&self.service.host);
        let address = format!("postmaster@{domain}");
        address.parse().map_err(|_| Refusal::Temporary)
    }

    async fn resolve(&self, recipient: &Address, asker: Asker) -> Result<Routes, Refusal> {
        let mut resolution = Resolution::new(recipient.clone(), asker);
        if routing::is_postmaster(recipient) {
            resolution = resolution.with_postmaster(self.postmaster().await?);
        }
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
