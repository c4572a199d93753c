//! Names of mailboxes: each has one that it can have, and INBOX has its own.
//!
//! **A mailbox that has a name and is being cleared away** either was deleted or was not. To
//! delete it is one commit, which takes its numbers away. So if those are there it was not,
//! and it stays; whoever wants can delete it again. If they are not, it was, and the name is
//! an earlier one, from which it was renamed by a commit that is lost: then the name goes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Done, Mending};
use crate::change::Change;
use crate::check::{is_there, one};
use crate::keys::{DoomedKey, NameKey, SubscriptionKey};
use crate::limits::MAILBOXES;
use crate::mailboxes::name_key;
use crate::name::Name;
use crate::values::{MarkValue, NameValue, Stored};
use crate::{MailboxId, Result, StoreError, Wrong, keys};

/// Rows of the list of mailboxes that are read at once.
const READ_ROWS: usize = 400;
/// Names that are tried for a mailbox that lost its own.
const TRIES: usize = 2 * MAILBOXES;

/// What the list of mailboxes becomes.
#[derive(Default)]
struct List {
    /// The names of each mailbox, in order.
    names: BTreeMap<MailboxId, Vec<(String, NameValue)>>,
    /// Names that are not free.
    taken: BTreeSet<String>,
    done: Vec<(MailboxId, Done)>,
}

impl Mending<'_> {
    pub(super) async fn list(&mut self) -> Result<()> {
        let listed = |wrong: &Wrong| {
            use Wrong::{BadName, HalfDeleted, NoInbox, NoName, TwoNames};
            matches!(
                wrong,
                BadName | HalfDeleted | NoInbox | NoName | TwoNames { .. }
            )
        };
        if !self.is_wrong(listed) {
            return Ok(());
        }
        let nameless = self.mailboxes(|wrong| *wrong == Wrong::NoName);
        let inbox = self.is_wrong(|wrong| *wrong == Wrong::NoInbox);
        let mut turn = self.store.turn(self.account).await;
        let empty = loop {
            let mut change = turn.begin().await?;
            change.account().await?.list_changes += 1;
            change.mend_subscriptions().await?;
            let mut list = change.names().await?;
            change.mend_doomed(&mut list).await?;
            change.one_name_each(&mut list)?;
            let mut empty = Vec::new();
            for mailbox in &nameless {
                if *mailbox != MailboxId::INBOX && !change.reading.is_mailbox(*mailbox).await? {
                    empty.push(*mailbox);
                } else if !list.names.contains_key(mailbox) {
                    change.give_name(&mut list, *mailbox, None)?;
                }
            }
            if inbox && !list.names.contains_key(&MailboxId::INBOX) {
                change.give_name(&mut list, MailboxId::INBOX, None)?;
            }
            if turn.commit(change).await? {
                for (mailbox, done) in list.done {
                    self.note(Some(mailbox), done);
                }
                break empty;
            }
        };
        // What leads to messages that are not there any more, and to none that is.
        for mailbox in empty {
            turn.clear(keys::all_of_mailbox(mailbox)).await?;
        }
        Ok(())
    }
}

impl Change {
    /// A subscription to a name that no mailbox can have is one to that which is meant, or
    /// to none.
    async fn mend_subscriptions(&mut self) -> Result<()> {
        let mut scan = self.reading.past_damage(SubscriptionKey::all(), READ_ROWS);
        let mut bad = Vec::new();
        while let Some(page) = scan.page().await? {
            let names = page.rows.iter();
            let names = names.filter_map(|(key, _)| SubscriptionKey::decode(key));
            bad.extend(names.filter(|SubscriptionKey(name)| !Name::is_good(name)));
        }
        for name in bad {
            self.operations.delete(name.encode());
            if let Ok(good) = Name::new(&name.0) {
                let good = SubscriptionKey(good.as_str().to_owned());
                self.operations.put(good.encode(), &MarkValue)?;
            }
        }
        Ok(())
    }

