//! The policy itself: a text of fields, a line each. RFC 8461 section 3.2.

use std::fmt;
use std::time::Duration;

use address::Domain;

/// Octets of a policy. RFC 8461 section 3.3 suggests this limit.
pub const POLICY_OCTETS: usize = 64 * 1024;
/// Hosts, or kinds of hosts, that a policy may name: far more than anybody has, and so few that
/// the policy written anew fits into one value of the store.
pub const MX_PATTERNS: usize = 200;
/// The longest time that a policy may ask for, in seconds: a year. RFC 8461 section 3.2.
const LONGEST_AGE: u64 = 31_557_600;

/// What a domain promises, and asks of whoever sends it mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What is to be done where the promise is not kept.
    pub mode: Mode,
    /// The hosts that take the domain's mail.
    hosts: Vec<Pattern>,
    /// For how long this counts, without being asked for again.
    pub max_age: Duration,
}

/// What is to be done where a host is not one of those, or can't be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It gets no mail.
    Enforce,
    /// It gets mail, and the domain a report.
    Testing,
    /// Nothing: the domain promises no more what it once did.
    None,
}

/// A host, or all right below a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    name: Domain,
    is_wild: bool,
}

/// Why a text is no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is no text, or a line of it is no field.
    #[error("a line of it is no field")]
    Line,
    /// It is of another version, or does not say of which.
    #[error("it is not of version STSv1")]
    Version,
    /// It has no mode, or one that nobody knows.
    #[error("it has no mode that is known")]
    Mode,
    /// It does not say for how long it counts.
    #[error("it does not say for how long it counts")]
    Age,
    /// It names no host, or what is none.
    #[error("it names no host, or what can't be one")]
    Hosts,
    /// It is larger than [`POLICY_OCTETS`], or names more than [`MX_PATTERNS`].
    #[error("it is too long")]
    TooLong,
}

impl Policy {
    /// Reads a policy. Fields that are not known are passed over; of one that is there twice,
    /// but for hosts, the first counts.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(octets: &[u8]) -> Result<Policy, Flaw> {
        if octets.len() > POLICY_OCTETS {
            return Err(Flaw::TooLong);
        }
        let text = std::str::from_utf8(octets).map_err(|_| Flaw::Line)?;
        let mut fields = Fields::default();
        let lines = text.split('\n');
        let lines = lines.map(|line| line.strip_suffix('\r').unwrap_or(line));
        for line in lines {
            fields.take(line)?;
        }
        fields.policy()
    }

    /// Whether a host is one of those that the policy means. RFC 8461 section 4.1.
    pub fn names(&self, host: &str) -> bool {
        host.parse()
            .is_ok_and(|host| self.hosts.iter().any(|pattern| pattern.fits(&host)))
    }
}

/// As it is fetched, with what counts of it alone: what this prints reads the same.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            Mode::Enforce => "enforce",
            Mode::Testing => "testing",
            Mode::None => "none",
        };
        write!(f, "version: STSv1\nmode: {mode}\n")?;
        for pattern in &self.hosts {
            writeln!(f, "mx: {pattern}")?;
        }
        writeln!(f, "max_age: {}", self.max_age.as_secs())
    }
}

impl Pattern {
    fn read(text: &str) -> Result<Pattern, Flaw> {
        let (is_wild, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let name = name.parse().map_err(|_| Flaw::Hosts)?;
        Ok(Pattern { name, is_wild })
    }

    /// A star stands for one label, the first. RFC 8461 section 4.1.
    fn fits(&self, host: &Domain) -> bool {
        if !self.is_wild {
            return *host == self.name;
        }
        let above = host.as_str().split_once('.').map(|(_, above)| above);
        above == Some(self.name.as_str())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.is_wild { "*." } else { "" };
        write!(f, "{star}{}", self.name.as_str())
    }
}

/// What was read so far.
#[derive(Default)]
struct Fields<'a> {
    version: Option<&'a str>,
    mode: Option<&'a str>,
    max_age: Option<&'a str>,
    hosts: Vec<Pattern>,
}

impl<'a> Fields<'a> {
    fn take(&mut self, line: &'a str) -> Result<(), Flaw> {
        let line = line.trim_matches([' ', '\t']);
        if line.is_empty() {
            return Ok(());
        }
        let (name, value) = line.split_once(':').ok_or(Flaw::Line)?;
        let value = value.trim_start_matches([' ', '\t']);
        match name {
            "version" => self.version = self.version.or(Some(value)),
            "mode" => self.mode = self.mode.or(Some(value)),
            "max_age" => self.max_age = self.max_age.or(Some(value)),
            "mx" if self.hosts.len() >= MX_PATTERNS => return Err(Flaw::TooLong),
            "mx" => self.hosts.push(Pattern::read(value)?),
            _ => {}
        }
        Ok(())
    }

