//! Messages that come in chunks: BDAT, RFC 3030.

use events::{Event, Refusal};
use proptest::prelude::*;
use session::Input;

use super::driver::{MAX_OCTETS, Talk, exchange, ready, submission, with};
use crate::{Question, Role, limits};

/// The next thing said may be BDAT.
fn addressed(role: Role) -> Talk {
    let mut talk = ready(role);
    let said = talk.octets("MAIL FROM:<jean@exemple.fr>\r\nRCPT TO:<lea@exemple.fr>\r\n");
    assert!(said.ends_with("Recipient fine\r\n"), "{said}");
    talk
}

fn bodies(talk: &Talk) -> Vec<&str> {
    let received = talk.world.received.iter();
    received.map(|received| received.body.as_str()).collect()
}

fn codes(said: &str) -> Vec<&str> {
    said.lines().map(|line| &line[..3]).collect()
}

#[test]
fn it_is_offered() {
    for mut talk in [exchange(), submission()] {
        talk.run();
        assert!(talk.line("EHLO a.fr").contains("250-CHUNKING\r\n"));
    }
}

#[test]
fn a_message_in_one_chunk_or_in_many_is_the_same() {
    let text = "A: b\r\n\r\n.\r\n..\r\nMAIL FROM:<x@y>\r\n";
    let mut talk = addressed(Role::Exchange);
    let said = talk.octets(format!("BDAT {} LAST\r\n{text}", text.len()));
    assert!(said.starts_with("250 2.0.0 Delivered"), "{said}");
    assert_eq!(bodies(&talk), [text]);
    // Octet by octet, the last of them with nothing in it.
    let mut talk = addressed(Role::Exchange);
    for octet in text.chars() {
        assert_eq!(
            talk.octets(format!("bdat 1\r\n{octet}")),
            "250 2.0.0 1 octets came\r\n"
        );
    }
    assert!(
        talk.octets("BDAT 0 last\r\n")
            .starts_with("250 2.0.0 Delivered")
    );
    assert_eq!(bodies(&talk), [text]);
    // And there may be another.
    let said =
        talk.octets("MAIL FROM:<>\r\nRCPT TO:<lea@exemple.fr>\r\nBDAT 3 LAST\r\nx\r\nQUIT\r\n");
    assert_eq!(codes(&said), ["250", "250", "250", "221"]);
    assert_eq!(bodies(&talk), [text, "x\r\n"]);
}

/// As it would have after DATA.
#[test]
fn the_last_line_has_an_end() {
    let mut talk = addressed(Role::Exchange);
    talk.octets("BDAT 3\r\n\r\nxBDAT 1 LAST\r\ny");
    assert_eq!(bodies(&talk), ["\r\nxy\r\n"]);
}

#[test]
fn an_empty_message_is_one() {
    let mut talk = addressed(Role::Exchange);
    assert!(talk.line("BDAT 0 LAST").starts_with("250 2.0.0 Delivered"));
    assert_eq!(bodies(&talk), [""]);
}

/// RFC 3030 section 2: what follows is thrown away, and none of it is a command.
#[test]
fn what_is_refused_is_read_all_the_same() {
    let chunk = "NOOP\r\nQUIT\r\n";
    let last = format!("BDAT {} LAST\r\n{chunk}", chunk.len());
    let begun = [
        ("", "503 5.5.1 Say MAIL first"),
        ("MAIL FROM:<a@b.fr>\r\n", "503 5.5.1 Say RCPT first"),
        (
            "MAIL FROM:<a@b.fr>\r\nRCPT TO:<nobody@exemple.fr>\r\n",
            "554 5.5.1 No recipient was accepted",
        ),
    ];
    for (before, reply) in begun {
        let mut talk = ready(Role::Exchange);
        let said = talk.octets(format!("{before}{last}NOOP\r\n"));
        let end = format!("{reply}\r\n250 2.0.0 Fine\r\n");
        assert!(said.ends_with(&end), "{said}");
        assert!(talk.world.received.is_empty() && !talk.closed);
    }
}

/// A recipient that is fine after all must not get the end of a message for the whole.
#[test]
fn the_rest_of_a_message_is_no_message() {
    let mut talk = ready(Role::Exchange);
    let said = talk.octets(
        "MAIL FROM:<a@b.fr>\r\nRCPT TO:<nobody@exemple.fr>\r\nBDAT 4\r\na: b\
         RCPT TO:<lea@exemple.fr>\r\nBDAT 2 LAST\r\n\r\nRSET\r\nNOOP\r\n",
    );
    assert_eq!(
        codes(&said),
        ["250", "550", "554", "503", "503", "250", "250"]
    );
    assert!(talk.world.received.is_empty());
    assert_eq!(talk.world.asked.last(), Some(&Question::Reset));
}

#[test]
fn a_service_that_refuses_the_message_refuses_its_chunks() {
    let mut talk = addressed(Role::Exchange);
    talk.world.refuses = Some(Refusal::Temporary);
    let said = talk.octets("BDAT 4\r\nQUITBDAT 4 LAST\r\nQUITRSET\r\n");
    assert_eq!(codes(&said), ["451", "503", "250"]);
    assert!(talk.world.received.is_empty() && !talk.closed);
}

