//! What the DNS says, compared with what it should, in words.

use serde::{Deserialize, Serialize};

use super::{Data, Purpose, Record};

/// How a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is there, or something that does as well.
    Right,
    /// Nothing is there.
    Missing,
    /// Something else is there.
    Different,
    /// The DNS could not be asked.
    Unknown,
}

/// What was found of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// How it stands.
    pub verdict: Verdict,
    /// What is there instead; empty where that is right or nothing.
    pub found: Vec<String>,
    /// What to change; empty where nothing is.
    pub advice: String,
}

impl Live {
    pub(super) fn right() -> Live {
        Live {
            verdict: Verdict::Right,
            found: Vec::new(),
            advice: String::new(),
        }
    }

    pub(super) fn missing() -> Live {
        Live {
            verdict: Verdict::Missing,
            found: Vec::new(),
            advice: "add it".to_owned(),
        }
    }

    pub(super) fn different(found: Vec<String>, advice: &str) -> Live {
        Live {
            verdict: Verdict::Different,
            found,
            advice: advice.to_owned(),
        }
    }

    pub(super) fn unknown(why: &str) -> Live {
        Live {
            verdict: Verdict::Unknown,
            found: Vec::new(),
            advice: why.to_owned(),
        }
    }
}

/// Of hosts that take mail, what is tried first at the beginning: preference and name.
pub(super) fn mail(host: &str, found: &[(u16, Option<String>)]) -> Live {
    let is_ours = |one: &&(u16, Option<String>)| one.1.as_deref() == Some(host);
    let shown = found.iter().map(|(preference, host)| {
        let host = host.as_deref().unwrap_or_default();
        format!("{preference} {host}.")
    });
    let shown: Vec<String> = shown.collect();
    let Some(ours) = found.iter().find(is_ours) else {
        return Live::different(shown, "mail goes elsewhere: put this in place of it");
    };
    let first = found.iter().map(|(preference, _)| *preference).min();
    if Some(ours.0) == first && found.iter().all(|one| is_ours(&one)) {
        return Live::right();
    }
    Live::different(
        shown,
        "some mail goes to the others: take them away, unless they pass it on to here",
    )
}

/// The texts of a name, where one that begins like the record is expected.
pub(super) fn text(record: &Record, host: &str, found: &[String]) -> Live {
    let Data::Txt(wanted) = &record.data else {
        return Live::unknown("");
    };
    let version = wanted.split(';').next().unwrap_or_default();
    let version = version.split(' ').next().unwrap_or_default();
    let of_that_kind: Vec<String> = found
        .iter()
        .filter(|text| begins(text, version))
        .cloned()
        .collect();
    let (one, more) = match of_that_kind.as_slice() {
        // A key may do without its version (RFC 6376 section 3.6.1).
        [] => match (record.purpose, found) {
            (Purpose::Key | Purpose::KeyPrepared | Purpose::KeyRetired, [one, more @ ..]) => {
                (one, more)
            }
            _ => return Live::missing(),
        },
        [one, more @ ..] => (one, more),
    };
    if !more.is_empty() {
        let advice = "there must be one such record: make one of them, and take the others away";
        return Live::different(of_that_kind, advice);
    }
    match fault(record.purpose, wanted, host, one) {
        None => Live::right(),
        Some(advice) => Live::different(vec![one.clone()], advice),
    }
}

/// What is wrong with a text that is there.
fn fault(purpose: Purpose, wanted: &str, host: &str, found: &str) -> Option<&'static str> {
    let same = |name| tag(wanted, name) == tag(found, name);
    match purpose {
        Purpose::Senders => {
            let ours = ["mx".to_owned(), format!("a:{host}")];
            let allows = |term: &str| {
                let term = term.strip_prefix('+').unwrap_or(term);
                ours.iter().any(|ours| term.eq_ignore_ascii_case(ours))
            };
            let allowed = found.split_ascii_whitespace().any(allows);
            (!allowed).then_some("this host may not send by it: add mx before its last word")
        }
        Purpose::Key | Purpose::KeyPrepared | Purpose::KeyRetired => (!same("p"))
            .then_some("it is another key, with which nobody can verify: put this in place of it"),
        Purpose::Encryption => (!same("id")).then_some(
            "senders go by an older policy until the number changes: put this in place of it",
        ),
        // What is asked of others, and who is told, is for the domain to decide.
        Purpose::Policy => tag(found, "p")
            .is_none()
            .then_some("it asks for nothing: add p=none"),
        Purpose::EncryptionReports => tag(found, "rua")
            .is_none()
            .then_some("it names nobody to be told: add rua=mailto: and an address"),
        Purpose::Mail
        | Purpose::EncryptionHost
        | Purpose::HostKey
        | Purpose::Service
        | Purpose::Guessed
        | Purpose::Settings => None,
    }
}

