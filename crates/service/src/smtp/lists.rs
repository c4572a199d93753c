//! The block lists that are set: what they say of a peer is asked while it introduces
//! itself.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use address::Domain;
use dns::Resolver;
use events::Refusal;
use futures_util::future::join_all;
use thiserror::Error;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use trust::{Action, BlockList, Listing};

use super::believing::Asked;

/// Lists that may be set: each is a question for each connection.
const LISTS: usize = 16;

/// The lists that are asked. A clone is the same.
#[derive(Clone, Debug)]
pub struct Lists(Arc<[List]>);

#[derive(Debug)]
struct List {
    list: BlockList,
    /// Its last answer was of no use, and the operator was told.
    is_useless: AtomicBool,
}

/// Why lists can't be asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadList {
    /// One is not written as one.
    #[error("{0:?} is no name of a list with `refuse`, `junk` or `note` behind it")]
    Text(String),
    /// There are more than anybody needs.
    #[error("there are more than {LISTS} of them")]
    TooMany,
}

/// What a list says of a peer that is on it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) list: Domain,
    pub(super) action: Action,
    reason: Option<String>,
}

/// Lists that are being asked; no more when this is dropped.
#[derive(Debug)]
pub(super) struct Asking {
    task: Option<JoinHandle<Vec<Found>>>,
    found: Vec<Found>,
}

impl Lists {
    /// Lists, each as `NAME ACTION`.
    ///
    /// # Errors
    /// One is not so, or they are too many.
    pub fn new(texts: &[String]) -> Result<Lists, BadList> {
        if texts.len() > LISTS {
            return Err(BadList::TooMany);
        }
        let read = |text: &String| match text.parse() {
            Ok(list) => Ok(List {
                list,
                is_useless: AtomicBool::new(false),
            }),
            Err(_) => Err(BadList::Text(text.clone())),
        };
        let lists: Result<Vec<List>, BadList> = texts.iter().map(read).collect();
        Ok(Lists(lists?.into()))
    }

    /// Begins to ask all of them; none where there are none.
    pub(super) fn ask(&self, dns: &Resolver, peer: IpAddr, patience: Duration) -> Option<Asking> {
        if self.0.is_empty() {
            return None;
        }
        let (lists, dns) = (self.clone(), dns.clone());
        let task = tokio::spawn(async move {
            let asked = lists.0.iter().map(|list| list.ask(&dns, peer, patience));
            join_all(asked).await.into_iter().flatten().collect()
        });
        Some(Asking {
            task: Some(task),
            found: Vec::new(),
        })
    }
}

impl List {
    async fn ask(&self, dns: &Resolver, peer: IpAddr, patience: Duration) -> Option<Found> {
        let dns = Asked(dns);
        let listing = timeout(patience, self.list.look_up(&dns, peer)).await;
        match listing.unwrap_or(Listing::Unknown) {
            Listing::Listed(reason) => {
                self.is_useless.store(false, Ordering::Relaxed);
                Some(Found {
                    list: self.list.zone.clone(),
                    action: self.list.action,
                    reason,
                })
            }
            Listing::NotListed => {
                self.is_useless.store(false, Ordering::Relaxed);
                None
            }
            Listing::Unknown => None,
            Listing::Useless(answer) => {
                if !self.is_useless.swap(true, Ordering::Relaxed) {
                    let list = &self.list.zone;
                    tracing::warn!(%list, %answer, "a block list gives an answer that says nothing of an address, and is passed over: it may refuse the name server that is asked (a public one?), or be none any more");
                }
                None
            }
        }
    }
}

impl Asking {
    /// What they say, once each has answered or had its time.
    pub(super) async fn found(&mut self) -> &[Found] {
        if let Some(task) = &mut self.task {
            // Should it fail, nobody is refused for that.
            self.found = task.await.unwrap_or_default();
            self.task = None;
        }
        &self.found
    }

    /// What they said, as far as that is known.
    pub(super) fn known(&self) -> &[Found] {
        &self.found
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Found {
    pub(super) fn refusal(&self, peer: IpAddr) -> Refusal {
        Refusal::Listed {
            address: peer.to_canonical(),
            list: self.list.to_string(),
            reason: self.reason.clone(),
        }
    }
}
