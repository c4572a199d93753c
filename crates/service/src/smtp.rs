//! Answers what SMTP sessions ask: mail from other servers, and from signed-in users.
//!
//! [`Answers`] is one connection: who is signed in, the envelope, and the message that is
//! coming in.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `smtp.rs` | the connection; who may send |
//! | `smtp/envelope.rs` | the envelope: who gets the message |
//! | `smtp/recipients.rs` | whether mail for an address is taken, and where it goes |
//! | `smtp/taking.rs` | the message, from its first octet until it is accepted |
//! | `smtp/believing.rs` | mail from other servers: who sent it, and whether that is so |
//! | `smtp/doors.rs` | who comes in from outside, how fast, and after what wait |
//! | `smtp/lists.rs` | block lists |
//! | `smtp/submission.rs` | a submission on its way: in order, and signed if it leaves |
//! | `smtp/sealing.rs` | mail of others that leaves again, sealed |
//! | `smtp/tablet.rs` | the old tablet, which gets reports in place of refusals |
//! | `smtp/forged.rs` | whether a submission names a sender that is not the account's |

mod believing;
mod doors;
mod envelope;
mod forged;
mod lists;
mod recipients;
mod sealing;
mod submission;
mod tablet;
mod taking;

use address::{Address, Password, ReversePath};
use bytes::Bytes;
use directory::{Account, Directory};
use events::Refusal;
use jiff::Timestamp;
use journal::Journal;
use net::{Answerer, Pieces, Wake};
use queue::Queue;
use session::RightEnd;
use smtp::{Piece, Question, Role, Smtp};
use store::Store;

use crate::Line;
use crate::fan_out::FanOut;
use crate::sending::Sending;
use crate::sign_in::Visitor;
use crate::trouble;
pub use believing::Believing;
pub use doors::Doors;
use envelope::Envelope;
use lists::Asking;
pub use lists::{BadList, Lists};
use taking::Taking;
pub use trust::strangers::Limits;

/// What SMTP connections have in common.
#[derive(Clone)]
pub struct Service {
    /// Where mail is.
    pub store: Store,
    /// Where mail waits.
    pub queue: Queue,
    /// Who is here, and who may send.
    pub directory: Directory,
    /// What happened.
    pub journal: Journal,
    /// What accounts send.
    pub sending: Sending,
    /// What brings mail from the queue to the accounts here. All connections and the
    /// task that runs it share one.
    pub fan_out: FanOut,
    /// Our name, for the `Received` field.
    pub host: String,
    /// How mail from other servers is judged.
    pub believing: Believing,
    /// Octets of the largest message that is taken.
    pub message_octets: u64,
    /// Whether the `Received` field of a submission names the user's device and address.
    pub name_clients: bool,
    /// What time it is.
    pub clock: fn() -> Timestamp,
}

/// Answers the questions of one SMTP session.
pub struct Answers {
    service: Service,
    role: Role,
    visitor: Visitor,
    envelope: Option<Envelope>,
    taking: Option<Taking>,
    /// Block lists, if the mail of this peer is judged.
    asking: Option<Asking>,
}

impl Answerer<Smtp> for Answers {
    async fn answer(&mut self, question: Question, pieces: &mut Pieces<Piece>) {
        let told = match question {
            Question::SignIn {
                name,
                password,
                encrypted,
                ..
            } => Ok(self.sign_in(&name, &password, encrypted).await),
            Question::Sender(sender) => {
                let told = self.admit_sender(sender).await;
                told.map(|()| Piece::Granted)
            }
            Question::Recipient(path, wishes) => {
                let told = self.admit_recipient(path, wishes).await;
                told.map(|()| Piece::Granted)
            }
            Question::Begin(begin) => self.begin(&begin).await.map(|()| Piece::Granted),
            Question::Accept => {
                let (judged, told) = self.accept().await;
                self.remember(judged.as_ref(), &told);
                if let Some(verdicts) = judged {
                    pieces.send(Piece::Judged(Box::new(verdicts))).await;
                }
                told
            }
            Question::Discard | Question::Reset => {
                self.taking = None;
                self.envelope = None;
                return;
            }
            Question::Unsigned {
                hello,
                sender,
                encrypted,
            } => {
                let rooms = (&self.service.directory, &self.service.journal);
                let (line, now) = (self.visitor.line(), self.now());
                let said = (hello.name, &sender);
                return line.note_unsigned(rooms, said, encrypted, now).await;
            }
        };
        pieces.send(told.unwrap_or_else(Piece::Refused)).await;
    }

