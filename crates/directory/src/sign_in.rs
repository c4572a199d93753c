//! One attempt to sign in, from name to [`Grant`].
//!
//! The order of the steps is what keeps strangers from learning who exists: what the
//! store is asked, whether a password is evaluated and at what cost depend on what the
//! attempt looks like, not on what the directory knows. What still differs (somebody's
//! records are found and read, nobody's are not: some microseconds) ends within a beat of
//! [`BEAT`], and a refusal is told at the end of its beat.

use std::net::IpAddr;
use std::thread;
use std::time::Duration;

use address::{AccountId, Address, AddressError, Password};
use events::SignInFailure;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use crate::directory::NotEvaluated;
use crate::edit::View;
use crate::keys::{AccountKey, CredentialsKey, NameKey};
use crate::network::Network;
use crate::rights::{RightWatch, Standing};
use crate::verified::Proof;
use crate::verifier::{MainPassword, Verdict};
use crate::{Account, Directory, DirectoryError, OldDevices};

/// A refusal is told at a whole number of these after the attempt began: many times what
/// differs between somebody and nobody, and not long to a person.
const BEAT: Duration = Duration::from_millis(10);

/// How much later than asked for the runtime may wake us, and more.
const ROUGH: Duration = Duration::from_millis(3);

/// Somebody who wants to sign in.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The user name as it was sent.
    pub name: &'a str,
    /// The password as it was sent.
    pub password: &'a Password,
    /// Is the connection encrypted?
    pub encrypted: bool,
    /// The address of the peer.
    pub network: IpAddr,
    /// The time.
    pub now: Timestamp,
}

/// The right to use an account, from a sign-in that was accepted.
#[derive(Debug)]
pub struct Grant {
    /// The account as it was then.
    pub account: Account,
    /// Tells when the right ends. Whatever stands on the grant ends then too.
    pub ended: RightWatch,
}

/// An account that an attempt names.
struct Candidate {
    account: Account,
    generation: u64,
    main: Option<MainPassword>,
}

/// What an attempt's name is.
enum Name {
    Whole(Address),
    /// No address; the true reason, which only the event tells.
    Nobody(SignInFailure),
}

impl Name {
    /// The user name is the whole address and nothing less: a bare local part would be
    /// somebody else's in another domain.
    fn parse(name: &str) -> Self {
        match name.parse() {
            Ok(address) => Self::Whole(address),
            Err(AddressError::NoDomain) => Self::Nobody(SignInFailure::BareLocalPart),
            Err(_) => Self::Nobody(SignInFailure::UnknownUser),
        }
    }

    fn address(&self) -> Option<&Address> {
        match self {
            Self::Whole(address) => Some(address),
            Self::Nobody(_) => None,
        }
    }

    /// Why nobody signs in by this name.
    fn failure(&self) -> SignInFailure {
        match self {
            Self::Whole(_) => SignInFailure::UnknownUser,
            Self::Nobody(why) => *why,
        }
    }
}

impl Directory {
    /// Signs somebody in, or says why not. The reason is for the event; of
    /// [`SignInFailure::UnknownUser`], [`SignInFailure::BareLocalPart`] and
    /// [`SignInFailure::WrongPassword`] the peer is told the same.
    pub async fn sign_in(&self, attempt: Attempt<'_>) -> Result<Grant, SignInFailure> {
        let begun = Instant::now();
        let told = self.decide(attempt).await;
        if told.is_err() {
            end_of_beat(begun).await;
        }
        told
    }

    async fn decide(&self, attempt: Attempt<'_>) -> Result<Grant, SignInFailure> {
        let name = Name::parse(attempt.name);
        let candidate = self
            .candidate(name.address())
            .await
            .map_err(|error| broken(&error))?;
        let account = candidate.as_ref().map(|candidate| &candidate.account);
        self.check_encryption(attempt.encrypted, account)?;
        let Some(candidate) = candidate else {
            self.evaluate_for_nobody(&attempt).await?;
            return Err(name.failure());
        };
        let proof = self.verify(&candidate, &attempt).await?;
        let grant = self.grant(&candidate, &attempt).await?;
        if let Some(proof) = proof {
            let id = candidate.account.id;
            self.inner.verified.put(id, proof, attempt.now);
        }
        Ok(grant)
    }

    async fn candidate(&self, name: Option<&Address>) -> Result<Option<Candidate>, DirectoryError> {
        let view = self.view().await?;
        let id = view.account_named(name).await?;
        // Nobody is looked up too: as many questions to the store as for somebody.
        view.candidate(id.unwrap_or(NOBODY)).await
    }

