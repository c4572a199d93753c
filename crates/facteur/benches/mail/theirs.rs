//! Postfix with Dovecot behind it.

use std::net::SocketAddr;
use std::time::Duration;

use testbed::Mta;

use crate::counter;
use crate::server::{Door, Server};

/// How often it is asked what it keeps: that is some CPU, which isn't counted but taken.
const BETWEEN: Duration = Duration::from_millis(250);

pub(crate) struct Theirs(Mta);

impl Theirs {
    pub(crate) fn start(relay: Option<SocketAddr>) -> Theirs {
        Theirs(Mta::postfix_and_dovecot(relay, counter().as_deref()))
    }
}

impl Server for Theirs {
    fn pid(&self) -> u32 {
        self.0.pid().unwrap()
    }

    fn taking(&self) -> Door {
        Door {
            address: self.0.address(),
            sender: "lea@sender.test".to_owned(),
            sign_in: None,
        }
    }

    fn submitting(&self) -> Door {
        Door {
            sender: "user0@mx.test".to_owned(),
            ..self.taking()
        }
    }

    fn wait_until_kept(&self, messages: u64) {
        while self.kept() < messages {
            std::thread::sleep(BETWEEN);
        }
    }

    fn kept(&self) -> u64 {
        self.0.kept() as u64
    }
}
