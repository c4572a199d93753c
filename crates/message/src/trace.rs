//! The fields that a server puts on top of a message. RFC 5321 section 4.4.

use std::net::IpAddr;

use address::{Address, ReversePath};
use jiff::Timestamp;
use jiff::tz::Offset;

use crate::date;
use crate::limits::{FOLD_COLUMNS, HELO_OCTETS};
use crate::scan::{Beginning, beginning};

/// What a `Received` field says.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Where the message comes from.
    pub from: Origin<'a>,
    /// Our host name.
    pub by: &'a str,
    /// How it spoke.
    pub with: With,
    /// Version and suite of the encryption, for people: `("TLSv1.3", "TLS13_AES_...")`.
    pub tls: Option<(&'a str, &'a str)>,
    /// Our name for this transaction, to find it in the log.
    pub id: &'a str,
    /// The recipient, where there is only one: two would tell each of the other.
    pub recipient: Option<&'a Address>,
    /// When the message came.
    pub when: Timestamp,
    /// The zone in which that is written.
    pub offset: Offset,
}

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// A host.
    Client {
        /// What it called itself in HELO or EHLO. What no host name has becomes `?`, and it is
        /// cut at 255 octets.
        helo: &'a str,
        /// Where it connected from.
        peer: IpAddr,
    },
    /// Somebody who signed in. Where a user is, and what their device is called, is nobody's
    /// business but theirs: a fixed word says so, since the clause can't be missing (RFC 5321
    /// section 4.4).
    User,
}

/// What stands for whoever signed in.
const USER: &str = "submission";

/// The protocol of a `Received` field: RFC 3848, and RFC 6531 section 4.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct With {
    /// EHLO was said, not HELO. Without it nothing else can be true of SMTP.
    pub extended: bool,
    /// The connection was encrypted.
    pub encrypted: bool,
    /// The client signed in.
    pub signed_in: bool,
    /// SMTPUTF8 was used.
    pub utf8: bool,
}

impl With {
    /// The word that stands for it: `ESMTPSA`.
    pub fn keyword(self) -> String {
        if !self.extended {
            return "SMTP".to_owned();
        }
        let name = if self.utf8 { "UTF8SMTP" } else { "ESMTP" };
        let encrypted = if self.encrypted { "S" } else { "" };
        let signed_in = if self.signed_in { "A" } else { "" };
        format!("{name}{encrypted}{signed_in}")
    }
}

impl Received<'_> {
    /// The field, folded, with its line end.
    pub fn field(&self) -> String {
        let mut words = vec!["Received:".to_owned(), "from".to_owned()];
        match self.from {
            Origin::Client { helo, peer } => words.extend([host(helo), literal(peer)]),
            Origin::User => words.push(USER.to_owned()),
        }
        words.extend([
            "by".to_owned(),
            host(self.by),
            "with".to_owned(),
            self.with.keyword(),
        ]);
        if let Some((version, suite)) = self.tls {
            words.extend([format!("({}", host(version)), format!("{})", host(suite))]);
        }
        words.extend(["id".to_owned(), host(self.id)]);
        // RFC 6531 section 3.7.3: only a message of SMTPUTF8 has such an address in it.
        let recipient = self
            .recipient
            .filter(|address| self.with.utf8 || !address.needs_smtputf8());
        words.extend(recipient.map(|address| format!("for <{address}>")));
        if let Some(last) = words.last_mut() {
            last.push(';');
        }
        words.push(date::format(self.when, self.offset));
        fold(&words)
    }
}

/// The `Return-Path` field that final delivery puts first, with its line end.
pub fn return_path(from: &ReversePath) -> String {
    format!("Return-Path: {from}\r\n")
}

/// What has to stand between the fields on top and a message that begins like this, so
/// that none of the message becomes part of them; `None` when more of it must be seen.
/// `whole` says that there is no more.
///
/// Nothing, if the message has a header. If it has none, an empty line: it is all text. A
/// first line that is more of a field which is not there would be more of ours; it gets
/// one to belong to, so that the fields below it stay fields.
pub fn joint(head: &[u8], whole: bool) -> Option<&'static str> {
    beginning(head, whole).map(|beginning| match beginning {
        Beginning::Header => "",
        Beginning::Folded => "Comments: the message began with the next line\r\n",
        Beginning::Text => "\r\n",
    })
}

/// RFC 5321 section 4.1.3.
fn literal(peer: IpAddr) -> String {
    match peer.to_canonical() {
        IpAddr::V4(peer) => format!("([{peer}])"),
        IpAddr::V6(peer) => format!("([IPv6:{peer}])"),
    }
}

/// A word with nothing in it that could end the field or begin a comment.
fn host(text: &str) -> String {
    let clean = |c: char| {
        if c.is_ascii_alphanumeric() || "-._:[]%/=+".contains(c) {
            c
        } else {
            '?'
        }
    };
    let text: String = text.chars().take(HELO_OCTETS).map(clean).collect();
    if text.is_empty() {
        "unknown".to_owned()
    } else {
        text
    }
}

