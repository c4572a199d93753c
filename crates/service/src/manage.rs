//! What an operator may ask of a running service: domains and their keys, accounts, aliases,
//! where mail to an address goes, the queue.
//!
//! [`Request`] and [`Response`] are values that can be written down, so that the command
//! line says the same thing to a running server (through its admin socket) as to the
//! stores themselves when none runs. [`Manager::execute`] is the one place that carries
//! them out.

mod addresses;
mod dns;
mod keys;
mod queue;

use std::collections::HashMap;
use std::fmt;

use ::queue::{Queue, QueueError};
use address::{AccountId, Address, Domain, Password};
use care::Progress;
use directory::{Account, AccountChange, Directory, DirectoryError, Holder, NewAccount};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use store::{Store, StoreError};
use tokio::task::JoinSet;
use words::Language;

pub use addresses::{AddressOrder, AddressShown, ByShown, PlaceShown, RedirectionShown, StepShown};
pub use dns::{DnsShown, RecordShown};
pub use keys::{KeyShown, KeysOrder, StateShown};
pub use queue::{DestinationShown, EntryShown, QUEUE_LISTED, QueueOrder, RecipientShown};

use addresses::redirection_shown;

use crate::keep::{self, Keeper, Order, Report};
use crate::publish::Published;

/// Accounts that are looked at at once when the service starts: a database answers several
/// in the time of one.
const LOOKED_AT_ONCE: usize = 16;

/// What tells the time.
pub type Clock = fn() -> Timestamp;

/// Carries out what the operator asks.
#[derive(Clone)]
pub struct Manager {
    /// Who there is.
    pub directory: Directory,
    /// What they have.
    pub store: Store,
    /// What waits.
    pub queue: Queue,
    /// Who keeps what there is; none where nobody does.
    pub keeper: Option<Keeper>,
    /// What the service is to the world; none where it is not served.
    pub published: Option<Published>,
    /// What tells the time.
    pub clock: Clock,
}

/// One thing asked by the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Serve a domain.
    DomainAdd {
        /// The domain.
        domain: Domain,
        /// Who gets mail for its `postmaster` and `abuse`.
        #[serde(default)]
        postmaster: Option<Address>,
        /// The domain whose other name it is to be.
        #[serde(default)]
        alias_of: Option<Domain>,
    },
    /// Which domains are served.
    DomainList,
    /// Serve a domain no longer; refused while it has addresses.
    DomainRemove {
        /// The domain.
        domain: Domain,
    },
    /// Which records a domain is to have in DNS, and how they stand.
    DomainDns {
        /// The domain.
        domain: Domain,
    },
    /// Something about the keys that a domain signs its mail with.
    Keys(KeysOrder),
    /// Add an account with its first mailboxes.
    AccountAdd {
        /// Its address.
        address: Address,
        /// Its password.
        password: Secret,
        /// The person's name.
        name: Option<String>,
        /// How much it may hold.
        quota: Quota,
    },
    /// All accounts.
    AccountList,
    /// One account, with what it holds.
    AccountShow {
        /// Its address.
        address: Address,
    },
    /// Remove an account with all its mail, and end its sessions.
    AccountRemove {
        /// Its address.
        address: Address,
    },
    /// Set a password, and end the account's sessions.
    AccountPassword {
        /// The account's address.
        address: Address,
        /// The new password.
        password: Secret,
    },
    /// Change an account. What is `None` stays as it is.
    AccountSet {
        /// Its address.
        address: Address,
        /// Whether it may sign in without encryption.
        old_devices: Option<bool>,
        /// How much it may hold.
        quota: Option<Quota>,
        /// The person's name; empty takes it away.
        name: Option<String>,
    },
    /// Make an address lead to others.
    AliasAdd {
        /// The alias.
        address: Address,
        /// Where it leads.
        targets: Vec<Address>,
    },
    /// All aliases.
    AliasList,
    /// Remove an alias.
    AliasRemove {
        /// The alias.
        address: Address,
    },
    /// Something about where mail to an address goes.
    Address(AddressOrder),
    /// Something about mail that waits.
    Queue(QueueOrder),
    /// Something for the sake of what is kept.
    Keep(Order),
}

