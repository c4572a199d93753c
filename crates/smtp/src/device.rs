//! Which device a submission comes from, as far as that matters.
//!
//! The e-mail app of Android 4 keeps a message for ever of which one recipient was refused, tries
//! it again and again, and tells its user nothing. It is known by what no other program says
//! together: an address in place of its name, a space behind `MAIL FROM:` (RFC 5321 section
//! 3.3 forbids it), and no parameter, though SIZE and 8BITMIME are offered.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::question::Hello;

/// Whether somebody says hello as that app does: with the address of the device, or with
/// `localhost` where it has none.
pub(crate) fn greets_as_old_tablet(hello: &Hello) -> bool {
    hello.extended && (hello.name == "localhost" || is_literal(&hello.name))
}

/// Whether MAIL is said as that app says it; `argument` is what follows `MAIL `, and `rest` what
/// follows the address.
pub(crate) fn names_sender_as_old_tablet(argument: &[u8], rest: &str) -> bool {
    argument.starts_with(b"FROM: <") && rest.is_empty()
}

/// An address literal (RFC 5321 section 4.1.3). An IPv6 address may name the interface behind
/// it, which no standard allows and Java writes.
fn is_literal(name: &str) -> bool {
    let inside = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let Some(inside) = inside else { return false };
    match inside.strip_prefix("IPv6:") {
        Some(address) => {
            let address = address
                .split_once('%')
                .map_or(address, |(address, _)| address);
            address.parse::<Ipv6Addr>().is_ok()
        }
        None => inside.parse::<Ipv4Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greets(name: &str) -> bool {
        greets_as_old_tablet(&Hello {
            name: name.to_owned(),
            extended: true,
        })
    }

    #[test]
    fn it_greets_with_its_address() {
        for name in [
            "[192.168.1.20]",
            "[IPv6:fe80::1%wlan0]",
            "[IPv6:2001:db8::1]",
            "localhost",
        ] {
            assert!(greets(name), "{name}");
            let extended = false;
            let name = name.to_owned();
            assert!(!greets_as_old_tablet(&Hello { name, extended }));
        }
        for name in [
            "",
            "[",
            "[]",
            "192.168.1.20",
            "[192.168.1]",
            "[fe80::1]",
            "[IPv6:]",
            "mail.exemple.fr",
            "localhost.localdomain",
        ] {
            assert!(!greets(name), "{name}");
        }
    }

    #[test]
    fn it_names_the_sender_with_a_space_and_nothing_else() {
        assert!(names_sender_as_old_tablet(b"FROM: <a@b.fr>", ""));
        assert!(!names_sender_as_old_tablet(b"FROM:<a@b.fr>", ""));
        assert!(!names_sender_as_old_tablet(b"FROM:  <a@b.fr>", ""));
        assert!(!names_sender_as_old_tablet(b"from: <a@b.fr>", ""));
        assert!(!names_sender_as_old_tablet(
            b"FROM: <a@b.fr> SIZE=1",
            " SIZE=1"
        ));
    }
}
