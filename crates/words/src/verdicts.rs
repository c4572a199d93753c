//! What was found out about who sent a message, for whoever got it.

use events::{DkimFlaw, DkimVerdict, DmarcPolicy, DmarcVerdict, Finding, SpfVerdict, Verdicts};

use crate::refusal::shown;
use crate::{Key, Language, Value, keys, text};

/// One sentence for each thing that was found out, the one that counts most first.
pub fn verdicts(verdicts: &Verdicts, language: Language) -> Vec<String> {
    let say = |key: Key, domain: &str| {
        let domain = shown(domain, language);
        match key.arguments() {
            [] => text(language, key, &[]),
            _ => text(language, key, &[("domain", Value::Text(&domain))]),
        }
    };
    let mut sentences = vec![say(dmarc(&verdicts.dmarc), &verdicts.dmarc.domain)];
    for one in &verdicts.dkim {
        sentences.push(say(dkim(one), &one.domain));
    }
    if verdicts.dkim.is_empty() {
        sentences.push(say(keys::VERDICT_DKIM_NONE, ""));
    }
    sentences.push(say(spf(&verdicts.spf), &verdicts.spf.domain));
    sentences
}

fn dmarc(verdict: &DmarcVerdict) -> Key {
    match verdict.finding {
        Finding::Pass => keys::VERDICT_DMARC_PASS,
        Finding::Fail if verdict.policy == DmarcPolicy::Quarantine => {
            keys::VERDICT_DMARC_QUARANTINE
        }
        Finding::Fail | Finding::SoftFail | Finding::Policy => keys::VERDICT_DMARC_FAIL,
        Finding::TempError => keys::VERDICT_DMARC_UNKNOWN,
        Finding::None | Finding::Neutral if !verdict.domain.is_empty() => keys::VERDICT_DMARC_NONE,
        Finding::None | Finding::Neutral | Finding::PermError => keys::VERDICT_DMARC_WRONG,
    }
}

fn dkim(verdict: &DkimVerdict) -> Key {
    match verdict.flaw {
        None => keys::VERDICT_DKIM_PASS,
        Some(DkimFlaw::Body) => keys::VERDICT_DKIM_CHANGED,
        Some(DkimFlaw::Partial) => keys::VERDICT_DKIM_PARTIAL,
        Some(DkimFlaw::KeyUnknown) => keys::VERDICT_DKIM_UNKNOWN,
        Some(
            DkimFlaw::Header
            | DkimFlaw::Expired
            | DkimFlaw::Malformed
            | DkimFlaw::Algorithm
            | DkimFlaw::FromUnsigned
            | DkimFlaw::NoKey
            | DkimFlaw::Revoked
            | DkimFlaw::BadKey,
        ) => keys::VERDICT_DKIM_FAIL,
    }
}

fn spf(verdict: &SpfVerdict) -> Key {
    match verdict.finding {
        Finding::Pass => keys::VERDICT_SPF_PASS,
        Finding::Fail => keys::VERDICT_SPF_FAIL,
        Finding::SoftFail => keys::VERDICT_SPF_DOUBT,
        Finding::Neutral | Finding::None | Finding::Policy => keys::VERDICT_SPF_NONE,
        Finding::TempError => keys::VERDICT_SPF_UNKNOWN,
        Finding::PermError => keys::VERDICT_SPF_WRONG,
    }
}

#[cfg(test)]
mod tests {
    use events::IprevVerdict;

    use super::*;

    fn found(finding: Finding, flaw: Option<DkimFlaw>, policy: DmarcPolicy) -> Verdicts {
        let domain = || "a.test".to_owned();
        Verdicts {
            spf: SpfVerdict {
                finding,
                domain: domain(),
                helo: false,
            },
            dkim: vec![DkimVerdict {
                finding,
                domain: domain(),
                selector: String::new(),
                algorithm: String::new(),
                signature: String::new(),
                flaw,
            }],
            dmarc: DmarcVerdict {
                finding,
                domain: domain(),
                policy,
            },
            iprev: IprevVerdict {
                finding,
                ip: [192, 0, 2, 1].into(),
            },
        }
    }

    #[test]
    fn each_finding_has_its_sentences() {
        use Finding::{
            Fail, Neutral, None as Nothing, Pass, PermError, Policy, SoftFail, TempError,
        };
        for language in Language::ALL {
            for finding in [
                Pass, Fail, SoftFail, Neutral, Nothing, Policy, TempError, PermError,
            ] {
                let all = found(finding, None, DmarcPolicy::None);
                let sentences = verdicts(&all, language);
                assert_eq!(sentences.len(), 3);
                let ends = |text: &String| text.ends_with('.') && !text.contains(['{', '\n']);
                assert!(sentences.iter().all(ends), "{sentences:?}");
            }
        }
    }

    #[test]
    fn what_counts_most_comes_first() {
        let all = found(Finding::Fail, Some(DkimFlaw::Body), DmarcPolicy::Quarantine);
        let sentences = verdicts(&all, Language::English);
        assert!(sentences[0].contains("Junk") && sentences[1].contains("changed since"));
        let mut none = found(Finding::Pass, None, DmarcPolicy::Reject);
        none.dkim.clear();
        assert_eq!(
            verdicts(&none, Language::English),
            [
                "It is really from a.test.",
                "Nobody has signed it.",
                "The server that brought it may send for a.test."
            ]
        );
    }

    #[test]
    fn a_strangers_text_stays_in_its_place() {
        let mut all = found(Finding::PermError, None, DmarcPolicy::None);
        all.spf.domain = "x\r\ny".repeat(1000);
        let sentences = verdicts(&all, Language::French);
        assert!(sentences[2].len() < 300 && !sentences[2].contains('\r'));
    }
}
