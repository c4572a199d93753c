//! Records of damaged stores: each is read or is damage, without a panic and without
//! taking the memory that a damaged length asks for; what is read is written as it was.
#![no_main]

use fuzz::{fuzz_target, within};

fuzz_target!(|input: &[u8]| {
    // A list's length is believed up to a megabyte at each of the levels of a structure.
    within(16 * 1024 * 1024 + 64 * input.len(), || {
        store::fuzzing::read_anything(input);
        queue::fuzzing::read_anything(input);
        directory::fuzzing::read_anything(input);
    });
});
