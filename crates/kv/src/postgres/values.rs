//! What is under some keys, for many who ask at the same time: while one question is with the
//! database the others wait, and then go together.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_postgres::Row as Found;

use super::connection::{Columns, answer, pause};
use super::reader::Readers;
use super::trouble::Trouble;
use crate::{KvError, Partition, Value, Version, seal};

/// Questions that are with the database at a time.
const CARRIERS: usize = 2;
/// A question names no more keys than this, or one caller's.
const KEYS: usize = 1000;
/// Each row with the number of the key that asked for it.
pub(super) const VALUES: &str = "SELECT named.n, kv.v, kv.ver
    FROM unnest($1::BYTEA[], $2::BYTEA[], $3::INT[]) AS named(part, k, n)
    JOIN kv ON kv.part = named.part AND kv.k = named.k";

/// What is under each key that was asked for.
type Values = Vec<Option<Value>>;

/// What waits to be asked.
#[derive(Default)]
pub(super) struct Questions(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Question>,
    carriers: usize,
}

struct Question {
    partition: Partition,
    keys: Vec<Vec<u8>>,
    reply: oneshot::Sender<Result<Values, KvError>>,
}

impl Questions {
    /// Adds to what waits. True when it takes one more carrier.
    fn add(&self, question: Question) -> bool {
        let mut state = self.0.lock();
        state.waiting.push_back(question);
        let more = state.carriers < CARRIERS;
        state.carriers += usize::from(more);
        more
    }

    /// What is asked next; none when nothing waits, and then whoever asks is no carrier any
    /// more.
    fn next(&self) -> Option<Vec<Question>> {
        let mut state = self.0.lock();
        let (mut group, mut keys) = (Vec::new(), 0);
        while keys < KEYS {
            let Some(question) = state.waiting.pop_front() else {
                break;
            };
            keys += question.keys.len();
            group.push(question);
        }
        if group.is_empty() {
            state.carriers -= 1;
            return None;
        }
        Some(group)
    }
}

impl Readers {
    /// What is under these keys, at one moment after this is asked.
    pub(super) async fn values(
        self: &Arc<Self>,
        partition: Partition,
        keys: Vec<Vec<u8>>,
    ) -> Result<Values, KvError> {
        let (reply, answer) = oneshot::channel();
        let question = Question {
            partition,
            keys,
            reply,
        };
        if self.questions().add(question) {
            tokio::spawn(carry(self.clone()));
        }
        let stopped = |_| KvError::Broken("the service is stopping".into());
        answer.await.map_err(stopped)?
    }

    async fn ask(&self, group: &[Question]) -> Result<Vec<Found>, KvError> {
        let (mut parts, mut keys, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for question in group {
            for key in &question.keys {
                numbers.push(i32::try_from(keys.len()).unwrap_or(i32::MAX));
                parts.push(question.partition.to_bytes());
                keys.push(key.as_slice());
            }
        }
        let deadline = self.deadline();
        let _room = self.room(deadline).await?;
        loop {
            let asked = async {
                let reader = self.reader(deadline).await?;
                let wanted: Columns<'_> = &[&parts, &keys, &numbers];
                let found = answer(reader.client().query(reader.values(), wanted)).await?;
                self.give_back(reader);
                Ok(found)
            };
            match asked.await {
                Err(Trouble::Away(_) | Trouble::InTheWay) if Instant::now() < deadline => {
                    pause().await;
                }
                asked => return asked.map_err(Trouble::told),
            }
        }
    }
}

/// Asks what waits, until nothing does.
async fn carry(readers: Arc<Readers>) {
    while let Some(group) = readers.questions().next() {
        let answers = match readers.ask(&group).await {
            Ok(found) => answers(&group, &found),
            Err(error) => group.iter().map(|_| Err(error.clone())).collect(),
        };
        for (question, answer) in group.into_iter().zip(answers) {
            // Whoever asked may be gone.
            let _ = question.reply.send(answer);
        }
    }
}

/// The answer to each question. A row that is damaged harms nobody but who asked for it.
fn answers(group: &[Question], found: &[Found]) -> Vec<Result<Values, KvError>> {
    let mut rows: HashMap<usize, &Found> = HashMap::new();
    for row in found {
        let number = row.try_get::<_, i32>(0).ok();
        let number = number.and_then(|number| usize::try_from(number).ok());
        rows.extend(number.map(|number| (number, row)));
    }
    let mut number = 0;
    let mut answer = |question: &Question| {
        let mut values = Vec::with_capacity(question.keys.len());
        for key in &question.keys {
            let row = rows.get(&number);
            number += 1;
            values.push(row.map(|row| value(question.partition, key, row)));
        }
        values.into_iter().map(Option::transpose).collect()
    };
    group.iter().map(&mut answer).collect()
}

fn value(partition: Partition, key: &[u8], row: &Found) -> Result<Value, KvError> {
    let odd = |error: tokio_postgres::Error| Trouble::of(&error).told();
    let stored: &[u8] = row.try_get(1).map_err(odd)?;
    let version = Version(row.try_get(2).map_err(odd)?);
    let bytes = seal::open(partition, key, stored)?;
    Ok(Value { bytes, version })
}
