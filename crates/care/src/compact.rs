//! Passes until there is nothing more to do.

use jiff::Timestamp;

use crate::{Care, CareError, Pass, Progress, Terms};

impl Care {
    /// Does passes until there is nothing more to do, on what is there when it begins. What
    /// has to wait for its time is left to later passes.
    ///
    /// # Errors
    /// As [`Care::pass`].
    pub async fn compact(
        &self,
        terms: &Terms,
        now: Timestamp,
        progress: Progress<'_>,
    ) -> Result<Pass, CareError> {
        let limit = self.rooms.log.growing();
        let mut all = Pass::default();
        let mut terms = *terms;
        loop {
            let pass = self.pass_within(&terms, Some(limit), now, progress).await?;
            let moving = pass.is_moving();
            all.add(pass);
            if !moving {
                return Ok(all);
            }
            // Once is enough: what was there at the beginning is in that copy.
            terms.copy = false;
        }
    }
}