    /// Refuses an unencrypted attempt unless this very account allows it.
    fn check_encryption(
        &self,
        encrypted: bool,
        account: Option<&Account>,
    ) -> Result<(), SignInFailure> {
        let allowed = self.old_devices() == OldDevices::ByAccount
            && account.is_some_and(|account| account.old_devices);
        if encrypted || allowed {
            Ok(())
        } else {
            Err(SignInFailure::Unencrypted)
        }
    }

    /// Costs what a wrong password costs.
    async fn evaluate_for_nobody(&self, attempt: &Attempt<'_>) -> Result<(), SignInFailure> {
        let network = Network::from(attempt.network);
        let (cost, salt) = (self.inner.cost, self.inner.decoy);
        let hash = self.evaluate(network, cost, salt, attempt.password);
        hash.await.map(|_| ()).map_err(SignInFailure::from)
    }

    /// Verifies the password. A new proof is what the next sign-in may be known by; it
    /// is none when this one was known.
    async fn verify(
        &self,
        candidate: &Candidate,
        attempt: &Attempt<'_>,
    ) -> Result<Option<Proof>, SignInFailure> {
        let id = candidate.account.id;
        let verified = &self.inner.verified;
        let proof = verified.proof(id, candidate.generation, attempt.password);
        if verified.knows(id, &proof, attempt.now) {
            return Ok(None);
        }
        let Some(main) = &candidate.main else {
            self.evaluate_for_nobody(attempt).await?;
            return Err(SignInFailure::WrongPassword);
        };
        let network = Network::from(attempt.network);
        let hash = self.evaluate(network, main.cost, main.salt, attempt.password);
        match main.verdict(&hash.await?) {
            Verdict::Right => Ok(Some(proof)),
            Verdict::Former { until } => {
                tracing::debug!(account = %id, %until, "the password given is one that was replaced");
                Err(SignInFailure::WrongPassword)
            }
            Verdict::Wrong => Err(SignInFailure::WrongPassword),
        }
    }

    /// Gives the right, if what it was verified against still is so after the right
    /// has begun. What changes later finds the right and ends it.
    async fn grant(
        &self,
        candidate: &Candidate,
        attempt: &Attempt<'_>,
    ) -> Result<Grant, SignInFailure> {
        let id = candidate.account.id;
        let (encrypted, generation) = (attempt.encrypted, candidate.generation);
        let ended = self.inner.rights.begin(id, encrypted, generation);
        let view = self.view().await.map_err(|error| broken(&error))?;
        let now = view.candidate(id).await.map_err(|error| broken(&error))?;
        let now = now.ok_or(SignInFailure::UnknownUser)?;
        if now.generation != candidate.generation {
            return Err(SignInFailure::WrongPassword);
        }
        self.check_encryption(attempt.encrypted, Some(&now.account))?;
        Ok(Grant {
            account: now.account,
            ended,
        })
    }
}

/// Waits for the end of the beat in which this is, of those counted from `begun`.
async fn end_of_beat(begun: Instant) {
    // Near its end there is one beat more, so that the fine part below is never cut short.
    let beats = (begun.elapsed() + ROUGH).as_millis() / BEAT.as_millis() + 1;
    let end = begun + BEAT * u32::try_from(beats).unwrap_or(1);
    sleep_until(end - ROUGH).await;
    // The runtime waits for whole milliseconds counted from when it begins to wait, which
    // would tell to the microsecond when that was. A thread that sleeps wakes on time.
    let fine = tokio::task::spawn_blocking(move || thread::sleep(end - Instant::now()));
    if fine.await.is_err() {
        tracing::warn!("a refused sign-in did not wait");
    }
}

/// The number of no account.
const NOBODY: AccountId = AccountId(0);

impl View {
    /// What the rights of an account stand on; none if it is gone.
    pub(crate) async fn standing(&self, id: AccountId) -> Result<Option<Standing>, DirectoryError> {
        let candidate = self.candidate(id).await?;
        Ok(candidate.map(|candidate| Standing {
            generation: candidate.generation,
            old_devices: candidate.account.old_devices,
        }))
    }

    async fn account_named(
        &self,
        name: Option<&Address>,
    ) -> Result<Option<AccountId>, DirectoryError> {
        let Some(name) = name else {
            return Ok(None);
        };
        // A name of an unknown domain is looked up too: as many questions as for a known one.
        let known = self.as_known(name).await?;
        let Some(key) = NameKey::of(known.as_ref().unwrap_or(name)) else {
            return Ok(None);
        };
        let seen = self.get(&key).await?;
        Ok(seen.and_then(|seen| seen.record.account()))
    }

    async fn candidate(&self, id: AccountId) -> Result<Option<Candidate>, DirectoryError> {
        let account = self.get(&AccountKey(id)).await?;
        let credentials = self.get(&CredentialsKey(id)).await?;
        let (Some(account), Some(credentials)) = (account, credentials) else {
            return Ok(None);
        };
        Ok(Some(Candidate {
            account: Account::from_record(id, account.record),
            generation: credentials.record.generation,
            main: credentials.record.into_main(),
        }))
    }
}

