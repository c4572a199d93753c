//! Bodies that are read one after the other: where each has to be asked for over a network,
//! the next ones are asked for meanwhile.

use std::ops::Range;

use crate::{Blobs, BodyReader, BodyRef};

/// How many bodies are asked for at once.
pub const AHEAD_BODIES: usize = 8;
/// A larger body is asked for only when its turn comes. So what waits to be read takes at
/// most [`AHEAD_BODIES`] times this of memory.
pub const AHEAD_OCTETS: u64 = 128 * 1024;

/// Reads bodies in an order that is known beforehand. Of bodies in segments it reads none
/// ahead: the system does.
#[derive(Debug)]
pub struct Ahead {
    blobs: Blobs,
    #[cfg(feature = "s3")]
    coming: Vec<(BodyRef, crate::s3::Coming)>,
}

impl Ahead {
    pub(crate) fn new(blobs: Blobs) -> Ahead {
        Ahead {
            blobs,
            #[cfg(feature = "s3")]
            coming: Vec::new(),
        }
    }

    /// Says which bodies are read next, in their order. Each is asked for once, however often
    /// it is read, until it is no longer among the first of them.
    pub fn expect<'a>(&mut self, bodies: impl IntoIterator<Item = &'a BodyRef>) {
        #[cfg(feature = "s3")]
        if let Some(bucket) = self.blobs.bucket().cloned() {
            let next = bodies.into_iter().take(AHEAD_BODIES);
            let next: Vec<&BodyRef> = next
                .filter(|body| (1..=AHEAD_OCTETS).contains(&body.length()))
                .collect();
            self.coming.retain(|(body, _)| next.contains(&body));
            for body in next {
                if !self.coming.iter().any(|(coming, _)| coming == body) {
                    let coming = crate::s3::Coming::ask(bucket.clone(), body.clone());
                    self.coming.push((body.clone(), coming));
                }
            }
        }
        #[cfg(not(feature = "s3"))]
        let _ = bodies;
    }

    /// Reads a body, as [`Blobs::read`].
    pub fn read(&self, body: &BodyRef, range: Range<u64>) -> BodyReader {
        #[cfg(feature = "s3")]
        if let Some(bucket) = self.blobs.bucket() {
            let mut coming = self.coming.iter();
            if let Some((body, coming)) = coming.find(|(coming, _)| coming == body) {
                let (bucket, body, coming) = (bucket.clone(), body.clone(), coming.clone());
                return crate::s3::ObjectReader::of(bucket, body, range, coming).into();
            }
        }
        self.blobs.read(body, range)
    }
}
