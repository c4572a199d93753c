//! Writing down what came of a try, and telling the sender. A report is ours, so the domain it
//! is from signs it.

use std::sync::Arc;

use address::{Address, ReversePath};
use directory::DirectoryError;
use dkim::Read;
use events::Refusal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use queue::{
    Concluded, Destination, Entry, Fate, NodeId, Notify, Queue, QueueError, QueueId, Recipient,
    Returned, Status, TlsWish, Trouble,
};
use routing::Asker;
use service::fan_out::{FanOut, FanOutError, Letter, Teller, Telling};
use service::routes::{self, Routing};
use store::{Store, StoreError};
use words::Language;

use crate::notice::{HEADER_OCTETS, Notice, Original, Told, WHOLE_OCTETS};
use crate::outcome::Verdict;

/// How often a conclusion is made anew since others settled some of those in it. Each time it
/// has fewer.
const STALE: usize = 20;

/// Writes down and tells.
#[derive(Clone)]
pub(crate) struct Reports {
    pub(crate) queue: Queue,
    pub(crate) store: Store,
    pub(crate) routing: Routing,
    pub(crate) fan_out: FanOut,
    pub(crate) zone: Arc<TimeZone>,
    pub(crate) clock: fn() -> Timestamp,
}

/// Why something could not be written down. It is tried again when the node is taken for dead,
/// or starts anew.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("it can't be found out where the report goes")]
    Routing,
}

/// What is told of a copy that was delivered here. RFC 3463 section 3.2: no more is to be said.
const DELIVERED: Status = Status(2, 0, 0);

impl Teller for Reports {
    fn delivered<'a>(&'a self, entry: &'a Entry, to: &'a Recipient) -> Telling<'a> {
        let of = [(to.clone(), Trouble::ours(DELIVERED, String::new()))];
        Box::pin(async move {
            let letter = self.letter(entry, Told::Delivered, &of).await;
            letter.map_err(|error| match error {
                ReportError::Queue(error) => FanOutError::Queue(error),
                ReportError::Store(error) => FanOutError::Store(error),
                ReportError::Directory(error) => FanOutError::Directory(error),
                ReportError::Routing => FanOutError::Untold,
            })
        })
    }
}

impl Reports {
    /// Writes a verdict down, with the reports that it calls for.
    pub(crate) async fn conclude(
        &self,
        entry: &Entry,
        node: NodeId,
        verdict: Verdict,
        until: Timestamp,
    ) -> Result<(), ReportError> {
        let Verdict {
            mut fates,
            failed,
            delayed,
            relayed,
        } = verdict;
        // Each report in the commit with those that it is about.
        for (told, of) in [
            (Told::Failed, failed),
            (Told::Delayed { until }, delayed),
            (Told::Relayed, relayed),
        ] {
            if of.is_empty() {
                continue;
            }
            let is_told = |place: &u32| of.iter().any(|(one, _)| one.place == *place);
            let (about, rest): (Vec<_>, Vec<_>) =
                fates.into_iter().partition(|(place, _)| is_told(place));
            fates = rest;
            self.tell(entry, node, about, told, of).await?;
        }
        if !fates.is_empty() {
            // Without a notice a conclusion is never stale.
            let _ = self
                .queue
                .conclude(entry.id, Some(node), &fates, None)
                .await?;
        }
        Ok(())
    }

    async fn tell(
        &self,
        entry: &Entry,
        node: NodeId,
        mut fates: Vec<(u32, Fate)>,
        told: Told,
        mut of: Vec<(Recipient, Trouble)>,
    ) -> Result<(), ReportError> {
        for _ in 0..STALE {
            let letter = match of.is_empty() {
                true => None,
                false => self.letter(entry, told, &of).await?,
            };
            let notice = letter.as_ref().map(|letter| &letter.entry);
            if let Some(letter) = &letter {
                letter.incoming.check()?;
            }
            let concluded = self.queue.conclude(entry.id, Some(node), &fates, notice);
            match concluded.await? {
                Concluded::Durably => {
                    if let Some(Letter { entry, incoming }) = letter {
                        self.fan_out.begin(entry, incoming);
                    }
                    return Ok(());
                }
                Concluded::Stale => {
                    let left = self.queue.get(entry.id).await?;
                    let left = left.map_or(Vec::new(), |entry| entry.recipients);
                    let waits = |place: u32| left.iter().any(|one| one.place == place);
                    fates.retain(|(place, _)| waits(*place));
                    of.retain(|(one, _)| waits(one.place));
                }
            }
        }
        Ok(())
    }

