//! Mail being read by POP3, over a real store and directory.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod rooms;

use address::Password;
use jiff::Timestamp;
use journal::Protocol;
use net::{Answerer, Wake};
use pop3::{Piece, Question};
use service::pop3::{Answers, Service};
use store::{Delivery, Flags, MailboxId};

use rooms::{Rooms, SECRET, ask, journal, line};

fn octets(pieces: Vec<Piece>) -> Vec<u8> {
    let octets = pieces.into_iter().flat_map(|piece| match piece {
        Piece::Octets(octets) => octets.to_vec(),
        other => panic!("{other:?}"),
    });
    octets.collect()
}

#[tokio::test]
async fn messages_come_back_as_they_went_in() {
    let dir = tempfile::tempdir().unwrap();
    let rooms = Rooms::open(dir.path()).await;
    let account = rooms.add("lea@exemple.fr").await.id;
    let Rooms { store, directory } = rooms;
    let now = Timestamp::now();
    let service = Service {
        store: store.clone(),
        directory: directory.clone(),
        journal: journal(),
        clock: Timestamp::now,
    };
    let mut answers = Answers::new(service, line(Protocol::Pop3));

    // Nobody is in yet.
    let told = ask(&mut answers, Question::Open).await;
    assert!(matches!(told.as_slice(), [Piece::Refused(_)]));
    let sign_in = |password: &str| Question::SignIn {
        name: "lea@exemple.fr".into(),
        password: Password::new(password),
        encrypted: true,
    };
    let told = ask(&mut answers, sign_in("un chêne")).await;
    assert!(matches!(told.as_slice(), [Piece::NotSignedIn { .. }]));
    let told = ask(&mut answers, sign_in(SECRET)).await;
    assert!(matches!(told.as_slice(), [Piece::SignedIn { .. }]));

    // An empty maildrop is told all the same.
    let told = ask(&mut answers, Question::Open).await;
    assert!(matches!(told.as_slice(), [Piece::Messages { messages, .. }] if messages.is_empty()));

    let long: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    let sent = [b"Subject: a\r\n\r\n.\r\n".to_vec(), long];
    for message in &sent {
        let mut intake = store.body();
        intake.write(message).await.unwrap();
        let incoming = intake.finish().await.unwrap();
        let delivery = Delivery {
            flags: Flags::default(),
            internal_date: now.into(),
            once: None,
            quota: None,
        };
        let placed = store.deliver(account, MailboxId::INBOX, &incoming, &delivery, now);
        placed.await.unwrap();
    }
    let told = ask(&mut answers, Question::Open).await;
    let [Piece::Messages { messages, .. }] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(messages.len(), 2);
    for (message, sent) in messages.iter().zip(&sent) {
        assert_eq!(message.size, sent.len() as u64);
        let (uid, octets_wanted) = (message.uid, message.size);
        let read = |from, octets| Question::Read { uid, from, octets };
        assert_eq!(
            octets(ask(&mut answers, read(0, octets_wanted)).await),
            *sent
        );
        assert_eq!(octets(ask(&mut answers, read(3, 5)).await), sent[3..8]);
    }

    let uids: Vec<u32> = messages.iter().map(|message| message.uid).collect();
    let first = Question::Remove {
        uids: vec![uids[0]],
    };
    assert_eq!(
        ask(&mut answers, first).await,
        [Piece::Removed { messages: 1 }]
    );
    let both = Question::Remove { uids };
    assert_eq!(
        ask(&mut answers, both).await,
        [Piece::Removed { messages: 1 }]
    );
    let unknown = Question::Read {
        uid: 77,
        from: 0,
        octets: 1,
    };
    assert_eq!(ask(&mut answers, unknown).await, [Piece::Gone]);

    let password = Password::new("un autre tilleul");
    let changed = directory.set_password(account, &password, now).await;
    changed.unwrap();
    let why = session::RightEnd::PasswordChanged;
    assert_eq!(answers.woken().await, Wake::RightEnded(why));
}
