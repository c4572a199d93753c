//! Addresses and domains: what can be read prints to something that reads the same, on
//! one line, within the limits of a path.
#![no_main]

use address::{Address, Domain, LocalPart, ReversePath};
use fuzz::{fuzz_target, within};

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    within(1024 * 1024 + 64 * text.len(), || {
        if let Ok(address) = text.parse::<Address>() {
            let shown = address.to_string();
            assert_eq!(shown.parse(), Ok(address.clone()));
            assert!(!shown.contains(char::is_control) && shown.len() <= 2 * 128 + 3 + 253);
            assert_eq!(address.folded().folded(), address.folded());
            assert_eq!(address.needs_smtputf8(), !shown.is_ascii());
            let path = ReversePath::Address(address).to_string();
            assert!(path.starts_with('<') && path.ends_with('>'));
        }
        if let Ok(domain) = text.parse::<Domain>() {
            assert!(domain.as_str().is_ascii() && domain.as_str().len() <= 253);
            assert_eq!(domain.as_str().parse(), Ok(domain.clone()));
            let _ = domain.to_unicode();
        }
        if let Ok(local) = text.parse::<LocalPart>() {
            assert_eq!(local.to_string().parse(), Ok(local));
        }
    });
});
