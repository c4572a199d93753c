//! What was found out about who sent a message.

use std::fmt;
use std::net::IpAddr;

/// The result of one mechanism, in the words of RFC 8601 section 2.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finding {
    /// It is so, as the domain says.
    Pass,
    /// It is not so: the domain says that, or a signature is wrong.
    Fail,
    /// The domain thinks that it is not so, and does not vouch for that (SPF).
    SoftFail,
    /// The domain says neither.
    Neutral,
    /// There is nothing to go by.
    None,
    /// A signature that is right and that we do not take.
    Policy,
    /// It could not be found out in time; another time it may be.
    TempError,
    /// What the domain publishes, or what the message says, is wrong.
    PermError,
}

impl Finding {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::Policy => "policy",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// All that was found out about a message from another server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdicts {
    /// Whether the address may send for the envelope's sender.
    pub spf: SpfVerdict,
    /// Each signature that was looked at, in the order of the header.
    pub dkim: Vec<DkimVerdict>,
    /// Whether the domain in `From` stands by the message.
    pub dmarc: DmarcVerdict,
    /// Whether the address has a name that has the address.
    pub iprev: IprevVerdict,
    /// Through whose hands it went.
    pub arc: ArcVerdict,
    /// Who vouches for the message although the domain in `From` does not stand by it: one
    /// of the sealers that the operator trusts.
    pub vouched: Option<String>,
    /// The block lists that name the address.
    pub listed: Vec<String>,
    /// One of them is why it goes where unwanted mail is.
    pub is_junk_by_list: bool,
}

/// SPF. RFC 7208.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpfVerdict {
    /// What was found.
    pub finding: Finding,
    /// The domain that was asked: lower case, as the peer wrote it if it is none.
    pub domain: String,
    /// Whether it is the one of HELO, since the envelope has no sender.
    pub helo: bool,
}

/// One DKIM signature. RFC 6376.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DkimVerdict {
    /// What was found.
    pub finding: Finding,
    /// Who signed (`d=`); empty where the signature does not tell.
    pub domain: String,
    /// With which key (`s=`).
    pub selector: String,
    /// How: `rsa-sha256`, `ed25519-sha256`.
    pub algorithm: String,
    /// The signature's first letters, which tell it from others. RFC 8601 section 2.7.1,
    /// RFC 6008.
    pub signature: String,
    /// Why it is not a pass; none if it is.
    pub flaw: Option<DkimFlaw>,
}

/// What is wrong with a DKIM signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DkimFlaw {
    /// The body is not the one that was signed.
    Body,
    /// The header is not, or somebody else signed it.
    Header,
    /// Its time is over.
    Expired,
    /// It does not say what it must.
    Malformed,
    /// Its algorithm is unknown, or one that nobody believes any more.
    Algorithm,
    /// It does not say so, but leaves `From` unsigned.
    FromUnsigned,
    /// There is no such key.
    NoKey,
    /// The key was taken back.
    Revoked,
    /// The key is not one that can be used: malformed, too small, for another use.
    BadKey,
    /// The key could not be had in time.
    KeyUnknown,
    /// It leaves out the end of the body (`l=`), where anybody may have added to it.
    Partial,
}

impl DkimFlaw {
    /// In a word or two, for the header field that tells of it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Body => "body altered",
            Self::Header => "signature does not verify",
            Self::Expired => "signature expired",
            Self::Malformed => "signature malformed",
            Self::Algorithm => "algorithm not taken",
            Self::FromUnsigned => "From not signed",
            Self::NoKey => "no such key",
            Self::Revoked => "key revoked",
            Self::BadKey => "key unusable",
            Self::KeyUnknown => "key not available",
            Self::Partial => "end of body not signed",
        }
    }
}

/// What a domain asks to be done with mail that it does not stand by. RFC 9989.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DmarcPolicy {
    /// Nothing.
    None,
    /// To be suspicious of it.
    Quarantine,
    /// To refuse it.
    Reject,
}

impl DmarcPolicy {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

/// DMARC. RFC 9989.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DmarcVerdict {
    /// What was found.
    pub finding: Finding,
    /// The domain in `From`; empty where there is none.
    pub domain: String,
    /// What it asks for.
    pub policy: DmarcPolicy,
}

/// The name of an address. RFC 8601 section 3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IprevVerdict {
    /// What was found.
    pub finding: Finding,
    /// The address.
    pub ip: IpAddr,
}

/// Those through whose hands a message went. RFC 8617.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArcVerdict {
    /// What was found of all of them together.
    pub finding: Finding,
    /// Who was the last; empty where there is none.
    pub sealer: String,
    /// How many they are.
    pub sets: usize,
}

impl Verdicts {
    /// What the domain in `From` asks to be done with this message: nothing, where it
    /// stands by it, where that is not known or where somebody trusted vouches for it.
    pub fn asked(&self) -> DmarcPolicy {
        match self.dmarc.finding {
            Finding::Fail if self.vouched.is_none() => self.dmarc.policy,
            _ => DmarcPolicy::None,
        }
    }
}

impl Verdicts {
    /// Whether the message goes where unwanted mail is.
    pub fn is_suspect(&self) -> bool {
        self.asked() == DmarcPolicy::Quarantine || self.is_junk_by_list
    }
}

/// One line for a log. No text of the message is in it but names of domains.
impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spf={} ({})", self.spf.finding, self.spf.domain)?;
        for dkim in &self.dkim {
            write!(f, " dkim={} ({})", dkim.finding, dkim.domain)?;
        }
        let DmarcVerdict {
            finding,
            domain,
            policy,
        } = &self.dmarc;
        write!(f, " dmarc={finding} ({domain} p={})", policy.word())?;
        write!(f, " iprev={}", self.iprev.finding)?;
        if self.arc.finding != Finding::None {
            let ArcVerdict {
                finding, sealer, ..
            } = &self.arc;
            write!(f, " arc={finding} ({sealer})")?;
        }
        if let Some(sealer) = &self.vouched {
            write!(f, " vouched={sealer}")?;
        }
        for list in &self.listed {
            write!(f, " listed={list}")?;
        }
        Ok(())
    }
}
