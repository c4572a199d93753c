//! What an address is.

use address::{Address, Domain};
use jiff::Timestamp;

use crate::alias::CATCH_ALL;
use crate::edit::View;
use crate::keys::{DomainKey, NameKey};
use crate::records::NameRecord;
use crate::{Account, Directory, DirectoryError, sent_on};

/// What an address is, as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An account's own address.
    Account(Account),
    /// An account's own address, whose mail goes on.
    Redirected {
        /// The account.
        account: Account,
        /// It gets its mail too.
        keeps: bool,
        /// Where its mail goes.
        targets: Vec<Address>,
    },
    /// An alias, and where it leads.
    Alias(Vec<Address>),
    /// Nothing by itself, in a domain that has an alias for all that is nothing
    /// ([`crate::is_catch_all`]), and where that leads.
    CatchAll(Vec<Address>),
    /// What a message that was sent on from here has as its sender, and whose message that
    /// was ([`Directory::sent_on`]): a report about it goes there.
    SentOn(Address),
    /// Nothing, in a domain that is served here.
    NoSuchUser,
    /// An address of somewhere else.
    NotHosted,
}

impl Directory {
    /// What an address is. In a domain that is another name of one, it is what it is in that
    /// one. One with a tag (`lea+shop@x`) that is nothing by itself is what it is without
    /// ([`Address::without_tag`]); one that is nothing either way falls to the alias that
    /// catches all, if its domain has one.
    pub async fn lookup(&self, address: &Address) -> Result<Found, DirectoryError> {
        let view = self.view().await?;
        let Some(address) = view.as_known(address).await? else {
            return Ok(Found::NotHosted);
        };
        let mut found = view.found(&address).await?;
        if let (Found::NoSuchUser, Some(base)) = (&found, address.without_tag()) {
            found = view.found(&base).await?;
        }
        match found {
            Found::NoSuchUser => view.caught(address.domain()).await,
            found => Ok(found),
        }
    }

    /// What an address is to whoever sends mail there: as [`Directory::lookup`], but for the
    /// senders of messages that were sent on from here, which are no other address's.
    pub async fn lookup_recipient(
        &self,
        address: &Address,
        now: Timestamp,
    ) -> Result<Found, DirectoryError> {
        match self.lookup(address).await? {
            Found::NoSuchUser | Found::CatchAll(_) if sent_on::has_the_look(address) => {
                let sender = self.sender_of(address, now).await?;
                Ok(sender.map_or(Found::NoSuchUser, Found::SentOn))
            }
            found => Ok(found),
        }
    }

    /// The same address in the domain whose other name its domain is; itself where its domain
    /// has its own addresses. None of a domain that is not served here.
    pub async fn as_known(&self, address: &Address) -> Result<Option<Address>, DirectoryError> {
        self.view().await?.as_known(address).await
    }
}

impl View {
    /// See [`Directory::as_known`].
    pub(crate) async fn as_known(
        &self,
        address: &Address,
    ) -> Result<Option<Address>, DirectoryError> {
        let key = DomainKey(address.domain().clone());
        let seen = self.get(&key).await?;
        Ok(seen.map(|seen| match seen.record.alias_of {
            Some(of) => Address::new(address.local().clone(), of),
            None => address.clone(),
        }))
    }

    /// What an address of a domain that is served here is, as it stands.
    async fn found(&self, address: &Address) -> Result<Found, DirectoryError> {
        let Some(key) = NameKey::of(address) else {
            return Ok(Found::NoSuchUser);
        };
        let record = self.get(&key).await?.map(|seen| seen.record);
        let (id, going_on) = match record {
            None => return Ok(Found::NoSuchUser),
            Some(NameRecord::Alias(targets)) => return Ok(Found::Alias(targets)),
            Some(NameRecord::Account(id)) => (id, None),
            Some(NameRecord::Redirected {
                account,
                keeps,
                targets,
            }) => (account, Some((keeps, targets))),
        };
        let Some(account) = self.account(id).await? else {
            return Ok(Found::NoSuchUser);
        };
        Ok(match going_on {
            None => Found::Account(account),
            Some((keeps, targets)) => Found::Redirected {
                account,
                keeps,
                targets,
            },
        })
    }

    /// What becomes of an address of a domain that is nothing there.
    async fn caught(&self, domain: &Domain) -> Result<Found, DirectoryError> {
        let Ok(local) = CATCH_ALL.parse() else {
            return Ok(Found::NoSuchUser);
        };
        Ok(
            match self.found(&Address::new(local, domain.clone())).await? {
                Found::Alias(targets) => Found::CatchAll(targets),
                _ => Found::NoSuchUser,
            },
        )
    }

    /// Refuses a domain that is not served here, or is another name of one.
    pub(crate) async fn check_takes_addresses(
        &self,
        domain: &Domain,
    ) -> Result<(), DirectoryError> {
        let key = DomainKey(domain.clone());
        let seen = self.get(&key).await?;
        match seen.map(|seen| seen.record.alias_of) {
            Some(None) => Ok(()),
            Some(Some(of)) => Err(DirectoryError::DomainIsAlias { domain: key.0, of }),
            None => Err(DirectoryError::NoSuchDomain { domain: key.0 }),
        }
    }
}
