//! From what came of a try to what becomes of each recipient.

use std::time::Duration;

use address::ReversePath;
use jiff::Timestamp;
use queue::{Entry, Fate, Recipient, Status, Trouble};

use crate::here::NOBODY_HERE;
use crate::schedule::{Plan, plan};

/// It was tried for long enough. RFC 3463 section 3.5: delivery time expired.
pub(crate) const EXPIRED: Status = Status(5, 4, 7);
/// The same, while it is tried on.
const LATE: Status = Status(4, 4, 7);
/// What is said of a message that was to be delivered sooner (RFC 2852).
pub(crate) const TOO_LATE: &str = "it could not be delivered by the time that its sender set";

/// What came of a try with one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// The other host has the message. What it said is there where it will not report about
    /// it: then we do (RFC 3461 section 5.2.2).
    Accepted(Option<Trouble>),
    /// It is for nobody there, or this time for nobody: the trouble's class tells which.
    Failed(Trouble),
    /// Nothing was tried.
    Not,
}

impl Tried {
    /// Whether the other host knows no such recipient, for good. RFC 3463 section 3.2: what is
    /// about the recipient's address, and not about the sender's (5.1.7, 5.1.8). Or nobody here
    /// does.
    pub(crate) fn is_for_nobody(&self) -> bool {
        match self {
            Self::Failed(trouble) => match trouble.host {
                Some(_) => matches!(trouble.status, Status(5, 1, 0..=4 | 6 | 10)),
                None => trouble.status == NOBODY_HERE,
            },
            Self::Accepted(_) | Self::Not => false,
        }
    }
}

/// What becomes of those of an entry's recipients that were tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What is written down, by place.
    pub(crate) fates: Vec<(u32, Fate)>,
    /// Of whom the sender is told that it failed.
    pub(crate) failed: Vec<(Recipient, Trouble)>,
    /// Of whom the sender is told that it takes long.
    pub(crate) delayed: Vec<(Recipient, Trouble)>,
    /// Of whom the sender is told that it was handed over.
    pub(crate) relayed: Vec<(Recipient, Trouble)>,
}

impl Verdict {
    /// Of an entry at this moment. `patience` is for how long a message is tried.
    pub(crate) fn of(
        entry: &Entry,
        tried: &[(Recipient, Tried)],
        now: Timestamp,
        patience: Duration,
        chance: u32,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        for (recipient, tried) in tried {
            let fate = match tried {
                Tried::Accepted(said) => {
                    verdict.relay(entry, recipient, said.as_ref());
                    Fate::Done
                }
                Tried::Not => Fate::Untried,
                Tried::Failed(trouble) if trouble.status.is_for_good() => {
                    verdict.fail(entry, recipient, trouble.clone());
                    Fate::Done
                }
                Tried::Failed(trouble) => {
                    let attempts = recipient.attempts.saturating_add(1);
                    let by = recipient.deliver_by;
                    match plan(entry.released(), attempts, now, patience, chance) {
                        Plan::Again { .. } if by.is_some_and(|by| by.is_over(now)) => {
                            verdict.fail(entry, recipient, Trouble::ours(EXPIRED, TOO_LATE));
                            Fate::Done
                        }
                        Plan::GiveUp => {
                            let status = EXPIRED;
                            let trouble = Trouble {
                                status,
                                ..trouble.clone()
                            };
                            verdict.fail(entry, recipient, trouble);
                            Fate::Done
                        }
                        Plan::Again { due, late } => {
                            let passed = by.is_some_and(|by| now >= by.at);
                            let told = (late || passed) && !recipient.told;
                            if told {
                                let status = if passed { LATE } else { trouble.status };
                                let trouble = trouble.clone();
                                verdict.delay(entry, recipient, Trouble { status, ..trouble });
                            }
                            let end = by.map(|by| by.at).filter(|end| *end > now);
                            Fate::Later {
                                due: end.map_or(due, |end| end.min(due)),
                                trouble: trouble.clone(),
                                told,
                            }
                        }
                    }
                }
            };
            verdict.fates.push((recipient.place, fate));
        }
        verdict
    }

    fn fail(&mut self, entry: &Entry, recipient: &Recipient, trouble: Trouble) {
        // Whoever is named in a forged one that an address here sent on has sent nothing: they
        // would be told because we did.
        let is_ours = entry.is_suspect && recipient.sent_on_by.is_some();
        if wants_news(entry) && !is_ours && recipient.notify().failure {
            self.failed.push((recipient.clone(), trouble));
        }
    }

