//! What an address here sends on of others is sealed, where the operator wants it.

use super::*;

/// A house that judges what comes from outside, and finds out nothing: no server answers.
async fn judging(seals: bool) -> House {
    let mut house = house().await;
    house.service.believing.trusted = [].into();
    house.service.believing.seals = seals;
    house
}

/// The answer to a message that is judged: what was found out comes before it.
async fn bring(house: &House, recipient: &str, message: &str) -> Piece {
    let mut answers = house.exchange();
    from(&mut answers, "a@b.test", None).await;
    to(&mut answers, recipient).await;
    begin(&mut answers).await;
    answers.body(message.to_owned().into()).await;
    let mut pieces = ask(&mut answers, Question::Accept).await;
    assert!(matches!(pieces[0], Piece::Judged(_)), "{pieces:?}");
    pieces.pop().unwrap()
}

async fn leaving(house: &House) -> Vec<u8> {
    let entry = house.waiting().await.pop().unwrap();
    let body = house.octets(&entry.body, entry.outgoing()).await;
    [entry.on_top.as_bytes(), &body].concat()
}

async fn chain(house: &House, message: &[u8]) -> String {
    let records = house.records().await;
    testbed::dkimpy::chains(&records, &[message]).remove(0)
}

#[tokio::test]
async fn what_is_sent_on_is_sealed_as_it_leaves() {
    let house = judging(true).await;
    for body in ["Salut \t toi\r\n\r\n\r\n", ""] {
        let message = format!("From: a@b.test\r\nSubject: x\r\n\r\n{body}");
        let told = bring(&house, "ailleurs@exemple.fr", &message).await;
        assert_eq!(counts(&told), (0, 1));
        let leaving = leaving(&house).await;
        let text = String::from_utf8_lossy(&leaving);
        assert!(
            text.starts_with("ARC-Seal: i=1; a=rsa-sha256; cv=none; d=exemple.fr;"),
            "{text}"
        );
        assert!(
            text.contains("ARC-Authentication-Results: i=1; mail.exemple.fr;\r\n"),
            "{text}"
        );
        assert_eq!(chain(&house, &leaving).await, "pass", "{text}");
    }
}

#[tokio::test]
async fn nothing_else_is_sealed() {
    let message = "From: a@b.test\r\n\r\nSalut\r\n";
    let broken = format!("ARC-Seal: i=1; cv=none\r\n{message}");
    for (seals, message) in [(false, message), (true, broken.as_str())] {
        let house = judging(seals).await;
        bring(&house, "ailleurs@exemple.fr", message).await;
        let leaving = leaving(&house).await;
        assert_ne!(chain(&house, &leaving).await, "pass");
        assert!(leaving.starts_with(b"Authentication-Results: "));
    }
    // What stays here needs none.
    let house = judging(true).await;
    bring(&house, "tous@exemple.fr", message).await;
    let entry = house.waiting().await.pop();
    assert!(entry.is_none_or(|entry| entry.on_top.is_empty()));
}
