//! Domains that are served here.

use address::{Address, Domain};
use jiff::Timestamp;

use crate::edit::{Change, Edit, View};
use crate::keys::{ADDRESS_OCTETS, DomainKey, NameKey, SignaturesKey};
use crate::records::DomainRecord;
use crate::{Directory, DirectoryError, alias};

/// A domain that is served here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedDomain {
    /// Its name.
    pub domain: Domain,
    /// When it was added, to the second.
    pub added: Timestamp,
    /// How many accounts and aliases it has.
    pub addresses: u64,
    /// The domain whose other name it is: each address of that one is an address of this one
    /// too.
    pub alias_of: Option<Domain>,
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
                alias_of: record.alias_of,
            })
            .collect())
    }

    /// Who looks after the whole service: `postmaster` of the domain that is served for
    /// longest and has one, at most [`POSTMASTERS_SOUGHT`] domains being looked at.
    pub async fn postmaster(&self) -> Result<Option<Address>, DirectoryError> {
        let mut domains = self.domains().await?;
        domains.sort_by_key(|hosted| hosted.added);
        let view = self.view().await?;
        for hosted in domains.iter().take(POSTMASTERS_SOUGHT) {
            let key = at(POSTMASTER, &hosted.domain)?;
            if view.get(&key).await?.is_some() {
                return Ok(Some(key.address().clone()));
            }
        }
        Ok(None)
    }

    /// Whether mail for this domain is kept here.
    pub async fn is_hosted(&self, domain: &Domain) -> Result<bool, DirectoryError> {
        let key = DomainKey(domain.clone());
        Ok(self.view().await?.get(&key).await?.is_some())
    }

    /// Since when mail for this domain is kept here, to the second; none if it is not.
    pub async fn hosted_since(&self, domain: &Domain) -> Result<Option<Timestamp>, DirectoryError> {
        let key = DomainKey(domain.clone());
        let found = self.view().await?.get(&key).await?;
        Ok(found.map(|seen| seen.record.added.into()))
    }

    /// Serves a domain from now on.
    pub async fn add_domain(&self, domain: &Domain, now: Timestamp) -> Result<(), DirectoryError> {
        self.add(domain, None, now).await
    }

    /// Serves a domain from now on, with the addresses under which every domain can be
    /// asked for help (`postmaster`, RFC 5321 section 4.5.1, and `abuse`, RFC 2142
    /// section 2) as aliases of one that may be anywhere.
    pub async fn add_domain_with_postmaster(
        &self,
        domain: &Domain,
        postmaster: &Address,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        self.add(domain, Some(postmaster), now).await
    }

    /// Serves a domain from now on as another name of one that is served: whoever has an
    /// address there has it here too, gets its mail, may send under it and sign in by it.
    pub async fn add_domain_alias(
        &self,
        domain: &Domain,
        of: &Domain,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let (domain, of) = (domain.clone(), of.clone());
        self.make(&AddDomainAlias { domain, of, now }).await
    }

    async fn add(
        &self,
        domain: &Domain,
        postmaster: Option<&Address>,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let aliases = match postmaster {
            Some(target) => help(domain, target)?,
            None => Vec::new(),
        };
        let domain = domain.clone();
        self.make(&AddDomain {
            domain,
            now,
            aliases,
        })
        .await
    }

    /// Serves a domain no longer. It must have no accounts and aliases, and no other name.
    pub async fn remove_domain(&self, domain: &Domain) -> Result<(), DirectoryError> {
        self.make(&RemoveDomain(domain.clone())).await
    }
}

/// Domains in which somebody is looked for who looks after the service. Where so many,
/// the oldest, have nobody, there is nobody.
pub const POSTMASTERS_SOUGHT: usize = 100;
/// Who looks after a domain.
const POSTMASTER: &str = "postmaster";
/// The addresses under which every domain can be asked for help.
const HELP: [&str; 2] = [POSTMASTER, "abuse"];

/// The aliases that lead from them to whoever helps; who is to have one of them as an
/// account gets the other.
fn help(domain: &Domain, target: &Address) -> Result<Vec<(NameKey, Address)>, DirectoryError> {
    let mut aliases = Vec::new();
    for name in HELP {
        let key = at(name, domain)?;
        if !alias::same(key.address(), target) {
            aliases.push((key, target.clone()));
        }
    }
    Ok(aliases)
}

fn at(name: &str, domain: &Domain) -> Result<NameKey, DirectoryError> {
    let address = format!("{name}@{domain}").parse();
    let address: Address = address.map_err(|_| DirectoryError::AddressTooLong {
        limit: ADDRESS_OCTETS,
    })?;
    alias::name_of(&address)
}

struct AddDomain {
    domain: Domain,
    now: Timestamp,
    aliases: Vec<(NameKey, Address)>,
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
            addresses: self.aliases.len() as u64,
            alias_of: None,
        };
        for (alias, target) in &self.aliases {
            alias::put(edit, alias, std::slice::from_ref(target))?;
        }
        edit.create(&key, &record)
    }
}

struct AddDomainAlias {
    domain: Domain,
    of: Domain,
    now: Timestamp,
}

impl Change for AddDomainAlias {
    type Done = ();

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<(), DirectoryError> {
        let (key, of) = (DomainKey(self.domain.clone()), DomainKey(self.of.clone()));
        if view.get(&key).await?.is_some() {
            return Err(DirectoryError::DomainExists { domain: key.0 });
        }
        view.check_takes_addresses(&of.0).await?;
        // So that it can't happen beside the removal of that one.
        if let Some(seen) = view.get(&of).await? {
            edit.replace(&of, &seen, &seen.record)?;
        }
        let record = DomainRecord {
            added: self.now.into(),
            addresses: 0,
            alias_of: Some(of.0),
        };
        edit.create(&key, &record)
    }
}

/// Some name of a domain, if it has another.
async fn other_name(view: &View, domain: &Domain) -> Result<Option<Domain>, DirectoryError> {
    let all = view.all::<DomainKey>(DomainKey::all()).await?;
    let mut names = all
        .into_iter()
        .filter(|(_, record)| record.alias_of.as_ref() == Some(domain));
    Ok(names.next().map(|(key, _)| key.0))
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
        if let Some(alias) = other_name(view, &key.0).await? {
            let domain = key.0;
            return Err(DirectoryError::DomainHasAlias { domain, alias });
        }
        edit.remove(&key, &seen);
        let keys = SignaturesKey(key.0);
        if let Some(seen) = view.get(&keys).await? {
            edit.remove(&keys, &seen);
        }
        Ok(())
    }
}
