//! What each command does. RFC 5321 sections 3.3 and 4.1.

use events::{Event, Refusal};
use session::Step;

use super::{Asked, Role, Smtp, State};
use crate::device::greets_as_old_tablet;
use crate::dsn::Wishes;
use crate::hold::{self, Hold};
use crate::limits;
use crate::question::{Begin, ForwardPath, Hello, Question, Sender};
use crate::say::{Fault, News};
use crate::wire::{Command, REQUIRETLS};

impl Smtp {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Hello(hello) => self.idle(|this| this.hello(hello)),
            Command::Mail(sender) => self.mail(sender),
            Command::Rcpt { path, wishes, utf8 } => self.rcpt(path, wishes, utf8),
            Command::Data => self.data(),
            Command::Bdat(chunk) => self.bdat(chunk),
            Command::Rset => self.idle(|this| this.forget(News::Fine.reply(), false)),
            Command::StartTls => self.start_tls(),
            Command::Auth { mechanism, initial } => self.auth(&mechanism, initial.as_ref()),
            Command::Noop => self.idle(|this| this.news(&News::Fine)),
            Command::Help => self.idle(|this| this.news(&News::Help)),
            Command::Vrfy => self.idle(|this| this.news(&News::Perhaps)),
            Command::Quit => self.say_and_close(&News::Bye.reply()),
        }
    }

    fn hello(&mut self, hello: Hello) {
        self.note(Event::Greeted {
            name: hello.name.clone(),
        });
        let host = self.settings.host.clone();
        let news = if hello.extended {
            News::Extensions {
                host,
                keywords: self.keywords(),
            }
        } else {
            News::Hello { host }
        };
        self.peer.hello = Some(hello);
        // Saying hello again is a reset (RFC 5321 section 4.1.4).
        self.forget(news.reply(), false);
    }

    /// What is offered now. Old devices look for these words in capitals.
    fn keywords(&self) -> Vec<String> {
        let mut keywords = vec![
            "PIPELINING".to_owned(),
            format!("SIZE {}", self.settings.max_octets),
            "8BITMIME".to_owned(),
            "ENHANCEDSTATUSCODES".to_owned(),
            "SMTPUTF8".to_owned(),
            "CHUNKING".to_owned(),
            "DSN".to_owned(),
            // RFC 9422: what is beyond is not refused for good.
            format!("LIMITS RCPTMAX={}", self.max_recipients()),
        ];
        if self.peer.encryption.is_some() {
            keywords.push(REQUIRETLS.to_owned());
        }
        if self.settings.role == Role::Submission {
            // Without a least time: whether it was enough is seen at its end.
            keywords.push("DELIVERBY".to_owned());
            keywords.push(hold::keyword(self.settings.begun));
        }
        if self.peer.encryption.is_none() {
            keywords.push("STARTTLS".to_owned());
        }
        if self.settings.role == Role::Submission && self.may_sign_in() {
            keywords.push("AUTH PLAIN LOGIN".to_owned());
        }
        keywords
    }

    /// How many recipients a message may have.
    fn max_recipients(&self) -> usize {
        self.settings.max_recipients.min(limits::RECIPIENTS)
    }

    fn mail(&mut self, mut sender: Sender) {
        let limit = self.settings.max_octets;
        let Some(hello) = &self.peer.hello else {
            return self.fault(&Fault::HelloFirst);
        };
        sender.old_tablet &= greets_as_old_tablet(hello);
        if self.settings.role == Role::Submission && !self.peer.signed_in {
            let unsigned = Question::Unsigned {
                hello: hello.clone(),
                sender: sender.path,
                encrypted: self.peer.encryption.is_some(),
            };
            self.ask(Asked::Unsigned, unsigned);
        } else if self.envelope.is_some() {
            self.fault(&Fault::SenderAlready);
        } else if sender.require_tls && self.peer.encryption.is_none() {
            let name = REQUIRETLS.to_owned();
            self.fault(&Fault::UnknownParameter { name });
        } else if sender.size.is_some_and(|size| size > limit) {
            self.refuse(&Refusal::TooLarge { limit });
        } else if let Some(hold) = sender.hold
            && !hold.is_offered(self.settings.begun)
        {
            self.fault(&Fault::Parameter {
                name: match hold {
                    Hold::For(_) => "HOLDFOR",
                    Hold::Until(_) => "HOLDUNTIL",
                },
            });
        } else {
            let asked = Asked::Sender {
                smtputf8: sender.smtputf8,
            };
            self.ask(asked, Question::Sender(sender));
        }
    }

    fn rcpt(&mut self, path: ForwardPath, wishes: Wishes, utf8: bool) {
        let most = self.max_recipients();
        match &mut self.envelope {
            None => self.fault(&Fault::SenderFirst),
            Some(envelope) if envelope.chunks.are_begun() => {
                self.fault(&Fault::InsideMessage { command: "RCPT" });
            }
            Some(envelope) if utf8 && !envelope.smtputf8 => {
                envelope.refused = true;
                self.fault(&Fault::Utf8Address);
            }
            Some(envelope) if envelope.recipients >= most => {
                self.fault(&Fault::TooManyRecipients { most });
            }
            Some(_) => self.ask(Asked::Recipient, Question::Recipient(path, wishes)),
        }
    }

    fn data(&mut self) {
        if let Some(envelope) = &self.envelope
            && envelope.chunks.are_begun()
        {
            return self.fault(&Fault::InsideMessage { command: "DATA" });
        }
        match self.begin_message() {
            Ok(begin) => self.ask(Asked::Begin, Question::Begin(begin)),
            Err(fault) => self.fault(&fault),
        }
    }

    /// What is said of a message that may come now.
    pub(super) fn begin_message(&self) -> Result<Begin, Fault> {
        let (Some(envelope), Some(hello)) = (&self.envelope, &self.peer.hello) else {
            return Err(Fault::SenderFirst);
        };
        match envelope.recipients {
            // A peer that pipelines says DATA before it knows (RFC 2920 section 3.1).
            0 if envelope.refused => Err(Fault::NoValidRecipient),
            0 => Err(Fault::RecipientFirst),
            _ => Ok(Begin {
                hello: hello.clone(),
                encryption: self.peer.encryption.clone(),
                signed_in: self.peer.signed_in,
                smtputf8: envelope.smtputf8,
            }),
        }
    }

    fn start_tls(&mut self) {
        if self.peer.encryption.is_some() {
            return self.fault(&Fault::EncryptedAlready);
        }
        if self.peer.signed_in {
            return self.fault(&Fault::SignedInAlready);
        }
        if self.envelope.is_some() {
            return self.fault(&Fault::InsideEnvelope {
                command: "STARTTLS",
            });
        }
        self.news(&News::BeginTls);
        self.out.push_back(Step::Secure);
        // Commands that came with it may have been put there by somebody else.
        self.inbox.clear();
        self.state = State::Securing;
    }
}