/// A password in a request. It is printed as stars, and written down only for the admin
/// socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret(pub Password);

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The socket's lines are JSON, which is UTF-8; so is every password typed.
        match std::str::from_utf8(self.0.expose()) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => Err(serde::ser::Error::custom("the password is not UTF-8")),
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Password::new(String::deserialize(deserializer)?)))
    }
}

/// How much an account may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quota {
    /// As much as the disk holds.
    #[default]
    None,
    /// So many octets.
    Bytes(u64),
}

impl Quota {
    fn limit(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Bytes(bytes) => Some(bytes),
        }
    }
}

/// What was found or done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Response {
    /// It is done, and there is nothing to show.
    Done,
    /// Domains, in the order of their names.
    Domains(Vec<DomainShown>),
    /// The records of a domain.
    Dns(Box<DnsShown>),
    /// The keys of a domain, in the order of their making.
    Keys(Vec<KeyShown>),
    /// One account.
    Account(Box<AccountShown>),
    /// Accounts, in the order of their adding; without what they hold.
    Accounts(Vec<AccountShown>),
    /// The account is removed; these aliases changed with it.
    AccountRemoved {
        /// Aliases that led to the account.
        aliases: Vec<AliasLost>,
    },
    /// One alias.
    Alias(AliasShown),
    /// Aliases, in the order of domain and local part.
    Aliases(Vec<AliasShown>),
    /// Where mail to an address goes.
    Explained(Box<AddressShown>),
    /// What waits.
    Queue(Vec<EntryShown>),
    /// One entry.
    Entry(Box<EntryShown>),
    /// Mail that waited is tried now.
    Flushed {
        /// For so many recipients.
        recipients: u64,
    },
    /// Destinations that are left in peace, in the order of their names.
    Destinations(Vec<DestinationShown>),
    /// What came of an order for the sake of what is kept.
    Kept(Report),
}

/// A domain that is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainShown {
    /// Its name.
    pub domain: Domain,
    /// Accounts and aliases in it.
    pub addresses: u64,
    /// Since when, RFC 3339.
    pub added: String,
    /// The domain whose other name it is.
    pub alias_of: Option<Domain>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountShown {
    /// Its number.
    pub id: u64,
    /// Its address.
    pub address: Address,
    /// The person's name.
    pub name: Option<String>,
    /// Octets that it may hold; none is as many as the disk holds.
    pub quota: Option<u64>,
    /// Whether it may sign in without encryption.
    pub old_devices: bool,
    /// The language of the person, a code of BCP 47.
    pub language: String,
    /// Since when, RFC 3339.
    pub created: String,
    /// When its password was set, RFC 3339.
    pub password_changed: String,
    /// Where its mail goes on to, if it does.
    pub redirected: Option<RedirectionShown>,
    /// What it holds, where it was asked for.
    pub usage: Option<UsageShown>,
}

/// What an account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageShown {
    /// Octets of all messages.
    pub bytes: u64,
    /// Messages.
    pub messages: u64,
}

/// An alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasShown {
    /// Its address.
    pub address: Address,
    /// Where it leads.
    pub targets: Vec<Address>,
}

/// An alias, or an account whose mail went on, that lost a removed account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasLost {
    /// Its address.
    pub address: Address,
    /// It is an account: what it may have lost is its redirection.
    pub account: bool,
    /// It led nowhere else and is removed too.
    pub removed: bool,
}

/// Why it was not done. The message says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// One line for the operator.
    pub message: String,
}

impl From<DirectoryError> for Refused {
    fn from(error: DirectoryError) -> Self {
        refused(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        refused(error)
    }
}

impl From<QueueError> for Refused {
    fn from(error: QueueError) -> Self {
        refused(error)
    }
}

fn refused(why: impl fmt::Display) -> Refused {
    Refused {
        message: why.to_string(),
    }
}

impl Manager {
    /// Carries out one request. When it returns, the change is durable.
    ///
    /// # Errors
    /// What the directory, the store or the queue refuse, in words for the operator.
    pub async fn execute(&self, request: Request) -> Result<Response, Refused> {
        self.execute_telling(request, &|_| {}).await
    }

