use std::collections::VecDeque;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::*;

/// Says `pieces` chunks to whatever comes, a goodbye when its right ends, and nothing else.
#[derive(Default)]
struct Chatter {
    pieces: usize,
    steps: VecDeque<Step<()>>,
}

const CHUNK: usize = 64 * 1024;

impl Session for Chatter {
    type Question = ();
    type Piece = ();

    fn receive(&mut self, _now: Moment, input: Input<()>) {
        match input {
            Input::Bytes(_) => {
                let chunk = Step::Send(Bytes::from(vec![b'x'; CHUNK]));
                self.steps.extend(std::iter::repeat_n(chunk, self.pieces));
            }
            Input::RightEnded(_) => {
                self.steps.push_back(Step::Send(Bytes::from("bye\r\n")));
                self.steps.push_back(Step::Close);
            }
            Input::Shutdown | Input::EndOfStream => self.steps.push_back(Step::Close),
            _ => {}
        }
    }

    fn next(&mut self, _now: Moment) -> Step<()> {
        let wanted = Want {
            bytes: true,
            notice: false,
            until: None,
        };
        self.steps.pop_front().unwrap_or(Step::Want(wanted))
    }
}

/// Signed in, with a right that ends when told.
struct Inside(watch::Receiver<bool>);

impl Answerer<Chatter> for Inside {
    async fn answer(&mut self, (): (), _pieces: &mut Pieces<()>) {}

    async fn body(&mut self, _chunk: Bytes) {}

    fn right(&self) -> impl Future<Output = RightEnd> + Send + 'static {
        let mut ended = self.0.clone();
        async move {
            let _ = ended.wait_for(|ended| *ended).await;
            RightEnd::PasswordChanged
        }
    }

    async fn woken(&mut self) -> Wake {
        Wake::RightEnded(self.right().await)
    }
}

/// A connection with a session at its end; the sender ends its right, the receiver tells
/// how it went.
async fn connected(pieces: usize) -> (TcpStream, watch::Sender<bool>, oneshot::Receiver<Summary>) {
    let folder = tempfile::tempdir().unwrap();
    let files = tls::make_authority(folder.path(), &["localhost".to_owned()]).unwrap();
    let greeter = Greeter::load(&files.certificate, &files.key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let far = TcpStream::connect(listener.local_addr().unwrap());
    let (far, near) = tokio::join!(far, listener.accept());
    let (end, ended) = watch::channel(false);
    let (told, tells) = oneshot::channel();
    tokio::spawn(async move {
        let (_stop, stopping) = watch::channel(false);
        let mut drive = Drive {
            greeter: &greeter,
            stopping,
            note: |_| {},
        };
        let session = Chatter {
            pieces,
            ..Chatter::default()
        };
        let wire = Wire::Plain(near.unwrap().0);
        let _ = told.send(drive.run(session, Inside(ended), wire, None).await);
    });
    (far.unwrap(), end, tells)
}

#[tokio::test]
async fn a_peer_that_takes_nothing_does_not_outlive_its_right() {
    // Far more than the system keeps for a socket.
    let (mut far, end, tells) = connected(1000).await;
    far.write_all(b"go\r\n").await.unwrap();
    // The first octets are there, so that the session is at its chunks.
    far.read_exact(&mut [0; 1]).await.unwrap();
    end.send_replace(true);
    let summary = tells.await.unwrap();
    let broken = summary.broken.unwrap().kind();
    assert_eq!(broken, io::ErrorKind::ConnectionAborted);
    assert!(summary.octets_out < 1000 * CHUNK as u64);
}

#[tokio::test]
async fn a_right_that_ends_is_told_before_the_connection_closes() {
    let (mut far, end, tells) = connected(0).await;
    end.send_replace(true);
    let mut said = String::new();
    far.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "bye\r\n");
    drop(far);
    assert!(tells.await.unwrap().broken.is_none());
}
