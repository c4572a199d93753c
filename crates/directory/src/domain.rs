//! Domains that are served here.

use address::Domain;
use jiff::Timestamp;

use crate::edit::{Change, Edit, View};
use crate::keys::DomainKey;
use crate::records::DomainRecord;
use crate::{Directory, DirectoryError};

/// A domain that is served here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedDomain {
    /// Its name.
    pub domain: Domain,
    /// When it was added, to the second.
    pub added: Timestamp,
    /// How many accounts and aliases it has.
    pub addresses: u64,
}

impl Directory {
    /// All domains, in the order of their names.
    pub async fn domains(&self) -> Result<Vec<HostedDomain>, DirectoryError> {
        let rows = self
            .view()
            .await?
            .all::<DomainKey>(DomainKey::all())
            .await?;
        Ok(rows
            .into_iter()
            .map(|(key, record)| HostedDomain {
                domain: key.0,
                added: record.added.into(),
                addresses: record.addresses,
            })
            .collect())
    }

    /// Whether mail for this domain is kept here.
    pub async fn is_hosted(&self, domain: &Domain) -> Result<bool, DirectoryError> {
        let key = DomainKey(domain.clone());
        Ok(self.view().await?.get(&key).await?.is_some())
    }

    /// Serves a domain from now on.
    pub async fn add_domain(&self, domain: &Domain, now: Timestamp) -> Result<(), DirectoryError> {
        let domain = domain.clone();
        self.make(&AddDomain { domain, now }).await
    }

    /// Serves a domain no longer. It must have no accounts and aliases.
    pub async fn remove_domain(&self, domain: &Domain) -> Result<(), DirectoryError> {
        self.make(&RemoveDomain(domain.clone())).await
    }
}

struct AddDomain {
    domain: Domain,
    now: Timestamp,
}

impl Change for AddDomain {
    type Done = ();

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<(), DirectoryError> {
        let key = DomainKey(self.domain.clone());
        if view.get(&key).await?.is_some() {
            return Err(DirectoryError::DomainExists { domain: key.0 });
        }
        let record = DomainRecord {
            added: self.now.into(),
            addresses: 0,
        };
        edit.create(&key, &record)
    }
}

struct RemoveDomain(Domain);

impl Change for RemoveDomain {
    type Done = ();

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<(), DirectoryError> {
        let key = DomainKey(self.0.clone());
        let Some(seen) = view.get(&key).await? else {
            return Err(DirectoryError::NoSuchDomain { domain: key.0 });
        };
        if seen.record.addresses > 0 {
            return Err(DirectoryError::DomainInUse {
                domain: key.0,
                count: seen.record.addresses,
            });
        }
        edit.remove(&key, &seen);
        Ok(())
    }
}
