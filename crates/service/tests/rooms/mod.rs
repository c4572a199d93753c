//! The real rooms below the service, for a test, and how a question is put to an answerer.

use std::path::Path;
use std::sync::Arc;

use address::Password;
use directory::{Account, Argon2Cost, Directory, NewAccount, Settings};
use jiff::Timestamp;
use net::{Answerer, Pieces};
use session::Session;
use store::Store;

/// Everybody's password.
pub(crate) const SECRET: &str = "une fleur de tilleul";

/// What is kept, of the domain `exemple.fr`.
pub(crate) struct Rooms {
    pub(crate) store: Store,
    pub(crate) directory: Directory,
}

impl Rooms {
    /// New ones, the bodies in this folder.
    pub(crate) async fn open(dir: &Path) -> Rooms {
        let kv: Arc<dyn kv::Kv> = Arc::new(kv::memory::Memory::default());
        let store = Store::new(kv.clone(), blob::Blobs::open(dir).unwrap());
        let settings = Settings {
            cost: Argon2Cost::new(8, 1, 1).unwrap(),
            ..Settings::default()
        };
        let directory = Directory::new(kv, &settings);
        let domain = "exemple.fr".parse().unwrap();
        let added = directory.add_domain(&domain, Timestamp::now()).await;
        added.unwrap();
        Rooms { store, directory }
    }

    /// A new account.
    pub(crate) async fn add(&self, address: &str) -> Account {
        let new = NewAccount {
            address: address.parse().unwrap(),
            password: Password::new(SECRET),
            name: None,
            quota: None,
            language: words::Language::French,
        };
        let now = Timestamp::now();
        let account = self.directory.add_account(new, now).await.unwrap();
        self.store.create_account(account.id, now).await.unwrap();
        account
    }
}

/// The pieces of one answer.
pub(crate) async fn ask<S: Session>(
    answers: &mut impl Answerer<S>,
    question: S::Question,
) -> Vec<S::Piece> {
    let (mut pieces, mut taken) = Pieces::channel();
    let answer = async {
        answers.answer(question, &mut pieces).await;
        drop(pieces);
    };
    let take = async {
        let mut all = Vec::new();
        while let Some(piece) = taken.recv().await {
            all.push(piece);
        }
        all
    };
    tokio::join!(answer, take).1
}

/// A journal that forgets.
pub(crate) fn journal() -> journal::Journal {
    journal::Journal::new(Arc::new(kv::memory::Memory::default()), 1)
}

/// A connection from somewhere.
pub(crate) fn line(protocol: journal::Protocol) -> service::Line {
    service::Line {
        protocol,
        peer: ([192, 0, 2, 1], 50_000).into(),
        port: 587,
        session: 1,
    }
}
