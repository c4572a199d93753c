//! Answers that fail, end early, or say something unexpected.

use bytes::Bytes;
use events::{Limited, Refusal};
use imap::{Flags, Message, Piece, Question, Uid};
use session::Input;

use crate::driver::Driver;
use crate::world::Account;

/// A session in an inbox of three messages, answered by hand.
fn by_hand() -> Driver {
    let account = Account::new();
    for _ in 0..3 {
        account
            .lock()
            .unwrap()
            .deliver("INBOX", b"A: b\r\n\r\nhello", Flags::default());
    }
    let mut driver = Driver::in_inbox(&account);
    driver.answer_by_hand();
    driver
}

fn refused(refusal: Refusal) -> Piece {
    Piece::Refused {
        refusal,
        failure: None,
    }
}

fn message(uid: u32) -> Piece {
    Piece::Message(Box::new(Message {
        uid: Uid::new(uid).unwrap(),
        flags: None,
        marked: None,
        date: None,
        size: None,
        envelope: None,
        structure: None,
        email_id: None,
        thread_id: None,
    }))
}

fn chunk(octets: &'static [u8]) -> Piece {
    Piece::Chunk(Bytes::from_static(octets))
}

/// Answers the question about changes that comes before every tagged answer.
fn no_changes(driver: &mut Driver) {
    assert!(
        matches!(driver.asked, Some(Question::Changes(_))),
        "{:?}",
        driver.asked
    );
    driver.answer_end();
}

#[test]
fn an_answer_that_vouches_for_nothing_is_a_failure() {
    for command in [
        "CREATE x",
        "STATUS x (MESSAGES)",
        "LIST \"\" *",
        "STORE 1 FLAGS ()",
        "COPY 1 x",
        "EXPUNGE",
        "CLOSE",
    ] {
        let mut driver = by_hand();
        driver.say(&format!("c {command}\r\n"));
        driver.answer_end();
        if driver.asked.is_some() {
            no_changes(&mut driver);
        }
        let said = driver.said();
        assert!(said.starts_with("c NO [UNAVAILABLE] "), "{command}: {said}");
    }
}

#[test]
fn refusals_have_their_codes() {
    for (command, refusal, code) in [
        ("CREATE x", Refusal::MailboxExists, "ALREADYEXISTS"),
        ("CREATE x", Refusal::MailboxForbidden, "CANNOT"),
        ("CREATE x", Refusal::TooMany(Limited::Mailboxes), "LIMIT"),
        (
            "STORE 1 FLAGS (a)",
            Refusal::TooMany(Limited::Keywords),
            "LIMIT",
        ),
        ("SELECT x", Refusal::NoSuchMailbox, "NONEXISTENT"),
        ("COPY 1 x", Refusal::NoSuchMailbox, "TRYCREATE"),
        ("APPEND x {1}", Refusal::NoSuchMailbox, "TRYCREATE"),
        (
            "APPEND x {1}",
            Refusal::OverQuota { temporary: true },
            "OVERQUOTA",
        ),
        ("APPEND x {1}", Refusal::TooLarge { limit: 5 }, "TOOBIG"),
        ("COPY 1 x", Refusal::DiskFull, "UNAVAILABLE"),
        ("STORE 1 FLAGS ()", Refusal::Temporary, "UNAVAILABLE"),
    ] {
        let mut driver = by_hand();
        driver.say(&format!("c {command}\r\n"));
        driver.piece(refused(refusal));
        driver.answer_end();
        let said = driver.said();
        assert!(
            said.starts_with(&format!("c NO [{code}] ")),
            "{command}: {said}"
        );
    }
}

#[test]
fn a_search_that_fails_closes_and_never_says_no() {
    for search in ["c SEARCH ALL\r\n", "c UID SEARCH UID 1\r\n"] {
        let mut driver = by_hand();
        driver.say(search);
        driver.piece(Piece::Found(vec![Uid::new(1).unwrap()]));
        driver.piece(refused(Refusal::Temporary));
        driver.answer_end();
        assert_eq!(
            driver.said(),
            "* BYE The search failed, please try again\r\n"
        );
        assert!(driver.is_closed());
    }
}

#[test]
fn somebody_at_work_is_heard_between_lines_only() {
    let mut driver = by_hand();
    driver.say("c FETCH 1 BODY.PEEK[]\r\n");
    driver.piece(Piece::Working);
    assert_eq!(driver.said(), "* OK Still working\r\n");
    driver.piece(message(1));
    driver.piece(Piece::Body(5));
    driver.piece(chunk(b"he"));
    driver.piece(Piece::Working);
    driver.piece(chunk(b"llo"));
    driver.piece(Piece::Done);
    driver.answer_end();
    no_changes(&mut driver);
    assert_eq!(
        driver.said(),
        "* 1 FETCH (BODY[] {5}\r\nhello)\r\nc OK Fetched\r\n"
    );
}

