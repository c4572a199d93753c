use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

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

/// Asks for everything that it was told at once, one question after the other.
#[derive(Default)]
struct Asker {
    left: usize,
    asked: bool,
    over: bool,
}

impl Session for Asker {
    type Question = ();
    type Piece = ();

    fn receive(&mut self, _now: Moment, input: Input<()>) {
        match input {
            Input::Bytes(_) => self.left = 1000,
            Input::AnswerEnd => self.asked = false,
            Input::RightEnded(_) | Input::Shutdown | Input::EndOfStream => self.over = true,
            _ => {}
        }
    }

    fn next(&mut self, _now: Moment) -> Step<()> {
        if self.over && !self.asked {
            return Step::Close;
        }
        if self.left > 0 && !self.asked {
            (self.left, self.asked) = (self.left - 1, true);
            return Step::Ask(());
        }
        Step::Want(Want {
            bytes: true,
            notice: false,
            until: None,
        })
    }
}

/// Answers; in its first answer the right of whoever asks ends.
struct Ending {
    right: watch::Sender<bool>,
    answers: Arc<AtomicUsize>,
}

impl Answerer<Asker> for Ending {
    async fn answer(&mut self, (): (), _pieces: &mut Pieces<()>) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.right.send_replace(true);
        tokio::task::yield_now().await;
    }

    async fn body(&mut self, _chunk: Bytes) {}

    fn right(&self) -> impl Future<Output = RightEnd> + Send + 'static {
        ended(self.right.subscribe())
    }

    async fn woken(&mut self) -> Wake {
        Wake::RightEnded(ended(self.right.subscribe()).await)
    }
}

async fn ended(mut right: watch::Receiver<bool>) -> RightEnd {
    let _ = right.wait_for(|ended| *ended).await;
    RightEnd::PasswordChanged
}

/// Signed in, with a right that ends when told.
struct Inside(watch::Receiver<bool>);

impl Answerer<Chatter> for Inside {
    async fn answer(&mut self, (): (), _pieces: &mut Pieces<()>) {}

    async fn body(&mut self, _chunk: Bytes) {}

    fn right(&self) -> impl Future<Output = RightEnd> + Send + 'static {
        ended(self.0.clone())
    }

    async fn woken(&mut self) -> Wake {
        Wake::RightEnded(self.right().await)
    }
}

/// A connection with a session at its end; the receiver tells how it went.
async fn connected<S, A>(session: S, answerer: A) -> (TcpStream, oneshot::Receiver<Summary>)
where
    S: Session + 'static,
    A: Answerer<S> + 'static,
{
    let (_folder, files) = certificate();
    let greeter = Greeter::load(&files.certificate, &files.key).unwrap();
    let (far, near) = pair().await;
    (far, driven(session, answerer, Wire::Plain(near), greeter))
}

fn certificate() -> (tempfile::TempDir, tls::Files) {
    let folder = tempfile::tempdir().unwrap();
    let files = tls::make_authority(folder.path(), &["localhost".to_owned()]).unwrap();
    (folder, files)
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let far = TcpStream::connect(listener.local_addr().unwrap());
    let (far, near) = tokio::join!(far, listener.accept());
    (far.unwrap(), near.unwrap().0)
}

fn driven<S, A>(session: S, answerer: A, wire: Wire, greeter: Greeter) -> oneshot::Receiver<Summary>
where
    S: Session + 'static,
    A: Answerer<S> + 'static,
{
    let (told, tells) = oneshot::channel();
    tokio::spawn(async move {
        let (_stop, stopping) = watch::channel(false);
        let mut drive = Drive {
            greeter: &greeter,
            stopping,
            note: |_| {},
        };
        let _ = told.send(drive.run(session, answerer, wire, None).await);
    });
    tells
}

fn chatter(pieces: usize) -> Chatter {
    Chatter {
        pieces,
        ..Chatter::default()
    }
}

#[tokio::test]
async fn a_peer_that_takes_nothing_does_not_outlive_its_right() {
    // Far more than the system keeps for a socket.
    let (end, ended) = watch::channel(false);
    let (mut far, tells) = connected(chatter(1000), Inside(ended)).await;
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
    let (end, ended) = watch::channel(false);
    let (mut far, tells) = connected(chatter(0), Inside(ended)).await;
    end.send_replace(true);
    let mut said = String::new();
    far.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "bye\r\n");
    drop(far);
    assert!(tells.await.unwrap().broken.is_none());
}

#[tokio::test]
async fn a_thousand_commands_sent_at_once_do_not_outlive_their_right() {
    let answers = Arc::new(AtomicUsize::new(0));
    let ending = Ending {
        right: watch::Sender::new(false),
        answers: answers.clone(),
    };
    let (mut far, tells) = connected(Asker::default(), ending).await;
    far.write_all(b"a thousand\r\n").await.unwrap();
    assert!(tells.await.unwrap().broken.is_none());
    assert_eq!(answers.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_peer_that_takes_nothing_of_its_tls_is_left() {
    let (_folder, files) = certificate();
    let greeter = Greeter::load(&files.certificate, &files.key).unwrap();
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(&files.authority).unwrap() {
        roots.add(root.unwrap()).unwrap();
    }
    let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = TlsConnector::from(Arc::new(client));
    let (far, near) = pair().await;
    let name = "localhost".try_into().unwrap();
    let (far, wire) = tokio::join!(
        client.connect(name, far),
        Wire::Plain(near).secure(&greeter)
    );
    let (_never_ends, ended) = watch::channel(false);
    let wire = wire.unwrap().0;
    let tells = driven(chatter(1000), Inside(ended), wire, greeter);
    let mut far = far.unwrap();
    far.write_all(b"go\r\n").await.unwrap();
    far.flush().await.unwrap();
    far.read_exact(&mut [0; 1]).await.unwrap();
    // From here on nothing but clocks can end it.
    tokio::time::pause();
    let summary = timeout(10 * channel::STALL, tells).await.unwrap().unwrap();
    assert_eq!(summary.broken.unwrap().kind(), io::ErrorKind::TimedOut);
}
