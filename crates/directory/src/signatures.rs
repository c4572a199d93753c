//! What a domain signs its mail with: keys of DKIM, made here and never shown outside.
//!
//! A key goes through three states. It is *prepared*: its record can be published, and it
//! signs nothing yet. It is *active*: it signs. It is *retired*: it signs no more, and its
//! record stays published as long as mail signed with it may be on its way. The first keys
//! of a domain are active at once: a signature whose record can't be found harms nobody
//! (RFC 6376 section 6.1).
//!
//! They are made when they are first asked for, by whichever process asks first, so that a
//! domain of an older data folder gets them too.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use address::Domain;
use dkim::{Algorithm, Chain, KeyError, PrivateKey, Read, Selector, Signer};
use jiff::Timestamp;
use kv::Version;
use parking_lot::Mutex;

use crate::edit::{Change, Edit, Seen, View};
use crate::keys::{DomainKey, SignaturesKey};
use crate::records::{SignatureKeyRecord, SignaturesRecord, StateRecord};
use crate::{Directory, DirectoryError};

/// How long a key stays published when it signs no more: the queue gives a message up after
/// five days (RFC 5321 section 4.5.4.1), and whoever got it may look at it later.
pub const RETIRED_FOR: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Keys that a domain may have. It is two of each state, and some that were retired in haste;
/// all of them fit one value ([`kv::VALUE_OCTETS`]).
const KEYS: usize = 16;
/// Domains whose keys are held ready to sign. Beyond that all are read anew, one by one.
const READY_DOMAINS: usize = 1000;

/// A key of a domain, without what is secret of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureKey {
    /// Its name within the domain.
    pub selector: Selector,
    /// How it signs.
    pub algorithm: Algorithm,
    /// Whether it does.
    pub state: KeyState,
    /// Since when it is in that state, to the second.
    pub since: Timestamp,
    /// The text of its record, at `SELECTOR._domainkey.DOMAIN`.
    pub record: String,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is to be published, and signs nothing yet.
    Prepared,
    /// It signs.
    Active,
    /// It signs no more, and stays published.
    Retired,
}

/// Keys that are ready to sign, and of which version of the record they are.
#[derive(Default)]
pub(crate) struct Ready(Mutex<HashMap<Domain, (Version, Signing)>>);

/// The active keys of a domain.
type Signing = Arc<Vec<(Selector, PrivateKey)>>;

impl Directory {
    /// The keys of a domain, in the order of their making. If there is none yet the first
    /// are made, which takes a tenth of a second or longer.
    ///
    /// # Errors
    /// [`DirectoryError::NoSuchDomain`]; [`DirectoryError::NoKey`].
    pub async fn signature_keys(
        &self,
        domain: &Domain,
        now: Timestamp,
    ) -> Result<Vec<SignatureKey>, DirectoryError> {
        let seen = self.signatures(domain, now).await?;
        seen.record.keys.iter().map(shown).collect()
    }

    /// Makes the keys that are to be used next.
    ///
    /// # Errors
    /// As [`Directory::signature_keys`]; [`DirectoryError::KeysPrepared`] when there are such
    /// keys; [`DirectoryError::TooManyKeys`].
    pub async fn prepare_signature_keys(
        &self,
        domain: &Domain,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let seen = self.signatures(domain, now).await?;
        let more = make_keys(&seen.record.keys, StateRecord::Prepared, now).await?;
        self.change_keys(domain, |keys| {
            if keys.iter().any(|key| key.state == StateRecord::Prepared) {
                return Err(DirectoryError::KeysPrepared {
                    domain: domain.clone(),
                });
            }
            if keys.len() + more.len() > KEYS {
                return Err(DirectoryError::TooManyKeys { limit: KEYS });
            }
            keys.extend(more.iter().cloned());
            Ok(())
        })
        .await
    }

    /// Signs with the keys that were prepared, from now on, and retires those that signed.
    ///
    /// # Errors
    /// As [`Directory::signature_keys`]; [`DirectoryError::NoKeysPrepared`].
    pub async fn rotate_signature_keys(
        &self,
        domain: &Domain,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        self.signatures(domain, now).await?;
        self.change_keys(domain, |keys| {
            if !keys.iter().any(|key| key.state == StateRecord::Prepared) {
                return Err(DirectoryError::NoKeysPrepared {
                    domain: domain.clone(),
                });
            }
            for key in keys {
                let next = match key.state {
                    StateRecord::Prepared => StateRecord::Active,
                    StateRecord::Active => StateRecord::Retired,
                    StateRecord::Retired => continue,
                };
                key.state = next;
                key.since = now.into();
            }
            Ok(())
        })
        .await
    }

