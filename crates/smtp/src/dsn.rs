//! What a sender asks to be told of a message: the parameters of RFC 3461.
//!
//! They are kept as they came, in the `xtext` of RFC 3461 section 4, since each host hands
//! them on unchanged to the next (sections 5.2.2 and 5.2.6 there).

use std::fmt;
use std::str::FromStr;

/// Longest `ENVID`, as it is encoded. RFC 3461 section 4.4.
pub const ENVID_OCTETS: usize = 100;
/// Longest `ORCPT`, as it is encoded. RFC 3461 section 4.2.
pub const ORCPT_OCTETS: usize = 500;

/// When a recipient's fate is to be reported. RFC 3461 section 4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notify {
    /// Never, whatever happens.
    Never,
    /// In these cases; at least one is set.
    When {
        /// It was delivered.
        success: bool,
        /// It can't be.
        failure: bool,
        /// It takes long.
        delay: bool,
    },
}

/// How much of a message comes back in a report. RFC 3461 section 4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Return {
    /// All of it.
    Full,
    /// Its header.
    Headers,
}

/// By what its sender knows a message: `ENVID`, encoded. RFC 3461 section 4.4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EnvelopeId(Box<str>);

/// Who a recipient was when the sender wrote the name: `ORCPT`, encoded, with the kind of
/// address in front. RFC 3461 section 4.2, RFC 6533 section 3.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OriginalRecipient(Box<str>);

/// What a sender asks of one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// When its fate is to be reported; where that was not said, when it can't be delivered.
    pub notify: Option<Notify>,
    /// Who it was when the sender wrote the name.
    pub original: Option<OriginalRecipient>,
}

/// What is no such parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDsn;

impl FromStr for Notify {
    type Err = NotDsn;

    fn from_str(text: &str) -> Result<Notify, NotDsn> {
        if text.eq_ignore_ascii_case("NEVER") {
            return Ok(Notify::Never);
        }
        let (mut success, mut failure, mut delay) = (false, false, false);
        for word in text.split(',') {
            let case = match word.to_ascii_uppercase().as_str() {
                "SUCCESS" => &mut success,
                "FAILURE" => &mut failure,
                "DELAY" => &mut delay,
                _ => return Err(NotDsn),
            };
            *case = true;
        }
        Ok(Notify::When {
            success,
            failure,
            delay,
        })
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Notify::When {
            success,
            failure,
            delay,
        } = *self
        else {
            return f.write_str("NEVER");
        };
        let cases = [(success, "SUCCESS"), (failure, "FAILURE"), (delay, "DELAY")];
        let words: Vec<_> = cases
            .iter()
            .filter_map(|&(is, word)| is.then_some(word))
            .collect();
        f.write_str(&words.join(","))
    }
}

impl FromStr for Return {
    type Err = NotDsn;

    fn from_str(text: &str) -> Result<Return, NotDsn> {
        match text.to_ascii_uppercase().as_str() {
            "FULL" => Ok(Return::Full),
            "HDRS" => Ok(Return::Headers),
            _ => Err(NotDsn),
        }
    }
}

impl fmt::Display for Return {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Return::Full => "FULL",
            Return::Headers => "HDRS",
        })
    }
}

impl EnvelopeId {
    /// As it stands in a report: without its encoding.
    pub fn decoded(&self) -> String {
        decode(&self.0)
    }
}

impl FromStr for EnvelopeId {
    type Err = NotDsn;

    fn from_str(text: &str) -> Result<EnvelopeId, NotDsn> {
        let fits = (1..=ENVID_OCTETS).contains(&text.len());
        let valid = fits && text.is_ascii() && is_xtext(text);
        valid.then(|| EnvelopeId(text.into())).ok_or(NotDsn)
    }
}

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl OriginalRecipient {
    /// The kind of address, `rfc822` or `utf-8` mostly.
    pub fn kind(&self) -> &str {
        self.0.split_once(';').map_or("", |(kind, _)| kind)
    }

    /// The address without its encoding.
    pub fn decoded(&self) -> String {
        decode(self.0.split_once(';').map_or("", |(_, address)| address))
    }

    /// Only SMTPUTF8 can carry it.
    pub fn needs_smtputf8(&self) -> bool {
        !self.0.is_ascii()
    }
}

impl FromStr for OriginalRecipient {
    type Err = NotDsn;

