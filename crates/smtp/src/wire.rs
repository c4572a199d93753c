//! A line to a command. RFC 5321 section 4.1.1 and the RFC of each extension.
//!
//! Keywords are taken in any case. What old devices do is taken too: a space after
//! `MAIL FROM:`, and any name in EHLO.

mod parameters;
mod path;

pub(crate) use parameters::REQUIRETLS;

use address::Password;

use crate::device::names_sender_as_old_tablet;
use crate::dsn::{OriginalRecipient, Wishes};
use crate::limits::HELLO_OCTETS;
use crate::question::{ForwardPath, Hello, Sender};
use crate::say::Fault;
use crate::session::Role;

/// One command, well said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Hello(Hello),
    Mail(Sender),
    Rcpt {
        path: ForwardPath,
        wishes: Wishes,
        /// It is not ASCII: only a message of SMTPUTF8 goes there (RFC 6531 section 3.3).
        utf8: bool,
    },
    Data,
    Bdat(Chunk),
    Rset,
    Noop,
    Quit,
    Help,
    Vrfy,
    StartTls,
    Auth {
        mechanism: String,
        initial: Option<Password>,
    },
}

/// Octets of a message that follow the command. RFC 3030 section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) octets: u64,
    /// Whether the message ends with them.
    pub(crate) last: bool,
}

/// Reads a line that has lost its CRLF.
pub(crate) fn parse(line: &[u8], role: Role) -> Result<Command, Fault> {
    if memchr::memchr2(b'\r', b'\n', line).is_some() {
        // Somewhere on its way a line end was mended or lost, and somebody may have
        // counted on it: none of its parts is a command.
        return Err(Fault::BareLineEnd);
    }
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    let (keyword, rest) = line.split_at(end);
    let argument = rest.trim_ascii();
    let keyword = keyword.to_ascii_uppercase();
    match keyword.as_slice() {
        b"EHLO" => hello(argument, true),
        b"HELO" => hello(argument, false),
        b"MAIL" => mail(argument, role),
        b"RCPT" => rcpt(argument),
        b"DATA" => alone("DATA", argument, Command::Data),
        b"BDAT" => bdat(argument).ok_or(Fault::ChunkSize),
        b"RSET" => alone("RSET", argument, Command::Rset),
        b"QUIT" => alone("QUIT", argument, Command::Quit),
        b"STARTTLS" => alone("STARTTLS", argument, Command::StartTls),
        // Both may have an argument, which says nothing to us.
        b"NOOP" => Ok(Command::Noop),
        b"HELP" => Ok(Command::Help),
        b"VRFY" if argument.is_empty() => Err(Fault::Usage { form: "VRFY name" }),
        b"VRFY" => Ok(Command::Vrfy),
        b"EXPN" => Err(Fault::NotOffered),
        b"AUTH" => auth(argument),
        // A browser was made to talk to us; no command in its request is meant.
        b"GET" | b"POST" | b"PUT" | b"HEAD" | b"OPTIONS" | b"CONNECT" => Err(Fault::NotMail),
        _ => Err(Fault::Unknown),
    }
}

fn alone(command: &'static str, argument: &[u8], found: Command) -> Result<Command, Fault> {
    if argument.is_empty() {
        Ok(found)
    } else {
        Err(Fault::NoArgument { command })
    }
}

/// Any name will do (RFC 5321 section 4.1.4: it must not be a reason to refuse), as long
/// as there is one.
fn hello(argument: &[u8], extended: bool) -> Result<Command, Fault> {
    if argument.is_empty() {
        return Err(Fault::Usage {
            form: "EHLO your-host-name",
        });
    }
    let said = String::from_utf8_lossy(argument);
    let end = said.floor_char_boundary(HELLO_OCTETS);
    let kept = said.get(..end).unwrap_or_default();
    let name = kept
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    Ok(Command::Hello(Hello { name, extended }))
}

fn mail(argument: &[u8], role: Role) -> Result<Command, Fault> {
    let text = after(argument, "FROM:").ok_or(Fault::Sender)?;
    let (text, rest) = path::split(text).ok_or(Fault::Sender)?;
    let path = path::reverse(text).ok_or(Fault::Sender)?;
    let given = parameters::of_mail(rest, role)?;
    if !text.is_ascii() && !given.smtputf8 {
        return Err(Fault::Utf8Address);
    }
    Ok(Command::Mail(Sender {
        path,
        size: given.size,
        smtputf8: given.smtputf8,
        eight_bit: given.eight_bit,
        require_tls: given.require_tls,
        ret: given.ret,
        envelope_id: given.envelope_id,
        hold: given.hold,
        by: given.by,
        old_tablet: names_sender_as_old_tablet(argument, rest),
    }))
}