/// Words in lines, each after the first indented by a tab.
fn fold(words: &[String]) -> String {
    let mut field = String::new();
    let mut column = 0;
    for word in words {
        if column == 0 {
            column = word.len();
        } else if column + 1 + word.len() <= FOLD_COLUMNS {
            field.push(' ');
            column += 1 + word.len();
        } else {
            field.push_str("\r\n\t");
            column = 1 + word.len();
        }
        field.push_str(word);
    }
    field.push_str("\r\n");
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received<'a>() -> Received<'a> {
        Received {
            from: Origin::Client {
                helo: "[192.168.1.20]",
                peer: IpAddr::from([192, 0, 2, 1]),
            },
            by: "mail.exemple.fr",
            with: With {
                extended: true,
                encrypted: true,
                signed_in: true,
                utf8: false,
            },
            tls: Some(("TLSv1.3", "TLS13_AES_128_GCM_SHA256")),
            id: "01KB",
            recipient: None,
            when: "2026-11-23T09:11:12Z".parse().unwrap(),
            offset: Offset::from_seconds(3600).unwrap(),
        }
    }

    #[test]
    fn it_says_what_the_rfc_wants_in_short_lines() {
        assert_eq!(
            received().field(),
            "Received: from [192.168.1.20] ([192.0.2.1]) by mail.exemple.fr with ESMTPSA\r\n\
             \t(TLSv1.3 TLS13_AES_128_GCM_SHA256) id 01KB; Mon, 23 Nov 2026 10:11:12 +0100\r\n"
        );
        let to = "paul@exemple.fr".parse().unwrap();
        let field = Received {
            recipient: Some(&to),
            tls: None,
            from: Origin::User,
            ..received()
        }
        .field();
        assert_eq!(
            field,
            "Received: from submission by mail.exemple.fr with ESMTPSA id 01KB\r\n\
             \tfor <paul@exemple.fr>; Mon, 23 Nov 2026 10:11:12 +0100\r\n"
        );
    }

    #[test]
    fn keywords() {
        let with = |extended, encrypted, signed_in, utf8| {
            With {
                extended,
                encrypted,
                signed_in,
                utf8,
            }
            .keyword()
        };
        assert_eq!(with(false, true, false, false), "SMTP");
        assert_eq!(with(true, false, false, false), "ESMTP");
        assert_eq!(with(true, true, false, false), "ESMTPS");
        assert_eq!(with(true, false, true, false), "ESMTPA");
        assert_eq!(with(true, true, true, true), "UTF8SMTPSA");
    }

    #[test]
    fn a_hostile_name_adds_nothing() {
        let helo = "x) by bank.example;\r\nFrom: a@b (".repeat(100);
        let field = Received {
            from: Origin::Client {
                helo: &helo,
                peer: "::1".parse().unwrap(),
            },
            ..received()
        }
        .field();
        assert_eq!(
            field.matches("\r\n").count(),
            field.matches("\r\n\t").count() + 1
        );
        assert!(field.contains("([IPv6:::1])") && !field.contains("bank.example;"));
        assert!(field.lines().all(|line| line.len() <= 300));
        assert!(
            Received {
                from: Origin::Client {
                    helo: "",
                    peer: "::1".parse().unwrap(),
                },
                ..received()
            }
            .field()
            .starts_with("Received: from unknown ")
        );
    }

    #[test]
    fn an_address_beyond_ascii_needs_smtputf8() {
        let to = "é@exemple.fr".parse().unwrap();
        let with_it = Received {
            recipient: Some(&to),
            ..received()
        };
        assert!(!with_it.field().contains("for"));
        let utf8 = Received {
            with: With {
                utf8: true,
                ..with_it.with
            },
            ..with_it
        };
        assert!(utf8.field().contains("for <é@exemple.fr>"));
    }

    /// What a reader sees of a message below our fields.
    fn below(message: &str) -> (Vec<String>, String) {
        let joint = joint(message.as_bytes(), true).unwrap();
        let whole = format!("Received: x\r\n{joint}{message}");
        let (header, text) = whole.split_once("\r\n\r\n").unwrap_or((&whole, ""));
        let fields = crate::fields(header.as_bytes());
        let text_of = |field: crate::Field<'_>| {
            let raw = String::from_utf8_lossy(field.raw);
            raw.trim_end().to_owned()
        };
        (fields.map(text_of).collect(), text.to_owned())
    }

    #[test]
    fn no_line_of_a_message_becomes_part_of_ours() {
        let ours = || "Received: x".to_owned();
        assert_eq!(
            below("Subject: a\r\n\r\nb\r\n"),
            (vec![ours(), "Subject: a".to_owned()], "b\r\n".to_owned())
        );
        assert_eq!(
            below("Salut\r\nLea\r\n"),
            (vec![ours()], "Salut\r\nLea\r\n".to_owned())
        );
        assert_eq!(below("\r\nb\r\n"), (vec![ours()], "b\r\n".to_owned()));
        let stray = "Comments: the message began with the next line\r\n by x".to_owned();
        assert_eq!(
            below(" by x\r\nSubject: a\r\n\r\nb"),
            (vec![ours(), stray, "Subject: a".to_owned()], "b".to_owned())
        );
    }

    #[test]
    fn return_paths() {
        assert_eq!(return_path(&ReversePath::Null), "Return-Path: <>\r\n");
        let from = ReversePath::Address("a@b.fr".parse().unwrap());
        assert_eq!(return_path(&from), "Return-Path: <a@b.fr>\r\n");
    }
}
