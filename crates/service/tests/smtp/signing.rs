//! What leaves is signed by the domain that it is from, and nothing else is.

use super::*;

/// What leaves, of the one entry that waits: its octets and the recipients' side of it.
async fn leaving(house: &House) -> Vec<u8> {
    let entry = house.waiting().await.pop().unwrap();
    let body = house.octets(&entry.body, entry.outgoing()).await;
    let leaving = [entry.on_top.as_bytes(), &body].concat();
    assert_eq!(entry.size(), leaving.len() as u64);
    leaving
}

/// What dkimpy says of a message, with the records that are to be published.
async fn verdicts(house: &House, message: &[u8]) -> Vec<String> {
    let records = house.records().await;
    testbed::dkimpy::verify(&records, &[message]).remove(0)
}

#[tokio::test]
async fn what_leaves_verifies_as_it_leaves() {
    let bodies = [
        "\r\nSalut\r\n",
        "\r\n\r\n\r\n",
        "",
        "\r\nSalut \t toi \r\n\r\n .\r\n\r\n",
        "\r\nBcc: text\r\n--x\r\n",
        // Without the empty line, which is added.
        "no field\r\n",
    ];
    for body in bodies {
        let house = house().await;
        let mut answers = house.submission().await;
        let message = format!(
            "Bcc: c@loin.example\r\nFrom : Léa <lea@exemple.fr>,\r\n l@exemple.fr\r\n\
             Subject: un\r\n deux\r\nSubject: trois\r\n{body}"
        );
        let recipients = ["b@loin.example", "paul@exemple.fr"];
        let told = send(&mut answers, "lea@exemple.fr", &recipients, &message).await;
        assert_eq!(counts(&told), (1, 1));
        let leaving = leaving(&house).await;
        let text = String::from_utf8_lossy(&leaving);
        assert!(
            text.starts_with("DKIM-Signature: v=1; a=rsa-sha256;"),
            "{text}"
        );
        assert_eq!(verdicts(&house, &leaving).await, ["pass", "pass"], "{text}");
        // Nobody here needs it.
        house.bring_round().await;
        let inbox = house.inbox(house.paul.id).await;
        assert!(!String::from_utf8_lossy(&inbox[0]).contains("DKIM-Signature"));
    }
}

#[tokio::test]
async fn a_large_message_is_signed_as_it_streams() {
    let mut house = house().await;
    house.service.message_octets = 50_000_000;
    let mut answers = house.submission().await;
    from(&mut answers, "lea@exemple.fr", None).await;
    to(&mut answers, "b@loin.example").await;
    begin(&mut answers).await;
    let head = bytes::Bytes::from_static(b"From: lea@exemple.fr\r\n\r\n");
    answers.body(head).await;
    let line = bytes::Bytes::from("Une ligne  de texte,\tencore et encore. \r\n".repeat(1000));
    for _ in 0..200 {
        answers.body(line.clone()).await;
    }
    let told = one(&mut answers, Question::Accept).await;
    assert_eq!(counts(&told), (0, 1));
    let leaving = leaving(&house).await;
    assert!(leaving.len() > 8_000_000);
    assert_eq!(verdicts(&house, &leaving).await, ["pass", "pass"]);
}

#[tokio::test]
async fn nothing_else_is_signed() {
    let house = house().await;
    // Mail of others that an alias leads elsewhere, whatever it says it is from.
    let message = "From: lea@exemple.fr\r\n\r\nSalut\r\n";
    let mut answers = house.exchange();
    let told = send(&mut answers, "", &["ailleurs@exemple.fr"], message).await;
    assert_eq!(counts(&told), (0, 1));
    assert_eq!(house.waiting().await[0].on_top, "");
    // What is refused is not kept at all.
    let mut answers = house.submission().await;
    for header in ["From: paul@exemple.fr", "From: a@loin.example"] {
        let message = format!("{header}\r\n\r\nSalut\r\n");
        let told = send(&mut answers, "", &["b@loin.example"], &message).await;
        assert!(matches!(
            told,
            Piece::Refused(Refusal::HeaderNotYours { .. })
        ));
    }
    assert_eq!(house.waiting().await.len(), 1);
}

#[tokio::test]
async fn the_domain_of_the_author_signs_whatever_the_account_s_own_is() {
    let house = house().await;
    let directory = &house.service.directory;
    let other = "autre.example".parse().unwrap();
    directory
        .add_domain(&other, Timestamp::now())
        .await
        .unwrap();
    let alias = at("info@autre.example");
    let targets = vec![house.lea.address.clone()];
    directory.add_alias(&alias, targets).await.unwrap();
    let mut answers = house.submission().await;
    let message = "From: info@autre.example\r\n\r\nSalut\r\n";
    let told = send(&mut answers, "lea@exemple.fr", &["b@loin.example"], message).await;
    assert_eq!(counts(&told), (0, 1));
    let on_top = &house.waiting().await[0].on_top;
    assert_eq!(on_top.matches("d=autre.example;").count(), 2);
    assert!(!on_top.contains("d=exemple.fr"));
}
