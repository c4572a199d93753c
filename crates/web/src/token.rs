//! Secrets that a browser keeps for us, and what is derived from them.

use std::fmt;

use subtle::ConstantTimeEq;

/// Octets of a secret: 256 bits, beyond any guessing.
const TOKEN_OCTETS: usize = 32;

/// What separates the proof in a form from every other use of the same secret.
const FORM_CONTEXT: &str = "facteur 2026-11 web form token v1";

/// A random secret in a cookie. `Debug` prints stars.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token([u8; TOKEN_OCTETS]);

/// The hash under which a session is kept, useless to whoever reads our memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash([u8; TOKEN_OCTETS]);

impl Token {
    /// A new one, from the system's random source.
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }

    /// Reads what [`Token::to_cookie`] wrote; None for anything else.
    pub(crate) fn from_cookie(text: &str) -> Option<Self> {
        let hash = blake3::Hash::from_hex(text).ok()?;
        Some(Self(*hash.as_bytes()))
    }

    /// As it stands in the cookie: 64 hexadecimal digits.
    pub(crate) fn to_cookie(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash(*blake3::hash(&self.0).as_bytes())
    }

    /// The proof that a form was made for the holder of this secret: it stands in the
    /// form, the secret in the cookie, and no other site can read either.
    pub(crate) fn form_proof(&self) -> String {
        blake3::Hash::from_bytes(blake3::derive_key(FORM_CONTEXT, &self.0))
            .to_hex()
            .to_string()
    }

    /// Whether a posted form carries that proof, compared in constant time.
    pub(crate) fn proves(&self, proof: &str) -> bool {
        self.form_proof().as_bytes().ct_eq(proof.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_comes_back() {
        let token = Token::random();
        assert!(Token::from_cookie(&token.to_cookie()) == Some(token));
        assert!(Token::from_cookie("").is_none());
        assert!(Token::from_cookie(&"g".repeat(64)).is_none());
        assert!(Token::from_cookie(&"a".repeat(65)).is_none());
    }

    #[test]
    fn a_proof_belongs_to_one_secret() {
        let (one, other) = (Token::random(), Token::random());
        assert!(one.proves(&one.form_proof()));
        assert!(!one.proves(&other.form_proof()));
        assert!(!one.proves("") && !one.proves(&one.to_cookie()));
    }

    #[test]
    fn debug_hides_the_secret() {
        assert_eq!(format!("{:?}", Token::random()), "***");
    }
}
