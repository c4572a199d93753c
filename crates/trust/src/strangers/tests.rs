//! A provider, an abuser and a stranger, on days that take no time.

use super::*;

const LIMITS: Limits = Limits {
    of_network: 100,
    of_sender: 50,
    of_recipient: 200,
    pause: Duration::from_secs(5),
};

fn strangers() -> Strangers {
    Strangers::new(LIMITS, RandomState::new())
}

fn at(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn address(number: u32) -> Address {
    format!("user{number}@here.test").parse().unwrap()
}

fn from(text: &str) -> ReversePath {
    ReversePath::Address(text.parse().unwrap())
}

/// One message to one recipient, which a domain stands by.
fn bring(strangers: &mut Strangers, peer: IpAddr, number: u32, now: Duration) -> Result<(), Pace> {
    strangers.sender(peer, &from(&format!("n{number}@list.test")), now)?;
    strangers.recipient(peer, &address(number), now)?;
    strangers.note(peer, Deed::StoodBy, now);
    Ok(())
}

#[test]
fn a_provider_that_is_known_brings_a_burst_to_everybody() {
    let mut strangers = strangers();
    let peer = ip("192.0.2.1");
    for number in 0..60 {
        bring(&mut strangers, peer, number, at(1)).unwrap();
    }
    let later = at(120);
    assert_eq!(strangers.standing(peer, later), Standing::Good);
    for number in 0..LIMITS.of_network * GOOD_FACTOR {
        let neighbour = ip(&format!("192.0.2.{}", number % 256));
        bring(&mut strangers, neighbour, number, later).unwrap();
        assert_eq!(
            strangers.pause(peer, Asked::Sender, 1.0, later),
            Duration::ZERO
        );
    }
    assert_eq!(bring(&mut strangers, peer, 1, later), Err(Pace::Network));
}

#[test]
fn whoever_is_new_is_held_to_the_limit_and_lets_others_alone() {
    let mut strangers = strangers();
    let taken =
        (0..1000).filter(|number| bring(&mut strangers, ip("2001:db8::1"), *number, at(1)).is_ok());
    assert_eq!(taken.count(), LIMITS.of_network as usize);
    bring(&mut strangers, ip("2001:db8:1::1"), 1, at(1)).unwrap();
    // The hour gives back what it takes.
    bring(&mut strangers, ip("2001:db8::1"), 1, at(2)).unwrap();
}

#[test]
fn an_abuser_gets_less_and_waits_longer() {
    let mut strangers = strangers();
    let peer = ip("198.51.100.7");
    let first = strangers.pause(peer, Asked::Sender, 0.5, at(1));
    assert!(first > Duration::ZERO);
    assert_eq!(
        strangers.pause(peer, Asked::Recipient, 0.5, at(1)),
        Duration::ZERO
    );
    for _ in 0..10 {
        strangers.note(peer, Deed::Unknown, at(1));
    }
    for asked in [Asked::Sender, Asked::Recipient] {
        let pause = strangers.pause(peer, asked, 0.5, at(1));
        assert!(pause > first && pause <= LIMITS.pause, "{pause:?}");
    }
    let taken =
        (0..1000).filter(|number| strangers.recipient(peer, &address(*number), at(1)).is_ok());
    assert_eq!(taken.count(), (LIMITS.of_network / BAD_FACTOR) as usize);
}

#[test]
fn one_sender_from_everywhere_is_held_to_his_limit_but_not_where_he_is_known() {
    let mut strangers = strangers();
    let known = ip("192.0.2.1");
    for number in 0..30 {
        bring(&mut strangers, known, number, at(1)).unwrap();
    }
    let now = at(120);
    let eve = from("Eve@bank.test");
    let taken = (0..200_u8).filter(|third| {
        let peer = ip(&format!("198.51.{third}.1"));
        strangers.sender(peer, &eve, now).is_ok()
    });
    assert_eq!(taken.count(), LIMITS.of_sender as usize);
    let again = strangers.sender(ip("203.0.113.1"), &from("eve@bank.test"), now);
    assert_eq!(again, Err(Pace::Sender));
    strangers.sender(known, &eve, now).unwrap();
    strangers
        .sender(ip("203.0.113.1"), &ReversePath::Null, now)
        .unwrap();
}

#[test]
fn one_recipient_is_not_buried() {
    let mut strangers = strangers();
    let to = address(1);
    let taken = (0..=255_u8).filter(|third| {
        strangers
            .recipient(ip(&format!("198.51.{third}.1")), &to, at(1))
            .is_ok()
    });
    assert_eq!(taken.count(), LIMITS.of_recipient as usize);
    let other = ip("203.0.113.1");
    assert_eq!(strangers.recipient(other, &to, at(1)), Err(Pace::Recipient));
    strangers.recipient(other, &address(2), at(1)).unwrap();
}

#[test]
fn what_is_set_to_nothing_is_not_limited() {
    let limits = Limits {
        of_network: 0,
        of_sender: 0,
        of_recipient: 0,
        pause: Duration::ZERO,
    };
    let mut strangers = Strangers::new(limits, RandomState::new());
    let peer = ip("192.0.2.1");
    strangers.note(peer, Deed::Listed, at(1));
    for _ in 0..5000 {
        strangers.sender(peer, &from("a@b.test"), at(1)).unwrap();
        strangers.recipient(peer, &address(1), at(1)).unwrap();
    }
    assert_eq!(
        strangers.pause(peer, Asked::Sender, 1.0, at(1)),
        Duration::ZERO
    );
}
