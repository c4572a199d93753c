//! The way in for the proof `fuzz`: only it sets `--cfg fuzzing`.

/// Reads octets as what an index writes to the log: a group of commits, a page of a copy, its end.
pub fn read_frame(octets: &[u8]) {
    crate::sqlite::read_frame(octets);
}
