//! What the operator decides about signing in.

use std::num::NonZeroUsize;
use std::thread;

use crate::Argon2Cost;

/// How a [`crate::Directory`] works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What passwords set from now on cost to evaluate, and what an unknown user costs.
    /// Where it is changed, accounts whose password is older can be told from unknown
    /// users by the time that a wrong password takes, until they set another.
    pub cost: Argon2Cost,
    /// How many passwords are evaluated at a time: one for each core.
    pub evaluations: NonZeroUsize,
    /// Who may sign in without encryption, until [`crate::Directory::set_old_devices`].
    pub old_devices: OldDevices,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cost: Argon2Cost::default(),
            evaluations: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            old_devices: OldDevices::default(),
        }
    }
}

/// The service's rule for sign-in without encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OldDevices {
    /// Nobody, whatever the accounts say.
    Off,
    /// Whoever's account has *old devices* on.
    #[default]
    ByAccount,
}
