//! Prints what happened.

use service::manage::{EventShown, Happened};

use super::show::table;

/// For people: when, what, and how often.
pub(super) fn lines(events: &[EventShown]) -> String {
    table(events.iter().map(row))
}

fn row(event: &EventShown) -> Vec<String> {
    let (what, how) = told(event);
    vec![event.last.clone(), what.to_owned(), how]
}

fn told(event: &EventShown) -> (&'static str, String) {
    let count = event.count;
    match &event.what {
        Happened::SignIn {
            protocol,
            encrypted,
            network,
            refused,
        } => {
            let from = from(network.as_ref());
            let how = format!("{protocol} {} from {from}, {count} times", tls(*encrypted));
            match refused {
                None => ("signed in", how),
                Some(why) => ("sign-in refused", format!("{how}: {why}")),
            }
        }
        Happened::Sent {
            network,
            recipients,
            over_hour,
            over_day,
            unknown,
        } => {
            let from = from(network.as_ref());
            let mut how = format!("{count} messages to {recipients} recipients from {from}");
            for (number, what) in [
                (over_hour, "refused by the limit of an hour"),
                (over_day, "refused by the limit of a day"),
                (unknown, "unknown recipients"),
            ] {
                if *number > 0 {
                    how += &format!(", {number} {what}");
                }
            }
            ("sent", how)
        }
        Happened::Unsigned {
            peer,
            session,
            port,
            encrypted,
            hello,
            sender,
            reader,
        } => {
            let peer = peer.as_deref().unwrap_or("many networks");
            let tls = tls(*encrypted);
            let mut how = format!(
                "<{sender}> from {peer} ({hello:?}) at port {port} {tls}, {count} times, last in session {session}"
            );
            if let Some(reader) = reader {
                let who = reader.address.as_ref().map(ToString::to_string);
                let who = who.unwrap_or_else(|| "a removed account".to_owned());
                let (by, at) = (&reader.protocol, &reader.at);
                how += &format!("; {who} read mail there by {by} at {at}");
            }
            ("not signed in", how)
        }
        Happened::Locked {
            trigger,
            messages,
            recipients,
            unknown,
            held,
            samples,
        } => {
            let mut how = format!(
                "{trigger}: {messages} messages to {recipients} recipients in 24 hours, {unknown} of them unknown; {held} messages held"
            );
            for sample in samples {
                let (from, subject, id) = (&sample.from, &sample.subject, &sample.message_id);
                how += &format!("; {from:?} {subject:?} {id:?}");
            }
            ("kept from sending", how)
        }
        Happened::Sorted {
            unwanted,
            id,
            found,
        } => {
            let what = match unwanted {
                true => "put into Junk",
                false => "taken out of Junk",
            };
            let which = match id {
                Some(id) => id.clone(),
                None => format!("{count} more"),
            };
            let found = found.as_deref().unwrap_or("not judged");
            (what, format!("{which} ({found})"))
        }
        Happened::Unlocked { by } => ("may send again", by.clone()),
    }
}

fn from(network: Option<&std::net::IpAddr>) -> String {
    network.map_or_else(|| "many networks".to_owned(), ToString::to_string)
}

fn tls(encrypted: bool) -> &'static str {
    match encrypted {
        true => "over TLS",
        false => "in the clear",
    }
}
