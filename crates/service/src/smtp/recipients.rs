//! Whether mail for an address is taken, and where it goes.

use std::time::Duration;

use address::{Address, ReversePath};
use directory::Account;
use events::Refusal;
use queue::Recipient;
use routing::{Asker, Place, Routes};
use smtp::ForwardPath;
use smtp::dsn::{self, Wishes};
use store::StoreError;

use super::Answers;
use crate::routes::{self, Routing};
use crate::trouble;

/// How long an account is full before senders are told for good instead of asked to come
/// back: by then the first of them have given up (RFC 5321 section 4.5.4.1).
const FULL_FOR: Duration = Duration::from_secs(5 * 24 * 60 * 60);
/// Octets of a message such as people write. An account that has room for this one is not
/// full, whatever a larger one is told.
const ORDINARY_OCTETS: u64 = 10_000;

impl Answers {
    /// Adds a recipient to the envelope.
    pub(super) async fn recipient(
        &mut self,
        path: ForwardPath,
        wishes: Wishes,
    ) -> Result<(), Refusal> {
        let asker = self.asker()?;
        let address = match path {
            ForwardPath::Address(address) => address,
            ForwardPath::Postmaster => self.routing().postmaster().await?,
        };
        let now = self.now();
        let routes = self.routing().resolve(&address, asker, now).await;
        let mut places = match routes {
            Ok(routes) => self.places(&address, routes).await?,
            Err(refusal) => vec![self.unknown(&address, refusal).await?],
        };
        // They hold for whoever an alias leads to (RFC 3461 section 5.2.7.1).
        let original = wishes.original.map(|who| who.to_string());
        for place in &mut places {
            place.notify = wishes.notify.map(notify);
            place.original.clone_from(&original);
        }
        let envelope = self.envelope.as_mut().ok_or(Refusal::Temporary)?;
        for place in &mut places {
            place.deliver_by = envelope.deliver_by;
        }
        if let Some(end) = envelope.held_until {
            places = places
                .into_iter()
                .map(|place| place.held_until(end))
                .collect();
        }
        envelope.add(&address, places)
    }

    /// Where the mail for an address goes that somebody is, if there is room.
    async fn places(&self, address: &Address, routes: Routes) -> Result<Vec<Recipient>, Refusal> {
        self.check_room(&routes).await?;
        for missing in &routes.missing {
            tracing::warn!(recipient = %address, %missing, "an alias leads to an address that does not exist");
        }
        Ok(routes::recipients(address, routes, self.now()))
    }

    fn asker(&self) -> Result<Asker, Refusal> {
        let from = self.envelope.as_ref().map(|envelope| &envelope.sender.path);
        Ok(match (self.submitter()?, from) {
            (Some(_), _) => Asker::SignedIn,
            (None, Some(ReversePath::Null)) => Asker::Report,
            (None, _) => Asker::Stranger,
        })
    }

    fn routing(&self) -> Routing {
        Routing {
            directory: self.service.directory.clone(),
            host: self.service.host.clone(),
        }
    }

    /// Refuses a recipient whose every place is a full account. Where only some of a
    /// list's members are full, the others are not to suffer: the copies of these wait
    /// in the queue.
    async fn check_room(&self, routes: &Routes) -> Result<(), Refusal> {
        let mut temporary = false;
        for destination in &routes.destinations {
            let Place::Account(account) = &destination.place else {
                return Ok(());
            };
            match self.room(account).await? {
                Room::Enough => return Ok(()),
                Room::TooLittle => temporary = true,
                Room::NoneForDays => {}
            }
        }
        Err(Refusal::OverQuota { temporary })
    }

    async fn room(&self, account: &Account) -> Result<Room, Refusal> {
        let Some(quota) = account.quota else {
            return Ok(Room::Enough);
        };
        let usage = self.service.store.usage(account.id).await;
        let held = usage.map_err(trouble::of_store)?.bytes;
        let size = self
            .envelope
            .as_ref()
            .and_then(|envelope| envelope.sender.size);
        // A message has an octet at least.
        let enough = held.saturating_add(size.unwrap_or(1).max(1)) <= quota;
        let noted = match held.saturating_add(ORDINARY_OCTETS.min(quota)) <= quota {
            true => self
                .service
                .store
                .has_room(account.id)
                .await
                .map(|()| false),
            false => self.has_been_full(account).await,
        };
        let for_days = noted.unwrap_or_else(|error| {
            // Without it the answer is still true, if only for now.
            tracing::warn!(account = %account.id, %error, "since when an account is full is not known");
            false
        });
        Ok(match (enough, for_days) {
            (true, _) => Room::Enough,
            (false, true) => Room::NoneForDays,
            (false, false) => Room::TooLittle,
        })
    }

    /// Whether an account that is full now has been so for long.
    async fn has_been_full(&self, account: &Account) -> Result<bool, StoreError> {
        let now = self.now();
        let since = self.service.store.full_since(account.id, now).await?;
        // A clock that was set back makes nothing long.
        Ok(Duration::try_from(now.duration_since(since)).is_ok_and(|full| full >= FULL_FOR))
    }
}

fn notify(wanted: dsn::Notify) -> queue::Notify {
    let (success, failure, delay) = match wanted {
        dsn::Notify::Never => (false, false, false),
        dsn::Notify::When {
            success,
            failure,
            delay,
        } => (success, failure, delay),
    };
    queue::Notify {
        success,
        failure,
        delay,
    }
}

/// Room for a message in an account.
enum Room {
    Enough,
    /// Later, perhaps.
    TooLittle,
    NoneForDays,
}