    /// As [`Manager::execute`], and tells how far it has come where that takes long.
    ///
    /// # Errors
    /// As [`Manager::execute`].
    pub async fn execute_telling(
        &self,
        request: Request,
        progress: Progress<'_>,
    ) -> Result<Response, Refused> {
        match request {
            Request::DomainAdd {
                domain,
                postmaster,
                alias_of,
            } => self.add_domain(domain, postmaster, alias_of).await,
            Request::DomainDns { domain } => Box::pin(self.domain_dns(domain)).await,
            Request::Keys(order) => self.keys_order(order).await,
            Request::DomainList => self.domains().await,
            Request::DomainRemove { domain } => {
                self.directory.remove_domain(&domain).await?;
                Ok(Response::Done)
            }
            Request::AccountAdd {
                address,
                password,
                name,
                quota,
            } => self.add_account(address, password, name, quota).await,
            Request::AccountList => self.accounts().await,
            Request::AccountShow { address } => self.account(&address).await,
            Request::AccountRemove { address } => self.remove_account(&address).await,
            Request::AccountPassword { address, password } => {
                let id = self.directory.account_at(&address).await?.id;
                self.directory
                    .set_password(id, &password.0, (self.clock)())
                    .await?;
                Ok(Response::Done)
            }
            Request::AccountSet {
                address,
                old_devices,
                quota,
                name,
            } => self.set_account(&address, old_devices, quota, name).await,
            Request::AliasAdd { address, targets } => {
                let alias = self.directory.add_alias(&address, targets).await?;
                Ok(Response::Alias(alias_shown(alias)))
            }
            Request::AliasList => {
                let aliases = self.directory.aliases().await?;
                let shown = aliases.into_iter().map(alias_shown).collect();
                Ok(Response::Aliases(shown))
            }
            Request::AliasRemove { address } => {
                self.directory.remove_alias(&address).await?;
                Ok(Response::Done)
            }
            Request::Address(order) => self.address_order(order).await,
            Request::Queue(order) => self.queue_order(order, progress).await,
            Request::Keep(order) => {
                let report = Box::pin(keep::execute(self, order, progress)).await?;
                Ok(Response::Kept(report))
            }
        }
    }

    /// The keys come second: whoever needs them first makes them if this is cut short.
    async fn add_domain(
        &self,
        domain: Domain,
        postmaster: Option<Address>,
        alias_of: Option<Domain>,
    ) -> Result<Response, Refused> {
        let (directory, now) = (&self.directory, (self.clock)());
        match (alias_of, postmaster) {
            (Some(of), None) => directory.add_domain_alias(&domain, &of, now).await?,
            (Some(of), Some(_)) => {
                return Err(refused(format_args!(
                    "{domain} is to be another name of {of}, whose postmaster is its own too"
                )));
            }
            (None, Some(address)) => {
                let added = directory.add_domain_with_postmaster(&domain, &address, now);
                added.await?;
            }
            (None, None) => directory.add_domain(&domain, now).await?,
        }
        directory.signature_keys(&domain, now).await?;
        Ok(Response::Done)
    }

    async fn domains(&self) -> Result<Response, Refused> {
        let domains = self.directory.domains().await?;
        let shown = domains.into_iter().map(|hosted| DomainShown {
            domain: hosted.domain,
            addresses: hosted.addresses,
            added: hosted.added.to_string(),
            alias_of: hosted.alias_of,
        });
        Ok(Response::Domains(shown.collect()))
    }

    /// The directory first: it decides whether the address is free, and gives the
    /// number. Without mailboxes there would be no account, so it goes again then.
    async fn add_account(
        &self,
        address: Address,
        password: Secret,
        name: Option<String>,
        quota: Quota,
    ) -> Result<Response, Refused> {
        let new = NewAccount {
            address,
            password: password.0,
            name: name.filter(|name| !name.is_empty()),
            quota: quota.limit(),
            language: Language::default(),
        };
        let now = (self.clock)();
        let account = self.directory.add_account(new, now).await?;
        if let Err(error) = self.store.create_account(account.id, now).await {
            self.undo_account(account.id).await;
            return Err(refused(format_args!(
                "the mailboxes of {} can't be made: {error}",
                account.address
            )));
        }
        Ok(Response::Account(Box::new(account_shown(account))))
    }

