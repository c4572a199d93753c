//! What is under the keys: postcard after one octet that names the version of that
//! kind of record. A change of a record's shape raises its version and keeps reading
//! the older ones. New variants of an enum go to its end.

use address::{AccountId, Address, Domain};
use dkim::Algorithm;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::sent_on::SenderKey;
use crate::verifier::Verifier;
use crate::{DirectoryError, Holder};

/// A kind of record.
pub(crate) trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// The version that is written.
    const VERSION: u8;
    /// What it is, for the operator who must know which is damaged.
    const NAME: &'static str;

    fn encode(&self) -> Result<Vec<u8>, DirectoryError> {
        postcard::to_extend(self, vec![Self::VERSION]).map_err(|_| Self::unreadable())
    }

    fn decode(bytes: &[u8]) -> Result<Self, DirectoryError> {
        match bytes.split_first() {
            Some((version, rest)) if *version == Self::VERSION => {
                postcard::from_bytes(rest).map_err(|_| Self::unreadable())
            }
            Some((version, rest)) => {
                Self::decode_older(*version, rest).ok_or_else(Self::unreadable)
            }
            None => Err(Self::unreadable()),
        }
    }

    /// Reads what an older version wrote; none if that can't be, or there never was such a
    /// version.
    fn decode_older(_version: u8, _rest: &[u8]) -> Option<Self> {
        None
    }

    fn unreadable() -> DirectoryError {
        DirectoryError::Unreadable { record: Self::NAME }
    }
}

/// The number that the next account gets.
#[derive(Serialize, Deserialize)]
pub(crate) struct NextAccount(pub(crate) AccountId);

impl Record for NextAccount {
    const VERSION: u8 = 1;
    const NAME: &'static str = "the next account number";
}

/// A domain that is served here.
#[derive(Serialize, Deserialize)]
pub(crate) struct DomainRecord {
    pub(crate) added: Second,
    /// Accounts and aliases in it. Adding one changes this record, so that it can't
    /// happen beside the removal of the domain.
    pub(crate) addresses: u64,
    /// The domain whose other name it is; it has no addresses then.
    pub(crate) alias_of: Option<Domain>,
}

/// The first version, of when each domain was one by itself.
#[derive(Deserialize)]
struct DomainBefore {
    added: Second,
    addresses: u64,
}

impl Record for DomainRecord {
    const VERSION: u8 = 2;
    const NAME: &'static str = "a domain";

    fn decode_older(version: u8, rest: &[u8]) -> Option<Self> {
        let read = |before: DomainBefore| Self {
            added: before.added,
            addresses: before.addresses,
            alias_of: None,
        };
        (version == 1).then(|| postcard::from_bytes(rest).ok().map(read))?
    }
}

/// What an address is.
#[derive(Serialize, Deserialize)]
pub(crate) enum NameRecord {
    /// An account's own address.
    Account(AccountId),
    /// An alias and where it leads, as it was spelt.
    Alias(Vec<Address>),
    /// An account's own address, whose mail goes on to others.
    Redirected {
        account: AccountId,
        /// The account gets its mail too.
        keeps: bool,
        /// As they were spelt.
        targets: Vec<Address>,
    },
}

impl NameRecord {
    /// The account whose own address it is.
    pub(crate) fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(account) | Self::Redirected { account, .. } => Some(*account),
            Self::Alias(_) => None,
        }
    }

    /// What has the address.
    pub(crate) fn holder(&self) -> Holder {
        match self {
            Self::Account(_) | Self::Redirected { .. } => Holder::Account,
            Self::Alias(_) => Holder::Alias,
        }
    }

    /// The addresses that its mail goes to.
    pub(crate) fn targets(&self) -> &[Address] {
        match self {
            Self::Alias(targets) | Self::Redirected { targets, .. } => targets,
            Self::Account(_) => &[],
        }
    }
}

impl Record for NameRecord {
    const VERSION: u8 = 1;
    const NAME: &'static str = "an address";
}