    fn policy(self) -> Result<Policy, Flaw> {
        if self.version != Some("STSv1") {
            return Err(Flaw::Version);
        }
        let mode = match self.mode {
            Some("enforce") => Mode::Enforce,
            Some("testing") => Mode::Testing,
            Some("none") => Mode::None,
            _ => return Err(Flaw::Mode),
        };
        if mode != Mode::None && self.hosts.is_empty() {
            return Err(Flaw::Hosts);
        }
        Ok(Policy {
            mode,
            hosts: self.hosts,
            max_age: self.max_age.and_then(age).ok_or(Flaw::Age)?,
        })
    }
}

/// A time of up to ten digits; one that is too long is cut.
fn age(text: &str) -> Option<Duration> {
    let digits = (1..=10).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
    let seconds: u64 = digits.then(|| text.parse().ok()).flatten()?;
    Some(Duration::from_secs(seconds.min(LONGEST_AGE)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Policy, Flaw> {
        Policy::read(text.as_bytes())
    }

    #[test]
    fn the_policy_of_the_rfc_is_read() {
        let policy = read(
            "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n\
             mx: backupmx.example.com\r\nmax_age: 604800\r\n",
        )
        .unwrap();
        assert_eq!(policy.mode, Mode::Enforce);
        assert_eq!(policy.max_age, Duration::from_secs(604_800));
        for host in ["mail.example.com", "MAIL.example.com.", "a.example.net"] {
            assert!(policy.names(host), "{host}");
        }
        // The star is one label: neither none nor two.
        for host in [
            "example.com",
            "example.net",
            "a.b.example.net",
            "a.mail.example.com",
            "",
        ] {
            assert!(!policy.names(host), "{host}");
        }
    }

    #[test]
    fn what_is_not_known_and_what_comes_twice_changes_nothing() {
        let plain = read("version:STSv1\nmode:testing\nmx:a.test\nmax_age:5").unwrap();
        let odd = "version: STSv1 \nnew: thing: here\nmode: \ttesting\nmx: A.Test\nmode: enforce\n\
                   max_age: 5\nmax_age: 7\nversion: STSv2\n\n";
        assert_eq!(read(odd), Ok(plain));
        let none = read("version: STSv1\nmode: none\nmax_age: 99999999999\n");
        assert_eq!(none, Err(Flaw::Age));
        let none = read("version: STSv1\nmode: none\nmax_age: 9999999999\n").unwrap();
        assert_eq!(none.max_age, Duration::from_secs(LONGEST_AGE));
        assert!(!none.names("a.test"));
    }

    #[test]
    fn what_is_no_policy_is_told_why() {
        let with = |lines: &str| read(&format!("version: STSv1\n{lines}"));
        assert_eq!(read(""), Err(Flaw::Version));
        assert_eq!(read("<html>"), Err(Flaw::Line));
        assert_eq!(
            read("version: STSv2\nmode: none\nmax_age: 1"),
            Err(Flaw::Version)
        );
        assert_eq!(with("mode: maybe\nmx: a.test\nmax_age: 1"), Err(Flaw::Mode));
        assert_eq!(with("mx: a.test\nmax_age: 1"), Err(Flaw::Mode));
        assert_eq!(with("mode: enforce\nmax_age: 1"), Err(Flaw::Hosts));
        assert_eq!(
            with("mode: enforce\nmx: *.*.test\nmax_age: 1"),
            Err(Flaw::Hosts)
        );
        assert_eq!(with("mode: enforce\nmx: a.test"), Err(Flaw::Age));
        assert_eq!(
            with("mode: enforce\nmx: a.test\nmax_age: -1"),
            Err(Flaw::Age)
        );
        assert_eq!(
            with(&"mx: a.test\n".repeat(MX_PATTERNS + 1)),
            Err(Flaw::TooLong)
        );
        assert_eq!(read(&" ".repeat(POLICY_OCTETS + 1)), Err(Flaw::TooLong));
        assert_eq!(Policy::read(b"version: \xff"), Err(Flaw::Line));
    }

    proptest! {
        #[test]
        fn what_is_read_prints_to_what_reads_the_same(
            lines in proptest::collection::vec(
                "(mode: ?(enforce|testing|none)|mx: (\\*\\.)?[a-z]{1,3}\\.[a-z]{1,3}|max_age: [0-9]{1,11}|x: y|)",
                0..12,
            ),
            end in "\r?\n",
        ) {
            let text = format!("version: STSv1{end}{}", lines.join(&end));
            if let Ok(policy) = read(&text) {
                prop_assert_eq!(Policy::read(policy.to_string().as_bytes()), Ok(policy));
            }
        }
    }
}