    async fn undo_account(&self, id: AccountId) {
        if let Err(error) = self.directory.remove_account(id).await {
            tracing::error!(account = %id, %error, "an account without mailboxes is left");
            return;
        }
        if let Err(error) = self.remove_mail(id).await {
            tracing::error!(account = %id, error = %error.message, "mailboxes without an account are left until the next start");
        }
    }

    /// Removes the mail of an account that the directory has no more.
    async fn remove_mail(&self, id: AccountId) -> Result<(), Refused> {
        self.store.remove_account(id).await?;
        self.directory.left(id).await?;
        Ok(())
    }

    /// Finishes what a crash cut short between the directory and the store, and has an older
    /// program's queue stand as today's does: mailboxes for
    /// accounts that have none, and the removal of mail whose account is gone. To be called
    /// before anybody is served.
    ///
    /// # Errors
    /// When the directory can't be read, or an account can't have its mailboxes. Mail that
    /// can't be removed stays until the next start, and the log says so.
    pub async fn complete(&self) -> Result<(), Refused> {
        self.queue.upgrade().await?;
        let mut looked = JoinSet::new();
        for account in self.directory.accounts().await? {
            if looked.len() >= LOOKED_AT_ONCE
                && let Some(done) = looked.join_next().await
            {
                done.map_err(refused)??;
            }
            let manager = self.clone();
            looked.spawn(async move { manager.complete_account(account.id).await });
        }
        while let Some(done) = looked.join_next().await {
            done.map_err(refused)??;
        }
        for id in self.directory.leaving().await? {
            match self.remove_mail(id).await {
                Ok(()) => tracing::info!(account = %id, "the mail of a removed account is gone"),
                Err(error) => {
                    tracing::error!(account = %id, error = %error.message, "the mail of a removed account can't be removed");
                }
            }
        }
        Ok(())
    }

    /// Makes the mailboxes of an account that has none; unless another node is removing it,
    /// which must find nothing that came after.
    async fn complete_account(&self, id: AccountId) -> Result<(), Refused> {
        match self.store.usage(id).await {
            Err(StoreError::Gone) => {}
            found => return Ok(found.map(drop)?),
        }
        self.store.create_account(id, (self.clock)()).await?;
        if self.directory.account(id).await?.is_none() {
            self.store.remove_account(id).await?;
        }
        Ok(())
    }

    async fn accounts(&self) -> Result<Response, Refused> {
        let accounts = self.directory.accounts().await?;
        let redirections = self.directory.redirections().await?.into_iter();
        let mut redirections: HashMap<_, _> = redirections
            .map(|one| (one.address.clone(), redirection_shown(one)))
            .collect();
        let shown = accounts.into_iter().map(account_shown).map(|mut shown| {
            shown.redirected = redirections.remove(&shown.address);
            shown
        });
        Ok(Response::Accounts(shown.collect()))
    }

    async fn account(&self, address: &Address) -> Result<Response, Refused> {
        let account = self.directory.account_at(address).await?;
        let usage = self.store.usage(account.id).await?;
        let mut shown = account_shown(account);
        shown.redirected = self.redirection(&shown.address).await?;
        shown.usage = Some(UsageShown {
            bytes: usage.bytes,
            messages: usage.messages,
        });
        Ok(Response::Account(Box::new(shown)))
    }

    /// The directory first: nobody gets in from then on, and who is in is sent away.
    async fn remove_account(&self, address: &Address) -> Result<Response, Refused> {
        let id = self.directory.account_at(address).await?.id;
        let removed = self.directory.remove_account(id).await?;
        self.remove_mail(id).await.map_err(|error| {
            refused(format_args!(
                "{address} is removed, but not all of its mail, which goes when the service \
                 starts next: {error}"
            ))
        })?;
        let aliases = removed.aliases.into_iter().map(|lost| AliasLost {
            address: lost.address,
            account: lost.holder == Holder::Account,
            removed: lost.removed,
        });
        Ok(Response::AccountRemoved {
            aliases: aliases.collect(),
        })
    }

