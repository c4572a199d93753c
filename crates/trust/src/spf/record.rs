//! The language of SPF records. RFC 7208 sections 4.6, 5 and 6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use events::Finding;

use super::text::Text;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Tried in turn; the first that matches decides.
    pub(super) directives: Vec<Directive>,
    /// Whose record decides when none matches.
    pub(super) redirect: Option<Text>,
}

/// What follows when something matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) finding: Finding,
    pub(super) mechanism: Mechanism,
}

/// What may match. A name that is not given is that of the domain itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    All,
    Include(Text),
    A(Option<Text>, Lengths),
    Mx(Option<Text>, Lengths),
    Ptr(Option<Text>),
    Network(IpAddr, u8),
    Exists(Text),
}

/// How many bits of an address count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    pub(super) four: u8,
    pub(super) six: u8,
}

/// A record that is none: the domain is at fault, and nothing is read into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Whether a text is meant to be an SPF record. RFC 7208 section 4.5.
pub(super) fn is_record(text: &[u8]) -> bool {
    match text.split_at_checked(VERSION.len()) {
        Some((version, rest)) => {
            version.eq_ignore_ascii_case(VERSION) && rest.first().is_none_or(|octet| *octet == b' ')
        }
        None => false,
    }
}

const VERSION: &[u8] = b"v=spf1";

impl Record {
    /// Reads a text that [`is_record`].
    pub(super) fn read(text: &[u8]) -> Result<Self, Malformed> {
        let text = text.get(VERSION.len()..).ok_or(Malformed)?;
        let text = std::str::from_utf8(text).map_err(|_| Malformed)?;
        let mut record = Self {
            directives: Vec::new(),
            redirect: None,
        };
        let mut explained = false;
        for term in text.split(' ').filter(|term| !term.is_empty()) {
            match modifier(term) {
                Some((name, value)) if name.eq_ignore_ascii_case("redirect") => {
                    let value = Text::name(value)?;
                    // RFC 7208 section 6: twice is an error.
                    if record.redirect.replace(value).is_some() {
                        return Err(Malformed);
                    }
                }
                Some((name, value)) if name.eq_ignore_ascii_case("exp") => {
                    // It is not asked for: what a stranger wants to have said, we do not say.
                    Text::name(value)?;
                    if std::mem::replace(&mut explained, true) {
                        return Err(Malformed);
                    }
                }
                // RFC 7208 section 6: what is unknown is passed over.
                Some((_, value)) => Text::read(value).map(drop)?,
                None => record.directives.push(directive(term)?),
            }
        }
        Ok(record)
    }
}

/// `name=value`, where the name is one.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let mut letters = name.bytes();
    let begins = letters.next().is_some_and(|b| b.is_ascii_alphabetic());
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    (begins && letters.all(inner)).then_some((name, value))
}

fn directive(term: &str) -> Result<Directive, Malformed> {
    let (finding, rest) = match term.split_at_checked(1) {
        Some(("+", rest)) => (Finding::Pass, rest),
        Some(("-", rest)) => (Finding::Fail, rest),
        Some(("~", rest)) => (Finding::SoftFail, rest),
        Some(("?", rest)) => (Finding::Neutral, rest),
        _ => (Finding::Pass, term),
    };
    Ok(Directive {
        finding,
        mechanism: mechanism(rest)?,
    })
}

fn mechanism(term: &str) -> Result<Mechanism, Malformed> {
    let end = term.find([':', '/']).unwrap_or(term.len());
    let (name, rest) = term.split_at_checked(end).ok_or(Malformed)?;
    let value = rest.strip_prefix(':');
    let named = || Text::name(value.ok_or(Malformed)?);
    match name.to_ascii_lowercase().as_str() {
        "all" if rest.is_empty() => Ok(Mechanism::All),
        "include" => Ok(Mechanism::Include(named()?)),
        "exists" => Ok(Mechanism::Exists(named()?)),
        "ptr" if rest.is_empty() => Ok(Mechanism::Ptr(None)),
        "ptr" => Ok(Mechanism::Ptr(Some(named()?))),
        "a" => with_lengths(rest).map(|(name, lengths)| Mechanism::A(name, lengths)),
        "mx" => with_lengths(rest).map(|(name, lengths)| Mechanism::Mx(name, lengths)),
        "ip4" => network::<Ipv4Addr>(value.ok_or(Malformed)?, 32),
        "ip6" => network::<Ipv6Addr>(value.ok_or(Malformed)?, 128),
        _ => Err(Malformed),
    }
}

