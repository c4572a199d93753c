//! Anything at all, said in any pieces.

use imap::Flags;
use proptest::prelude::*;

use crate::driver::Driver;
use crate::world::Account;
use crate::{PASSWORD, USER};

const MAIL: &[u8] = b"From: a@b.fr\r\nSubject: \"x\" \\ y\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n\
    --z\r\n\r\none\r\n--z\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntwo\r\n--z--\r\n";

/// A session in an inbox of a few messages.
fn inbox() -> Driver {
    let account = Account::new();
    for _ in 0..4 {
        account
            .lock()
            .unwrap()
            .deliver("INBOX", MAIL, Flags::default());
    }
    Driver::in_inbox(&account)
}

/// Most of what a client can say.
const COMMANDS: [&str; 41] = [
    "NOOP",
    "CAPABILITY",
    "SELECT INBOX",
    "EXAMINE Sent",
    "UNSELECT",
    "CLOSE",
    "CHECK",
    "EXPUNGE",
    "IDLE\r\nDONE",
    "FETCH 1:* FULL",
    "FETCH 2 (BODY[] BODY[1] BODY.PEEK[2.HEADER] BODYSTRUCTURE)",
    "FETCH 9 FLAGS",
    "UID FETCH 2:* (FLAGS BODY.PEEK[]<3.9>)",
    "UID FETCH 99 FLAGS",
    "STORE 1:2 +FLAGS (\\Deleted $New)",
    "UID STORE 3 -FLAGS.SILENT \\Seen",
    "STORE 1 FLAGS (\\Seen \\Draft)",
    "SEARCH OR DELETED TEXT two",
    "UID SEARCH 1:3 NOT SEEN",
    "SEARCH CHARSET UTF-8 SUBJECT {2+}\r\n\u{e9}",
    "COPY 1:2 Sent",
    "COPY 1 Nowhere",
    "MOVE 2 Trash",
    "UID MOVE 1:9 INBOX",
    "UID EXPUNGE 1:3",
    "UID FETCH 1:* (EMAILID THREADID FLAGS)",
    "SEARCH OR THREADID T7-1 EMAILID x",
    "STATUS Sent (MAILBOXID)",
    "APPEND INBOX (\\Deleted) {5+}\r\nA: b\n",
    "APPEND Nowhere {5+}\r\nabcde",
    "APPEND INBOX {5+}\r\nabcde {3+}\r\nxyz",
    "LIST \"\" *",
    "LSUB \"\" %",
    "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (% a*) RETURN (CHILDREN)",
    "CREATE a/b",
    "RENAME a/b Drafts/x",
    "DELETE a/b",
    "STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)",
    "SUBSCRIBE {3+}\r\na\"b",
    "ID (\"name\" \"x\")",
    "NAMESPACE",
];

/// Commands with tags, now and then spoilt.
fn conversation() -> impl Strategy<Value = Vec<u8>> {
    let command = prop::sample::select(COMMANDS.to_vec())
        .prop_map(|text| format!("t {text}\r\n").into_bytes());
    let spoilt = (command.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut text, at, octet)| {
            // A line end or a brace out of place would shift all that follows, which the strict
            // reader does not follow.
            let at = at.index(text.len());
            let kept =
                |octet: u8| matches!(octet, b'\r' | b'\n' | b'{' | b'}' | b'+' | b'0'..=b'9');
            let there = text[at];
            if !kept(there) && !kept(octet) && !text.contains(&b'{') && !text.starts_with(b"t IDLE")
            {
                text[at] = octet;
            }
            text
        },
    );
    prop::collection::vec(prop_oneof![6 => command, 1 => spoilt], 1..25)
        .prop_map(|all| all.concat())
}

fn in_pieces(octets: &[u8], sizes: &[usize]) -> (Vec<u8>, bool) {
    let mut driver = inbox();
    let mut rest = octets;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() && !driver.is_closed() {
        let size = sizes.next().copied().unwrap_or(1).min(rest.len());
        driver.unheard(&rest[..size]);
        rest = &rest[size..];
    }
    (driver.octets(), driver.is_closed())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_strictest_client_can_follow(conversation in conversation()) {
        let mut driver = inbox();
        for line in conversation.split_inclusive(|&octet| octet == b'\n') {
            if driver.is_closed() {
                break;
            }
            driver.bytes(line);
        }
    }

    #[test]
    fn how_the_input_is_cut_makes_no_difference(
        conversation in conversation(),
        sizes in prop::collection::vec(1usize..40, 1..8),
    ) {
        let whole = in_pieces(&conversation, &[usize::MAX]);
        let cut = in_pieces(&conversation, &sizes);
        prop_assert_eq!(String::from_utf8_lossy(&whole.0), String::from_utf8_lossy(&cut.0));
        prop_assert_eq!(whole.1, cut.1);
    }

    #[test]
    fn noise_is_answered_in_bounds(
        noise in prop::collection::vec(any::<u8>(), 0..2000),
        signed_in in any::<bool>(),
    ) {
        let account = Account::new();
        let mut driver = if signed_in { Driver::in_inbox(&account) } else { Driver::new(&account) };
        driver.unheard(&noise);
        prop_assert!(driver.octets().len() < 100 * noise.len() + 1000);
    }
}

#[test]
fn a_long_list_of_uids_is_taken() {
    let mut driver = inbox();
    let list: Vec<String> = (1..11_000).map(|uid| uid.to_string()).collect();
    let list = list.join(",");
    assert!(list.len() > 50_000);
    driver.say(&format!("c UID FETCH {list} (UID FLAGS)\r\n"));
    let said = driver.said();
    assert!(
        said.ends_with("c OK Fetched\r\n") && said.matches(" FETCH (UID ").count() == 4,
        "{said}"
    );
}

#[test]
fn a_slow_talker_is_understood() {
    let account = Account::new();
    let mut driver = Driver::new(&account);
    for octet in format!("a LOGIN {USER} \"{PASSWORD}\"\r\nb NOOP\r\n").bytes() {
        driver.bytes(&[octet]);
    }
    assert!(driver.said().ends_with("b OK Nothing done\r\n"));
}
