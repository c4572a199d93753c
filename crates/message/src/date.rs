//! Dates of messages. RFC 5322 sections 3.3 and 4.3.
//!
//! Programs have written dates in every order. [`parse`] looks for the elements of a date
//! rather than for a grammar: a time has colons, a month is a word, a year has four
//! figures or comes last.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use crate::header::cursor::Cursor;
use crate::header::unfold;

/// Words of a date that are looked at. RFC 5322 has seven at most.
const WORDS: usize = 20;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Zones by name, in hours: those of RFC 5322 section 4.3, then those that European
/// programs wrote.
const ZONES: [(&str, i8); 24] = [
    ("UT", 0),
    ("GMT", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("Z", 0),
    ("UTC", 0),
    ("WET", 0),
    ("WEST", 1),
    ("BST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("MET", 1),
    ("MEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("JST", 9),
    ("AEST", 10),
];

/// What a `Date` field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Date and time as written, where the sender was: IMAP's SENTON and its like compare
    /// this date and disregard the zone (RFC 9051 section 6.4.4). Midnight where the time
    /// cannot be read.
    pub local: DateTime,
    /// The zone, `None` when it is missing or says nothing (`-0000`, military letters: RFC
    /// 5322 section 4.3).
    pub offset: Option<Offset>,
}

impl Sent {
    /// The moment, UTC assumed where the zone is not known. `None` for a moment before the
    /// first or after the last year that can be counted.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.offset
            .unwrap_or(Offset::UTC)
            .to_timestamp(self.local)
            .ok()
    }
}

/// Reads a `Date` field's value, tolerating what mail programs have written in it. `None`
/// when no date can be made out.
pub fn parse(value: &[u8]) -> Option<Sent> {
    let value = unfold(value);
    let mut found = Found::default();
    for word in words(&value).iter().take(WORDS) {
        found.word(word);
    }
    let date = found.date()?;
    Some(Sent {
        local: date.to_datetime(found.time.unwrap_or(Time::MIN)),
        offset: found.offset,
    })
}

/// The words outside comments. Commas, and hyphens and slashes between the elements of a
/// date, part them too.
fn words(value: &[u8]) -> Vec<String> {
    let mut words = Vec::new();
    let mut cursor = Cursor::new(value);
    while cursor.peek().is_some() && words.len() < WORDS {
        cursor.blanks();
        cursor.eat(b',');
        let end = |octet: u8| matches!(octet, b' ' | b'\t' | b',' | b'(');
        let word = String::from_utf8_lossy(cursor.until(end)).into_owned();
        let inner_hyphen =
            word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.contains('-');
        if inner_hyphen && iso(&word).is_none() && !word.contains(':') {
            words.extend(word.split('-').map(str::to_owned));
        } else if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

#[derive(Default)]
struct Found {
    /// Figures in their order: day and year, or year and day.
    numbers: Vec<(i16, usize)>,
    month: Option<i8>,
    time: Option<Time>,
    offset: Option<Offset>,
}

impl Found {
    fn word(&mut self, word: &str) {
        if let Some((date, time)) = iso(word) {
            return self.iso(date, time);
        }
        if word.contains(':') && self.time.is_none() && !word.starts_with(['+', '-']) {
            let (time, zone) = clock(word);
            self.time = time;
            self.zone(zone);
        } else if word.bytes().all(|octet| octet.is_ascii_digit()) && word.len() <= 4 {
            self.numbers
                .extend(word.parse().map(|number| (number, word.len())));
        } else if let Some(month) = month(word) {
            self.month = self.month.or(Some(month));
        } else {
            self.zone(word);
        }
    }

    /// `2026-11-23T10:11:12+01:00`, as RFC 3339 has it.
    fn iso(&mut self, date: &str, time: &str) {
        let mut parts = date.split('-').map(str::parse);
        if let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) =
            (parts.next(), parts.next(), parts.next())
        {
            self.numbers = vec![(year, 4), (day, 2)];
            self.month = i8::try_from(month).ok();
        }
        let (time, zone) = clock(time);
        self.time = time;
        self.zone(zone);
    }

    fn zone(&mut self, word: &str) {
        if let Some(offset) = zone(word) {
            self.offset = Some(offset);
            return;
        }
        match (word.to_ascii_uppercase().as_str(), self.time) {
            ("PM", Some(time)) if time.hour() < 12 => {
                self.time = time.with().hour(time.hour() + 12).build().ok();
            }
            ("AM", Some(time)) if time.hour() == 12 => self.time = time.with().hour(0).build().ok(),
            _ => {}
        }
    }

    fn date(&self) -> Option<Date> {
        let month = self.month?;
        let [first, second, ..] = self.numbers.as_slice() else {
            return None;
        };
        let (day, year) = if first.1 > 2 {
            (second, first)
        } else {
            (first, second)
        };
        Date::new(full_year(*year), month, i8::try_from(day.0).ok()?).ok()
    }
}

/// RFC 5322 section 4.3: two figures are of this century up to 49, three count from 1900.
fn full_year((year, figures): (i16, usize)) -> i16 {
    match figures {
        0..=2 if year < 50 => 2000 + year,
        0..=3 => 1900 + year,
        _ => year,
    }
}

fn month(word: &str) -> Option<i8> {
    let short = word.get(..3)?;
    let place = MONTHS
        .iter()
        .position(|month| short.eq_ignore_ascii_case(month))?;
    i8::try_from(place + 1).ok()
}

/// Both halves of an RFC 3339 date with its time, or the date alone.
fn iso(word: &str) -> Option<(&str, &str)> {
    let shape = |date: &str| {
        let figure = |(at, octet): (usize, u8)| {
            if matches!(at, 4 | 7) {
                octet == b'-'
            } else {
                octet.is_ascii_digit()
            }
        };
        date.len() == 10 && date.bytes().enumerate().all(figure)
    };
    let (date, rest) = word.split_at_checked(10)?;
    (shape(date) && (rest.is_empty() || rest.starts_with(['T', 't'])))
        .then(|| (date, rest.get(1..).unwrap_or("")))
}

/// A time, and what is glued to it: `10:11:12Z`, `10:11:12+0100`, `10:11PM`.
fn clock(word: &str) -> (Option<Time>, &str) {
    let end = word
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.'))
        .unwrap_or(word.len());
    let (time, zone) = word.split_at(end);
    let mut parts = time.split([':', '.']).map(str::parse::<i8>);
    let mut part = || parts.next().and_then(Result::ok);
    let (hour, minute) = (part(), part().unwrap_or(0));
    // A leap second (RFC 5322 section 3.3) is the second before it here.
    let second = part().unwrap_or(0).min(59);
    (
        hour.and_then(|hour| Time::new(hour, minute, second, 0).ok()),
        zone,
    )
}

/// `+0100`, `-05:00`, `GMT`, `GMT+2`; `None` for what says nothing.
fn zone(word: &str) -> Option<Offset> {
    let named = ZONES
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name));
    if let Some((_, hours)) = named {
        return Offset::from_seconds(i32::from(*hours) * 3600).ok();
    }
    let word = word
        .strip_prefix("GMT")
        .or_else(|| word.strip_prefix("UTC"))
        .unwrap_or(word);
    let (sign, figures) = match word.split_at_checked(1)? {
        ("+", figures) => (1, figures),
        ("-", figures) => (-1, figures),
        _ => return None,
    };
    let figures: String = figures.chars().filter(|c| *c != ':').collect();
    let number: i32 = if figures.len() <= 4 {
        figures.parse().ok()?
    } else {
        return None;
    };
    let seconds = if figures.len() <= 2 {
        number * 3600
    } else {
        number / 100 * 3600 + number % 100 * 60
    };
    if sign < 0 && seconds == 0 {
        None
    } else {
        Offset::from_seconds(sign * seconds).ok()
    }
}

