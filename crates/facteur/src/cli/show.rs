//! Prints what was found: for people in columns, or as JSON.

use std::fmt::Write;

use serde_json::{Value as Json, json};
use service::manage::{
    AccountShown, DestinationShown, EntryShown, KeyShown, MessageShown, RedirectionShown, Response,
    StateShown,
};

use super::{dns, events, explain, kept};
use crate::config::Source;

/// What stands where there is nothing.
const NOTHING: &str = "-";

/// A setting with its value and source.
type Setting = (String, Option<toml::Value>, Source);

/// The text of an answer.
pub(super) fn response(response: &Response, json: bool) -> anyhow::Result<String> {
    if json {
        return Ok(format!(
            "{}\n",
            serde_json::to_string_pretty(&as_json(response)?)?
        ));
    }
    Ok(match response {
        Response::Done => String::new(),
        Response::Domains(domains) => table(domains.iter().map(|one| {
            let has = match &one.alias_of {
                Some(of) => format!("another name of {of}"),
                None => format!("{} addresses", one.addresses),
            };
            vec![one.domain.to_string(), has]
        })),
        Response::Dns(records) => dns::lines(records),
        Response::Keys(keys) => table(keys.iter().map(key_row)),
        Response::Account(account) => account_lines(account),
        Response::Accounts(accounts) => table(accounts.iter().map(account_row)),
        Response::AccountRemoved { aliases } => table(aliases.iter().map(|lost| {
            let (which, what) = match (lost.account, lost.removed) {
                (false, true) => ("alias", "removed: it led nowhere else"),
                (false, false) => ("alias", "leads there no longer"),
                (true, true) => ("account", "its mail stays again: it went on nowhere else"),
                (true, false) => ("account", "its mail goes on there no longer"),
            };
            vec![format!("{which} {}", lost.address), what.to_owned()]
        })),
        Response::Alias(alias) => table([vec![alias.address.to_string(), list(&alias.targets)]]),
        Response::Aliases(aliases) => table(
            aliases
                .iter()
                .map(|alias| vec![alias.address.to_string(), list(&alias.targets)]),
        ),
        Response::Message(message) => message_lines(message),
        Response::Explained(shown) => explain::lines(shown),
        Response::Queue(entries) => table(entries.iter().map(entry_row)),
        Response::Entry(entry) => entry_lines(entry),
        Response::Flushed { recipients } => format!("{recipients} recipients are tried now\n"),
        Response::Destinations(all) => table(all.iter().map(destination_row)),
        Response::Events(all) => events::lines(all),
        Response::Kept(report) => kept::lines(report),
    })
}

/// The answer without the name of its kind, which the verb says already.
fn as_json(response: &Response) -> anyhow::Result<Json> {
    Ok(match response {
        Response::Done => json!({}),
        Response::Domains(all) => serde_json::to_value(all)?,
        Response::Dns(one) => serde_json::to_value(one)?,
        Response::Keys(all) => serde_json::to_value(all)?,
        Response::Account(one) => serde_json::to_value(one)?,
        Response::Accounts(all) => serde_json::to_value(all)?,
        Response::AccountRemoved { aliases } => json!({ "aliases": aliases }),
        Response::Alias(one) => serde_json::to_value(one)?,
        Response::Aliases(all) => serde_json::to_value(all)?,
        Response::Message(one) => serde_json::to_value(one)?,
        Response::Explained(one) => serde_json::to_value(one)?,
        Response::Queue(all) => serde_json::to_value(all)?,
        Response::Entry(one) => serde_json::to_value(one)?,
        Response::Flushed { recipients } => json!({ "recipients": recipients }),
        Response::Destinations(all) => serde_json::to_value(all)?,
        Response::Events(all) => serde_json::to_value(all)?,
        Response::Kept(report) => kept::as_json(report)?,
    })
}

/// The text of `config check` where nothing is wrong, with what should be known all the
/// same.
pub(super) fn checked(concerns: &[String], json: bool) -> anyhow::Result<String> {
    if json {
        let told = json!({ "ok": true, "warnings": concerns });
        return Ok(format!("{}\n", serde_json::to_string_pretty(&told)?));
    }
    let mut text = String::new();
    for concern in concerns {
        writeln!(text, "warning: {concern}")?;
    }
    text.push_str("the configuration is right\n");
    Ok(text)
}

/// The text of `config show`.
pub(super) fn settings(settings: &[Setting], json: bool) -> anyhow::Result<String> {
    if json {
        let all: Vec<Json> = settings
            .iter()
            .map(|(name, value, source)| json!({ "name": name, "value": value, "source": source }))
            .collect();
        return Ok(format!("{}\n", serde_json::to_string_pretty(&all)?));
    }
    Ok(table(settings.iter().map(|(name, value, source)| {
        let value = value.as_ref().map(ToString::to_string);
        vec![
            name.clone(),
            value.unwrap_or_else(|| NOTHING.to_owned()),
            source.to_string(),
        ]
    })))
}

fn key_row(key: &KeyShown) -> Vec<String> {
    let state = match key.state {
        StateShown::Prepared => "prepared: publish it, then rotate",
        StateShown::Active => "active: it signs",
        StateShown::Retired => "retired: leave it published",
    };
    vec![
        key.name.clone(),
        key.algorithm.clone(),
        format!("since {}", key.since),
        state.to_owned(),
    ]
}

fn account_row(account: &AccountShown) -> Vec<String> {
    vec![
        account.address.to_string(),
        account.name.clone().unwrap_or_else(|| NOTHING.to_owned()),
        format!("quota {}", quota(account.quota)),
        format!("old devices {}", switch(account.old_devices)),
        account
            .redirected
            .as_ref()
            .map_or_else(String::new, goes_on),
    ]
}

