//! Signing in: the SASL mechanisms PLAIN and LOGIN as a tiny machine, and the rule
//! about signing in unencrypted. SMTP, IMAP and POP3 share both.
//!
//! The machine takes the base64 text of one line at a time and ends with a name and
//! a password; what stands around that text on the wire (`334 `, `+ `) is the
//! protocol's. Sources: RFC 4422 (SASL), RFC 4616 (PLAIN); LOGIN was never more than
//! a draft (draft-murchison-sasl-login), but old devices know nothing else.

use address::Password;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine as _};

/// Longest line of an exchange, in octets of base64. RFC 4954 section 4 (and RFC 5034
/// section 4, RFC 9051 section 6.2.2 by reference) call 12,288 enough for every
/// mechanism in use.
pub const LINE_OCTETS: usize = 12_288;

/// Longest name a device can sign in with: more than any address that can be parsed
/// (128 octets, `@`, and a domain of 253). RFC 4616 section 2 asks for at least 255.
pub const NAME_OCTETS: usize = 512;

const _: () = assert!(NAME_OCTETS > 128 + 1 + 253);

/// Padding is optional, since some devices leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether a session that is not encrypted may be used for signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleartext {
    /// Never: no way of signing in is offered or taken before TLS.
    Forbidden,
    /// It is offered, since a device that can't do TLS looks for the offer; each
    /// account then allows or refuses it (`events::Refusal::EncryptionRequired`).
    ByAccount,
}

/// A mechanism that the service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// Two questions, two answers, for devices that know nothing else.
    Login,
}

impl Mechanism {
    /// Finds a mechanism by the name that a client gives, in any case.
    pub fn named(name: &str) -> Option<Mechanism> {
        [Self::Plain, Self::Login]
            .into_iter()
            .find(|m| m.name().eq_ignore_ascii_case(name))
    }

    /// Its name as capability lists show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }
}

/// What an exchange ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Who signs in, at most [`NAME_OCTETS`]. Octets that are no UTF-8 stand as
    /// U+FFFD, which no account's name has.
    pub name: String,
    /// The secret as it came.
    pub password: Password,
}

/// Where an exchange stands after a line.
#[derive(Debug)]
pub enum Turn {
    /// The server asks and waits for one more line.
    Challenge {
        /// Base64 text to send after the protocol's own mark; it may be empty.
        text: &'static str,
        /// Takes the client's answer.
        exchange: Exchange,
    },
    /// The client has said all.
    Done(Credentials),
}

/// Why an exchange came to nothing. None of these says anything about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaslError {
    /// The client sent `*`. RFC 4422 section 3.5.
    #[error("sign-in cancelled")]
    Cancelled,
    /// The line, or the name in it, is longer than any that can be right.
    #[error("too long to be a name and password")]
    TooLong,
    /// Not base64 (RFC 4648 section 4).
    #[error("not base64")]
    NotBase64,
    /// Base64 of something else than the mechanism's message.
    #[error("not a name and password")]
    Malformed,
    /// PLAIN asks to act as somebody else (RFC 4616 section 2, authzid), which no
    /// account here may.
    #[error("signing in as another user is not possible")]
    OtherIdentity,
}

/// An exchange that waits for a line from the client.
#[derive(Debug)]
pub struct Exchange(Waiting);

#[derive(Debug)]
enum Waiting {
    Plain,
    LoginName,
    LoginPassword { name: String },
}

/// `Username:` and `Password:`, as every implementation of LOGIN spells them.
const ASK_NAME: &str = "VXNlcm5hbWU6";
const ASK_PASSWORD: &str = "UGFzc3dvcmQ6";

impl Exchange {
    /// Begins an exchange. `initial` is the initial response that stood in the
    /// command (RFC 4422 section 3.3), where `=` stands for an empty one.
    ///
    /// # Errors
    /// As [`Exchange::respond`], for the initial response.
    pub fn begin(mechanism: Mechanism, initial: Option<&[u8]>) -> Result<Turn, SaslError> {
        let (waiting, text) = match mechanism {
            Mechanism::Plain => (Waiting::Plain, ""),
            Mechanism::Login => (Waiting::LoginName, ASK_NAME),
        };
        let exchange = Exchange(waiting);
        match initial {
            None => Ok(Turn::Challenge { text, exchange }),
            Some(b"=") => exchange.respond(b""),
            Some(line) => exchange.respond(line),
        }
    }

    /// Takes the client's line, without its line end.
    ///
    /// # Errors
    /// When the client cancels or the line can't be the mechanism's next message. The
    /// exchange is over then.
    pub fn respond(self, line: &[u8]) -> Result<Turn, SaslError> {
        let said = decode(line)?;
        match self.0 {
            Waiting::Plain => plain(&said).map(Turn::Done),
            Waiting::LoginName => {
                let exchange = Exchange(Waiting::LoginPassword {
                    name: name(said.expose())?,
                });
                Ok(Turn::Challenge {
                    text: ASK_PASSWORD,
                    exchange,
                })
            }
            Waiting::LoginPassword { name } => Ok(Turn::Done(Credentials {
                name,
                password: said,
            })),
        }
    }
}

/// What a line says. It may hold a secret, so it is held as one from here on.
fn decode(line: &[u8]) -> Result<Password, SaslError> {
    if line == b"*" {
        return Err(SaslError::Cancelled);
    }
    if line.len() > LINE_OCTETS {
        return Err(SaslError::TooLong);
    }
    BASE64
        .decode(line)
        .map(Password::new)
        .map_err(|_| SaslError::NotBase64)
}