/// An account without what it signs in with.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AccountRecord {
    pub(crate) address: Address,
    pub(crate) name: Option<String>,
    pub(crate) quota: Option<u64>,
    pub(crate) old_devices: bool,
    /// [`words::Language::code`].
    pub(crate) language: String,
    pub(crate) created: Second,
    pub(crate) password_changed: Second,
}

impl Record for AccountRecord {
    const VERSION: u8 = 1;
    const NAME: &'static str = "an account";
}

/// What an account may sign in with.
#[derive(Serialize, Deserialize)]
pub(crate) struct CredentialsRecord {
    /// Grows with each change. A sign-in that was verified under another generation
    /// says nothing.
    pub(crate) generation: u64,
    pub(crate) verifiers: Vec<Verifier>,
}

impl Record for CredentialsRecord {
    const VERSION: u8 = 1;
    const NAME: &'static str = "the credentials of an account";
}

/// Whether an account may send, and how much; where there is none, it is as for all.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SendingRecord {
    pub(crate) lock: Option<LockRecord>,
    pub(crate) messages_per_hour: Option<u32>,
    pub(crate) recipients_per_day: Option<u32>,
    /// It has sent from an old tablet.
    pub(crate) old_tablet: bool,
}

/// The first version, of when nothing was known of tablets.
#[derive(Deserialize)]
struct SendingBefore {
    lock: Option<LockRecord>,
    messages_per_hour: Option<u32>,
    recipients_per_day: Option<u32>,
}

/// That it may not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockRecord {
    pub(crate) since: Second,
    pub(crate) why: String,
}

impl Record for SendingRecord {
    const VERSION: u8 = 2;
    const NAME: &'static str = "whether an account may send";

    fn decode_older(version: u8, rest: &[u8]) -> Option<Self> {
        let read = |before: SendingBefore| Self {
            lock: before.lock,
            messages_per_hour: before.messages_per_hour,
            recipients_per_day: before.recipients_per_day,
            old_tablet: false,
        };
        (version == 1).then(|| postcard::from_bytes(rest).ok().map(read))?
    }
}

/// That an alias leads somewhere: the key says it all.
#[derive(Serialize, Deserialize)]
pub(crate) struct TargetRecord;

impl Record for TargetRecord {
    const VERSION: u8 = 1;
    const NAME: &'static str = "where an alias leads";
}

/// That an account is leaving: the key says it all.
#[derive(Serialize, Deserialize)]
pub(crate) struct LeavingRecord;

impl Record for LeavingRecord {
    const VERSION: u8 = 1;
    const NAME: &'static str = "an account that leaves";
}

/// Whose rights ended lately, for the processes where they were given.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct EndingsRecord {
    /// How many have ended since the beginning.
    count: u64,
    /// Whose the latest were, the last one at the end; at most [`ENDINGS_KEPT`].
    latest: Vec<AccountId>,
}

/// Enough that whoever looks at each change, or at least each second, misses none; who
/// does looks at all accounts.
const ENDINGS_KEPT: usize = 64;

impl EndingsRecord {
    /// With one more.
    pub(crate) fn with(&self, account: AccountId) -> Self {
        let count = self.count.wrapping_add(1);
        let passed = (self.latest.len() + 1).saturating_sub(ENDINGS_KEPT);
        let latest = self.latest.iter().skip(passed).copied();
        let latest = latest.chain([account]).collect();
        Self { count, latest }
    }

    /// How many have ended.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Those that came after so many; none where that can't be told any more.
    pub(crate) fn since(&self, count: u64) -> Option<&[AccountId]> {
        let more = usize::try_from(self.count.checked_sub(count)?).ok()?;
        self.latest.get(self.latest.len().checked_sub(more)?..)
    }
}

impl Record for EndingsRecord {
    const VERSION: u8 = 1;
    const NAME: &'static str = "the rights that ended lately";
}

/// Where the bodies of messages are, in words that the program compares with its settings.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct BodiesRecord(pub(crate) String);

impl Record for BodiesRecord {
    const VERSION: u8 = 1;
    const NAME: &'static str = "where the bodies of messages are";
}

/// Who takes care of the bodies in a bucket.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CustodyRecord {
    pub(crate) index: u128,
    pub(crate) turn: u64,
    pub(crate) keeper: u128,
    pub(crate) until: Second,
}