    async fn body(&mut self, chunk: Bytes) {
        if let Some(taking) = &mut self.taking {
            taking.write(&chunk).await;
        }
    }

    /// The answer to a message that has come whole is cut by nothing: a device that sees
    /// the connection end without a reply may believe that the message was sent.
    fn right(&self) -> impl Future<Output = RightEnd> + Send + 'static {
        let right = self.taking.is_none().then(|| self.visitor.right());
        async move {
            match right {
                Some(right) => right.await,
                None => std::future::pending().await,
            }
        }
    }

    async fn woken(&mut self) -> Wake {
        Wake::RightEnded(self.visitor.ended().await)
    }
}

impl Answers {
    /// For this connection to this service.
    pub fn new(service: Service, role: Role, line: Line) -> Answers {
        let asking = match role {
            Role::Exchange => service.believing.begin(line.peer.ip()),
            Role::Submission => None,
        };
        Answers {
            asking,
            service,
            role,
            visitor: Visitor::new(line),
            envelope: None,
            taking: None,
        }
    }

    fn now(&self) -> Timestamp {
        (self.service.clock)()
    }

    /// Whose submission this is; none where mail comes from other servers.
    fn submitter(&self) -> Result<Option<&Account>, Refusal> {
        match self.role {
            Role::Exchange => Ok(None),
            Role::Submission => self.visitor.account().map(Some),
        }
    }

    async fn sign_in(&mut self, name: &str, password: &Password, encrypted: bool) -> Piece {
        let rooms = (&self.service.directory, &self.service.journal);
        let now = self.now();
        let who = (name, password);
        match self.visitor.sign_in(rooms, who, encrypted, now).await {
            Ok(account) => Piece::SignedIn {
                address: account.address.to_string(),
            },
            Err((refusal, reason)) => Piece::NotSignedIn { refusal, reason },
        }
    }

    /// Begins an envelope, if this sender may send a message of that size.
    async fn sender(&mut self, sender: smtp::Sender) -> Result<(), Refusal> {
        self.envelope = None;
        self.taking = None;
        let limit = self.service.message_octets;
        if sender.size.is_some_and(|size| size > limit) {
            return Err(Refusal::TooLarge { limit });
        }
        // A user's `<>` is fine: that is how read receipts are sent (RFC 8098 section 3).
        if let (Some(account), ReversePath::Address(address)) = (self.submitter()?, &sender.path) {
            self.check_sender(account, address).await?;
        }
        if let Some(account) = self.submitter()? {
            let (network, now) = (self.visitor.line().network(), self.now());
            let sending = &self.service.sending;
            sending.may_send(account.id, network, now).await?;
        }
        // Said before the message comes, so that it is not sent for nothing. It has an octet
        // at least.
        let size = sender.size.unwrap_or(1).max(1);
        let room = self.service.store.check_room(size);
        room.map_err(trouble::of_store)?;
        self.envelope = Some(Envelope::new(sender, self.now()));
        Ok(())
    }

    async fn check_sender(&self, account: &Account, address: &Address) -> Result<(), Refusal> {
        let found = self.service.directory.lookup(address).await;
        let found = found.map_err(trouble::of_directory)?;
        if routing::may_send_as(account, &found) {
            return Ok(());
        }
        Err(Refusal::SenderNotYours {
            sender: address.clone(),
        })
    }
}
