//! Dates and times on the wire. RFC 9051 section 9, `date` and `date-time`.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// When a message came, with the zone in which that was said. RFC 9051 section 2.3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InternalDate {
    /// Seconds since 1970 in UTC.
    pub seconds: i64,
    /// Minutes that the zone is ahead of UTC.
    pub offset_minutes: i16,
}

/// English and in this case, whatever the language of anybody: RFC 9051 section 9.
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl InternalDate {
    /// Reads `05-Nov-2026 10:11:12 +0100`; the day may be ` 5`.
    pub(crate) fn read(text: &str) -> Option<InternalDate> {
        let (date, rest) = text.split_at_checked(11)?;
        let (time, zone) = rest.strip_prefix(' ')?.split_once(' ')?;
        let date = read_date(date.strip_prefix(' ').unwrap_or(date))?;
        let offset_minutes = read_zone(zone)?;
        let local = DateTime::from_parts(date, read_time(time)?);
        let zone = Offset::from_seconds(i32::from(offset_minutes) * 60).ok()?;
        Some(InternalDate {
            seconds: zone.to_timestamp(local).ok()?.as_second(),
            offset_minutes,
        })
    }

    /// Writes it as devices expect it: two digits for the day.
    pub(crate) fn write(self) -> String {
        // What no calendar has is shown as the beginning of time rather than left out:
        // some devices stop at an answer without a date.
        let (local, offset) = match self.local() {
            Some(local) => (local, self.offset_minutes),
            None => (DateTime::default(), 0),
        };
        let month = month_name(local.month());
        let (sign, ahead) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
        format!(
            "{:02}-{month}-{:04} {:02}:{:02}:{:02} {sign}{:02}{:02}",
            local.day(),
            local.year(),
            local.hour(),
            local.minute(),
            local.second(),
            ahead / 60,
            ahead % 60
        )
    }

    fn local(self) -> Option<DateTime> {
        let offset = Offset::from_seconds(i32::from(self.offset_minutes) * 60).ok()?;
        let local = offset.to_datetime(Timestamp::from_second(self.seconds).ok()?);
        (local.year() >= 0).then_some(local)
    }

    /// The day in its own zone, which is what SEARCH compares: RFC 9051 section 6.4.4
    /// disregards time and zone.
    pub fn day(self) -> Date {
        self.local().unwrap_or_default().date()
    }
}

/// Reads `5-Nov-2026`, the day in one digit or two.
pub(crate) fn read_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(month))?;
    if parts.next().is_some() || !(1..=2).contains(&day.len()) || year.len() != 4 {
        return None;
    }
    let month = i8::try_from(month + 1).ok()?;
    Date::new(digits(year)?, month, i8::try_from(digits(day)?).ok()?).ok()
}

/// Reads `10:11:12`.
fn read_time(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(|part| match part.len() {
        2 => i8::try_from(digits(part)?).ok(),
        _ => None,
    });
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    // A leap second is told as the one before it: our clock has none.
    let time = Time::new(hour, minute, second.min(59), 0).ok()?;
    (second <= 60 && parts.next().is_none()).then_some(time)
}

/// Reads `+0100` as minutes.
fn read_zone(text: &str) -> Option<i16> {
    let (sign, ahead) = text.split_at_checked(1)?;
    let (hours, minutes) = ahead.split_at_checked(2)?;
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    if ahead.len() != 4 || hours > 23 || minutes > 59 {
        return None;
    }
    match sign {
        "+" => Some(hours * 60 + minutes),
        "-" => Some(-(hours * 60 + minutes)),
        _ => None,
    }
}

/// A number of digits and nothing else: `parse` alone would take a sign.
fn digits(text: &str) -> Option<i16> {
    text.bytes()
        .all(|octet| octet.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn month_name(month: i8) -> &'static str {
    let index = usize::try_from(month - 1).unwrap_or_default();
    MONTHS.get(index).copied().unwrap_or("Jan")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_written_as_the_tablet_reads_them() {
        let date = InternalDate {
            seconds: 1_793_869_872,
            offset_minutes: 60,
        };
        assert_eq!(date.write(), "05-Nov-2026 10:11:12 +0100");
        assert_eq!(InternalDate::read("05-Nov-2026 10:11:12 +0100"), Some(date));
        assert_eq!(InternalDate::read(" 5-nov-2026 10:11:12 +0100"), Some(date));
        let west = InternalDate {
            offset_minutes: -210,
            ..date
        };
        assert_eq!(west.write(), "05-Nov-2026 05:41:12 -0330");
        assert_eq!(date.day().to_string(), "2026-11-05");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "05-Nov-2026",
            "31-Feb-2026 10:11:12 +0100",
            "05-Nov-2026 10:11:12 +2500",
            "05-Nov-2026 24:11:12 +0100",
            "05-Nov-2026 10:11:61 +0100",
            "05-Nov-26 10:11:12 +0100",
            "05-Nov-2026 10:11:12 0100",
            "05-Nov-2026 10:11:12 +01000",
            "+5-Nov-2026 10:11:12 +0100",
            "05-Nov-2026  10:11:12 +0100",
            "é5-Nov-2026 10:11:12 +0100",
        ] {
            assert_eq!(InternalDate::read(text), None, "{text}");
        }
        assert_eq!(read_date("1-Feb-1994-"), None);
        assert_eq!(read_date("001-Feb-1994"), None);
        assert_eq!(read_date("1-Févr-1994"), None);
    }

    #[test]
    fn no_date_stops_an_answer() {
        for seconds in [i64::MIN, i64::MAX, -99_999_999_999] {
            let text = InternalDate {
                seconds,
                offset_minutes: i16::MIN,
            }
            .write();
            assert_eq!(text.len(), 26, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_date_comes_back(seconds in 0i64..10_000_000_000, offset_minutes in -1439i16..1439) {
            let date = InternalDate { seconds, offset_minutes };
            prop_assert_eq!(InternalDate::read(&date.write()), Some(date));
        }
    }
}
