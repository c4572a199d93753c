//! The loop that drives any session.

use std::io;
use std::time::Duration;

use events::Event;
use session::{Encryption, Input, Moment, RightEnd, Session, Step, Want};
use tls::Greeter;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::channel::{self, Incoming, Outgoing};
use crate::{Answerer, Pieces, Wake, Wire};

/// What a session is driven with.
#[derive(Debug)]
pub struct Drive<'a, N> {
    /// Encrypts the connection when the session says so.
    pub greeter: &'a Greeter,
    /// True once the service is stopping.
    pub stopping: watch::Receiver<bool>,
    /// Takes what the session notes about itself.
    pub note: N,
}

/// How a connection went, for its line in the log.
#[derive(Debug, Default)]
pub struct Summary {
    /// Octets from the peer, as the session saw them (without TLS).
    pub octets_in: u64,
    /// Octets to the peer.
    pub octets_out: u64,
    /// The encryption at the end.
    pub encryption: Option<Encryption>,
    /// Why the connection broke, if it was not closed by either side in good order.
    pub broken: Option<io::Error>,
}

impl<N: FnMut(Event) + Send> Drive<'_, N> {
    /// Drives a session until one side closes. `encryption` is what the connection has
    /// from its first octet (implicit TLS).
    pub async fn run<S, A>(
        &mut self,
        session: S,
        answerer: A,
        wire: Wire,
        encryption: Option<Encryption>,
    ) -> Summary
    where
        S: Session,
        A: Answerer<S>,
    {
        let (incoming, outgoing) = channel::split(wire);
        let mut line = Line {
            drive: self,
            session,
            answerer,
            incoming,
            outgoing,
            began: Instant::now(),
            summary: Summary::default(),
            told_end: false,
            told_stop: false,
            noticed: false,
            ended: None,
        };
        if let Some(encryption) = encryption {
            line.secured(encryption);
        }
        let result = line.talk().await;
        line.summary.octets_in = line.incoming.octets;
        line.summary.octets_out = line.outgoing.octets;
        line.summary.broken = result.err();
        line.summary
    }
}

/// One connection at work.
struct Line<'d, 'a, S: Session, A, N> {
    drive: &'d mut Drive<'a, N>,
    session: S,
    answerer: A,
    incoming: Incoming,
    outgoing: Outgoing,
    began: Instant,
    summary: Summary,
    /// The session knows that the peer sends nothing more.
    told_end: bool,
    /// The session knows that the service is stopping.
    told_stop: bool,
    /// Something watched has changed and the session does not know.
    noticed: bool,
    /// The right has ended while a question was out.
    ended: Option<RightEnd>,
}

