//! The bytes of the journal's partition, in the notation of [`kv::tuple`]:
//!
//! ```text
//! 01 account kind hour what process   something of an account
//! 02 kind hour what process           something of networks that belongs to no account
//! ```
//!
//! `account` and `process` have eight octets, `kind` one, `hour` four (hours since 1970).
//! `what` are the octets that tell things of one kind apart. A value is a version octet, then a
//! [`Record`] by postcard; variants, and kinds, are added at the end.

use std::net::IpAddr;
use std::ops::Range;

use address::AccountId;
use jiff::Timestamp;
use kv::tuple::{Reader, Writer};

use crate::{JournalError, Record};

const ACCOUNT: u8 = 0x01;
const NETWORKS: u8 = 0x02;

const VERSION: u8 = 1;
const HOUR: i64 = 60 * 60;

/// Of which kind a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    SignIn,
    Sent,
    Unsigned,
    Seen,
    Lock,
    Sorted,
}

impl Kind {
    const ALL: [Kind; 6] = [
        Kind::SignIn,
        Kind::Sent,
        Kind::Unsigned,
        Kind::Seen,
        Kind::Lock,
        Kind::Sorted,
    ];

    pub(crate) fn of(record: &Record) -> Kind {
        match record {
            Record::SignIn(..) => Kind::SignIn,
            Record::Sent(_) => Kind::Sent,
            Record::Unsigned(_) => Kind::Unsigned,
            Record::Seen(_) => Kind::Seen,
            Record::Lock(_) => Kind::Lock,
            Record::Sorted(_) => Kind::Sorted,
        }
    }

    fn octet(self) -> u8 {
        match self {
            Kind::SignIn => 1,
            Kind::Sent => 2,
            Kind::Unsigned => 3,
            Kind::Seen => 4,
            Kind::Lock => 5,
            Kind::Sorted => 6,
        }
    }

    fn from_octet(octet: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.octet() == octet)
    }
}

/// Whose a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Owner {
    Account(AccountId),
    Networks,
}

/// Hours since 1970; a clock before that says the first.
pub(crate) fn hour(at: Timestamp) -> u32 {
    u32::try_from(at.as_second() / HOUR).unwrap_or_default()
}

/// When an hour begins.
pub(crate) fn begin(hour: u32) -> Timestamp {
    Timestamp::from_second(i64::from(hour) * HOUR).unwrap_or(Timestamp::MAX)
}

fn of(owner: Owner, kind: Kind) -> Writer {
    let begun = match owner {
        Owner::Account(account) => Writer::new(ACCOUNT).u64(account.0),
        Owner::Networks => Writer::new(NETWORKS),
    };
    begun.u8(kind.octet())
}

/// All of an owner and a kind from an hour on.
pub(crate) fn since(owner: Owner, kind: Kind, hour: u32) -> Range<Vec<u8>> {
    of(owner, kind).u32(hour).finish()..of(owner, kind).prefix().end
}

/// All of an owner and a kind before an hour.
pub(crate) fn before(owner: Owner, kind: Kind, hour: u32) -> Range<Vec<u8>> {
    of(owner, kind).finish()..of(owner, kind).u32(hour).finish()
}

/// All that is kept of an account.
pub(crate) fn of_account(account: AccountId) -> Range<Vec<u8>> {
    Writer::new(ACCOUNT).u64(account.0).prefix()
}

/// All that is kept of accounts.
pub(crate) fn of_accounts() -> Range<Vec<u8>> {
    Writer::new(ACCOUNT).prefix()
}

/// Who was at a network in an hour.
pub(crate) fn seen_at(network: IpAddr, hour: u32) -> Range<Vec<u8>> {
    let key = of(Owner::Networks, Kind::Seen).u32(hour);
    // What tells things apart begins with the network, and goes on.
    let mut start = key.bytes(&octets(network)).finish();
    start.truncate(start.len() - 2);
    let end = kv::tuple::after_prefix(&start);
    start..end
}