    /// Forgets the keys that have been retired for [`RETIRED_FOR`]: their records need not
    /// be published any more.
    ///
    /// # Errors
    /// As [`Directory::signature_keys`].
    pub async fn forget_signature_keys(
        &self,
        domain: &Domain,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        self.signatures(domain, now).await?;
        let is_over = |key: &SignatureKeyRecord| {
            let retired = now.duration_since(key.since.into());
            let over = Duration::try_from(retired).is_ok_and(|retired| retired >= RETIRED_FOR);
            key.state == StateRecord::Retired && over
        };
        self.change_keys(domain, |keys| {
            keys.retain(|key| !is_over(key));
            Ok(())
        })
        .await
    }

    /// The `DKIM-Signature` fields with which this domain answers for a message that leaves:
    /// one of each active key, each with its line end. Whoever asks has made sure that the
    /// domain does.
    ///
    /// They are none for a message whose header is longer than is signed
    /// ([`dkim::HEADER_OCTETS`]).
    ///
    /// # Errors
    /// As [`Directory::signature_keys`].
    pub async fn sign(
        &self,
        domain: &Domain,
        message: Read,
        now: Timestamp,
    ) -> Result<String, DirectoryError> {
        self.with_keys(domain, message, now, move |signers, header, body_hash| {
            let sign = |signer| dkim::sign(header, body_hash, signer, now);
            signers.iter().map(sign).collect()
        })
        .await
    }

    /// The fields with which this domain seals what it sends on of others (ARC), made with
    /// its key that all can verify. They are none for a message whose header is longer than
    /// is signed, or where there is no such key.
    ///
    /// # Errors
    /// As [`Directory::signature_keys`].
    pub async fn seal(
        &self,
        domain: &Domain,
        message: Read,
        chain: Chain,
        now: Timestamp,
    ) -> Result<String, DirectoryError> {
        self.with_keys(domain, message, now, move |signers, header, body_hash| {
            let mut signers = signers.iter();
            let by_rsa = signers.find(|signer| signer.key.algorithm() == Algorithm::Rsa);
            by_rsa.map_or(Ok(String::new()), |signer| {
                dkim::seal(header, body_hash, &chain, signer, now)
            })
        })
        .await
    }

