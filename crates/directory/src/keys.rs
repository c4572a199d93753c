//! The keys of the directory. The first octet of each is its kind.
//!
//! | kind | key | value |
//! | --- | --- | --- |
//! | 1 | [`NextAccountKey`]: nothing more | [`NextAccount`] |
//! | 2 | [`DomainKey`]: domain | [`DomainRecord`] |
//! | 3 | [`NameKey`]: domain, folded local part | [`NameRecord`] |
//! | 4 | [`AccountKey`]: account number | [`AccountRecord`] |
//! | 5 | [`CredentialsKey`]: account number | [`CredentialsRecord`] |
//! | 6 | [`TargetKey`]: digest of a target, domain and local part of the alias | [`TargetRecord`] |
//! | 7 | [`LeavingKey`]: account number | [`LeavingRecord`] |
//! | 8 | [`EndingsKey`]: nothing more | [`EndingsRecord`] |
//! | 9 | [`BodiesKey`]: nothing more | [`BodiesRecord`] |
//! | 10 | [`CustodyKey`]: nothing more | [`CustodyRecord`] |
//! | 11 | [`SignaturesKey`]: domain | [`SignaturesRecord`] |
//! | 20 | [`SenderKeyKey`]: nothing more | [`SenderKeyRecord`] |
//!
//! Accounts and aliases share kind 3, which is what makes them share one name space.

use std::ops::Range;

use address::{AccountId, Address, Domain};
use kv::tuple::{Reader, Writer};

use crate::records::{
    AccountRecord, BodiesRecord, CredentialsRecord, CustodyRecord, DomainRecord, EndingsRecord,
    LeavingRecord, NameRecord, NextAccount, Record, SenderKeyRecord, SignaturesRecord,
    TargetRecord,
};

const NEXT_ACCOUNT: u8 = 1;
const DOMAIN: u8 = 2;
const NAME: u8 = 3;
const ACCOUNT: u8 = 4;
const CREDENTIALS: u8 = 5;
const TARGET: u8 = 6;
const LEAVING: u8 = 7;
const ENDINGS: u8 = 8;
const BODIES: u8 = 9;
const CUSTODY: u8 = 10;
const SIGNATURES: u8 = 11;
const SENDER_KEY: u8 = 20;

/// Where all keys are, of whatever kind.
pub(crate) fn everything() -> Range<Vec<u8>> {
    Vec::new()..vec![0xff; kv::KEY_OCTETS]
}

/// Longest address that can be an account or an alias. RFC 5321 section 4.5.3.1.3: a
/// path has 256 octets, two of which are its angle brackets. Two of them fit a key
/// ([`kv::KEY_OCTETS`]) only because targets are digested.
pub(crate) const ADDRESS_OCTETS: usize = 254;

/// Octets of the digest that stands for a target in [`TargetKey`]: enough that nobody
/// finds two targets with one digest by chance.
const DIGEST_OCTETS: usize = 16;

/// A kind of key, and what is under it.
pub(crate) trait Key: Sized + Send + Sync {
    /// What is under the key.
    type Record: Record;

    /// The bytes of the key.
    fn encode(&self) -> Vec<u8>;

    /// The key of these bytes, if they are one.
    fn decode(key: &[u8]) -> Option<Self>;
}

/// Where the number of the next account is kept.
pub(crate) struct NextAccountKey;

impl Key for NextAccountKey {
    type Record = NextAccount;

    fn encode(&self) -> Vec<u8> {
        Writer::new(NEXT_ACCOUNT).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        Reader::new(key, NEXT_ACCOUNT)?.end().map(|()| Self)
    }
}

/// A domain that is served here.
pub(crate) struct DomainKey(pub(crate) Domain);

impl DomainKey {
    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(DOMAIN).prefix()
    }
}

impl Key for DomainKey {
    type Record = DomainRecord;

    fn encode(&self) -> Vec<u8> {
        Writer::new(DOMAIN).text(self.0.as_str()).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        let mut parts = Reader::new(key, DOMAIN)?;
        let domain = parts.text()?.parse().ok()?;
        parts.end().map(|()| Self(domain))
    }
}

/// An address that is an account or an alias: folded, and not too long.
#[derive(Clone)]
pub(crate) struct NameKey(Address);