/// `[authzid] NUL authcid NUL passwd`, RFC 4616 section 2.
fn plain(said: &Password) -> Result<Credentials, SaslError> {
    let mut parts = said.expose().split(|&octet| octet == 0);
    let (Some(acting), Some(who), Some(secret), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(SaslError::Malformed);
    };
    if !acting.is_empty() && !acting.eq_ignore_ascii_case(who) {
        return Err(SaslError::OtherIdentity);
    }
    Ok(Credentials {
        name: name(who)?,
        password: Password::new(secret),
    })
}

fn name(octets: &[u8]) -> Result<String, SaslError> {
    match octets {
        [] => Err(SaslError::Malformed),
        _ if octets.len() > NAME_OCTETS => Err(SaslError::TooLong),
        _ => Ok(String::from_utf8_lossy(octets).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base64(text: &str) -> Vec<u8> {
        BASE64.encode(text).into_bytes()
    }

    fn plain(text: &str) -> Result<(String, Vec<u8>), SaslError> {
        finish(Exchange::begin(Mechanism::Plain, Some(&base64(text)))?)
    }

    fn finish(turn: Turn) -> Result<(String, Vec<u8>), SaslError> {
        match turn {
            Turn::Done(who) => Ok((who.name, who.password.expose().to_vec())),
            Turn::Challenge { .. } => Err(SaslError::Malformed),
        }
    }

    fn challenge(turn: Turn) -> (&'static str, Exchange) {
        match turn {
            Turn::Challenge { text, exchange } => (text, exchange),
            Turn::Done(_) => panic!("the exchange is over"),
        }
    }

    #[test]
    fn plain_as_the_tablet_sends_it() {
        let (name, password) = plain("\0jean@exemple.fr\0mot de passe é").unwrap();
        assert_eq!(name, "jean@exemple.fr");
        assert_eq!(password, "mot de passe é".as_bytes());
    }

    #[test]
    fn plain_in_two_lines_and_with_its_own_identity() {
        let (text, exchange) = challenge(Exchange::begin(Mechanism::Plain, None).unwrap());
        assert_eq!(text, "");
        let done = finish(
            exchange
                .respond(&base64("Jean@x.fr\0jean@x.fr\0a"))
                .unwrap(),
        )
        .unwrap();
        assert_eq!(done, ("jean@x.fr".into(), b"a".to_vec()));
    }

    #[test]
    fn login_asks_twice_or_once() {
        let (text, exchange) = challenge(Exchange::begin(Mechanism::Login, None).unwrap());
        assert_eq!(text, ASK_NAME);
        let (text, _) = challenge(exchange.respond(&base64("jean@x.fr")).unwrap());
        assert_eq!(text, ASK_PASSWORD);
        let first = Exchange::begin(Mechanism::Login, Some(&base64("jean@x.fr"))).unwrap();
        let (text, exchange) = challenge(first);
        assert_eq!(text, ASK_PASSWORD);
        let done = finish(exchange.respond(&base64(" secret ")).unwrap()).unwrap();
        assert_eq!(done, ("jean@x.fr".into(), b" secret ".to_vec()));
    }

    #[test]
    fn missing_padding_is_forgiven() {
        let done = Exchange::begin(Mechanism::Plain, Some(b"AGEAYg")).and_then(finish);
        assert_eq!(done, Ok(("a".into(), b"b".to_vec())));
        let padded = Exchange::begin(Mechanism::Plain, Some(b"AGEAYg==")).and_then(finish);
        assert_eq!(padded, done);
    }

    #[test]
    fn what_is_no_sign_in_says_why() {
        let begin = |line: &[u8]| Exchange::begin(Mechanism::Plain, Some(line)).and_then(finish);
        assert_eq!(begin(b"*"), Err(SaslError::Cancelled));
        assert_eq!(begin(b"="), Err(SaslError::Malformed));
        assert_eq!(begin(b"not base64"), Err(SaslError::NotBase64));
        assert_eq!(begin(&vec![b'A'; LINE_OCTETS + 4]), Err(SaslError::TooLong));
        assert_eq!(plain("jean"), Err(SaslError::Malformed));
        assert_eq!(plain("\0\0secret"), Err(SaslError::Malformed));
        assert_eq!(plain("\0a\0b\0c"), Err(SaslError::Malformed));
        assert_eq!(plain("lea\0jean\0secret"), Err(SaslError::OtherIdentity));
        let long = "a".repeat(NAME_OCTETS + 1);
        assert_eq!(plain(&format!("\0{long}\0b")), Err(SaslError::TooLong));
    }

    #[test]
    fn no_secret_is_printed() {
        let (_, exchange) =
            challenge(Exchange::begin(Mechanism::Login, Some(&base64("jean"))).unwrap());
        let turn = exchange.respond(&base64("tilleul")).unwrap();
        assert!(!format!("{turn:?}").contains("tilleul"));
    }

    #[test]
    fn mechanisms_are_found_in_any_case() {
        assert_eq!(Mechanism::named("plain"), Some(Mechanism::Plain));
        assert_eq!(Mechanism::named("LOGIN"), Some(Mechanism::Login));
        assert_eq!(Mechanism::named("CRAM-MD5"), None);
    }
}
