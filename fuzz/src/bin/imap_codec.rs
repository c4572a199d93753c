//! The codec of IMAP: any octets are a command or a complaint about a place in them, and
//! what is written is read as it was.
#![no_main]

use fuzz::{fuzz_target, within};

fuzz_target!(|input: &[u8]| {
    within(256 * 1024 + 256 * input.len(), || {
        imap::fuzzing::codec(input)
    });
});
