//! What IMAP says to each refusal. RFC 9051 section 7.1, RFC 5530.

use events::Refusal;
use words::Language;

use crate::codec::write::{Code, Reply};

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To sign in.
    SignIn,
    /// To put messages into a mailbox: APPEND, COPY, MOVE.
    File,
    /// Anything else.
    Other,
}

/// The answer to a refused request. The words are English, as RFC 5255 section 3.1 wants
/// them where no language was agreed.
pub(super) fn reply(refusal: &Refusal, asked: Asked, shows_alerts_only: bool) -> Reply {
    let code = match (asked, code(refusal)) {
        (Asked::SignIn, _) if shows_alerts_only => Code::Alert,
        // RFC 9051 section 6.3.12: the client may create it and try again.
        (Asked::File, Code::NonExistent) => Code::TryCreate,
        (_, code) => code,
    };
    Reply::no(words::refusal(refusal, Language::English)).with(code)
}

fn code(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::Credentials => Code::AuthenticationFailed,
        Refusal::EncryptionRequired => Code::PrivacyRequired,
        Refusal::SignInRequired => Code::AuthorizationFailed,
        Refusal::SignInBusy | Refusal::Temporary | Refusal::DiskFull => Code::Unavailable,
        Refusal::OverQuota { .. } => Code::OverQuota,
        Refusal::TooLarge { .. } => Code::TooBig,
        Refusal::NoSuchMailbox => Code::NonExistent,
        Refusal::MailboxExists => Code::AlreadyExists,
        Refusal::TooMany(_) => Code::Limit,
        // All but the first are said to a message on its way, which IMAP has none of; were one
        // to come, asking again would not help.
        Refusal::MailboxForbidden
        | Refusal::SenderNotYours { .. }
        | Refusal::HeaderNotYours { .. }
        | Refusal::NoFrom
        | Refusal::UnknownRecipient { .. }
        | Refusal::NotHosted { .. }
        | Refusal::BareLineEnd
        | Refusal::HeaderTooLong { .. }
        | Refusal::Forged { .. }
        | Refusal::TooFast(_)
        | Refusal::Listed { .. }
        | Refusal::Loop => Code::Cannot,
    }
}
