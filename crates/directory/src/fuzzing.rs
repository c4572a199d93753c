//! The way in for the proof `fuzz`: only it sets `--cfg fuzzing`.

use jiff::Timestamp;

use crate::records::{
    AccountRecord, BodiesRecord, CredentialsRecord, CustodyRecord, DomainRecord, EndingsRecord,
    NameRecord, NextAccount, Record, SenderKeyRecord, SignaturesRecord, TargetRecord,
};

/// Reads octets as each kind of record that a directory holds.
///
/// # Panics
/// Where what was read is not written as what can be read again.
pub fn read_anything(octets: &[u8]) {
    record::<NextAccount>(octets);
    record::<DomainRecord>(octets);
    record::<NameRecord>(octets);
    record::<CredentialsRecord>(octets);
    record::<TargetRecord>(octets);
    record::<EndingsRecord>(octets);
    record::<BodiesRecord>(octets);
    record::<CustodyRecord>(octets);
    record::<SignaturesRecord>(octets);
    record::<SenderKeyRecord>(octets);
    if let Some(account) = record::<AccountRecord>(octets) {
        let _ = (
            Timestamp::from(account.created),
            Timestamp::from(account.password_changed),
        );
    }
}

fn record<T: Record>(octets: &[u8]) -> Option<T> {
    let record = T::decode(octets).ok()?;
    let written = record.encode().unwrap_or_default();
    let again = T::decode(&written).ok();
    assert!(again.is_some(), "{}", T::NAME);
    again
}
