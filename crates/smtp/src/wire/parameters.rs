//! What follows the address in MAIL and RCPT. RFC 5321 section 4.1.2
//! (`Mail-parameters`).

use std::str::FromStr;

use crate::by::DeliverBy;
use crate::dsn::{EnvelopeId, Return, Wishes};
use crate::hold::{self, Hold};
use crate::say::Fault;
use crate::session::Role;

/// RFC 8689 section 2: by TLS alone. It is offered, and may be said, under TLS only.
pub(crate) const REQUIRETLS: &str = "REQUIRETLS";

/// The parameters of a MAIL command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) size: Option<u64>,
    pub(super) smtputf8: bool,
    pub(super) eight_bit: bool,
    pub(super) require_tls: bool,
    pub(super) ret: Option<Return>,
    pub(super) envelope_id: Option<EnvelopeId>,
    pub(super) hold: Option<Hold>,
    pub(super) by: Option<DeliverBy>,
}

/// Reads those of MAIL. One that is not offered is refused (555), since ignoring it
/// would promise what it asks for.
pub(super) fn of_mail(text: &str, role: Role) -> Result<Given, Fault> {
    let mut given = Given::default();
    for (name, value) in words(text)? {
        match name.as_str() {
            "SIZE" => given.size = Some(value.and_then(size).ok_or(wrong("SIZE"))?),
            "BODY" => given.eight_bit = value.and_then(eight_bit).ok_or(wrong("BODY"))?,
            "SMTPUTF8" if value.is_none() => given.smtputf8 = true,
            "SMTPUTF8" => return Err(wrong("SMTPUTF8")),
            REQUIRETLS if value.is_none() => given.require_tls = true,
            REQUIRETLS => return Err(wrong(REQUIRETLS)),
            // Who first sent the message, as another server of the user's believes. We
            // believe who signed in (RFC 4954 section 5).
            "AUTH" if role == Role::Submission && value.is_some() => {}
            "RET" => given.ret = Some(parsed(value).ok_or(wrong("RET"))?),
            "ENVID" => given.envelope_id = Some(parsed(value).ok_or(wrong("ENVID"))?),
            "BY" if role == Role::Submission => {
                given.by = Some(parsed(value).ok_or(wrong("BY"))?);
            }
            // RFC 4865 section 4: one of both.
            "HOLDFOR" if role == Role::Submission && given.hold.is_none() => {
                given.hold = Some(value.and_then(hold::seconds).ok_or(wrong("HOLDFOR"))?);
            }
            "HOLDUNTIL" if role == Role::Submission && given.hold.is_none() => {
                given.hold = Some(value.and_then(hold::date).ok_or(wrong("HOLDUNTIL"))?);
            }
            "HOLDFOR" if role == Role::Submission => return Err(wrong("HOLDFOR")),
            "HOLDUNTIL" if role == Role::Submission => return Err(wrong("HOLDUNTIL")),
            _ => return Err(Fault::UnknownParameter { name }),
        }
    }
    Ok(given)
}

/// Reads those of RCPT, which are all of RFC 3461.
pub(super) fn of_rcpt(text: &str) -> Result<Wishes, Fault> {
    let mut wishes = Wishes::default();
    for (name, value) in words(text)? {
        match name.as_str() {
            "NOTIFY" => wishes.notify = Some(parsed(value).ok_or(wrong("NOTIFY"))?),
            "ORCPT" => wishes.original = Some(parsed(value).ok_or(wrong("ORCPT"))?),
            _ => return Err(Fault::UnknownParameter { name }),
        }
    }
    Ok(wishes)
}

/// The names of parameters, in capitals, and their values.
fn words(text: &str) -> Result<Vec<(String, Option<&str>)>, Fault> {
    let mut words: Vec<(String, Option<&str>)> = Vec::new();
    for word in text.split_ascii_whitespace() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_ascii_uppercase(), Some(value)),
            None => (word.to_ascii_uppercase(), None),
        };
        if words.iter().any(|(known, _)| *known == name) {
            return Err(Fault::Usage {
                form: "each parameter once",
            });
        }
        words.push((name, value));
    }
    Ok(words)
}

fn parsed<T: FromStr>(value: Option<&str>) -> Option<T> {
    value?.parse().ok()
}

fn wrong(name: &'static str) -> Fault {
    Fault::Parameter { name }
}

/// RFC 1870 section 4: up to 20 digits. What is too great for the type is too great for
/// us as well.
fn size(value: &str) -> Option<u64> {
    let digits = (1..=20).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(u64::MAX))
}

