//! One connection, as it is told of when something happens on it.

use std::net::{IpAddr, SocketAddr};

use address::{AccountId, Address, ReversePath};
use directory::{Directory, Found};
use events::SignInFailure;
use jiff::Timestamp;
use journal::{Journal, Protocol, Refused, Seen, SignIn, Times, Unsigned, network_of};

/// Who is at the other end of a connection, and where it comes in.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// What is spoken.
    pub protocol: Protocol,
    /// The other end.
    pub peer: SocketAddr,
    /// The port here.
    pub port: u16,
    /// Its number in the log.
    pub session: u64,
}

impl Line {
    /// The network at the other end.
    pub(crate) fn network(&self) -> IpAddr {
        network_of(self.peer.ip())
    }

    fn sign_in(&self, encrypted: bool, refused: Option<Refused>) -> SignIn {
        SignIn {
            protocol: self.protocol,
            encrypted,
            network: Some(self.network()),
            refused,
        }
    }

    /// Notes that somebody signed in.
    pub(crate) fn note(&self, journal: &Journal, account: AccountId, on: bool, now: Timestamp) {
        journal.sign_in(account, self.sign_in(on, None), now);
        if self.protocol != Protocol::Smtp {
            let seen = Seen {
                account,
                protocol: self.protocol,
                at: now.as_second(),
            };
            journal.seen(self.network(), seen, now);
        }
    }

    /// Notes that somebody was refused, if there is such an account. It is found out beside the
    /// answer, which must tell nobody who exists by the time it takes.
    pub(crate) fn note_refused(
        &self,
        (directory, journal): (&Directory, &Journal),
        (name, encrypted): (&str, bool),
        why: SignInFailure,
        now: Timestamp,
    ) {
        let why = match why {
            SignInFailure::UnknownUser | SignInFailure::BareLocalPart => return,
            SignInFailure::WrongPassword => Refused::WrongPassword,
            SignInFailure::Unencrypted => Refused::Unencrypted,
            SignInFailure::Busy | SignInFailure::Broken => Refused::NotNow,
        };
        let Ok(address) = name.parse::<Address>() else {
            return;
        };
        let (directory, journal) = (directory.clone(), journal.clone());
        let refused = self.sign_in(encrypted, Some(why));
        tokio::spawn(async move {
            if let Some(account) = owner(&directory, &address).await {
                journal.sign_in(account, refused, now);
            }
        });
    }

    /// Notes that somebody tried to send without signing in, for the network and for those
    /// whose device it may be: who just read mail there, and whose address they send as.
    pub(crate) async fn note_unsigned(
        &self,
        (directory, journal): (&Directory, &Journal),
        (hello, sender): (String, &ReversePath),
        encrypted: bool,
        now: Timestamp,
    ) {
        let seen = journal.seen_lately(self.network(), now).await;
        let seen = seen.unwrap_or_else(|error| {
            tracing::warn!(%error, "who was at a network is not known");
            None
        });
        let named = match sender {
            ReversePath::Address(address) => owner(directory, address).await,
            ReversePath::Null => None,
        };
        let unsigned = Unsigned {
            times: Times::once(now),
            peer: Some(self.peer),
            session: self.session,
            port: self.port,
            encrypted,
            hello,
            sender: match sender {
                ReversePath::Address(address) => address.to_string(),
                ReversePath::Null => String::new(),
            },
            seen,
        };
        let mut about: Vec<AccountId> = named.into_iter().collect();
        about.extend(seen.map(|seen| seen.account));
        about.dedup();
        journal.unsigned(&about, &unsigned, now);
    }
}

/// The account that has an address as its own.
async fn owner(directory: &Directory, address: &Address) -> Option<AccountId> {
    match directory.lookup(address).await {
        Ok(Found::Account(account)) => Some(account.id),
        Ok(_) => None,
        Err(error) => {
            tracing::warn!(%error, "whose an address is could not be looked up");
            None
        }
    }
}
