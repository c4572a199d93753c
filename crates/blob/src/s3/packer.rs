//! Small bodies that go to the bucket together.
//!
//! An object costs a service of a bucket more than the octets of a small body do. So a few
//! carriers at a time put objects, and what comes while all of them are on their way waits and
//! is then put together: when little comes each body goes at once, by itself; the more comes
//! the more of them share an object. Nobody waits for others to come.

use std::collections::VecDeque;

use bytes::Bytes;
use object_store::PutPayload;
use parking_lot::Mutex;
use segments::{HEADER_OCTETS, body_header};
use tokio::sync::oneshot;

use super::bucket::Bucket;
use super::name::ObjectName;
use crate::{BlobError, BodyRef};

/// A larger body is an object of its own.
pub const PACKED_OCTETS: u64 = 256 * 1024;
/// Octets after which a pack takes no more. Some services cut what is larger into blocks.
pub const PACK_OCTETS: u64 = 1024 * 1024;
/// Bodies that a pack takes.
const PACK_BODIES: usize = 1024;
/// Objects with small bodies that are put at a time.
const CARRIERS: usize = 2;
/// As many when each has a full pack to carry: where the bucket is far away, time is all that
/// one more costs.
const MOST_CARRIERS: usize = 16;

const _: () = assert!(PACK_OCTETS + PACKED_OCTETS < 1 << 24);

/// A body that is here as a whole.
#[derive(Debug)]
pub(super) struct Small {
    octets: PutPayload,
    hash: [u8; 32],
}

impl Small {
    /// The body of these octets, with this BLAKE3.
    pub(super) fn new(octets: PutPayload, hash: [u8; 32]) -> Small {
        Small { octets, hash }
    }

    fn length(&self) -> u64 {
        self.octets.content_length() as u64
    }

    /// Octets that it takes in a pack.
    fn frame_octets(&self) -> u64 {
        HEADER_OCTETS as u64 + self.length()
    }
}

/// What waits to be carried to the bucket.
#[derive(Debug, Default)]
pub(super) struct Packer(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Octets of them, as in packs.
    octets: u64,
    carriers: usize,
}

#[derive(Debug)]
struct Waiting {
    body: Small,
    reply: oneshot::Sender<Result<BodyRef, BlobError>>,
}

impl Packer {
    /// Adds to what waits. True when it takes one more carrier.
    fn add(&self, waiting: Waiting) -> bool {
        let mut state = self.0.lock();
        state.octets += waiting.body.frame_octets();
        state.waiting.push_back(waiting);
        let is_full = state.octets >= PACK_OCTETS || state.waiting.len() >= PACK_BODIES;
        let most = if is_full { MOST_CARRIERS } else { CARRIERS };
        let more = state.carriers < most;
        state.carriers += usize::from(more);
        more
    }

    /// What goes next into one object; none when nothing waits, and then whoever asks is no
    /// carrier any more.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut state = self.0.lock();
        let (mut group, mut octets) = (Vec::new(), 0);
        while group.len() < PACK_BODIES && octets < PACK_OCTETS {
            let Some(waiting) = state.waiting.pop_front() else {
                break;
            };
            octets += waiting.body.frame_octets();
            group.push(waiting);
        }
        state.octets -= octets;
        if group.is_empty() {
            state.carriers -= 1;
            return None;
        }
        Some(group)
    }
}

impl Bucket {
    /// Keeps a body, with others that come in the same moment.
    pub(super) async fn keep(&self, body: Small) -> Result<BodyRef, BlobError> {
        if body.length() > PACKED_OCTETS {
            return self.put_alone(&body).await;
        }
        let (reply, answer) = oneshot::channel();
        if self.packer().add(Waiting { body, reply }) {
            // Not by whoever brought the body, since that one may be given up half way.
            tokio::spawn(carry(self.clone()));
        }
        let stopped = |_| BlobError::Broken("the service is stopping".into());
        answer.await.map_err(stopped)?
    }

