//! What is in a segment, in octets.

use segments::{HEADER_OCTETS, Kind, Log, SegmentId};

use crate::needed::blocking;
use crate::{CareError, Memory};

/// What is in a segment, in octets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Surveyed {
    /// Bodies with their headers, needed or not.
    pub(crate) bodies: u64,
    /// The same as they were before they were compressed.
    pub(crate) uncompressed: u64,
    /// What is of an index.
    pub(crate) index: u64,
}

impl Surveyed {
    /// What bodies take in the segment that have so many octets uncompressed, headers included.
    /// All of them take what they take. Of some it is taken that they are compressed as well as
    /// the others: what each takes would have to be remembered one by one.
    pub(crate) fn taken_by(&self, uncompressed: u64) -> u64 {
        let share = u128::from(self.bodies) * u128::from(uncompressed);
        let taken = share / u128::from(self.uncompressed.max(1));
        u64::try_from(taken).map_or(self.bodies, |taken| taken.min(self.bodies))
    }
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
                Kind::Index(_) => surveyed.index += frame.octets,
                Kind::Body | Kind::Compressed { .. } => {
                    let body = frame.body_octets().unwrap_or(0);
                    surveyed.bodies += frame.octets;
                    surveyed.uncompressed = surveyed
                        .uncompressed
                        .saturating_add(body)
                        .saturating_add(HEADER_OCTETS as u64);
                }
            }
        }
        if settled {
            self.surveyed.insert(segment, surveyed);
        }
        Ok(surveyed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bodies_take_what_they_take_and_a_part_its_share() {
        let surveyed = Surveyed {
            bodies: 601,
            uncompressed: 1_003,
            index: 7,
        };
        assert_eq!(surveyed.taken_by(1_003), 601);
        assert_eq!(surveyed.taken_by(1_002), 600);
        assert_eq!(surveyed.taken_by(0), 0);
        // Some could not be found there.
        assert_eq!(surveyed.taken_by(u64::MAX), 601);
        assert_eq!(Surveyed::default().taken_by(9), 0);
    }
}
