//! What a peer says that it can do. RFC 5321 section 4.1.1.1.

use super::Reply;

/// What an answer to EHLO offers; nothing, after HELO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Commands may be sent without waiting for replies. RFC 2920.
    pub pipelining: bool,
    /// It takes a message's size. RFC 1870.
    pub size: Option<Size>,
    /// It takes octets above 127 in bodies. RFC 6152.
    pub eight_bit: bool,
    /// It takes UTF-8 in addresses and headers. RFC 6531.
    pub smtputf8: bool,
    /// It takes messages in chunks. RFC 3030.
    pub chunking: bool,
    /// It reports what becomes of a message as it is asked to. RFC 3461.
    pub dsn: bool,
    /// It delivers by when it is asked to; the least time for that in seconds, or none, where
    /// what is late is to come back. RFC 2852 section 3.
    pub deliver_by: Option<u32>,
    /// It can begin TLS. RFC 3207.
    pub starttls: bool,
    /// It sends on by TLS alone what is sent so. RFC 8689.
    pub require_tls: bool,
    /// One can sign in by PLAIN. RFC 4616.
    pub plain: bool,
    /// One can sign in by LOGIN.
    pub login: bool,
    /// Messages that it takes in one connection. RFC 9422 section 4.1.
    pub mail_max: Option<usize>,
    /// Recipients that it takes for one message. RFC 9422 section 4.2.
    pub rcpt_max: Option<usize>,
}

/// How large a message a peer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// It does not say.
    Unsaid,
    /// At most so many octets.
    AtMost(u64),
}

impl Capabilities {
    /// Reads them from the answer to EHLO, the first line of which is a greeting.
    pub(super) fn read(reply: &Reply) -> Capabilities {
        let mut offered = Capabilities::default();
        for line in reply.lines.iter().skip(1) {
            offered.take(line);
        }
        offered
    }

    fn take(&mut self, line: &str) {
        // `AUTH=LOGIN` is how some say it that are older than RFC 2554.
        let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
        let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
        match keyword.as_str() {
            "PIPELINING" => self.pipelining = true,
            "SIZE" => self.size = Some(size(words.next())),
            "8BITMIME" => self.eight_bit = true,
            "SMTPUTF8" => self.smtputf8 = true,
            "CHUNKING" => self.chunking = true,
            "DSN" => self.dsn = true,
            "DELIVERBY" => {
                let least = words.next().and_then(|word| word.parse().ok());
                self.deliver_by = Some(least.unwrap_or(0));
            }
            "STARTTLS" => self.starttls = true,
            "REQUIRETLS" => self.require_tls = true,
            "AUTH" => words.for_each(|word| self.mechanism(word)),
            "LIMITS" => self.limits(line),
            _ => {}
        }
    }

    fn mechanism(&mut self, word: &str) {
        self.plain |= word.eq_ignore_ascii_case("PLAIN");
        self.login |= word.eq_ignore_ascii_case("LOGIN");
    }

    /// `LIMITS MAILMAX=100 RCPTMAX=50`. One that makes no sense is none.
    fn limits(&mut self, line: &str) {
        for word in line.split_ascii_whitespace().skip(1) {
            let Some((name, value)) = word.split_once('=') else {
                continue;
            };
            let count = value.parse().ok().filter(|count| *count > 0);
            match name.to_ascii_uppercase().as_str() {
                "MAILMAX" => self.mail_max = count,
                "RCPTMAX" => self.rcpt_max = count,
                _ => {}
            }
        }
    }
}

/// RFC 1870 section 4: zero is no limit, and so is nothing.
fn size(word: Option<&str>) -> Size {
    match word.and_then(|word| word.parse().ok()) {
        Some(0) | None => Size::Unsaid,
        Some(octets) => Size::AtMost(octets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Capabilities {
        Capabilities::read(&Reply {
            code: 250,
            status: None,
            lines: lines.iter().map(|&line| line.to_owned()).collect(),
        })
    }

    #[test]
    fn what_is_offered_is_known() {
        let lines = [
            "mx.test at your service",
            "PIPELINING",
            "size 35882577",
            "8bitMIME",
            "STARTTLS",
            "AUTH GSSAPI plain LOGIN",
            "CHUNKING",
            "SMTPUTF8",
            "DSN",
            "DELIVERBY 240",
            "REQUIRETLS",
            "LIMITS RCPTMAX=50 MAILMAX=7 RCPTDOMAINMAX=1",
            "XCLIENT NAME ADDR",
        ];
        let all = Capabilities {
            pipelining: true,
            size: Some(Size::AtMost(35_882_577)),
            eight_bit: true,
            smtputf8: true,
            chunking: true,
            dsn: true,
            deliver_by: Some(240),
            starttls: true,
            require_tls: true,
            plain: true,
            login: true,
            mail_max: Some(7),
            rcpt_max: Some(50),
        };
        assert_eq!(read(&lines), all);
        assert_eq!(read(&["PIPELINING"]), Capabilities::default());
        assert_eq!(read(&[]), Capabilities::default());
    }

    #[test]
    fn odd_offers_are_read_as_meant_or_not_at_all() {
        assert!(read(&["x", "AUTH=LOGIN PLAIN"]).login);
        for (line, size) in [
            ("SIZE", Size::Unsaid),
            ("SIZE 0", Size::Unsaid),
            ("SIZE=10", Size::AtMost(10)),
            ("SIZE x", Size::Unsaid),
        ] {
            assert_eq!(read(&["x", line]).size, Some(size), "{line}");
        }
        assert_eq!(read(&["x", "DELIVERBY"]).deliver_by, Some(0));
        let limits = read(&["x", "LIMITS RCPTMAX=0 MAILMAX=x RCPTMAX"]);
        assert_eq!((limits.mail_max, limits.rcpt_max), (None, None));
        assert!(!read(&["x", "STARTTLSX", "X STARTTLS"]).starttls);
    }
}