    async fn set_account(
        &self,
        address: &Address,
        old_devices: Option<bool>,
        quota: Option<Quota>,
        name: Option<String>,
    ) -> Result<Response, Refused> {
        let id = self.directory.account_at(address).await?.id;
        let change = AccountChange {
            name: name.map(|name| Some(name).filter(|name| !name.is_empty())),
            quota: quota.map(Quota::limit),
            old_devices,
            language: None,
        };
        let account = self.directory.set(id, change).await?;
        let mut shown = account_shown(account);
        shown.redirected = self.redirection(&shown.address).await?;
        Ok(Response::Account(Box::new(shown)))
    }
}

fn account_shown(account: Account) -> AccountShown {
    AccountShown {
        id: account.id.0,
        address: account.address,
        name: account.name,
        quota: account.quota,
        old_devices: account.old_devices,
        language: account.language.code().to_owned(),
        created: account.created.to_string(),
        password_changed: account.password_changed.to_string(),
        redirected: None,
        usage: None,
    }
}

fn alias_shown(alias: directory::Alias) -> AliasShown {
    AliasShown {
        address: alias.address,
        targets: alias.targets,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kv::Kv;

    use super::*;

    pub(super) fn manager(folder: &std::path::Path) -> Manager {
        let kv: Arc<dyn Kv> = Arc::new(kv::sqlite::Sqlite::open(&folder.join("index")).unwrap());
        let blobs = blob::Blobs::open(&folder.join("bodies")).unwrap();
        let settings = directory::Settings {
            cost: directory::Argon2Cost::new(64, 1, 1).unwrap_or_default(),
            ..directory::Settings::default()
        };
        Manager {
            directory: Directory::new(kv.clone(), &settings),
            store: Store::new(kv.clone(), blobs),
            queue: Queue::new(kv),
            keeper: None,
            published: None,
            clock: || Timestamp::UNIX_EPOCH,
        }
    }

    pub(super) fn add(address: &str) -> Request {
        Request::AccountAdd {
            address: address.parse().unwrap(),
            password: Secret(Password::new("quatre tilleuls")),
            name: Some("Anne".to_owned()),
            quota: Quota::Bytes(5000),
        }
    }

    #[tokio::test]
    async fn an_account_comes_changes_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let manager = manager(folder.path());
        let domain: Domain = "facteur.test".parse().unwrap();
        let anne: Address = "anne@facteur.test".parse().unwrap();
        let refused = manager.execute(add("anne@facteur.test")).await;
        assert!(refused.unwrap_err().message.contains("domain add"));
        let added = Request::DomainAdd {
            domain,
            postmaster: None,
            alias_of: None,
        };
        assert_eq!(manager.execute(added).await, Ok(Response::Done));
        manager.execute(add("anne@facteur.test")).await.unwrap();
        let set = Request::AccountSet {
            address: anne.clone(),
            old_devices: Some(true),
            quota: Some(Quota::None),
            name: Some(String::new()),
        };
        manager.execute(set).await.unwrap();
        let show = Request::AccountShow {
            address: anne.clone(),
        };
        let Ok(Response::Account(shown)) = manager.execute(show.clone()).await else {
            panic!("no account");
        };
        assert_eq!(
            (shown.name, shown.quota, shown.old_devices),
            (None, None, true)
        );
        assert_eq!(shown.usage.unwrap().messages, 0);
        let alias = Request::AliasAdd {
            address: "poste@facteur.test".parse().unwrap(),
            targets: vec![anne.clone()],
        };
        manager.execute(alias).await.unwrap();
        let remove = Request::AccountRemove { address: anne };
        let Ok(Response::AccountRemoved { aliases }) = manager.execute(remove).await else {
            panic!("not removed");
        };
        assert!(aliases[0].removed);
        assert_eq!(manager.directory.leaving().await, Ok(vec![]));
        assert!(manager.execute(show).await.is_err());
    }

    #[tokio::test]
    async fn what_a_crash_cut_short_is_finished_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let manager = manager(folder.path());
        let domain: Domain = "facteur.test".parse().unwrap();
        let added = Request::DomainAdd {
            domain,
            postmaster: None,
            alias_of: None,
        };
        manager.execute(added).await.unwrap();
        manager.execute(add("anne@facteur.test")).await.unwrap();
        manager.execute(add("paul@facteur.test")).await.unwrap();
        let id = async |name: &str| {
            let address = format!("{name}@facteur.test").parse().unwrap();
            manager.directory.account_at(&address).await.unwrap().id
        };
        let (anne, paul) = (id("anne").await, id("paul").await);
        // Killed between the directory and the store, once each way.
        manager.directory.remove_account(anne).await.unwrap();
        manager.store.remove_account(paul).await.unwrap();
        assert!(manager.store.usage(anne).await.is_ok());
        manager.complete().await.unwrap();
        assert!(matches!(
            manager.store.usage(anne).await,
            Err(StoreError::Gone)
        ));
        assert_eq!(manager.store.usage(paul).await.unwrap().messages, 0);
        assert_eq!(manager.directory.leaving().await, Ok(vec![]));
        // Nothing to do, nothing done.
        manager.complete().await.unwrap();
        assert!(manager.store.usage(paul).await.is_ok());
    }