/// The key of a record, but for who writes it.
pub(crate) fn key(owner: Owner, hour: u32, record: &Record) -> Vec<u8> {
    let what = what(record);
    of(owner, Kind::of(record)).u32(hour).bytes(&what).finish()
}

/// The key of a record as this process writes it.
pub(crate) fn written_by(bare: &[u8], process: u64) -> Vec<u8> {
    let mut key = bare.to_vec();
    key.extend_from_slice(&process.to_be_bytes());
    key
}

/// A key without who wrote it.
pub(crate) fn bare(key: &[u8]) -> &[u8] {
    key.split_last_chunk::<8>().map_or(key, |(bare, _)| bare)
}

/// What a key says: whose it is, of which kind and hour.
pub(crate) fn read_key(key: &[u8]) -> Option<(Owner, Kind, u32)> {
    let accounts = Reader::new(key, ACCOUNT);
    let is_account = accounts.is_some();
    let mut parts = accounts.or_else(|| Reader::new(key, NETWORKS))?;
    let owner = match is_account {
        true => Owner::Account(AccountId(parts.u64()?)),
        false => Owner::Networks,
    };
    let kind = Kind::from_octet(parts.u8()?)?;
    let hour = parts.u32()?;
    parts.bytes()?;
    parts.u64()?;
    parts.end().map(|()| (owner, kind, hour))
}

/// What tells things of one kind apart.
fn what(record: &Record) -> Vec<u8> {
    let mut what = Vec::new();
    let mut from = |network: Option<IpAddr>| match network {
        Some(ip) => what.extend(octets(ip)),
        None => what.push(0),
    };
    match record {
        Record::SignIn(of, _) => {
            from(of.network);
            what.extend([
                of.protocol as u8,
                u8::from(of.encrypted),
                of.refused.map_or(0, |why| why as u8 + 1),
            ]);
        }
        Record::Sent(sent) => from(sent.network),
        Record::Unsigned(unsigned) => {
            let peer = unsigned.peer;
            from(peer.map(|peer| crate::network_of(peer.ip())));
            // Where it is not told from where, it is not told from whom.
            if peer.is_some() {
                what.extend(hash(unsigned.sender.as_bytes()).to_be_bytes());
            }
        }
        Record::Seen(_) => {}
        Record::Lock(change) => {
            what.extend(change.at.to_be_bytes());
            // One may be lifted within a second.
            what.push(u8::from(change.to.is_err()));
        }
        Record::Sorted(sorted) => {
            what.push(u8::from(sorted.unwanted));
            what.extend(hash(sorted.id.as_bytes()).to_be_bytes());
        }
    }
    what
}

/// The key of who was at a network, but for who writes it.
pub(crate) fn seen_key(network: IpAddr, hour: u32, account: AccountId) -> Vec<u8> {
    let mut what = octets(network);
    what.extend(account.0.to_be_bytes());
    let key = of(Owner::Networks, Kind::Seen).u32(hour);
    key.bytes(&what).finish()
}

fn octets(network: IpAddr) -> Vec<u8> {
    let mut octets = Vec::with_capacity(17);
    match network {
        IpAddr::V4(ip) => {
            octets.push(4);
            octets.extend(ip.octets());
        }
        IpAddr::V6(ip) => {
            octets.push(6);
            octets.extend(ip.octets());
        }
    }
    octets
}

/// A number for octets (FNV-1a), so that what is long takes little room. Two that share one are
/// counted as one, which does little harm.
pub(crate) fn hash(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
    })
}

pub(crate) fn write(record: &Record) -> Result<Vec<u8>, JournalError> {
    postcard::to_extend(record, vec![VERSION])
        .map_err(|error| JournalError::Broken(error.to_string()))
}

pub(crate) fn read(octets: &[u8]) -> Result<Record, JournalError> {
    let damaged = |why: &str| JournalError::Damaged(format!("a record of the journal: {why}"));
    match octets.split_first() {
        Some((&VERSION, rest)) => {
            postcard::from_bytes(rest).map_err(|error| damaged(&error.to_string()))
        }
        _ => Err(damaged("it is of no known version")),
    }
}
