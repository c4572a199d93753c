//! Bodies that are broken, and bodies that are elsewhere.

use std::path::PathBuf;

use blob::{Blobs, BodyRef, Moved};
use futures_util::FutureExt;

use super::{ACCOUNT, World};
use crate::tests::invariants::faults;
use crate::{Bodies, Store};

impl World {
    /// The file of the bodies, with a bit of this text flipped.
    fn flip(&self, text: &str) -> PathBuf {
        let segment = std::fs::read_dir(self.dir.path()).unwrap();
        let mut files = segment.map(|entry| entry.unwrap().path());
        let file = files.find(|path| path.extension().is_some_and(|end| end == "shared"));
        let file = file.unwrap();
        let mut octets = std::fs::read(&file).unwrap();
        let mut parts = octets.windows(text.len());
        let at = parts.position(|part| part == text.as_bytes()).unwrap();
        octets[at] ^= 1;
        std::fs::write(&file, &octets).unwrap();
        file
    }
}

#[tokio::test]
async fn a_body_that_is_elsewhere_by_now_is_read_there() {
    let world = World::new().await;
    let text = "Subject: 8\r\n\r\n";
    let mut bodies: Vec<BodyRef> = Vec::new();
    let shown = world.store.bodies(ACCOUNT, |body| bodies.push(body)).await;
    shown.unwrap();
    bodies.sort();
    let old = bodies.remove(7);
    // The first of that text is the one that is broken.
    let new = world.incoming(text).await.body;
    assert_eq!(new.hash(), old.hash());
    world.flip(text);
    assert_eq!(world.faults().await.len(), 2);
    let moved = Moved::from_iter([(old, new)]);
    let show = |progress: crate::Progress| {
        // All messages were seen, and no body was read.
        if progress.messages == 15 && progress.octets == 0 {
            let relocated = world.store.relocate(ACCOUNT, &moved).now_or_never();
            assert!(relocated.unwrap().is_ok());
        }
    };
    let checked = world.store.check(ACCOUNT, Bodies::Read, show).await;
    assert_eq!(checked.unwrap().faults, []);
}

#[tokio::test]
async fn a_flipped_bit_in_a_body_is_found_and_a_body_that_is_missing() {
    let world = World::new().await;
    let file = world.flip("Subject: 8\r\n");
    let found = world.faults().await;
    assert_eq!(found.len(), 2);
    assert!(
        found[0].starts_with("account 3, mailbox 1 (\"INBOX\"), UID 8: the message of 14 octets: ")
    );
    assert!(
        found[1].starts_with("account 3, mailbox 6 (\"other\"), UID 1: the message of 14 octets: ")
    );
    let passed = faults(&world.store, ACCOUNT, Bodies::Pass).await;
    assert_eq!(passed, Vec::<String>::new());
    // Opened anew without that file.
    let World { kv, store, dir, .. } = world;
    drop(store);
    std::fs::remove_file(&file).unwrap();
    let store = Store::new(kv, Blobs::open(dir.path()).unwrap());
    let found = faults(&store, ACCOUNT, Bodies::Read).await;
    assert_eq!(found.len(), 15);
    assert!(found[0].ends_with("the file is not there"), "{}", found[0]);
}
