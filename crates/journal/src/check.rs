//! Looking at every record.

use kv::Partition;
use kv::damage::{Hex, PastDamage, Rest};

use crate::stored::{Kind, read, read_key};
use crate::{Journal, JournalError};

/// Faults that are kept; of more only the number is.
const FAULTS: usize = 1000;
/// Records that are looked at in one snapshot.
const RECORDS: usize = 400;

/// What a check of the journal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Records that were looked at.
    pub records: u64,
    /// What is wrong, in words for the operator: the first thousand.
    pub faults: Vec<String>,
    /// How many more there are.
    pub more: u64,
}

impl Journal {
    /// Looks at all that is written, and says what is wrong with it. It changes nothing. A
    /// record that is damaged is named and passed over.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn check(&self) -> Result<Checked, JournalError> {
        let mut found = Checked::default();
        let mut rest = Rest::all(Vec::new()..vec![u8::MAX; kv::KEY_OCTETS]);
        while !rest.is_empty() {
            let snapshot = self.inner.kv.snapshot(Partition::Journal).await?;
            let mut scan = PastDamage::resume(&*snapshot, rest, RECORDS);
            let page = scan.page().await?;
            rest = scan.rest();
            let Some(page) = page else { break };
            for (key, value) in page.rows {
                found.records += 1;
                found.row(&key, &value.bytes);
            }
            if let Some(damage) = page.damage {
                let (key, why) = (Hex(&damage.key), &damage.why);
                found.fault(match damage.rest {
                    true => format!("the journal: from {key} on nothing could be read: {why}"),
                    false => format!("the journal: the record {key} can't be read: {why}"),
                });
            }
        }
        Ok(found)
    }
}

impl Checked {
    fn row(&mut self, key: &[u8], value: &[u8]) {
        let name = Hex(key);
        let Some((_, kind, _)) = read_key(key) else {
            return self.fault(format!(
                "the journal: the record {name} is of no known kind"
            ));
        };
        match read(value) {
            Err(error) => self.fault(format!(
                "the journal: the record {name} can't be read: {error}"
            )),
            Ok(record) if Kind::of(&record) != kind => self.fault(format!(
                "the journal: the record {name} is of another kind than its key says"
            )),
            Ok(_) => {}
        }
    }

    fn fault(&mut self, fault: String) {
        match self.faults.len() < FAULTS {
            true => self.faults.push(fault),
            false => self.more = self.more.saturating_add(1),
        }
    }
}