/// The event has no room for the operator's reason, so it goes to the log.
fn broken(error: &DirectoryError) -> SignInFailure {
    tracing::error!(%error, "a sign-in could not be looked up");
    SignInFailure::Broken
}

impl From<NotEvaluated> for SignInFailure {
    fn from(why: NotEvaluated) -> Self {
        match why {
            NotEvaluated::Busy => Self::Busy,
            NotEvaluated::Broken => Self::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use kv::memory::Memory;
    use words::Language;

    use super::*;
    use crate::{Argon2Cost, NewAccount, Settings};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// With the account `jean@x.fr`, password `tilleul!`, and one evaluation at a time.
    async fn directory() -> Directory {
        let settings = Settings {
            cost: Argon2Cost::new(8, 1, 1).unwrap(),
            evaluations: NonZeroUsize::MIN,
            old_devices: OldDevices::ByAccount,
        };
        let directory = Directory::new(Arc::new(Memory::default()), &settings);
        let jean: Address = "jean@x.fr".parse().unwrap();
        directory.add_domain(jean.domain(), NOW).await.unwrap();
        let alias = "alias@x.fr".parse().unwrap();
        directory
            .add_alias(&alias, vec![jean.clone()])
            .await
            .unwrap();
        let new = NewAccount {
            address: jean,
            password: Password::new("tilleul!"),
            name: None,
            quota: None,
            language: Language::French,
        };
        directory.add_account(new, NOW).await.unwrap();
        directory
    }

    fn attempt<'a>(name: &'a str, password: &'a Password, encrypted: bool) -> Attempt<'a> {
        let network = IpAddr::from([192, 0, 2, 1]);
        Attempt {
            name,
            password,
            encrypted,
            network,
            now: NOW,
        }
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn whoever_is_refused_for_the_password_waited_for_one_evaluation() {
        use SignInFailure::{BareLocalPart, UnknownUser, WrongPassword};
        let directory = directory().await;
        let wrong = Password::new("chataigne");
        for (name, failure) in [
            ("jean@x.fr", WrongPassword),
            ("lea@x.fr", UnknownUser),
            ("alias@x.fr", UnknownUser),
            ("jean@elsewhere.fr", UnknownUser),
            ("jean", BareLocalPart),
            ("", BareLocalPart),
            ("je an@x.fr", UnknownUser),
        ] {
            let permit = directory.inner.gate.enter(Network::Ourselves).await.ok();
            let mut signing_in = pin!(directory.sign_in(attempt(name, &wrong, true)));
            assert!(poll(signing_in.as_mut()).is_none(), "{name}");
            drop(permit);
            assert_eq!(signing_in.await.err(), Some(failure), "{name}");
        }
    }

    #[tokio::test]
    async fn without_encryption_nobody_is_evaluated_or_told_apart() {
        let directory = directory().await;
        let right = Password::new("tilleul!");
        let _permit = directory.inner.gate.enter(Network::Ourselves).await.ok();
        for name in ["jean@x.fr", "lea@x.fr", "jean", "je an@x.fr"] {
            let begun = Instant::now();
            // An evaluation would never come to its turn.
            let answer = directory.sign_in(attempt(name, &right, false)).await;
            assert_eq!(answer.err(), Some(SignInFailure::Unencrypted), "{name}");
            assert!(begun.elapsed() >= BEAT, "{name} was told apart by its time");
        }
    }

    #[tokio::test]
    async fn who_was_verified_a_moment_ago_never_waits() {
        let directory = directory().await;
        let right = Password::new("tilleul!");
        let first = directory.sign_in(attempt("jean@x.fr", &right, true)).await;
        let _permit = directory.inner.gate.enter(Network::Ourselves).await.ok();
        let signing_in = pin!(directory.sign_in(attempt("Jean@X.fr", &right, true)));
        let second = poll(signing_in).unwrap();
        assert_eq!(second.unwrap().account, first.unwrap().account);

        let id = directory.accounts().await.unwrap()[0].id;
        directory.end_rights(id, crate::RightEnd::PasswordChanged);
        let mut signing_in = pin!(directory.sign_in(attempt("jean@x.fr", &right, true)));
        assert!(poll(signing_in.as_mut()).is_none());
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_no_turn() {
        let directory = directory().await;
        let right = Password::new("tilleul!");
        let permit = directory.inner.gate.enter(Network::Ourselves).await.ok();
        {
            let mut gone = pin!(directory.sign_in(attempt("jean@x.fr", &right, true)));
            assert!(poll(gone.as_mut()).is_none());
        }
        drop(permit);
        let mut next = pin!(directory.inner.gate.enter(Network::Ourselves));
        assert!(poll(next.as_mut()).is_some());
    }
}
