//! Prints what came of orders for the sake of the data folder.

use std::path::Path;

use care::Moved;
use kv::sqlite::Salvaged;
use serde_json::{Value as Json, json};
use service::keep::{Checked, Report};

use super::meter::size;
use super::show::table;

/// For people.
pub(super) fn lines(report: &Report) -> String {
    let rows: Vec<(&str, String)> = match report {
        Report::Checked(checked) => return checked_lines(checked),
        Report::Compacted(pass) => {
            let mut rows = vec![
                ("freed", size(pass.freed)),
                ("messages written again", pass.moved.to_string()),
            ];
            if pass.waiting > 0 {
                rows.push(("to be freed within two hours", size(pass.waiting)));
            }
            let untidy = pass.untidy.iter();
            rows.extend(untidy.map(|account| ("could not be tidied", account.clone())));
            rows
        }
        Report::Stats(stats) => vec![
            ("accounts", stats.accounts.to_string()),
            ("messages kept", stats.bodies.to_string()),
            ("octets of them", size(stats.needed)),
            ("files of the log", stats.segments.to_string()),
            ("octets of them", size(stats.segment_octets)),
            ("large messages in files", stats.large.to_string()),
            ("octets of them", size(stats.large_octets)),
            (
                "copy of the index in the log",
                stats.copied.map_or_else(|| "none yet".to_owned(), size),
            ),
        ],
        Report::BackedUp(backup) => vec![
            ("written", size(backup.written)),
            ("messages' files in all", size(backup.all)),
        ],
    };
    table(
        rows.into_iter()
            .map(|(name, value)| vec![name.to_owned(), value]),
    )
}

/// What is wrong first, then what was looked at.
fn checked_lines(checked: &Checked) -> String {
    let mut lines = String::new();
    for fault in &checked.faults {
        lines += fault;
        lines.push('\n');
    }
    if checked.more > 0 {
        lines += &format!("and {} more\n", checked.more);
    }
    let Checked {
        accounts,
        messages,
        octets,
        queued,
        ..
    } = checked;
    let read = match octets {
        0 => "their records".to_owned(),
        octets => format!("their records and their {}", size(*octets)),
    };
    lines += &format!(
        "{accounts} accounts, {messages} messages and {queued} in the queue were looked at: {read}\n"
    );
    lines += match checked.faults.is_empty() {
        true => "all is well\n",
        false => "",
    };
    lines
}

/// Without the name of its kind, which the verb says already.
pub(super) fn as_json(report: &Report) -> anyhow::Result<Json> {
    Ok(match report {
        Report::Checked(checked) => serde_json::to_value(checked)?,
        Report::Compacted(pass) => serde_json::to_value(pass)?,
        Report::Stats(stats) => serde_json::to_value(stats)?,
        Report::BackedUp(backup) => serde_json::to_value(backup)?,
    })
}

/// What a move came to.
pub(super) fn moved(moved: &Moved, to: &Path, json: bool) -> anyhow::Result<String> {
    if json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(moved)?));
    }
    let Moved {
        accounts,
        there,
        bodies,
        octets,
    } = moved;
    let (octets, to) = (size(*octets), to.display());
    Ok(format!(
        "{accounts} accounts are there, {there} of them were before; {bodies} messages were \
         copied, {octets}\n\
         all of it was compared. Serve it now:  facteur --data {to} serve\n\
         The old place is as it was. Never serve both.\n"
    ))
}

/// What a salvage came to.
pub(super) fn salvaged(salvaged: &Salvaged, json: bool) -> anyhow::Result<String> {
    let Salvaged {
        changes,
        lost,
        aside,
    } = salvaged;
    if json {
        let report = json!({ "changes": changes, "lost": lost, "aside": aside });
        return Ok(format!("{}\n", serde_json::to_string_pretty(&report)?));
    }
    let mut lines = format!("the index is made again, up to its change {changes}\n");
    if let Some(aside) = aside {
        lines += &format!("what was there before is in {}\n", aside.display());
    }
    for what in lost {
        lines += &format!("could not be read: {what}\n");
    }
    lines += match lost.is_empty() {
        true => "nothing is lost\n",
        false => "what could not be read is passed over; all else is there\n",
    };
    Ok(lines)
}