    /// What is made with the active keys of a domain; nothing for a message whose header is
    /// longer than is signed.
    async fn with_keys<F>(
        &self,
        domain: &Domain,
        message: Read,
        now: Timestamp,
        make: F,
    ) -> Result<String, DirectoryError>
    where
        F: FnOnce(&[Signer<'_>], &[u8], &[u8]) -> Result<String, KeyError> + Send + 'static,
    {
        let Read { header, body_hash } = message;
        let Some(header) = header else {
            return Ok(String::new());
        };
        let (keys, domain) = (self.signing(domain, now).await?, domain.clone());
        // Half a millisecond of a core: others would wait for it.
        let making = tokio::task::spawn_blocking(move || {
            let signer = |(selector, key)| Signer {
                domain: &domain,
                selector,
                key,
            };
            let keys = keys.iter().map(|(selector, key)| (selector, key));
            let signers: Vec<Signer<'_>> = keys.map(signer).collect();
            make(&signers, &header, &body_hash)
        });
        let made = making.await.map_err(|_| DirectoryError::Interrupted)?;
        made.map_err(|_| DirectoryError::NoKey)
    }

    /// The active keys, as they are stored now.
    async fn signing(&self, domain: &Domain, now: Timestamp) -> Result<Signing, DirectoryError> {
        let seen = self.signatures(domain, now).await?;
        if let Some(ready) = self.inner.ready.get(domain, seen.version()) {
            return Ok(ready);
        }
        let active = |key: &&SignatureKeyRecord| key.state == StateRecord::Active;
        let keys = seen.record.keys.iter().filter(active).map(|key| {
            let octets = key.octets.clone();
            let private = PrivateKey::from_octets(key.algorithm.into(), octets);
            let private = private.map_err(|_| unreadable())?;
            Ok((selector(key)?, private))
        });
        let keys = Arc::new(keys.collect::<Result<Vec<_>, DirectoryError>>()?);
        self.inner.ready.put(domain, seen.version(), &keys);
        Ok(keys)
    }

    /// What is stored of a domain's keys, once there are any.
    async fn signatures(
        &self,
        domain: &Domain,
        now: Timestamp,
    ) -> Result<Seen<SignaturesRecord>, DirectoryError> {
        let key = SignaturesKey(domain.clone());
        if let Some(seen) = self.view().await?.get(&key).await? {
            return Ok(seen);
        }
        // One of those who ask at the same time makes them.
        let _turn = self.inner.first_keys.lock().await;
        if self.view().await?.get(&key).await?.is_none() {
            if !self.is_hosted(domain).await? {
                let domain = domain.clone();
                return Err(DirectoryError::NoSuchDomain { domain });
            }
            let keys = make_keys(&[], StateRecord::Active, now).await?;
            let domain = domain.clone();
            self.make(&FirstKeys { domain, keys }).await?;
        }
        let seen = self.view().await?.get(&key).await?;
        // It was removed meanwhile.
        seen.ok_or_else(|| DirectoryError::NoSuchDomain {
            domain: domain.clone(),
        })
    }

    async fn change_keys(
        &self,
        domain: &Domain,
        change: impl Fn(&mut Vec<SignatureKeyRecord>) -> Result<(), DirectoryError> + Send + Sync,
    ) -> Result<(), DirectoryError> {
        let domain = domain.clone();
        self.make(&ChangeKeys { domain, change }).await
    }
}

impl Ready {
    fn get(&self, domain: &Domain, version: Version) -> Option<Signing> {
        let ready = self.0.lock();
        let (of, keys) = ready.get(domain)?;
        (*of == version).then(|| keys.clone())
    }

    fn put(&self, domain: &Domain, version: Version, keys: &Signing) {
        let mut ready = self.0.lock();
        if ready.len() >= READY_DOMAINS && !ready.contains_key(domain) {
            ready.clear();
        }
        ready.insert(domain.clone(), (version, keys.clone()));
    }
}

/// The first keys of a domain, if it has none.
struct FirstKeys {
    domain: Domain,
    keys: Vec<SignatureKeyRecord>,
}

impl Change for FirstKeys {
    type Done = ();

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<(), DirectoryError> {
        let key = SignaturesKey(self.domain.clone());
        if view.get(&key).await?.is_some() {
            return Ok(());
        }
        let domain = DomainKey(self.domain.clone());
        let Some(seen) = view.get(&domain).await? else {
            return Err(DirectoryError::NoSuchDomain { domain: domain.0 });
        };
        // Written again as it was, so that this can't happen beside its removal.
        edit.replace(&domain, &seen, &seen.record)?;
        let keys = self.keys.clone();
        edit.create(&key, &SignaturesRecord { keys })
    }
}

struct ChangeKeys<F> {
    domain: Domain,
    change: F,
}

impl<F> Change for ChangeKeys<F>
where
    F: Fn(&mut Vec<SignatureKeyRecord>) -> Result<(), DirectoryError> + Send + Sync,
{
    type Done = ();

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<(), DirectoryError> {
        let key = SignaturesKey(self.domain.clone());
        let Some(seen) = view.get(&key).await? else {
            return Err(DirectoryError::NoSuchDomain { domain: key.0 });
        };
        let mut keys = seen.record.keys.clone();
        (self.change)(&mut keys)?;
        edit.replace(&key, &seen, &SignaturesRecord { keys })
    }
}

/// A key of each kind, beside those that there are.
async fn make_keys(
    others: &[SignatureKeyRecord],
    state: StateRecord,
    now: Timestamp,
) -> Result<Vec<SignatureKeyRecord>, DirectoryError> {
    let mut keys = Vec::new();
    for algorithm in Algorithm::ALL {
        let making = tokio::task::spawn_blocking(move || {
            let key = PrivateKey::generate(algorithm)?;
            Ok::<_, KeyError>((key.record()?, key.expose().to_vec()))
        });
        let made = making.await.map_err(|_| DirectoryError::Interrupted)?;
        let (record, octets) = made.map_err(|_| DirectoryError::NoKey)?;
        keys.push(SignatureKeyRecord {
            selector: free_selector(others, algorithm, now),
            algorithm: algorithm.into(),
            octets,
            record,
            state,
            since: now.into(),
        });
    }
    Ok(keys)
}

/// The day and the kind, and a number where there is such a key already.
fn free_selector(others: &[SignatureKeyRecord], algorithm: Algorithm, now: Timestamp) -> String {
    let plain = format!("{}-{}", now.strftime("%Y%m%d"), algorithm.name());
    let numbered = (2..).map(|number: u32| format!("{plain}-{number}"));
    let is_free = |selector: &String| !others.iter().any(|other| other.selector == *selector);
    let mut all = std::iter::once(plain.clone()).chain(numbered);
    all.find(is_free).unwrap_or_default()
}

fn shown(key: &SignatureKeyRecord) -> Result<SignatureKey, DirectoryError> {
    Ok(SignatureKey {
        selector: selector(key)?,
        algorithm: key.algorithm.into(),
        state: match key.state {
            StateRecord::Prepared => KeyState::Prepared,
            StateRecord::Active => KeyState::Active,
            StateRecord::Retired => KeyState::Retired,
        },
        since: key.since.into(),
        record: key.record.clone(),
    })
}

fn selector(key: &SignatureKeyRecord) -> Result<Selector, DirectoryError> {
    key.selector.parse().map_err(|_| unreadable())
}

fn unreadable() -> DirectoryError {
    use crate::records::Record;
    SignaturesRecord::unreadable()
}