    #[tokio::test]
    async fn the_queue_is_listed_and_wrong_numbers_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let manager = manager(folder.path());
        let ask = async |order| manager.execute(Request::Queue(order)).await;
        let listed = ask(QueueOrder::List { after: None }).await;
        assert_eq!(listed, Ok(Response::Queue(vec![])));
        let flushed = ask(QueueOrder::Flush { domain: None }).await;
        assert_eq!(flushed, Ok(Response::Flushed { recipients: 0 }));
        for id in ["nothing", "01MCC5RM00000000000000000Z"] {
            let id = || id.to_owned();
            assert!(ask(QueueOrder::Show { id: id() }).await.is_err());
            assert!(ask(QueueOrder::Retry { id: id() }).await.is_err());
            assert!(ask(QueueOrder::Hold { id: id() }).await.is_err());
            assert!(ask(QueueOrder::Drop { id: id() }).await.is_err());
        }
    }

    #[test]
    fn a_request_is_written_and_read_and_shows_no_password() {
        let request = add("anne@facteur.test");
        assert!(!format!("{request:?}").contains("tilleuls"));
        let line = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<Request>(&line).unwrap(), request);
    }

    #[tokio::test]
    async fn a_domain_gets_keys_and_changes_them() {
        let folder = tempfile::tempdir().unwrap();
        let manager = manager(folder.path());
        let domain = || -> Domain { "facteur.test".parse().unwrap() };
        let ask = async |order| match manager.execute(Request::Keys(order)).await {
            Ok(Response::Keys(keys)) => Ok(keys.iter().map(|key| key.state).collect::<Vec<_>>()),
            Ok(other) => panic!("{other:?}"),
            Err(refused) => Err(refused.message),
        };
        let refused = ask(KeysOrder::List { domain: domain() }).await;
        assert!(refused.unwrap_err().contains("facteur domain add"));
        let added = Request::DomainAdd {
            domain: domain(),
            postmaster: None,
            alias_of: None,
        };
        assert_eq!(manager.execute(added).await, Ok(Response::Done));
        use StateShown::{Active, Prepared, Retired};
        let refused = ask(KeysOrder::Rotate { domain: domain() }).await;
        assert!(refused.unwrap_err().contains("facteur domain keys prepare"));
        let listed = ask(KeysOrder::Prepare { domain: domain() }).await;
        assert_eq!(listed.unwrap(), [Active, Active, Prepared, Prepared]);
        let listed = ask(KeysOrder::Rotate { domain: domain() }).await;
        assert_eq!(listed.unwrap(), [Retired, Retired, Active, Active]);
        let listed = ask(KeysOrder::Forget { domain: domain() }).await;
        assert_eq!(listed.unwrap().len(), 4);
        let list = Request::Keys(KeysOrder::List { domain: domain() });
        let Ok(Response::Keys(keys)) = manager.execute(list).await else {
            panic!("no keys");
        };
        assert_eq!(keys[0].name, "19700101-rsa._domainkey.facteur.test");
        // What is secret of them is not told.
        assert!(keys.iter().all(|key| key.record.len() < 450));
    }
}
