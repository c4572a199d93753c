//! Each refusal by policy as a reply. The sentence is `words`'.

use events::Refusal;
use words::Language;

use crate::reply::{Code, Reply, coded, err};

/// The reply that a refusal is in this protocol.
pub(crate) fn reply(refusal: &Refusal) -> Reply {
    let text = words::refusal(refusal, Language::English);
    match code(refusal) {
        Some(code) => coded(code, text),
        None => err(text),
    }
}

fn code(refusal: &Refusal) -> Option<Code> {
    match refusal {
        Refusal::Credentials | Refusal::EncryptionRequired | Refusal::SignInRequired => {
            Some(Code::Auth)
        }
        Refusal::SignInBusy | Refusal::DiskFull | Refusal::Temporary => Some(Code::SysTemp),
        Refusal::NoSuchMailbox => Some(Code::SysPerm),
        // These are about sending mail or changing folders, which POP3 can't do; they
        // stand here so that a new refusal is given its code.
        Refusal::SenderNotYours { .. }
        | Refusal::HeaderNotYours { .. }
        | Refusal::NoFrom
        | Refusal::UnknownRecipient { .. }
        | Refusal::NotHosted { .. }
        | Refusal::OverQuota { .. }
        | Refusal::TooLarge { .. }
        | Refusal::BareLineEnd
        | Refusal::HeaderTooLong { .. }
        | Refusal::Forged { .. }
        | Refusal::TooFast(_)
        | Refusal::Listed { .. }
        | Refusal::Loop
        | Refusal::MailboxExists
        | Refusal::MailboxForbidden
        | Refusal::TooMany(_) => None,
    }
}
