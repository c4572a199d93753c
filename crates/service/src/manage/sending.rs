//! What an operator may ask about what an account sends.

use address::Address;
use directory::SendingChange;
use journal::Lifted;
use serde::{Deserialize, Serialize};

use super::{Manager, Refused, Response, refused};
use crate::sending::note_lifted;

/// One thing asked about what an account sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SendingOrder {
    /// Let it send again.
    Unlock {
        /// Its address.
        address: Address,
    },
    /// Change how much it may send. What is `None` stays as it is.
    Limits {
        /// Its address.
        address: Address,
        /// Messages in an hour.
        messages_per_hour: Option<LimitSet>,
        /// Recipients in a day.
        recipients_per_day: Option<LimitSet>,
    },
}

/// How much an account may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitSet {
    /// As much as all.
    Default,
    /// So much.
    Of(u32),
}

/// Whether an account may send, and how much.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingShown {
    /// Since when it is kept from sending, RFC 3339.
    pub locked: Option<String>,
    /// Why.
    pub why: Option<String>,
    /// Messages in an hour, where that is not as for all.
    pub messages_per_hour: Option<u32>,
    /// Recipients in a day, where that is not as for all.
    pub recipients_per_day: Option<u32>,
    /// It has sent from an old tablet, which gets reports in place of refusals.
    #[serde(default)]
    pub old_tablet: bool,
}

impl LimitSet {
    fn own(self) -> Option<u32> {
        match self {
            Self::Default => None,
            Self::Of(limit) => Some(limit),
        }
    }
}

impl Manager {
    pub(super) async fn sending_order(&self, order: SendingOrder) -> Result<Response, Refused> {
        match order {
            SendingOrder::Unlock { address } => {
                let id = self.directory.account_at(&address).await?.id;
                if !self.directory.unlock_sending(id).await? {
                    return Err(refused(format_args!("{address} is not kept from sending")));
                }
                note_lifted(&self.journal, id, Lifted::Operator, (self.clock)()).await?;
                Ok(Response::Done)
            }
            SendingOrder::Limits {
                address,
                messages_per_hour,
                recipients_per_day,
            } => {
                let id = self.directory.account_at(&address).await?.id;
                let change = SendingChange {
                    messages_per_hour: messages_per_hour.map(LimitSet::own),
                    recipients_per_day: recipients_per_day.map(LimitSet::own),
                };
                self.directory.set_sending(id, change).await?;
                self.account(&address).await
            }
        }
    }

    pub(super) async fn sending_shown(
        &self,
        id: address::AccountId,
    ) -> Result<SendingShown, Refused> {
        let sending = self.directory.sending(id).await?;
        let lock = sending.lock.as_ref();
        Ok(SendingShown {
            locked: lock.map(|lock| lock.since.to_string()),
            why: lock.map(|lock| lock.why.clone()),
            messages_per_hour: sending.messages_per_hour,
            recipients_per_day: sending.recipients_per_day,
            old_tablet: sending.old_tablet,
        })
    }
}