impl Record for CustodyRecord {
    const VERSION: u8 = 1;
    const NAME: &'static str = "who takes care of the bodies";
}

/// What the senders of messages that are sent on are made with. Not `Debug`: whoever has it
/// can have us send reports anywhere.
#[derive(Serialize, Deserialize)]
pub(crate) struct SenderKeyRecord(pub(crate) SenderKey);

impl Record for SenderKeyRecord {
    const VERSION: u8 = 1;
    const NAME: &'static str = "the key of senders";
}

/// What a domain signs its mail with, in the order of making. Not `Debug`, nor is what is in
/// it: whoever has a key signs as the domain.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SignaturesRecord {
    pub(crate) keys: Vec<SignatureKeyRecord>,
}

impl Record for SignaturesRecord {
    const VERSION: u8 = 1;
    const NAME: &'static str = "the keys of a domain";
}

/// One key of a domain.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SignatureKeyRecord {
    /// [`dkim::Selector`].
    pub(crate) selector: String,
    pub(crate) algorithm: AlgorithmRecord,
    /// [`dkim::PrivateKey`].
    pub(crate) octets: Vec<u8>,
    /// The text that is published.
    pub(crate) record: String,
    pub(crate) state: StateRecord,
    /// Since when it is in that state.
    pub(crate) since: Second,
}

/// [`dkim::Algorithm`].
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AlgorithmRecord {
    Rsa,
    Ed25519,
}

impl From<Algorithm> for AlgorithmRecord {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rsa => Self::Rsa,
            Algorithm::Ed25519 => Self::Ed25519,
        }
    }
}

impl From<AlgorithmRecord> for Algorithm {
    fn from(algorithm: AlgorithmRecord) -> Self {
        match algorithm {
            AlgorithmRecord::Rsa => Self::Rsa,
            AlgorithmRecord::Ed25519 => Self::Ed25519,
        }
    }
}

/// [`crate::KeyState`].
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StateRecord {
    Prepared,
    Active,
    Retired,
}

/// A date to the second, as it is stored: seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Second(i64);

impl From<Timestamp> for Second {
    fn from(at: Timestamp) -> Self {
        Self(at.as_second())
    }
}

impl From<Second> for Timestamp {
    /// A second that no calendar has (only a damaged record holds one) becomes the
    /// last or first that one has.
    fn from(second: Second) -> Self {
        Timestamp::from_second(second.0).unwrap_or(if second.0 > 0 {
            Timestamp::MAX
        } else {
            Timestamp::MIN
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_and_other_versions_are_refused() {
        let record = DomainRecord {
            added: Timestamp::UNIX_EPOCH.into(),
            addresses: 3,
            alias_of: None,
        };
        let mut bytes = record.encode().unwrap();
        assert_eq!(DomainRecord::decode(&bytes).unwrap().addresses, 3);
        bytes[0] += 1;
        assert!(DomainRecord::decode(&bytes).is_err());
        assert!(DomainRecord::decode(&[]).is_err());
        assert!(DomainRecord::decode(&[1]).is_err());
        let before = [1, 0, 3];
        assert_eq!(DomainRecord::decode(&before).unwrap().addresses, 3);
    }

    #[test]
    fn endings_since_a_count_are_told_as_long_as_they_are_kept() {
        let mut endings = EndingsRecord::default();
        assert_eq!(endings.since(0), Some(&[][..]));
        for account in 1..=100 {
            endings = endings.with(AccountId(account));
        }
        let endings = EndingsRecord::decode(&endings.encode().unwrap()).unwrap();
        assert_eq!(endings.count(), 100);
        assert_eq!(
            endings.since(98),
            Some(&[AccountId(99), AccountId(100)][..])
        );
        assert_eq!(endings.since(36).map(<[_]>::len), Some(64));
        // Forgotten, or of another directory.
        assert_eq!((endings.since(35), endings.since(101)), (None, None));
    }

    #[test]
    fn no_second_is_without_a_date() {
        for second in [i64::MIN, -1, 0, 1, i64::MAX] {
            let _ = Timestamp::from(Second(second));
        }
    }
}
