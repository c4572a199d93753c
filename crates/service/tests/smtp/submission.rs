//! What a submission becomes on its way, for those here as for those elsewhere.

use smtp::Hold;

use super::*;

/// Sends from Léa to Paul, to Léa and elsewhere, and gives what each of the three gets
/// behind the trace fields.
async fn sent(house: &House, message: &[u8]) -> [Vec<u8>; 3] {
    let mut answers = house.submission().await;
    let told = from(&mut answers, "lea@exemple.fr", None).await;
    assert_eq!(told, Piece::Granted);
    for recipient in ["paul@exemple.fr", "lea@exemple.fr", "b@loin.example"] {
        assert_eq!(to(&mut answers, recipient).await, Piece::Granted);
    }
    begin(&mut answers).await;
    for chunk in message.chunks(7) {
        answers.body(bytes::Bytes::copy_from_slice(chunk)).await;
    }
    let told = one(&mut answers, Question::Accept).await;
    assert_eq!(counts(&told), (2, 1));
    house.bring_round().await;
    let entry = house.waiting().await.pop().unwrap();
    let leaving = house.octets(&entry.body, entry.outgoing()).await;
    [
        below_trace(&house.inbox(house.paul.id).await.pop().unwrap()),
        below_trace(&house.inbox(house.lea.id).await.pop().unwrap()),
        below_trace(&leaving),
    ]
}

/// A message without our fields on top, the last of which ends with a date.
fn below_trace(message: &[u8]) -> Vec<u8> {
    let end = b" +0000\r\n";
    let at = message.windows(end.len()).position(|piece| piece == end);
    message[at.unwrap() + end.len()..].to_vec()
}

#[tokio::test]
async fn nobody_gets_bcc_and_everybody_a_date_and_a_name() {
    let house = house().await;
    let message = "Bcc: lea@exemple.fr,\r\n b@loin.example\r\nFrom: lea@exemple.fr\r\n\
        BCC : x@loin.example\r\nTo: paul@exemple.fr\r\n\r\nBcc: text\r\n";
    let [paul, lea, elsewhere] = sent(&house, message.as_bytes()).await;
    assert_eq!((&paul, &lea), (&elsewhere, &elsewhere));
    let text = String::from_utf8(elsewhere).unwrap();
    let (header, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "Bcc: text\r\n");
    let lines: Vec<&str> = header.split("\r\n").collect();
    assert_eq!(lines[..2], ["From: lea@exemple.fr", "To: paul@exemple.fr"]);
    assert!(lines[2].starts_with("Date: ") && lines[2].ends_with(" +0000"));
    let id = house.waiting().await[0].id;
    let name = format!("Message-ID: <{id}@mail.exemple.fr>");
    assert_eq!(lines[3..], [name]);
}

#[tokio::test]
async fn what_is_whole_stays_octet_for_octet() {
    let house = house().await;
    // As the old tablet sends it: a name in raw UTF-8, no word of 8BITMIME or SMTPUTF8.
    let message = "Date: Mon, 23 Nov 2026 10:11:12 +0100\r\nSubject: =?UTF-8?B?w6k=?=\r\n\
        Message-ID: <1.2@email.android.com>\r\nFrom: lea@exemple.fr\r\nTo: b@loin.example\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"x\"\r\n\
        Content-Transfer-Encoding: 7bit\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n\
        Bcc: c@d\r\n\r\n\r\n--x\r\nContent-Type: image/jpeg; name=\"été à la plage.jpg\"\r\n\
        Content-Transfer-Encoding: base64\r\n\
        Content-Disposition: attachment; filename=\"été à la plage.jpg\"\r\n\r\nYQ==\r\n--x--\r\n";
    for received in sent(&house, message.as_bytes()).await {
        assert_eq!(String::from_utf8(received).unwrap(), message);
    }
}