#[test]
fn what_was_announced_is_sent_or_the_connection_ends() {
    let broken: [&[Piece]; 6] = [
        // Too little, at the end or before the next message.
        &[message(1), Piece::Body(5), chunk(b"hel")],
        &[message(1), Piece::Body(5), chunk(b"hel"), message(2)],
        // Refused in the middle.
        &[
            message(1),
            Piece::Body(5),
            chunk(b"hel"),
            refused(Refusal::Temporary),
        ],
        // Too much, a section that is missing, and one too many.
        &[message(1), Piece::Body(5), chunk(b"hello!")],
        &[message(1)],
        &[message(1), Piece::Body(0), Piece::NoBody],
    ];
    for pieces in broken {
        let mut driver = by_hand();
        driver.say("c FETCH 1:2 BODY.PEEK[]\r\n");
        for piece in pieces {
            driver.piece(piece.clone());
        }
        driver.answer_end();
        let said = driver.said();
        assert!(!said.contains("BYE") && !said.contains("c "), "{said}");
        assert!(driver.is_closed());
    }
}

#[test]
fn a_fetch_that_fails_between_messages_says_so() {
    let mut driver = by_hand();
    driver.say("c UID FETCH 1:* BODY.PEEK[]\r\n");
    driver.piece(message(1));
    driver.piece(Piece::Body(2));
    driver.piece(chunk(b"hi"));
    driver.piece(refused(Refusal::Temporary));
    driver.answer_end();
    let said = driver.said();
    assert!(
        said.starts_with("* 1 FETCH (UID 1 BODY[] {2}\r\nhi)\r\nc NO [UNAVAILABLE] "),
        "{said}"
    );
}

#[test]
fn messages_that_are_not_in_the_view_are_not_told() {
    let mut driver = by_hand();
    driver.say("c UID FETCH 1:* BODY.PEEK[]\r\n");
    for uid in [2, 7] {
        driver.piece(message(uid));
        driver.piece(Piece::Body(2));
        driver.piece(chunk(b"hi"));
    }
    driver.piece(Piece::Done);
    driver.answer_end();
    no_changes(&mut driver);
    assert_eq!(
        driver.said(),
        "* 2 FETCH (UID 2 BODY[] {2}\r\nhi)\r\nc OK Fetched\r\n"
    );
}

#[test]
fn messages_that_are_gone_for_good_are_owned_up_to() {
    let mut driver = by_hand();
    driver.say("c FETCH 1:3 UID\r\n");
    driver.piece(message(1));
    driver.piece(Piece::Done);
    driver.answer_end();
    no_changes(&mut driver);
    assert_eq!(
        driver.said(),
        "* 1 FETCH (UID 1)\r\nc NO [EXPUNGEISSUED] Some of those messages are gone\r\n"
    );
}

#[test]
fn a_right_that_ends_inside_a_literal_ends_without_a_word() {
    let mut driver = by_hand();
    driver.say("c FETCH 1 BODY.PEEK[]\r\n");
    driver.piece(message(1));
    driver.piece(Piece::Body(5));
    driver.said();
    driver.input(Input::RightEnded(session::RightEnd::PasswordChanged));
    assert_eq!(driver.said(), "");
    assert!(driver.is_closed());
}

#[test]
fn a_move_that_stops_half_way_tells_what_has_gone() {
    let mut driver = by_hand();
    driver.say("c MOVE 1:3 x\r\n");
    let validity = imap::UidValidity(9.try_into().unwrap());
    let uid = |number| Uid::new(number).unwrap();
    driver.piece(Piece::Copied {
        validity,
        pairs: vec![(uid(1), uid(70)), (uid(2), uid(71))],
    });
    driver.piece(refused(Refusal::DiskFull));
    driver.answer_end();
    no_changes(&mut driver);
    let said = driver.said();
    assert!(
        said.starts_with("* OK [COPYUID 9 1:2 70:71] Moved\r\n* 2 EXPUNGE\r\n* 1 EXPUNGE\r\nc NO "),
        "{said}"
    );
}

#[test]
fn what_the_client_says_meanwhile_waits() {
    let mut driver = by_hand();
    driver.say("c SUBSCRIBE x\r\n");
    driver.say("d LOGOUT\r\n");
    assert_eq!(driver.said(), "");
    driver.piece(Piece::Done);
    driver.answer_end();
    no_changes(&mut driver);
    assert_eq!(
        driver.said(),
        "c OK Noted\r\n* BYE Goodbye\r\nd OK Logged out\r\n"
    );
}

#[test]
fn a_mailbox_that_is_deleted_elsewhere_ends_the_session() {
    let mut driver = by_hand();
    driver.say("c NOOP\r\n");
    driver.piece(refused(Refusal::NoSuchMailbox));
    driver.answer_end();
    assert_eq!(
        driver.said(),
        "c OK Nothing done\r\n* BYE The selected mailbox was deleted\r\n"
    );
    assert!(driver.is_closed());
}

#[test]
fn long_answers_go_out_in_pieces() {
    let account = Account::new();
    for _ in 0..20_000 {
        account
            .lock()
            .unwrap()
            .deliver("INBOX", b"A: b\r\n\r\n", Flags::default());
    }
    let mut driver = Driver::in_inbox(&account);
    driver.say("c SEARCH ALL\r\nd STORE 1:* +FLAGS.SILENT (\\Deleted)\r\ne EXPUNGE\r\n");
    let said = driver.said();
    assert!(said.starts_with("* SEARCH 1 2 3 "), "{}", &said[..60]);
    assert_eq!(said.matches(" EXPUNGE\r\n").count(), 20_000);
    assert!(said.ends_with("* 1 EXPUNGE\r\ne OK Expunged\r\n"));
}
