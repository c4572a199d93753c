//! What the tests share: a directory in a folder of its own, and short ways to say
//! things.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use address::{AccountId, Address, Domain, Password};
use directory::{
    Account, Argon2Cost, Attempt, Directory, DirectoryError, Grant, NewAccount, OldDevices,
    Settings,
};
use events::SignInFailure;
use jiff::Timestamp;
use kv::Kv;
use kv::sqlite::Sqlite;
use words::Language;

pub(crate) struct World {
    pub(crate) directory: Directory,
    /// The folder goes when this does.
    _folder: Option<tempfile::TempDir>,
}

pub(crate) fn settings() -> Settings {
    Settings {
        cost: Argon2Cost::new(8, 1, 1).unwrap(),
        evaluations: NonZeroUsize::new(2).unwrap(),
        old_devices: OldDevices::ByAccount,
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(crate) fn domain(text: &str) -> Domain {
    text.parse().unwrap()
}

impl World {
    /// With the domain `x.fr`.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kv = Sqlite::open(&folder.path().join("store")).unwrap();
        Self {
            _folder: Some(folder),
            ..Self::on(Arc::new(kv)).await
        }
    }

    /// The same on an engine that the test gives.
    pub(crate) async fn on(kv: Arc<dyn Kv>) -> Self {
        let directory = Directory::new(kv, &settings());
        directory.add_domain(&domain("x.fr"), at(0)).await.unwrap();
        Self {
            directory,
            _folder: None,
        }
    }

    /// Another process on the same engine.
    pub(crate) fn another_on(kv: Arc<dyn Kv>) -> Self {
        Self {
            directory: Directory::new(kv, &settings()),
            _folder: None,
        }
    }

    /// The same directory once more.
    pub(crate) fn again(&self) -> Self {
        Self {
            directory: self.directory.clone(),
            _folder: None,
        }
    }

    pub(crate) async fn try_add(&self, text: &str) -> Result<Account, DirectoryError> {
        let new = NewAccount {
            address: address(text),
            password: Password::new("tilleul!"),
            name: Some("Jean".into()),
            quota: Some(1000),
            language: Language::French,
        };
        self.directory.add_account(new, at(1)).await
    }

    /// Adds an account with the password `tilleul!`.
    pub(crate) async fn add(&self, text: &str) -> AccountId {
        self.try_add(text).await.unwrap().id
    }

    pub(crate) async fn try_alias(
        &self,
        text: &str,
        targets: &[&str],
    ) -> Result<(), DirectoryError> {
        let targets = targets.iter().map(|target| address(target)).collect();
        let added = self.directory.add_alias(&address(text), targets).await;
        added.map(|_| ())
    }

    pub(crate) async fn alias(&self, text: &str, targets: &[&str]) {
        self.try_alias(text, targets).await.unwrap();
    }

    /// All aliases as `address: target target`.
    pub(crate) async fn aliases(&self) -> Vec<String> {
        let aliases = self.directory.aliases().await.unwrap();
        let line = |alias: &directory::Alias| {
            let targets: Vec<_> = alias.targets.iter().map(Address::to_string).collect();
            format!("{}: {}", alias.address, targets.join(" "))
        };
        aliases.iter().map(line).collect()
    }

    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> Result<Grant, SignInFailure> {
        self.sign_in_over(true, name, password).await
    }

    pub(crate) async fn sign_in_over(
        &self,
        encrypted: bool,
        name: &str,
        password: &str,
    ) -> Result<Grant, SignInFailure> {
        let attempt = Attempt {
            name,
            password: &Password::new(password),
            encrypted,
            network: IpAddr::from([192, 0, 2, 7]),
            now: at(2),
        };
        self.directory.sign_in(attempt).await
    }

    pub(crate) async fn set_password(&self, id: AccountId, password: &str) {
        let password = Password::new(password);
        self.directory
            .set_password(id, &password, at(3))
            .await
            .unwrap();
    }

    pub(crate) async fn set_old_devices(&self, id: AccountId, on: bool) {
        let change = directory::AccountChange {
            old_devices: Some(on),
            ..Default::default()
        };
        self.directory.set(id, change).await.unwrap();
    }
}
