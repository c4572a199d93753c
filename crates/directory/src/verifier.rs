//! What is stored of a password, and how one is compared with it.

use address::Password;
use argon2::{Algorithm, Argon2, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::Argon2Cost;
use crate::cost::HASH_OCTETS;
use crate::password::prepared;
use crate::records::{CredentialsRecord, Second};

/// How many of an account's former passwords are kept.
const FORMER_PASSWORDS: usize = 5;

/// Octets of a salt. RFC 9106 section 3.1 recommends 16.
pub(crate) type Salt = [u8; 16];
/// An evaluated password.
pub(crate) type Hash = [u8; HASH_OCTETS];

/// One way in which an account proves who it is. Not `Debug`: a hash in a log is a
/// password that can be tried out.
///
/// The stored form is the place of the variant in this list, so more kinds (passwords
/// of one device, SCRAM) are added at its end.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Verifier {
    /// The password that its owner chose.
    Main(MainPassword),
}

/// The main password and those that it replaced, all under one salt, so that one
/// evaluation tells which of them was given.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct MainPassword {
    pub(crate) cost: Argon2Cost,
    pub(crate) salt: Salt,
    hash: Hash,
    /// The latest first.
    former: Vec<FormerPassword>,
}

#[derive(Clone, Serialize, Deserialize)]
struct FormerPassword {
    hash: Hash,
    /// When it was replaced.
    until: Second,
}

/// What an evaluated password is to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its password.
    Right,
    /// A password that it had.
    Former {
        /// When it was replaced.
        until: Timestamp,
    },
    /// Something else.
    Wrong,
}

impl MainPassword {
    /// A password without a past.
    pub(crate) fn new(cost: Argon2Cost, salt: Salt, hash: Hash) -> Self {
        Self {
            cost,
            salt,
            hash,
            former: Vec::new(),
        }
    }

    /// What a password evaluated with this cost and salt is.
    pub(crate) fn verdict(&self, given: &Hash) -> Verdict {
        let right = self.hash.ct_eq(given);
        // All are compared whatever was found, so that the time tells nothing.
        let former = self.former.iter().fold(None, |found, former| {
            let equal = bool::from(former.hash.ct_eq(given));
            found.or(equal.then_some(former.until))
        });
        match (bool::from(right), former) {
            (true, _) => Verdict::Right,
            (false, Some(until)) => Verdict::Former {
                until: until.into(),
            },
            (false, None) => Verdict::Wrong,
        }
    }

    /// This password in place of `old`, whose hashes it keeps where one evaluation
    /// can still answer for them.
    fn after(mut self, old: &MainPassword, now: Timestamp) -> Self {
        if (self.cost, self.salt) != (old.cost, old.salt) {
            return self;
        }
        let latest = FormerPassword {
            hash: old.hash,
            until: now.into(),
        };
        let past = std::iter::once(latest).chain(old.former.iter().cloned());
        self.former = past
            .filter(|former| former.hash != self.hash)
            .take(FORMER_PASSWORDS)
            .collect();
        self
    }
}

impl CredentialsRecord {
    /// The main password, if it has one.
    pub(crate) fn into_main(self) -> Option<MainPassword> {
        self.verifiers
            .into_iter()
            .map(|Verifier::Main(main)| main)
            .next()
    }

    /// With another main password.
    pub(crate) fn with_main(&self, main: MainPassword, now: Timestamp) -> Self {
        let old = self.verifiers.iter().map(|Verifier::Main(old)| old).next();
        let main = match old {
            Some(old) => main.after(old, now),
            None => main,
        };
        Self {
            generation: self.generation.wrapping_add(1),
            verifiers: vec![Verifier::Main(main)],
        }
    }
}

/// Evaluates a password: tens of milliseconds of one core. None if the cost is not one
/// that Argon2 has. It is the password's text that counts ([`prepared`]). The length of the password hardly matters; whoever reads it from a
/// peer bounds it.
pub(crate) fn evaluate(cost: Argon2Cost, salt: &[u8], password: &Password) -> Option<Hash> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params()?);
    let mut hash = Hash::default();
    argon2
        .hash_password_into(prepared(password).expose(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Argon2Cost {
        Argon2Cost::new(8, 1, 1).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn main(number: u8) -> MainPassword {
        MainPassword::new(cheap(), [7; 16], [number; HASH_OCTETS])
    }

    #[test]
    fn it_is_argon2id_as_the_reference_computes_it() {
        // argon2/src/test.c of the reference: t=2, m=2^8 KiB, p=1, Argon2id 1.3.
        let cost = Argon2Cost::new(256, 2, 1).unwrap();
        let hash = evaluate(cost, b"somesalt", &Password::new("password")).unwrap();
        let hex: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
        let wanted = "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe";
        assert_eq!(hex, wanted);
    }

    #[test]
    fn the_five_latest_former_passwords_are_known() {
        let mut present = main(0);
        for number in 1..=7 {
            present = main(number).after(&present, at(i64::from(number)));
        }
        assert_eq!(present.verdict(&[7; HASH_OCTETS]), Verdict::Right);
        let former = Verdict::Former { until: at(7) };
        assert_eq!(present.verdict(&[6; HASH_OCTETS]), former);
        let former = Verdict::Former { until: at(3) };
        assert_eq!(present.verdict(&[2; HASH_OCTETS]), former);
        assert_eq!(present.verdict(&[1; HASH_OCTETS]), Verdict::Wrong);
    }

    #[test]
    fn a_password_that_comes_back_is_no_former_one() {
        let first = main(1);
        let back = main(1).after(&main(2).after(&first, at(5)), at(6));
        assert_eq!(back.verdict(&[1; HASH_OCTETS]), Verdict::Right);
        assert_eq!(back.former.len(), 1);
    }

    #[test]
    fn another_salt_forgets_the_past() {
        let other = MainPassword::new(cheap(), [8; 16], [2; HASH_OCTETS]);
        assert!(other.after(&main(1), at(1)).former.is_empty());
    }
}
