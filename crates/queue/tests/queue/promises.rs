//! What destinations promised of their hosts.

use std::sync::Arc;

use address::Domain;
use kv::memory::Memory;
use kv::{Kv, Operation, Outcome, Partition};
use queue::{PROMISE_OCTETS, Promise, Queue, QueueError};

use crate::world::{at, faults};

fn domain(name: &str) -> Domain {
    name.parse().unwrap()
}

fn promise(number: &str) -> Promise {
    Promise {
        number: number.to_owned(),
        text: "version: STSv1\nmode: enforce\n".to_owned(),
        heard: at(0),
        until: at(600),
        used: at(-5),
    }
}

#[tokio::test]
async fn promises_are_kept_until_they_are_forgotten() {
    let kv = Arc::new(Memory::default());
    let queue = Queue::new(kv.clone());
    assert_eq!(queue.promise(&domain("b.fr")).await, Ok(None));
    for (name, number) in [("c.fr", "2"), ("b.fr", "1"), ("b.fr", "3")] {
        let promise = promise(number);
        let set = queue.set_promise(&domain(name), Some(&promise)).await;
        assert_eq!(set, Ok(()));
    }
    assert_eq!(queue.promise(&domain("b.fr")).await, Ok(Some(promise("3"))));
    let all = [
        (domain("b.fr"), promise("3")),
        (domain("c.fr"), promise("2")),
    ];
    assert_eq!(queue.promises(None, 9).await.unwrap(), all);
    assert_eq!(queue.promises(None, 1).await.unwrap(), all[..1]);
    let after = queue.promises(Some(&domain("b.fr")), 9).await;
    assert_eq!(after.unwrap(), all[1..]);
    assert_eq!(faults(&queue).await, Vec::<String>::new());
    queue.set_promise(&domain("b.fr"), None).await.unwrap();
    assert_eq!(queue.promises(None, 9).await.unwrap(), all[1..]);

    // What is behind them is nobody's.
    let stray = vec![Operation::Put(vec![9, 1], vec![])];
    let put = kv.commit(Partition::Queue, vec![], stray).await;
    assert_eq!(put, Ok(Outcome::Committed));
    assert_eq!(faults(&queue).await.len(), 1);
}

#[tokio::test]
async fn what_is_too_long_to_be_kept_is_refused_and_the_longest_is_not() {
    let queue = Queue::new(Arc::new(Memory::default()));
    for (octets, result) in [(0, Ok(())), (1, Err(QueueError::TooLong))] {
        let long = Promise {
            text: "x".repeat(PROMISE_OCTETS + octets),
            ..promise("1")
        };
        let set = queue.set_promise(&domain("b.fr"), Some(&long)).await;
        assert_eq!(set, result);
    }
}
