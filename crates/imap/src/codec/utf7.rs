//! Mailbox names on the wire: modified UTF-7. RFC 9051 appendix A.1, RFC 3501 section 5.1.3.
//!
//! Printable ASCII stands for itself, `&` is `&-`, and a run of anything else is its
//! UTF-16 in base64 between `&` and `-`. There is one spelling for each name, and no
//! other is taken: two spellings of one name would be two names to a client.

use base64::alphabet::IMAP_MUTF7;
use base64::engine::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// Spells a name for the wire.
pub(crate) fn encode(name: &str) -> String {
    let mut wire = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        if stands_for_itself(first) {
            wire.push(first);
            if first == '&' {
                wire.push('-');
            }
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let end = rest.find(stands_for_itself).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        let utf16: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
        wire.push('&');
        BASE64.encode_string(utf16, &mut wire);
        wire.push('-');
        rest = after;
    }
    wire
}

/// Reads a name from the wire; `None` when it is not spelt as [`encode`] would.
pub(crate) fn decode(wire: &[u8]) -> Option<String> {
    let mut name = String::with_capacity(wire.len());
    let mut rest = str::from_utf8(wire).ok()?;
    while let Some(start) = rest.find('&') {
        let (plain, shifted) = rest.split_at(start);
        name.push_str(plain);
        let (run, after) = shifted.get(1..)?.split_once('-')?;
        match run {
            "" => name.push('&'),
            run => name.push_str(&shifted_run(run)?),
        }
        rest = after;
    }
    name.push_str(rest);
    // The one check for all that has two spellings: ASCII in base64, two runs that touch,
    // bits left over, a control character or an octet over 127 as it is.
    (encode(&name).as_bytes() == wire).then_some(name)
}

fn shifted_run(run: &str) -> Option<String> {
    let utf16 = BASE64.decode(run).ok()?;
    let (pairs, []) = utf16.as_chunks::<2>() else {
        return None;
    };
    let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_be_bytes(pair)).collect();
    String::from_utf16(&units).ok()
}

fn stands_for_itself(c: char) -> bool {
    matches!(c, ' '..='~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Éléments envoyés", "&AMk-l&AOk-ments envoy&AOk-s"),
            ("Tom & Jerry", "Tom &- Jerry"),
            ("😀", "&2D3eAA-"),
            ("a\tb", "a&AAk-b"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire.as_bytes()).as_deref(), Some(name));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        let wrong: [&[u8]; 9] = [
            b"&",
            b"A&B",
            b"&Jjo",
            b"&Jjo!",
            // RFC 3501 section 5.1.3: superfluous shift.
            b"&U,BTFw-&ZeVnLIqe-",
            // ASCII in base64, an odd octet, half a surrogate pair.
            b"&AGEAYg-",
            b"&AOkA-",
            b"&2D0-",
            b"caf\xc3\xa9",
        ];
        for wire in wrong {
            assert_eq!(decode(wire), None, "{}", wire.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in ".{0,40}") {
            let wire = encode(&name);
            prop_assert!(wire.bytes().all(|octet| (0x20..0x7f).contains(&octet)));
            prop_assert_eq!(decode(wire.as_bytes()), Some(name));
        }

        #[test]
        fn any_octets_are_a_name_or_not(wire in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(name) = decode(&wire) {
                prop_assert_eq!(encode(&name).into_bytes(), wire);
            }
        }
    }
}
