//! What can be broken in an account, one by one.

use kv::Operation;

use super::{INBOX, OTHER, World, uid};
use crate::keys::{
    self, BlockChangedKey, BlockGoneKey, DetailsKey, DoomedKey, LeftKey, MarksKey, NameKey,
    NamedKey, OnceAgeKey, PieceKey, RecordKey, SubscriptionKey, ThreadKey,
};
use crate::mark::RecordValue;
use crate::values::{
    AccountValue, KeywordsValue, MarkValue, NameValue, OnceValue, Stored, SummaryValue, ThreadValue,
};
use crate::{EmailId, Keyword, MailboxId, Modseq, ThreadId};

/// What is done to an account, and what is then said of it.
pub(super) struct Case {
    pub(super) operations: Vec<Operation>,
    pub(super) said: &'static [&'static str],
}

fn put(key: Vec<u8>, value: &impl Stored) -> Operation {
    Operation::Put(key, value.write().unwrap())
}

/// All that can be done to it.
pub(super) async fn cases(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut case = |operations: Vec<Operation>, said: &'static [&'static str]| {
        cases.push(Case { operations, said });
    };
    let account: AccountValue = world.value(&keys::account()).await;
    let inbox: SummaryValue = world.value(&keys::summary(INBOX)).await;
    let single: RecordValue = world.value(&RecordKey(INBOX, uid(13)).encode()).await;
    let name = |name: &str| NameKey(name.to_owned()).encode();
    let mailbox = |id| NameValue { id, role: None };
    let marks = world.octets(&MarksKey(INBOX, uid(7)).encode()).await;
    let piece = world.octets(&PieceKey(INBOX, uid(7)).encode()).await;

    // The account as a whole.
    let with = |change: fn(&mut AccountValue)| {
        let mut account = account.clone();
        change(&mut account);
        vec![put(keys::account(), &account)]
    };
    case(
        with(|account| account.bytes += 1),
        &["account 3: octets: 258 are written down, 257 are there"],
    );
    case(
        with(|account| account.messages -= 1),
        &["account 3: messages: 13 are written down, 14 are there"],
    );
    case(
        with(|account| account.next_mailbox = 6),
        &[
            "account 3, mailbox 6 (\"other\"): the number of a mailbox: 6 was found, and 5 is the highest",
        ],
    );
    case(
        with(|account| account.next_email = 13),
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 13: the number of a message: 13 was found, and 12 is the highest",
            "account 3: the number of a message: 13 was found, and 12 is the highest",
        ],
    );
    case(
        with(|account| account.last_uid_validity = 5),
        &["account 3, mailbox 6 (\"other\"): UIDVALIDITY: 6 was found, and 5 is the highest"],
    );
    case(
        vec![Operation::Put(keys::account(), vec![9])],
        &[
            "account 3: the record 01 can't be read: the account in numbers: version 9 is not known here",
        ],
    );
    case(
        vec![Operation::Put(keys::full(), vec![1])],
        &[
            "account 3: the record 07 can't be read: a full account: Hit the end of buffer, expected more data",
        ],
    );
    case(
        vec![Operation::Put(vec![0], vec![])],
        &["account 3: the record 00 is of no known kind"],
    );
    case(
        vec![Operation::Put(vec![1, 1], vec![])],
        &["account 3: the record 0101 is of no known kind"],
    );
    case(
        vec![Operation::Put(vec![9, 1], vec![])],
        &["account 3: the record 0901 is of no known kind"],
    );
    case(
        vec![Operation::Put(vec![0xff, 0xff], vec![])],
        &["account 3: the record ffff is of no known kind"],
    );
    case(
        vec![Operation::Put(vec![0x10, 7], vec![])],
        &["account 3: the record 1007 is of no known kind"],
    );

    // Names.
    case(
        vec![Operation::Delete(name("INBOX"))],
        &[
            "account 3: INBOX is not there",
            "account 3, mailbox 1: there are records of a mailbox that has no name",
        ],
    );
    case(
        vec![put(name("copy"), &mailbox(OTHER))],
        &["account 3, mailbox 6 (\"copy\"): \"other\" is a name of the same mailbox"],
    );
    case(
        vec![put(name("ghost"), &mailbox(MailboxId(5)))],
        &["account 3, mailbox 5 (\"Junk\"): \"ghost\" is a name of the same mailbox"],
    );
    case(
        vec![Operation::Delete(name("other"))],
        &["account 3, mailbox 6: there are records of a mailbox that has no name"],
    );
    case(
        vec![Operation::Put(name("other"), vec![7])],
        &[
            "account 3: the record 026f746865720000 can't be read: a mailbox: version 7 is not known here",
        ],
    );
    case(
        vec![put(name("a//b"), &mailbox(OTHER))],
        &[
            "account 3, mailbox 6 (\"a//b\"): no mailbox can have that name",
            "account 3, mailbox 6 (\"a//b\"): \"other\" is a name of the same mailbox",
        ],
    );
    let subscribed = |name: &str| SubscriptionKey(name.to_owned()).encode();
    case(
        vec![put(subscribed("a*"), &MarkValue)],
        &["account 3: no mailbox can have that name"],
    );
    case(
        vec![Operation::Delete(keys::summary(OTHER))],
        &[
            "account 3, mailbox 6 (\"other\"): the mailbox has a name, and its numbers are not there",
        ],
    );
    case(
        vec![put(DoomedKey(OTHER).encode(), &MarkValue)],
        &[
            "account 3, mailbox 6 (\"other\"): the mailbox is being cleared away, and is still there",
        ],
    );
    let trash: SummaryValue = world.value(&keys::summary(MailboxId(4))).await;
    let junk = SummaryValue {
        uid_validity: trash.uid_validity,
        ..trash
    };
    case(
        vec![put(keys::summary(MailboxId(5)), &junk)],
        &["account 3, mailbox 5 (\"Junk\"): mailbox 4 has the same UIDVALIDITY"],
    );

    // Threads.
    let reply = world
        .name("References: <a@b>\r\nMessage-ID: <c@b>\r\n\r\n")
        .await;
    let thread = |number| ThreadValue(ThreadId(number));
    let misled = &[
        "account 3, mailbox 1 (\"INBOX\"), UID 12: its name does not lead to the thread that it is in",
    ];
    case(vec![Operation::Delete(reply.encode())], misled);
    case(vec![put(reply.encode(), &thread(3))], misled);
    case(
        vec![Operation::Delete(ThreadKey(EmailId(12)).encode())],
        misled,
    );
    case(
        vec![put(NamedKey(5).encode(), &thread(14))],
        &["account 3: the number of a thread: 14 was found, and 13 is the highest"],
    );
    case(
        vec![put(ThreadKey(EmailId(14)).encode(), &thread(1))],
        &["account 3: the number of a message: 14 was found, and 13 is the highest"],
    );
    case(
        vec![Operation::Put(NamedKey(5).encode(), vec![2])],
        &[
            "account 3: the record 120000000000000005 can't be read: a thread: version 2 is not known here",
        ],
    );
    case(
        vec![Operation::Put(ThreadKey(EmailId(12)).encode(), vec![1])],
        &[
            "account 3: the record 13000000000000000c can't be read: a thread: Hit the end of buffer, expected more data",
        ],
    );
    case(
        vec![Operation::Put(vec![0x12, 1], vec![])],
        &["account 3: the record 1201 is of no known kind"],
    );

    // Deliveries that happen once.
    let age = OnceAgeKey {
        seconds: 0,
        delivery: 7,
    };
    case(
        vec![Operation::Delete(age.encode())],
        &["account 3: delivery 00000000000000000000000000000007 will never be forgotten"],
    );
    case(
        vec![Operation::Delete(keys::once(7))],
        &[
            "account 3: delivery 00000000000000000000000000000007 is to be forgotten, and is not remembered",
        ],
    );
    let placed: OnceValue = world.value(&keys::once(7)).await;
    case(
        vec![Operation::Put(keys::once(7), vec![1])],
        &[
            "account 3: the record 0400000000000000000000000000000007 can't be read: a delivery: Hit the end of buffer, expected more data",
        ],
    );
    case(
        vec![put(keys::once(8), &placed)],
        &["account 3: delivery 00000000000000000000000000000008 will never be forgotten"],
    );

    // A mailbox in numbers.
    let with = |change: fn(&mut SummaryValue)| {
        let mut inbox = inbox.clone();
        change(&mut inbox);
        vec![put(keys::summary(INBOX), &inbox)]
    };
    case(
        with(|inbox| inbox.exists += 1),
        &[
            "account 3: messages: 14 are written down, 15 are there",
            "account 3, mailbox 1 (\"INBOX\"): messages: 13 are written down, 12 are there",
        ],
    );
    case(
        with(|inbox| inbox.unseen += 1),
        &[
            "account 3, mailbox 1 (\"INBOX\"): messages without \\Seen: 11 are written down, 10 are there",
        ],
    );
    case(
        with(|inbox| inbox.deleted += 1),
        &[
            "account 3, mailbox 1 (\"INBOX\"): messages with \\Deleted: 1 are written down, 0 are there",
        ],
    );
    case(
        with(|inbox| inbox.recent -= 1),
        &[
            "account 3, mailbox 1 (\"INBOX\"): messages that are \\Recent: 11 are written down, 12 are there",
        ],
    );
    case(
        with(|inbox| inbox.bytes -= 1),
        &[
            "account 3: octets: 257 are written down, 256 are there",
            "account 3, mailbox 1 (\"INBOX\"): octets: 228 are written down, 229 are there",
        ],
    );
    case(
        with(|inbox| inbox.singles += 1),
        &[
            "account 3, mailbox 1 (\"INBOX\"): messages that are in no block: 2 are written down, 1 are there",
        ],
    );
    case(
        with(|inbox| inbox.uid_next = uid(9)),
        &["account 3, mailbox 1 (\"INBOX\"), UID 13: a UID: 13 was found, and 8 is the highest"],
    );
    case(
        with(|inbox| inbox.highest_modseq = Modseq(3)),
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 5: the MODSEQ of a message: 16 was found, and 3 is the highest",
        ],
    );
    case(
        with(|inbox| inbox.forgotten = Modseq(300)),
        &[
            "account 3, mailbox 1 (\"INBOX\"): the last change that is forgotten: 300 was found, and 16 is the highest",
        ],
    );
    case(
        with(|inbox| inbox.first_recent = uid(300)),
        &[
            "account 3, mailbox 1 (\"INBOX\"): the first UID that is \\Recent: 300 was found, and 14 is the highest",
            "account 3, mailbox 1 (\"INBOX\"): messages that are \\Recent: 12 are written down, 0 are there",
        ],
    );
    case(
        with(|inbox| inbox.oldest_gone = None),
        &["account 3, mailbox 1 (\"INBOX\"): removed messages will never be cleared away"],
    );
    case(
        vec![Operation::Put(keys::summary(INBOX), vec![2, 0])],
        &[
            "account 3, mailbox 1 (\"INBOX\"): the record 100000000100 can't be read: a mailbox in numbers: Hit the end of buffer, expected more data",
        ],
    );
    case(
        vec![Operation::Put(keys::keywords(INBOX), vec![1, 0])],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 3: a message is marked with a keyword that has no name",
        ],
    );
    let twice = KeywordsValue(vec![Keyword::new("work").unwrap(); 2]);
    case(
        vec![put(keys::keywords(INBOX), &twice)],
        &["account 3, mailbox 1 (\"INBOX\"): a keyword is named twice"],
    );
    case(
        vec![Operation::Put(LeftKey(INBOX, 0).encode(), vec![1, 0])],
        &[
            "account 3, mailbox 1 (\"INBOX\"): what a move took out is not what is written down of it",
        ],
    );
    let stray = [keys::keywords(INBOX), vec![3]].concat();
    case(
        vec![Operation::Put(stray, vec![])],
        &["account 3, mailbox 1 (\"INBOX\"): the record 10000000010103 is of no known kind"],
    );

    // Its messages.
    case(
        vec![put(RecordKey(INBOX, uid(10)).encode(), &single)],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 10: a message stands where a block of others is",
            "account 3, mailbox 1 (\"INBOX\"): messages: 12 are written down, 13 are there",
            "account 3, mailbox 1 (\"INBOX\"): messages that are \\Recent: 12 are written down, 13 are there",
            "account 3, mailbox 1 (\"INBOX\"): messages that are in no block: 1 are written down, 2 are there",
            "account 3, mailbox 1 (\"INBOX\"): octets: 229 are written down, 244 are there",
        ],
    );
    case(
        vec![Operation::Delete(RecordKey(INBOX, uid(13)).encode())],
        &[
            "account 3, mailbox 1 (\"INBOX\"): messages: 12 are written down, 11 are there",
            "account 3, mailbox 1 (\"INBOX\"): messages that are \\Recent: 12 are written down, 11 are there",
            "account 3, mailbox 1 (\"INBOX\"): messages that are in no block: 1 are written down, 0 are there",
            "account 3, mailbox 1 (\"INBOX\"): octets: 229 are written down, 214 are there",
        ],
    );
    case(
        vec![Operation::Put(RecordKey(INBOX, uid(13)).encode(), vec![2])],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 13: the record 1000000001020000000d can't be read: a message: Hit the end of buffer, expected more data",
        ],
    );
    case(
        vec![Operation::Put(MarksKey(INBOX, uid(7)).encode(), vec![1])],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 7: the record 10000000010700000007 can't be read: a block of marks: its number of messages",
        ],
    );
    case(
        vec![Operation::Put(MarksKey(INBOX, uid(4)).encode(), marks)],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 4: a message stands where a block of others is",
            "account 3, mailbox 1 (\"INBOX\"), UID 7: a message stands where a block of others is",
            "account 3, mailbox 1 (\"INBOX\"), UID 4: a block is not found by a last change",
            "account 3, mailbox 1 (\"INBOX\"): messages: 12 are written down, 18 are there",
            "account 3, mailbox 1 (\"INBOX\"): messages without \\Seen: 10 are written down, 16 are there",
            "account 3, mailbox 1 (\"INBOX\"): messages that are \\Recent: 12 are written down, 18 are there",
            "account 3, mailbox 1 (\"INBOX\"): octets: 229 are written down, 313 are there",
            "account 3, mailbox 1 (\"INBOX\"), UID 4: another message has the envelope and structure that are its own",
            "account 3, mailbox 1 (\"INBOX\"), UID 7: another message has the envelope and structure that are its own",
        ],
    );
    case(
        vec![Operation::Delete(PieceKey(INBOX, uid(9)).encode())],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 9: the dates of messages, and where their bodies are, are missing",
        ],
    );
    case(
        vec![Operation::Put(PieceKey(INBOX, uid(9)).encode(), vec![1])],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 9: the record 10000000010800000009 can't be read: a piece of a block: its number of messages",
        ],
    );
    case(
        vec![Operation::Put(
            PieceKey(INBOX, uid(13)).encode(),
            piece.clone(),
        )],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 13: dates and places of bodies stand where no message is",
        ],
    );
    case(
        vec![Operation::Put(PieceKey(INBOX, uid(8)).encode(), piece)],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 8: dates and places of bodies stand where no message is",
            "account 3, mailbox 1 (\"INBOX\"), UID 9: dates and places of bodies stand where no message is",
            "account 3, mailbox 1 (\"INBOX\"), UID 7: another message has the envelope and structure that are its own",
        ],
    );
    let changed = BlockChangedKey(INBOX, Modseq(300), uid(7)).encode();
    case(
        vec![put(changed, &MarkValue)],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 7: a block is found by a last change that it does not have",
        ],
    );
    case(
        vec![Operation::ClearRange(BlockChangedKey::all(INBOX))],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 7: a block is not found by a last change",
            "account 3, mailbox 1 (\"INBOX\"), UID 1: a block is not found by a last change",
        ],
    );
    let gone = BlockGoneKey(INBOX, 300, uid(7)).encode();
    case(
        vec![put(gone, &MarkValue)],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 7: a block is found by a first removal that it does not have",
        ],
    );
    case(
        vec![Operation::ClearRange(BlockGoneKey::all(INBOX))],
        &["account 3, mailbox 1 (\"INBOX\"), UID 1: a block is not found by a first removal"],
    );
    let old = keys::old_changed(INBOX, Modseq(3), uid(3));
    case(
        vec![Operation::Put(old, vec![1, 0, 0])],
        &["account 3, mailbox 1 (\"INBOX\"): records of version 1 are left behind"],
    );

    // Envelopes and structures.
    case(
        vec![Operation::Delete(DetailsKey(EmailId(3), 0).encode())],
        &["account 3, mailbox 1 (\"INBOX\"), UID 3: the envelope and structure are missing"],
    );
    case(
        vec![Operation::Delete(DetailsKey(EmailId(8), 0).encode())],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 8: the envelope and structure are missing",
            "account 3, mailbox 6 (\"other\"), UID 1: the envelope and structure are missing",
        ],
    );
    case(
        vec![Operation::Put(DetailsKey(EmailId(3), 0).encode(), vec![1])],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 3: the record 11000000000000000300 can't be read: a message's envelope and structure: Hit the end of buffer, expected more data",
        ],
    );
    case(
        vec![Operation::Put(DetailsKey(EmailId(3), 2).encode(), vec![1])],
        &[
            "account 3, mailbox 1 (\"INBOX\"), UID 3: the record 11000000000000000300 can't be read: an envelope and structure: not all parts are there",
        ],
    );
    case(
        vec![Operation::Put(
            DetailsKey(EmailId(300), 0).encode(),
            vec![1],
        )],
        &[
            "account 3: the number of a message: 300 was found, and 13 is the highest",
            "account 3: the record 11000000000000012c00 can't be read: a message's envelope and structure: Hit the end of buffer, expected more data",
        ],
    );
    let same = RecordValue {
        fixed: world
            .value::<RecordValue>(&RecordKey(OTHER, uid(1)).encode())
            .await
            .fixed,
        ..single
    };
    case(
        vec![put(RecordKey(INBOX, uid(13)).encode(), &same)],
        &[
            "account 3, mailbox 1 (\"INBOX\"): octets: 229 are written down, 228 are there",
            "account 3, mailbox 1 (\"INBOX\"), UID 13: another message has the envelope and structure that are its own",
        ],
    );
    cases
}
