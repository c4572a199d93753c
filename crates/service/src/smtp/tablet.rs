//! The old tablet, whose e-mail app keeps a message for ever of which a recipient was refused:
//! whoever has one gets a report in place of the refusal.
//!
//! What no program but this app says before a message comes is seen by `smtp`
//! ([`Sender::old_tablet`]); the Message-ID that it makes comes too late to decide by. So a
//! message with both is noted with the account, and from then on what looks like the app in a
//! session of that account is taken for it.
//!
//! [`Sender::old_tablet`]: smtp::Sender::old_tablet

use address::{Address, ReversePath};
use directory::Account;
use events::Refusal;
use queue::{Destination, Recipient};

use super::Answers;
use super::envelope::Envelope;

/// Behind the @ of each Message-ID that the app makes.
const MESSAGE_IDS: &[u8] = b"@email.android.com>";

impl Answers {
    /// A recipient that nobody is, who is waited for all the same if the refusal would be kept
    /// from whoever sends: `delivery` gives it back. Else the account is said to have asked for
    /// it.
    ///
    /// # Errors
    /// The refusal.
    pub(super) async fn unknown(
        &self,
        address: &Address,
        refusal: Refusal,
    ) -> Result<Recipient, Refusal> {
        let (Refusal::UnknownRecipient { .. }, Some(account)) = (&refusal, self.submitter()?)
        else {
            return Err(refusal);
        };
        let now = self.now();
        if self.is_from_tablet(account).await {
            // As if it were elsewhere; it counts as unknown when it is given back.
            return Ok(Recipient::new(address.clone(), Destination::Remote, now));
        }
        let (network, sending) = (self.visitor.line().network(), &self.service.sending);
        sending
            .unknown_here(account.id, network, address, now)
            .await;
        Err(refusal)
    }

    /// Whether this account has such a device, and this envelope comes from it.
    async fn is_from_tablet(&self, account: &Account) -> bool {
        let looks_so = self.envelope.as_ref().is_some_and(looks_so);
        looks_so && self.has_tablet(account).await == Some(true)
    }

    /// Notes which device an accepted message came from, the first time. The message is accepted,
    /// whatever comes of this: the next one is another chance.
    pub(super) async fn note_tablet(&self, envelope: &Envelope, message_id: Option<&[u8]>) {
        let Ok(Some(account)) = self.submitter() else {
            return;
        };
        let is_one = looks_so(envelope) && message_id.is_some_and(is_of_app);
        if !is_one || self.has_tablet(account).await != Some(false) {
            return;
        }
        if let Err(error) = self.service.directory.note_old_tablet(account.id).await {
            tracing::warn!(account = %account.id, %error, "a device of an account could not be noted");
        }
    }

    /// Whether an account is known to have such a device; none if that can't be found out.
    async fn has_tablet(&self, account: &Account) -> Option<bool> {
        let sending = self.service.directory.sending(account.id).await;
        sending
            .inspect_err(|error| {
                tracing::warn!(account = %account.id, %error, "which devices an account has is not known");
            })
            .ok()
            .map(|sending| sending.old_tablet)
    }
}

/// Whether an envelope looks like one of the app, and has somebody to get the report.
fn looks_so(envelope: &Envelope) -> bool {
    envelope.sender.old_tablet && envelope.sender.path != ReversePath::Null
}

/// Whether the app made this Message-ID.
fn is_of_app(message_id: &[u8]) -> bool {
    message_id.trim_ascii().ends_with(MESSAGE_IDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_message_ids_are_known() {
        assert!(is_of_app(b"<a1b2.1353661872000@email.android.com>"));
        assert!(is_of_app(b" <1.1@email.android.com> "));
        for other in [
            &b""[..],
            b"<1.1@email.android.com.example>",
            b"<email.android.com>",
            b"<1@x.email.android.com>",
            b"1.1@email.android.com",
        ] {
            assert!(!is_of_app(other), "{}", other.escape_ascii());
        }
    }
}
