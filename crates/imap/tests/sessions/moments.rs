//! Time, notices, and ends of every kind.

use std::time::Duration;

use events::{Event, SignInFailure};
use imap::{Flags, limits};
use session::sasl::Cleartext;
use session::{Input, RightEnd};

use crate::driver::Driver;
use crate::world::Account;
use crate::{PASSWORD, USER};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn who_never_signs_in_is_shown_the_door() {
    let account = Account::new();
    let mut driver = Driver::new(&account);
    driver.pass(limits::SILENT_BEFORE_SIGN_IN - Duration::from_secs(1));
    assert!(!driver.is_closed());
    driver.pass(Duration::from_secs(1));
    assert_eq!(driver.said(), "* BYE You have been silent for too long\r\n");
    assert!(driver.is_closed());
    // Nor does talking help for ever.
    let mut driver = Driver::new(&account);
    for _ in 0..9 {
        driver.pass(MINUTE);
        driver.say("a NOOP\r\n");
        assert_eq!(driver.said(), "a OK Nothing done\r\n");
    }
    driver.pass(MINUTE);
    assert!(driver.is_closed());
}

#[test]
fn who_is_signed_in_may_be_silent_for_half_an_hour() {
    let account = Account::new();
    let mut driver = Driver::in_inbox(&account);
    driver.pass(MINUTE * 31);
    assert!(!driver.is_closed() && driver.said().is_empty());
    driver.say("c NOOP\r\n");
    driver.pass(MINUTE * 31);
    assert!(!driver.is_closed());
    driver.pass(MINUTE * 10);
    assert!(driver.is_closed());
}

/// Half of a command, a challenge that is not answered, a literal that does not come.
#[test]
fn who_stops_in_the_middle_is_shown_the_door() {
    let account = Account::new();
    for said in [
        "a LOG",
        "a AUTHENTICATE PLAIN\r\n",
        "a LOGIN {4}\r\nje",
        "a LOGIN {4+}\r\n",
    ] {
        let mut driver = Driver::new(&account);
        driver.say(said);
        driver.said();
        driver.pass(limits::SILENT_BEFORE_SIGN_IN - Duration::from_secs(1));
        assert!(!driver.is_closed(), "{said}");
        driver.pass(Duration::from_secs(1));
        assert_eq!(
            driver.said(),
            "* BYE You have been silent for too long\r\n",
            "{said}"
        );
        assert!(driver.is_closed(), "{said}");
    }
    for said in [
        "c SEA",
        "c SEARCH SUBJECT {9}\r\nab",
        "c APPEND INBOX {9}\r\n",
        "c APPEND INBOX {9+}\r\nabc",
        "c APPEND Missing {9+}\r\nabc",
    ] {
        let mut driver = Driver::in_inbox(&account);
        driver.say(said);
        driver.said();
        driver.pass(limits::SILENT);
        let told = driver.said();
        assert!(
            told.ends_with("* BYE You have been silent for too long\r\n"),
            "{said}: {told}"
        );
        assert!(driver.is_closed(), "{said}");
    }
    assert!(
        account
            .lock()
            .unwrap()
            .folder("INBOX")
            .unwrap()
            .mails
            .is_empty()
    );
}

#[test]
fn who_reads_a_long_answer_is_not_silent() {
    let account = Account::new();
    let mut driver = Driver::in_inbox(&account);
    driver.answer_by_hand();
    driver.say("c SUBSCRIBE x\r\n");
    assert_eq!(driver.want().until, None);
    driver.pass(limits::SILENT * 2);
    driver.piece(imap::Piece::Done);
    driver.answer_end();
    driver.answer_end();
    assert_eq!(driver.said(), "c OK Noted\r\n");
    driver.pass(MINUTE * 31);
    assert!(!driver.is_closed());
    driver.pass(MINUTE * 5);
    assert!(driver.is_closed());
}

#[test]
fn news_in_idle_do_not_keep_a_client_that_is_gone() {
    let account = Account::new();
    let mut driver = Driver::in_inbox(&account);
    driver.say("c IDLE\r\n");
    driver.pass(MINUTE * 30);
    driver.input(Input::Notice);
    driver.pass(MINUTE * 6);
    assert!(driver.is_closed());
}

#[test]
fn idle_shows_a_sign_of_life_and_ends_at_last() {
    let account = Account::new();
    let mut driver = Driver::in_inbox(&account);
    driver.say("c IDLE\r\n");
    assert_eq!(driver.said(), "+ Waiting, say DONE\r\n");
    assert!(driver.want().notice && driver.want().bytes);
    driver.pass(MINUTE * 30);
    assert_eq!(driver.said(), "* OK Still here\r\n".repeat(7));
    assert!(!driver.is_closed());
    driver.pass(MINUTE * 10);
    assert!(
        driver
            .said()
            .ends_with("* BYE You have been silent for too long\r\n")
    );
    assert!(driver.is_closed());
}

#[test]
fn a_notice_in_idle_is_told_at_once() {
    let account = Account::new();
    let mut driver = Driver::in_inbox(&account);
    driver.say("c IDLE\r\n");
    driver.said();
    account
        .lock()
        .unwrap()
        .deliver("INBOX", b"From: a@b\r\n\r\nx", Flags::default());
    driver.input(Input::Notice);
    assert_eq!(driver.said(), "* 1 EXISTS\r\n* 1 RECENT\r\n");
    // One that comes for nothing says nothing.
    driver.input(Input::Notice);
    assert_eq!(driver.said(), "");
    driver.say("DONE\r\n");
    assert_eq!(driver.said(), "c OK No longer waiting\r\n");
    // Outside IDLE nobody asks for one, and one that comes is harmless.
    assert!(!driver.want().notice);
    driver.input(Input::Notice);
    assert_eq!(driver.said(), "");
}

