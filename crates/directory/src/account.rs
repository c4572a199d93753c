//! Accounts: who has a mailbox here.

use address::{AccountId, Address, Password};
use jiff::Timestamp;
use words::Language;

use crate::alias::{self, LostTarget, is_catch_all};
use crate::edit::{Change, Edit, Seen, View};
use crate::keys::{AccountKey, CredentialsKey, LeavingKey, NameKey, NextAccountKey, TargetKey};
use crate::network::Network;
use crate::records::{AccountRecord, CredentialsRecord, LeavingRecord, NameRecord, NextAccount};
use crate::verifier::{MainPassword, Verifier};
use crate::{Directory, DirectoryError, RightEnd, check_password};

/// Longest name of a person in octets: it has to fit a header line of a message (RFC
/// 5322 section 2.1.1 allows 998 octets) however it is encoded there.
const NAME_OCTETS: usize = 200;

/// How many aliases lose their target in the commit that removes an account. More
/// than this many are dealt with in commits before it, so that each stays within
/// [`kv::COMMIT_OCTETS`].
const ALIASES_AT_ONCE: usize = 16;

/// One mailbox owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its address in lower case, which is also the user name for every service.
    pub address: Address,
    /// The person's or the room's name.
    pub name: Option<String>,
    /// How many octets its mail may take; none for no limit.
    pub quota: Option<u64>,
    /// May it be used without encryption, if the service allows that
    /// ([`crate::OldDevices`])?
    pub old_devices: bool,
    /// The language that it is written to in.
    pub language: Language,
    /// When it was added, to the second.
    pub created: Timestamp,
    /// When its password was last set, to the second.
    pub password_changed: Timestamp,
}

/// An account to be added.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its address, in a domain that is served here.
    pub address: Address,
    /// Its password.
    pub password: Password,
    /// The person's or the room's name.
    pub name: Option<String>,
    /// How many octets its mail may take; none for no limit.
    pub quota: Option<u64>,
    /// The language that it is written to in.
    pub language: Language,
}

/// What is to be changed of an account; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// [`Account::name`]; `Some(None)` takes it away.
    pub name: Option<Option<String>>,
    /// [`Account::quota`]; `Some(None)` lifts it.
    pub quota: Option<Option<u64>>,
    /// [`Account::old_devices`].
    pub old_devices: Option<bool>,
    /// [`Account::language`].
    pub language: Option<Language>,
}

/// What went when an account was removed. Its mail is not the directory's to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedAccount {
    /// The account as it last was.
    pub account: Account,
    /// The aliases that led to it, and accounts whose mail went on to it: each lost that
    /// target; an alias went if it had no other, and so did a redirection.
    pub aliases: Vec<LostTarget>,
}

impl Account {
    pub(crate) fn from_record(id: AccountId, record: AccountRecord) -> Self {
        Self {
            id,
            address: record.address,
            name: record.name,
            quota: record.quota,
            old_devices: record.old_devices,
            language: Language::from_code(&record.language).unwrap_or_default(),
            created: record.created.into(),
            password_changed: record.password_changed.into(),
        }
    }

    fn to_record(&self) -> AccountRecord {
        AccountRecord {
            address: self.address.clone(),
            name: self.name.clone(),
            quota: self.quota,
            old_devices: self.old_devices,
            language: self.language.code().to_owned(),
            created: self.created.into(),
            password_changed: self.password_changed.into(),
        }
    }

    fn apply(&mut self, change: &AccountChange) {
        let AccountChange {
            name,
            quota,
            old_devices,
            language,
        } = change;
        if let Some(name) = name {
            self.name.clone_from(name);
        }
        self.quota = quota.unwrap_or(self.quota);
        self.old_devices = old_devices.unwrap_or(self.old_devices);
        self.language = language.unwrap_or(self.language);
    }
}