impl NameKey {
    /// The name that an address has here; none if it is too long to have one.
    pub(crate) fn of(address: &Address) -> Option<Self> {
        let folded = address.folded();
        let octets = folded.local().as_str().len() + 1 + folded.domain().as_str().len();
        (octets <= ADDRESS_OCTETS).then_some(Self(folded))
    }

    pub(crate) fn address(&self) -> &Address {
        &self.0
    }

    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(NAME).prefix()
    }

    /// The names in a domain.
    pub(crate) fn of_domain(domain: &Domain) -> Range<Vec<u8>> {
        Writer::new(NAME).text(domain.as_str()).prefix()
    }
}

impl Key for NameKey {
    type Record = NameRecord;

    fn encode(&self) -> Vec<u8> {
        write_address(Writer::new(NAME), &self.0).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        let mut parts = Reader::new(key, NAME)?;
        let address = read_address(&mut parts)?;
        parts.end().map(|()| Self(address))
    }
}

/// What an account is.
pub(crate) struct AccountKey(pub(crate) AccountId);

impl AccountKey {
    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(ACCOUNT).prefix()
    }
}

impl Key for AccountKey {
    type Record = AccountRecord;

    fn encode(&self) -> Vec<u8> {
        Writer::new(ACCOUNT).u64(self.0.0).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        let mut parts = Reader::new(key, ACCOUNT)?;
        let id = parts.u64()?;
        parts.end().map(|()| Self(AccountId(id)))
    }
}

/// What an account may sign in with. Kept apart from [`AccountKey`], so that looking an
/// address up never brings a hash into memory.
pub(crate) struct CredentialsKey(pub(crate) AccountId);

impl Key for CredentialsKey {
    type Record = CredentialsRecord;

    fn encode(&self) -> Vec<u8> {
        Writer::new(CREDENTIALS).u64(self.0.0).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        let mut parts = Reader::new(key, CREDENTIALS)?;
        let id = parts.u64()?;
        parts.end().map(|()| Self(AccountId(id)))
    }
}

/// That an alias leads to a target, found by the target.
pub(crate) struct TargetKey {
    target: [u8; DIGEST_OCTETS],
    alias: Address,
}

impl TargetKey {
    /// `alias` leads to `target`.
    pub(crate) fn new(target: &Address, alias: &NameKey) -> Self {
        Self {
            target: digest(target),
            alias: alias.0.clone(),
        }
    }

    /// The alias that leads there.
    pub(crate) fn alias(self) -> NameKey {
        NameKey(self.alias)
    }

    /// The aliases that lead to this target.
    pub(crate) fn leading_to(target: &Address) -> Range<Vec<u8>> {
        Writer::new(TARGET).bytes(&digest(target)).prefix()
    }
}

impl Key for TargetKey {
    type Record = TargetRecord;

    fn encode(&self) -> Vec<u8> {
        write_address(Writer::new(TARGET).bytes(&self.target), &self.alias).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        let mut parts = Reader::new(key, TARGET)?;
        let target = parts.bytes()?.try_into().ok()?;
        let alias = read_address(&mut parts)?;
        parts.end().map(|()| Self { target, alias })
    }
}

/// An account that was removed and whose mail may still be there.
pub(crate) struct LeavingKey(pub(crate) AccountId);

impl LeavingKey {
    pub(crate) fn all() -> Range<Vec<u8>> {
        Writer::new(LEAVING).prefix()
    }
}

impl Key for LeavingKey {
    type Record = LeavingRecord;

    fn encode(&self) -> Vec<u8> {
        Writer::new(LEAVING).u64(self.0.0).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        let mut parts = Reader::new(key, LEAVING)?;
        let id = parts.u64()?;
        parts.end().map(|()| Self(AccountId(id)))
    }
}

/// Whose rights ended lately.
pub(crate) struct EndingsKey;

impl Key for EndingsKey {
    type Record = EndingsRecord;

    fn encode(&self) -> Vec<u8> {
        Writer::new(ENDINGS).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        Reader::new(key, ENDINGS)?.end().map(|()| Self)
    }
}

/// Where the bodies of messages are.
pub(crate) struct BodiesKey;

impl Key for BodiesKey {
    type Record = BodiesRecord;

    fn encode(&self) -> Vec<u8> {
        Writer::new(BODIES).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        Reader::new(key, BODIES)?.end().map(|()| Self)
    }
}

/// Who takes care of the bodies in a bucket.
pub(crate) struct CustodyKey;

