//! Two nodes on which people work without a pause, and on which bodies are collected all the
//! while: nothing is lost, and in the end nothing is left that nobody needs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use address::AccountId;
use kv::Kv;
use kv::memory::Memory;
use store::{MailboxId, Uid, UidSet};

use crate::world::{INBOX, Node, message};
use crate::{EAGER, world};

/// What a pass waits for, many times what a delivery here takes.
const GRACE: Duration = Duration::from_secs(3);
/// How long people work.
const WORK: Duration = Duration::from_secs(16);
const PEOPLE: u64 = 6;
/// Messages that come together.
const BURST: usize = 6;

type Held = BTreeMap<(MailboxId, Uid), Vec<u8>>;

/// One who works on both nodes at the same time, and knows what must be there then.
async fn work(nodes: [Node; 2], account: u64) -> Held {
    let (mut held, mut number) = (Held::new(), 0);
    let id = AccountId(account);
    let archive = nodes[0].store.mailboxes(id).await.unwrap()[1].id;
    let begun = Instant::now();
    while begun.elapsed() < WORK {
        number += 1;
        let node = &nodes[usize::from(number % 2 == 0)];
        let text = format!("{account}-{number}");
        let texts: Vec<String> = (0..BURST).map(|one| format!("{text}-{one}")).collect();
        let mut came = node.burst(&texts, 200).await;
        let incoming = came.remove(0);
        // Some records take their time.
        tokio::time::sleep(Duration::from_millis(number % 5 * 40)).await;
        // Of what came with it one stays.
        for (text, incoming) in texts[1..].iter().zip(&came) {
            let uid = node.deliver(account, incoming, None).await.unwrap();
            if text.ends_with("-1") {
                held.insert((INBOX, uid), message(text, 200));
            } else {
                node.remove(account, &[uid].into_iter().collect()).await;
            }
        }
        let text = &texts[0];
        if number % 3 == 0 {
            // Brought round by the other node.
            let number = account * 100_000 + number;
            let entry = node.enqueue(number, &incoming, &[account]).await;
            drop(incoming);
            nodes[usize::from(number % 2 == 1)]
                .bring_round(entry.id)
                .await;
        } else {
            node.deliver(account, &incoming, None).await.unwrap();
        }
        let (uid, _) = *node.records(account, INBOX).await.last().unwrap();
        let only: UidSet = [uid].into_iter().collect();
        match number % 4 {
            0 => {
                let moved = node
                    .store
                    .move_messages(id, INBOX, &only, archive, world::at(0));
                let (_, uid) = moved.await.unwrap().pairs[0];
                held.insert((archive, uid), message(text, 200));
            }
            1 => {
                let copied = node
                    .store
                    .copy(id, INBOX, &only, archive, None, world::at(0));
                let (_, copy) = copied.await.unwrap().pairs[0];
                node.remove(account, &only).await;
                held.insert((archive, copy), message(text, 200));
            }
            2 => node.remove(account, &only).await,
            _ => drop(held.insert((INBOX, uid), message(text, 200))),
        }
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn while_people_work_on_two_nodes_nothing_is_lost() {
    let server = testbed::S3::start();
    let index: Arc<dyn Kv> = Arc::new(Memory::default());
    let nodes = [
        Node::new(&index, &server.endpoint(), GRACE).await,
        Node::new(&index, &server.endpoint(), GRACE).await,
    ];
    let mut people = Vec::new();
    for account in 1..=PEOPLE {
        nodes[0].account(account).await;
        people.push(tokio::spawn(work(nodes.clone(), account)));
    }
    let enough = Arc::new(AtomicBool::new(false));
    let collecting = nodes.clone().map(|node| {
        let enough = enough.clone();
        tokio::spawn(async move {
            let mut done = (0, 0);
            while !enough.load(Ordering::Relaxed) {
                let pass = node.pass(&EAGER).await.unwrap();
                done = (done.0 + pass.removed, done.1 + pass.moved);
            }
            done
        })
    });
    let mut all = Vec::new();
    for person in people {
        all.push(person.await.unwrap());
    }
    enough.store(true, Ordering::Relaxed);
    let (mut removed, mut moved) = (0, 0);
    for node in collecting {
        let done = node.await.unwrap();
        removed += done.0;
        moved += done.1;
    }
    assert!(removed > 10 && moved > 10, "{removed} {moved}");
    nodes[0].collect().await;
    let mut named = 0;
    for (account, held) in (1..).zip(all) {
        named += held.len();
        let mailboxes = nodes[0].store.mailboxes(AccountId(account)).await.unwrap();
        let mut found = Held::new();
        for mailbox in mailboxes.iter().map(|mailbox| mailbox.id) {
            let messages = nodes[1].messages(account, mailbox).await;
            found.extend(
                messages
                    .into_iter()
                    .map(|(uid, text)| ((mailbox, uid), text)),
            );
        }
        assert!(found == held, "account {account} is not what was done");
    }
    nodes[0].needs_all().await;
    println!("{named} messages kept; {removed} objects removed meanwhile, {moved} bodies moved");
}
