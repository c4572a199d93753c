//! Lists of addresses that somebody keeps in the DNS. RFC 5782.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use address::Domain;

use crate::dns::{Dns, Missing};

/// The longest reason of a list that is passed on, in characters: a sentence with an
/// address of a page, as lists give it.
const REASON_CHARACTERS: usize = 160;

/// A list, and what is done with mail of whom it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockList {
    /// Its name in the DNS.
    pub zone: Domain,
    /// What is done.
    pub action: Action,
}

/// What is done with mail of whom a list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is noted with the message.
    Note,
    /// It goes where unwanted mail is.
    Junk,
    /// It is refused.
    Refuse,
}

/// Why a text is no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoBlockList;

/// What a list says of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// It is on it, for this reason, if it tells one: ASCII, one line, short.
    Listed(Option<String>),
    /// It is not.
    NotListed,
    /// It could not be found out.
    Unknown,
    /// The answer is one that no list gives for an address: it does not answer us, or it is
    /// a list no longer.
    Useless(Ipv4Addr),
}

impl Action {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Refuse, "refuse"),
        (Self::Junk, "junk"),
        (Self::Note, "note"),
    ];
}

impl FromStr for BlockList {
    type Err = NoBlockList;

    /// `zone action`.
    fn from_str(text: &str) -> Result<Self, NoBlockList> {
        let (zone, action) = text.split_once(' ').ok_or(NoBlockList)?;
        let known = Action::ALL.iter().find(|(_, word)| *word == action.trim());
        Ok(Self {
            zone: zone.parse().map_err(|_| NoBlockList)?,
            action: known.ok_or(NoBlockList)?.0,
        })
    }
}

impl fmt::Display for BlockList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Action::ALL.iter().find(|(one, _)| *one == self.action);
        write!(f, "{} {}", self.zone, word.map_or("", |(_, word)| word))
    }
}

impl BlockList {
    /// Asks what it says of an address.
    pub async fn look_up(&self, dns: &impl Dns, ip: IpAddr) -> Listing {
        let name = name(ip.to_canonical(), &self.zone);
        let answers = match dns.ipv4(&name).await {
            Ok(answers) => answers,
            Err(Missing::NoName | Missing::NoRecords) => return Listing::NotListed,
            Err(Missing::Unknown) => return Listing::Unknown,
        };
        if let Some(useless) = answers.iter().find(|answer| !is_listing(**answer)) {
            return Listing::Useless(*useless);
        }
        if answers.is_empty() {
            return Listing::NotListed;
        }
        let texts = dns.txt(&name).await.unwrap_or_default();
        Listing::Listed(texts.first().and_then(|text| reason(text)))
    }
}

/// Whether an answer says that an address is listed. RFC 5782 section 2.1 has 127/8; lists
/// answer 127.255.255/24 to whom they don't serve (Spamhaus and others) or 127.0.0.1 (URIBL),
/// and a domain that was sold has an address of its new owner.
fn is_listing(answer: Ipv4Addr) -> bool {
    match answer.octets() {
        [127, 255, 255, _] | [127, 0, 0, 1] => false,
        [127, ..] => true,
        _ => false,
    }
}

/// The name of an address in a list. RFC 5782 sections 2.1 and 2.4.
fn name(ip: IpAddr, zone: &Domain) -> String {
    let labels: Vec<String> = match ip {
        IpAddr::V4(ip) => ip.octets().iter().rev().map(u8::to_string).collect(),
        IpAddr::V6(ip) => {
            let octets = ip.octets();
            let nibbles = octets
                .iter()
                .rev()
                .flat_map(|octet| [octet & 15, octet >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}")).collect()
        }
    };
    format!("{}.{zone}", labels.join("."))
}

/// What can be shown of a reason, if anything is left.
fn reason(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let shown = text.chars().map(|c| match c {
        ' '..='~' => c,
        _ => '?',
    });
    let shown: String = shown.take(REASON_CHARACTERS).collect();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_written_as_it_is_read() {
        for text in ["zen.example.org refuse", "bl.example junk", "x.y note"] {
            assert_eq!(text.parse::<BlockList>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "zen.example.org",
            "zen.example.org maybe",
            "a b c",
            "a..b junk",
        ] {
            assert_eq!(text.parse::<BlockList>(), Err(NoBlockList), "{text}");
        }
    }

    #[test]
    fn addresses_are_asked_for_from_their_end() {
        let zone = "bl.test".parse().unwrap();
        assert_eq!(name([192, 0, 2, 99].into(), &zone), "99.2.0.192.bl.test");
        let six = name("2001:db8:1:2:3:4:567:89ab".parse().unwrap(), &zone);
        // RFC 5782 section 2.4.
        assert_eq!(
            six,
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.test"
        );
    }

    #[test]
    fn of_a_reason_nothing_is_left_that_harms() {
        assert_eq!(
            reason(b"See https://bl.test/?1 \r\n"),
            Some("See https://bl.test/?1 ??".into())
        );
        assert_eq!(reason("é\0\x7f".as_bytes()), Some("???".to_owned()));
        assert_eq!(reason(b"  "), None);
        assert_eq!(reason(&[b'a'; 1000]).unwrap().len(), REASON_CHARACTERS);
    }
}