fn rcpt(argument: &[u8]) -> Result<Command, Fault> {
    let text = after(argument, "TO:").ok_or(Fault::Recipient)?;
    let (text, rest) = path::split(text).ok_or(Fault::Recipient)?;
    let path = path::forward(text).ok_or(Fault::Recipient)?;
    let wishes = parameters::of_rcpt(rest)?;
    let original = wishes.original.as_ref();
    let utf8 = !text.is_ascii() || original.is_some_and(OriginalRecipient::needs_smtputf8);
    Ok(Command::Rcpt { path, wishes, utf8 })
}

/// Digits, and perhaps a word: RFC 3030 section 2.
fn bdat(argument: &[u8]) -> Option<Command> {
    let text = std::str::from_utf8(argument).ok()?;
    let mut words = text.split_ascii_whitespace();
    let size = words.next()?;
    // A sign before it is read as a number by us alone.
    let is_size = size.bytes().all(|octet| octet.is_ascii_digit());
    let octets = size.parse().ok().filter(|_| is_size)?;
    let last = match words.next() {
        Some(word) if word.eq_ignore_ascii_case("LAST") => true,
        None => false,
        Some(_) => return None,
    };
    let chunk = Chunk { octets, last };
    words.next().is_none().then_some(Command::Bdat(chunk))
}

/// What follows `FROM:` or `TO:`, and the space that some devices put there.
fn after<'a>(argument: &'a [u8], word: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(argument).ok()?;
    let (said, rest) = text.split_at_checked(word.len())?;
    said.eq_ignore_ascii_case(word).then(|| rest.trim_start())
}

fn auth(argument: &[u8]) -> Result<Command, Fault> {
    let mut words = argument
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let mechanism = words.next();
    let initial = words.next().map(Password::new);
    match (mechanism, words.next()) {
        (Some(mechanism), None) => {
            let mechanism = String::from_utf8_lossy(mechanism).into_owned();
            Ok(Command::Auth { mechanism, initial })
        }
        _ => Err(Fault::Usage {
            form: "AUTH PLAIN response",
        }),
    }
}

#[cfg(test)]
mod tests {
    use address::ReversePath;
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Result<Command, Fault> {
        parse(line.as_bytes(), Role::Submission)
    }

