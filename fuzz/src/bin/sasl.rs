//! Sign-in exchanges: lines to a name and a password, or to a refusal, in three turns.
#![no_main]

use fuzz::{fuzz_target, within};
use session::sasl::{Exchange, Mechanism, NAME_OCTETS, Turn};

fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|octet| *octet == b'\n');
    let Some(first) = lines.next() else {
        return;
    };
    let mut words = first.splitn(2, |octet| *octet == b' ');
    let name = String::from_utf8_lossy(words.next().unwrap_or_default());
    let Some(mechanism) = Mechanism::named(&name) else {
        return;
    };
    within(64 * 1024 + 8 * input.len(), || {
        let mut turn = Exchange::begin(mechanism, words.next());
        for line in lines {
            match turn {
                Ok(Turn::Challenge { exchange, text }) => {
                    assert!(text.is_ascii());
                    turn = exchange.respond(line);
                }
                _ => break,
            }
        }
        if let Ok(Turn::Done(credentials)) = turn {
            assert!(!credentials.name.is_empty());
            // An octet that is no UTF-8 takes the place of three.
            assert!(credentials.name.len() <= 3 * NAME_OCTETS);
            assert!(credentials.password.expose().len() <= input.len());
        }
    });
});
