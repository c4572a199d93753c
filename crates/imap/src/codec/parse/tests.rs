//! Commands as clients write them, well and badly.

use proptest::prelude::*;

use super::*;
use crate::codec::command::{FlagChangeKind, MailboxName, StatusItem};
use crate::codec::fetch::{FetchItem, SectionName, SectionText};
use crate::codec::flag::SystemFlag;
use crate::codec::list::ListKind;
use crate::codec::search::{SearchKey, TextPlace};

fn command(text: &str) -> Command {
    parse(text.as_bytes())
        .unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
        .command
}

fn fault(text: &str) -> FaultKind {
    parse(text.as_bytes()).expect_err(text).kind
}

/// What is complained about, as `what at octet`.
fn complaint(text: &str) -> String {
    match fault(text) {
        FaultKind::Expected { what, at } => format!("{what} at {at}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_tablet_signs_in() {
    let Command::Login { name, password } = command("5 LOGIN jean@example.fr \"a\\\\b\\\"c é\"")
    else {
        panic!("no LOGIN");
    };
    assert_eq!(name, "jean@example.fr");
    assert_eq!(password.expose(), "a\\b\"c é".as_bytes());
    assert!(!format!("{:?}", command("5 LOGIN jean tilleul")).contains("tilleul"));
    assert!(!format!("{:?}", command("5 AUTHENTICATE PLAIN AGEAYg==")).contains("AGEAYg"));
}

#[test]
fn strings_come_in_three_forms() {
    for text in [
        "a SELECT Sent",
        "a SELECT \"Sent\"",
        "a SELECT {4}\r\nSent",
        "a select {4+}\nSent",
    ] {
        let Command::Select { mailbox, read_only } = command(text) else {
            panic!("{text}")
        };
        assert_eq!((mailbox.as_str(), read_only), ("Sent", false));
    }
    assert_eq!(
        command("a DELETE \"a\\\"b\\\\c\""),
        Command::Delete(MailboxName::new("a\"b\\c"))
    );
    assert_eq!(
        command("a CREATE &AMk-t&AOk-"),
        Command::Create(MailboxName::new("Été"))
    );
    assert_eq!(
        command("a EXAMINE inbox"),
        Command::Select {
            mailbox: MailboxName::new("INBOX"),
            read_only: true
        }
    );
}

#[test]
fn a_complaint_says_where() {
    for (text, wanted) in [
        ("", "a tag at 1"),
        ("+ NOOP", "a tag at 1"),
        ("a", "a space at 2"),
        ("a ", "a word at 3"),
        ("a NOOP x", "the end of the line at 7"),
        ("a LOGIN jean", "a space at 13"),
        ("a LOGIN jean \"x", "the end of the quoted string at 16"),
        ("a LOGIN jean \"x\\y\"", "\" or \\ after a backslash at 17"),
        ("a LOGIN jean {5}\r\nabc", "the octets of a literal at 19"),
        ("a LOGIN jean {1}\r\n\0", "a literal without NUL at 19"),
        (
            "a LOGIN jean {1}x",
            "a line end after a literal's size at 17",
        ),
        ("a FETCH 0 FLAGS", "a number above zero at 9"),
        ("a FETCH 4294967296 FLAGS", "a number at 9"),
        ("a FETCH 1, FLAGS", "a message number at 11"),
        ("a FETCH 1 (FLAGS ALL)", "an item of FETCH at 18"),
        ("a FETCH 1 BODY[MIME]", "a section at 16"),
        ("a FETCH 1 BODY[1.]", "a section at 18"),
        ("a FETCH 1 BODY[]<0.0>", "a number above zero at 20"),
        ("a FETCH 1 BODY.PEEK", "an item of FETCH at 11"),
        ("a FETCH 1 BODY[HEADER.FIELDS ()]", "a string at 31"),
        (
            "a FETCH 1 BODY[HEADER.FIELDS (a:)]",
            "a header field's name at 31",
        ),
        ("a STORE 1 FLAGS (\\Recent)", "a flag at 18"),
        ("a STORE 1 FLAGS (a", ") at 19"),
        ("a STORE 1 +FLAG (a)", "FLAGS or FLAGS.SILENT at 12"),
        ("a SEARCH", "a space at 9"),
        ("a SEARCH HUGE", "a search key at 10"),
        (
            "a SEARCH SINCE 31-Feb-2026",
            "a date such as 1-Feb-2026 at 16",
        ),
        ("a SEARCH CHARSET KOI8-R TEXT x", "BadCharset"),
        ("a SEARCH EMAILID a.b", "an identifier at 18"),
        ("a SEARCH THREADID \"a\"", "an atom at 19"),
        ("a STATUS x (SIZE)", "an item of STATUS at 13"),
        ("a STATUS x ()", "a word at 13"),
        (
            "a LIST (RECURSIVEMATCH) \"\" *",
            "an option beside RECURSIVEMATCH at 8",
        ),
        ("a LIST (FANCY) \"\" *", "a selection option at 9"),
        ("a LIST \"\" * RETURN (STATUS (MESSAGES))", "a word at 28"),
        ("a LIST \"\" * RETURN (FANCY)", "a return option at 21"),
        ("a APPEND Sent x", "a message as a literal at 15"),
        ("a UID NOOP", "Unknown"),
        ("a XYZZY", "Unknown"),
        ("a STORE 1 FLAGS (a[b)", "Keyword"),
    ] {
        assert_eq!(complaint(text), wanted, "{text}");
    }
}

#[test]
fn a_tag_that_was_read_is_kept() {
    let tag = |text: &str| {
        parse(text.as_bytes())
            .unwrap_err()
            .tag
            .map(|tag| tag.as_str().to_owned())
    };
    assert_eq!(tag("a1 XYZZY").as_deref(), Some("a1"));
    assert_eq!(tag("a1").as_deref(), Some("a1"));
    assert_eq!(tag("(a) NOOP"), None);
    assert_eq!(tag(&format!("{} NOOP", "a".repeat(200))), None);
}

#[test]
fn the_tablets_fetch() {
    let text = "7 UID FETCH 501,502 (UID FLAGS INTERNALDATE RFC822.SIZE \
                BODY.PEEK[HEADER.FIELDS (date subject from)])";
    let Command::Fetch {
        by: By::Uid,
        set,
        items,
    } = command(text)
    else {
        panic!("no FETCH")
    };
    assert_eq!(set.resolved(600), [(501, 502)]);
    let [
        FetchItem::Uid,
        FetchItem::Flags,
        FetchItem::InternalDate,
        FetchItem::Rfc822Size,
        FetchItem::Section(section),
    ] = items.as_slice()
    else {
        panic!("{items:?}")
    };
    let names = ["date", "subject", "from"].map(String::from).to_vec();
    assert_eq!(section.section.text, SectionText::HeaderFields(names));
    assert!(section.peek);
}

#[test]
fn sections_of_every_kind() {
    let section = |text: &str| match command(&format!("a FETCH 1 {text}")) {
        Command::Fetch { items, .. } => match items.as_slice() {
            [FetchItem::Section(section)] => section.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let whole = section("BODY[]");
    assert!(
        whole.section.path.is_empty() && whole.section.text == SectionText::Whole && !whole.peek
    );
    let part = section("BODY.PEEK[1.2.3]<5.100>");
    assert_eq!(part.section.path, [1, 2, 3]);
    assert_eq!(
        part.section.partial.map(|p| (p.start, p.count.get())),
        Some((5, 100))
    );
    assert_eq!(section("BODY[4.MIME]").section.text, SectionText::Mime);
    assert_eq!(section("body[4.text]").section.text, SectionText::Text);
    assert_eq!(section("BODY[HEADER]").section.text, SectionText::Header);
    assert_eq!(
        section("BODY[2.HEADER.FIELDS.NOT ({2}\r\nto \"Cc\")]")
            .section
            .text,
        SectionText::HeaderFieldsNot(vec!["to".into(), "Cc".into()])
    );
    assert_eq!(section("RFC822").name, SectionName::Rfc822);
    assert!(section("RFC822.HEADER").peek && !section("RFC822.TEXT").peek);
}

#[test]
fn macros_stand_for_items() {
    let count = |text: &str| match command(text) {
        Command::Fetch { items, .. } => items.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(count("a FETCH 1 ALL"), 4);
    assert_eq!(count("a FETCH 1 fast"), 3);
    assert_eq!(count("a FETCH 1 FULL"), 5);
    assert_eq!(count("a FETCH 1 (FLAGS FLAGS UID)"), 2);
    assert_eq!(count("a FETCH 1 (EMAILID THREADID emailid)"), 2);
    assert_eq!(count("a FETCH 1 (BODY.PEEK[1] BODY[1] BODY[1]<0.5>)"), 2);
}

#[test]
fn store_in_every_form() {
    for (text, how, silent) in [
        (
            "a UID STORE 502 +FLAGS.SILENT (\\SEEN)",
            FlagChangeKind::Add,
            true,
        ),
        (
            "a STORE 1:* -flags \\seen $Junk",
            FlagChangeKind::Remove,
            false,
        ),
        ("a STORE 1 FLAGS ()", FlagChangeKind::Replace, false),
    ] {
        let Command::Store {
            change,
            silent: is_silent,
            ..
        } = command(text)
        else {
            panic!("{text}")
        };
        assert_eq!((change.how, is_silent), (how, silent));
        assert_eq!(
            change.flags.has(SystemFlag::Seen),
            how != FlagChangeKind::Replace
        );
    }
}

#[test]
fn the_tablets_search() {
    let text = "9 UID SEARCH CHARSET UTF-8 OR FROM {3}\r\n\u{e9}t (OR TO {1}\r\nx (OR SUBJECT {1}\r\nx BODY {1}\r\nx))";
    let Command::Search {
        by: By::Uid,
        key: SearchKey::Or(first, _),
    } = command(text)
    else {
        panic!("no OR")
    };
    let from = TextPlace::Header("FROM".into());
    assert_eq!(
        *first,
        SearchKey::Text {
            place: from,
            text: "ét".into()
        }
    );
    let Command::Search {
        key: SearchKey::And(keys),
        ..
    } = command("8 UID SEARCH 77:101 NOT DELETED")
    else {
        panic!("no AND")
    };
    assert_eq!(
        keys[1],
        SearchKey::Not(Box::new(SearchKey::Has(SystemFlag::Deleted)))
    );
}

#[test]
fn every_search_key_of_the_rfc_is_known() {
    let keys = "ALL ANSWERED BCC a BEFORE 1-Feb-1994 BODY a CC a DELETED DRAFT EMAILID E1-2 FLAGGED FROM a \
        HEADER Message-ID \"<a>\" KEYWORD $x LARGER 1 NEW NOT SEEN OLD ON \"1-Feb-1994\" OR SEEN DRAFT \
        RECENT SEEN SENTBEFORE 1-Feb-1994 SENTON 1-Feb-1994 SENTSINCE 1-Feb-1994 SINCE 1-Feb-1994 \
        SMALLER 1 SUBJECT a TEXT \"\" THREADID T_1 TO a UID 1:* UNANSWERED UNDELETED UNDRAFT UNFLAGGED \
        UNKEYWORD a[b UNSEEN 1,2:3 (SEEN)";
    let Command::Search {
        key: SearchKey::And(all),
        ..
    } = command(&format!("a SEARCH {keys}"))
    else {
        panic!("no AND")
    };
    assert_eq!(all.len(), 39);
}

#[test]
fn a_search_may_nest_but_not_for_ever() {
    let nested = |depth: usize| format!("a SEARCH {}SEEN", "NOT ".repeat(depth));
    assert!(parse(nested(crate::limits::SEARCH_DEPTH).as_bytes()).is_ok());
    assert!(parse(nested(100_000).as_bytes()).is_err());
    let open = format!("a SEARCH {}", "(".repeat(200_000));
    assert!(parse(open.as_bytes()).is_err());
}

#[test]
fn a_command_may_ask_for_much_but_not_for_everything() {
    let search = |keys: usize| format!("a SEARCH {}", "(NOT TEXT a) ".repeat(keys));
    let is_read = |text: String| parse(text.trim_end().as_bytes()).is_ok();
    assert!(is_read(search(crate::limits::SEARCH_KEYS)));
    assert!(!is_read(search(crate::limits::SEARCH_KEYS + 1)));
    let fetch = |items: usize| {
        let items: Vec<String> = (1..=items).map(|part| format!("BODY[{part}]")).collect();
        format!("a FETCH 1 ({})", items.join(" "))
    };
    assert!(is_read(fetch(crate::limits::FETCH_SECTIONS)));
    assert!(!is_read(fetch(crate::limits::FETCH_SECTIONS + 1)));
    assert!(is_read(
        "a FETCH 1 (UID".to_owned() + &" UID".repeat(5000) + ")"
    ));
    let list = |octets: usize| {
        let pattern = "*a".repeat(octets / 4);
        format!("a LIST \"{pattern}\" ({pattern} \"\")")
    };
    assert!(is_read(list(crate::limits::PATTERN_OCTETS / 2)));
    assert!(!is_read(list(crate::limits::PATTERN_OCTETS)));
}

#[test]
fn what_is_no_modified_utf_7_is_nobodys_name() {
    for wire in ["A&B", "&AGE-", "&2D0-", "Été"] {
        for text in [format!("a SELECT {wire}"), format!("a EXAMINE \"{wire}\"")] {
            let Command::Select { mailbox, .. } = command(&text) else {
                panic!("no SELECT")
            };
            assert_eq!(mailbox.as_str(), "\0");
        }
    }
}

#[test]
fn list_in_every_form() {
    let list = |text: &str| match command(text) {
        Command::List(list) => list,
        other => panic!("{other:?}"),
    };
    assert_eq!(list("a LIST \"\" *").kind, ListKind::Basic);
    assert_eq!(list("a LSUB \"\" %").kind, ListKind::Lsub);
    assert_eq!(list("a LIST \"\" \"&AMk-%\"").patterns, ["É%"]);
    let extended = list(
        "a LIST (SUBSCRIBED RECURSIVEMATCH REMOTE) \"\" (INBOX \"%\") RETURN (CHILDREN SUBSCRIBED)",
    );
    assert_eq!(extended.kind, ListKind::Extended);
    assert!(
        extended.select.subscribed && extended.select.recursive && extended.returned.subscribed
    );
    assert_eq!(extended.patterns, ["INBOX", "%"]);
    assert!(list("a LIST () \"\" % RETURN ()").kind == ListKind::Extended);
    assert!(list("a LIST (SPECIAL-USE) \"\" *").select.special_use);
}

#[test]
fn append_up_to_its_message() {
    let head = append_head(b"4 APPEND \"Sent\" (\\SEEN) \"05-Nov-2026 10:11:12 +0100\" ").unwrap();
    assert_eq!(head.mailbox.as_str(), "Sent");
    assert!(head.flags.has(SystemFlag::Seen) && head.date.is_some());
    let plain = append_head(b"4 APPEND {4+}\r\nSent () ").unwrap();
    assert!(plain.flags == Default::default() && plain.date.is_none());
    for bad in [
        "4 APPEND Sent",
        "4 APPEND Sent (\\Seen)",
        "4 APPEND Sent \"yesterday\" ",
        "4 APPEND Sent x ",
    ] {
        assert!(append_head(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn the_rest() {
    assert_eq!(command("a ENABLE CONDSTORE X-GOOD-IDEA"), Command::Enable);
    assert_eq!(
        command("a UID EXPUNGE 3:5").clone(),
        command("a uid expunge 3:5")
    );
    assert_eq!(command("a ID NIL"), Command::Id(Vec::new()));
    let id = "a ID (\"name\" \"com.android.email\" \"os\" NIL)";
    let fields = vec![
        (b"name".to_vec(), Some(b"com.android.email".to_vec())),
        (b"os".to_vec(), None),
    ];
    assert_eq!(command(id), Command::Id(fields));
    let Command::Status { items, .. } = command("a STATUS Sent (UIDVALIDITY MESSAGES MESSAGES)")
    else {
        panic!("no STATUS")
    };
    assert_eq!(items, [StatusItem::UidValidity, StatusItem::Messages]);
}

/// Text that is nearly a command, which finds more than noise does.
fn almost() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: [&str; 42] = [
        "a",
        "UID",
        "FETCH",
        "SEARCH",
        "STORE",
        "LIST",
        "STATUS",
        "APPEND",
        "LOGIN",
        "ID",
        "NIL",
        "(",
        ")",
        " ",
        " ",
        " ",
        "\"",
        "\\",
        "{3}\r\n",
        "{3+}\n",
        "BODY[",
        "]",
        "<0.5>",
        "1:*",
        "1,2",
        "OR",
        "NOT",
        "HEADER.FIELDS",
        "+FLAGS",
        "\\Seen",
        "&",
        "&AOk-",
        "*",
        "%",
        "RETURN",
        "CHARSET",
        "é",
        "\0",
        "\r\n",
        "BEFORE 1-Feb-1994",
        "EMAILID T1-2",
        "THREADID",
    ];
    let word = prop_oneof![
        4 => prop::sample::select(WORDS.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(word, 0..20).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn whatever_comes_is_a_command_or_a_complaint(text in almost()) {
        if let Err(Fault { kind: FaultKind::Expected { at, .. }, .. }) = parse(&text) {
            prop_assert!(at <= text.len() + 1);
        }
        let _ = append_head(&text);
    }
}
