//! Rules for passwords, and passwords made for people.

use std::borrow::Cow;
use std::fmt::{self, Write};

use address::Password;
use icu_normalizer::ComposingNormalizerBorrowed;
use rand::seq::IndexedRandom;

use crate::DirectoryError;

/// The fewest characters of a password that is set.
pub const PASSWORD_CHARACTERS: usize = 8;
/// The most octets of one. A protocol line or literal with more is refused before.
pub const PASSWORD_OCTETS: usize = 1024;

/// Letters that nobody takes for another: no i, l, o. No digits and no capitals, so
/// that a tablet's keyboard stays as it is but for the hyphens.
const LETTERS: &[u8; 23] = b"abcdefghjkmnpqrstuvwxyz";
/// Groups of letters in a generated password.
const GROUPS: usize = 3;
/// Letters of a group. 18 letters of 23 are 81 bits.
const GROUP_LETTERS: usize = 6;

/// Refuses a password that can't be set.
pub fn check_password(password: &Password) -> Result<(), DirectoryError> {
    let secret = password.expose();
    if secret.len() > PASSWORD_OCTETS {
        return Err(DirectoryError::PasswordTooLong {
            limit: PASSWORD_OCTETS,
        });
    }
    let prepared = prepared(password);
    let text = std::str::from_utf8(prepared.expose()).unwrap_or_default();
    if text.chars().any(char::is_control) {
        return Err(DirectoryError::PasswordControl);
    }
    let characters = text.chars().count();
    if characters < PASSWORD_CHARACTERS {
        return Err(DirectoryError::PasswordTooShort {
            minimum: PASSWORD_CHARACTERS,
        });
    }
    Ok(())
}

/// The text that a password is, whichever device sent it: one keyboard gives `é` as one
/// character and another as two, some give a space that does not break, and a few devices
/// send an octet a character. This is the profile OpaqueString of RFC 8265 section 4.2,
/// which refuses controls too; here [`check_password`] does, when a password is set.
pub(crate) fn prepared(password: &Password) -> Cow<'_, Password> {
    let octets = password.expose();
    if octets.is_ascii() {
        return Cow::Borrowed(password);
    }
    // At its full size at once: a text that grows leaves copies of the secret behind.
    // Composing makes nothing longer than threefold.
    let mut text = String::with_capacity(3 * 2 * octets.len());
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    let written = match std::str::from_utf8(octets) {
        Ok(utf8) => nfc.normalize_to(utf8, &mut Spaces(&mut text)),
        // ISO 8859-1, in which each octet is the character of its number.
        Err(_) => octets
            .iter()
            .try_for_each(|octet| Spaces(&mut text).write_char(char::from(*octet))),
    };
    match written {
        Ok(()) => Cow::Owned(Password::new(text.into_bytes())),
        // Writing to a text can't fail.
        Err(_) => Cow::Borrowed(password),
    }
}

/// Writes every kind of space as the one that all keyboards have (RFC 8265 section 4.2.2,
/// rule 2: the general category Zs).
struct Spaces<'a>(&'a mut String);

impl Write for Spaces<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        self.0.push(match c {
            '\u{a0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200a}'
            | '\u{202f}'
            | '\u{205f}'
            | '\u{3000}' => ' ',
            c => c,
        });
        Ok(())
    }
}

/// A random password that can be read out and typed: `kfwmra-hutbye-qgxdns`.
pub fn generate_password() -> Password {
    let mut rng = rand::rng();
    // Made at its full size: a vector that grows leaves copies of the secret behind.
    let mut secret = Vec::with_capacity(GROUPS * (GROUP_LETTERS + 1));
    for group in 0..GROUPS {
        if group > 0 {
            secret.push(b'-');
        }
        secret.extend((0..GROUP_LETTERS).filter_map(|_| LETTERS.choose(&mut rng)));
    }
    Password::new(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_octets() {
        let check = |text: &str| check_password(&Password::new(text));
        assert!(check("éééé").is_err());
        assert!(check("éééééééé").is_ok());
        assert!(check("1234567").is_err());
        assert!(check(&"a".repeat(PASSWORD_OCTETS)).is_ok());
        assert!(check(&"a".repeat(PASSWORD_OCTETS + 1)).is_err());
        assert!(check_password(&Password::new([0xe9; 8])).is_ok());
    }

    #[test]
    fn one_password_whichever_keyboard_typed_it() {
        let text = |octets: &[u8]| {
            let password = Password::new(octets);
            String::from_utf8(prepared(&password).expose().to_vec()).unwrap()
        };
        assert_eq!(text("e\u{301}te\u{301}".as_bytes()), "été");
        assert_eq!(text("été".as_bytes()), "été");
        assert_eq!(text(b"\xe9t\xe9"), "été");
        assert_eq!(text("un\u{a0}été\u{202f}!".as_bytes()), "un été !");
        assert_eq!(text(b" As Typed\t"), " As Typed\t");
        // It stays another than its look-alikes: nothing is folded.
        assert_ne!(text("Été".as_bytes()), text("été".as_bytes()));
        assert_ne!(text("ﬁn".as_bytes()), "fin");
    }

    #[test]
    fn controls_are_no_text() {
        for control in ["tab\tulation", "nul\0lement", "retour\rici", "c1\u{85}c1c1"] {
            let checked = check_password(&Password::new(control));
            assert_eq!(checked, Err(DirectoryError::PasswordControl), "{control:?}");
        }
    }

    #[test]
    fn a_generated_password_is_long_readable_and_new() {
        let bits = (GROUPS * GROUP_LETTERS) as f64 * (LETTERS.len() as f64).log2();
        assert!(bits >= 80.0);
        let password = generate_password();
        let text = std::str::from_utf8(password.expose()).unwrap();
        assert_eq!(text.len(), 20);
        assert!(text.bytes().all(|b| b == b'-' || LETTERS.contains(&b)));
        assert!(check_password(&password).is_ok());
        assert_ne!(password, generate_password());
    }
}