    /// A report, if there is somebody to get it.
    async fn letter(
        &self,
        entry: &Entry,
        told: Told,
        of: &[(Recipient, Trouble)],
    ) -> Result<Option<Letter>, ReportError> {
        let ReversePath::Address(to) = &entry.from else {
            return Ok(None);
        };
        let now = (self.clock)();
        let recipients = match self.routing.resolve(to, Asker::Ourselves, now).await {
            Ok(routes) => unreported(routes::recipients(to, routes, now)),
            Err(Refusal::Temporary) => return Err(ReportError::Routing),
            Err(refusal) => {
                tracing::warn!(id = %entry.id, %to, ?refusal, "a report goes to nobody");
                return Ok(None);
            }
        };
        let id = QueueId::new(now, rand::random());
        let from = self.routing.postmaster().await;
        let from = from.map_err(|_: Refusal| ReportError::Routing)?;
        let octets = self
            .message(entry, told, of, (&from, to), (id, now))
            .await?;
        let on_top = match recipients.iter().any(|one| one.to == Destination::Remote) {
            true => self.signatures(&from, &octets, now).await?,
            false => String::new(),
        };
        let mut intake = self.store.body();
        intake.write(&octets).await?;
        let incoming = intake.finish().await?;
        let eight_bit = incoming.scanned.eight_bit;
        let body = incoming.body.clone();
        let entry = Entry {
            on_top,
            eight_bit,
            smtputf8: to.needs_smtputf8(),
            tls: way_back(entry.tls),
            ..Entry::new(id, ReversePath::Null, recipients, body, now)
        };
        Ok(Some(Letter { entry, incoming }))
    }

    async fn message(
        &self,
        entry: &Entry,
        told: Told,
        of: &[(Recipient, Trouble)],
        (from, to): (&Address, &Address),
        (id, now): (QueueId, Timestamp),
    ) -> Result<Vec<u8>, ReportError> {
        let notice = Notice {
            told,
            of,
            to,
            from,
            host: &self.routing.host,
            language: self.language(entry).await,
            zone: &self.zone,
            received: entry.received,
            envelope_id: entry.envelope_id.as_deref(),
            original: self.original(entry, told).await?,
            now,
            name: &id.to_string(),
        };
        Ok(notice.message())
    }

    /// What signs a report that leaves. Where no domain is served, nobody can.
    async fn signatures(
        &self,
        from: &Address,
        octets: &[u8],
        now: Timestamp,
    ) -> Result<String, ReportError> {
        let (directory, domain) = (&self.routing.directory, from.domain());
        if !directory.is_hosted(domain).await? {
            return Ok(String::new());
        }
        Ok(directory.sign(domain, Read::of(octets), now).await?)
    }

    /// Of whoever submitted it; nobody knows that of others.
    async fn language(&self, entry: &Entry) -> Language {
        let Some(id) = entry.submitted_by else {
            return Language::default();
        };
        let account = self.routing.directory.account(id).await;
        let account = account.ok().flatten();
        account.map_or(Language::default(), |account| account.language)
    }

    /// What comes back of a message. A delay brings the header alone (RFC 3461 section 6.2), and so
    /// does all of what was to go by TLS alone (RFC 8689 section 5).
    async fn original(&self, entry: &Entry, told: Told) -> Result<Original, StoreError> {
        let whole = told == Told::Failed
            && entry.returned == Some(Returned::Full)
            && entry.tls != TlsWish::Required
            && entry.size() <= WHOLE_OCTETS;
        let mut reader = self.store.read(&entry.body, entry.outgoing());
        let mut octets = Vec::new();
        while let Some(chunk) = reader.next().await {
            octets.extend_from_slice(&chunk.map_err(StoreError::from)?);
            if !whole && octets.len() > HEADER_OCTETS {
                break;
            }
        }
        Ok(match whole {
            true => Original::Whole(octets),
            false => Original::Header(header(octets)),
        })
    }
}

