//! Rules for passwords, and passwords made for people.

use address::Password;
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
    // A device that sends no UTF-8 sends one octet a character.
    let characters = std::str::from_utf8(secret).map_or(secret.len(), |text| text.chars().count());
    if characters < PASSWORD_CHARACTERS {
        return Err(DirectoryError::PasswordTooShort {
            minimum: PASSWORD_CHARACTERS,
        });
    }
    Ok(())
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