#[test]
fn a_bare_line_end_is_refused_and_so_is_the_rest() {
    let chunks = ["BDAT 3\r\na\nb", "BDAT 1\r\n\n", "BDAT 1\r\n\rBDAT 1\r\nx"];
    for chunk in chunks {
        let mut talk = addressed(Role::Exchange);
        let said = talk.octets(format!("{chunk}BDAT 2 LAST\r\n\r\nRSET\r\nNOOP\r\n"));
        let last = codes(&said).split_off(codes(&said).len() - 4);
        assert_eq!(last, ["550", "503", "250", "250"], "{said}");
        assert!(talk.world.received.is_empty() && !talk.closed);
        assert_eq!(talk.world.discarded, 1);
        let refused = Event::Refused(Refusal::BareLineEnd);
        assert!(talk.world.events.contains(&refused));
    }
    // One that the end leaves bare.
    for last in ["BDAT 2 LAST\r\nx\r", "BDAT 2\r\nx\rBDAT 0 LAST\r\n"] {
        let mut talk = addressed(Role::Exchange);
        assert!(talk.octets(last).contains("550 5.6.0 "), "{last:?}");
        assert_eq!(talk.world.discarded, 1);
    }
    // One that is whole, in two chunks.
    let mut talk = addressed(Role::Exchange);
    talk.octets("BDAT 2\r\nx\rBDAT 1 LAST\r\n\n");
    assert_eq!(bodies(&talk), ["x\r\n"]);
}

#[test]
fn what_a_user_sends_is_mended() {
    let mut talk = addressed(Role::Submission);
    talk.octets("BDAT 5\r\na\n\rb\rBDAT 2 LAST\r\n.\r");
    assert_eq!(bodies(&talk), ["a\r\n\r\nb\r\n.\r\n"]);
}

#[test]
fn nothing_else_comes_between_chunks() {
    let mut talk = addressed(Role::Exchange);
    talk.octets("BDAT 3\r\na\r\n");
    for (line, code) in [
        ("DATA", "503 5.5.1 DATA comes before BDAT"),
        (
            "RCPT TO:<lea@exemple.fr>",
            "503 5.5.1 RCPT comes before BDAT",
        ),
        ("MAIL FROM:<a@b.fr>", "503 5.5.1 "),
        ("STARTTLS", "503 5.5.1 "),
        ("NOOP", "250 "),
        ("nonsense", "500 "),
    ] {
        assert!(talk.line(line).starts_with(code), "{line}");
    }
    talk.octets("BDAT 3 LAST\r\nb\r\n");
    assert_eq!(bodies(&talk), ["a\r\nb\r\n"]);
}

#[test]
fn a_message_that_is_begun_can_be_forgotten() {
    for line in ["RSET", "EHLO a.fr", "HELO a.fr"] {
        let mut talk = addressed(Role::Exchange);
        talk.octets("BDAT 3\r\na\r\n");
        assert!(talk.line(line).starts_with("250"));
        assert_eq!(talk.world.discarded, 1);
        assert_eq!(talk.world.asked.last(), Some(&Question::Discard));
        assert!(talk.line("BDAT 0 LAST").starts_with("503 5.5.1 Say MAIL"));
        assert!(talk.line("MAIL FROM:<a@b.fr>").starts_with("250"));
    }
}

/// Nobody knows where such a chunk ends: its octets might be commands.
#[test]
fn a_size_that_is_none_ends_the_session() {
    for odd in [
        "BDAT",
        "BDAT x",
        "BDAT -1",
        "BDAT +1",
        "BDAT 1.5",
        "BDAT 18446744073709551616",
        "BDAT LAST 3",
        "BDAT 3 LASTLY",
        "BDAT 3 LAST 4",
    ] {
        let mut talk = addressed(Role::Exchange);
        let said = talk.octets(format!("{odd}\r\nMAIL FROM:<a@b.fr>\r\n"));
        assert_eq!(
            said, "501 5.5.4 Say: BDAT octets, or BDAT octets LAST\r\n",
            "{odd}"
        );
        assert!(talk.closed);
    }
}

