//! The directory as a whole: what its parts share.

use std::sync::Arc;

use address::{AccountId, Password};
use kv::Kv;
use parking_lot::RwLock;

use crate::gate::{Busy, Gate};
use crate::network::Network;
use crate::rights::Rights;
use crate::signatures::Ready;
use crate::verified::Verified;
use crate::verifier::{self, Hash, Salt};
use crate::{Argon2Cost, DirectoryError, OldDevices, RightEnd, Settings};

/// The door to domains, accounts, aliases and credentials. Clones are the same one.
#[derive(Clone)]
pub struct Directory {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) kv: Arc<dyn Kv>,
    /// Held by whoever makes a change, so that changes of one process never meet. The
    /// conditions of a commit decide; this spares planning anew.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// Held by whoever makes the first keys of a domain, which takes long.
    pub(crate) first_keys: tokio::sync::Mutex<()>,
    pub(crate) ready: Ready,
    pub(crate) cost: Argon2Cost,
    /// What an unknown user's password is evaluated with.
    pub(crate) decoy: Salt,
    pub(crate) gate: Arc<Gate>,
    pub(crate) rights: Arc<Rights>,
    pub(crate) verified: Verified,
    pub(crate) old_devices: RwLock<OldDevices>,
}

/// Why a password was not evaluated.
pub(crate) enum NotEvaluated {
    /// Too many wait already.
    Busy,
    /// The stored cost is not one that Argon2 has, or the process is stopping.
    Broken,
}

impl Directory {
    /// Opens the directory that is kept in `kv`; an empty one is an empty directory.
    pub fn new(kv: Arc<dyn Kv>, settings: &Settings) -> Self {
        let inner = Inner {
            kv,
            changing: tokio::sync::Mutex::new(()),
            first_keys: tokio::sync::Mutex::new(()),
            ready: Ready::default(),
            cost: settings.cost,
            decoy: rand::random(),
            gate: Gate::new(settings.evaluations.get()),
            rights: Arc::default(),
            verified: Verified::new(rand::random()),
            old_devices: RwLock::new(settings.old_devices),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Who may sign in without encryption.
    pub fn old_devices(&self) -> OldDevices {
        *self.inner.old_devices.read()
    }

    /// Changes who may sign in without encryption. [`OldDevices::Off`] ends the rights
    /// of everybody who did.
    pub fn set_old_devices(&self, rule: OldDevices) {
        *self.inner.old_devices.write() = rule;
        if rule == OldDevices::Off {
            self.inner.rights.end_everywhere(RightEnd::OldDevicesOff);
        }
    }

    /// Ends rights of an account after the change that ends them is durable. A sign-in
    /// that overlaps it reads the account once more after its right began: it either
    /// began before this line and is told here, or reads the change.
    pub(crate) fn end_rights(&self, account: AccountId, why: RightEnd) {
        self.inner.verified.forget(account);
        self.inner.rights.end(account, why);
    }

    /// Evaluates a password when it is this network's turn, on a thread where that
    /// holds nobody up. Once begun it goes on to its end, and keeps its permit so
    /// long, even if nobody waits for it any more.
    pub(crate) async fn evaluate(
        &self,
        network: Network,
        cost: Argon2Cost,
        salt: Salt,
        password: &Password,
    ) -> Result<Hash, NotEvaluated> {
        let permit = self.inner.gate.enter(network).await;
        let permit = permit.map_err(|Busy| NotEvaluated::Busy)?;
        let password = password.clone();
        let evaluation = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            verifier::evaluate(cost, &salt, &password)
        });
        let hash = evaluation.await.ok().flatten();
        hash.ok_or(NotEvaluated::Broken)
    }
}

impl From<NotEvaluated> for DirectoryError {
    fn from(why: NotEvaluated) -> Self {
        match why {
            NotEvaluated::Busy => Self::Busy,
            NotEvaluated::Broken => Self::Interrupted,
        }
    }
}
