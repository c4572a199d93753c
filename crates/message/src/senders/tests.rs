//! What a forger would try.

use super::*;

/// `From a@b`, with `?` before what is a doubt and `~` before what is in a name only.
fn read(header: &[u8]) -> Vec<String> {
    let senders = senders(header);
    let of = |field| {
        senders
            .found
            .iter()
            .filter(|sender| sender.field == field)
            .count() as u32
    };
    assert!(senders.from_fields <= of(SenderField::From));
    assert!(senders.sender_fields <= of(SenderField::Sender));
    let show = |sender: &Sender| match (&sender.who, sender.in_name) {
        (Ok(address), false) => format!("{} {address}", sender.field.name()),
        (Ok(address), true) => format!("{} ~{address}", sender.field.name()),
        (Err(_), _) => format!("{} ?", sender.field.name()),
    };
    senders.found.iter().map(show).collect()
}

fn from(value: &str) -> Vec<String> {
    read(format!("From: {value}\r\n").as_bytes())
}

#[test]
fn what_honest_programs_write() {
    for value in [
        "me@x.fr",
        "<me@x.fr>",
        "Jean Dupont <me@x.fr>",
        "Jean P. Dupont <me@X.FR>",
        "\"Dupont, Jean\" <me@x.fr>",
        "\"Jean \\\"Jo\\\" Dupont\" <me@x.fr>",
        "me@x.fr (Jean Dupont)",
        "=?utf-8?Q?Dupont=2C_Ren=C3=A9?= <me@x.fr>",
        "=?utf-8?B?UmVuw6k=?=\r\n =?utf-8?Q?_Dupont?= <me@x.fr>",
        "=?utf-8?Q?Caf=C3=A9_=40_Paris?= <me@x.fr>",
        "=?X-UNKNOWN?Q?Caf=E9?= <me@x.fr>",
        "Ren\u{e9} <me@x.fr>",
        "Jean\r\n\t<me@x.fr>",
        "\"me\"@x.fr",
        ", me@x.fr,",
    ] {
        assert_eq!(from(value), ["From me@x.fr"], "{value}");
    }
    assert_eq!(read(b"From: Ren\xe9 <me@x.fr>\n"), ["From me@x.fr"]);
}

#[test]
fn every_address_of_every_field_is_seen() {
    assert_eq!(
        read(b"From: a@x.fr, B <b@x.fr>\r\nTo: no@x.fr\r\nSender: c@x.fr\r\nfrom : d@x.fr\r\n\r\nFrom: body@x.fr\r\n"),
        ["From a@x.fr", "From b@x.fr", "Sender c@x.fr", "From d@x.fr"]
    );
    assert_eq!(
        from("Team: a@x.fr, B <b@x.fr>;"),
        ["From a@x.fr", "From b@x.fr"]
    );
    assert_eq!(from("a@x.fr <b@x.fr>"), ["From a@x.fr", "From b@x.fr"]);
    let counted = senders(b"From: a@x.fr\r\nFROM\t: b@x.fr\r\nSENDER:c@x.fr\r\n");
    assert_eq!((counted.from_fields, counted.sender_fields), (2, 1));
}

#[test]
fn an_address_in_a_name_is_told_apart() {
    assert_eq!(
        from("\"boss@x.fr\" <me@x.fr>"),
        ["From ~boss@x.fr", "From me@x.fr"]
    );
    assert_eq!(
        from("me@x.fr ('boss@x.fr')"),
        ["From me@x.fr", "From ~boss@x.fr"]
    );
    // Who decodes first reads an address here.
    assert_eq!(
        from("=?utf-8?Q?boss=40x.fr?= <me@x.fr>"),
        ["From boss@x.fr", "From me@x.fr"]
    );
    assert_eq!(
        from("=?utf-8?Q?boss?= =?utf-8?B?QHguZnI=?= <me@x.fr>"),
        ["From boss@x.fr", "From me@x.fr"]
    );
}

