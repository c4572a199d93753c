//! One line a session in the log, which a person can read.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Instant;

use address::Address;
use events::Event;
use net::Summary;
use service::Line;

/// Gathers what one session did, then says it.
#[derive(Debug)]
pub(crate) struct Journal {
    service: &'static str,
    peer: SocketAddr,
    /// Its number, by which what happened on it is known elsewhere.
    session: u64,
    began: Instant,
    story: String,
    account: Option<String>,
    read: u64,
    messages_read: u64,
    bad_commands: u32,
}

/// Longest story kept of one session, in octets: enough for a dozen steps.
const STORY: usize = 2048;

impl Journal {
    pub(crate) fn new(service: &'static str, line: &Line) -> Journal {
        Journal {
            service,
            peer: line.peer,
            session: line.session,
            began: Instant::now(),
            story: String::new(),
            account: None,
            read: 0,
            messages_read: 0,
            bad_commands: 0,
        }
    }

    /// Takes one event. What repeats is counted, not written.
    pub(crate) fn note(&mut self, event: Event) {
        match event {
            Event::Read { octets } => {
                self.read += octets;
                self.messages_read += 1;
            }
            Event::BadCommand => self.bad_commands += 1,
            Event::Greeted { name } => self.tell(format_args!("greeted as {name:?}")),
            Event::SignedIn { address } => {
                self.tell(format_args!("signed in"));
                self.account = Some(address);
            }
            Event::SignInRefused { name, reason } => {
                // What is no address may be a password, typed into the wrong field.
                let who = match name.parse::<Address>() {
                    Ok(address) => address.to_string(),
                    Err(_) => "no address".to_owned(),
                };
                self.tell(format_args!("sign-in of {who} refused: {reason:?}"));
            }
            Event::Refused(refusal) => self.tell(format_args!("refused: {refusal:?}")),
            Event::Judged(verdicts) => self.tell(format_args!("judged: {verdicts}")),
            Event::Delivered { id, recipients } => {
                self.tell(format_args!("delivered {id} to {recipients}"));
            }
            Event::Queued { id, recipients } => {
                self.tell(format_args!("queued {id} for {recipients}"));
            }
            Event::Sorted {
                unwanted,
                messages,
                shown,
            } => {
                let (put, place) = match unwanted {
                    true => ("put", "into"),
                    false => ("took", "out of"),
                };
                self.tell(format_args!("{put} {messages} {place} Junk"));
                for one in shown {
                    match one.verdicts {
                        Some(verdicts) => self.tell(format_args!("{} ({verdicts})", one.id)),
                        None => self.tell(format_args!("{} (not judged)", one.id)),
                    }
                }
            }
            Event::Removed { messages } => self.tell(format_args!("removed {messages}")),
        }
    }

    fn tell(&mut self, what: std::fmt::Arguments<'_>) {
        if self.story.len() > STORY {
            return;
        }
        if !self.story.is_empty() {
            self.story.push_str(", ");
        }
        // Writing to a String can't fail.
        let _ = write!(self.story, "{what}");
    }

    /// Writes the line.
    pub(crate) fn end(mut self, summary: &Summary) {
        if self.messages_read > 0 {
            let (messages, octets) = (self.messages_read, self.read);
            self.tell(format_args!("read {messages} ({octets} octets)"));
        }
        if self.bad_commands > 0 {
            let count = self.bad_commands;
            self.tell(format_args!("{count} commands not understood"));
        }
        if let Some(error) = &summary.broken {
            self.tell(format_args!("broken off: {error}"));
        }
        let tls = summary.encryption.as_ref();
        tracing::info!(
            service = self.service,
            peer = %self.peer,
            session = %format_args!("{:016x}", self.session),
            account = self.account,
            tls = tls.map(|tls| tls.version.name()),
            octets_in = summary.octets_in,
            octets_out = summary.octets_out,
            ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "{}",
            if self.story.is_empty() { "nothing said" } else { &self.story }
        );
    }
}
