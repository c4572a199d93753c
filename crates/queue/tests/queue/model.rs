//! Whatever happens in whatever order, nobody is forgotten, and nobody is given to two.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use blob::BodyRef;
use kv::memory::Memory;
use proptest::prelude::*;
use queue::{Fate, NodeId, Queue, QueueId, Wish};

use crate::world::{at, body, entry, faults, later};

/// What may happen.
#[derive(Clone, Debug)]
enum Step {
    Put {
        recipients: u32,
    },
    /// A node works on the lane whose turn it is.
    Work {
        node: u128,
        limit: usize,
        chance: u64,
    },
    /// A node takes some and dies.
    Die {
        node: u128,
        limit: usize,
    },
    Recover,
    Wish {
        which: usize,
        what: u8,
    },
    Wait {
        seconds: i64,
    },
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    let node = 1..4u128;
    prop_oneof![
        3 => (1..9u32).prop_map(|recipients| Step::Put { recipients }),
        6 => (node.clone(), 1..4usize, any::<u64>())
            .prop_map(|(node, limit, chance)| Step::Work { node, limit, chance }),
        2 => (node, 1..4usize).prop_map(|(node, limit)| Step::Die { node, limit }),
        2 => Just(Step::Recover),
        2 => (0..9usize, 0..3u8).prop_map(|(which, what)| Step::Wish { which, what }),
        3 => (1..400i64).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Flush),
    ]
}

struct World {
    queue: Queue,
    body: BodyRef,
    now: i64,
    put: i64,
    /// Who waits: for elsewhere alone.
    waiting: BTreeSet<(QueueId, u32)>,
    held: BTreeSet<QueueId>,
    taken: BTreeMap<(QueueId, u32), u128>,
}

impl World {
    async fn step(&mut self, step: Step) {
        match step {
            Step::Put { recipients } => {
                self.put += 1;
                let entry = entry(self.put, &self.body, recipients);
                self.queue.put(&entry).await.unwrap();
                let elsewhere = (0..recipients).filter(|place| place % 2 == 1);
                self.waiting
                    .extend(elsewhere.map(|place| (entry.id, place)));
            }
            Step::Work {
                node,
                limit,
                chance,
            } => self.work(node, limit, chance).await,
            Step::Die { node, limit } => {
                self.take(node, limit).await;
            }
            Step::Recover => {
                // None of them said that it lives.
                self.queue.recover(at(self.now)).await.unwrap();
                self.taken.clear();
            }
            Step::Wish { which, what } => self.wish(which, what).await,
            Step::Wait { seconds } => self.now += seconds,
            Step::Flush => {
                self.queue.flush(None, at(self.now), drop).await.unwrap();
            }
        }
    }

    /// What a node gets out of the first lane that has its turn.
    async fn take(&mut self, node: u128, limit: usize) -> Vec<queue::Entry> {
        let turns = self.queue.turns(at(self.now), None, 1).await.unwrap();
        let Some(turn) = turns.first() else {
            return Vec::new();
        };
        let took = self
            .queue
            .take(&turn.lane, NodeId(node), at(self.now), limit);
        let took = took.await.unwrap();
        for entry in &took {
            for recipient in &entry.recipients {
                let one = (entry.id, recipient.place);
                assert!(self.waiting.contains(&one), "{one:?} does not wait");
                assert!(!self.held.contains(&entry.id), "{one:?} is held");
                assert_eq!(self.taken.insert(one, node), None, "{one:?} is taken");
            }
        }
        self.queue.pass(turn, at(self.now)).await.unwrap();
        took
    }

    async fn work(&mut self, node: u128, limit: usize, chance: u64) {
        for (number, entry) in self.take(node, limit).await.into_iter().enumerate() {
            let mut fates = Vec::new();
            for recipient in &entry.recipients {
                let one = (entry.id, recipient.place);
                self.taken.remove(&one);
                fates.push((
                    recipient.place,
                    match (chance >> (2 * number)) % 4 {
                        0 => later(self.now + 300, "busy"),
                        1 => Fate::Untried,
                        _ => {
                            self.waiting.remove(&one);
                            Fate::Done
                        }
                    },
                ));
            }
            let node = Some(NodeId(node));
            let _ = self
                .queue
                .conclude(entry.id, node, &fates, None)
                .await
                .unwrap();
        }
    }

    async fn wish(&mut self, which: usize, what: u8) {
        let ids: BTreeSet<QueueId> = self.waiting.iter().map(|(id, _)| *id).collect();
        let Some(id) = ids.into_iter().nth(which) else {
            return;
        };
        let wish = match what {
            0 => Wish::Hold,
            1 => Wish::Retry(at(self.now)),
            _ => Wish::Drop,
        };
        // Where some are taken, what is held or dropped is told of those that are not.
        if self.taken.keys().any(|(of, _)| *of == id) {
            return;
        }
        assert_eq!(self.queue.wish(id, wish).await, Ok(true));
        match wish {
            Wish::Hold => {
                self.held.insert(id);
            }
            Wish::Retry(_) => {
                self.held.remove(&id);
            }
            Wish::Drop => {
                self.held.remove(&id);
                self.waiting.retain(|(of, _)| *of != id);
            }
        }
    }

    /// With time, everybody who is not held gets the message.
    async fn end(&mut self) {
        self.queue.recover_all_but(&[]).await.unwrap();
        self.taken.clear();
        self.now += 10_000;
        while self.queue.next_turn().await.unwrap().is_some() {
            self.work(1, 3, u64::MAX).await;
        }
        self.waiting.retain(|(id, _)| !self.held.contains(id));
        assert_eq!(self.waiting, BTreeSet::new(), "they never had their turn");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_forgotten_and_nobody_given_to_two(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let queue = Queue::new(Arc::new(Memory::default()));
            queue.upgrade().await.unwrap();
            let mut world = World {
                queue,
                body: body(dir.path()).await,
                now: 0,
                put: 0,
                waiting: BTreeSet::new(),
                held: BTreeSet::new(),
                taken: BTreeMap::new(),
            };
            for step in steps {
                world.step(step).await;
                assert_eq!(faults(&world.queue).await, Vec::<String>::new());
            }
            world.end().await;
            assert_eq!(faults(&world.queue).await, Vec::<String>::new());
        });
    }
}
