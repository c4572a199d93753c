//! What follows the address in MAIL and RCPT. RFC 5321 section 4.1.2
//! (`Mail-parameters`).

use crate::say::Fault;
use crate::session::Role;

/// The parameters of a MAIL command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) size: Option<u64>,
    pub(super) smtputf8: bool,
    pub(super) eight_bit: bool,
}

/// Reads those of MAIL. One that is not offered is refused (555), since ignoring it
/// would promise what it asks for.
pub(super) fn of_mail(text: &str, role: Role) -> Result<Given, Fault> {
    let mut given = Given::default();
    let mut seen: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_ascii_uppercase(), Some(value)),
            None => (word.to_ascii_uppercase(), None),
        };
        match name.as_str() {
            "SIZE" => given.size = Some(value.and_then(size).ok_or(wrong("SIZE"))?),
            "BODY" => given.eight_bit = value.and_then(eight_bit).ok_or(wrong("BODY"))?,
            "SMTPUTF8" if value.is_none() => given.smtputf8 = true,
            "SMTPUTF8" => return Err(wrong("SMTPUTF8")),
            // Who first sent the message, as another server of the user's believes. We
            // believe who signed in (RFC 4954 section 5).
            "AUTH" if role == Role::Submission && value.is_some() => {}
            _ => return Err(Fault::UnknownParameter { name }),
        }
        if seen.contains(&name) {
            return Err(Fault::Usage {
                form: "each parameter once",
            });
        }
        seen.push(name);
    }
    Ok(given)
}

/// RCPT has none.
pub(super) fn of_rcpt(text: &str) -> Result<(), Fault> {
    match text.split_ascii_whitespace().next() {
        None => Ok(()),
        Some(word) => {
            let name = word
                .split('=')
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase();
            Err(Fault::UnknownParameter { name })
        }
    }
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
        };
        assert_eq!(mail(" SIZE=12  body=8BitMime smtputf8 "), Ok(given));
        assert_eq!(mail(""), Ok(Given::default()));
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
        assert_eq!(
            mail("SIZE=1 size=2"),
            Err(Fault::Usage {
                form: "each parameter once"
            })
        );
        let unknown = |name: &str| Fault::UnknownParameter {
            name: name.to_owned(),
        };
        assert_eq!(mail("RET=FULL"), Err(unknown("RET")));
        assert_eq!(of_mail("AUTH=<>", Role::Exchange), Err(unknown("AUTH")));
        assert_eq!(of_rcpt(" notify=NEVER"), Err(unknown("NOTIFY")));
        assert_eq!(of_rcpt(" "), Ok(()));
    }
}
