//! A plain reading of what a condition means.

use imap::{Condition, Relation, SearchDate, TextPlace};

use crate::world::Mail;

pub(crate) fn fulfils(mail: &Mail, condition: &Condition) -> bool {
    match condition {
        Condition::All => true,
        Condition::Uids(uids) => uids.contains(mail.uid),
        Condition::Has(flag) => mail.flags.has(*flag),
        Condition::Keyword(keyword) => mail.flags.keywords().contains(keyword),
        Condition::EmailId(id) => mail.email_id() == *id,
        Condition::ThreadId(id) => mail.thread_id() == *id,
        Condition::Larger(octets) => mail.octets.len() > *octets as usize,
        Condition::Smaller(octets) => mail.octets.len() < *octets as usize,
        Condition::And(all) => all.iter().all(|one| fulfils(mail, one)),
        Condition::Or(one, other) => fulfils(mail, one) || fulfils(mail, other),
        Condition::Not(one) => !fulfils(mail, one),
        Condition::Text { place, text } => holds(mail, place, &text.to_lowercase()),
        Condition::Date {
            which,
            relation,
            date,
        } => {
            let day = match which {
                SearchDate::Internal => Some(mail.date.day()),
                SearchDate::Sent => {
                    let sent = mail.scanned.envelope.date.as_ref();
                    sent.and_then(|date| message::date::parse(date))
                        .map(|sent| sent.local.date())
                }
            };
            day.is_some_and(|day| match relation {
                Relation::Before => day < *date,
                Relation::On => day == *date,
                Relation::Since => day >= *date,
            })
        }
    }
}

fn holds(mail: &Mail, place: &TextPlace, text: &str) -> bool {
    let body = mail.scanned.structure.root.body as usize;
    let (header, body) = mail.octets.split_at(body);
    let in_header = |name: Option<&str>| {
        message::fields(header)
            .filter(|field| name.is_none_or(|name| field.is(name)))
            .any(|field| {
                message::text::header_value(field.value)
                    .to_lowercase()
                    .contains(text)
            })
    };
    let in_body = || String::from_utf8_lossy(body).to_lowercase().contains(text);
    match place {
        TextPlace::Header(name) => in_header(Some(name)),
        TextPlace::Body => in_body(),
        TextPlace::Text => in_header(None) || in_body(),
    }
}