    async fn put_alone(&self, body: &Small) -> Result<BodyRef, BlobError> {
        let name = ObjectName::draw();
        self.create(&self.path(name), body.octets.clone()).await?;
        Ok(name.refer(body.length(), body.hash))
    }

    /// Puts bodies into one object, and gives where they are, in the same order.
    pub(super) async fn put_together(&self, bodies: &[Small]) -> Result<Vec<BodyRef>, BlobError> {
        if let [body] = bodies {
            return Ok(vec![self.put_alone(body).await?]);
        }
        let name = ObjectName::draw_for_pack();
        self.create(&self.path(name), pack(bodies)).await?;
        let mut place = 0;
        let refer = |body: &Small| {
            let at = place;
            place += body.frame_octets();
            let beyond = || BlobError::Broken("a pack grew too large".into());
            let referred = name.refer_to(at, body.length(), body.hash);
            referred.ok_or_else(beyond)
        };
        bodies.iter().map(refer).collect()
    }
}

/// The bodies in frames, one after the other.
fn pack(bodies: &[Small]) -> PutPayload {
    let frames = bodies.iter().flat_map(|body| {
        let header = body_header(body.length(), body.hash);
        let header = Bytes::copy_from_slice(&header);
        std::iter::once(header).chain(body.octets.iter().cloned())
    });
    frames.collect()
}

/// Carries to the bucket what waits, until nothing does.
async fn carry(bucket: Bucket) {
    while let Some(group) = bucket.packer().next() {
        let (bodies, replies): (Vec<Small>, Vec<_>) = group
            .into_iter()
            .map(|waiting| (waiting.body, waiting.reply))
            .unzip();
        // Whoever asked may be gone; the body then is one that no record names.
        match bucket.put_together(&bodies).await {
            Ok(kept) => {
                for (reply, kept) in replies.into_iter().zip(kept) {
                    let _ = reply.send(Ok(kept));
                }
            }
            Err(error) => {
                for reply in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(octets: usize) -> Waiting {
        Waiting {
            body: Small::new(vec![b'x'; octets].into(), [0; 32]),
            reply: oneshot::channel().0,
        }
    }

    #[test]
    fn the_more_waits_the_more_goes_together() {
        let packer = Packer::default();
        for _ in 0..CARRIERS {
            assert!(packer.add(waiting(10)));
            assert_eq!(packer.next().unwrap().len(), 1);
        }
        // All are on their way.
        for _ in 0..300 {
            assert!(!packer.add(waiting(1000)));
        }
        assert_eq!(packer.next().unwrap().len(), 300);
        for _ in 0..CARRIERS {
            assert!(packer.next().is_none());
        }
        assert!(packer.add(waiting(10)));
    }

    #[test]
    fn a_pack_has_an_end_and_a_full_one_does_not_wait() {
        let packer = Packer::default();
        let mut carriers = 0;
        for _ in 0..100 {
            carriers += usize::from(packer.add(waiting(200_000)));
        }
        assert_eq!(carriers, MOST_CARRIERS);
        let mut left = 100;
        while let Some(group) = packer.next() {
            assert!(group.len() <= 6, "{}", group.len());
            left -= group.len();
        }
        assert_eq!(left, 0);
        for _ in 0..PACK_BODIES + 1 {
            packer.add(waiting(0));
        }
        assert_eq!(packer.next().unwrap().len(), PACK_BODIES);
    }

    #[test]
    fn a_pack_is_frames_as_in_a_segment() {
        let bodies = [
            Small::new(b"one".to_vec().into(), [1; 32]),
            Small::new(Vec::new().into(), [2; 32]),
        ];
        let octets: Vec<u8> = pack(&bodies).iter().flatten().copied().collect();
        let headers = [body_header(3, [1; 32]), body_header(0, [2; 32])];
        assert_eq!(octets, [&headers[0][..], b"one", &headers[1][..]].concat());
    }
}
