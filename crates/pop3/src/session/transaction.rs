//! What each command does once signed in. RFC 1939 sections 5 to 7.

use session::Moment;

use super::{Pop3, State};
use crate::listing::{Listing, What};
use crate::maildrop::{Maildrop, NoMessage};
use crate::question::{Message, Question};
use crate::reply::{Reply, err, ok};
use crate::session::answers::Reading;
use crate::wire::Command;

impl Pop3 {
    pub(super) fn transact(&mut self, mut maildrop: Maildrop, command: &Command) {
        let reply = match *command {
            Command::Retr { number } => return self.read(maildrop, number, None),
            Command::Top { number, lines } => return self.read(maildrop, number, Some(lines)),
            Command::List { number: None } => return self.list(maildrop, What::Sizes),
            Command::Uidl { number: None } => return self.list(maildrop, What::UniqueIds),
            Command::Quit => return self.quit(&maildrop),
            Command::Capa => {
                self.state = State::Transaction(maildrop);
                return self.capabilities(false);
            }
            Command::List {
                number: Some(number),
            } => line(maildrop.get(number), |message| {
                format!("{number} {}", message.size)
            }),
            Command::Uidl {
                number: Some(number),
            } => line(maildrop.get(number), |message| {
                format!("{number} {}", maildrop.unique_id(message))
            }),
            Command::Stat => {
                let (count, octets) = maildrop.stat();
                ok(format!("{count} {octets}"))
            }
            Command::Dele { number } => match maildrop.mark(number) {
                Ok(()) => ok(format!("Message {number} is removed at QUIT")),
                Err(none) => err(none.to_string()),
            },
            Command::Rset => {
                maildrop.unmark_all();
                ok("Nothing is marked")
            }
            Command::Noop => ok("Still here"),
            Command::User { .. } | Command::Pass { .. } | Command::Auth { .. } => {
                err("You are signed in")
            }
            Command::Stls => err("Too late for TLS: you are signed in"),
        };
        self.state = State::Transaction(maildrop);
        self.say(&reply);
    }

    fn read(&mut self, maildrop: Maildrop, number: u32, lines: Option<u64>) {
        match maildrop.get(number) {
            Err(none) => {
                self.state = State::Transaction(maildrop);
                self.say(&err(none.to_string()));
            }
            Ok(message) => {
                let reading = Reading::new(number, message, lines);
                self.state = State::Reading { maildrop, reading };
                self.go_on_reading();
            }
        }
    }

    fn list(&mut self, maildrop: Maildrop, what: What) {
        let (listing, first) = Listing::begin(what, &maildrop);
        self.state = State::Listing { maildrop, listing };
        self.send(first);
    }

    /// Says the next stretch of a LIST or UIDL.
    pub(super) fn go_on_listing(&mut self, now: Moment) {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Listing { maildrop, listing } => {
                let (text, rest) = listing.stretch(&maildrop);
                self.send(text);
                self.silent_since = now;
                self.state = match rest {
                    Some(listing) => State::Listing { maildrop, listing },
                    None => State::Transaction(maildrop),
                };
            }
            state => self.state = state,
        }
    }

    /// QUIT: what was marked goes now, and only now. RFC 1939 section 6.
    fn quit(&mut self, maildrop: &Maildrop) {
        let uids = maildrop.marked();
        if uids.is_empty() {
            return self.say_and_close(&ok("Bye"));
        }
        self.state = State::Updating { answer: None };
        self.ask(Question::Remove { uids });
    }
}

/// The reply that is about one message.
fn line(message: Result<Message, NoMessage>, text: impl FnOnce(Message) -> String) -> Reply {
    match message {
        Ok(message) => ok(text(message)),
        Err(none) => err(none.to_string()),
    }
}