fn goes_on(redirection: &RedirectionShown) -> String {
    let kept = match redirection.keeps_copy {
        true => "a copy goes on to",
        false => "goes on to",
    };
    format!("{kept} {}", list(&redirection.to))
}

fn account_lines(account: &AccountShown) -> String {
    let mut rows = vec![
        ("address", account.address.to_string()),
        (
            "name",
            account.name.clone().unwrap_or_else(|| NOTHING.to_owned()),
        ),
        ("quota", quota(account.quota)),
        ("old devices", switch(account.old_devices).to_owned()),
        ("language", account.language.clone()),
        ("added", account.created.clone()),
        ("password set", account.password_changed.clone()),
    ];
    if let Some(redirection) = &account.redirected {
        rows.push(("mail", goes_on(redirection)));
    }
    if let Some(usage) = account.usage {
        rows.push(("messages", usage.messages.to_string()));
        rows.push(("octets", usage.bytes.to_string()));
    }
    if let Some(sending) = &account.sending {
        if let (Some(since), Some(why)) = (&sending.locked, &sending.why) {
            rows.push(("sending", format!("stopped since {since}: {why}")));
        }
        if sending.old_tablet {
            let told = "unknown recipients are reported, not refused";
            rows.push(("old tablet", told.to_owned()));
        }
        let own = [
            ("messages an hour", sending.messages_per_hour),
            ("recipients a day", sending.recipients_per_day),
        ];
        let own = own.into_iter();
        rows.extend(own.filter_map(|(name, limit)| Some((name, limit?.to_string()))));
    }
    table(
        rows.into_iter()
            .map(|(name, value)| vec![name.to_owned(), value]),
    )
}

fn entry_row(entry: &EntryShown) -> Vec<String> {
    let recipients: Vec<_> = entry.recipients.iter().map(|one| &one.address).collect();
    vec![
        entry.id.clone(),
        entry.received.clone(),
        format!("{} octets", entry.size),
        format!("<{}>", entry.from),
        list(&recipients),
        entry.held_until.as_deref().map_or_else(String::new, waits),
        if entry.held { "held" } else { "" }.to_owned(),
    ]
}

fn message_lines(message: &MessageShown) -> String {
    let row = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
    let mut rows = vec![
        row("mailbox", &message.mailbox),
        row("uid", &message.uid.to_string()),
        row("octets", &message.size.to_string()),
        row("arrived", &message.arrived),
    ];
    let Some(story) = &message.story else {
        rows.push(row("came", "by a way of which nothing is noted"));
        return table(rows);
    };
    rows.push(row("id", &story.id));
    rows.push(row("from", &format!("{} ({})", story.peer, story.hello)));
    rows.push(row("tls", story.tls.as_deref().unwrap_or("none")));
    if let Some(account) = &story.account {
        rows.push(row("account", account));
    }
    match &story.verdicts {
        Some(verdicts) => rows.extend(verdicts.iter().map(|said| row("found", said))),
        None => rows.push(row("found", "nothing was looked at")),
    }
    table(rows)
}

fn waits(until: &str) -> String {
    format!("waits until {until}, as its sender wants")
}

fn entry_lines(entry: &EntryShown) -> String {
    let mut rows = vec![
        vec!["id".to_owned(), entry.id.clone()],
        vec!["from".to_owned(), format!("<{}>", entry.from)],
        vec!["octets".to_owned(), entry.size.to_string()],
        vec!["received".to_owned(), entry.received.clone()],
    ];
    if entry.held {
        rows.push(vec!["held".to_owned(), "until it is retried".to_owned()]);
    }
    if let Some(until) = &entry.held_until {
        rows.push(vec![
            "waits".to_owned(),
            format!("until {until}, as its sender wants"),
        ]);
    }
    if let Some(end) = &entry.deliver_by {
        rows.push(vec!["wanted".to_owned(), format!("by {end}")]);
    }
    for recipient in &entry.recipients {
        let place = match recipient.account {
            Some(_) => "here",
            None => "elsewhere",
        };
        let trouble = recipient.trouble.as_deref().unwrap_or("queued");
        let host = recipient.host.as_ref().map(|host| format!("{host} said: "));
        let host = host.unwrap_or_default();
        let said = format!("{} ({place}): {host}{trouble}", recipient.address);
        rows.push(vec!["to".to_owned(), said]);
        if let Some(by) = &recipient.sent_on_by {
            rows.push(vec![String::new(), format!("sent on by {by}")]);
        }
        if recipient.attempts > 0 && !entry.held {
            let (attempts, due) = (recipient.attempts, &recipient.due);
            let said = format!("tried {attempts} times, next at {due}");
            rows.push(vec![String::new(), said]);
        }
    }
    table(rows)
}

fn destination_row(one: &DestinationShown) -> Vec<String> {
    vec![
        one.domain.to_string(),
        format!("failed {} times", one.failures),
        format!("tried again at {}", one.until),
        one.trouble.clone(),
    ]
}

fn quota(octets: Option<u64>) -> String {
    let Some(octets) = octets else {
        return "none".to_owned();
    };
    let unit = [("T", 40), ("G", 30), ("M", 20), ("K", 10)]
        .into_iter()
        .find(|(_, shift)| octets > 0 && octets.is_multiple_of(1 << shift));
    match unit {
        Some((letter, shift)) => format!("{}{letter}", octets >> shift),
        None => octets.to_string(),
    }
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn list(items: &[impl ToString]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}

/// Rows in columns that stand under each other.
pub(super) fn table(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            // Writing into a text can't fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