impl Directory {
    /// All accounts, in the order of their numbers, which is that of their adding.
    pub async fn accounts(&self) -> Result<Vec<Account>, DirectoryError> {
        let view = self.view().await?;
        let rows = view.all::<AccountKey>(AccountKey::all()).await?;
        Ok(rows
            .into_iter()
            .map(|(key, record)| Account::from_record(key.0, record))
            .collect())
    }

    /// The account of a number; none if it was removed.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, DirectoryError> {
        self.view().await?.account(id).await
    }

    /// The account that has this address as its own, under whichever name of its domain,
    /// for whoever must name one; an alias is none.
    pub async fn account_at(&self, address: &Address) -> Result<Account, DirectoryError> {
        let account = self.view().await?.account_at(address).await?;
        account.ok_or_else(|| DirectoryError::NoSuchAccount {
            address: address.clone(),
        })
    }

    /// Adds an account.
    pub async fn add_account(
        &self,
        new: NewAccount,
        now: Timestamp,
    ) -> Result<Account, DirectoryError> {
        check_password(&new.password)?;
        let name = check_name(new.name)?;
        let key = alias::name_of(&new.address)?;
        // Looked at before the password is evaluated, so that a refusal comes at once;
        // and again in the commit, which decides.
        self.view().await?.check_may_add(&key).await?;
        let main = self.new_main_password(&new.password).await?;
        let account = Account {
            id: AccountId(0),
            address: key.address().clone(),
            name,
            quota: new.quota,
            old_devices: false,
            language: new.language,
            created: now,
            password_changed: now,
        };
        self.make(&AddAccount { key, account, main }).await
    }

    /// Removes an account, ends the rights of those who are signed in to it and takes
    /// it from the aliases that led to it. Its mail is the store's to remove; until
    /// [`Directory::left`] says that it is gone, [`Directory::leaving`] names the account,
    /// so that a crash between the two leaves nothing behind for good.
    pub async fn remove_account(&self, id: AccountId) -> Result<RemovedAccount, DirectoryError> {
        let directory = self.clone();
        to_the_end(async move {
            let mut aliases = Vec::new();
            loop {
                let part = directory.make(&RemoveAccount(id)).await?;
                aliases.extend(part.aliases);
                if let Some(account) = part.account {
                    directory.end_rights(id, RightEnd::AccountRemoved);
                    return Ok(RemovedAccount { account, aliases });
                }
            }
        })
        .await
    }

    /// Accounts that were removed and whose mail may still be there.
    pub async fn leaving(&self) -> Result<Vec<AccountId>, DirectoryError> {
        let view = self.view().await?;
        let rows = view.all::<LeavingKey>(LeavingKey::all()).await?;
        Ok(rows.into_iter().map(|(key, LeavingRecord)| key.0).collect())
    }

    /// Nothing is left of an account's mail. Said twice, it changes nothing.
    pub async fn left(&self, id: AccountId) -> Result<(), DirectoryError> {
        self.make(&Left(id)).await
    }

    /// Changes an account. Switching old devices off ends the rights of those who are
    /// signed in to it without encryption.
    pub async fn set(
        &self,
        id: AccountId,
        mut change: AccountChange,
    ) -> Result<Account, DirectoryError> {
        if let Some(name) = change.name {
            change.name = Some(check_name(name)?);
        }
        let directory = self.clone();
        to_the_end(async move {
            let account = directory.make(&SetAccount(id, change)).await?;
            if !account.old_devices {
                directory.end_rights(id, RightEnd::OldDevicesOff);
            }
            Ok(account)
        })
        .await
    }

    /// Sets the main password and ends the rights of everybody who is signed in,
    /// whoever asked: a page that wants to stay signed in signs in anew.
    pub async fn set_password(
        &self,
        id: AccountId,
        password: &Password,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        check_password(password)?;
        let main = match self.main_password(id).await? {
            Some(current) => self.same_salt(&current, password).await?,
            None => self.new_main_password(password).await?,
        };
        let directory = self.clone();
        to_the_end(async move {
            directory.make(&SetPassword { id, main, now }).await?;
            directory.end_rights(id, RightEnd::PasswordChanged);
            Ok(())
        })
        .await
    }

    async fn main_password(&self, id: AccountId) -> Result<Option<MainPassword>, DirectoryError> {
        let seen = self.view().await?.get(&CredentialsKey(id)).await?;
        let seen = seen.ok_or(DirectoryError::AccountGone { id })?;
        Ok(seen.record.into_main())
    }

    async fn new_main_password(&self, password: &Password) -> Result<MainPassword, DirectoryError> {
        let (cost, salt) = (self.inner.cost, rand::random());
        let hash = self.evaluate(Network::Ourselves, cost, salt, password);
        Ok(MainPassword::new(cost, salt, hash.await?))
    }

    /// Evaluated with the salt of the present password, so that one evaluation at
    /// sign-in answers for both; unless passwords have come to cost something else.
    async fn same_salt(
        &self,
        current: &MainPassword,
        password: &Password,
    ) -> Result<MainPassword, DirectoryError> {
        if current.cost != self.inner.cost {
            return self.new_main_password(password).await;
        }
        let (cost, salt) = (current.cost, current.salt);
        let hash = self.evaluate(Network::Ourselves, cost, salt, password);
        Ok(MainPassword::new(cost, salt, hash.await?))
    }
}