#[test]
fn idle_without_a_mailbox_has_nothing_to_watch() {
    let account = Account::new();
    let mut driver = Driver::new(&account);
    driver.say(&format!("a LOGIN {USER} \"{PASSWORD}\"\r\nb IDLE\r\n"));
    assert!(!driver.want().notice && driver.want().bytes);
}

#[test]
fn a_right_that_ends_ends_at_once() {
    let account = Account::new();
    for why in [
        RightEnd::PasswordChanged,
        RightEnd::AccountRemoved,
        RightEnd::OldDevicesOff,
    ] {
        for before in ["", "c IDLE\r\n", "c APPEND INBOX {9}\r\n"] {
            let mut driver = Driver::in_inbox(&account);
            driver.say(before);
            driver.said();
            driver.input(Input::RightEnded(why));
            let said = driver.said();
            assert!(
                said.starts_with("* BYE ") && said.ends_with("\r\n"),
                "{said}"
            );
            assert!(driver.is_closed());
        }
    }
}

#[test]
fn a_shutdown_is_announced() {
    let account = Account::new();
    let mut driver = Driver::in_inbox(&account);
    driver.input(Input::Shutdown);
    assert_eq!(driver.said(), "* BYE The service is restarting\r\n");
    assert!(driver.is_closed());
}

#[test]
fn a_shutdown_lets_a_command_end() {
    let account = Account::new();
    let mut driver = Driver::in_inbox(&account);
    driver.answer_by_hand();
    driver.say("c SUBSCRIBE x\r\nd NOOP\r\n");
    driver.input(Input::Shutdown);
    assert_eq!(driver.said(), "");
    driver.piece(imap::Piece::Done);
    driver.answer_end();
    // Before the answer, what happened in the mailbox is asked for.
    driver.answer_end();
    assert_eq!(
        driver.said(),
        "c OK Noted\r\n* BYE The service is restarting\r\n"
    );
    assert!(driver.is_closed());
}

#[test]
fn a_peer_that_is_gone_is_not_waited_for() {
    let account = Account::new();
    let mut driver = Driver::in_inbox(&account);
    driver.say("c NOOP\r\nd NO");
    driver.input(Input::EndOfStream);
    assert_eq!(driver.said(), "c OK Nothing done\r\n");
    assert!(driver.is_closed());
    let mut driver = Driver::in_inbox(&account);
    driver.say("c APPEND INBOX {9}\r\nabc");
    driver.input(Input::EndOfStream);
    assert!(driver.is_closed());
    assert!(
        account
            .lock()
            .unwrap()
            .folder("INBOX")
            .unwrap()
            .mails
            .is_empty()
    );
}

#[test]
fn no_sign_in_before_tls_where_that_is_forbidden() {
    let account = Account::new();
    let mut driver = Driver::in_the_clear(&account, Cleartext::Forbidden, false);
    assert!(driver.said().contains(" STARTTLS LOGINDISABLED] "));
    for command in [
        "a LOGIN lea x",
        "b AUTHENTICATE PLAIN",
        "c AUTHENTICATE PLAIN AGEAYg==",
    ] {
        driver.say(&format!("{command}\r\n"));
    }
    let said = driver.said();
    for tag in ["a", "b", "c"] {
        assert!(
            said.contains(&format!("{tag} NO [PRIVACYREQUIRED] ")),
            "{said}"
        );
    }
    let name = "lea".to_owned();
    let refused = Event::SignInRefused {
        name,
        reason: SignInFailure::Unencrypted,
    };
    assert!(driver.events().contains(&refused));
}

#[test]
fn what_a_session_does_is_noted() {
    let account = Account::new();
    let mut driver = Driver::new(&account);
    driver.say("a ID (\"name\" \"Mail\" \"version\" NIL \"os\" \"X\r\nb LOGIN nobody x\r\n");
    driver.say("c ID (\"name\" \"Mail\" \"version\" NIL \"os\" \"iOS\")\r\n");
    driver.say(&format!(
        "d LOGIN {USER} \"{PASSWORD}\"\r\ne SELECT INBOX\r\n"
    ));
    driver.say("f APPEND INBOX (\\Deleted) {14+}\r\nA: b\r\n\r\nhello!\r\n");
    driver.say("g FETCH 1 (BODY[TEXT] BODY.PEEK[HEADER])\r\nh EXPUNGE\r\ni APPEND No {1}\r\n");
    let address = USER.to_owned();
    let reason = SignInFailure::UnknownUser;
    assert_eq!(
        driver.events(),
        [
            Event::BadCommand,
            Event::SignInRefused {
                name: "nobody".into(),
                reason
            },
            Event::Greeted {
                name: "name=Mail os=iOS".into()
            },
            Event::SignedIn { address },
            Event::Read { octets: 14 },
            Event::Removed { messages: 1 },
        ]
    );
}

#[test]
fn guessing_passwords_ends_the_connection() {
    let account = Account::new();
    let mut driver = Driver::new(&account);
    for attempt in 1..=limits::SIGN_IN_ATTEMPTS {
        assert!(!driver.is_closed());
        driver.say(&format!("{attempt} LOGIN {USER} wrong\r\n"));
    }
    assert!(
        driver
            .said()
            .ends_with("* BYE Too many attempts to sign in\r\n")
    );
    assert!(driver.is_closed());
}
