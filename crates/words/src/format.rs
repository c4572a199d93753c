//! Sizes, counts, dates and times as each language writes them.
//!
//! Spaces inside a figure are no-break spaces (U+00A0), so that none of these ever
//! breaks across lines. The narrow one would be finer, but the fonts of the oldest
//! devices and our own do not have it.

use jiff::civil::{Date, Time};

use crate::Language;

/// The space that no line is broken at.
const NO_BREAK: char = '\u{a0}';

const UNITS_FRENCH: [&str; 5] = ["ko", "Mo", "Go", "To", "Po"];
const UNITS_ENGLISH: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];

const MONTHS_FRENCH: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A number of octets in decimal units, with one digit after the point where it says
/// something: `1,2 Go`, `1.2 GB`, `25 Mo`, `512 octets`.
pub fn size(octets: u64, language: Language) -> String {
    let units = match language {
        Language::French => UNITS_FRENCH,
        Language::English => UNITS_ENGLISH,
    };
    let mut scaled = None;
    let mut unit_octets: u64 = 1;
    for unit in units {
        let next = unit_octets.saturating_mul(1000);
        if octets < next {
            break;
        }
        unit_octets = next;
        scaled = Some(unit);
    }
    let Some(unit) = scaled else {
        let noun = match (octets, language) {
            (0 | 1, Language::French) => "octet",
            (_, Language::French) => "octets",
            (1, Language::English) => "byte",
            (_, Language::English) => "bytes",
        };
        return format!("{octets}{NO_BREAK}{noun}");
    };
    // Cut, not rounded: 0,96 Go free is never shown as 1 Go.
    let (whole, tenth) = (
        octets / unit_octets,
        octets % unit_octets / (unit_octets / 10),
    );
    let point = if language == Language::French {
        ','
    } else {
        '.'
    };
    if tenth == 0 || whole >= 100 {
        format!("{}{NO_BREAK}{unit}", count(whole, language))
    } else {
        format!("{whole}{point}{tenth}{NO_BREAK}{unit}")
    }
}

/// A count with its thousands apart: `2 134`, `2,134`.
pub fn count(count: u64, language: Language) -> String {
    let mark = match language {
        Language::French => NO_BREAK,
        Language::English => ',',
    };
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(mark);
        }
        grouped.push(digit);
    }
    grouped
}

/// A time of day: `14 h 02`, `2:02 pm`.
pub fn time(time: Time, language: Language) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    match language {
        Language::French => format!("{hour}{NO_BREAK}h{NO_BREAK}{minute:02}"),
        Language::English => {
            let half = if hour < 12 { "am" } else { "pm" };
            let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
            format!("{hour}:{minute:02}{NO_BREAK}{half}")
        }
    }
}

/// A day with its year: `23 novembre 2026`, `23 November 2026`; `1er mai 2026`.
pub fn date(date: Date, language: Language) -> String {
    let day = match (date.day(), language) {
        (1, Language::French) => "1er".to_owned(),
        (day, _) => day.to_string(),
    };
    format!(
        "{day}{NO_BREAK}{}{NO_BREAK}{}",
        month(date, language),
        date.year()
    )
}

/// A day as a postmark shows it: `23-11`, `23 Nov`.
pub fn postmark_day(date: Date, language: Language) -> String {
    match language {
        Language::French => format!("{}-{:02}", date.day(), date.month()),
        Language::English => {
            let name = month(date, language);
            format!("{}{NO_BREAK}{}", date.day(), name.get(..3).unwrap_or(name))
        }
    }
}

fn month(date: Date, language: Language) -> &'static str {
    let months = match language {
        Language::French => &MONTHS_FRENCH,
        Language::English => &MONTHS_ENGLISH,
    };
    let index = usize::try_from(date.month() - 1).unwrap_or_default();
    months.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use Language::{English, French};
    use jiff::civil::{date as day, time as clock};

    use super::*;

    fn shown(text: impl AsRef<str>) -> String {
        text.as_ref().replace(NO_BREAK, "_")
    }

    #[test]
    fn sizes() {
        assert_eq!(shown(size(1_234_567_890, French)), "1,2_Go");
        assert_eq!(shown(size(1_234_567_890, English)), "1.2_GB");
        assert_eq!(shown(size(25_000_000, French)), "25_Mo");
        assert_eq!(shown(size(999, French)), "999_octets");
        assert_eq!(shown(size(1, English)), "1_byte");
        assert_eq!(shown(size(0, French)), "0_octet");
        assert_eq!(shown(size(999_999, English)), "999_kB");
        assert_eq!(shown(size(960_000_000, French)), "960_Mo");
        assert_eq!(shown(size(u64::MAX, French)), "18_446_Po");
    }

    #[test]
    fn counts() {
        assert_eq!(shown(count(2134, French)), "2_134");
        assert_eq!(shown(count(2134, English)), "2,134");
        assert_eq!(shown(count(999, English)), "999");
        assert_eq!(shown(count(1_000_000, English)), "1,000,000");
    }

    #[test]
    fn times() {
        assert_eq!(shown(time(clock(14, 2, 0, 0), French)), "14_h_02");
        assert_eq!(shown(time(clock(14, 2, 0, 0), English)), "2:02_pm");
        assert_eq!(shown(time(clock(0, 30, 0, 0), English)), "12:30_am");
        assert_eq!(shown(time(clock(12, 0, 0, 0), English)), "12:00_pm");
    }

    #[test]
    fn days() {
        assert_eq!(shown(date(day(2026, 11, 23), French)), "23_novembre_2026");
        assert_eq!(shown(date(day(2026, 5, 1), French)), "1er_mai_2026");
        assert_eq!(shown(date(day(2026, 5, 1), English)), "1_May_2026");
        assert_eq!(shown(postmark_day(day(2026, 11, 23), French)), "23-11");
        assert_eq!(shown(postmark_day(day(2026, 11, 23), English)), "23_Nov");
    }
}
