//! Names in SPF records, which may be made of what is known of a message. RFC 7208
//! section 7.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::record::Malformed;

/// The longest name. What is longer loses labels at its beginning. RFC 7208 section 7.3.
const NAME_OCTETS: usize = 253;

/// A text with places to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Macro(Macro),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Macro {
    letter: char,
    /// How many parts from the right count; all, if none is said.
    count: Option<usize>,
    reversed: bool,
    delimiters: String,
    /// Written upper case: as in a URL.
    escaped: bool,
}

/// What is filled in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) local: &'a str,
    /// The domain of the sender.
    pub(super) sender: &'a str,
    /// The domain whose record is read.
    pub(super) domain: &'a str,
    pub(super) ip: IpAddr,
    pub(super) helo: &'a str,
}

impl Text {
    /// The name of a domain.
    pub(super) fn name(text: &str) -> Result<Self, Malformed> {
        if text.is_empty() {
            return Err(Malformed);
        }
        Self::read(text)
    }

    pub(super) fn read(text: &str) -> Result<Self, Malformed> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let after = rest.get(first.len_utf8()..).unwrap_or_default();
            if first != '%' {
                if !first.is_ascii_graphic() {
                    return Err(Malformed);
                }
                literal.push(first);
                rest = after;
                continue;
            }
            if let Some(inside) = after.strip_prefix('{') {
                let (inside, after) = inside.split_once('}').ok_or(Malformed)?;
                parts.push(Part::Literal(std::mem::take(&mut literal)));
                parts.push(Part::Macro(Macro::read(inside)?));
                rest = after;
                continue;
            }
            literal.push_str(match after.as_bytes().first() {
                Some(b'%') => "%",
                Some(b'_') => " ",
                Some(b'-') => "%20",
                _ => return Err(Malformed),
            });
            rest = after.get(1..).unwrap_or_default();
        }
        parts.push(Part::Literal(literal));
        Ok(Self(parts))
    }

    /// The name, filled in, without a final dot.
    pub(super) fn fill(&self, known: &Known<'_>) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Macro(wanted) => text.push_str(&wanted.fill(known)),
            }
        }
        shortened(text.strip_suffix('.').unwrap_or(&text)).to_owned()
    }
}

/// The name without as many labels at its beginning as make it too long.
fn shortened(mut name: &str) -> &str {
    while name.len() > NAME_OCTETS {
        match name.split_once('.') {
            Some((_, rest)) => name = rest,
            None => break,
        }
    }
    name
}

impl Macro {
    fn read(inside: &str) -> Result<Self, Malformed> {
        let letter = inside.chars().next().ok_or(Malformed)?;
        let small = letter.to_ascii_lowercase();
        // `c`, `r` and `t` are for explanations only.
        if !"slodiphv".contains(small) {
            return Err(Malformed);
        }
        let rest = inside.get(1..).ok_or(Malformed)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = rest.split_at_checked(digits).ok_or(Malformed)?;
        let count = match digits {
            "" => None,
            digits => Some(
                digits
                    .parse()
                    .ok()
                    .filter(|count| *count > 0)
                    .ok_or(Malformed)?,
            ),
        };
        let (reversed, delimiters) = match rest.strip_prefix(['r', 'R']) {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        if !delimiters.chars().all(|c| ".-+,/_=".contains(c)) {
            return Err(Malformed);
        }
        Ok(Self {
            letter: small,
            count,
            reversed,
            delimiters: match delimiters {
                "" => ".".to_owned(),
                some => some.to_owned(),
            },
            escaped: letter.is_ascii_uppercase(),
        })
    }

    fn fill(&self, known: &Known<'_>) -> String {
        let value = match self.letter {
            's' => format!("{}@{}", known.local, known.sender),
            'l' => known.local.to_owned(),
            'o' => known.sender.to_owned(),
            'd' => known.domain.to_owned(),
            'i' => dotted(known.ip),
            'h' => known.helo.to_owned(),
            'v' => match known.ip {
                IpAddr::V4(_) => "in-addr".to_owned(),
                IpAddr::V6(_) => "ip6".to_owned(),
            },
            // The validated name of the address, which RFC 7208 section 7.3 asks nobody to
            // use; it has this word for who does not know it.
            _ => "unknown".to_owned(),
        };
        let mut parts: Vec<&str> = value.split(|c| self.delimiters.contains(c)).collect();
        if self.reversed {
            parts.reverse();
        }
        let skipped = parts
            .len()
            .saturating_sub(self.count.unwrap_or(parts.len()));
        let text = parts.get(skipped..).unwrap_or_default().join(".");
        match self.escaped {
            true => escaped(&text),
            false => text,
        }
    }
}

/// `192.0.2.1`, or the digits of an IPv6 address with a dot between each.
fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let digits = ip
                .octets()
                .map(|octet| format!("{:x}.{:x}", octet >> 4, octet & 15));
            digits.join(".")
        }
    }
}

/// RFC 3986 section 2.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            escaped.push(octet.into());
        } else if write!(escaped, "%{octet:02X}").is_err() {
            // Nothing fails to be written to a text.
            return escaped;
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message of the examples in RFC 7208 section 7.4.
    fn filled(text: &str, ip: &str) -> String {
        let known = Known {
            local: "strong-bad",
            sender: "email.example.com",
            domain: "email.example.com",
            ip: ip.parse().unwrap(),
            helo: "mx.example.org",
        };
        Text::name(text).unwrap().fill(&known)
    }

    #[test]
    fn the_examples_of_the_rfc() {
        for (text, wanted) in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d3}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l}", "strong-bad"),
            ("%{l-}", "strong.bad"),
            ("%{lr}", "strong-bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            (
                "%{ir}.%{v}._spf.%{d2}",
                "3.2.0.192.in-addr._spf.example.com",
            ),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
            (
                "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
                "3.2.0.192.in-addr.strong.lp._spf.example.com",
            ),
            (
                "%{d2}.trusted-domains.example.net",
                "example.com.trusted-domains.example.net",
            ),
            ("%{S}", "strong-bad%40email.example.com"),
            ("a%%b%_c%-d.", "a%b c%20d"),
            ("%{p}.%{h}", "unknown.mx.example.org"),
        ] {
            assert_eq!(filled(text, "192.0.2.3"), wanted, "{text}");
        }
        assert_eq!(
            filled("%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01"),
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
        );
    }

    #[test]
    fn a_name_too_long_loses_its_beginning() {
        let long = format!("{}b.%{{d}}", "a.".repeat(130));
        let filled = filled(&long, "192.0.2.3");
        assert!(filled.len() <= NAME_OCTETS && filled.ends_with("a.b.email.example.com"));
    }
}
