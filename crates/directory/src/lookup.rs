//! What an address is.

use address::{Address, Domain};

use crate::edit::View;
use crate::keys::{DomainKey, NameKey};
use crate::records::NameRecord;
use crate::{Account, Directory, DirectoryError};

/// What an address is, as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An account's own address.
    Account(Account),
    /// An alias, and where it leads.
    Alias(Vec<Address>),
    /// Nothing, in a domain that is served here.
    NoSuchUser,
    /// An address of somewhere else.
    NotHosted,
}

impl Directory {
    /// What an address is. One with a tag (`lea+shop@x`) that is nothing by itself is what it
    /// is without ([`Address::without_tag`]).
    pub async fn lookup(&self, address: &Address) -> Result<Found, DirectoryError> {
        let view = self.view().await?;
        if view
            .get(&DomainKey(address.domain().clone()))
            .await?
            .is_none()
        {
            return Ok(Found::NotHosted);
        }
        match (view.found(address).await?, address.without_tag()) {
            (Found::NoSuchUser, Some(base)) => view.found(&base).await,
            (found, _) => Ok(found),
        }
    }
}

impl View {
    /// What an address of a domain that is served here is, as it stands.
    async fn found(&self, address: &Address) -> Result<Found, DirectoryError> {
        let Some(key) = NameKey::of(address) else {
            return Ok(Found::NoSuchUser);
        };
        match self.get(&key).await?.map(|seen| seen.record) {
            None => Ok(Found::NoSuchUser),
            Some(NameRecord::Alias(targets)) => Ok(Found::Alias(targets)),
            Some(NameRecord::Account(id)) => {
                let account = self.account(id).await?;
                Ok(account.map_or(Found::NoSuchUser, Found::Account))
            }
        }
    }

    /// Refuses a domain that is not served here.
    pub(crate) async fn check_hosted(&self, domain: &Domain) -> Result<(), DirectoryError> {
        let key = DomainKey(domain.clone());
        match self.get(&key).await? {
            Some(_) => Ok(()),
            None => Err(DirectoryError::NoSuchDomain { domain: key.0 }),
        }
    }
}