    fn hello_name(line: &str) -> String {
        match read(line) {
            Ok(Command::Hello(hello)) => hello.name,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn sender(line: &str) -> Sender {
        match read(line) {
            Ok(Command::Mail(sender)) => sender,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn recipient(line: &str) -> String {
        match read(line) {
            Ok(Command::Rcpt { path, utf8, .. }) => {
                assert_eq!(utf8, !line.is_ascii());
                match path {
                    ForwardPath::Address(address) => address.to_string(),
                    ForwardPath::Postmaster => "postmaster".to_owned(),
                }
            }
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn names_as_devices_say_them() {
        for name in [
            "[10.0.0.2]",
            "[IPv6:fe80::1%wlan0]",
            "localhost",
            "PC de Léa",
            "mx.exemple.fr",
        ] {
            assert_eq!(hello_name(&format!("EHLO {name}")), name);
            assert_eq!(hello_name(&format!("helo  {name} ")), name);
        }
        assert_eq!(hello_name("EHLO a\0b"), "a?b");
        assert_eq!(
            hello_name(&format!("EHLO {}", "é".repeat(400))).len(),
            HELLO_OCTETS - 1
        );
        assert!(matches!(read("EHLO "), Err(Fault::Usage { .. })));
    }

    #[test]
    fn senders() {
        assert_eq!(
            sender("MAIL FROM:<jean@Exemple.FR>").path.to_string(),
            "<jean@exemple.fr>"
        );
        assert_eq!(
            sender("mail from: <jean@exemple.fr>").path.to_string(),
            "<jean@exemple.fr>"
        );
        assert_eq!(sender("MAIL FROM:<>").path, ReversePath::Null);
        assert_eq!(
            sender("MAIL FROM:<@a.fr,@b.fr:c@d.fr>").path.to_string(),
            "<c@d.fr>"
        );
        let all = sender("MAIL FROM:<é@x.fr> size=1000 BODY=8bitmime SMTPUTF8 AUTH=<>");
        assert_eq!(all.size, Some(1000));
        assert!(all.smtputf8 && all.eight_bit);
        for unasked in ["MAIL FROM:<é@x.fr>", "MAIL FROM:<a@é.fr> BODY=8BITMIME"] {
            assert_eq!(read(unasked), Err(Fault::Utf8Address));
        }
        for wrong in [
            "MAIL",
            "MAIL FROM",
            "MAIL FROM:",
            "MAIL FROM:jean@x.fr",
            "MAIL FROM:<jean>",
            "MAIL FROM:<jean@x.fr",
            "MAIL FROM:<a b@x.fr>",
            "MAIL TO:<jean@x.fr>",
            "MAIL FROM:<jean@x.fr>SIZE=1",
            "MAIL FROM:<@a.fr>",
            "MAIL FROM:<jean@[10.0.0.1]>",
        ] {
            assert_eq!(read(wrong), Err(Fault::Sender), "{wrong}");
        }
        assert_eq!(
            parse(b"MAIL FROM:<\xe9@x.fr>", Role::Submission),
            Err(Fault::Sender)
        );
    }

    #[test]
    fn recipients() {
        assert_eq!(recipient("RCPT TO:<paul@exemple.org>"), "paul@exemple.org");
        assert_eq!(recipient("rcpt to: <paul@exemple.org>"), "paul@exemple.org");
        assert_eq!(recipient("RCPT TO:<PostMaster>"), "postmaster");
        assert_eq!(recipient("RCPT TO:<@a,@b:c@d.fr>"), "c@d.fr");
        assert_eq!(recipient("RCPT TO:<é@x.fr>"), "é@x.fr");
        assert_eq!(recipient("RCPT TO:<a@é.fr>"), "a@xn--9ca.fr");
        assert_eq!(recipient("RCPT TO:<\"a> b\"@x.fr>"), "\"a> b\"@x.fr");
        assert_eq!(
            recipient("RCPT TO:<\"a\\\"> b\"@x.fr>"),
            "\"a\\\"> b\"@x.fr"
        );
        for wrong in [
            "RCPT TO:<>",
            "RCPT TO:<paul>",
            "RCPT TO:paul@x.fr",
            "RCPT FROM:<a@x.fr>",
        ] {
            assert_eq!(read(wrong), Err(Fault::Recipient), "{wrong}");
        }
    }

    #[test]
    fn commands_in_any_case_with_spaces_at_the_end() {
        assert_eq!(read("data "), Ok(Command::Data));
        assert_eq!(read("Noop anything"), Ok(Command::Noop));
        assert_eq!(read("starttls"), Ok(Command::StartTls));
        assert_eq!(
            read("STARTTLS now"),
            Err(Fault::NoArgument {
                command: "STARTTLS"
            })
        );
        assert_eq!(read("EXPN staff"), Err(Fault::NotOffered));
        let bdat = |octets, last| Ok(Command::Bdat(Chunk { octets, last }));
        assert_eq!(read("Bdat 10  last "), bdat(10, true));
        assert_eq!(read("BDAT 18446744073709551615"), bdat(u64::MAX, false));
        assert_eq!(read(""), Err(Fault::Unknown));
        assert_eq!(read("GET / HTTP/1.1"), Err(Fault::NotMail));
    }

    #[test]
    fn a_line_end_inside_a_command_spoils_all_of_it() {
        for line in ["NOOP\nQUIT", "RCPT TO:<a@x.fr>\rDATA", "\n"] {
            assert_eq!(read(line), Err(Fault::BareLineEnd));
        }
    }

    #[test]
    fn auth_with_and_without_a_response() {
        let auth = |mechanism: &str, initial: Option<&str>| {
            let initial = initial.map(Password::new);
            Ok(Command::Auth {
                mechanism: mechanism.to_owned(),
                initial,
            })
        };
        assert_eq!(read("AUTH PLAIN AGEAYg=="), auth("PLAIN", Some("AGEAYg==")));
        assert_eq!(read("auth login"), auth("login", None));
        assert!(matches!(read("AUTH"), Err(Fault::Usage { .. })));
        assert!(matches!(read("AUTH PLAIN a b"), Err(Fault::Usage { .. })));
        assert!(!format!("{:?}", read("AUTH PLAIN tilleul")).contains("tilleul"));
    }

    proptest! {
        #[test]
        fn any_octets_are_a_command_or_a_fault(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse(&line, Role::Exchange);
        }

        #[test]
        fn any_path_is_a_command_or_a_fault(text in "(MAIL FROM|RCPT TO):[<>@:,\"\\\\a é]{0,20}") {
            let _ = parse(text.as_bytes(), Role::Submission);
        }
    }
}
