//! What all protocols have in common about signing in: who is signed in on a connection,
//! what is told of a failure, and of the end of a right.

use std::net::IpAddr;

use address::Password;
use directory::{Account, Attempt, Directory, Grant};
use events::{Refusal, SignInFailure};
use jiff::Timestamp;
use journal::Journal;
use session::RightEnd;

use crate::line::Line;

/// Whoever is at the other end of a connection, signed in or not.
pub(crate) struct Visitor {
    line: Line,
    grant: Option<Grant>,
}

impl Visitor {
    /// Nobody yet, on this connection.
    pub(crate) fn new(line: Line) -> Visitor {
        Visitor { line, grant: None }
    }

    /// Where they connect from.
    pub(crate) fn peer(&self) -> IpAddr {
        self.line.peer.ip()
    }

    /// The connection.
    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// Signs in, or says what the peer is told and what is true.
    pub(crate) async fn sign_in(
        &mut self,
        (directory, journal): (&Directory, &Journal),
        (name, password): (&str, &Password),
        encrypted: bool,
        now: Timestamp,
    ) -> Result<&Account, (Refusal, SignInFailure)> {
        let attempt = Attempt {
            name,
            password,
            encrypted,
            network: self.peer(),
            now,
        };
        let granted = directory.sign_in(attempt).await;
        let grant = granted.map_err(|reason| {
            let rooms = (directory, journal);
            self.line
                .note_refused(rooms, (name, encrypted), reason, now);
            (not_let_in(reason), reason)
        })?;
        let account = grant.account.id;
        self.line.note(journal, account, encrypted, now);
        Ok(&self.grant.insert(grant).account)
    }

    /// The account that is signed in, as it was then.
    pub(crate) fn account(&self) -> Result<&Account, Refusal> {
        let grant = self.grant.as_ref().ok_or(Refusal::SignInRequired)?;
        Ok(&grant.account)
    }

    /// Resolves when the right of whoever is signed in has ended; never, where nobody is.
    pub(crate) fn right(&self) -> impl Future<Output = RightEnd> + Send + 'static + use<> {
        let end = self.grant.as_ref().map(|grant| grant.ended.end());
        async move {
            match end {
                Some(end) => right_end(end.await),
                None => std::future::pending().await,
            }
        }
    }

    /// The same, for whoever waits with the connection in hand.
    pub(crate) async fn ended(&mut self) -> RightEnd {
        match &mut self.grant {
            Some(grant) => right_end(grant.ended.ended().await),
            None => std::future::pending().await,
        }
    }
}

/// The directory's words for the session's.
fn right_end(why: directory::RightEnd) -> RightEnd {
    match why {
        directory::RightEnd::PasswordChanged => RightEnd::PasswordChanged,
        directory::RightEnd::AccountRemoved => RightEnd::AccountRemoved,
        directory::RightEnd::OldDevicesOff => RightEnd::OldDevicesOff,
    }
}

/// What the peer is told of a failed sign-in: nothing that tells who exists.
fn not_let_in(failure: SignInFailure) -> Refusal {
    match failure {
        SignInFailure::UnknownUser
        | SignInFailure::BareLocalPart
        | SignInFailure::WrongPassword => Refusal::Credentials,
        SignInFailure::Unencrypted => Refusal::EncryptionRequired,
        SignInFailure::Busy => Refusal::SignInBusy,
        SignInFailure::Broken => Refusal::Temporary,
    }
}