#[tokio::test]
async fn where_a_user_is_stays_with_us_unless_it_is_to_be_said() {
    let mut house = house().await;
    let received = async |house: &House| {
        let message = "From: lea@exemple.fr\r\n\r\n";
        let to = ["lea@exemple.fr"];
        let told = send(&mut house.submission().await, "", &to, message).await;
        assert_eq!(counts(&told), (1, 0));
        String::from_utf8(house.inbox(house.lea.id).await.pop().unwrap()).unwrap()
    };
    let hidden = received(&house).await;
    assert!(hidden.contains("Received: from submission by mail.exemple.fr "));
    assert!(!hidden.contains("192.0.2.1") && !hidden.contains("client.example"));
    house.service.name_clients = true;
    let named = received(&house).await;
    assert!(named.contains("Received: from client.example ([192.0.2.1]) by mail.exemple.fr "));
}

#[tokio::test]
async fn mail_from_other_servers_stays_as_it_is() {
    let house = house().await;
    let message = "Bcc: c@d\r\nFrom : a@loin.example\r\nno field\r\n\r\n";
    let told = send(&mut house.exchange(), "", &["lea@exemple.fr"], message).await;
    assert_eq!(counts(&told), (1, 0));
    let inbox = house.inbox(house.lea.id).await;
    assert_eq!(below_trace(&inbox[0]), message.as_bytes());
}

#[tokio::test]
async fn who_it_is_from_is_judged_as_it_is_kept() {
    let house = house().await;
    // The line without a colon ends the header, for everybody.
    let message = "To: paul@exemple.fr\r\nno field\r\nFrom: lea@exemple.fr\r\n\r\n";
    let mut answers = house.submission().await;
    let told = send(&mut answers, "", &["paul@exemple.fr"], message).await;
    assert_eq!(told, Piece::Refused(Refusal::NoFrom));
    let message = "From: lea@exemple.fr\r\nno field\r\nFrom: paul@exemple.fr\r\n\r\n";
    let told = send(&mut answers, "", &["paul@exemple.fr"], message).await;
    assert_eq!(counts(&told), (1, 0));
    let inbox = house.inbox(house.paul.id).await;
    let kept = String::from_utf8(inbox[0].clone()).unwrap();
    assert!(kept.ends_with("\r\n\r\nno field\r\nFrom: paul@exemple.fr\r\n\r\n"));
}

#[tokio::test]
async fn what_its_sender_has_held_waits_for_all() {
    let house = house().await;
    let mut answers = house.submission().await;
    let sender = |hold| Sender {
        hold: Some(hold),
        ..plain(ReversePath::Address(at("lea@exemple.fr")))
    };
    let message = "From: lea@exemple.fr\r\nSubject: later\r\n\r\nx\r\n";
    let before = Timestamp::now();
    let held = one(&mut answers, Question::Sender(sender(Hold::For(600)))).await;
    assert_eq!(held, Piece::Granted);
    for recipient in ["paul@exemple.fr", "x@loin.example"] {
        assert_eq!(to(&mut answers, recipient).await, Piece::Granted);
    }
    assert_eq!(counts(&data(&mut answers, message).await), (0, 2));
    house.service.fan_out.bring_round().await.unwrap();
    assert!(house.inbox(house.paul.id).await.is_empty());
    let entries = house.service.queue.list(None, 9).await.unwrap();
    let waits = entries[0].released().duration_since(before).as_secs();
    assert!((599..=660).contains(&waits), "{waits}");
    assert!(
        entries[0]
            .recipients
            .iter()
            .all(|one| one.due == entries[0].released())
    );
    // A time that has passed holds nothing.
    let passed = Hold::Until(before);
    one(&mut answers, Question::Sender(sender(passed))).await;
    to(&mut answers, "paul@exemple.fr").await;
    assert_eq!(counts(&data(&mut answers, message).await), (1, 0));
    assert_eq!(house.inbox(house.paul.id).await.len(), 1);
}