impl<S, A, N> Line<'_, '_, S, A, N>
where
    S: Session,
    A: Answerer<S>,
    N: FnMut(Event) + Send,
{
    fn now(&self) -> Moment {
        Moment(self.began.elapsed())
    }

    fn give(&mut self, input: Input<S::Piece>) {
        let now = self.now();
        self.session.receive(now, input);
    }

    fn secured(&mut self, encryption: Encryption) {
        self.summary.encryption = Some(encryption.clone());
        self.give(Input::Secured(encryption));
    }

    async fn talk(&mut self) -> io::Result<()> {
        loop {
            let now = self.now();
            match self.session.next(now) {
                Step::Send(bytes) => {
                    self.outgoing.push(bytes);
                    if self.outgoing.is_full() {
                        self.drain().await?;
                    }
                }
                Step::Want(want) => self.wait(want).await?,
                Step::Ask(question) => match self.ask(question).await? {
                    Flow::On => {}
                    Flow::Close => return self.close().await,
                },
                Step::Body(chunk) => self.answerer.body(chunk).await,
                Step::Note(event) => (self.drive.note)(event),
                Step::Secure => self.secure().await?,
                Step::Close => return self.close().await,
            }
        }
    }

    /// Writes all that waits. A peer that takes none of it does not outlive its right by
    /// that: it gets [`CUT`] to take what is there, and nothing more is made for it.
    async fn drain(&mut self) -> io::Result<()> {
        let right = self.answerer.right();
        tokio::select! {
            biased;
            done = self.outgoing.drain() => return done,
            why = right => self.ended = Some(why),
        }
        match timeout(CUT, self.outgoing.drain()).await {
            Ok(done) => done,
            Err(_) => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        channel::close(&mut self.incoming, &mut self.outgoing).await
    }

    /// Waits for what the session wants, and gives it one input.
    async fn wait(&mut self, want: Want) -> io::Result<()> {
        if let Some(why) = self.ended.take() {
            self.give(Input::RightEnded(why));
            return Ok(());
        }
        if !self.told_stop && *self.drive.stopping.borrow() {
            self.told_stop = true;
            self.give(Input::Shutdown);
            return Ok(());
        }
        if want.bytes {
            if let Some(bytes) = self.incoming.ahead.take() {
                self.give(Input::Bytes(bytes));
                return Ok(());
            }
            if self.incoming.ended && !self.told_end {
                self.told_end = true;
                self.give(Input::EndOfStream);
                return Ok(());
            }
        }
        if want.notice && self.noticed {
            self.noticed = false;
            self.give(Input::Notice);
            return Ok(());
        }
        let deadline = want.until.map(|until| self.began + until.0);
        let input = tokio::select! {
            biased;
            done = self.outgoing.advance(), if !self.outgoing.is_idle() => return done,
            () = stopped(&mut self.drive.stopping), if !self.told_stop => {
                self.told_stop = true;
                Input::Shutdown
            }
            wake = self.answerer.woken() => match wake {
                Wake::RightEnded(why) => Input::RightEnded(why),
                Wake::Notice => {
                    self.noticed = true;
                    return Ok(());
                }
            },
            read = self.incoming.read(), if want.bytes && !self.incoming.ended => return read,
            () = at(deadline) => Input::TimeUp,
        };
        self.give(input);
        Ok(())
    }

    /// Has a question answered, and gives the session the pieces as it can say them.
    async fn ask(&mut self, question: S::Question) -> io::Result<Flow> {
        let (mut pieces, mut taken) = Pieces::channel();
        let right = self.answerer.right();
        let mut right = std::pin::pin!(right);
        // The pieces' sender goes with the answer, so that its end is seen.
        let answer = async {
            self.answerer.answer(question, &mut pieces).await;
            drop(pieces);
        };
        let mut answer = std::pin::pin!(answer);
        let mut answered = false;
        let mut cut = None;
        loop {
            let full = self.outgoing.is_full();
            let piece = tokio::select! {
                biased;
                why = &mut right, if cut.is_none() => {
                    // It may still end by itself; if not, it is cut short.
                    self.ended = Some(why);
                    cut = Some(Instant::now() + CUT);
                    continue;
                }
                () = &mut answer, if !answered => {
                    answered = true;
                    continue;
                }
                piece = taken.recv(), if !full => piece,
                done = self.outgoing.advance(), if !self.outgoing.is_idle() => {
                    done?;
                    continue;
                }
                read = self.incoming.read(), if self.incoming.ahead.is_none() && !self.incoming.ended => {
                    read?;
                    continue;
                }
                () = at(cut), if cut.is_some() => return Err(io::ErrorKind::ConnectionAborted.into()),
            };
            let now = Moment(self.began.elapsed());
            let Some(piece) = piece else {
                self.session.receive(now, Input::AnswerEnd);
                // Before it asks again: it may have been sent a thousand commands at once.
                if let Some(why) = self.ended.take() {
                    self.session.receive(now, Input::RightEnded(why));
                }
                return Ok(Flow::On);
            };
            self.session.receive(now, Input::Piece(piece));
            loop {
                match self.session.next(now) {
                    Step::Send(bytes) => self.outgoing.push(bytes),
                    Step::Note(event) => (self.drive.note)(event),
                    Step::Close => return Ok(Flow::Close),
                    // Go on with the answer. Nothing else is allowed with a question out.
                    _ => break,
                }
            }
        }
    }

    /// Encrypts the connection.
    async fn secure(&mut self) -> io::Result<()> {
        self.outgoing.drain().await?;
        let greeter = self.drive.greeter;
        let greeted = channel::secure(&mut self.incoming, &mut self.outgoing, greeter);
        let encryption = tokio::select! {
            greeted = greeted => greeted?,
            // In a handshake there is no way to say goodbye.
            () = stopped(&mut self.drive.stopping) => {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        };
        self.secured(encryption);
        Ok(())
    }
}

/// Whether to go on after an answer.
enum Flow {
    On,
    Close,
}

/// How long an answer may go on, and its peer may take what was said, after the right to it
/// has ended.
const CUT: Duration = Duration::from_millis(500);

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