/// `[:name][/four][//six]`.
fn with_lengths(rest: &str) -> Result<(Option<Text>, Lengths), Malformed> {
    let (rest, six) = match rest.split_once("//") {
        Some((rest, six)) => (rest, length(six, 128)?),
        None => (rest, 128),
    };
    // A name may have a slash in a macro; a length is behind the last.
    let (rest, four) = match rest.rsplit_once('/') {
        Some((rest, four)) if !four.contains('}') => (rest, length(four, 32)?),
        _ => (rest, 32),
    };
    let name = match rest.strip_prefix(':') {
        Some(name) => Some(Text::name(name)?),
        None if rest.is_empty() => None,
        None => return Err(Malformed),
    };
    Ok((name, Lengths { four, six }))
}

fn network<Ip: std::str::FromStr + Into<IpAddr>>(
    value: &str,
    most: u8,
) -> Result<Mechanism, Malformed> {
    let (ip, bits) = match value.split_once('/') {
        Some((ip, bits)) => (ip, length(bits, most)?),
        None => (value, most),
    };
    let ip: Ip = ip.parse().map_err(|_| Malformed)?;
    Ok(Mechanism::Network(ip.into(), bits))
}

fn length(text: &str, most: u8) -> Result<u8, Malformed> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    // RFC 7208 section 5.6: no zero before other digits.
    let plain = text == "0" || !text.starts_with('0');
    let bits: u8 = text.parse().map_err(|_| Malformed)?;
    (digits && plain && bits <= most)
        .then_some(bits)
        .ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Record, Malformed> {
        assert!(is_record(text.as_bytes()), "{text}");
        Record::read(text.as_bytes())
    }

    #[test]
    fn what_is_meant_as_a_record() {
        for (text, is) in [
            ("v=spf1", true),
            ("V=SPF1 -all", true),
            ("v=spf10", false),
            ("v=spf1-all", false),
            (" v=spf1", false),
            ("", false),
        ] {
            assert_eq!(is_record(text.as_bytes()), is, "{text}");
        }
    }

    #[test]
    fn every_mechanism_is_read() {
        let record = read(
            "v=spf1 +a  mx:b.test/24//64 ?a:%{d}/8 ptr -include:c.test ip4:192.0.2.0/24 \
             IP6:2001:db8::/32 ~exists:%{ir}.d.test unknown=%{s} -all redirect=e.test exp=f.test",
        )
        .unwrap();
        assert_eq!(record.directives.len(), 9);
        let findings: Vec<_> = record.directives.iter().map(|d| d.finding.word()).collect();
        assert_eq!(
            findings,
            [
                "pass", "pass", "neutral", "pass", "fail", "pass", "pass", "softfail", "fail"
            ]
        );
        let lengths = Lengths { four: 24, six: 64 };
        let name = Some(Text::name("b.test").unwrap());
        assert_eq!(record.directives[1].mechanism, Mechanism::Mx(name, lengths));
        assert!(record.redirect.is_some());
    }

    #[test]
    fn what_is_malformed_is_no_record() {
        for text in [
            "v=spf1 al",
            "v=spf1 all:a.test",
            "v=spf1 ip4:1.2.3",
            "v=spf1 ip4:1.2.3.4/33",
            "v=spf1 ip4:1.2.3.4/08",
            "v=spf1 ip6:1.2.3.4",
            "v=spf1 ip4",
            "v=spf1 a:/24",
            "v=spf1 a/24/64",
            "v=spf1 a/+4",
            "v=spf1 include",
            "v=spf1 include:",
            "v=spf1 exists:%{x}.test",
            "v=spf1 exists:%a.test",
            "v=spf1 redirect=a.test redirect=b.test",
            "v=spf1 exp=a.test exp=b.test",
            "v=spf1 =x",
            "v=spf1 -",
            "v=spf1 \u{e9}",
        ] {
            assert_eq!(read(text), Err(Malformed), "{text}");
        }
        assert_eq!(Record::read(b"v=spf1 \xff"), Err(Malformed));
    }
}
