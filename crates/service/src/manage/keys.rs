//! What an operator may ask of the keys that domains sign their mail with.

use address::Domain;
use directory::{KeyState, SignatureKey};
use serde::{Deserialize, Serialize};

use super::{Manager, Refused, Response};

/// One thing asked about the keys of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum KeysOrder {
    /// Which there are.
    List {
        /// Whose.
        domain: Domain,
    },
    /// Make those that are to be used next.
    Prepare {
        /// Whose.
        domain: Domain,
    },
    /// Sign with those that were made, and retire those that signed.
    Rotate {
        /// Whose.
        domain: Domain,
    },
    /// Forget those that were retired long ago.
    Forget {
        /// Whose.
        domain: Domain,
    },
}

/// A key of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyShown {
    /// Its name within the domain.
    pub selector: String,
    /// `rsa` or `ed25519`.
    pub algorithm: String,
    /// Whether it signs.
    pub state: StateShown,
    /// Since when it is in that state, RFC 3339.
    pub since: String,
    /// The name of its record.
    pub name: String,
    /// The text of its record.
    pub record: String,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateShown {
    /// To be published; it signs nothing yet.
    Prepared,
    /// It signs.
    Active,
    /// It signs no more; it stays published.
    Retired,
}

impl Manager {
    /// Carries out one order, and tells which keys there are then.
    pub(super) async fn keys_order(&self, order: KeysOrder) -> Result<Response, Refused> {
        let (directory, now) = (&self.directory, (self.clock)());
        let domain = match order {
            KeysOrder::List { domain } => domain,
            KeysOrder::Prepare { domain } => {
                directory.prepare_signature_keys(&domain, now).await?;
                domain
            }
            KeysOrder::Rotate { domain } => {
                directory.rotate_signature_keys(&domain, now).await?;
                domain
            }
            KeysOrder::Forget { domain } => {
                directory.forget_signature_keys(&domain, now).await?;
                domain
            }
        };
        let keys = directory.signature_keys(&domain, now).await?;
        let shown = keys.into_iter().map(|key| shown(&domain, key));
        Ok(Response::Keys(shown.collect()))
    }
}

fn shown(domain: &Domain, key: SignatureKey) -> KeyShown {
    KeyShown {
        name: format!("{}._domainkey.{domain}", key.selector),
        selector: key.selector.to_string(),
        algorithm: key.algorithm.name().to_owned(),
        state: match key.state {
            KeyState::Prepared => StateShown::Prepared,
            KeyState::Active => StateShown::Active,
            KeyState::Retired => StateShown::Retired,
        },
        since: key.since.to_string(),
        record: key.record,
    }
}
