//! Hosts that go away, refuse in the middle, say nothing, or say too much.

use bytes::Bytes;
use delivery::peer::{Failure, Peer, Policy, Tls};
use net::ConnectError;
use smtp::client::{self, At, Fate, Trouble};
use tls::Trust;
use tokio::io::AsyncBufReadExt;
use tokio::join;

use crate::common::{Host, accepted, doors, message, open, settings, target, try_open};

const PIPELINING: &str = "250 PIPELINING\r\n";

fn lost(fate: &Fate) -> (At, &Trouble, bool) {
    match fate {
        Fate::Lost {
            at,
            trouble,
            perhaps_accepted,
        } => (*at, trouble, *perhaps_accepted),
        other => panic!("not lost: {other:?}"),
    }
}

#[tokio::test]
async fn messages_follow_each_other_on_one_connection() {
    let host = Host::start().await;
    let ours = async {
        let mut peer = open(host.address).await;
        let first = peer
            .send(message(&["a@x.fr"], &[b"\r\n.first", b"\r\n"]))
            .await;
        let second = peer.send(message(&["b@x.fr"], &[b"\r\nsecond"])).await;
        assert!(peer.takes_more() && peer.encryption().is_none());
        peer.close().await;
        (accepted(&first), accepted(&second))
    };
    let theirs = async {
        let mut line = host.greet(PIPELINING).await;
        let first = line.take("250 taken\r\n").await;
        let second = line.take("250 taken\r\n").await;
        assert_eq!(line.hear().await, "QUIT");
        line.say("221 bye\r\n").await;
        assert_eq!(line.rest().await, b"");
        (first, second)
    };
    let (fates, heard) = join!(ours, theirs);
    assert_eq!(fates, (vec![true], vec![true]));
    let received = "Received: by mail.exemple.fr";
    assert_eq!(heard.0, [received, "", "..first", "."]);
    assert_eq!(heard.1, [received, "", "second", "."]);
}

#[tokio::test]
async fn a_host_that_goes_after_the_dot_leaves_a_doubt() {
    for (reply, trouble, doubt) in [("", Trouble::Ended, true), ("4", Trouble::Ended, true)] {
        let host = Host::start().await;
        let theirs = async { drop(host.greet(PIPELINING).await.take(reply).await) };
        let ours = async {
            open(host.address)
                .await
                .send(message(&["a@x.fr"], &[b"x"]))
                .await
        };
        let (outcome, ()) = join!(ours, theirs);
        assert_eq!(lost(&outcome.fates[0]), (At::End, &trouble, doubt));
    }
}

#[tokio::test]
async fn a_host_that_closes_in_the_middle_is_heard() {
    let host = Host::start().await;
    let theirs = async {
        let mut line = host.greet(PIPELINING).await;
        line.hear_to("DATA").await;
        line.say("250 ok\r\n250 ok\r\n421 4.3.2 going down\r\n")
            .await;
    };
    let ours = async {
        let mut peer = open(host.address).await;
        let outcome = peer.send(message(&["a@x.fr", "b@x.fr"], &[b"x"])).await;
        assert!(!peer.takes_more());
        outcome
    };
    let (outcome, ()) = join!(ours, theirs);
    for fate in &outcome.fates {
        let (at, trouble, doubt) = lost(fate);
        assert_eq!((at, doubt), (At::Recipient, false));
        assert!(matches!(trouble, Trouble::Closing(reply) if reply.text() == "going down"));
    }
}

/// It has said no and reads nothing more: the socket is full, and what it said is read all
/// the same.
#[tokio::test]
async fn a_refusal_in_the_middle_of_a_large_message_is_heard() {
    let host = Host::start().await;
    let theirs = async {
        let mut line = host.greet(PIPELINING).await;
        line.hear_to("DATA").await;
        line.say("250 ok\r\n250 ok\r\n354 go\r\n552 5.3.4 too large\r\n")
            .await;
        line
    };
    let ours = async {
        let mut peer = open(host.address).await;
        let large = message(&["a@x.fr"], &vec![&[b'x'; 64 * 1024][..]; 400]);
        peer.send(large).await
    };
    let (outcome, mut line) = join!(ours, theirs);
    let Fate::Refused {
        at,
        reply,
        for_good,
    } = &outcome.fates[0]
    else {
        panic!("{outcome:?}");
    };
    assert_eq!((*at, reply.code, *for_good), (At::Message, 552, true));
    // Whatever it reads later has no end.
    assert!(!line.rest().await.ends_with(b"\r\n.\r\n"));
}

#[tokio::test]
async fn a_message_that_can_not_be_read_has_no_end() {
    let host = Host::start().await;
    let theirs = async {
        let mut line = host.greet(PIPELINING).await;
        line.hear_to("DATA").await;
        line.say("250 ok\r\n250 ok\r\n354 go\r\n").await;
        line.rest().await
    };
    let ours = async {
        let mut message = message(&["a@x.fr"], &[b"beginning\r\n"]);
        message.body.0.push(None);
        message.body.0.push(Some(Bytes::from_static(b"end\r\n")));
        open(host.address).await.send(message).await
    };
    let (outcome, heard) = join!(ours, theirs);
    assert_eq!(
        lost(&outcome.fates[0]),
        (At::Message, &Trouble::BodyLost, false)
    );
    assert!(!heard.ends_with(b".\r\n"));
}

