//! Redirections: accounts whose mail goes on to other addresses.
//!
//! Where it goes stands with the account's address, beside what aliases lead to, so that
//! looking an address up asks the store for nothing more, and what is removed here leaves
//! both in the same way.

use address::{AccountId, Address};

use crate::edit::{Change, Edit, View};
use crate::keys::{NameKey, TargetKey};
use crate::records::{NameRecord, TargetRecord};
use crate::{Directory, DirectoryError, alias};

/// Where an account's mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// The account's own address.
    pub address: Address,
    /// It gets its mail too.
    pub keeps: bool,
    /// Any addresses, here or elsewhere, as they were spelt; at most [`crate::TARGETS`].
    pub targets: Vec<Address>,
}

impl Directory {
    /// All redirections, in the order of domain and local part.
    pub async fn redirections(&self) -> Result<Vec<Redirection>, DirectoryError> {
        let rows = self.view().await?.all::<NameKey>(NameKey::all()).await?;
        Ok(rows
            .into_iter()
            .filter_map(|(key, record)| redirection(&key, record))
            .collect())
    }

    /// Where the mail of an account goes that has this address as its own; none if it stays.
    pub async fn redirection(
        &self,
        address: &Address,
    ) -> Result<Option<Redirection>, DirectoryError> {
        let Some(key) = NameKey::of(address) else {
            return Ok(None);
        };
        let seen = self.view().await?.get(&key).await?;
        Ok(seen.and_then(|seen| redirection(&key, seen.record)))
    }

    /// Has an account's mail go on to other addresses, with a copy that stays or without;
    /// with no targets it stays again.
    pub async fn redirect(
        &self,
        account: AccountId,
        targets: Vec<Address>,
        keeps: bool,
    ) -> Result<(), DirectoryError> {
        self.make(&Redirect {
            account,
            targets,
            keeps,
        })
        .await
    }
}

fn redirection(key: &NameKey, record: NameRecord) -> Option<Redirection> {
    match record {
        NameRecord::Redirected { keeps, targets, .. } => Some(Redirection {
            address: key.address().clone(),
            keeps,
            targets,
        }),
        NameRecord::Account(_) | NameRecord::Alias(_) => None,
    }
}

struct Redirect {
    account: AccountId,
    targets: Vec<Address>,
    keeps: bool,
}

impl Redirect {
    fn record(&self, key: &NameKey) -> Result<NameRecord, DirectoryError> {
        let account = self.account;
        if self.targets.is_empty() {
            return Ok(NameRecord::Account(account));
        }
        let targets = alias::check_targets(key, self.targets.clone());
        let targets = targets.map_err(|error| match error {
            DirectoryError::AliasToItself { address } => {
                DirectoryError::RedirectedToItself { address }
            }
            error => error,
        })?;
        Ok(NameRecord::Redirected {
            account,
            keeps: self.keeps,
            targets,
        })
    }
}

impl Change for Redirect {
    type Done = ();

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<(), DirectoryError> {
        let gone = || DirectoryError::AccountGone { id: self.account };
        let account = view.account(self.account).await?.ok_or_else(gone)?;
        let key = alias::name_of(&account.address)?;
        let seen = view.get(&key).await?.ok_or_else(gone)?;
        let record = self.record(&key)?;
        for target in seen.record.targets() {
            edit.unindex(&TargetKey::new(target, &key));
        }
        for target in record.targets() {
            edit.index(&TargetKey::new(target, &key), &TargetRecord)?;
        }
        edit.replace(&key, &seen, &record)
    }
}