/// A date as a header has it: `Mon, 23 Nov 2026 10:11:12 +0100`.
pub fn format(when: Timestamp, offset: Offset) -> String {
    let local = offset.to_datetime(when);
    let name = |names: &[&'static str], number: i8| {
        let place = usize::try_from(number - 1).unwrap_or_default();
        names.get(place).copied().unwrap_or_default()
    };
    let day = name(&DAYS, local.weekday().to_monday_one_offset());
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let mut text = format!(
        "{day}, {:02} {} ",
        local.day(),
        name(&MONTHS, local.month())
    );
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "{:04} {:02}:{:02}:{:02} ",
        local.year(),
        local.hour(),
        local.minute(),
        local.second()
    );
    let _ = write!(
        text,
        "{sign}{:02}{:02}",
        minutes.abs() / 60,
        minutes.abs() % 60
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the form of RFC 3339.
    fn read(value: &str) -> Option<String> {
        let sent = parse(value.as_bytes())?;
        let zone = sent
            .offset
            .map_or_else(|| "?".into(), |offset| offset.to_string());
        Some(format!("{}{zone}", sent.local))
    }

    #[test]
    fn as_the_rfc_writes_it() {
        for (value, wanted) in [
            ("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06"),
            ("21 Nov 1997 09:55 +0530", "1997-11-21T09:55:00+05:30"),
            (
                "Thu,\r\n 13\r\n Feb\r\n 1969\r\n 23:32\r\n -0330 (Newfoundland Time)",
                "1969-02-13T23:32:00-03:30",
            ),
            ("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06+00"),
            (
                "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600",
                "1997-11-21T00:00:00-06",
            ),
            ("1 Jan 03 00:00:00 EST", "2003-01-01T00:00:00-05"),
            ("1 Jan 103 00:00:00 A", "2003-01-01T00:00:00?"),
            ("1 Jan 2003 00:00:60 -0000", "2003-01-01T00:00:59?"),
        ] {
            assert_eq!(read(value).as_deref(), Some(wanted), "{value}");
        }
    }

    #[test]
    fn as_programs_write_it() {
        for (value, wanted) in [
            ("Mon Nov 23 10:11:12 2026", "2026-11-23T10:11:12?"),
            ("Mon Nov 23 10:11:12 CET 2026", "2026-11-23T10:11:12+01"),
            ("23-Nov-2026 10:11:12 +0100", "2026-11-23T10:11:12+01"),
            ("2026-11-23T10:11:12Z", "2026-11-23T10:11:12+00"),
            ("2026-11-23T10:11:12.5+01:00", "2026-11-23T10:11:12+01"),
            ("2026-11-23 10:11:12 +0100", "2026-11-23T10:11:12+01"),
            ("Monday, November 23, 2026 1:11 PM", "2026-11-23T13:11:00?"),
            (
                "Mon, 23 Nov 2026 10:11:12 GMT+0100",
                "2026-11-23T10:11:12+01",
            ),
            ("23 Nov 2026", "2026-11-23T00:00:00?"),
            ("Mon, 23 Nov 2026 25:61:00 +9999", "2026-11-23T00:00:00?"),
        ] {
            assert_eq!(read(value).as_deref(), Some(wanted), "{value}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for value in [
            "",
            "yesterday",
            "Nov 2026",
            "31 Feb 2026",
            "23 2026 10:10",
            "99999999999 Nov 1",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }

    #[test]
    fn what_we_write_we_read() {
        let when: Timestamp = "2026-11-03T23:11:12Z".parse().unwrap();
        let offset = Offset::from_seconds(3600).unwrap();
        assert_eq!(format(when, offset), "Wed, 04 Nov 2026 00:11:12 +0100");
        assert_eq!(
            format(when, Offset::from_seconds(-12600).unwrap()),
            "Tue, 03 Nov 2026 19:41:12 -0330"
        );
        assert_eq!(
            parse(format(when, offset).as_bytes()).unwrap().timestamp(),
            Some(when)
        );
    }
}
