//! DMARC.

use address::Domain;
use events::{DkimFlaw, DkimVerdict, DmarcPolicy, DmarcVerdict, Finding, SpfVerdict};
use trust::{Authors, author_domains};

use crate::table::Table;

const DNS: &str = "
    _dmarc.a.test TXT v=DMARC1; p=reject; sp=quarantine; np=reject
    sub.a.test A 192.0.2.1
    _dmarc.strict.test TXT v=DMARC1; p=reject; adkim=s; aspf=s
    _dmarc.q.test TXT v=DMARC1; p=quarantine
    _dmarc.co.test TXT v=DMARC1; p=none; psd=y
    _dmarc.apart.a.test TXT v=DMARC1; p=none; psd=n
    _dmarc.down.test FAIL
    _dmarc.own.down.test TXT v=DMARC1; p=reject
    _dmarc.d.e.f.g.six.test TXT v=DMARC1; p=reject
    _dmarc.e.f.g.h.i.j.long.test TXT v=DMARC1; p=reject
";

fn dkim(domain: &str, finding: Finding) -> DkimVerdict {
    DkimVerdict {
        finding,
        domain: domain.to_owned(),
        selector: "s".to_owned(),
        algorithm: "rsa-sha256".to_owned(),
        signature: String::new(),
        flaw: (finding != Finding::Pass).then_some(DkimFlaw::Header),
    }
}

/// The verdict over a message from these domains, where SPF and signatures of these domains
/// have passed unless they begin with `!` (failed) or `?` (not known).
async fn judge(authors: &[&str], spf: &str, signers: &[&str]) -> DmarcVerdict {
    let finding = |text: &str| match text.chars().next() {
        Some('!') => Finding::Fail,
        Some('?') => Finding::TempError,
        _ => Finding::Pass,
    };
    let name = |text: &str| text.trim_start_matches(['!', '?']).to_owned();
    let authors: Vec<Result<Domain, String>> = authors
        .iter()
        .map(|text| text.parse().map_err(|_| (*text).to_owned()))
        .collect();
    let spf = SpfVerdict {
        finding: finding(spf),
        domain: name(spf),
        helo: false,
    };
    let dkim: Vec<_> = signers
        .iter()
        .map(|text| dkim(&name(text), finding(text)))
        .collect();
    let mut others: Vec<&str> = dkim.iter().map(|one| one.domain.as_str()).collect();
    others.push(&spf.domain);
    let authors = Authors::find(&Table::new(DNS), &authors, &others).await;
    authors.judge(&spf, &dkim)
}

#[tokio::test]
async fn a_domain_stands_by_what_is_aligned_with_it() {
    use DmarcPolicy::{None as Nothing, Quarantine, Reject};
    use Finding::{Fail, None, Pass, TempError};
    for (author, spf, signers, finding, policy) in [
        ("a.test", "a.test", &[][..], Pass, Reject),
        ("a.test", "!a.test", &["a.test"], Pass, Reject),
        ("a.test", "sub.a.test", &[], Pass, Reject),
        ("a.test", "xa.test", &["test", "b.test"], Fail, Reject),
        ("a.test", "!a.test", &["!a.test"], Fail, Reject),
        ("a.test", "?a.test", &["b.test"], TempError, Reject),
        ("a.test", "b.test", &["?a.test"], TempError, Reject),
        ("a.test", "apart.a.test", &[], Fail, Reject),
        ("apart.a.test", "a.test", &[], Fail, Nothing),
        ("sub.a.test", "a.test", &[], Pass, Quarantine),
        ("sub.a.test", "b.test", &[], Fail, Quarantine),
        ("no.a.test", "b.test", &[], Fail, Reject),
        (
            "strict.test",
            "x.strict.test",
            &["x.strict.test"],
            Fail,
            Reject,
        ),
        (
            "strict.test",
            "x.strict.test",
            &["strict.test"],
            Pass,
            Reject,
        ),
        ("x.strict.test", "x.strict.test", &[], Pass, Reject),
        ("q.test", "b.test", &[], Fail, Quarantine),
        ("b.test", "b.test", &["b.test"], None, Nothing),
        ("one.co.test", "two.co.test", &["co.test"], Fail, Nothing),
        ("x.one.co.test", "one.co.test", &[], Pass, Nothing),
        ("down.test", "b.test", &[], TempError, Nothing),
        ("own.down.test", "b.test", &[], TempError, Nothing),
    ] {
        let verdict = judge(&[author], spf, signers).await;
        let wanted = DmarcVerdict {
            finding,
            domain: author.to_owned(),
            policy,
        };
        assert_eq!(verdict, wanted, "{author} {spf} {signers:?}");
    }
}

#[tokio::test]
async fn of_a_long_name_only_the_end_is_asked() {
    // Eight labels are not among the steps, six are.
    let verdict = judge(&["a.b.c.d.e.f.g.h.i.j.long.test"], "b.test", &[]).await;
    assert_eq!(verdict.finding, Finding::None);
    let verdict = judge(&["z.e.f.g.h.i.j.long.test"], "b.test", &[]).await;
    assert_eq!(verdict.finding, Finding::None);
    let verdict = judge(&["a.b.c.d.e.f.g.six.test"], "b.test", &[]).await;
    assert_eq!(verdict.finding, Finding::Fail);
}

#[tokio::test]
async fn a_second_author_does_not_hide_the_first() {
    let verdict = judge(&["b.test", "a.test", "q.test"], "b.test", &[]).await;
    assert_eq!(
        (verdict.domain.as_str(), verdict.policy),
        ("a.test", DmarcPolicy::Reject)
    );
    let verdict = judge(&["a.test", "q.test"], "a.test", &["q.test"]).await;
    assert_eq!(verdict.finding, Finding::Pass);
    let verdict = judge(&["<no domain>"], "a.test", &[]).await;
    assert_eq!(verdict.finding, Finding::PermError);
    let verdict = judge(&[], "a.test", &[]).await;
    assert_eq!(verdict.finding, Finding::None);
}

#[test]
fn authors_are_found_however_they_are_written() {
    let domains = |header: &str| {
        let found = author_domains(&message::senders(header.as_bytes()));
        let text = |domain: Result<Domain, String>| match domain {
            Ok(domain) => domain.to_string(),
            Err(_) => "?".to_owned(),
        };
        found.into_iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(
        domains("From: a@A.test, \"x@b.test\" <b@a.test>\r\n\r\n"),
        ["a.test"]
    );
    assert_eq!(
        domains("From: a@a.test\r\nFrom: c@c.test\r\nSender: d@d.test\r\n\r\n"),
        ["a.test", "c.test"]
    );
    assert_eq!(domains("From: Bank <a@bank.test\r\n\r\n"), ["bank.test"]);
    assert_eq!(domains("From: nobody\r\n\r\n"), ["?"]);
    assert!(domains("To: a@a.test\r\n\r\n").is_empty());
}
