//! What a sender asks to be told of a message. RFC 3461.

use std::sync::Mutex;

use queue::{Notify, Returned};
use service::fan_out::{FanOutError, Teller, Telling};
use smtp::dsn::Return;

use super::*;

fn asking(notify: &str) -> Wishes {
    Wishes {
        notify: Some(notify.parse().unwrap()),
        original: Some("rfc822;l+2Bx@exemple.fr".parse().unwrap()),
    }
}

/// A message with these wishes, to this recipient.
async fn sent(answers: &mut Answers, recipient: &str, wishes: Wishes) -> Piece {
    let sender = Sender {
        ret: Some(Return::Full),
        envelope_id: Some("our+2Bname".parse().unwrap()),
        ..plain(ReversePath::Address(at("x@loin.example")))
    };
    assert_eq!(one(answers, Question::Sender(sender)).await, Piece::Granted);
    let path = ForwardPath::Address(at(recipient));
    let told = one(answers, Question::Recipient(path, wishes)).await;
    assert_eq!(told, Piece::Granted);
    begin(answers).await;
    answers.body("Subject: x\r\n\r\nx\r\n".into()).await;
    one(answers, Question::Accept).await
}

/// Notes what it is to tell, and tells nobody.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Teller for Notes {
    fn delivered<'a>(&'a self, _: &'a Entry, to: &'a Recipient) -> Telling<'a> {
        self.0.lock().unwrap().push(to.address.to_string());
        Box::pin(std::future::ready(Ok(None)))
    }

    fn late<'a>(&'a self, _: &'a Entry, to: &'a Recipient) -> Telling<'a> {
        self.0.lock().unwrap().push(format!("late: {}", to.address));
        Box::pin(std::future::ready(Ok(None)))
    }
}

#[tokio::test]
async fn a_copy_that_comes_too_late_does_not_come_and_its_sender_is_told() {
    let house = house().await;
    let notes = Arc::new(Notes::default());
    // What is held for longer than it is wanted is late for certain.
    let mut answers = house.submission().await;
    for by in ["60;R", "60;N"] {
        let sender = Sender {
            hold: Some(smtp::Hold::For(600)),
            by: Some(by.parse().unwrap()),
            ..plain(ReversePath::Address(at("lea@exemple.fr")))
        };
        assert_eq!(
            one(&mut answers, Question::Sender(sender)).await,
            Piece::Granted
        );
        assert_eq!(to(&mut answers, "paul@exemple.fr").await, Piece::Granted);
        let message = "From: lea@exemple.fr\r\nSubject: late\r\n\r\nx\r\n";
        assert_eq!(counts(&data(&mut answers, message).await), (0, 1));
    }
    let service = &house.service;
    let later = || Timestamp::now() + Duration::from_secs(700);
    let (store, queue) = (service.store.clone(), service.queue.clone());
    let fan_out = FanOut::new(store, queue, service.directory.clone(), later);
    fan_out.tell_by(notes.clone());
    fan_out.bring_round().await.unwrap();
    assert_eq!(house.inbox(house.paul.id).await.len(), 1);
    assert_eq!(*notes.0.lock().unwrap(), ["late: paul@exemple.fr"]);
    assert_eq!(house.service.queue.list(None, 9).await, Ok(vec![]));
}

#[tokio::test]
async fn wishes_are_kept_with_what_waits_for_whoever_an_alias_leads_to() {
    let house = house().await;
    let told = sent(
        &mut house.exchange(),
        "ailleurs@exemple.fr",
        asking("DELAY"),
    )
    .await;
    assert_eq!(counts(&told), (0, 1));
    let entry = house.waiting().await.pop().unwrap();
    assert_eq!(entry.envelope_id.as_deref(), Some("our+2Bname"));
    assert_eq!(entry.returned, Some(Returned::Full));
    let [to] = &entry.recipients[..] else {
        panic!("{entry:?}");
    };
    let delay = Notify {
        success: false,
        failure: false,
        delay: true,
    };
    assert_eq!(to.notify, Some(delay));
    assert_eq!(to.original.as_deref(), Some("rfc822;l+2Bx@exemple.fr"));
}

#[tokio::test]
async fn a_delivery_here_is_told_of_where_that_is_asked_for() {
    let house = house().await;
    let notes = Arc::new(Notes::default());
    let told = sent(&mut house.exchange(), "lea@exemple.fr", asking("SUCCESS")).await;
    assert_eq!(counts(&told), (1, 0));
    // Until a report can be made the copy is there, and its entry still waits.
    let fan_out = &house.service.fan_out;
    assert_eq!(fan_out.bring_round().await, Err(FanOutError::Untold));
    assert_eq!(house.inbox(house.lea.id).await.len(), 1);
    assert_eq!(house.waiting().await.len(), 1);
    house.service.fan_out.tell_by(notes.clone());
    house.bring_round().await;
    assert_eq!(house.waiting().await, []);
    assert_eq!(house.inbox(house.lea.id).await.len(), 1);
    for wishes in [asking("NEVER"), Wishes::default()] {
        sent(&mut house.exchange(), "lea@exemple.fr", wishes).await;
    }
    assert_eq!(house.inbox(house.lea.id).await.len(), 3);
    assert_eq!(*notes.0.lock().unwrap(), ["lea@exemple.fr"]);
}