/// RFC 6152 section 3. `BINARYMIME` (RFC 3030) is not offered.
fn eight_bit(value: &str) -> Option<bool> {
    match value.to_ascii_uppercase().as_str() {
        "7BIT" => Some(false),
        "8BITMIME" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(text: &str) -> Result<Given, Fault> {
        of_mail(text, Role::Submission)
    }

    #[test]
    fn what_is_offered_is_read() {
        let given = Given {
            size: Some(12),
            smtputf8: true,
            eight_bit: true,
            ..Given::default()
        };
        assert_eq!(mail(" SIZE=12  body=8BitMime smtputf8 "), Ok(given));
        assert_eq!(mail(""), Ok(Given::default()));
        let by_tls = Given {
            require_tls: true,
            ..Given::default()
        };
        assert_eq!(mail("RequireTLS"), Ok(by_tls));
        assert_eq!(mail("holdfor=60").unwrap().hold, Some(Hold::For(60)));
        assert_eq!(mail("BY=60;RT").unwrap().by.unwrap().seconds, 60);
        assert_eq!(mail("BODY=7BIT"), Ok(Given::default()));
        assert_eq!(
            mail("SIZE=99999999999999999999").map(|g| g.size),
            Ok(Some(u64::MAX))
        );
    }

    #[test]
    fn what_is_not_is_refused() {
        assert_eq!(mail("SIZE=x"), Err(wrong("SIZE")));
        assert_eq!(mail("SIZE="), Err(wrong("SIZE")));
        assert_eq!(mail("SIZE"), Err(wrong("SIZE")));
        assert_eq!(mail("SIZE=+1"), Err(wrong("SIZE")));
        assert_eq!(mail("BODY=BINARYMIME"), Err(wrong("BODY")));
        assert_eq!(mail("SMTPUTF8=1"), Err(wrong("SMTPUTF8")));
        assert_eq!(mail("REQUIRETLS="), Err(wrong("REQUIRETLS")));
        assert_eq!(
            mail("SIZE=1 size=2"),
            Err(Fault::Usage {
                form: "each parameter once"
            })
        );
        let unknown = |name: &str| Fault::UnknownParameter {
            name: name.to_owned(),
        };
        assert_eq!(mail("MT-PRIORITY=5"), Err(unknown("MT-PRIORITY")));
        assert_eq!(
            of_mail("HOLDFOR=5", Role::Exchange),
            Err(unknown("HOLDFOR"))
        );
        let until = "HOLDUNTIL=2026-12-01T10:00:00Z";
        assert_eq!(mail(&format!("HOLDFOR=5 {until}")), Err(wrong("HOLDUNTIL")));
        assert_eq!(mail(&format!("{until} HOLDFOR=5")), Err(wrong("HOLDFOR")));
        assert_eq!(mail("HOLDFOR"), Err(wrong("HOLDFOR")));
        assert_eq!(mail("BY=0;R"), Err(wrong("BY")));
        assert_eq!(of_mail("BY=60;R", Role::Exchange), Err(unknown("BY")));
        assert_eq!(of_mail("AUTH=<>", Role::Exchange), Err(unknown("AUTH")));
        assert_eq!(of_rcpt(" RET=FULL"), Err(unknown("RET")));
        assert_eq!(of_rcpt(" "), Ok(Wishes::default()));
    }

    #[test]
    fn wishes_about_reports_are_read() {
        let given = mail(" ret=hdrs ENVID=QQ+2B1").unwrap();
        assert_eq!(given.ret, Some(Return::Headers));
        assert_eq!(given.envelope_id.unwrap().decoded(), "QQ+1");
        let wishes = of_rcpt(" Notify=Success,DELAY orcpt=rfc822;a+2Bb@x.fr").unwrap();
        assert_eq!(wishes.notify.unwrap().to_string(), "SUCCESS,DELAY");
        assert_eq!(wishes.original.unwrap().decoded(), "a+b@x.fr");
        for name in ["RET", "ENVID"] {
            for value in ["", "=", "=a=b", "=\u{e9}"] {
                assert_eq!(
                    mail(&format!("{name}{value}")),
                    Err(wrong(name)),
                    "{name}{value}"
                );
            }
        }
        for word in ["NOTIFY=NEVER,SUCCESS", "NOTIFY", "NOTIFY="] {
            assert_eq!(of_rcpt(word), Err(wrong("NOTIFY")), "{word}");
        }
        for word in [
            "ORCPT=a@x.fr",
            "ORCPT=rfc822;",
            "ORCPT=rfc822;a+b@x.fr",
            "ORCPT",
        ] {
            assert_eq!(of_rcpt(word), Err(wrong("ORCPT")), "{word}");
        }
        let twice = of_rcpt("NOTIFY=NEVER NOTIFY=NEVER");
        assert!(matches!(twice, Err(Fault::Usage { .. })));
    }
}