#[tokio::test]
async fn a_host_that_has_gone_in_the_meantime_is_not_tried() {
    let host = Host::start().await;
    let theirs = async {
        let mut line = host.greet(PIPELINING).await;
        line.take("250 taken\r\n").await;
        line.say("421 idle\r\n").await;
    };
    let ours = async {
        let mut peer = open(host.address).await;
        let first = peer.send(message(&["a@x.fr"], &[b"x"])).await;
        assert_eq!(accepted(&first), [true]);
        peer
    };
    let (mut peer, ()) = join!(ours, theirs);
    let second = peer.send(message(&["b@x.fr", "c@x.fr"], &[b"x"])).await;
    assert_eq!(second.fates, [Fate::Untried, Fate::Untried]);
    assert!(!peer.takes_more());
}

/// Nothing moves but the clock, which the runtime turns when there is nothing else to do.
#[tokio::test(start_paused = true)]
async fn silence_ends() {
    let host = Host::start().await;
    let theirs = async {
        let mut line = host.greet(PIPELINING).await;
        line.rest().await
    };
    let ours = async {
        let mut peer = open(host.address).await;
        let outcome = peer.send(message(&["a@x.fr"], &[b"x"])).await;
        drop(peer);
        outcome
    };
    let (outcome, heard) = join!(ours, theirs);
    assert_eq!(lost(&outcome.fates[0]), (At::Mail, &Trouble::Silent, false));
    assert!(heard.ends_with(b"DATA\r\n"));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_takes_nothing_more_is_left() {
    let host = Host::start().await;
    let theirs = async {
        let mut line = host.greet(PIPELINING).await;
        line.hear_to("DATA").await;
        line.say("250 ok\r\n250 ok\r\n354 go\r\n").await;
        line
    };
    let ours = async {
        let large = message(&["a@x.fr"], &vec![&[b'x'; 64 * 1024][..]; 400]);
        open(host.address).await.send(large).await
    };
    let (outcome, _line) = join!(ours, theirs);
    assert_eq!(
        lost(&outcome.fates[0]),
        (At::Message, &Trouble::Stuck, false)
    );
}

#[tokio::test]
async fn tls_that_fails_is_told_and_may_be_done_without() {
    let host = Host::start().await;
    let policy = Policy::opportunistic();
    let (doors, settings, target) = (doors(None), settings(), target(host.address));
    let theirs = async {
        let mut line = host.greet("250 STARTTLS\r\n").await;
        assert_eq!(line.hear().await, "STARTTLS");
        line.say("220 go\r\n").await;
        // The greeting of TLS has come; before it, this would be an answer too many.
        line.0.fill_buf().await.unwrap();
        line.say("this is no TLS\r\n").await;
        drop(line);
        let mut line = host.greet("250-STARTTLS\r\n250 PIPELINING\r\n").await;
        line.take("250 taken\r\n").await;
    };
    let ours = async {
        let failure = Peer::open(&doors, &target, &policy, &settings)
            .await
            .unwrap_err();
        assert!(policy.may_go_in_clear(&failure), "{failure:?}");
        let clear = Peer::open(&doors, &target, &Policy::in_clear(), &settings).await;
        clear.unwrap().send(message(&["a@x.fr"], &[b"x"])).await
    };
    let (outcome, ()) = join!(ours, theirs);
    assert_eq!(accepted(&outcome), [true]);
}

#[tokio::test]
async fn what_stands_behind_the_reply_to_starttls_ends_the_connection() {
    let host = Host::start().await;
    let theirs = async {
        let mut line = host.greet("250 STARTTLS\r\n").await;
        line.hear().await;
        line.say("220 go\r\n250-mx.test\r\n250 AUTH PLAIN\r\n")
            .await;
        line.rest().await
    };
    let ours = async {
        let (doors, settings) = (doors(None), settings());
        let policy = Policy::opportunistic();
        Peer::open(&doors, &target(host.address), &policy, &settings).await
    };
    let (opened, heard) = join!(ours, theirs);
    let Err(Failure::Smtp(client::Failure::Trouble(at, trouble))) = opened else {
        panic!("{opened:?}");
    };
    assert_eq!((at, trouble), (At::StartTls, Trouble::Injected));
    assert_eq!(heard, b"");
}

#[tokio::test]
async fn tls_that_is_demanded_and_not_offered_is_told_before_anything_is_said() {
    let host = Host::start().await;
    let theirs = async { host.greet("250 HELP\r\n").await.rest().await };
    let ours = async {
        let (doors, settings) = (doors(None), settings());
        let policy = Policy {
            tls: Tls::Demanded,
            trust: Trust::Anyone,
        };
        Peer::open(&doors, &target(host.address), &policy, &settings).await
    };
    let (opened, heard) = join!(ours, theirs);
    assert!(matches!(opened, Err(Failure::Smtp(client::Failure::NoTls))));
    assert_eq!(heard, b"QUIT\r\n");
}

#[tokio::test]
async fn nothing_on_this_machine_is_reached_unless_it_is_meant() {
    let host = Host::start().await;
    let mut doors = doors(None);
    doors.gate = net::Gate::default();
    let opened = try_open(&doors, host.address, &Policy::opportunistic()).await;
    let failure = opened.unwrap_err();
    assert!(matches!(
        failure,
        Failure::Connect(ConnectError::Forbidden(_))
    ));
}
