//! The transcripts of IMAP, played against the real store and directory.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use address::{Address, Password};
use bytes::Bytes;
use directory::{AccountChange, Argon2Cost, Directory, NewAccount};
use imap::{Imap, Piece, Question, Settings};
use jiff::Timestamp;
use net::{Answerer, Pieces, Wake};
use playback::{Machine, Player, Wire, World, check, transcripts};
use service::imap::{Answers, Service};
use session::sasl::Cleartext;
use store::Store;
use tokio::runtime::Runtime;

const SECRET: &str = "une fleur de tilleul";

/// The service, as a transcript's player sees it.
struct Ours {
    answers: Answers,
    runtime: Arc<Runtime>,
}

impl World<Imap> for Ours {
    fn answer(&mut self, question: Question) -> Vec<Piece> {
        let (mut pieces, mut taken) = Pieces::channel();
        let answer = async {
            self.answers.answer(question, &mut pieces).await;
            drop(pieces);
        };
        let take = async {
            let mut all = Vec::new();
            while let Some(piece) = taken.recv().await {
                all.push(piece);
            }
            all
        };
        self.runtime
            .block_on(async { tokio::join!(answer, take).1 })
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
    let kv: Arc<dyn kv::Kv> = Arc::new(kv::memory::Memory::default());
    let store = Store::new(kv.clone(), blob::Blobs::open(dir).unwrap());
    let settings = directory::Settings {
        cost: Argon2Cost::new(8, 1, 1).unwrap(),
        ..directory::Settings::default()
    };
    let directory = Directory::new(kv, &settings);
    let now = Timestamp::now();
    let domain = "exemple.fr".parse().unwrap();
    directory.add_domain(&domain, now).await.unwrap();
    for (address, old) in [("lea@exemple.fr", true), ("paul@exemple.fr", false)] {
        let address: Address = address.parse().unwrap();
        let new = NewAccount {
            address,
            password: Password::new(SECRET),
            name: None,
            quota: None,
            language: words::Language::French,
        };
        let account = directory.add_account(new, now).await.unwrap();
        store.create_account(account.id, now).await.unwrap();
        let change = AccountChange {
            old_devices: Some(old),
            ..AccountChange::default()
        };
        directory.set(account.id, change).await.unwrap();
    }
    Service {
        store,
        directory,
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
                answers: Answers::new(service.clone(), [127, 0, 0, 1].into()),
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
