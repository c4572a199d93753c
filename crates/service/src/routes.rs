//! Where the mail for a recipient goes: what `routing` decides, with what the directory knows.

use address::Address;
use directory::Directory;
use events::Refusal;
use jiff::Timestamp;
use queue::{Destination, Recipient};
use routing::{Asker, By, Place, Resolution, Routes, Step};

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
    pub async fn resolve(
        &self,
        recipient: &Address,
        asker: Asker,
        now: Timestamp,
    ) -> Result<Routes, Refusal> {
        let mut resolution = Resolution::new(recipient.clone(), asker);
        if routing::asks_for_help(recipient) {
            resolution = resolution.with_postmaster(self.postmaster().await?);
        }
        while let Some(address) = resolution.next_lookup() {
            let found = self.directory.lookup_recipient(address, now).await;
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
    let one = |found: routing::Destination| match found.place {
        Place::Account(account) => {
            Recipient::new(recipient.clone(), Destination::Local(account.id), now)
        }
        Place::Elsewhere(elsewhere) => Recipient {
            sent_on_by: sent_on_by(found.through),
            ..Recipient::new(elsewhere, Destination::Remote, now)
        },
    };
    routes.destinations.into_iter().map(one).collect()
}

/// Who sends a message on, of those who lead to an address elsewhere: the last of them. What
/// comes back to a sender is only brought back.
fn sent_on_by(through: Vec<Step>) -> Option<Address> {
    let last = through.into_iter().next_back()?;
    (last.by != By::SentOn).then_some(last.address)
}