/// The header of a message that begins like this, cut at the end of a line.
fn header(mut octets: Vec<u8>) -> Vec<u8> {
    if octets.len() > HEADER_OCTETS {
        octets.truncate(HEADER_OCTETS);
        let last = octets.iter().rposition(|octet| *octet == b'\n');
        octets.truncate(last.map_or(0, |last| last + 1));
    }
    let none: [&str; 0] = [];
    message::header_fields(&octets, &none, true)
}

/// Nobody is told what becomes of a report, whoever relays it. RFC 3461 section 6.
fn unreported(recipients: Vec<Recipient>) -> Vec<Recipient> {
    let never = Some(Notify {
        success: false,
        failure: false,
        delay: false,
    });
    let quiet = |one| Recipient {
        notify: never,
        ..one
    };
    recipients.into_iter().map(quiet).collect()
}

/// What is asked of the way that a report takes: what it tells of a message is no less the message's
/// own. RFC 8689 section 5.
fn way_back(of: TlsWish) -> TlsWish {
    match of {
        TlsWish::Required => TlsWish::Required,
        TlsWish::Usual | TlsWish::Waived => TlsWish::Usual,
    }
}

#[cfg(test)]
mod tests {
    use kv::Kv;
    use kv::memory::Memory;
    use queue::Status;
    use service::fan_out::FanOut;

    use super::*;

    /// What tells, with `exemple.fr` served here.
    async fn reports(folder: &std::path::Path) -> Reports {
        let kv: Arc<dyn Kv> = Arc::new(Memory::default());
        let store = Store::new(kv.clone(), blob::Blobs::open(folder).unwrap());
        let directory = directory::Directory::new(kv.clone(), &directory::Settings::default());
        let domain = "exemple.fr".parse().unwrap();
        directory
            .add_domain(&domain, Timestamp::now())
            .await
            .unwrap();
        let queue = Queue::new(kv);
        let clock: fn() -> Timestamp = Timestamp::now;
        Reports {
            fan_out: FanOut::new(store.clone(), queue.clone(), directory.clone(), clock),
            queue,
            store,
            routing: Routing {
                directory,
                host: "mail.exemple.fr".into(),
            },
            zone: Arc::new(TimeZone::UTC),
            clock,
        }
    }

    #[tokio::test]
    async fn a_report_that_leaves_is_signed_as_it_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let reports = reports(folder.path()).await;
        let now = Timestamp::now();
        let from = ReversePath::Address("b@loin.example".parse().unwrap());
        let gone: Address = "x@ailleurs.example".parse().unwrap();
        let gone = Recipient::new(gone, Destination::Remote, now);
        let mut intake = reports.store.body();
        let original =
            message::trace::return_path(&from) + "Subject: \u{e9}t\u{e9}\r\n\r\nSalut\r\n";
        intake.write(original.as_bytes()).await.unwrap();
        let body = intake.finish().await.unwrap().body.clone();
        let id = QueueId::new(now, 1);
        let entry = Entry::new(id, from, vec![gone.clone()], body, now);
        let status = Status(5, 1, 1);
        let of = [(gone, Trouble::ours(status, "no such user"))];
        let letter = reports.letter(&entry, Told::Failed, &of).await.unwrap();
        let entry = letter.unwrap().entry;
        let mut reader = reports.store.read(&entry.body, entry.outgoing());
        let mut leaving = entry.on_top.clone().into_bytes();
        while let Some(chunk) = reader.next().await {
            leaving.extend_from_slice(&chunk.unwrap());
        }
        let domain = "exemple.fr".parse().unwrap();
        let keys = reports.routing.directory.signature_keys(&domain, now).await;
        let record = |key: directory::SignatureKey| {
            let name = format!("{}._domainkey.{domain}", key.selector);
            (name, key.record)
        };
        let records: Vec<_> = keys.unwrap().into_iter().map(record).collect();
        let verdicts = testbed::dkimpy::verify(&records, &[&leaving]);
        let shown = String::from_utf8_lossy(&leaving);
        assert_eq!(verdicts, [["pass", "pass"]], "{shown}");
    }
}