#[test]
fn what_may_be_read_in_two_ways_is_a_doubt() {
    for value in [
        "",
        "me",
        "<>",
        "Team:;",
        "\"me@x.fr\"",
        "(me@x.fr)",
        "me@x.fr b@x.fr",
        "me@x.fr;",
        "<me@x.fr",
        "<me@x.fr> Jean",
        "<<me@x.fr>>",
        "<boss@x.fr> <me@x.fr>",
        "<@relay:me@x.fr>",
        "me@[192.0.2.1]",
        "me @ x.fr",
        "me(c)@x.fr",
        "a@b@x.fr",
        "Boss boss@x.fr <me@x.fr>",
        "\"Boss <boss@x.fr>\" <me@x.fr>",
        "me@x.fr (<boss@x.fr>)",
        "\"Boss <me@x.fr>",
        "Boss\\ <me@x.fr>",
        "=?utf-8?Q?Boss_=3Cboss=40x=2Efr=3E?= <me@x.fr>",
        "=?utf-8?Q?boss=40x=2Efr=2C?= <me@x.fr>",
        "=?utf-8?Q?boss=40x=21y?= <me@x.fr>",
        "\"=?utf-8?B?Ym9zc0B4LmZyPA==@<?=\" <me@x.fr>",
        "=?utf-8?Q?a=00b?= <me@x.fr>",
        "=?utf-8?Q?a=0D=0AFrom:_b=40x.fr?= <me@x.fr>",
        "=?utf-8?Q?me=40x.fr?=",
        "=?cp037?Q?=82=96?= <me@x.fr>",
        "=?unicode_escape?Q?boss\\x40x.fr?= <me@x.fr>",
        "Team: a@x.fr",
        "A: B: a@x.fr;;",
        "me@x.fr\0",
        "Boss\0 <me@x.fr>",
        "me@x.fr\rFrom: boss@x.fr",
    ] {
        assert!(
            from(value).contains(&"From ?".to_owned()),
            "{value} {:?}",
            from(value)
        );
    }
    assert_eq!(read(b"From: caf\xe9@x.fr\r\n"), ["From ?"]);
}

#[test]
fn a_field_that_only_some_clients_see_is_a_doubt() {
    let doubt = ["From ?"];
    assert_eq!(read(b"Fr\0om: me@x.fr\r\n"), doubt);
    assert_eq!(read(b"From\0: me@x.fr\r\n"), doubt);
    assert_eq!(read(b"\xef\xbb\xbfFrom: me@x.fr\r\n"), doubt);
    assert_eq!(read(b" From: me@x.fr\r\n"), doubt);
    assert_eq!(read(b"Subject: a\rFrom: boss@x.fr\r\n"), doubt);
    assert_eq!(read(b"Subject: a\r\r\n From: boss@x.fr\r\n").len(), 0);
    assert_eq!(read(b"no colon\r\n From: boss@x.fr\r\n"), doubt);
    assert_eq!(read(b"From\r\n : boss@x.fr\r\n"), doubt);
    assert_eq!(read(b"Fr\r\n om\r\n\t: boss@x.fr\r\n"), doubt);
    assert_eq!(read(b"F r o m: boss@x.fr\r\n"), doubt);
    assert_eq!(read(b"Sen\x7fder: boss@x.fr\r\n"), ["Sender ?"]);
}

#[test]
fn what_is_no_sender_field_is_none() {
    assert!(read(b"").is_empty());
    assert!(read(b"From me@x.fr Mon Jan  1 10:10:10 2024\r\nSubject: From: a@x.fr\r\n").is_empty());
    assert!(
        read(b"DKIM-Signature: h=To:\r\n From:Subject; b=x\r\nResent-From: a@x.fr\r\n").is_empty()
    );
    assert!(read(b"\r\nFrom: a@x.fr\r\n").is_empty());
}

#[test]
fn a_doubt_is_shown_short_and_clean() {
    let header = format!("From: {}\x1b\r\n", "x".repeat(10_000));
    let senders = senders(header.as_bytes());
    let shown = senders.found[0].who.as_ref().unwrap_err();
    assert!(shown.len() <= 200 && shown.starts_with("From: xxx"));
}
