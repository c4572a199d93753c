//! Keys as domains publish them. RFC 6376 section 3.6.1, RFC 8463 section 4.

use aws_lc_rs::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
};
use events::DkimFlaw;

use super::signature::Algorithm;
use super::tags::{Tags, base64, parts};

/// A key that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    algorithm: Algorithm,
    key: Vec<u8>,
    /// Whom it signs for must be of the domain itself.
    pub(super) strict: bool,
}

impl Key {
    /// The key among the texts of a name.
    pub(crate) fn find(texts: &[Vec<u8>]) -> Result<Self, DkimFlaw> {
        let mut flaw = DkimFlaw::NoKey;
        for text in texts {
            match Self::read(text) {
                Ok(key) => return Ok(key),
                Err(why) => flaw = why,
            }
        }
        Err(flaw)
    }

    fn read(text: &[u8]) -> Result<Self, DkimFlaw> {
        let tags = Tags::read(text).map_err(|_| DkimFlaw::BadKey)?;
        // If the version is there, it is first.
        if tags.get("v").is_some() && tags.first() != Some(("v", "DKIM1")) {
            return Err(DkimFlaw::BadKey);
        }
        let key = tags.get("p").ok_or(DkimFlaw::BadKey)?;
        if key.is_empty() {
            return Err(DkimFlaw::Revoked);
        }
        let allows = |tag, what: &[&str]| match tags.get(tag) {
            Some(value) => parts(value).any(|part| what.contains(&part.as_str())),
            None => true,
        };
        if !allows("h", &["sha256"]) || !allows("s", &["*", "email"]) {
            return Err(DkimFlaw::BadKey);
        }
        let algorithm = match tags.get("k").unwrap_or("rsa").to_ascii_lowercase().as_str() {
            "rsa" => Algorithm::RsaSha256,
            "ed25519" => Algorithm::Ed25519Sha256,
            _ => return Err(DkimFlaw::BadKey),
        };
        Ok(Self {
            algorithm,
            key: base64(key).ok_or(DkimFlaw::BadKey)?,
            strict: tags
                .get("t")
                .is_some_and(|flags| parts(flags).any(|flag| flag == "s")),
        })
    }

    /// Whether it made this signature of these octets.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        octets: &[u8],
        signature: &[u8],
    ) -> Result<(), DkimFlaw> {
        if algorithm != self.algorithm {
            return Err(DkimFlaw::BadKey);
        }
        let verified = match algorithm {
            // Of 1024 bits and more (RFC 8301 section 3.2); many domains still have such.
            Algorithm::RsaSha256 => {
                let by = &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
                let key = UnparsedPublicKey::new(by, &self.key);
                key.parse().map_err(|_| DkimFlaw::BadKey)?;
                key.verify(octets, signature)
            }
            // RFC 8463 section 3: what is signed is the hash.
            Algorithm::Ed25519Sha256 => {
                let hash = super::sha256(octets);
                let key = UnparsedPublicKey::new(&ED25519, &self.key);
                key.parse().map_err(|_| DkimFlaw::BadKey)?;
                key.verify(&hash, signature)
            }
        };
        verified.map_err(|_| DkimFlaw::Header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(texts: &[&str]) -> Result<Key, DkimFlaw> {
        let texts: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        Key::find(&texts)
    }

    #[test]
    fn a_key_says_what_it_is_for() {
        let key = find(&["v=DKIM1; k=ed25519; t=y:s; p=AAAA; n=a note"]).unwrap();
        assert!(key.strict && key.algorithm == Algorithm::Ed25519Sha256);
        let key = find(&["p=AA AA"]).unwrap();
        assert!(!key.strict && key.algorithm == Algorithm::RsaSha256);
        for (texts, flaw) in [
            (&[][..], DkimFlaw::NoKey),
            (&["p="], DkimFlaw::Revoked),
            (&["k=rsa"], DkimFlaw::BadKey),
            (&["p=AAAA; v=DKIM1"], DkimFlaw::BadKey),
            (&["v=DKIM1; p=*"], DkimFlaw::BadKey),
            (&["p=AAAA; h=sha1"], DkimFlaw::BadKey),
            (&["p=AAAA; s=tlsrpt"], DkimFlaw::BadKey),
            (&["p=AAAA; k=dsa"], DkimFlaw::BadKey),
            (&["v=spf1 -all", "p="], DkimFlaw::Revoked),
        ] {
            assert_eq!(find(texts), Err(flaw), "{texts:?}");
        }
        assert!(find(&["something else", "p=AAAA"]).is_ok());
    }

    #[test]
    fn a_key_that_is_none_verifies_nothing() {
        for record in ["p=AAAA", "k=ed25519; p=AAAA"] {
            let key = find(&[record]).unwrap();
            let flaw = key.verify(key.algorithm, b"a", b"b");
            assert_eq!(flaw, Err(DkimFlaw::BadKey), "{record}");
        }
        let key = find(&["p=AAAA"]).unwrap();
        let other = key.verify(Algorithm::Ed25519Sha256, b"a", b"b");
        assert_eq!(other, Err(DkimFlaw::BadKey));
    }
}