/// Runs a change that ends rights to its end even if nobody waits for it any more:
/// between the commit and the end of the rights nothing may be left out.
async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, DirectoryError>> + Send + 'static,
) -> Result<T, DirectoryError> {
    let task = tokio::spawn(change);
    task.await.unwrap_or(Err(DirectoryError::Interrupted))
}

/// A name without space around it; none if nothing is left.
fn check_name(name: Option<String>) -> Result<Option<String>, DirectoryError> {
    let Some(name) = name else { return Ok(None) };
    let name = name.trim();
    if name.len() > NAME_OCTETS || name.chars().any(char::is_control) {
        return Err(DirectoryError::BadName { limit: NAME_OCTETS });
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

impl View {
    /// The account of a number.
    pub(crate) async fn account(&self, id: AccountId) -> Result<Option<Account>, DirectoryError> {
        let seen = self.get(&AccountKey(id)).await?;
        Ok(seen.map(|seen| Account::from_record(id, seen.record)))
    }

    /// The account that has this address as its own.
    pub(crate) async fn account_at(
        &self,
        address: &Address,
    ) -> Result<Option<Account>, DirectoryError> {
        let Some(key) = self.as_known(address).await?.as_ref().and_then(NameKey::of) else {
            return Ok(None);
        };
        let seen = self.get(&key).await?;
        match seen.and_then(|seen| seen.record.account()) {
            Some(id) => self.account(id).await,
            None => Ok(None),
        }
    }

    async fn check_may_add(&self, key: &NameKey) -> Result<(), DirectoryError> {
        self.check_takes_addresses(key.address().domain()).await?;
        if is_catch_all(key.address()) {
            return Err(DirectoryError::CatchAllAccount {
                address: key.address().clone(),
            });
        }
        alias::check_free(self, key).await
    }

    async fn seen_account(&self, id: AccountId) -> Result<Seen<AccountRecord>, DirectoryError> {
        let seen = self.get(&AccountKey(id)).await?;
        seen.ok_or(DirectoryError::AccountGone { id })
    }

    async fn seen_credentials(
        &self,
        id: AccountId,
    ) -> Result<Seen<CredentialsRecord>, DirectoryError> {
        let seen = self.get(&CredentialsKey(id)).await?;
        seen.ok_or(DirectoryError::AccountGone { id })
    }
}

struct AddAccount {
    key: NameKey,
    /// With a number that is not yet its own.
    account: Account,
    main: MainPassword,
}

impl Change for AddAccount {
    type Done = Account;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<Account, DirectoryError> {
        view.check_may_add(&self.key).await?;
        let id = take_number(view, edit).await?;
        let record = self.account.to_record();
        let credentials = CredentialsRecord {
            generation: 1,
            verifiers: vec![Verifier::Main(self.main.clone())],
        };
        edit.create(&self.key, &NameRecord::Account(id))?;
        edit.create(&AccountKey(id), &record)?;
        edit.create(&CredentialsKey(id), &credentials)?;
        edit.count(self.key.address().domain(), 1);
        Ok(Account::from_record(id, record))
    }
}

/// Takes the next account number for good. Number 0 is nobody's.
async fn take_number(view: &View, edit: &mut Edit) -> Result<AccountId, DirectoryError> {
    match view.get(&NextAccountKey).await? {
        None => {
            edit.create(&NextAccountKey, &NextAccount(AccountId(2)))?;
            Ok(AccountId(1))
        }
        Some(seen) => {
            let NextAccount(id) = seen.record;
            let next = NextAccount(AccountId(id.0.saturating_add(1)));
            edit.replace(&NextAccountKey, &seen, &next)?;
            Ok(id)
        }
    }
}

struct RemoveAccount(AccountId);

/// One commit of a removal.
struct RemovedPart {
    aliases: Vec<LostTarget>,
    /// None while there are more aliases to deal with.
    account: Option<Account>,
}

impl Change for RemoveAccount {
    type Done = RemovedPart;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<RemovedPart, DirectoryError> {
        let id = self.0;
        let seen = view.seen_account(id).await?;
        let address = &seen.record.address;
        let (aliases, more) = alias::drop_target(view, edit, address, ALIASES_AT_ONCE).await?;
        if more {
            return Ok(RemovedPart {
                aliases,
                account: None,
            });
        }
        let credentials = view.seen_credentials(id).await?;
        edit.remove(&CredentialsKey(id), &credentials);
        edit.remove(&AccountKey(id), &seen);
        edit.index(&LeavingKey(id), &LeavingRecord)?;
        edit.end_rights(view, id).await?;
        if let Some(key) = NameKey::of(address)
            && let Some(name) = view.get(&key).await?
        {
            for target in name.record.targets() {
                edit.unindex(&TargetKey::new(target, &key));
            }
            edit.remove(&key, &name);
            edit.count(address.domain(), -1);
        }
        Ok(RemovedPart {
            aliases,
            account: Some(Account::from_record(id, seen.record)),
        })
    }
}

struct Left(AccountId);

impl Change for Left {
    type Done = ();

    async fn plan(&self, _view: &View, edit: &mut Edit) -> Result<(), DirectoryError> {
        edit.unindex(&LeavingKey(self.0));
        Ok(())
    }
}

struct SetAccount(AccountId, AccountChange);

impl Change for SetAccount {
    type Done = Account;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<Account, DirectoryError> {
        let Self(id, change) = self;
        let seen = view.seen_account(*id).await?;
        let mut account = Account::from_record(*id, seen.record.clone());
        account.apply(change);
        edit.replace(&AccountKey(*id), &seen, &account.to_record())?;
        if seen.record.old_devices && !account.old_devices {
            edit.end_rights(view, *id).await?;
        }
        Ok(account)
    }
}

struct SetPassword {
    id: AccountId,
    main: MainPassword,
    now: Timestamp,
}

impl Change for SetPassword {
    type Done = ();

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<(), DirectoryError> {
        let account = view.seen_account(self.id).await?;
        let record = AccountRecord {
            password_changed: self.now.into(),
            ..account.record.clone()
        };
        edit.replace(&AccountKey(self.id), &account, &record)?;
        let seen = view.seen_credentials(self.id).await?;
        let credentials = seen.record.with_main(self.main.clone(), self.now);
        edit.replace(&CredentialsKey(self.id), &seen, &credentials)?;
        edit.end_rights(view, self.id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line() {
        let check = |name: &str| check_name(Some(name.into()));
        assert_eq!(check(" Léa Martin "), Ok(Some("Léa Martin".into())));
        assert_eq!(check("  "), Ok(None));
        assert!(check("Léa\r\nBcc: x").is_err());
        assert!(check(&"é".repeat(101)).is_err());
    }
}
