//! What a `DKIM-Signature` field says. RFC 6376 section 3.5.

use address::Domain;
use events::DkimFlaw;
use message::canonical::Canonicalization;

use super::tags::{Tags, base64, parts};

/// How it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RFC 6376 section 3.3.2.
    RsaSha256,
    /// RFC 8463.
    Ed25519Sha256,
}

/// A signature that says all that it must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) algorithm: Algorithm,
    pub(super) signature: Vec<u8>,
    pub(super) body_hash: Vec<u8>,
    pub(super) header: Canonicalization,
    pub(super) body: Canonicalization,
    pub(super) domain: Domain,
    /// The domain of whom it signs for: the same, or one within it.
    pub(super) agent: Domain,
    pub(super) selector: Domain,
    /// The names of the signed fields, lower case.
    pub(super) fields: Vec<String>,
    /// It does not cover all of the body, or need not.
    pub(super) partial: bool,
    /// When it ends, in seconds since 1970.
    pub(super) expires: Option<u64>,
}

impl Algorithm {
    /// `a=` of a signature.
    pub(crate) fn read(text: &str) -> Result<Self, DkimFlaw> {
        match text.to_ascii_lowercase().as_str() {
            "rsa-sha256" => Ok(Self::RsaSha256),
            "ed25519-sha256" => Ok(Self::Ed25519Sha256),
            // Among them rsa-sha1, which nobody may believe (RFC 8301 section 3.1).
            _ => Err(DkimFlaw::Algorithm),
        }
    }
}

impl Signature {
    pub(super) fn read(tags: &Tags<'_>) -> Result<Self, DkimFlaw> {
        if tags.get("v") != Some("1") {
            return Err(DkimFlaw::Malformed);
        }
        Self::read_for(tags, tags.get("i"))
    }

    /// One of ARC: it has no version, and `i=` is the number of its set. What seals the sets
    /// is not signed by it. RFC 8617 section 4.1.2.
    pub(super) fn read_of_arc(tags: &Tags<'_>) -> Result<Self, DkimFlaw> {
        let signature = Self::read_for(tags, None)?;
        match signature.fields.iter().any(|name| name == "arc-seal") {
            true => Err(DkimFlaw::Malformed),
            false => Ok(signature),
        }
    }

    /// One that is for this agent, or for its domain.
    fn read_for(tags: &Tags<'_>, whom: Option<&str>) -> Result<Self, DkimFlaw> {
        let must = |name| tags.get(name).ok_or(DkimFlaw::Malformed);
        let algorithm = Algorithm::read(must("a")?)?;
        let binary = |name| must(name).and_then(|v| base64(v).ok_or(DkimFlaw::Malformed));
        let (header, body) = canonicalizations(tags.get("c").unwrap_or("simple/simple"))?;
        let domain: Domain = must("d")?.parse().map_err(|_| DkimFlaw::Malformed)?;
        let agent = agent(whom, &domain)?;
        let methods = tags.get("q").unwrap_or("dns/txt");
        if !parts(methods).any(|method| method == "dns/txt") {
            return Err(DkimFlaw::Malformed);
        }
        let fields: Vec<String> = parts(must("h")?).collect();
        if !fields.iter().any(|name| name == "from") {
            return Err(DkimFlaw::FromUnsigned);
        }
        let expires = number(tags.get("x"))?;
        if let (Some(expires), Some(made)) = (expires, number(tags.get("t"))?)
            && expires <= made
        {
            return Err(DkimFlaw::Malformed);
        }
        Ok(Self {
            algorithm,
            signature: binary("b")?,
            body_hash: binary("bh")?,
            header,
            body,
            domain,
            agent,
            selector: must("s")?.parse().map_err(|_| DkimFlaw::Malformed)?,
            fields,
            partial: number(tags.get("l"))?.is_some(),
            expires,
        })
    }

    /// Where its key is. RFC 6376 section 3.6.2.1.
    pub(super) fn key_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }
}

fn canonicalizations(value: &str) -> Result<(Canonicalization, Canonicalization), DkimFlaw> {
    let one = |name: &str| match name.trim().to_ascii_lowercase().as_str() {
        "simple" => Ok(Canonicalization::Simple),
        "relaxed" => Ok(Canonicalization::Relaxed),
        _ => Err(DkimFlaw::Malformed),
    };
    match value.split_once('/') {
        Some((header, body)) => Ok((one(header)?, one(body)?)),
        None => Ok((one(value)?, Canonicalization::Simple)),
    }
}

fn agent(value: Option<&str>, domain: &Domain) -> Result<Domain, DkimFlaw> {
    let Some(value) = value else {
        return Ok(domain.clone());
    };
    let (_, agent) = value.rsplit_once('@').ok_or(DkimFlaw::Malformed)?;
    let agent: Domain = agent.parse().map_err(|_| DkimFlaw::Malformed)?;
    let rest = agent.as_str().strip_suffix(domain.as_str());
    let is_inside = rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    is_inside.then_some(agent).ok_or(DkimFlaw::Malformed)
}

fn number(value: Option<&str>) -> Result<Option<u64>, DkimFlaw> {
    let Some(value) = value else {
        return Ok(None);
    };
    // RFC 6376 section 3.5 allows 76 digits; so many are as good as for ever.
    match value.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty() {
        true => Ok(Some(value.parse().unwrap_or(u64::MAX))),
        false => Err(DkimFlaw::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "v=1; a=rsa-sha256; d=Exemple.FR; s=a.b; h=To : From; b=AAAA; bh=BBBB";

    fn read(text: &str) -> Result<Signature, DkimFlaw> {
        Signature::read(&Tags::read(text.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_not_said_is_as_the_rfc_has_it() {
        let signature = read(GOOD).unwrap();
        assert_eq!(signature.key_name(), "a.b._domainkey.exemple.fr");
        assert_eq!(signature.agent.as_str(), "exemple.fr");
        assert_eq!(signature.fields, ["to", "from"]);
        assert_eq!(signature.header, Canonicalization::Simple);
        assert_eq!(signature.body, Canonicalization::Simple);
        assert!(!signature.partial && signature.expires.is_none());
        let more = read(&format!(
            "{GOOD}; c=relaxed; l=0; t=1; x=2; i=@x.exemple.fr"
        ))
        .unwrap();
        assert_eq!(more.header, Canonicalization::Relaxed);
        assert_eq!(more.body, Canonicalization::Simple);
        assert!(more.partial && more.expires == Some(2));
    }

    #[test]
    fn what_can_not_be_is_told() {
        for (more, flaw) in [
            ("c=nofws", DkimFlaw::Malformed),
            ("i=a@other.fr", DkimFlaw::Malformed),
            ("i=a@xexemple.fr", DkimFlaw::Malformed),
            ("q=http", DkimFlaw::Malformed),
            ("l=x", DkimFlaw::Malformed),
            ("t=2; x=1", DkimFlaw::Malformed),
        ] {
            assert_eq!(read(&format!("{GOOD}; {more}")), Err(flaw), "{more}");
        }
        for (from, to, flaw) in [
            ("v=1", "v=2", DkimFlaw::Malformed),
            ("rsa-sha256", "rsa-sha1", DkimFlaw::Algorithm),
            ("To : From", "To", DkimFlaw::FromUnsigned),
            ("b=AAAA", "b=*", DkimFlaw::Malformed),
            ("s=a.b", "s=", DkimFlaw::Malformed),
        ] {
            assert_eq!(read(&GOOD.replace(from, to)), Err(flaw), "{to}");
        }
    }
}
