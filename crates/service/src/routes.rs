//! Where the mail for a recipient goes: what `routing` decides, with what the directory knows.

use address::Address;
use directory::Directory;
use events::Refusal;
use jiff::Timestamp;
use queue::{Destination, Recipient};
use routing::{Asker, Place, Resolution, Routes};

use crate::trouble;

/// Finds where mail goes.
#[derive(Clone)]
pub struct Routing {
    /// Who is here.
    pub directory: Directory,
    /// Our name.
    pub host: String,
}

impl Routing {
    /// Where the mail for a recipient goes.
    ///
    /// # Errors
    /// Why it goes nowhere; [`Refusal::Temporary`] where that can't be found out now.
    pub async fn resolve(&self, recipient: &Address, asker: Asker) -> Result<Routes, Refusal> {
        let mut resolution = Resolution::new(recipient.clone(), asker);
        if routing::is_postmaster(recipient) {
            resolution = resolution.with_postmaster(self.postmaster().await?);
        }
        while let Some(address) = resolution.next_lookup() {
            let found = self.directory.lookup(address).await;
            resolution.answer(found.map_err(trouble::of_directory)?);
        }
        resolution.finish()
    }

    /// Whoever looks after this service. RFC 5321 section 4.5.1.
    ///
    /// # Errors
    /// [`Refusal::Temporary`].
    pub async fn postmaster(&self) -> Result<Address, Refusal> {
        let found = self.directory.postmaster().await;
        if let Some(postmaster) = found.map_err(trouble::of_directory)? {
            return Ok(postmaster);
        }
        let domains = self.directory.domains().await;
        let domains = domains.map_err(trouble::of_directory)?;
        let first = domains.first().map(|hosted| hosted.domain.as_str());
        // Without any domain the host's own name stands there: it is not served either.
        let domain = first.unwrap_or(&self.host);
        let address = format!("postmaster@{domain}");
        address.parse().map_err(|_| Refusal::Temporary)
    }
}

/// Those that a queued message waits for, where its recipient leads there.
pub fn recipients(recipient: &Address, routes: Routes, now: Timestamp) -> Vec<Recipient> {
    let one = |place: Place| match place {
        Place::Account(account) => {
            Recipient::new(recipient.clone(), Destination::Local(account.id), now)
        }
        Place::Elsewhere(elsewhere) => Recipient::new(elsewhere, Destination::Remote, now),
    };
    let places = routes.destinations.into_iter().map(|found| found.place);
    places.map(one).collect()
}
