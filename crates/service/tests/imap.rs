//! The transcripts of IMAP, played against the real store and directory.
#![allow(clippy::unwrap_used, missing_docs)]

mod rooms;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use directory::AccountChange;
use imap::{Imap, Piece, Question, Settings};
use jiff::Timestamp;
use journal::Protocol;
use net::{Answerer, Wake};
use playback::{Machine, Player, Wire, World, check, transcripts};
use service::imap::{Answers, Service};
use session::sasl::Cleartext;
use tokio::runtime::Runtime;

use rooms::{Rooms, SECRET, ask, journal, line};

/// The service, as a transcript's player sees it.
struct Ours {
    answers: Answers,
    runtime: Arc<Runtime>,
}

impl World<Imap> for Ours {
    fn answer(&mut self, question: Question) -> Vec<Piece> {
        self.runtime.block_on(ask(&mut self.answers, question))
    }

    fn body(&mut self, chunk: Bytes) {
        self.runtime.block_on(self.answers.body(chunk));
    }

    fn changed(&mut self) -> bool {
        let woken =
            async { tokio::time::timeout(Duration::from_millis(1), self.answers.woken()).await };
        matches!(self.runtime.block_on(woken), Ok(Wake::Notice))
    }
}

async fn service(dir: &Path) -> Service {
    let rooms = Rooms::open(dir).await;
    for (address, old) in [("lea@exemple.fr", true), ("paul@exemple.fr", false)] {
        let account = rooms.add(address).await;
        let change = AccountChange {
            old_devices: Some(old),
            ..AccountChange::default()
        };
        rooms.directory.set(account.id, change).await.unwrap();
    }
    let Rooms { store, directory } = rooms;
    Service {
        store,
        directory,
        journal: journal(),
        message_octets: 26_214_400,
        clock: Timestamp::now,
    }
}

#[test]
fn every_transcript_is_what_the_service_says() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = Arc::new(runtime.unwrap());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../transcripts/imap");
    let mut wrong = Vec::new();
    for path in transcripts(&folder).unwrap() {
        let dir = tempfile::tempdir().unwrap();
        let service = runtime.block_on(service(dir.path()));
        let runtime = runtime.clone();
        let connect = move |endpoint: &str| -> io::Result<Box<dyn Wire>> {
            let session = Imap::new(Settings {
                host: "mail.exemple.fr".into(),
                cleartext: Cleartext::ByAccount,
            });
            let world = Ours {
                answers: Answers::new(service.clone(), line(Protocol::Imap)),
                runtime: runtime.clone(),
            };
            Ok(match endpoint {
                "imap" => Box::new(Machine::new(session, world)),
                _ => Box::new(Machine::secured(session, world)),
            })
        };
        let mut player = Player::new("imap", connect)
            .know("user", "lea@exemple.fr")
            .know("modern", "paul@exemple.fr")
            .know("password", SECRET)
            .know("plain", "AGxlYUBleGVtcGxlLmZyAHVuZSBmbGV1ciBkZSB0aWxsZXVs");
        if let Err(error) = check(&path, &mut player) {
            wrong.push(error.to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
