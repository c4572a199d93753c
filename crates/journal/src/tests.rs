//! Several processes note, write and forget; whoever reads finds the sum.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use address::AccountId;
use jiff::Timestamp;
use kv::{Kv, Operation, Partition};
use proptest::prelude::*;

use crate::stored::hour;
use crate::{
    AN_HOUR, Journal, Lifted, Lock, LockChange, Protocol, Record, Refused, Seen, Sent, SignIn,
    Times, Unsigned, network_of,
};

const HOUR: i64 = 60 * 60;
const LEA: AccountId = AccountId(7);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 / HOUR * HOUR + second).unwrap()
}

fn ip(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

fn kv() -> Arc<dyn Kv> {
    Arc::new(kv::memory::Memory::default())
}

fn sent(network: u8, recipients: u64) -> Sent {
    Sent {
        network: Some(ip(network)),
        messages: 1,
        recipients,
        ..Sent::default()
    }
}

fn sign_in(network: u8) -> SignIn {
    SignIn {
        protocol: Protocol::Pop3,
        encrypted: true,
        network: Some(ip(network)),
        refused: None,
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.build().unwrap().block_on(future)
}

async fn sum(journal: &Journal) -> (u64, u64) {
    let hours = journal.sent_since(LEA, at(0)).await.unwrap();
    let mut all = Sent::default();
    hours.iter().for_each(|hour| all.add(&hour.sent));
    (all.messages, all.recipients)
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Send(usize, u8, u64),
    Fail(usize, u8, u64),
    Write(usize),
    Leave(usize),
    Restart(usize),
    Hour,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..2_usize, 0..3_u8, 1..50_u64).prop_map(|(who, from, to)| Step::Send(who, from, to)),
        1 => (0..2_usize, 0..3_u8, 1..50_u64).prop_map(|(who, from, to)| Step::Fail(who, from, to)),
        2 => (0..2_usize).prop_map(Step::Write),
        2 => (0..2_usize).prop_map(Step::Leave),
        1 => (0..2_usize).prop_map(Step::Restart),
        1 => Just(Step::Hour),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_is_counted_twice_or_not_at_all(steps in proptest::collection::vec(step(), 1..60)) {
        block_on(async {
            let kv = kv();
            let mut number = 1 << 20;
            let mut nodes = [Journal::new(kv.clone(), 1), Journal::new(kv.clone(), 1 << 10)];
            let mut now = 0;
            let (mut messages, mut recipients) = (0, 0);
            for step in steps {
                match step {
                    Step::Send(who, from, to) => {
                        nodes[who].sent(LEA, sent(from, to), at(now));
                        (messages, recipients) = (messages + 1, recipients + to);
                    }
                    Step::Fail(who, from, to) => {
                        nodes[who].sent(LEA, sent(from, to), at(now));
                        nodes[who].unsent(LEA, &sent(from, to), at(now));
                    }
                    Step::Write(who) => nodes[who].flush().await.unwrap(),
                    Step::Leave(who) => {
                        nodes[who].inner.noted.lock().leave(hour(at(now)));
                    }
                    Step::Restart(who) => {
                        nodes[who].flush().await.unwrap();
                        number <<= 1;
                        nodes[who] = Journal::new(kv.clone(), number);
                    }
                    Step::Hour => now += HOUR,
                }
            }
            nodes[1].flush().await.unwrap();
            assert_eq!(sum(&nodes[0]).await, (messages, recipients));
            nodes[0].flush().await.unwrap();
            let another = Journal::new(kv.clone(), u64::MAX);
            assert_eq!(sum(&another).await, (messages, recipients));
            let checked = another.check().await.unwrap();
            assert_eq!(checked.faults, Vec::<String>::new());
        });
    }
}

#[test]
fn a_device_that_polls_makes_a_record_an_hour() {
    block_on(async {
        let journal = Journal::new(kv(), 1);
        for minute in 0..120 {
            journal.sign_in(LEA, sign_in(1), at(60 * minute));
            journal.flush().await.unwrap();
            journal.inner.noted.lock().leave(hour(at(60 * minute)));
        }
        assert_eq!(journal.check().await.unwrap().records, 2);
        let told = journal.of_account(LEA, at(0)).await.unwrap();
        let times: Vec<_> = told
            .iter()
            .map(|(_, record)| match record {
                Record::SignIn(_, times) => *times,
                other => panic!("{other:?}"),
            })
            .collect();
        let minutes = |first: i64, last: i64| Times {
            first: at(60 * first).as_second(),
            last: at(60 * last).as_second(),
            count: 60,
        };
        assert_eq!(times, [minutes(0, 59), minutes(60, 119)]);
    });
}

#[test]
fn a_flood_is_counted_and_not_told_apart() {
    block_on(async {
        let journal = Journal::new(kv(), 1);
        for last in 0..200 {
            let refused = SignIn {
                refused: Some(Refused::WrongPassword),
                ..sign_in(last)
            };
            journal.sign_in(LEA, refused, at(0));
            let unsigned = Unsigned {
                times: Times::once(at(0)),
                peer: Some(SocketAddr::new(ip(last), 1)),
                session: 1,
                port: 587,
                encrypted: true,
                hello: "x".to_owned(),
                sender: "lea@exemple.fr".to_owned(),
                seen: None,
            };
            journal.unsigned(&[], &unsigned, at(0));
        }
        journal.flush().await.unwrap();
        // Those that are told apart, and one for all others, of each kind.
        let records = journal.check().await.unwrap().records;
        assert_eq!(records, 2 * (AN_HOUR as u64 + 1));
        let told = journal.of_account(LEA, at(0)).await.unwrap();
        let counted = |record: &Record| match record {
            Record::SignIn(_, times) => times.count,
            Record::Unsigned(unsigned) => unsigned.times.count,
            _ => 0,
        };
        let count: u64 = told.iter().map(|(_, record)| counted(record)).sum();
        assert_eq!(count, 200);
        let told = journal.unsigned_since(at(0)).await.unwrap();
        let count: u64 = told.iter().map(|(_, record)| counted(record)).sum();
        assert_eq!(count, 200);
    });
}

#[test]
fn who_was_at_a_network_is_known_for_minutes_on_every_node() {
    block_on(async {
        let kv = kv();
        let (one, other) = (Journal::new(kv.clone(), 1), Journal::new(kv, 1 << 10));
        let seen = |account, at: Timestamp| Seen {
            account: AccountId(account),
            protocol: Protocol::Pop3,
            at: at.as_second(),
        };
        // Over the end of an hour.
        let (first, last) = (at(HOUR - 120), at(HOUR - 60));
        one.seen(network_of(ip(1)), seen(1, first), first);
        one.seen(network_of(ip(1)), seen(2, last), last);
        one.flush().await.unwrap();
        for journal in [&one, &other] {
            let lately = async |last, now| journal.seen_lately(ip(last), now).await.unwrap();
            assert_eq!(lately(1, at(HOUR + 60)).await, Some(seen(2, last)));
            assert_eq!(lately(2, at(HOUR + 60)).await, None);
            assert_eq!(lately(1, at(2 * HOUR)).await, None);
        }
        other.tidy(at(3 * HOUR)).await.unwrap();
        assert_eq!(other.check().await.unwrap().records, 0);
    });
}

#[test]
fn what_is_old_and_who_is_gone_is_forgotten() {
    block_on(async {
        let kv = kv();
        let journal = Journal::new(kv.clone(), 1);
        let day = 24 * HOUR;
        for days in 0..40 {
            for account in [LEA, AccountId(8)] {
                journal.sign_in(account, sign_in(1), at(days * day));
                journal.sent(account, sent(1, 1), at(days * day));
            }
        }
        journal.flush().await.unwrap();
        journal.tidy(at(39 * day)).await.unwrap();
        // 30 days, and the hour that begins them.
        assert_eq!(sum(&Journal::new(kv.clone(), 9)).await.0, 31);
        assert_eq!(journal.check().await.unwrap().records, 4 * 31);
        journal.forget_account(LEA).await.unwrap();
        journal.flush().await.unwrap();
        let none = journal.of_account(LEA, at(0)).await.unwrap();
        assert_eq!(none, []);
        assert_eq!(journal.check().await.unwrap().records, 2 * 31);
        // A network is known from what is kept of it.
        let before = |now| journal.networks_before(AccountId(8), now);
        assert_eq!(before(at(39 * day)).await.unwrap(), [ip(1)].into());
        assert_eq!(before(at(0)).await.unwrap(), [].into());
    });
}

#[test]
fn a_lock_and_its_end_are_told_in_their_order() {
    block_on(async {
        let journal = Journal::new(kv(), 1);
        let lock = Lock {
            trigger: "x".to_owned(),
            messages: 1,
            recipients: 2,
            unknown: 3,
            held: 4,
            samples: Vec::new(),
        };
        let changes = [Ok(lock), Err(Lifted::Password)].map(|to| LockChange {
            at: at(9).as_second(),
            to,
        });
        for change in &changes {
            journal.lock(LEA, change.clone(), at(9));
        }
        journal.flush().await.unwrap();
        let told = journal.of_account(LEA, at(0)).await.unwrap();
        let told: Vec<Record> = told.into_iter().map(|(_, record)| record).collect();
        assert_eq!(told, changes.map(Record::Lock));
    });
}

#[test]
fn a_check_names_what_it_can_not_read() {
    block_on(async {
        let kv = kv();
        let journal = Journal::new(kv.clone(), 1);
        journal.sent(LEA, sent(1, 1), at(0));
        journal.flush().await.unwrap();
        let snapshot = kv.snapshot(Partition::Journal).await.unwrap();
        let all = snapshot.scan(vec![]..vec![0xff], kv::Direction::Forward, 9);
        let (key, _) = all.await.unwrap().remove(0);
        let odd = vec![
            Operation::Put(key, vec![9]),
            Operation::Put(vec![3], vec![1]),
        ];
        let _ = kv.commit(Partition::Journal, vec![], odd).await.unwrap();
        let faults = journal.check().await.unwrap().faults;
        assert_eq!(faults.len(), 2);
        assert!(faults[0].ends_with("no known version"), "{}", faults[0]);
        assert!(faults[1].ends_with("no known kind"), "{}", faults[1]);
    });
}
