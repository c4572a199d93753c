//! What is in a segment, in octets.

use segments::{Kind, Log, SegmentId};

use crate::needed::blocking;
use crate::{CareError, Memory};

/// What is in a segment, in octets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Surveyed {
    /// Bodies, needed or not.
    pub(crate) bodies: u64,
    /// What is of an index.
    pub(crate) index: u64,
}

impl Memory {
    /// What is in a segment. It is remembered of those that are as they will be.
    pub(crate) async fn survey(
        &mut self,
        log: &Log,
        segment: SegmentId,
    ) -> Result<Surveyed, CareError> {
        if let Some(surveyed) = self.surveyed.get(&segment) {
            return Ok(*surveyed);
        }
        let settled = log.growing().is_settled(segment);
        let log = log.clone();
        let survey = blocking(move || Ok(log.survey(segment)?)).await?;
        let mut surveyed = Surveyed::default();
        for frame in survey.frames {
            match frame.kind {
                Kind::Body => surveyed.bodies += frame.octets,
                Kind::Index(_) => surveyed.index += frame.octets,
            }
        }
        if settled {
            self.surveyed.insert(segment, surveyed);
        }
        Ok(surveyed)
    }
}
