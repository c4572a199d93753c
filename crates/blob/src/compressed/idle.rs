//! What zstd works with, kept for the next body: to make it anew takes longer than to compress a
//! short message.

use parking_lot::Mutex;

/// How many of a kind are kept, at most: as many as work at a time on most machines. One to
/// compress with has some 300 KiB, one to decompress with 100.
const IDLE: usize = 16;

/// Those that nobody uses now.
#[derive(Debug)]
pub(super) struct Idle<T>(Mutex<Vec<T>>);

impl<T> Idle<T> {
    pub(super) const fn new() -> Idle<T> {
        Idle(Mutex::new(Vec::new()))
    }

    /// Works with one that is idle, or else with one that is made. What failed is not used
    /// again.
    pub(super) fn with<R, E>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
        work: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let idle = self.0.lock().pop();
        let mut tool = match idle {
            Some(tool) => tool,
            None => make()?,
        };
        let done = work(&mut tool)?;
        let mut idle = self.0.lock();
        if idle.len() < IDLE {
            idle.push(tool);
        }
        Ok(done)
    }
}
