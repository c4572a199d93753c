//! What goes on to others, comes in circles, or comes back.

use super::*;

const OWN: &str = "From: lea@exemple.fr\r\nSubject: Bonjour\r\n\r\nSalut\r\n";

impl House {
    async fn redirect(&self, account: &Account, to: &str, keeps: bool) {
        let targets = vec![at(to)];
        let directory = &self.service.directory;
        directory
            .redirect(account.id, targets, keeps)
            .await
            .unwrap();
    }

    /// Who waits for mail elsewhere, and who sends it on.
    async fn leaving(&self) -> Vec<(String, Option<String>)> {
        let mut leaving = Vec::new();
        for entry in self.service.queue.list(None, 10).await.unwrap() {
            let elsewhere = entry
                .recipients
                .iter()
                .filter(|one| one.to == Destination::Remote);
            leaving.extend(elsewhere.map(|one| {
                let by = one.sent_on_by.as_ref().map(ToString::to_string);
                (one.address.to_string(), by)
            }));
        }
        leaving
    }
}

#[tokio::test]
async fn an_account_s_mail_goes_on_and_a_copy_stays() {
    let house = house().await;
    house.redirect(&house.paul, "p@loin.example", true).await;
    let mut answers = house.exchange();
    let told = send(
        &mut answers,
        "x@loin.example",
        &["paul@exemple.fr"],
        MESSAGE,
    )
    .await;
    assert_eq!(counts(&told), (1, 1));
    let by = |by: &str| Some(by.to_owned());
    let to_paul = ("p@loin.example".to_owned(), by("paul@exemple.fr"));
    assert_eq!(house.leaving().await, std::slice::from_ref(&to_paul));
    house.service.fan_out.bring_round().await.unwrap();
    assert_eq!(house.inbox(house.paul.id).await.len(), 1);
    // Whom a sender names, nobody sends it on to.
    let mut submission = house.submission().await;
    let to = ["ailleurs@exemple.fr", "y@loin.example"];
    send(&mut submission, "lea@exemple.fr", &to, OWN).await;
    let all = [
        to_paul,
        ("x@loin.example".to_owned(), by("ailleurs@exemple.fr")),
        ("y@loin.example".to_owned(), None),
    ];
    assert_eq!(house.leaving().await, all);
}

#[tokio::test]
async fn what_comes_back_in_a_circle_goes_round_no_more() {
    let house = house().await;
    house.redirect(&house.paul, "p@loin.example", true).await;
    house.redirect(&house.lea, "l@loin.example", false).await;
    let circled = |by: &str| format!("Delivered-To: a@b.fr\r\nDelivered-To: {by}\r\n{MESSAGE}");
    let mut answers = house.exchange();
    let message = circled("PAUL@exemple.fr");
    let to = ["paul@exemple.fr"];
    let told = send(&mut answers, "x@loin.example", &to, &message).await;
    assert_eq!(counts(&told), (1, 0));
    assert_eq!(house.leaving().await, []);
    // Nobody else suffers.
    let to = ["lea@exemple.fr", "paul@exemple.fr"];
    let told = send(
        &mut answers,
        "x@loin.example",
        &to,
        &circled("lea@exemple.fr"),
    )
    .await;
    assert_eq!(counts(&told), (1, 1));
    let by = Some("paul@exemple.fr".to_owned());
    assert_eq!(house.leaving().await, [("p@loin.example".to_owned(), by)]);
    // Where nobody is left, whoever sent it is told.
    let to = ["lea@exemple.fr"];
    let told = send(
        &mut answers,
        "x@loin.example",
        &to,
        &circled("lea@exemple.fr"),
    )
    .await;
    assert_eq!(told, Piece::Refused(Refusal::Loop));
}

#[tokio::test]
async fn reports_come_back_to_whoever_s_message_was_sent_on_and_nothing_else_does() {
    let house = house().await;
    let directory = &house.service.directory;
    directory
        .add_alias(&at("*@exemple.fr"), vec![at("paul@exemple.fr")])
        .await
        .unwrap();
    let by = "exemple.fr".parse().unwrap();
    let first = at("First@loin.example");
    let sender = directory.sent_on(&first, &by, Timestamp::now()).await;
    let sender = sender.unwrap().unwrap().to_string();
    let mut answers = house.exchange();
    let told = send(&mut answers, "", &[&sender], MESSAGE).await;
    assert_eq!(counts(&told), (0, 1));
    assert_eq!(
        house.leaving().await,
        [("First@loin.example".to_owned(), None)]
    );
    let forged = sender.replace("loin", "pres");
    for (from_whom, recipient) in [("x@loin.example", &sender), ("", &forged)] {
        from(&mut answers, from_whom, None).await;
        let refused = Refusal::UnknownRecipient {
            recipient: at(recipient),
        };
        assert_eq!(to(&mut answers, recipient).await, Piece::Refused(refused));
    }
    let told = send(&mut answers, "", &["personne@exemple.fr"], MESSAGE).await;
    assert_eq!(counts(&told), (1, 0));
}
