//! By when a message is to be delivered. RFC 2852.

use std::fmt;
use std::str::FromStr;

/// In how many seconds, and what is to become of it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliverBy {
    /// From when that is said; less than none where the time has passed on the way.
    pub seconds: i64,
    /// What is to be done with a message that is late.
    pub late: Late,
    /// Each host that hands it on reports that it did.
    pub traced: bool,
}

/// What is to be done with a message that is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// Its sender is told, and it is delivered all the same (`N`).
    Told,
    /// It goes back to its sender (`R`).
    Returned,
}

/// No value of BY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDeliverBy;

impl FromStr for DeliverBy {
    type Err = NoDeliverBy;

    /// RFC 2852 section 4: up to nine digits; what goes back has some time at least.
    fn from_str(text: &str) -> Result<DeliverBy, NoDeliverBy> {
        let (time, mode) = text.split_once(';').ok_or(NoDeliverBy)?;
        let digits = time.strip_prefix(['+', '-']).unwrap_or(time);
        let is_number =
            (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let seconds = time.parse().ok().filter(|_| is_number).ok_or(NoDeliverBy)?;
        let (late, traced) = match mode.to_ascii_uppercase().as_str() {
            "N" => (Late::Told, false),
            "NT" => (Late::Told, true),
            "R" if seconds > 0 => (Late::Returned, false),
            "RT" if seconds > 0 => (Late::Returned, true),
            _ => return Err(NoDeliverBy),
        };
        Ok(DeliverBy {
            seconds,
            late,
            traced,
        })
    }
}

impl fmt::Display for DeliverBy {
    /// As it stands behind `BY=`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds.clamp(-MOST, MOST);
        let mode = match self.late {
            Late::Told => 'N',
            Late::Returned => 'R',
        };
        let trace = if self.traced { "T" } else { "" };
        write!(f, "{seconds};{mode}{trace}")
    }
}

/// What nine digits hold.
const MOST: i64 = 999_999_999;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_and_said_again() {
        for text in ["120;R", "120;RT", "-20;N", "0;NT", "999999999;R"] {
            assert_eq!(text.parse::<DeliverBy>().unwrap().to_string(), text);
        }
        let odd: DeliverBy = "+060;nt".parse().unwrap();
        assert_eq!(odd.to_string(), "60;NT");
        let passed = DeliverBy {
            seconds: -3_000_000_000,
            ..odd
        };
        assert_eq!(passed.to_string(), "-999999999;NT");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in [
            "",
            "60",
            ";R",
            "60;",
            "60;X",
            "60;T",
            "60;RTT",
            "60;TR",
            "0;R",
            "-1;RT",
            "+;N",
            "--1;N",
            "1234567890;N",
            "6 0;N",
            "60;R;T",
        ] {
            assert_eq!(text.parse::<DeliverBy>(), Err(NoDeliverBy), "{text}");
        }
    }
}
