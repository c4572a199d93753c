//! Prints the records of a domain as a file of a zone, which a person can paste: what is said
//! about them stands in comments.

use std::fmt::Write;

use service::manage::{DnsShown, RecordShown};
use service::publish::{Live, Verdict};

/// Where a comment is folded.
const COLUMNS: usize = 78;

/// The text of an answer.
pub(super) fn lines(dns: &DnsShown) -> String {
    let mut text = String::new();
    let head = format!(
        "What {} is to have in DNS, so that mail comes to {} and is believed. Lines that begin \
         with ; are comments.",
        dns.domain, dns.host
    );
    comment(&mut text, "", &head);
    for note in &dns.notes {
        comment(&mut text, "", &format!("But: {note}."));
    }
    let mut before = None;
    for record in &dns.records {
        if before != Some(record.purpose) {
            text.push('\n');
            comment(&mut text, "", &record.why);
            before = Some(record.purpose);
        }
        line(&mut text, record);
    }
    text.push('\n');
    comment(&mut text, "", &summary(dns));
    text
}

fn line(text: &mut String, record: &RecordShown) {
    // Writing into a text can't fail.
    let _ = writeln!(text, "{}", record.line);
    let Some(live) = &record.live else {
        return;
    };
    comment(text, "  ", &told(live));
    for found in &live.found {
        let _ = writeln!(text, ";     {found}");
    }
}

/// How a record stands, in words.
fn told(live: &Live) -> String {
    let advice = &live.advice;
    match live.verdict {
        Verdict::Right => "right".to_owned(),
        Verdict::Missing => format!("missing: {advice}"),
        Verdict::Different if live.found.is_empty() => format!("different: {advice}"),
        Verdict::Different => format!("different: {advice}. There is now:"),
        Verdict::Unknown => format!("not known: {advice}"),
    }
}

fn summary(dns: &DnsShown) -> String {
    let count = |wanted: Verdict| {
        let verdicts = dns.records.iter().filter_map(|record| record.live.as_ref());
        verdicts.filter(|live| live.verdict == wanted).count()
    };
    format!(
        "{} right, {} missing, {} different, {} not known",
        count(Verdict::Right),
        count(Verdict::Missing),
        count(Verdict::Different),
        count(Verdict::Unknown)
    )
}

/// A comment, folded between words.
fn comment(text: &mut String, indent: &str, said: &str) {
    let begin = format!("; {indent}");
    let mut line = begin.clone();
    for word in said.split(' ') {
        if line.len() > begin.len() && line.len() + 1 + word.len() > COLUMNS {
            text.push_str(&line);
            text.push('\n');
            line.clone_from(&begin);
        }
        if line.len() > begin.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}
