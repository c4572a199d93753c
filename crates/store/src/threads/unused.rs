//! Clearing away what leads to threads that have no message any more.
//!
//! A name leads to its thread as long as any message is in that: who answers a message that
//! was removed still joins those that remain. So the rows are looked at all together, as
//! everything that several messages have in common ([`crate::Store::sweep`]).

use std::collections::BTreeSet;

use address::AccountId;

use super::{Joined, thread};
use crate::change::Change;
use crate::keys::NamedKey;
use crate::reading::{Reading, key};
use crate::values::{Stored, ThreadValue};
use crate::{EmailId, Result, Store, ThreadId};

/// Names that one commit clears away.
const CLEAR_NAMES: usize = 500;

/// A name, and the thread that it leads to.
type Name = (NamedKey, ThreadId);

impl Store {
    /// Clears away the names that lead to threads without messages. `used` are the numbers
    /// that messages have, ascending, and `next` is the first that none ever had, both at one
    /// moment. Gives how many they were.
    pub(crate) async fn sweep_threads(
        &self,
        account: AccountId,
        used: &[EmailId],
        next: EmailId,
    ) -> Result<usize> {
        let reading = self.reading(account).await?;
        if reading.unthreaded().await? > 0 {
            // Which threads they will be in is not known.
            return Ok(0);
        }
        let mut joined = Vec::new();
        let given = EmailId(0)..=EmailId(next.get().saturating_sub(1));
        reading.joined_within(&given, &mut joined).await?;
        let unused = reading.unused_names(used, &joined, next).await?;
        drop(reading);
        let mut cleared = 0;
        for names in unused.chunks(CLEAR_NAMES) {
            let mut turn = self.turn(account).await;
            loop {
                let mut change = turn.begin().await?;
                let count = change.clear_names(names, next).await?;
                if turn.commit(change).await? {
                    cleared += count;
                    break;
                }
            }
        }
        Ok(cleared)
    }
}

impl Reading {
    /// Names that lead to threads of which none of these messages is one. Threads that began
    /// later are left alone.
    async fn unused_names(
        &self,
        used: &[EmailId],
        joined: &[Joined],
        next: EmailId,
    ) -> Result<Vec<Name>> {
        let alive: BTreeSet<ThreadId> = used.iter().map(|email| thread(*email, joined)).collect();
        let mut unused = Vec::new();
        let mut scan = self.scan(NamedKey::all());
        while let Some(rows) = scan.page().await? {
            for row in &rows {
                let name = key(row, NamedKey::decode)?;
                let thread = ThreadValue::read(&row.1.bytes)?.0;
                if !alive.contains(&thread) && thread < ThreadId::of(next) {
                    unused.push((name, thread));
                }
            }
        }
        Ok(unused)
    }
}

impl Change {
    /// Clears names that led to threads without messages, but for those whose threads got
    /// one since: only a message that came later can have joined one, and then a row says so.
    async fn clear_names(&mut self, names: &[Name], next: EmailId) -> Result<usize> {
        // Nothing may join meanwhile.
        self.touch_account().await?;
        let mut joined = Vec::new();
        let later = next..=EmailId(u64::MAX);
        self.reading.joined_within(&later, &mut joined).await?;
        let revived: BTreeSet<ThreadId> = joined.into_iter().map(|(_, thread)| thread).collect();
        let mut cleared = 0;
        for (name, _) in names.iter().filter(|(_, thread)| !revived.contains(thread)) {
            self.operations.delete(name.encode());
            cleared += 1;
        }
        Ok(cleared)
    }
}
