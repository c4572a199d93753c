//! How a message leaves: with whose sender, and what stands above it.
//!
//! What an address here sends on leaves by it: `Delivered-To` says so, and whoever meets that
//! again knows that the message goes in circles (RFC 9228 has the field as it is in use). And a
//! stranger's leaves with a sender of ours, since their domain does not let our host send for
//! it ([`Directory::sent_on`]); a user's does not, whose domain is ours.

use address::{Address, ReversePath};
use directory::{Directory, DirectoryError};
use jiff::Timestamp;
use queue::{Entry, Recipient};

/// How a message leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaving {
    /// The sender of the envelope.
    pub(crate) from: ReversePath,
    /// The header fields above it.
    pub(crate) top: String,
}

/// Those of an entry's recipients who get the message as the first of them does, and those who
/// get it from another address here, or from none.
pub(crate) fn together(mut entry: Entry) -> (Entry, Option<Entry>) {
    let recipients = std::mem::take(&mut entry.recipients);
    let by = recipients.first().and_then(|one| one.sent_on_by.clone());
    let same = |one: &Recipient| one.sent_on_by == by;
    let (together, apart): (Vec<_>, Vec<_>) = recipients.into_iter().partition(same);
    let apart = (!apart.is_empty()).then(|| Entry {
        recipients: apart,
        ..entry.clone()
    });
    entry.recipients = together;
    (entry, apart)
}

/// How an entry leaves for recipients who stand [`together`].
pub(crate) async fn leaving(
    directory: &Directory,
    entry: &Entry,
    now: Timestamp,
) -> Result<Leaving, DirectoryError> {
    let by = entry
        .recipients
        .first()
        .and_then(|one| one.sent_on_by.as_ref());
    let Some(by) = by else {
        return Ok(Leaving {
            from: entry.from.clone(),
            top: entry.on_top.clone(),
        });
    };
    Ok(Leaving {
        from: sender(directory, entry, by, now).await?,
        top: delivered_to(entry, by) + &entry.on_top,
    })
}

async fn sender(
    directory: &Directory,
    entry: &Entry,
    by: &Address,
    now: Timestamp,
) -> Result<ReversePath, DirectoryError> {
    match &entry.from {
        ReversePath::Address(sender) if entry.submitted_by.is_none() => {
            let ours = directory.sent_on(sender, by.domain(), now).await?;
            Ok(ours.map_or(ReversePath::Null, ReversePath::Address))
        }
        from => Ok(from.clone()),
    }
}

/// RFC 6532 section 3.2: what is not ASCII is in messages of SMTPUTF8 alone.
fn delivered_to(entry: &Entry, by: &Address) -> String {
    match by.needs_smtputf8() && !entry.smtputf8 {
        true => String::new(),
        false => format!("Delivered-To: {by}\r\n"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use address::AccountId;
    use kv::memory::Memory;
    use queue::{Destination, QueueId};

    use super::*;

    async fn entry(by: &[Option<&str>]) -> Entry {
        let folder = tempfile::tempdir().unwrap();
        let blobs = blob::Blobs::open(folder.path()).unwrap();
        let body = blobs.writer().finish().await.unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let one = |(place, by): (usize, &Option<&str>)| Recipient {
            sent_on_by: by.map(|by| by.parse().unwrap()),
            ..Recipient::new(
                format!("a{place}@b.fr").parse().unwrap(),
                Destination::Remote,
                now,
            )
        };
        let recipients = by.iter().enumerate().map(one).collect();
        let from = ReversePath::Address("lea@loin.example".parse().unwrap());
        Entry {
            on_top: "Signed: yes\r\n".into(),
            ..Entry::new(QueueId::new(now, 1), from, recipients, body, now)
        }
    }

    fn directory() -> Directory {
        Directory::new(Arc::new(Memory::default()), &directory::Settings::default())
    }

    async fn left(entry: &Entry) -> (String, String) {
        let leaving = leaving(&directory(), entry, Timestamp::UNIX_EPOCH).await;
        let Leaving { from, top } = leaving.unwrap();
        (from.to_string(), top)
    }

    #[tokio::test]
    async fn recipients_stand_together_by_who_sends_it_on() {
        let (x, y) = (Some("x@a.fr"), Some("y@a.fr"));
        let entry = entry(&[x, None, y, x]).await;
        let places =
            |entry: &Entry| -> Vec<_> { entry.recipients.iter().map(|one| one.place).collect() };
        let (first, rest) = together(entry);
        let (second, rest) = together(rest.unwrap());
        let (third, rest) = together(rest.unwrap());
        assert_eq!(
            [places(&first), places(&second), places(&third)],
            [vec![0, 3], vec![1], vec![2]]
        );
        assert_eq!(rest, None);
    }

    #[tokio::test]
    async fn what_is_sent_on_leaves_with_a_sender_of_ours() {
        let signed = "Signed: yes\r\n";
        let own = entry(&[None]).await;
        assert_eq!(
            left(&own).await,
            ("<lea@loin.example>".into(), signed.into())
        );
        let sent_on = entry(&[Some("Info@a.fr")]).await;
        let (from, top) = left(&sent_on).await;
        assert!(from.starts_with("<SRS0=") && from.ends_with("=loin.example=lea@a.fr>"));
        assert_eq!(top, format!("Delivered-To: Info@a.fr\r\n{signed}"));
        let users = Entry {
            submitted_by: Some(AccountId(1)),
            ..sent_on.clone()
        };
        assert_eq!(left(&users).await.0, "<lea@loin.example>");
        let report = Entry {
            from: ReversePath::Null,
            ..sent_on
        };
        assert_eq!(left(&report).await.0, "<>");
        let odd = entry(&[Some("é@a.fr")]).await;
        assert_eq!(left(&odd).await.1, signed);
    }
}
