//! How much an account may send, and an account that is stopped: each abuse is replayed, and
//! what people do is not taken for one.

use std::sync::Arc;

use address::AccountId;
use jiff::{Timestamp, ToSpan};
use journal::{Journal, Protocol, Sent, SignIn};
use kv::sqlite::Sqlite;

use crate::common::{Facteur, Given, free_base, scripts};

/// The first account of a quick start.
const JEANNE: AccountId = AccountId(1);
/// The second.
const PAUL: AccountId = AccountId(2);

fn start(settings: &[(&'static str, &str)]) -> Facteur {
    let settings = settings.iter();
    let settings = settings.map(|(name, value)| (*name, (*value).to_owned()));
    let given = Given {
        settings: settings.collect(),
        ..Given::default()
    };
    Facteur::begin_at(free_base(), std::process::Stdio::null(), given)
}

fn run(facteur: &Facteur, step: &str) {
    let mut script = scripts("happened.abuse");
    let script = script.arg(facteur.setting()).arg(step).status();
    assert!(script.unwrap().success(), "{step}");
}

/// Has a service remember what happened so many hours ago.
fn remember(facteur: &mut Facteur, what: impl Fn(&Journal, &dyn Fn(i64) -> Timestamp)) {
    assert!(facteur.stop().success());
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async {
        let data = facteur.data();
        let log = segments::Log::open(&data.join("bodies")).unwrap();
        let index = Sqlite::on(&data.join("index"), log).unwrap();
        let journal = Journal::new(Arc::new(index), 1);
        let now = Timestamp::now();
        what(&journal, &|hours| now.checked_sub(hours.hours()).unwrap());
        journal.flush().await.unwrap();
    });
    drop(runtime);
    facteur.restart();
}

/// Weeks in which both wrote to a few people a day, from another network than this.
fn quiet_weeks(journal: &Journal, ago: &dyn Fn(i64) -> Timestamp) {
    let network = Some([192, 0, 2, 1].into());
    for account in [JEANNE, PAUL] {
        for day in 2..25 {
            let sign_in = SignIn {
                protocol: Protocol::Smtp,
                encrypted: true,
                network,
                refused: None,
            };
            journal.sign_in(account, sign_in, ago(24 * day));
            let sent = Sent {
                network,
                messages: 4,
                recipients: 5,
                asked: 5,
                ..Sent::default()
            };
            journal.sent(account, sent, ago(24 * day));
        }
    }
}

#[test]
fn limits_are_told_kept_over_a_restart_and_changed_for_one() {
    let mut facteur = start(&[
        ("FACTEUR_SUBMISSION__MESSAGES_PER_HOUR", "5"),
        ("FACTEUR_SUBMISSION__RECIPIENTS_PER_MESSAGE", "10"),
        ("FACTEUR_SUBMISSION__RECIPIENTS_PER_DAY", "30"),
    ]);
    run(&facteur, "limits");
    assert!(facteur.stop().success());
    facteur.restart();
    run(&facteur, "limits_after");
}

#[test]
fn whoever_passes_the_limit_in_three_hours_is_stopped() {
    let mut facteur = start(&[("FACTEUR_SUBMISSION__MESSAGES_PER_HOUR", "5")]);
    remember(&mut facteur, |journal, ago| {
        for hours in [2, 3] {
            let sent = Sent {
                messages: 5,
                recipients: 5,
                asked: 5,
                over_hour: 40,
                ..Sent::default()
            };
            journal.sent(JEANNE, sent, ago(hours));
        }
    });
    run(&facteur, "limit_reached");
}

#[test]
fn whoever_writes_to_too_many_that_nobody_knows_is_stopped_in_every_session() {
    run(&start(&[]), "unknown");
}

#[test]
fn whoever_sends_as_never_before_from_where_it_never_was_is_stopped() {
    let mut facteur = start(&[]);
    remember(&mut facteur, quiet_weeks);
    run(&facteur, "unlike");
}

#[test]
fn a_newsletter_and_a_tablet_stop_nobody() {
    let mut facteur = start(&[]);
    remember(&mut facteur, quiet_weeks);
    run(&facteur, "newsletter");
}
