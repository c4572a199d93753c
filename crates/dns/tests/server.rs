//! The resolver, asking a real name server.

#![allow(clippy::unwrap_used, reason = "it is a test")]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use dns::{DnsError, Mx, Resolver, Server, Settings, Srv, Tlsa, Trouble};
use testbed::{Dns, SilentDns, Zone};

/// How long a lookup may take here: much, as the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

fn settings(servers: &[SocketAddr]) -> Settings {
    Settings {
        servers: servers.iter().copied().map(Server).collect(),
        dnssec: true,
        trust_anchors: None,
        patience: PATIENCE,
    }
}

fn resolver(server: &Dns) -> Resolver {
    let trusting = Settings {
        trust_anchors: Some(server.trust_anchors()),
        ..settings(&[server.address()])
    };
    Resolver::new(&trusting).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Of every kind of record that is asked for.
const RECORDS: &str = r#"
    @ MX 20 Second
    @ MX 10 first.elsewhere.test.
    @ TXT "v=spf1 " "-all"
    @ TXT "other"
    www A 192.0.2.1
    www AAAA 2001:db8::1
    four A 192.0.2.4
    alias CNAME www
    lost CNAME nowhere
    ring CNAME ring2
    ring2 CNAME ring
    away CNAME any.wild.signed.test.
    there CNAME www.hashed.test.
    *.aliases CNAME any.wild.hashed.test.
    *.wild A 192.0.2.9
    _25._tcp.mx TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
    _imaps._tcp SRV 0 1 993 imap
    _pop3._tcp SRV 0 0 0 .
"#;

/// Zones with these records, and whether DNSSEC vouches for them.
const ZONES: [(&str, bool); 3] = [
    ("plain.test", false),
    ("signed.test", true),
    ("hashed.test", true),
];

fn server() -> Dns {
    Dns::start(&[
        Zone::plain("plain.test", RECORDS),
        Zone::signed("signed.test", RECORDS),
        Zone::hashed("hashed.test", RECORDS),
        Zone::bogus("bogus.test", RECORDS),
        Zone::plain("nomail.test", "@ MX 0 ."),
        Zone::plain("2.0.192.in-addr.arpa", "1 PTR www.plain.test."),
        Zone::signed(
            "8.b.d.0.1.0.0.2.ip6.arpa",
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR www.signed.test.",
        ),
    ])
}

#[tokio::test]
async fn each_kind_of_record_is_found() {
    let server = server();
    let resolver = resolver(&server);
    for (zone, secure) in ZONES {
        let mx = resolver.mx(&zone.parse().unwrap()).await.unwrap();
        let host = |host: String| Some(host);
        let wanted = [
            (10, host("first.elsewhere.test".to_owned())),
            (20, host(format!("second.{zone}"))),
        ];
        let wanted = wanted.map(|(preference, host)| Mx { preference, host });
        assert_eq!((mx.records, mx.secure), (wanted.to_vec(), secure));

        let mut txt = resolver.txt(zone).await.unwrap();
        txt.records.sort();
        assert_eq!(txt.records, [b"other".to_vec(), b"v=spf1 -all".to_vec()]);
        assert_eq!((txt.secure, txt.name.as_str()), (secure, zone));

        let www = resolver.addresses(&format!("WWW.{zone}.")).await.unwrap();
        assert_eq!(www.records, [ip("2001:db8::1"), ip("192.0.2.1")]);
        assert_eq!((www.secure, www.name), (secure, format!("www.{zone}")));
        let four = resolver.addresses(&format!("four.{zone}")).await.unwrap();
        assert_eq!((four.records, four.secure), (vec![ip("192.0.2.4")], secure));
        let wild = resolver.ipv4(&format!("any.wild.{zone}")).await.unwrap();
        assert_eq!(
            (wild.records, wild.secure),
            (vec![[192, 0, 2, 9].into()], secure)
        );

        let tlsa = resolver.tlsa(25, &format!("mx.{zone}")).await.unwrap();
        let data: Vec<u8> = (0..32).map(|n| n % 16 * 0x11).collect();
        let wanted = Tlsa {
            usage: 3,
            selector: 1,
            matching: 1,
            data,
        };
        assert_eq!((tlsa.records, tlsa.secure), (vec![wanted], secure));

        let srv = resolver.srv(&format!("_imaps._tcp.{zone}")).await.unwrap();
        let wanted = Srv {
            priority: 0,
            weight: 1,
            port: 993,
            host: Some(format!("imap.{zone}")),
        };
        assert_eq!((srv.records, srv.secure), (vec![wanted], secure));
        let srv = resolver.srv(&format!("_pop3._tcp.{zone}")).await.unwrap();
        assert_eq!(srv.records[0].host, None);
    }
    let nomail = resolver.mx(&"nomail.test".parse().unwrap()).await.unwrap();
    assert_eq!(
        nomail.records,
        [Mx {
            preference: 0,
            host: None
        }]
    );
    let four = resolver.reverse(ip("192.0.2.1")).await.unwrap();
    assert_eq!(
        (four.records, four.secure),
        (vec!["www.plain.test".to_owned()], false)
    );
    let six = resolver.reverse(ip("2001:db8::1")).await.unwrap();
    assert_eq!(
        (six.records, six.secure),
        (vec!["www.signed.test".to_owned()], true)
    );
}

#[tokio::test]
async fn an_alias_leads_to_its_records_and_tells_their_name() {
    let server = server();
    let resolver = resolver(&server);
    for (zone, secure) in ZONES {
        let found = resolver.addresses(&format!("alias.{zone}")).await.unwrap();
        assert_eq!(found.records, [ip("2001:db8::1"), ip("192.0.2.1")]);
        assert_eq!((found.secure, found.name), (secure, format!("www.{zone}")));
        for (alias, end) in [
            ("away", "any.wild.signed.test"),
            ("there", "www.hashed.test"),
            ("one.aliases", "any.wild.hashed.test"),
        ] {
            let found = resolver.ipv4(&format!("{alias}.{zone}")).await;
            let found = found.unwrap_or_else(|error| panic!("{alias}.{zone}: {error}"));
            assert_eq!(
                (found.secure, found.name.as_str()),
                (secure, end),
                "{alias}.{zone}"
            );
        }
        let lost = resolver.ipv4(&format!("lost.{zone}")).await;
        assert_eq!(lost, Err(DnsError::NoName { secure }), "{zone}");
        let none = resolver.txt(&format!("alias.{zone}")).await;
        assert_eq!(none, Err(DnsError::NoRecords { secure }), "{zone}");
        let ring = resolver.ipv4(&format!("ring.{zone}")).await;
        assert_eq!(
            ring,
            Err(DnsError::Trouble(Trouble::ServerFailed)),
            "{zone}"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_with_a_verdict() {
    let server = server();
    let resolver = resolver(&server);
    // Twice: what is kept says the same.
    for _ in 0..2 {
        for (zone, secure) in ZONES {
            let none = resolver.ipv4(&format!("nobody.{zone}")).await;
            assert_eq!(none, Err(DnsError::NoName { secure }), "{zone}");
            let none = resolver.txt(&format!("www.{zone}")).await;
            assert_eq!(none, Err(DnsError::NoRecords { secure }), "{zone}");
            let none = resolver.tlsa(25, &format!("www.{zone}")).await;
            assert_eq!(none, Err(DnsError::NoName { secure }), "{zone}");
            let none = resolver.addresses(&format!("nobody.{zone}")).await;
            assert_eq!(none, Err(DnsError::NoName { secure }), "{zone}");
        }
    }
    let long = "a".repeat(64) + ".test";
    assert_eq!(resolver.ipv4(&long).await, Err(DnsError::NotAName));
}

#[tokio::test]
async fn what_is_bogus_is_no_answer() {
    let server = server();
    let trusting = resolver(&server);
    let txt = trusting.txt("bogus.test").await;
    assert_eq!(txt, Err(DnsError::Bogus));
    assert_eq!(
        trusting.addresses("www.bogus.test").await,
        Err(DnsError::Bogus)
    );
    assert_eq!(
        trusting.ipv4("nobody.bogus.test").await,
        Err(DnsError::Bogus)
    );
    // Whoever does not validate sees it, and is promised nothing.
    let mut careless = settings(&[server.address()]);
    careless.dnssec = false;
    let careless = Resolver::new(&careless).unwrap();
    for zone in ["bogus.test", "signed.test"] {
        let found = careless.ipv4(&format!("www.{zone}")).await.unwrap();
        assert!(!found.secure);
        let none = careless.ipv4(&format!("nobody.{zone}")).await;
        assert_eq!(none, Err(DnsError::NoName { secure: false }));
    }
}

#[tokio::test]
async fn a_root_that_is_not_trusted_vouches_for_nothing() {
    let server = server();
    let stranger = Resolver::new(&settings(&[server.address()])).unwrap();
    assert_eq!(stranger.txt("signed.test").await, Err(DnsError::Bogus));
}

#[tokio::test]
async fn an_answer_too_big_for_a_datagram_comes_whole() {
    let long: String = (0..60).fold(String::new(), |text, n| {
        text + &format!("@ TXT \"{n:03} {}\"\n", "x".repeat(200))
    });
    let server = Dns::start(&[
        Zone::plain("big.test", &long),
        Zone::signed("large.test", &long),
    ]);
    let resolver = resolver(&server);
    for (zone, secure) in [("big.test", false), ("large.test", true)] {
        let found = resolver.txt(zone).await.unwrap();
        assert_eq!((found.records.len(), found.secure), (60, secure));
        assert!(found.records.iter().all(|text| text.len() == 204));
    }
}

#[tokio::test]
async fn what_is_known_is_not_asked_again() {
    let mut server = server();
    let resolver = resolver(&server);
    let found = resolver.ipv4("www.signed.test").await.unwrap();
    let none = resolver.ipv4("nobody.signed.test").await;
    server.stop();
    // Whatever the spelling.
    assert_eq!(resolver.ipv4("WWW.Signed.test").await, Ok(found));
    assert_eq!(resolver.ipv4("nobody.signed.test").await, none);
}

#[tokio::test]
async fn a_server_that_is_away_is_trouble() {
    let mut server = server();
    server.stop();
    let hasty = Settings {
        patience: Duration::from_millis(500),
        ..settings(&[server.address()])
    };
    let lookup = Resolver::new(&hasty).unwrap().ipv4("www.plain.test").await;
    let Err(DnsError::Trouble(Trouble::Unreachable | Trouble::Timeout)) = lookup else {
        panic!("{lookup:?}");
    };
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_waited_for_once() {
    let silent = SilentDns::start();
    let resolver = Resolver::new(&settings(&[silent.address()])).unwrap();
    let began = tokio::time::Instant::now();
    let timeout = Err(DnsError::Trouble(Trouble::Timeout));
    assert_eq!(resolver.ipv4("one.test").await, timeout);
    assert!(began.elapsed() <= PATIENCE);
    // The same name: known. Another: the server is only now suspected.
    assert_eq!(resolver.ipv4("one.test").await, timeout);
    assert!(began.elapsed() <= PATIENCE);
    assert_eq!(resolver.ipv4("two.test").await, timeout);
    tokio::time::sleep(PATIENCE).await;
    // Everybody else is told at once, and costs nothing.
    silent.asked();
    let down = tokio::time::Instant::now();
    for n in 0..100 {
        let lookup = resolver.ipv4(&format!("n{n}.test")).await;
        assert_eq!(lookup, Err(DnsError::Trouble(Trouble::Down)));
    }
    assert_eq!(down.elapsed(), Duration::ZERO);
    assert_eq!(silent.asked(), 0);
}

#[tokio::test]
async fn the_other_server_is_asked() {
    let server = server();
    let gone = SilentDns::start().address();
    let mut settings = settings(&[gone, server.address()]);
    settings.trust_anchors = Some(server.trust_anchors());
    let resolver = Resolver::new(&settings).unwrap();
    let found = resolver.ipv4("www.signed.test").await.unwrap();
    assert!(found.secure);
}

#[test]
fn trust_anchors_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("anchors");
    std::fs::write(&file, "no key").unwrap();
    let mut settings = settings(&[]);
    for file in [file.clone(), folder.path().join("nothing")] {
        settings.trust_anchors = Some(file.clone());
        let refused = Resolver::new(&settings).err().unwrap();
        assert!(
            refused.to_string().contains(file.to_str().unwrap()),
            "{refused}"
        );
    }
}