impl Key for CustodyKey {
    type Record = CustodyRecord;

    fn encode(&self) -> Vec<u8> {
        Writer::new(CUSTODY).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        Reader::new(key, CUSTODY)?.end().map(|()| Self)
    }
}

/// What a domain signs its mail with. Kept apart from [`DomainKey`], so that looking a domain
/// up never brings a key into memory.
pub(crate) struct SignaturesKey(pub(crate) Domain);

impl Key for SignaturesKey {
    type Record = SignaturesRecord;

    fn encode(&self) -> Vec<u8> {
        Writer::new(SIGNATURES).text(self.0.as_str()).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        let mut parts = Reader::new(key, SIGNATURES)?;
        let domain = parts.text()?.parse().ok()?;
        parts.end().map(|()| Self(domain))
    }
}

/// What the senders of messages that are sent on are made with.
pub(crate) struct SenderKeyKey;

impl Key for SenderKeyKey {
    type Record = SenderKeyRecord;

    fn encode(&self) -> Vec<u8> {
        Writer::new(SENDER_KEY).finish()
    }

    fn decode(key: &[u8]) -> Option<Self> {
        Reader::new(key, SENDER_KEY)?.end().map(|()| Self)
    }
}

fn digest(target: &Address) -> [u8; DIGEST_OCTETS] {
    let whole = blake3::hash(target.folded().to_string().as_bytes());
    let mut digest = [0; DIGEST_OCTETS];
    for (octet, from) in digest.iter_mut().zip(whole.as_bytes()) {
        *octet = *from;
    }
    digest
}

/// The domain first, so that the names of one domain stand together.
fn write_address(key: Writer, address: &Address) -> Writer {
    key.text(address.domain().as_str())
        .text(address.local().as_str())
}

fn read_address(parts: &mut Reader<'_>) -> Option<Address> {
    let domain = parts.text()?.parse().ok()?;
    let local = parts.text()?;
    // The key has the local part without its quotes; quoted, any local part parses.
    let quoted = format!("\"{}\"", local.replace('\\', "\\\\").replace('"', "\\\""));
    Some(Address::new(quoted.parse().ok()?, domain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> NameKey {
        NameKey::of(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn keys_come_back() {
        for text in [
            "jean@x.fr",
            "\"a b\\\"\\\\\"@x.fr",
            "é@x.fr",
            "\"a@b\"@x.fr",
        ] {
            let key = name(text);
            let back = NameKey::decode(&key.encode()).unwrap();
            assert_eq!(back.address(), key.address());
            let target = TargetKey::new(&"a@b.c".parse().unwrap(), &key);
            let back = TargetKey::decode(&target.encode()).unwrap();
            assert_eq!(back.alias().address(), key.address());
        }
        let domain = DomainKey::decode(&DomainKey("x.fr".parse().unwrap()).encode()).unwrap();
        assert_eq!(domain.0.as_str(), "x.fr");
        let keys = SignaturesKey::decode(&SignaturesKey(domain.0).encode()).unwrap();
        assert_eq!(keys.0.as_str(), "x.fr");
        let account = AccountKey::decode(&AccountKey(AccountId(7)).encode()).unwrap();
        assert_eq!(account.0, AccountId(7));
        let leaving = LeavingKey::decode(&LeavingKey(AccountId(7)).encode()).unwrap();
        assert_eq!(leaving.0, AccountId(7));
        assert!(AccountKey::decode(&CredentialsKey(AccountId(7)).encode()).is_none());
    }

    #[test]
    fn the_longest_address_fits_a_key() {
        let domain = format!("{}.fr", ["a".repeat(61), "b".repeat(61)].join("."));
        let local = "c".repeat(ADDRESS_OCTETS - domain.len() - 1);
        let key = name(&format!("{local}@{domain}"));
        let target = TargetKey::new(key.address(), &key);
        assert!(target.encode().len() <= kv::KEY_OCTETS);
        let longer: Address = format!("c{local}@{domain}").parse().unwrap();
        assert!(NameKey::of(&longer).is_none());
    }

    #[test]
    fn case_makes_no_other_name() {
        assert_eq!(name("Jean@X.fr").encode(), name("jean@x.FR").encode());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(key: Vec<u8>) {
            let _ = (NameKey::decode(&key), TargetKey::decode(&key), DomainKey::decode(&key));
        }
    }
}
