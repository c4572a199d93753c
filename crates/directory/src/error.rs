//! Why something asked of the directory was not done.

use address::{AccountId, Address, Domain};

/// A refusal or a failure. Each message is fit to be shown and says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The domain is not served here.
    #[error("{domain} is not served here; add it first: facteur domain add {domain}")]
    NoSuchDomain {
        /// The domain asked for.
        domain: Domain,
    },
    /// The domain is there already.
    #[error("{domain} is served here already; there is nothing to do")]
    DomainExists {
        /// The domain asked for.
        domain: Domain,
    },
    /// The domain can't go while it has addresses.
    #[error(
        "{domain} still has {count} address(es); remove its accounts and aliases first \
         (facteur account list, facteur alias list)"
    )]
    DomainInUse {
        /// The domain asked for.
        domain: Domain,
        /// Accounts and aliases in it.
        count: u64,
    },
    /// A domain has the keys that are to be used next.
    #[error(
        "{domain} has keys that wait to be used already; publish their records \
         (facteur domain dns {domain}), then facteur domain keys rotate {domain}"
    )]
    KeysPrepared {
        /// The domain asked for.
        domain: Domain,
    },
    /// A domain has no keys that could be used next.
    #[error(
        "{domain} has no keys that wait to be used; make some first: \
         facteur domain keys prepare {domain}"
    )]
    NoKeysPrepared {
        /// The domain asked for.
        domain: Domain,
    },
    /// A domain has more keys than anybody needs.
    #[error(
        "a domain has at most {limit} keys; forget the retired ones first, once they are old enough"
    )]
    TooManyKeys {
        /// The limit.
        limit: usize,
    },
    /// The cryptography gave no key, or no signature.
    #[error("the cryptography gave no key; try again")]
    NoKey,
    /// The address is in use; accounts and aliases share one name space.
    #[error("{address} is {holder} already; choose another address, or remove that one first")]
    AddressTaken {
        /// The address asked for.
        address: Address,
        /// What has it.
        holder: Holder,
    },
    /// The address can't be stored.
    #[error("an address here has at most {limit} octets; choose a shorter one")]
    AddressTooLong {
        /// The limit in octets.
        limit: usize,
    },
    /// A domain that is another name of one has no addresses of its own.
    #[error("{domain} is another name of {of}; add the address there, and it is in both")]
    DomainIsAlias {
        /// The domain asked for.
        domain: Domain,
        /// The one whose name it is.
        of: Domain,
    },
    /// A domain has other names, which would be names of nothing.
    #[error(
        "{alias} is another name of {domain}; remove that first: facteur domain remove {alias}"
    )]
    DomainHasAlias {
        /// The domain asked for.
        domain: Domain,
        /// One of its names.
        alias: Domain,
    },
    /// The name that stands for all others is no account's.
    #[error(
        "{address} stands for all addresses that are not there; let it lead to an account: facteur alias add '{address}' ADDRESS"
    )]
    CatchAllAccount {
        /// The address asked for.
        address: Address,
    },
    /// An account's mail would go round.
    #[error("{address} can't go on to itself; with --keep-copy the account gets its mail too")]
    RedirectedToItself {
        /// The account.
        address: Address,
    },
    /// No account has this address.
    #[error("{address} is no account; facteur account list shows those that there are")]
    NoSuchAccount {
        /// The address asked for.
        address: Address,
    },
    /// No account has this number; it was removed a moment ago.
    #[error("account {id} is gone; facteur account list shows those that there are")]
    AccountGone {
        /// The number asked for.
        id: AccountId,
    },
    /// No alias has this address.
    #[error("{address} is no alias; facteur alias list shows those that there are")]
    NoSuchAlias {
        /// The address asked for.
        address: Address,
    },
    /// An alias must lead somewhere.
    #[error("an alias needs an address that it leads to")]
    NoTarget,
    /// An alias leads to too many addresses.
    #[error("an alias leads to at most {limit} addresses; let it lead to several other aliases")]
    TooManyTargets {
        /// The limit.
        limit: usize,
    },
    /// An alias that leads to itself.
    #[error("{address} can't lead to itself; name the account or other address that gets the mail")]
    AliasToItself {
        /// The alias.
        address: Address,
    },
    /// A person's name that can't be kept.
    #[error("a name is one line of at most {limit} octets; choose a shorter one")]
    BadName {
        /// The limit in octets.
        limit: usize,
    },
    /// The password is too easy to try out.
    #[error("the password is too short; take at least {minimum} characters")]
    PasswordTooShort {
        /// The fewest characters.
        minimum: usize,
    },
    /// The password is longer than is ever read.
    #[error("the password is too long; take at most {limit} octets")]
    PasswordTooLong {
        /// The limit in octets.
        limit: usize,
    },
    /// The password has a character that is no text: a device might not send it.
    #[error("the password has a control character, which devices can't type; leave it out")]
    PasswordControl,
    /// Too many passwords wait to be evaluated.
    #[error("the service is too busy to take a password now; try again in a minute")]
    Busy,
    /// Others changed the same records again and again meanwhile.
    #[error("somebody else is changing the same thing; try again")]
    Contended,
    /// The process is stopping; the change may or may not have been made.
    #[error("the service is stopping; look whether the change was made once it runs again")]
    Interrupted,
    /// A record can't be read: damaged, or written by a newer Facteur.
    #[error(
        "a record of the directory can't be read ({record}); if Facteur was replaced by an older version, start the newer one"
    )]
    Unreadable {
        /// Which kind of record.
        record: &'static str,
    },
    /// The store failed.
    #[error("the directory can't be reached: {0}")]
    Store(#[from] kv::KvError),
}

/// What an address is taken by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An account.
    Account,
    /// An alias.
    Alias,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Account => "an account",
            Self::Alias => "an alias",
        })
    }
}
