//! Keys.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA with 2048 bits, which everybody verifies. RFC 8301 section 3.2.
    Rsa,
    /// Ed25519: a short record and a quick signature, which some do not verify yet. RFC 8463.
    Ed25519,
}

impl Algorithm {
    /// Both. A message is signed with a key of each.
    pub const ALL: [Algorithm; 2] = [Algorithm::Rsa, Algorithm::Ed25519];

    /// Its name in a key's record (`k=`), and at the end of a selector.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }

    /// Its name in a signature (`a=`).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-sha256",
            Self::Ed25519 => "ed25519-sha256",
        }
    }
}

/// A private key that is ready to sign.
///
/// It has no `Display`, and its `Debug` prints its algorithm alone (ARCHITECTURE.md,
/// invariant 7).
pub struct PrivateKey {
    pair: Pair,
    /// PKCS#8, as it is kept.
    octets: Zeroizing<Vec<u8>>,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// Why there is no key, or no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The octets are no private key of that kind.
    #[error("the octets are no such private key")]
    NoKey,
    /// The library refused, which nothing explains: it lacks memory, or chance.
    #[error("the cryptography failed")]
    Failed,
}

impl PrivateKey {
    /// A new key, by lot. RSA takes a core for a tenth of a second or longer.
    ///
    /// # Errors
    /// [`KeyError::Failed`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let octets = match algorithm {
            Algorithm::Rsa => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Failed)?;
                let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair);
                der.map_err(|_| KeyError::Failed)?.as_ref().to_vec()
            }
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Failed)?;
                let der = pair.to_pkcs8().map_err(|_| KeyError::Failed)?;
                der.as_ref().to_vec()
            }
        };
        Self::from_octets(algorithm, octets)
    }

    /// The key that these octets are (PKCS#8).
    ///
    /// # Errors
    /// [`KeyError::NoKey`].
    pub fn from_octets(algorithm: Algorithm, octets: Vec<u8>) -> Result<Self, KeyError> {
        let octets = Zeroizing::new(octets);
        let pair = match algorithm {
            Algorithm::Rsa => RsaKeyPair::from_pkcs8(&octets).map(|pair| Pair::Rsa(Box::new(pair))),
            Algorithm::Ed25519 => {
                Ed25519KeyPair::from_pkcs8(&octets).map(|pair| Pair::Ed25519(Box::new(pair)))
            }
        };
        let pair = pair.map_err(|_| KeyError::NoKey)?;
        Ok(Self { pair, octets })
    }

    /// Its octets, for the one place that keeps it.
    pub fn expose(&self) -> &[u8] {
        &self.octets
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Rsa(_) => Algorithm::Rsa,
            Pair::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The text of the record that names its public half, at
    /// `SELECTOR._domainkey.DOMAIN`. RFC 6376 section 3.6.1.
    ///
    /// # Errors
    /// [`KeyError::Failed`].
    pub fn record(&self) -> Result<String, KeyError> {
        // Of RSA the whole SubjectPublicKeyInfo, as the example of the RFC's appendix C has it
        // and everybody else; of Ed25519 the key alone (RFC 8463 section 4.2).
        let public = match &self.pair {
            Pair::Rsa(pair) => {
                let der =
                    AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key());
                BASE64_STANDARD.encode(der.map_err(|_| KeyError::Failed)?.as_ref())
            }
            Pair::Ed25519(pair) => BASE64_STANDARD.encode(pair.public_key().as_ref()),
        };
        Ok(format!(
            "v=DKIM1; k={}; p={public}",
            self.algorithm().name()
        ))
    }

    /// Signs octets.
    pub(crate) fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    octets,
                    &mut signature,
                )
                .map_err(|_| KeyError::Failed)?;
                Ok(signature)
            }
            // Their hash is what is signed (RFC 8463 section 3).
            Pair::Ed25519(pair) => {
                let signature = pair.try_sign(digest(&SHA256, octets).as_ref());
                let signature = signature.map_err(|_| KeyError::Failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ***", self.algorithm().name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_octets() {
        for algorithm in Algorithm::ALL {
            let key = PrivateKey::generate(algorithm).unwrap();
            let again = PrivateKey::from_octets(algorithm, key.expose().to_vec()).unwrap();
            assert_eq!(again.algorithm(), algorithm);
            assert_eq!(again.record(), key.record());
            assert_eq!(again.sign(b"a"), key.sign(b"a"));
            assert_ne!(
                key.record(),
                PrivateKey::generate(algorithm).unwrap().record()
            );
        }
    }

    #[test]
    fn other_octets_are_no_key() {
        let [rsa, ed25519] = Algorithm::ALL
            .map(|algorithm| PrivateKey::generate(algorithm).unwrap().expose().to_vec());
        for (algorithm, octets) in [
            (Algorithm::Rsa, ed25519),
            (Algorithm::Ed25519, rsa.clone()),
            (Algorithm::Rsa, rsa[..100].to_vec()),
            (Algorithm::Rsa, Vec::new()),
            (Algorithm::Ed25519, Vec::new()),
        ] {
            let key = PrivateKey::from_octets(algorithm, octets);
            assert!(matches!(key, Err(KeyError::NoKey)));
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        let key = PrivateKey::generate(Algorithm::Ed25519).unwrap();
        assert_eq!(format!("{key:?}"), "ed25519 ***");
    }

    #[test]
    fn the_example_of_rfc_8463() {
        // Appendix A.2: the seed, and the record of its public half.
        let seed = BASE64_STANDARD.decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
        let seed = seed.unwrap();
        // PKCS#8 of an Ed25519 seed: RFC 8410 section 7.
        let mut octets =
            b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
        octets.extend_from_slice(&seed);
        let key = PrivateKey::from_octets(Algorithm::Ed25519, octets).unwrap();
        let record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        assert_eq!(key.record().unwrap(), record);
    }
}
