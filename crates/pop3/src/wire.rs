//! A line to a command. RFC 1939 sections 3 to 7, RFC 2449 section 5, RFC 2595
//! section 4, RFC 5034 section 4.
//!
//! Keywords are taken in any case, and numbers with any number of spaces between
//! them. In USER and PASS all that follows the one space is the argument: passwords
//! have spaces of their own.

use address::Password;
use session::sasl::NAME_OCTETS;

/// One command, well said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    User {
        name: String,
    },
    Pass {
        password: Password,
    },
    /// Without a mechanism: which are there?
    Auth {
        mechanism: Option<String>,
        initial: Option<Password>,
    },
    Capa,
    Stls,
    Stat,
    List {
        number: Option<u32>,
    },
    Uidl {
        number: Option<u32>,
    },
    Retr {
        number: u32,
    },
    Top {
        number: u32,
        lines: u64,
    },
    Dele {
        number: u32,
    },
    Noop,
    Rset,
    Quit,
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyntaxError {
    #[error("Unknown command")]
    Unknown,
    #[error("{0} takes no argument")]
    NoArgument(&'static str),
    #[error("{0} needs a message number")]
    Number(&'static str),
    #[error("TOP needs a message number and a number of lines")]
    Top,
    #[error("USER needs a name of at most 512 octets")]
    Name,
    #[error("AUTH takes a mechanism and at most one response")]
    Auth,
}

const _: () = assert!(NAME_OCTETS == 512, "the text above names the limit");

/// Reads a line that has lost its end.
pub(crate) fn parse(line: &[u8]) -> Result<Command, SyntaxError> {
    let end = line
        .iter()
        .position(|&octet| octet == b' ')
        .unwrap_or(line.len());
    let (keyword, rest) = line.split_at(end);
    let argument = rest.strip_prefix(b" ").unwrap_or(rest);
    let keyword = keyword.to_ascii_uppercase();
    match keyword.as_slice() {
        b"USER" => user(argument),
        b"PASS" => Ok(Command::Pass {
            password: Password::new(argument),
        }),
        b"AUTH" => auth(argument),
        b"CAPA" => alone("CAPA", argument, Command::Capa),
        b"STLS" => alone("STLS", argument, Command::Stls),
        b"STAT" => alone("STAT", argument, Command::Stat),
        b"LIST" => Ok(Command::List {
            number: optional_number("LIST", argument)?,
        }),
        b"UIDL" => Ok(Command::Uidl {
            number: optional_number("UIDL", argument)?,
        }),
        b"RETR" => Ok(Command::Retr {
            number: number("RETR", argument)?,
        }),
        b"DELE" => Ok(Command::Dele {
            number: number("DELE", argument)?,
        }),
        b"TOP" => top(argument),
        b"NOOP" => alone("NOOP", argument, Command::Noop),
        b"RSET" => alone("RSET", argument, Command::Rset),
        b"QUIT" => alone("QUIT", argument, Command::Quit),
        _ => Err(SyntaxError::Unknown),
    }
}

fn user(argument: &[u8]) -> Result<Command, SyntaxError> {
    let name = argument.trim_ascii();
    if name.is_empty() || name.len() > NAME_OCTETS {
        return Err(SyntaxError::Name);
    }
    // No account's name has U+FFFD in it, so what is no UTF-8 is no one's name.
    Ok(Command::User {
        name: String::from_utf8_lossy(name).into_owned(),
    })
}

fn auth(argument: &[u8]) -> Result<Command, SyntaxError> {
    let mut words = words(argument);
    let mechanism = words
        .next()
        .map(|word| String::from_utf8_lossy(word).into_owned());
    let initial = words.next().map(Password::new);
    match words.next() {
        None => Ok(Command::Auth { mechanism, initial }),
        Some(_) => Err(SyntaxError::Auth),
    }
}

fn top(argument: &[u8]) -> Result<Command, SyntaxError> {
    let mut words = words(argument);
    let number = words.next().and_then(digits).ok_or(SyntaxError::Top)?;
    let lines = words.next().and_then(digits).ok_or(SyntaxError::Top)?;
    match words.next() {
        None => Ok(Command::Top {
            number,
            lines: lines.into(),
        }),
        Some(_) => Err(SyntaxError::Top),
    }
}

fn alone(name: &'static str, argument: &[u8], command: Command) -> Result<Command, SyntaxError> {
    match words(argument).next() {
        None => Ok(command),
        Some(_) => Err(SyntaxError::NoArgument(name)),
    }
}

fn optional_number(name: &'static str, argument: &[u8]) -> Result<Option<u32>, SyntaxError> {
    match words(argument).next() {
        None => Ok(None),
        Some(_) => number(name, argument).map(Some),
    }
}

fn number(name: &'static str, argument: &[u8]) -> Result<u32, SyntaxError> {
    let mut words = words(argument);
    match (words.next().and_then(digits), words.next()) {
        (Some(number), None) => Ok(number),
        _ => Err(SyntaxError::Number(name)),
    }
}

fn words(argument: &[u8]) -> impl Iterator<Item = &[u8]> {
    argument
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// A decimal number. One that is too great for the type is greater than anything
/// there is, and stands as the greatest.
fn digits(word: &[u8]) -> Option<u32> {
    let value = |number: u32, octet: &u8| {
        number
            .saturating_mul(10)
            .saturating_add(u32::from(octet - b'0'))
    };
    word.iter()
        .all(u8::is_ascii_digit)
        .then(|| word.iter().fold(0, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(text: &str) -> Command {
        Command::Pass {
            password: Password::new(text),
        }
    }

    #[test]
    fn keywords_in_any_case_and_spaces_to_spare() {
        assert_eq!(parse(b"noop"), Ok(Command::Noop));
        assert_eq!(parse(b"Stat "), Ok(Command::Stat));
        assert_eq!(parse(b"RETR  12 "), Ok(Command::Retr { number: 12 }));
        assert_eq!(
            parse(b"TOP 1 673"),
            Ok(Command::Top {
                number: 1,
                lines: 673
            })
        );
        assert_eq!(parse(b"LIST"), Ok(Command::List { number: None }));
        assert_eq!(parse(b"UIDL 3"), Ok(Command::Uidl { number: Some(3) }));
    }

    #[test]
    fn a_password_is_all_that_follows_one_space() {
        assert_eq!(parse(b"PASS secret word"), Ok(pass("secret word")));
        assert_eq!(parse(b"PASS  a "), Ok(pass(" a ")));
        assert_eq!(parse(b"pass"), Ok(pass("")));
        assert_eq!(parse("PASS é".as_bytes()), Ok(pass("é")));
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        let name = |name: &str| {
            Ok(Command::User {
                name: name.to_owned(),
            })
        };
        assert_eq!(parse(b"USER  jean@exemple.fr "), name("jean@exemple.fr"));
        assert_eq!(parse(b"USER j\xff"), name("j\u{fffd}"));
        assert_eq!(parse(b"USER"), Err(SyntaxError::Name));
        let long = format!("USER {}", "a".repeat(NAME_OCTETS + 1));
        assert_eq!(parse(long.as_bytes()), Err(SyntaxError::Name));
    }

    #[test]
    fn auth_with_and_without_a_response() {
        let auth = |mechanism: Option<&str>, initial: Option<&str>| {
            let mechanism = mechanism.map(str::to_owned);
            Ok(Command::Auth {
                mechanism,
                initial: initial.map(Password::new),
            })
        };
        assert_eq!(parse(b"AUTH"), auth(None, None));
        assert_eq!(parse(b"auth plain"), auth(Some("plain"), None));
        assert_eq!(
            parse(b"AUTH PLAIN AGEAYg=="),
            auth(Some("PLAIN"), Some("AGEAYg=="))
        );
        assert_eq!(parse(b"AUTH PLAIN a b"), Err(SyntaxError::Auth));
    }

    #[test]
    fn what_is_no_command_says_why() {
        assert_eq!(parse(b""), Err(SyntaxError::Unknown));
        assert_eq!(parse(b"APOP a b"), Err(SyntaxError::Unknown));
        assert_eq!(parse(b"STAT 1"), Err(SyntaxError::NoArgument("STAT")));
        assert_eq!(parse(b"RETR"), Err(SyntaxError::Number("RETR")));
        assert_eq!(parse(b"RETR -1"), Err(SyntaxError::Number("RETR")));
        assert_eq!(parse(b"LIST 1 2"), Err(SyntaxError::Number("LIST")));
        assert_eq!(parse(b"TOP 1"), Err(SyntaxError::Top));
    }

    #[test]
    fn numbers_never_wrap() {
        let number = u32::MAX;
        assert_eq!(
            parse(b"RETR 99999999999999999999"),
            Ok(Command::Retr { number })
        );
    }

    #[test]
    fn no_secret_is_printed() {
        for line in ["PASS tilleul", "AUTH PLAIN tilleul"] {
            assert!(!format!("{:?}", parse(line.as_bytes())).contains("tilleul"));
        }
    }
}
