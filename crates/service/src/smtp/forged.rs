//! Whether a submission names a sender that is not the account's. RFC 6409 section 6.1
//! has the server check what a user writes there, and other servers trust that it does.

use std::collections::HashSet;

use address::Address;
use directory::{Account, Directory, Found};
use events::{HeaderField, Refusal};
use message::{Sender, SenderField, Senders};

use crate::trouble;

/// Different addresses in `From` and `Sender` that are looked up; nobody's message has
/// more. RFC 5322 has no bound.
const ADDRESSES: usize = 100;

/// Refuses a message whose sender fields are not all this account's to use.
///
/// An address within a display name is refused only where its domain is served here:
/// many programs write a person's other address there, and it is nobody's here.
pub(super) async fn check(
    directory: &Directory,
    account: &Account,
    senders: &Senders,
) -> Result<(), Refusal> {
    if senders.from_fields == 0 {
        return Err(Refusal::NoFrom);
    }
    for (field, count) in [
        (SenderField::From, senders.from_fields),
        (SenderField::Sender, senders.sender_fields),
    ] {
        // Of two, programs differ in which they show.
        if count > 1
            && let Some(last) = senders.found.iter().rfind(|sender| sender.field == field)
        {
            return Err(not_yours(last));
        }
    }
    let mut allowed: HashSet<(&Address, bool)> = HashSet::new();
    for sender in &senders.found {
        let Ok(address) = &sender.who else {
            return Err(not_yours(sender));
        };
        if allowed.contains(&(address, sender.in_name)) {
            continue;
        }
        if allowed.len() == ADDRESSES || !may_name(directory, account, address, sender).await? {
            return Err(not_yours(sender));
        }
        allowed.insert((address, sender.in_name));
    }
    Ok(())
}

async fn may_name(
    directory: &Directory,
    account: &Account,
    address: &Address,
    sender: &Sender,
) -> Result<bool, Refusal> {
    let found = directory.lookup(address).await;
    let found = found.map_err(trouble::of_directory)?;
    let elsewhere = sender.in_name && found == Found::NotHosted;
    Ok(elsewhere || routing::may_send_as(account, &found))
}

fn not_yours(sender: &Sender) -> Refusal {
    Refusal::HeaderNotYours {
        field: match sender.field {
            SenderField::From => HeaderField::From,
            SenderField::Sender => HeaderField::Sender,
        },
        address: match &sender.who {
            Ok(address) => address.to_string(),
            Err(text) => text.clone(),
        },
    }
}
