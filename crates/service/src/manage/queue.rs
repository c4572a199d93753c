//! What an operator may ask of mail that waits.

use ::queue::{Destination, Entry, QueueId, Wish};
use address::{Address, Domain, ReversePath};
use serde::{Deserialize, Serialize};

use super::{Manager, Refused, Response, refused};

/// Entries of the queue that one answer lists; the oldest come first.
pub const QUEUE_LISTED: usize = 1000;
/// Destinations that one answer lists.
const DESTINATIONS_LISTED: usize = 1000;

/// One thing asked about mail that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum QueueOrder {
    /// What waits, the oldest first, at most [`QUEUE_LISTED`] entries.
    List {
        /// Those after this one only, where an earlier list ended.
        after: Option<String>,
    },
    /// One entry.
    Show {
        /// Its number, as the list and the `Received` field show it.
        id: String,
    },
    /// Try one now, held or not.
    Retry {
        /// Its number.
        id: String,
    },
    /// Keep one where it is until it is retried.
    Hold {
        /// Its number.
        id: String,
    },
    /// Throw one away, and tell nobody.
    Drop {
        /// Its number.
        id: String,
    },
    /// Try all that waits for a domain now, or all.
    Flush {
        /// The domain.
        domain: Option<Domain>,
    },
    /// Which destinations are left in peace for a time, and why.
    Destinations,
}

/// Mail that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryShown {
    /// Its number.
    pub id: String,
    /// The sender of the envelope; empty for `<>`.
    pub from: String,
    /// Octets.
    pub size: u64,
    /// When it was accepted, RFC 3339.
    pub received: String,
    /// The account that submitted it.
    pub submitted_by: Option<u64>,
    /// Somebody has it stay where it is.
    pub held: bool,
    /// Who has not got it yet.
    pub recipients: Vec<RecipientShown>,
}

/// One who has not got it yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientShown {
    /// The recipient of the envelope.
    pub address: Address,
    /// The account it goes to; none for mail to elsewhere.
    pub account: Option<u64>,
    /// The alias, or the account whose mail goes on, that sends it there.
    pub sent_on_by: Option<Address>,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// When it is tried next, RFC 3339.
    pub due: String,
    /// Why the last try did not hand it over.
    pub trouble: Option<String>,
    /// The host that said so, where one did.
    pub host: Option<String>,
    /// Its code, RFC 3463.
    pub status: Option<String>,
}

/// A destination that is left in peace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationShown {
    /// Which.
    pub domain: Domain,
    /// How often in a row it could not be reached.
    pub failures: u32,
    /// Until when, RFC 3339.
    pub until: String,
    /// Why.
    pub trouble: String,
}

impl Manager {
    pub(super) async fn queue_order(
        &self,
        order: QueueOrder,
        progress: care::Progress<'_>,
    ) -> Result<Response, Refused> {
        let now = (self.clock)();
        match order {
            QueueOrder::List { after } => {
                let after = after.map(|id| number(&id)).transpose()?;
                let entries = self.queue.list(after, QUEUE_LISTED).await?;
                Ok(Response::Queue(entries.iter().map(entry_shown).collect()))
            }
            QueueOrder::Show { id } => match self.queue.get(number(&id)?).await? {
                Some(entry) => Ok(Response::Entry(Box::new(entry_shown(&entry)))),
                None => Err(gone(&id)),
            },
            QueueOrder::Retry { id } => self.wish(&id, Wish::Retry(now)).await,
            QueueOrder::Hold { id } => self.wish(&id, Wish::Hold).await,
            QueueOrder::Drop { id } => self.wish(&id, Wish::Drop).await,
            QueueOrder::Flush { domain } => {
                let seen = |count| progress(care::Step::Flushed { recipients: count });
                let recipients = self.queue.flush(domain.as_ref(), now, seen).await?;
                Ok(Response::Flushed { recipients })
            }
            QueueOrder::Destinations => {
                let standings = self.queue.standings(DESTINATIONS_LISTED).await?;
                let shown = standings
                    .into_iter()
                    .map(|(domain, standing)| DestinationShown {
                        domain,
                        failures: standing.failures,
                        until: standing.until.to_string(),
                        trouble: standing.trouble.text,
                    });
                Ok(Response::Destinations(shown.collect()))
            }
        }
    }

    async fn wish(&self, id: &str, wish: Wish) -> Result<Response, Refused> {
        match self.queue.wish(number(id)?, wish).await? {
            true => Ok(Response::Done),
            false => Err(gone(id)),
        }
    }
}

fn number(id: &str) -> Result<QueueId, Refused> {
    id.parse().map_err(refused)
}

fn gone(id: &str) -> Refused {
    refused(format_args!(
        "{id} does not wait any more; facteur queue list shows what does"
    ))
}

fn entry_shown(entry: &Entry) -> EntryShown {
    let recipients = entry.recipients.iter().map(|recipient| RecipientShown {
        address: recipient.address.clone(),
        account: match recipient.to {
            Destination::Local(account) => Some(account.0),
            Destination::Remote => None,
        },
        sent_on_by: recipient.sent_on_by.clone(),
        attempts: recipient.attempts,
        due: recipient.due.to_string(),
        trouble: recipient.trouble.as_ref().map(|one| one.text.clone()),
        host: recipient.trouble.as_ref().and_then(|one| one.host.clone()),
        status: recipient.trouble.as_ref().map(|one| one.status.to_string()),
    });
    EntryShown {
        id: entry.id.to_string(),
        from: match &entry.from {
            ReversePath::Null => String::new(),
            ReversePath::Address(address) => address.to_string(),
        },
        size: entry.size(),
        received: entry.received.to_string(),
        submitted_by: entry.submitted_by.map(|account| account.0),
        held: entry.held,
        recipients: recipients.collect(),
    }
}
