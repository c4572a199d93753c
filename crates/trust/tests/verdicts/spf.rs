//! SPF, and names of addresses.

use address::ReversePath;
use events::Finding;

use crate::table::Table;

const DNS: &str = "
    all.test TXT v=spf1 -all
    soft.test TXT v=spf1 ~all
    none.test TXT something else
    two.test TXT v=spf1 -all
    two.test TXT v=spf1 +all
    bad.test TXT v=spf1 ip4:x -all
    down.test FAIL
    open.test TXT v=spf1
    ip.test TXT v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all
    a.test TXT v=spf1 a -all
    a.test A 192.0.2.1
    a.test AAAA 2001:db8::1
    net.test TXT v=spf1 a:a.test/24//64 -all
    mx.test TXT v=spf1 mx -all
    mx.test MX host.test
    mx.test MX a.test
    host.test A 198.51.100.1
    ptr.test TXT v=spf1 ptr -all
    mail.ptr.test A 192.0.2.1
    192.0.2.1 PTR xptr.test
    192.0.2.1 PTR mail.ptr.test
    198.51.100.1 PTR mail.ptr.test
    203.0.113.1 PTR down.test
    exists.test TXT v=spf1 exists:%{ir}.%{l}.ok.test -all
    1.2.0.192.lea.ok.test A 127.0.0.2
    in.test TXT v=spf1 include:ip.test ~all
    innone.test TXT v=spf1 include:none.test +all
    indown.test TXT v=spf1 include:down.test +all
    innothing.test TXT v=spf1 include:nothing.test +all
    re.test TXT v=spf1 redirect=ip.test
    renone.test TXT v=spf1 redirect=none.test
    ring.test TXT v=spf1 include:ring.test -all
    adown.test TXT v=spf1 a:down.test -all
    void.test TXT v=spf1 a:x1.test a:x2.test +all
    voids.test TXT v=spf1 a:x1.test a:x2.test mx:x3.test +all
    many.test TXT v=spf1 a:a.test a:a.test a:a.test a:a.test a:a.test a:a.test a:a.test a:a.test a:a.test a:a.test a:a.test +all
    odd.test TXT v=spf1 a:%{l}.test include:..%{d} +all
    late.test TXT v=spf1 ip4:192.0.2.1 include:down.test -all
    helo.test TXT v=spf1 ip4:192.0.2.1 -all
";

async fn spf(ip: &str, from: &str) -> Finding {
    let dns = Table::new(DNS);
    let from = match from {
        "" => ReversePath::Null,
        from => ReversePath::Address(from.parse().unwrap()),
    };
    let verdict = trust::spf(&dns, ip.parse().unwrap(), "HELO.test", &from).await;
    assert_eq!(verdict.helo, from == ReversePath::Null);
    verdict.finding
}

#[tokio::test]
async fn each_record_is_read_as_the_rfc_has_it() {
    use Finding::{Fail, Neutral, None, Pass, PermError, SoftFail, TempError};
    for (domain, four, six, elsewhere) in [
        ("all.test", Fail, Fail, Fail),
        ("soft.test", SoftFail, SoftFail, SoftFail),
        ("none.test", None, None, None),
        ("nothing.test", None, None, None),
        ("localhost", None, None, None),
        ("two.test", PermError, PermError, PermError),
        ("bad.test", PermError, PermError, PermError),
        ("down.test", TempError, TempError, TempError),
        ("open.test", Neutral, Neutral, Neutral),
        ("ip.test", Pass, Pass, Fail),
        ("a.test", Pass, Pass, Fail),
        ("net.test", Pass, Pass, Fail),
        ("mx.test", Pass, Pass, Pass),
        ("ptr.test", Pass, Fail, Fail),
        ("exists.test", Pass, Fail, Fail),
        ("in.test", Pass, Pass, SoftFail),
        ("innone.test", PermError, PermError, PermError),
        ("innothing.test", PermError, PermError, PermError),
        ("indown.test", TempError, TempError, TempError),
        ("re.test", Pass, Pass, Fail),
        ("renone.test", PermError, PermError, PermError),
        ("ring.test", PermError, PermError, PermError),
        ("adown.test", TempError, TempError, TempError),
        ("void.test", Pass, Pass, Pass),
        ("voids.test", PermError, PermError, PermError),
        ("many.test", Pass, Pass, PermError),
        ("odd.test", PermError, PermError, PermError),
        ("late.test", Pass, TempError, TempError),
    ] {
        let from = format!("lea@{domain}");
        assert_eq!(spf("192.0.2.1", &from).await, four, "{domain}");
        assert_eq!(spf("::ffff:192.0.2.1", &from).await, four, "{domain}");
        assert_eq!(spf("2001:db8::1", &from).await, six, "{domain}");
        assert_eq!(spf("198.51.100.1", &from).await, elsewhere, "{domain}");
    }
}

#[tokio::test]
async fn without_a_sender_the_host_is_checked() {
    assert_eq!(spf("192.0.2.1", "").await, Finding::Pass);
    assert_eq!(spf("192.0.2.2", "").await, Finding::Fail);
}

#[tokio::test]
async fn an_address_has_a_name_that_has_the_address() {
    let dns = Table::new(DNS);
    for (ip, finding) in [
        ("192.0.2.1", Finding::Pass),
        ("::ffff:192.0.2.1", Finding::Pass),
        ("198.51.100.1", Finding::Fail),
        ("203.0.113.1", Finding::TempError),
        ("203.0.113.2", Finding::PermError),
    ] {
        let verdict = trust::iprev(&dns, ip.parse().unwrap()).await;
        assert_eq!(verdict.finding, finding, "{ip}");
    }
}