/// Whether a text is of a kind: its first word is this, in any case.
fn begins(text: &str, version: &str) -> bool {
    let end = text.find([';', ' ']).unwrap_or(text.len());
    let first = text.get(..end).unwrap_or_default();
    first.trim().eq_ignore_ascii_case(version)
}

/// The value of a tag in a list of them, without white space. RFC 6376 section 3.2.
fn tag(text: &str, name: &str) -> Option<String> {
    let tags = text.split(';').filter_map(|tag| tag.split_once('='));
    let value = |(_, value): (&str, &str)| value.split_ascii_whitespace().collect();
    tags.into_iter()
        .find(|(found, _)| found.trim() == name)
        .map(value)
}

/// The places of a service: port and host.
pub(super) fn service(port: u16, host: &str, found: &[(u16, Option<String>)]) -> Live {
    let is_it = |one: &(u16, Option<String>)| one.0 == port && one.1.as_deref() == Some(host);
    if !found.is_empty() && found.iter().all(is_it) {
        return Live::right();
    }
    let shown = found.iter().map(|(port, host)| match host {
        Some(host) => format!("port {port} of {host}."),
        None => "not there, it says".to_owned(),
    });
    Live::different(
        shown.collect(),
        "programs are led elsewhere: put this in place of it",
    )
}

/// The keys of a host: usage, selector, matching, data.
pub(super) fn host_key(digest: &[u8; 32], found: &[(u8, u8, u8, Vec<u8>)], secure: bool) -> Live {
    let is_it = |one: &(u8, u8, u8, Vec<u8>)| (one.0, one.1, one.2) == (3, 1, 1) && one.3 == digest;
    match (found.iter().any(is_it), secure) {
        (true, true) => Live::right(),
        (_, false) => Live::different(
            Vec::new(),
            "the zone is not signed (DNSSEC), so nobody heeds it: sign the zone, or leave it out",
        ),
        (false, true) => {
            let shown = found.iter().map(|(usage, selector, matching, data)| {
                let hex: String = data.iter().map(|octet| format!("{octet:02x}")).collect();
                format!("{usage} {selector} {matching} {hex}")
            });
            Live::different(
                shown.collect(),
                "unless one of these vouches for the certificate, mail from those who look is held \
                 back: add this, and take away what is old",
            )
        }
    }
}

