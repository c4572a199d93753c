//! The way in for the proof `fuzz`: only it sets `--cfg fuzzing`.

/// Reads octets as a group of commits, as it stands in the log.
pub fn read_group(octets: &[u8]) {
    crate::sqlite::read_group(octets);
}
