//! Our own server's side, over real sockets and real TLS.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use delivery::peer::{Failure, Peer, Policy, Settings, Tls};
use events::Refusal;
use net::{Answerer, Drive, Pieces, Wake, Wire};
use session::RightEnd;
use session::sasl::Cleartext;
use smtp::client::{Credentials, Fate, Obstacle};
use smtp::{ForwardPath, Piece, Question, Role, Smtp};
use tempfile::TempDir;
use tls::{Fault, Greeter, HandshakeError, Trust, make_authority};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::common::{accepted, doors, message, settings, target};

/// Our server, for one connection after the other.
struct Server {
    folder: TempDir,
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    fn start(role: Role, at_once: bool) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let files = make_authority(folder.path(), &["mx.test".to_owned()]).unwrap();
        let greeter = Greeter::load(&files.certificate, &files.key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let post = Post {
            taken: taken.clone(),
            coming: Vec::new(),
        };
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serve(Wire::Plain(stream), role, at_once, &greeter, post.clone()).await;
            }
        });
        Server {
            folder,
            address,
            taken,
            task,
        }
    }

    async fn open(&self, policy: &Policy, settings: &Settings) -> Result<Peer, Failure> {
        let doors = doors(Some(&self.folder.path().join("authority.pem")));
        Peer::open(&doors, &target(self.address), policy, settings).await
    }
}

async fn serve(wire: Wire, role: Role, at_once: bool, greeter: &Greeter, post: Post) {
    let session = Smtp::new(smtp::Settings {
        role,
        host: "mx.test".to_owned(),
        cleartext: Cleartext::Forbidden,
        max_octets: 1_000_000,
        begun: jiff::Timestamp::UNIX_EPOCH,
        max_recipients: smtp::limits::RECIPIENTS,
    });
    let (_stop, stopping) = watch::channel(false);
    let (wire, encryption) = match at_once {
        true => match wire.secure(greeter).await {
            Ok((wire, encryption)) => (wire, Some(encryption)),
            Err(_) => return,
        },
        false => (wire, None),
    };
    let mut drive = Drive {
        greeter,
        stopping,
        note: |_| {},
    };
    Box::pin(drive.run(session, post, wire, encryption)).await;
}

/// Takes what is for `exemple.org`, and keeps it.
#[derive(Clone)]
struct Post {
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
    coming: Vec<u8>,
}

impl Answerer<Smtp> for Post {
    async fn answer(&mut self, question: Question, pieces: &mut Pieces<Piece>) {
        let piece = match question {
            Question::SignIn { name, .. } => Piece::SignedIn { address: name },
            Question::Recipient(ForwardPath::Address(recipient), _)
                if recipient.domain().as_str() != "exemple.org" =>
            {
                Piece::Refused(Refusal::NotHosted { recipient })
            }
            Question::Sender(_) | Question::Recipient(..) | Question::Begin(_) => Piece::Granted,
            Question::Accept => {
                let message = std::mem::take(&mut self.coming);
                self.taken.lock().unwrap().push(message);
                Piece::Accepted {
                    id: "1a2b".to_owned(),
                    delivered: 1,
                    queued: 0,
                }
            }
            Question::Discard | Question::Reset | Question::Unsigned { .. } => {
                return self.coming.clear();
            }
        };
        let _ = pieces.send(piece).await;
    }

    async fn body(&mut self, chunk: Bytes) {
        self.coming.extend_from_slice(&chunk);
    }

    fn right(&self) -> impl Future<Output = RightEnd> + Send + 'static {
        std::future::pending()
    }

    fn woken(&mut self) -> impl Future<Output = Wake> + Send {
        std::future::pending()
    }
}

fn demanded(names: &[&str]) -> Policy {
    Policy {
        tls: Tls::Demanded,
        trust: Trust::Names(names.iter().map(|&name| name.to_owned()).collect()),
    }
}

#[tokio::test]
async fn a_message_arrives_as_it_was_under_tls() {
    let server = Server::start(Role::Exchange, false);
    let mut peer = server
        .open(&Policy::opportunistic(), &settings())
        .await
        .unwrap();
    assert_eq!(peer.encryption().unwrap().version.name(), "TLSv1.3");
    let to = ["a@exemple.org", "b@elsewhere.test"];
    let outcome = peer
        .send(message(&to, &[b"Subject: x\r\n\r\n.\r\n.", b".x\r\n"]))
        .await;
    assert_eq!(accepted(&outcome), [true, false]);
    assert!(outcome.dsn);
    // A second one on the same connection, larger than anything that is gathered.
    let piece = [&[b'.'; 70][..], b"\r\n"].concat().repeat(500);
    let outcome = peer
        .send(message(&["a@exemple.org"], &[&piece[..]; 20]))
        .await;
    assert_eq!(accepted(&outcome), [true]);
    let outcome = peer
        .send(message(&["a@exemple.org"], &[&piece[..]; 40]))
        .await;
    let too_large = Fate::Impossible(Obstacle::TooLarge { most: 1_000_000 });
    assert_eq!(outcome.fates, [too_large]);
    peer.close().await;
    let taken = server.taken.lock().unwrap();
    let top = b"Received: by mail.exemple.fr\r\n";
    assert_eq!(
        taken[0],
        [&top[..], b"Subject: x\r\n\r\n.\r\n..x\r\n"].concat()
    );
    assert_eq!(taken[1], [&top[..], &piece.repeat(20)].concat());
    assert_eq!(taken.len(), 2);
}

#[tokio::test]
async fn a_name_that_is_demanded_is_verified() {
    let server = Server::start(Role::Exchange, false);
    let opened = server.open(&demanded(&["mx.test"]), &settings()).await;
    assert!(opened.unwrap().takes_more());
    let policy = demanded(&["other.test"]);
    let failure = server.open(&policy, &settings()).await.unwrap_err();
    assert!(matches!(
        &failure,
        Failure::Handshake(HandshakeError::Certificate(Fault::OtherName))
    ));
    assert!(!policy.may_go_in_clear(&failure));
}

#[tokio::test]
async fn mail_goes_through_a_smarthost() {
    let credentials = Credentials {
        name: "lea@exemple.fr".to_owned(),
        password: address::Password::new("une fleur de tilleul"),
    };
    let settings = Settings {
        credentials: Some(credentials),
        ..settings()
    };
    for (at_once, tls) in [(false, Tls::Demanded), (true, Tls::AtOnce)] {
        let server = Server::start(Role::Submission, at_once);
        let policy = Policy {
            tls,
            ..demanded(&["mx.test"])
        };
        let mut peer = server.open(&policy, &settings).await.unwrap();
        let outcome = peer.send(message(&["a@exemple.org"], &[b"\r\nx"])).await;
        assert_eq!(accepted(&outcome), [true]);
    }
}
