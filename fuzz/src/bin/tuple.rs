//! Keys as tuples: parts come back, their order is the order of the octets, and any octets
//! can be read.
#![no_main]

use std::cmp::Ordering;

use fuzz::{fuzz_target, within};
use kv::tuple::{Reader, Writer, after_key, after_prefix};

/// Parts of every type, as the input's first octets choose them.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
struct Parts(u8, Vec<u8>, u32, u64, Vec<u8>, u128);

fuzz_target!(|input: &[u8]| {
    within(64 * 1024 + 64 * input.len(), || {
        let half = input.len() / 2;
        let (one, other) = (parts(&input[..half]), parts(&input[half..]));
        let (first, second) = (key(&one), key(&other));
        assert_eq!(read(&first).as_ref(), Some(&one));
        assert_eq!(first.partial_cmp(&second), one.partial_cmp(&other));
        assert!(after_key(&first) > first && after_prefix(&first) > first);
        if first.cmp(&second) == Ordering::Less {
            assert!(after_key(&first) <= second);
        }
        // What can be read of any octets is written as them again.
        if let Some(parts) = read(input) {
            assert_eq!(key(&parts), input);
        }
    });
});

fn parts(octets: &[u8]) -> Parts {
    let number = |at: usize| octets.get(at).copied().unwrap_or_default();
    let (text, rest) = octets.split_at(octets.len().min(usize::from(number(0)) % 8));
    let wide = u128::from(number(1)) << (number(2) % 121);
    Parts(
        number(3),
        text.to_vec(),
        wide as u32,
        wide as u64,
        rest.to_vec(),
        wide,
    )
}

fn key(parts: &Parts) -> Vec<u8> {
    let Parts(small, text, four, eight, rest, sixteen) = parts;
    let key = Writer::new(7).u8(*small).bytes(text).u32(*four).u64(*eight);
    key.bytes(rest).u128(*sixteen).finish()
}

fn read(key: &[u8]) -> Option<Parts> {
    let mut reader = Reader::new(key, 7)?;
    let parts = Parts(
        reader.u8()?,
        reader.bytes()?,
        reader.u32()?,
        reader.u64()?,
        reader.bytes()?,
        reader.u128()?,
    );
    reader.end().map(|()| parts)
}
