//! What is said to a person about who sent a message.

use events::{DkimVerdict, DmarcVerdict, Finding, SpfVerdict, Verdicts};

use crate::refusal::shown;
use crate::{Key, Language, Value, keys, text};

/// All that was found out, a sentence each: first whether the author's domain stands by the
/// message, which decides, and then why. What strangers wrote is safe in them for one line.
pub fn verdicts(verdicts: &Verdicts, language: Language) -> Vec<String> {
    let say = |key: Key, arguments: &[(&str, &str)]| {
        let cleaned: Vec<(&str, String)> = arguments
            .iter()
            .map(|(name, value)| (*name, shown(value, language)))
            .collect();
        let arguments: Vec<(&str, Value<'_>)> = cleaned
            .iter()
            .map(|(name, value)| (*name, Value::from(value)))
            .collect();
        text(language, key, &arguments)
    };
    let mut said = vec![dmarc(&verdicts.dmarc, &say)];
    if let Some(sealer) = &verdicts.vouched {
        let domain = ("domain", verdicts.dmarc.domain.as_str());
        said.push(say(keys::VERDICT_VOUCHED, &[("sealer", sealer), domain]));
    }
    said.push(spf(&verdicts.spf, &say));
    match verdicts.dkim.is_empty() {
        true => said.push(say(keys::VERDICT_DKIM_NONE, &[])),
        false => said.extend(verdicts.dkim.iter().map(|one| dkim(one, &say))),
    }
    match verdicts.arc.finding {
        Finding::None => {}
        Finding::Pass => {
            let sealer = ("sealer", verdicts.arc.sealer.as_str());
            said.push(say(keys::VERDICT_ARC_PASS, &[sealer]));
        }
        _ => said.push(say(keys::VERDICT_ARC_FAIL, &[])),
    }
    match verdicts.iprev.finding {
        Finding::Pass => said.push(say(keys::VERDICT_IPREV_PASS, &[])),
        Finding::Fail | Finding::PermError => said.push(say(keys::VERDICT_IPREV_FAIL, &[])),
        _ => {}
    }
    for list in &verdicts.listed {
        said.push(say(keys::VERDICT_LISTED, &[("list", list)]));
    }
    said
}

fn dmarc(dmarc: &DmarcVerdict, say: &impl Fn(Key, &[(&str, &str)]) -> String) -> String {
    let domain = ("domain", dmarc.domain.as_str());
    match dmarc.finding {
        _ if dmarc.domain.is_empty() => say(keys::VERDICT_NO_AUTHOR, &[]),
        Finding::Pass => say(keys::VERDICT_DMARC_PASS, &[domain]),
        Finding::Fail => {
            let policy = ("policy", dmarc.policy.word());
            say(keys::VERDICT_DMARC_FAIL, &[domain, policy])
        }
        Finding::None => say(keys::VERDICT_DMARC_NONE, &[domain]),
        Finding::TempError => say(keys::VERDICT_DMARC_UNKNOWN, &[domain]),
        _ => say(keys::VERDICT_NO_AUTHOR, &[]),
    }
}

fn spf(spf: &SpfVerdict, say: &impl Fn(Key, &[(&str, &str)]) -> String) -> String {
    let domain = ("domain", spf.domain.as_str());
    let finding = ("finding", spf.finding.word());
    match spf.finding {
        Finding::Pass => say(keys::VERDICT_SPF_PASS, &[domain]),
        Finding::Fail | Finding::SoftFail => say(keys::VERDICT_SPF_FAIL, &[domain, finding]),
        Finding::TempError | Finding::PermError => {
            say(keys::VERDICT_SPF_UNKNOWN, &[domain, finding])
        }
        _ => say(keys::VERDICT_SPF_NONE, &[domain, finding]),
    }
}

fn dkim(dkim: &DkimVerdict, say: &impl Fn(Key, &[(&str, &str)]) -> String) -> String {
    let domain = ("domain", dkim.domain.as_str());
    match dkim.flaw {
        None => say(keys::VERDICT_DKIM_PASS, &[domain]),
        Some(flaw) => say(keys::VERDICT_DKIM_FAIL, &[domain, ("flaw", flaw.words())]),
    }
}

#[cfg(test)]
mod tests {
    use events::{ArcVerdict, DkimFlaw, DmarcPolicy, IprevVerdict};

    use super::*;

    fn found(finding: Finding) -> Verdicts {
        let flaw = (finding != Finding::Pass).then_some(DkimFlaw::Body);
        let strange = "x\r\n\u{1b}[31m.test".to_owned();
        Verdicts {
            spf: SpfVerdict {
                finding,
                domain: strange.clone(),
                helo: false,
            },
            dkim: vec![DkimVerdict {
                finding,
                domain: strange.clone(),
                selector: String::new(),
                algorithm: String::new(),
                signature: String::new(),
                flaw,
            }],
            dmarc: DmarcVerdict {
                finding,
                domain: strange.clone(),
                policy: DmarcPolicy::Reject,
            },
            iprev: IprevVerdict {
                finding,
                ip: [192, 0, 2, 1].into(),
            },
            arc: ArcVerdict {
                finding,
                sealer: strange.clone(),
                sets: 1,
            },
            vouched: (finding == Finding::Fail).then(|| strange.clone()),
            listed: vec!["bl.test".to_owned()],
            is_junk_by_list: false,
        }
    }

    #[test]
    fn each_is_said_in_a_line_whatever_strangers_wrote() {
        let all = [
            Finding::Pass,
            Finding::Fail,
            Finding::SoftFail,
            Finding::Neutral,
            Finding::None,
            Finding::Policy,
            Finding::TempError,
            Finding::PermError,
        ];
        for finding in all {
            for language in Language::ALL {
                let said = verdicts(&found(finding), language);
                assert!(said.len() >= 4, "{said:?}");
                for line in said {
                    assert!(
                        !line.contains(char::is_control) && line.ends_with('.'),
                        "{line:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_decides_is_said_first() {
        let said = verdicts(&found(Finding::Fail), Language::English);
        assert!(
            said[0].contains("does not stand by this message"),
            "{said:?}"
        );
        assert!(said[1].contains("which is trusted here"), "{said:?}");
        let mut unsigned = found(Finding::None);
        unsigned.dkim.clear();
        unsigned.dmarc.domain.clear();
        let said = verdicts(&unsigned, Language::French);
        assert!(
            said[0].starts_with("Il ne dit pas qui l’a écrit"),
            "{said:?}"
        );
        assert!(
            said.contains(&"Personne ne l’a signé (DKIM).".to_owned()),
            "{said:?}"
        );
    }
}
