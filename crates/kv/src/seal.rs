//! The checksum that every stored value carries.
//!
//! A stored value is what was put, then four octets of CRC-32 (least significant
//! first) over partition, key and value. So a flipped bit is found, and so is a value
//! that stands under a key that is not its own.

use crate::{KvError, Partition};

const SEAL_OCTETS: usize = 4;

fn checksum(partition: &[u8], key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(partition);
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}

/// The value as it is stored; `partition` is [`Partition::to_bytes`].
pub(crate) fn seal(partition: &[u8], key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let sum = checksum(partition, key, &value);
    value.extend_from_slice(&sum.to_le_bytes());
    value
}

/// The value as it was put, from how it is stored.
pub(crate) fn open(partition: Partition, key: &[u8], stored: &[u8]) -> Result<Vec<u8>, KvError> {
    let parts = stored.split_last_chunk::<SEAL_OCTETS>();
    let whole = parts.filter(|(value, sum)| {
        checksum(&partition.to_bytes(), key, value) == u32::from_le_bytes(**sum)
    });
    match whole {
        Some((value, _)) => Ok(value.to_vec()),
        None => Err(KvError::Damaged(format!("{partition}, key {}", hex(key)))),
    }
}

fn hex(key: &[u8]) -> String {
    key.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_is_found() {
        let stored = seal(&Partition::Queue.to_bytes(), b"k", b"value".to_vec());
        assert_eq!(open(Partition::Queue, b"k", &stored), Ok(b"value".to_vec()));
        for bit in 0..stored.len() * 8 {
            let mut flipped = stored.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(Partition::Queue, b"k", &flipped).is_err());
        }
    }

    #[test]
    fn a_value_belongs_to_its_key() {
        let stored = seal(&Partition::Queue.to_bytes(), b"k", b"value".to_vec());
        assert!(open(Partition::Queue, b"l", &stored).is_err());
        assert!(open(Partition::Directory, b"k", &stored).is_err());
        assert!(open(Partition::Queue, b"k", b"abc").is_err());
    }
}
