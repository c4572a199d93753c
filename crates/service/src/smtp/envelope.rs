//! The envelope: from whom, and to whom.

use address::{AccountId, Address, ReversePath};
use events::Refusal;
use queue::{Destination, RECIPIENTS, RECIPIENTS_OCTETS, Recipient};
use smtp::Sender;

/// One message's envelope.
pub(super) struct Envelope {
    pub(super) sender: Sender,
    /// The recipient that was named, while there is only one.
    only: Option<Address>,
    named: usize,
    recipients: Vec<Recipient>,
    /// Octets that they are written down with.
    octets: usize,
}

impl Envelope {
    pub(super) fn new(sender: Sender) -> Envelope {
        Envelope {
            sender,
            only: None,
            named: 0,
            recipients: Vec::new(),
            octets: 0,
        }
    }

    /// Adds a recipient that was named, with all places that its mail goes to. A place
    /// that another recipient leads to already gets the message once.
    ///
    /// # Errors
    /// [`Refusal::Temporary`] past [`RECIPIENTS`] places, or [`RECIPIENTS_OCTETS`]: nothing is added. The sender
    /// then brings the rest in another message (RFC 5321 section 4.5.3.1.10).
    pub(super) fn add(&mut self, named: &Address, places: Vec<Recipient>) -> Result<(), Refusal> {
        let new: Vec<Recipient> = places
            .into_iter()
            .filter(|place| !self.recipients.iter().any(|known| same(known, place)))
            .collect();
        let octets = self.octets + new.iter().map(Recipient::octets).sum::<usize>();
        if self.recipients.len() + new.len() > RECIPIENTS || octets > RECIPIENTS_OCTETS {
            return Err(Refusal::Temporary);
        }
        self.octets = octets;
        self.recipients.extend(new);
        self.named += 1;
        self.only = (self.named == 1).then(|| named.clone());
        Ok(())
    }

    /// Takes out those to whom the message would be sent on by an address that has sent it on
    /// before: it has come back.
    pub(super) fn break_loops(&mut self, delivered_to: &[Vec<u8>]) {
        let before = |by: &Address| {
            let by = by.folded().to_string();
            delivered_to
                .iter()
                .any(|to| by == String::from_utf8_lossy(to).to_lowercase())
        };
        self.recipients
            .retain(|one| !one.sent_on_by.as_ref().is_some_and(before));
    }

    /// Where the message goes.
    pub(super) fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// The recipient that was named, where there is only one.
    pub(super) fn only(&self) -> Option<&Address> {
        self.only.as_ref()
    }

    /// The account here that gets the message, if nobody else does, and nobody is to be told
    /// that it did.
    pub(super) fn only_account(&self) -> Option<AccountId> {
        let told = self.sender.path != ReversePath::Null;
        match self.recipients.as_slice() {
            [one] if told && one.notify().success => None,
            [one] => match one.to {
                Destination::Local(account) => Some(account),
                Destination::Remote => None,
            },
            _ => None,
        }
    }

    /// How many accounts here get the message.
    pub(super) fn local(&self) -> usize {
        let local = |one: &&Recipient| matches!(one.to, Destination::Local(_));
        self.recipients.iter().filter(local).count()
    }

    /// Whether an address elsewhere is one that only SMTPUTF8 can carry.
    pub(super) fn needs_smtputf8(&self) -> bool {
        let needs = |one: &Recipient| one.to == Destination::Remote && one.address.needs_smtputf8();
        self.recipients.iter().any(needs)
    }

    /// How many addresses elsewhere get it.
    pub(super) fn remote(&self) -> usize {
        self.recipients.len() - self.local()
    }
}

fn same(one: &Recipient, other: &Recipient) -> bool {
    match (one.to, other.to) {
        (Destination::Remote, Destination::Remote) => one.address == other.address,
        (one, other) => one == other,
    }
}
