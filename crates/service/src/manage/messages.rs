//! What an operator may ask of one message: how it came in, and what was found out.

use address::Address;
use events::Story;
use serde::{Deserialize, Serialize};
use store::{Page, Uid};
use words::Language;

use super::{Manager, Refused, Response, refused};
use crate::story;

/// One message of an account. Nothing of its content is in this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageShown {
    /// The mailbox that it is in.
    pub mailbox: String,
    /// Its number there.
    pub uid: u32,
    /// Octets.
    pub size: u64,
    /// When it arrived, RFC 3339.
    pub arrived: String,
    /// How it came in; none where nobody noted that.
    pub story: Option<StoryShown>,
}

/// How a message came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryShown {
    /// Its number, as in its `Received` field.
    pub id: String,
    /// The address that it came from.
    pub peer: String,
    /// Who the peer said it was.
    pub hello: String,
    /// Version and suite of TLS; none where it came in the clear.
    pub tls: Option<String>,
    /// The account that submitted it.
    pub account: Option<String>,
    /// What was found out about who sent it, in sentences; none where nothing was looked at.
    pub verdicts: Option<Vec<String>>,
}

impl Manager {
    pub(super) async fn message(
        &self,
        address: &Address,
        mailbox: &str,
        uid: u32,
    ) -> Result<Response, Refused> {
        let account = self.directory.account_at(address).await?.id;
        let found = self.store.find_mailbox(account, mailbox).await?;
        let found = found.ok_or_else(|| refused(format_args!("no mailbox {mailbox:?}")))?;
        let gone = || refused(format_args!("no message {uid} in {mailbox:?}"));
        let only = Uid::new(uid).into_iter().collect();
        let page = Page {
            uids: &only,
            after: None,
            limit: 1,
            include_gone: false,
        };
        let records = self.store.records(account, found.id, page).await?;
        let record = records.first().ok_or_else(gone)?;
        let details = self.store.details(account, found.id, record).await?;
        let details = details.ok_or_else(gone)?;
        Ok(Response::Message(Box::new(MessageShown {
            mailbox: found.name,
            uid,
            size: record.size,
            arrived: record.internal_date.at.to_string(),
            story: story::read(&details.story).map(shown),
        })))
    }
}

fn shown(story: Story) -> StoryShown {
    let verdicts = story.verdicts.as_ref();
    StoryShown {
        verdicts: verdicts.map(|all| words::verdicts(all, Language::English)),
        id: story.id,
        peer: story.peer.to_string(),
        hello: story.hello,
        tls: story
            .tls
            .map(|(version, suite)| format!("{version} {suite}")),
        account: story.account,
    }
}
