//! The other side of a session: whoever answers its questions.

use std::future::Future;

use bytes::Bytes;
use session::{RightEnd, Session};
use tokio::sync::mpsc;

/// Answers the questions of one session. One value a connection; it holds what the
/// connection has open: who is signed in, which mailbox, a message coming in.
pub trait Answerer<S: Session>: Send {
    /// Answers one question: sends its pieces, then returns. It is dropped half way
    /// when the peer is gone; whatever must not be cut is decided by the store's
    /// commit.
    fn answer(
        &mut self,
        question: S::Question,
        pieces: &mut Pieces<S::Piece>,
    ) -> impl Future<Output = ()> + Send;

    /// Takes a part of the message body that an earlier question began. A failure is
    /// remembered and told when the session asks for the body to be accepted.
    fn body(&mut self, chunk: Bytes) -> impl Future<Output = ()> + Send;

    /// Resolves when the right that the session stands on has ended; never, while nobody
    /// is signed in. It is watched while a question is out.
    fn right(&self) -> impl Future<Output = RightEnd> + Send + 'static;

    /// Resolves when something that this session watches has changed, or when the right
    /// it stands on has ended; never, while there is nothing to watch. It may be dropped
    /// and called again without loss.
    fn woken(&mut self) -> impl Future<Output = Wake> + Send;
}

/// Why an [`Answerer`] wakes its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Something watched has changed.
    Notice,
    /// The sign-in has ended.
    RightEnded(RightEnd),
}

/// Where the pieces of an answer go, one at a time: the next is taken only when what
/// came of the one before has drained into the socket.
#[derive(Debug)]
pub struct Pieces<P>(mpsc::Sender<P>);

impl<P> Pieces<P> {
    /// A pair of ends that holds one piece at most: for the loop, and for tests that
    /// stand in its place.
    pub fn channel() -> (Pieces<P>, mpsc::Receiver<P>) {
        let (sender, receiver) = mpsc::channel(1);
        (Pieces(sender), receiver)
    }

    /// Hands one piece over, when there is room for it.
    pub async fn send(&mut self, piece: P) {
        // Nobody takes it once the session has closed: this answer is dropped too.
        if self.0.send(piece).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
