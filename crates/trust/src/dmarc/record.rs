//! What a domain publishes. RFC 9989 section 4.7.

use events::DmarcPolicy;

use crate::dkim::tags::Tags;

/// A record that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    policy: DmarcPolicy,
    subdomains: Option<DmarcPolicy>,
    missing: Option<DmarcPolicy>,
    /// Whether a signature must be of the very domain.
    pub(super) strict_dkim: bool,
    /// Whether the envelope's sender must be.
    pub(super) strict_spf: bool,
    /// Whether the domain is one below which others register: told, or not.
    pub(super) is_public: Option<bool>,
    testing: bool,
}

impl Record {
    /// The record among the texts of a name; none where there is none, or more than one.
    pub(super) fn find(texts: &[Vec<u8>]) -> Option<Self> {
        let mut records = texts.iter().filter_map(|text| Self::read(text));
        match (records.next(), records.next()) {
            (Some(record), None) => Some(record),
            _ => None,
        }
    }

    fn read(text: &[u8]) -> Option<Self> {
        let tags = Tags::read(text).ok()?;
        // Case matters here, and only here.
        if tags.first() != Some(("v", "DMARC1")) {
            return None;
        }
        let word = |name| tags.get(name).map(str::to_ascii_lowercase);
        let policy = |name| word(name).and_then(|word| policy(&word));
        let is = |name, wanted: &str| word(name).is_some_and(|word| word == wanted);
        Some(Self {
            // Without a policy that can be read, a domain that wants reports means none.
            policy: policy("p").or(tags.get("rua").map(|_| DmarcPolicy::None))?,
            subdomains: policy("sp"),
            missing: policy("np"),
            strict_dkim: is("adkim", "s"),
            strict_spf: is("aspf", "s"),
            is_public: match word("psd").as_deref() {
                Some("y") => Some(true),
                Some("n") => Some(false),
                _ => None,
            },
            testing: is("t", "y"),
        })
    }

    /// What it asks for: for its own domain, for one in it, or for one in it that is not
    /// there.
    pub(super) fn policy(&self, whose: Whose) -> DmarcPolicy {
        let below = self.subdomains.unwrap_or(self.policy);
        let asked = match whose {
            Whose::Own => self.policy,
            Whose::Below => below,
            Whose::Missing => self.missing.unwrap_or(below),
        };
        match (self.testing, asked) {
            (true, DmarcPolicy::Reject) => DmarcPolicy::Quarantine,
            (true, _) => DmarcPolicy::None,
            (false, asked) => asked,
        }
    }

    /// Whether it matters if a domain in it is there.
    pub(super) fn tells_missing(&self) -> bool {
        self.policy(Whose::Missing) != self.policy(Whose::Below)
    }
}

/// Which domain a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Own,
    Below,
    Missing,
}

fn policy(word: &str) -> Option<DmarcPolicy> {
    match word {
        "none" => Some(DmarcPolicy::None),
        "quarantine" => Some(DmarcPolicy::Quarantine),
        "reject" => Some(DmarcPolicy::Reject),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(texts: &[&str]) -> Option<Record> {
        let texts: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        Record::find(&texts)
    }

    #[test]
    fn policies() {
        use DmarcPolicy::{None, Quarantine, Reject};
        for (text, wanted) in [
            ("v=DMARC1; p=reject", [Reject, Reject, Reject]),
            ("v=DMARC1;p=Reject;sp=none;", [Reject, None, None]),
            (
                "v=DMARC1; p=none; sp=quarantine; np=reject",
                [None, Quarantine, Reject],
            ),
            ("v=DMARC1; p=reject; np=none", [Reject, Reject, None]),
            (
                "v=DMARC1; p=reject; t=y; sp=quarantine",
                [Quarantine, None, None],
            ),
            ("v=DMARC1; p=bad; rua=mailto:a@b.test", [None, None, None]),
            (
                "v=DMARC1; p=reject; sp=bad; pct=0",
                [Reject, Reject, Reject],
            ),
        ] {
            let record = find(&[text]).unwrap();
            let all = [Whose::Own, Whose::Below, Whose::Missing].map(|whose| record.policy(whose));
            assert_eq!(all, wanted, "{text}");
            assert_eq!(record.tells_missing(), wanted[1] != wanted[2]);
        }
        let record = find(&["v=DMARC1; p=none; adkim=s; aspf=r; psd=y"]).unwrap();
        assert!(record.strict_dkim && !record.strict_spf && record.is_public == Some(true));
    }

    #[test]
    fn what_is_no_record() {
        for texts in [
            &[][..],
            &["v=DMARC1"],
            &["v=DMARC1; p=bad"],
            &["v=dmarc1; p=none"],
            &["p=none; v=DMARC1"],
            &["v=DMARC1; p=none", "v=DMARC1; p=none"],
            &["v=spf1 -all"],
        ] {
            assert_eq!(find(texts), None, "{texts:?}");
        }
        assert!(find(&["v=spf1 -all", "v=DMARC1; p=none"]).is_some());
    }
}