    fn from_str(text: &str) -> Result<OriginalRecipient, NotDsn> {
        let (kind, address) = text.split_once(';').ok_or(NotDsn)?;
        // RFC 3461 section 4.2: an atom, such as IANA registers them.
        let is_kind = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
        let valid = text.len() <= ORCPT_OCTETS
            && !kind.is_empty()
            && kind.bytes().all(is_kind)
            && !address.is_empty()
            && is_xtext(address);
        valid.then(|| OriginalRecipient(text.into())).ok_or(NotDsn)
    }
}

impl fmt::Display for OriginalRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 3461 section 4: printable, without `=`, and each `+` followed by two hexadecimal
/// digits in upper case. RFC 6533 section 3 lets characters beyond ASCII stand as they are.
fn is_xtext(text: &str) -> bool {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let valid = match c {
            '+' => hexadecimal(&mut rest).is_some(),
            '=' | ' ' => false,
            _ => !c.is_control(),
        };
        if !valid {
            return false;
        }
    }
    true
}

/// Takes two digits.
fn hexadecimal(from: &mut std::str::Chars<'_>) -> Option<u8> {
    let mut digit = || {
        let digit = from.next().filter(|c| !c.is_ascii_lowercase())?;
        digit.to_digit(16)
    };
    let (high, low) = (digit()?, digit()?);
    u8::try_from(high * 16 + low).ok()
}

/// What an xtext stands for, as printable text.
fn decode(text: &str) -> String {
    let (mut octets, mut rest) = (Vec::new(), text.chars());
    while let Some(c) = rest.next() {
        match c {
            '+' => octets.extend(hexadecimal(&mut rest)),
            _ => octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    let shown = |c: char| if c.is_control() { '?' } else { c };
    String::from_utf8_lossy(&octets)
        .chars()
        .map(shown)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cases_are_read_and_written() {
        let read = |text: &str| text.parse::<Notify>().map(|notify| notify.to_string());
        assert_eq!(read("never"), Ok("NEVER".to_owned()));
        assert_eq!(read("Delay,FAILURE"), Ok("FAILURE,DELAY".to_owned()));
        assert_eq!(read("SUCCESS"), Ok("SUCCESS".to_owned()));
        for wrong in ["", "NEVER,DELAY", "SUCCESS,", "ALWAYS"] {
            assert_eq!(read(wrong), Err(NotDsn), "{wrong}");
        }
        assert_eq!("hdrs".parse(), Ok(Return::Headers));
        assert_eq!("x".parse::<Return>(), Err(NotDsn));
    }

    #[test]
    fn what_is_encoded_stays_so_and_can_be_read() {
        let id: EnvelopeId = "QQ+2Bx+3Dy".parse().unwrap();
        assert_eq!(
            (id.to_string(), id.decoded()),
            ("QQ+2Bx+3Dy".to_owned(), "QQ+x=y".to_owned())
        );
        let who: OriginalRecipient = "rfc822;Bob+2Btag@example.com".parse().unwrap();
        assert_eq!(
            (who.kind(), who.decoded()),
            ("rfc822", "Bob+tag@example.com".to_owned())
        );
        assert!(!who.needs_smtputf8());
        assert!(
            "utf-8;é@x.fr"
                .parse::<OriginalRecipient>()
                .unwrap()
                .needs_smtputf8()
        );
        let hidden: EnvelopeId = "a+0D+0Ab".parse().unwrap();
        assert_eq!(hidden.decoded(), "a??b");
    }

    #[test]
    fn what_is_no_xtext_is_refused() {
        for wrong in ["", "a b", "a=b", "a+2", "a+2b", "a\r\nb", "é"] {
            assert_eq!(wrong.parse::<EnvelopeId>(), Err(NotDsn), "{wrong}");
        }
        assert!("a".repeat(ENVID_OCTETS + 1).parse::<EnvelopeId>().is_err());
        for wrong in [
            "rfc822",
            ";a@b",
            "rfc822;",
            "rfc 822;a",
            "rfc822;a+b",
            "rfc822;a\nb",
        ] {
            assert_eq!(wrong.parse::<OriginalRecipient>(), Err(NotDsn), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_was_taken_never_ends_a_line(text in "\\PC{0,3}[ -~\r\n+=;é]{0,20}") {
            if let Ok(id) = text.parse::<EnvelopeId>() {
                prop_assert!(!id.decoded().chars().any(char::is_control));
                prop_assert!(id.to_string().bytes().all(|octet| octet.is_ascii_graphic()));
            }
            if let Ok(who) = text.parse::<OriginalRecipient>() {
                prop_assert!(!who.to_string().contains(['\r', '\n', ' ']));
                prop_assert!(!who.decoded().chars().any(char::is_control));
            }
        }
    }
}
