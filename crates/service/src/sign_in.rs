//! What all protocols have in common about signing in: what is told of a failure, and
//! of the end of a right.

use directory::RightWatch;
use events::{Refusal, SignInFailure};
use session::RightEnd;

/// The directory's words for the session's.
pub(crate) fn right_end(why: directory::RightEnd) -> RightEnd {
    match why {
        directory::RightEnd::PasswordChanged => RightEnd::PasswordChanged,
        directory::RightEnd::AccountRemoved => RightEnd::AccountRemoved,
        directory::RightEnd::OldDevicesOff => RightEnd::OldDevicesOff,
    }
}

/// Resolves when the right of whoever is signed in has ended; never, where nobody is.
pub(crate) fn ended(
    right: Option<&RightWatch>,
) -> impl Future<Output = RightEnd> + Send + 'static + use<> {
    let end = right.map(RightWatch::end);
    async move {
        match end {
            Some(end) => right_end(end.await),
            None => std::future::pending().await,
        }
    }
}

/// What the peer is told of a failed sign-in: nothing that tells who exists.
pub(crate) fn not_let_in(failure: SignInFailure) -> Refusal {
    match failure {
        SignInFailure::UnknownUser
        | SignInFailure::BareLocalPart
        | SignInFailure::WrongPassword => Refusal::Credentials,
        SignInFailure::Unencrypted => Refusal::EncryptionRequired,
        SignInFailure::Busy => Refusal::SignInBusy,
        SignInFailure::Broken => Refusal::Temporary,
    }
}
