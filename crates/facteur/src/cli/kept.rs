//! Prints what came of orders for the sake of what is kept.

use std::path::Path;

use care::bucket::{Collected, Contents, Foreign};
use care::{Moved, Pass, Stats};
use kv::sqlite::Salvaged;
use serde_json::{Value as Json, json};
use service::keep::{Checked, Compacted, Counted, Report};

use super::meter::size;
use super::show::table;

/// For people.
pub(super) fn lines(report: &Report) -> String {
    let rows: Vec<Line> = match report {
        Report::Checked(checked) => return checked_lines(checked),
        Report::Compacted(Compacted { folder, bucket }) => {
            let mut rows: Vec<Line> = folder.iter().flat_map(compacted).collect();
            rows.extend(bucket.iter().flat_map(collected));
            rows
        }
        Report::Stats(Counted { folder, bucket }) => {
            // Of what is in the bucket the folder knows nothing.
            let is_all = bucket.is_none();
            let mut rows: Vec<Line> = folder
                .iter()
                .flat_map(|stats| counted(stats, is_all))
                .collect();
            let shared = folder.is_none();
            rows.extend(bucket.iter().flat_map(|bucket| contents(bucket, shared)));
            rows
        }
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

/// What it is, and how much or who.
type Line = (&'static str, String);

fn compacted(pass: &Pass) -> Vec<Line> {
    let mut rows = vec![
        ("freed", size(pass.freed)),
        ("messages written again", pass.moved.to_string()),
    ];
    if pass.waiting > 0 {
        rows.push(("to be freed within two hours", size(pass.waiting)));
    }
    rows.extend(untidy(&pass.untidy));
    rows
}

fn collected(pass: &Collected) -> Vec<Line> {
    let mut rows = vec![
        ("objects taken out of the bucket", pass.removed.to_string()),
        ("freed there", size(pass.freed)),
        ("messages written again there", pass.moved.to_string()),
    ];
    if pass.waiting > 0 {
        rows.push(("to be freed there while serving", size(pass.waiting)));
    }
    rows.extend(foreign(&pass.foreign));
    rows.extend(untidy(&pass.untidy));
    rows
}

fn untidy(accounts: &[String]) -> impl Iterator<Item = Line> {
    let named = |account: &String| ("could not be tidied", account.clone());
    accounts.iter().map(named)
}

fn counted(stats: &Stats, is_all: bool) -> Vec<Line> {
    let mut rows = vec![("accounts", stats.accounts.to_string())];
    if is_all {
        rows.extend([
            ("messages kept", stats.bodies.to_string()),
            ("octets of them, uncompressed", size(stats.needed)),
        ]);
    }
    rows.extend([
        ("files of the log", stats.segments.to_string()),
        ("octets of them", size(stats.segment_octets)),
    ]);
    if is_all {
        rows.extend([
            ("large messages in files", stats.large.to_string()),
            ("octets of them", size(stats.large_octets)),
        ]);
    }
    rows.push((
        "copy of the index in the log",
        stats.copied.map_or_else(|| "none yet".to_owned(), size),
    ));
    rows
}

fn contents(bucket: &Contents, shared: bool) -> Vec<Line> {
    let mut rows = Vec::new();
    if shared {
        rows.push(("accounts", bucket.accounts.to_string()));
    }
    rows.extend([
        ("objects in the bucket", bucket.objects.to_string()),
        ("octets of them", size(bucket.octets)),
        ("of them needed by nobody", bucket.needless.to_string()),
        ("octets of those", size(bucket.needless_octets)),
        ("and beside what is needed", size(bucket.needless_in_packs)),
    ]);
    rows.extend(foreign(&bucket.foreign));
    rows
}

fn foreign(foreign: &Foreign) -> Option<Line> {
    let Foreign { count, names } = foreign;
    let more = match names.len() as u64 {
        named if named < *count => ", ...",
        _ => "",
    };
    let named = format!("{count}: {}{more}", names.join(", "));
    (*count > 0).then_some(("not ours in the bucket", named))
}

/// What was put right and what is wrong first, then what was looked at.
fn checked_lines(checked: &Checked) -> String {
    let mut lines = String::new();
    for mended in &checked.mended {
        lines += &format!("mended: {mended}\n");
    }
    if checked.mended_more > 0 {
        lines += &format!("and {} more were mended\n", checked.mended_more);
    }
    for note in &checked.notes {
        lines += note;
        lines.push('\n');
    }
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
        Report::Compacted(compacted) => serde_json::to_value(compacted)?,
        Report::Stats(counted) => serde_json::to_value(counted)?,
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
pub(super) fn salvaged(salvaged: &Salvaged, data: &Path, json: bool) -> anyhow::Result<String> {
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
    if lost.is_empty() {
        lines += "nothing is lost\n";
    } else {
        lines += &format!(
            "what could not be read is passed over; all else is there\n\
             numbers may be wrong by what is passed over. Put them right, while serving or not:\n\
             facteur --data {} store check --mend\n",
            data.display()
        );
    }
    Ok(lines)
}