    fn relay(&mut self, entry: &Entry, recipient: &Recipient, said: Option<&Trouble>) {
        if let Some(said) = said
            && wants_news(entry)
            // Whoever is named in a forged one has asked for nothing.
            && !entry.is_suspect
            && wants_word(recipient)
        {
            self.relayed.push((recipient.clone(), said.clone()));
        }
    }

    fn delay(&mut self, entry: &Entry, recipient: &Recipient, trouble: Trouble) {
        if wants_news(entry) && recipient.notify().delay {
            self.delayed.push((recipient.clone(), trouble));
        }
    }
}

/// Whether a sender wants to hear that a message was handed on: they asked for that, or to
/// trace it, and not for silence.
fn wants_word(recipient: &Recipient) -> bool {
    let notify = recipient.notify();
    let traced = recipient.deliver_by.is_some_and(|by| by.traced);
    notify.success || traced && (notify.failure || notify.delay)
}

/// Nobody is told of a message from nobody, which is a report itself. RFC 5321 section 4.5.5.
fn wants_news(entry: &Entry) -> bool {
    entry.from != ReversePath::Null
}

#[cfg(test)]
mod tests {
    use super::*;
    use queue::{DeliverBy, Destination, Late, Notify, QueueId};

    const DAY: i64 = 24 * 60 * 60;
    const PATIENCE: Duration = Duration::from_secs(5 * 24 * 60 * 60);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    async fn entry(from: &str) -> Entry {
        let dir = tempfile::tempdir().unwrap();
        let writer = blob::Blobs::open(dir.path()).unwrap().writer();
        let body = writer.finish().await.unwrap();
        let from = match from {
            "" => ReversePath::Null,
            address => ReversePath::Address(address.parse().unwrap()),
        };
        Entry::new(QueueId::new(at(0), 7), from, Vec::new(), body, at(0))
    }

    fn recipient(place: u32) -> Recipient {
        let address = format!("ali{place}@b.fr").parse().unwrap();
        Recipient {
            place,
            ..Recipient::new(address, Destination::Remote, at(0))
        }
    }

    fn trouble(class: u8) -> Trouble {
        Trouble::ours(Status(class, 1, 1), "no")
    }

    fn verdict(entry: &Entry, tried: &[(Recipient, Tried)], now: i64) -> Verdict {
        Verdict::of(entry, tried, at(now), PATIENCE, 0)
    }

    #[tokio::test]
    async fn each_recipient_has_its_own_fate() {
        let entry = entry("lea@a.fr").await;
        let tried = [
            (recipient(0), Tried::Accepted(None)),
            (recipient(1), Tried::Failed(trouble(5))),
            (recipient(2), Tried::Failed(trouble(4))),
            (recipient(3), Tried::Not),
        ];
        let later = Fate::Later {
            due: at(300),
            trouble: trouble(4),
            told: false,
        };
        let expected = Verdict {
            fates: vec![
                (0, Fate::Done),
                (1, Fate::Done),
                (2, later),
                (3, Fate::Untried),
            ],
            failed: vec![(recipient(1), trouble(5))],
            ..Verdict::default()
        };
        assert_eq!(verdict(&entry, &tried, 0), expected);
    }

    #[test]
    fn who_is_unknown_is_what_a_host_says_of_the_address() {
        let said = |status, host: Option<&str>| {
            Tried::Failed(Trouble {
                host: host.map(str::to_owned),
                ..Trouble::ours(status, "no")
            })
        };
        for detail in [1, 2, 3, 10] {
            assert!(said(Status(5, 1, detail), Some("mx.b.fr")).is_for_nobody());
        }
        for status in [
            Status(5, 1, 8),
            Status(4, 1, 1),
            Status(5, 7, 1),
            Status(5, 0, 0),
        ] {
            assert!(!said(status, Some("mx.b.fr")).is_for_nobody(), "{status}");
        }
        // That a domain has no host is not what a host says.
        assert!(!said(Status(5, 1, 2), None).is_for_nobody());
        assert!(said(NOBODY_HERE, None).is_for_nobody());
        assert!(!Tried::Accepted(None).is_for_nobody());
    }

    #[tokio::test]
    async fn a_delay_is_told_once_and_the_end_at_last() {
        let entry = entry("lea@a.fr").await;
        let mut one = recipient(0);
        let tried = |one: &Recipient| [(one.clone(), Tried::Failed(trouble(4)))];
        assert_eq!(verdict(&entry, &tried(&one), DAY / 8).delayed, []);
        assert_eq!(verdict(&entry, &tried(&one), DAY / 4).delayed.len(), 1);
        one.told = true;
        assert_eq!(verdict(&entry, &tried(&one), DAY / 4).delayed, []);
        let last = verdict(&entry, &tried(&one), 5 * DAY);
        assert_eq!(last.fates, [(0, Fate::Done)]);
        assert_eq!(last.failed[0].1.status, Status(5, 4, 7));
    }

