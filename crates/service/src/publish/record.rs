//! One record of DNS.

use std::fmt;

use super::Purpose;

/// Octets of one string of a TXT record; a longer text takes several. RFC 1035 section 3.3.
const STRING_OCTETS: usize = 255;

/// A record that is to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What for.
    pub purpose: Purpose,
    /// Its name, whole, without the final dot.
    pub name: String,
    /// What it says.
    pub data: Data,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Where mail for the name goes. RFC 5321 section 5.1.
    Mx {
        /// The lowest is tried first.
        preference: u16,
        /// The host.
        host: String,
    },
    /// A text.
    Txt(String),
    /// Where a service is. RFC 2782.
    Srv {
        /// The lowest is tried first.
        priority: u16,
        /// The port.
        port: u16,
        /// The host.
        host: String,
    },
    /// That the name is another one's.
    Cname(String),
    /// What key the certificate of a port has: that of the host itself (3), the key alone
    /// (1), by its SHA-256 (1). RFC 7671 section 5.1.
    Tlsa([u8; 32]),
}

impl Data {
    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Mx { .. } => "MX",
            Self::Txt(_) => "TXT",
            Self::Srv { .. } => "SRV",
            Self::Cname(_) => "CNAME",
            Self::Tlsa(_) => "TLSA",
        }
    }
}

/// As a file of a zone has it. RFC 1035 section 5.1.
impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mx { preference, host } => write!(f, "{preference} {host}."),
            Self::Txt(text) => f.write_str(&quoted(text)),
            // Of hosts with the same priority there is one: the weight says nothing.
            Self::Srv {
                priority,
                port,
                host,
            } => write!(f, "{priority} 1 {port} {host}."),
            Self::Cname(host) => write!(f, "{host}."),
            Self::Tlsa(digest) => {
                f.write_str("3 1 1 ")?;
                digest.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

/// The line of a zone.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. IN {} {}", self.name, self.data.kind(), self.data)
    }
}

/// A text of ASCII without quotes, as the strings of a TXT record.
fn quoted(text: &str) -> String {
    let mut strings = Vec::new();
    let mut rest = text;
    while let Some((string, after)) = rest.split_at_checked(STRING_OCTETS) {
        strings.push(format!("\"{string}\""));
        rest = after;
    }
    if !rest.is_empty() || strings.is_empty() {
        strings.push(format!("\"{rest}\""));
    }
    strings.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_lines_of_a_zone() {
        let line = |data: Data| {
            let record = Record {
                purpose: Purpose::Mail,
                name: "exemple.fr".into(),
                data,
            };
            record.to_string()
        };
        let host = || "mail.exemple.fr".to_owned();
        let mx = Data::Mx {
            preference: 10,
            host: host(),
        };
        assert_eq!(line(mx), "exemple.fr. IN MX 10 mail.exemple.fr.");
        let srv = Data::Srv {
            priority: 0,
            port: 993,
            host: host(),
        };
        assert_eq!(line(srv), "exemple.fr. IN SRV 0 1 993 mail.exemple.fr.");
        let cname = Data::Cname(host());
        assert_eq!(line(cname), "exemple.fr. IN CNAME mail.exemple.fr.");
        let tlsa = line(Data::Tlsa([0xab; 32]));
        assert_eq!(
            tlsa,
            format!("exemple.fr. IN TLSA 3 1 1 {}", "ab".repeat(32))
        );
        let txt = line(Data::Txt("v=spf1 mx ~all".into()));
        assert_eq!(txt, "exemple.fr. IN TXT \"v=spf1 mx ~all\"");
    }

    #[test]
    fn a_long_text_takes_several_strings() {
        let text = "a".repeat(300);
        let (first, second) = ("a".repeat(255), "a".repeat(45));
        assert_eq!(quoted(&text), format!("\"{first}\" \"{second}\""));
        assert_eq!(quoted(&text[..255]), format!("\"{first}\""));
        assert_eq!(quoted(""), "\"\"");
    }
}