    async fn names(&self) -> Result<List> {
        let mut list = List::default();
        let mut scan = self.reading.past_damage(NameKey::all(), READ_ROWS);
        while let Some(page) = scan.page().await? {
            let damaged = page.damage.and_then(|damage| NameKey::decode(&damage.key));
            list.taken.extend(damaged.map(|NameKey(name)| name));
            for (key, value) in page.rows {
                let Some(NameKey(name)) = NameKey::decode(&key) else {
                    continue;
                };
                list.taken.insert(name.clone());
                match NameValue::read(&value.bytes) {
                    Ok(value) => list.names.entry(value.id).or_default().push((name, value)),
                    Err(StoreError::Damaged(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(list)
    }

    /// A mailbox is deleted, or it is not.
    async fn mend_doomed(&mut self, list: &mut List) -> Result<()> {
        let mut scan = self.reading.past_damage(DoomedKey::all(), READ_ROWS);
        let mut doomed = Vec::new();
        while let Some(page) = scan.page().await? {
            let keys = page.rows.iter();
            doomed.extend(keys.filter_map(|(key, _)| DoomedKey::decode(key)));
        }
        for doomed in doomed {
            let mailbox = doomed.0;
            let numbers = one(keys::summary(mailbox));
            if mailbox == MailboxId::INBOX || is_there(&self.reading, numbers).await? {
                self.operations.delete(doomed.encode());
                continue;
            }
            for (name, _) in list.names.remove(&mailbox).unwrap_or_default() {
                self.take_name(list, &name);
                list.done.push((mailbox, Done::Deleted(name)));
            }
        }
        Ok(())
    }

    /// Leaves each mailbox one name: INBOX its own, others the first good one.
    fn one_name_each(&mut self, list: &mut List) -> Result<()> {
        let mut without = Vec::new();
        for (mailbox, names) in std::mem::take(&mut list.names) {
            let fits = |(name, _): &(String, NameValue)| {
                Name::is_good(name) && (name == "INBOX") == (mailbox == MailboxId::INBOX)
            };
            let kept = names.iter().position(fits);
            for (at, (name, value)) in names.into_iter().enumerate() {
                if kept == Some(at) {
                    list.names.insert(mailbox, vec![(name, value)]);
                    continue;
                }
                self.take_name(list, &name);
                if kept.is_some() {
                    list.done.push((mailbox, Done::Unnamed(name)));
                } else {
                    without.push((mailbox, name, value));
                }
            }
        }
        // Those that were taken are free now.
        for (mailbox, name, value) in without {
            if list.names.contains_key(&mailbox) {
                continue;
            }
            let is_free = |good: &Name| !good.is_inbox() && !list.taken.contains(good.as_str());
            let good = Name::new(&name).ok().filter(is_free);
            match good.filter(|_| mailbox != MailboxId::INBOX) {
                // As it was meant.
                Some(good) => self.put_name(list, mailbox, &good, value)?,
                None => self.give_name(list, mailbox, Some(value))?,
            }
        }
        Ok(())
    }

    fn take_name(&mut self, list: &mut List, name: &str) {
        self.operations.delete(NameKey(name.to_owned()).encode());
        list.taken.remove(name);
    }

    /// Gives a mailbox a name that is free, if there is room for one more.
    fn give_name(
        &mut self,
        list: &mut List,
        mailbox: MailboxId,
        value: Option<NameValue>,
    ) -> Result<()> {
        let has_room = value.is_some() || list.taken.len() < MAILBOXES;
        let value = value.unwrap_or(NameValue {
            id: mailbox,
            role: None,
        });
        if mailbox == MailboxId::INBOX {
            return self.put_name(list, mailbox, &Name::new("INBOX")?, value);
        }
        let first = std::iter::once(format!("Recovered {mailbox}"));
        let others = (2..TRIES).map(|number| format!("Recovered {mailbox} ({number})"));
        let free = first.chain(others).find(|name| !list.taken.contains(name));
        match free.filter(|_| has_room) {
            Some(name) => self.put_name(list, mailbox, &Name::new(&name)?, value),
            None => Ok(()),
        }
    }

    fn put_name(
        &mut self,
        list: &mut List,
        mailbox: MailboxId,
        name: &Name,
        value: NameValue,
    ) -> Result<()> {
        self.operations.put(name_key(name), &value)?;
        let name = name.as_str().to_owned();
        list.taken.insert(name.clone());
        list.done.push((mailbox, Done::Named(name.clone())));
        list.names.insert(mailbox, vec![(name, value)]);
        Ok(())
    }
}