/// The addresses of a name that is to be the host's.
pub(super) fn addresses(found: &[String], host: &[String]) -> Live {
    if found.iter().all(|one| host.contains(one)) {
        return Live::right();
    }
    Live::different(
        found.to_vec(),
        "the name leads to another machine: put this in place of it, unless that is wanted",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "mail.exemple.fr";

    fn verdict(purpose: Purpose, wanted: &str, found: &[&str]) -> Verdict {
        let record = Record {
            purpose,
            name: "exemple.fr".into(),
            data: Data::Txt(wanted.into()),
        };
        let found: Vec<String> = found.iter().map(|text| (*text).to_owned()).collect();
        let live = text(&record, HOST, &found);
        assert_eq!(live.verdict == Verdict::Right, live.advice.is_empty());
        live.verdict
    }

    use Verdict::{Different, Missing, Right};

    #[test]
    fn mail_must_come_here_and_nowhere_else() {
        let ours = |preference| (preference, Some(HOST.to_owned()));
        let other = |preference| (preference, Some("mx.loin.example".to_owned()));
        for (found, verdict) in [
            (vec![ours(10)], Right),
            (vec![ours(0)], Right),
            (vec![other(10)], Different),
            (vec![ours(10), other(20)], Different),
            (vec![other(5), ours(10)], Different),
            (vec![(0, None)], Different),
        ] {
            assert_eq!(mail(HOST, &found).verdict, verdict, "{found:?}");
        }
    }

    #[test]
    fn senders() {
        let spf = |found: &[&str]| verdict(Purpose::Senders, "v=spf1 mx ~all", found);
        assert_eq!(spf(&["v=spf1 mx ~all"]), Right);
        assert_eq!(
            spf(&["autre=1", "V=SPF1 include:x.example +MX -all"]),
            Right
        );
        assert_eq!(spf(&["v=spf1 a:mail.exemple.fr -all"]), Right);
        assert_eq!(spf(&["v=spf1 include:x.example -all"]), Different);
        assert_eq!(spf(&["v=spf1 -mx ~all"]), Different);
        assert_eq!(spf(&["v=spf1 mx ~all", "v=spf1 a ~all"]), Different);
        assert_eq!(spf(&["v=spf10 mx ~all"]), Missing);
        assert_eq!(spf(&[]), Missing);
    }

    #[test]
    fn keys() {
        let key = |found: &[&str]| verdict(Purpose::Key, "v=DKIM1; k=rsa; p=AbCd", found);
        assert_eq!(key(&["v=DKIM1; k=rsa; p=AbCd"]), Right);
        assert_eq!(key(&["k=rsa;p=Ab Cd;"]), Right);
        assert_eq!(key(&["v=DKIM1; k=rsa; p=abcd"]), Different);
        assert_eq!(key(&["v=DKIM1; p="]), Different);
        assert_eq!(key(&["v=DKIM1; p=AbCd", "v=DKIM1; p=Ef"]), Different);
        assert_eq!(key(&[]), Missing);
    }

    #[test]
    fn what_the_domain_decides_is_right() {
        let dmarc = |found: &[&str]| verdict(Purpose::Policy, "v=DMARC1; p=none", found);
        assert_eq!(dmarc(&["v=DMARC1;p=reject;rua=mailto:a@b.c"]), Right);
        assert_eq!(dmarc(&["v=DMARC1"]), Different);
        assert_eq!(dmarc(&["other"]), Missing);
        let sts = |found: &[&str]| verdict(Purpose::Encryption, "v=STSv1; id=1a", found);
        assert_eq!(sts(&["v=STSv1; id=1a;"]), Right);
        assert_eq!(sts(&["v=STSv1; id=2b;"]), Different);
        let wanted = "v=TLSRPTv1; rua=mailto:a@b.c";
        let reports = |found: &[&str]| verdict(Purpose::EncryptionReports, wanted, found);
        assert_eq!(reports(&["v=TLSRPTv1;rua=https://x.example/"]), Right);
        assert_eq!(reports(&["v=TLSRPTv1"]), Different);
    }

    #[test]
    fn services_keys_and_names() {
        let at = |port, host: &str| (port, Some(host.to_owned()));
        assert_eq!(service(993, HOST, &[at(993, HOST)]).verdict, Right);
        assert_eq!(service(993, HOST, &[at(1, HOST)]).verdict, Different);
        assert_eq!(service(993, HOST, &[(0, None)]).verdict, Different);
        let ours = (3, 1, 1, vec![1; 32]);
        let old = (3, 1, 1, vec![2; 32]);
        let both = [old.clone(), ours];
        assert_eq!(host_key(&[1; 32], &both, true).verdict, Right);
        assert_eq!(host_key(&[1; 32], &both, false).verdict, Different);
        assert_eq!(host_key(&[1; 32], &[old], true).verdict, Different);
        let [here, there] = ["192.0.2.1", "192.0.2.2"].map(str::to_owned);
        let host = [here.clone(), there.clone()];
        assert_eq!(addresses(std::slice::from_ref(&here), &host).verdict, Right);
        assert_eq!(addresses(&host, &[here]).verdict, Different);
    }
}