    #[tokio::test]
    async fn what_was_held_is_tried_as_long_from_then_on() {
        let entry = entry("lea@a.fr").await;
        let one = recipient(0).held_until(at(7 * DAY));
        let entry = Entry {
            recipients: vec![one.clone()],
            ..entry
        };
        let tried = [(one, Tried::Failed(trouble(4)))];
        assert_eq!(verdict(&entry, &tried, 7 * DAY).delayed, []);
        assert_eq!(verdict(&entry, &tried, 7 * DAY).failed, []);
        assert_eq!(verdict(&entry, &tried, 12 * DAY).failed.len(), 1);
    }

    #[tokio::test]
    async fn what_is_late_is_told_or_comes_back_when_it_is() {
        let entry = entry("lea@a.fr").await;
        let by = |late, traced| Recipient {
            deliver_by: Some(DeliverBy {
                at: at(200),
                late,
                traced,
            }),
            ..recipient(0)
        };
        let tried = |one: Recipient| [(one, Tried::Failed(trouble(4)))];
        for late in [Late::Told, Late::Returned] {
            // The end is no later than the end.
            let before = verdict(&entry, &tried(by(late, false)), 100);
            let due = |fate: &Fate| matches!(fate, Fate::Later { due, .. } if *due == at(200));
            assert!(due(&before.fates[0].1), "{before:?}");
            assert_eq!((before.failed, before.delayed), (vec![], vec![]));
        }
        let told = verdict(&entry, &tried(by(Late::Told, false)), 200);
        assert_eq!(told.delayed[0].1.status, Status(4, 4, 7));
        assert!(matches!(told.fates[0].1, Fate::Later { told: true, .. }));
        let back = verdict(&entry, &tried(by(Late::Returned, false)), 200);
        assert_eq!(back.failed[0].1.status, Status(5, 4, 7));
        assert_eq!(back.fates, [(0, Fate::Done)]);
        // A traced one is told of, but to whoever wants silence.
        let said = || Tried::Accepted(Some(trouble(2)));
        let silent = Recipient {
            notify: Some(Notify {
                success: false,
                failure: false,
                delay: false,
            }),
            ..by(Late::Told, true)
        };
        for (one, told) in [
            (by(Late::Told, true), 1),
            (by(Late::Told, false), 0),
            (silent, 0),
        ] {
            assert_eq!(verdict(&entry, &[(one, said())], 0).relayed.len(), told);
        }
    }

    #[tokio::test]
    async fn a_success_is_told_to_whoever_asked_unless_the_host_tells() {
        let asks = Recipient {
            notify: Some(Notify {
                success: true,
                ..Notify::default()
            }),
            ..recipient(0)
        };
        let said = || Tried::Accepted(Some(trouble(2)));
        for (from, to, tried, told) in [
            ("lea@a.fr", asks.clone(), said(), 1),
            ("lea@a.fr", asks.clone(), Tried::Accepted(None), 0),
            ("lea@a.fr", recipient(0), said(), 0),
            ("", asks.clone(), said(), 0),
        ] {
            let entry = entry(from).await;
            let verdict = verdict(&entry, &[(to, tried)], 0);
            assert_eq!(verdict.fates, [(0, Fate::Done)]);
            assert_eq!(verdict.relayed.len(), told, "{from}");
        }
        let suspect = Entry {
            is_suspect: true,
            ..entry("lea@a.fr").await
        };
        assert_eq!(verdict(&suspect, &[(asks, said())], 0).relayed, []);
    }

    #[tokio::test]
    async fn nobody_is_told_what_they_do_not_want_to_hear() {
        let never = Notify {
            success: false,
            failure: false,
            delay: false,
        };
        let quiet = Recipient {
            notify: Some(never),
            ..recipient(0)
        };
        for (from, to) in [("lea@a.fr", quiet), ("", recipient(0))] {
            let entry = entry(from).await;
            for class in [4, 5] {
                let tried = [(to.clone(), Tried::Failed(trouble(class)))];
                let verdict = verdict(&entry, &tried, DAY);
                assert_eq!((verdict.failed, verdict.delayed), (vec![], vec![]));
            }
        }
    }
}
