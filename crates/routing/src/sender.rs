//! Who may send as whom.

use directory::{Account, Found};

/// Whether an account may send under an address, given what the directory found for
/// it: under its own, under aliases that lead to it directly, and under whatever is nobody's
/// where that comes to it. An alias behind an alias is a list that somebody else keeps, whose
/// members do not speak for it; nor does whoever another account's mail goes on to.
pub fn may_send_as(account: &Account, found: &Found) -> bool {
    match found {
        Found::Account(owner) | Found::Redirected { account: owner, .. } => owner.id == account.id,
        Found::Alias(targets) | Found::CatchAll(targets) => targets
            .iter()
            .any(|target| target.folded() == account.address),
        Found::SentOn(_) | Found::NoSuchUser | Found::NotHosted => false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use address::AccountId;
    use jiff::Timestamp;
    use words::Language;

    use super::*;

    pub(crate) fn account(id: u64, address: &str) -> Account {
        Account {
            id: AccountId(id),
            address: address.parse().unwrap(),
            name: None,
            quota: None,
            old_devices: false,
            language: Language::French,
            created: Timestamp::UNIX_EPOCH,
            password_changed: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn ones_own_address_and_direct_aliases() {
        let (jean, lea) = (account(1, "jean@x.fr"), account(2, "lea@x.fr"));
        let alias = Found::Alias(vec![
            "a@y.fr".parse().unwrap(),
            "Jean@x.fr".parse().unwrap(),
        ]);
        assert!(may_send_as(&jean, &Found::Account(jean.clone())));
        assert!(may_send_as(&jean, &alias));
        assert!(!may_send_as(&lea, &alias));
        let caught = Found::CatchAll(vec!["jean@x.fr".parse().unwrap()]);
        assert!(may_send_as(&jean, &caught) && !may_send_as(&lea, &caught));
        let on = Found::Redirected {
            account: jean.clone(),
            keeps: false,
            targets: vec!["lea@x.fr".parse().unwrap()],
        };
        assert!(may_send_as(&jean, &on) && !may_send_as(&lea, &on));
        let sent_on = Found::SentOn("jean@x.fr".parse().unwrap());
        assert!(!may_send_as(&jean, &sent_on));
        assert!(!may_send_as(&lea, &Found::Account(jean)));
        assert!(!may_send_as(&lea, &Found::NoSuchUser));
        assert!(!may_send_as(&lea, &Found::NotHosted));
    }
}