#[test]
fn a_message_too_large_is_refused_where_it_is() {
    let over = usize::try_from(MAX_OCTETS).unwrap() + 2;
    let chunk = "a\r\n".repeat(over / 3 + 1);
    let mut talk = addressed(Role::Exchange);
    let said = talk.octets(format!(
        "BDAT {}\r\n{chunk}BDAT 3 LAST\r\nb\r\n",
        chunk.len()
    ));
    assert_eq!(codes(&said), ["552", "503"]);
    assert!(!talk.closed && talk.world.received.is_empty());
    // As large as it may be.
    let mut talk = addressed(Role::Exchange);
    let whole = "x".repeat(over - 4) + "\r\n";
    assert!(
        talk.octets(format!("BDAT {MAX_OCTETS} LAST\r\n{whole}"))
            .starts_with("250 ")
    );
    // So large that nobody waits for what comes after.
    let endless = MAX_OCTETS + limits::EXCESS_OCTETS + 1;
    for before in ["", "BDAT 3\r\na\r\n"] {
        let mut talk = addressed(Role::Exchange);
        let said = talk.octets(format!("{before}BDAT {endless}\r\n"));
        assert!(
            said.ends_with("\r\n") && said.contains("552 5.3.4 "),
            "{said}"
        );
        assert!(talk.closed);
    }
    let mut talk = addressed(Role::Exchange);
    talk.octets("BDAT 3\r\na\r\n");
    assert!(talk.line(&format!("BDAT {}", u64::MAX)).starts_with("552 "));
    assert!(talk.closed);
}

#[test]
fn chunks_without_anything_are_idle_talk() {
    let mut talk = addressed(Role::Exchange);
    for _ in 0..limits::IDLE_COMMANDS + 1 {
        if talk.closed {
            break;
        }
        talk.line("BDAT 0");
    }
    assert!(talk.closed && talk.world.received.is_empty());
}

#[test]
fn a_stream_that_ends_inside_says_so() {
    let mut talk = addressed(Role::Exchange);
    talk.octets("BDAT 10 LAST\r\nabc");
    assert!(talk.input(Input::EndOfStream).starts_with("421 4.4.2 "));
    assert!(talk.closed && talk.world.received.is_empty());
    assert_eq!(talk.world.discarded, 1);
    // Between chunks, and inside one that is passed over.
    for said in ["BDAT 3\r\nabc", "RSET\r\nBDAT 10\r\nabc"] {
        let mut talk = addressed(Role::Exchange);
        talk.octets(said);
        talk.input(Input::EndOfStream);
        assert!(talk.closed && talk.world.received.is_empty());
    }
}

proptest! {
    /// However a message is cut into chunks and those into reads, it is what DATA makes of it.
    #[test]
    fn chunks_are_what_data_is(
        lines in proptest::collection::vec("[.a ]{0,6}(\r\n|\r\n|\r\n|\r|\n)", 0..12),
        sizes in proptest::collection::vec(0_usize..9, 1..40),
        reads in proptest::collection::vec(1_usize..12, 1..40),
        role in prop_oneof![Just(Role::Exchange), Just(Role::Submission)],
    ) {
        let body = lines.concat();
        let mut script = String::new();
        let mut rest = body.as_str();
        for size in sizes {
            let (chunk, after) = rest.split_at(size.min(rest.len()));
            script += &format!("BDAT {}\r\n{chunk}", chunk.len());
            rest = after;
        }
        script += &format!("BDAT {} LAST\r\n{rest}", rest.len());
        let mut chunked = addressed(role);
        let (mut octets, mut reads) = (script.as_bytes(), reads.iter().cycle());
        while !octets.is_empty() {
            let (read, after) = octets.split_at((*reads.next().unwrap()).min(octets.len()));
            chunked.octets(read.to_vec());
            octets = after;
        }
        let mut whole = addressed(role);
        whole.octets("DATA\r\n");
        // Doubled where a line of CRLF begins.
        let stuffed = format!("\r\n{body}").replace("\r\n.", "\r\n..");
        let end = match stuffed.ends_with("\r\n") {
            true => ".\r\n",
            false => "\r\n.\r\n",
        };
        whole.octets(format!("{}{end}", &stuffed[2..]));
        let ends_bare = body.ends_with('\r');
        if role == Role::Exchange && ends_bare {
            prop_assert!(bodies(&chunked).is_empty());
        } else if ends_bare {
            prop_assert_eq!(bodies(&chunked).len(), 1);
        } else {
            prop_assert_eq!(bodies(&chunked), bodies(&whole));
        }
        prop_assert!(!chunked.closed);
    }

    #[test]
    fn any_chunks_in_any_order_are_borne(
        lines in proptest::collection::vec(prop_oneof![
            Just("EHLO a.fr\r\n"), Just("MAIL FROM:<a@b.fr>\r\n"), Just("RCPT TO:<lea@exemple.fr>\r\n"),
            Just("RCPT TO:<nobody@exemple.fr>\r\n"), Just("BDAT 3\r\na\r\n"), Just("BDAT 4\r\n\r\nQU"),
            Just("BDAT 2 LAST\r\n\r\n"), Just("BDAT 0 LAST\r\n"), Just("RSET\r\n"), Just("BDAT 0\r\n"),
            Just("DATA\r\nx\r\n.\r\n"), Just("BDAT 9000\r\n"), Just("NOOP\r\n")], 0..40),
        role in prop_oneof![Just(Role::Exchange), Just(Role::Submission)],
    ) {
        let mut talk = with(role, session::sasl::Cleartext::ByAccount);
        talk.run();
        for line in lines {
            if !talk.closed {
                talk.octets(line);
            }
        }
        talk.input(Input::EndOfStream);
        prop_assert!(talk.closed);
    }
}
