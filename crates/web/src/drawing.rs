//! The ornaments that say something, as data for the templates: the postmark and the
//! sticks.

/// Most letters that fit around a postmark.
const RING_LETTERS: usize = 12;
/// Most letters written in sticks: they then fill the width of the form above them.
const STICK_LETTERS: usize = 10;
/// Sticks of one letter, and the gap after it.
const STICKS: u32 = 5;
/// From one stick to the next, in the drawing's units.
const STICK_PITCH: u32 = 7;

/// A ring with a time in it and four waves: something happened, at that time.
pub(crate) struct Postmark {
    /// Around the top.
    pub(crate) above: String,
    /// Around the foot.
    pub(crate) below: String,
    /// In the middle, bold.
    pub(crate) first: String,
    /// Under it.
    pub(crate) second: String,
    /// What it says, for readers of screens; empty where it is ornament.
    pub(crate) name: String,
}

/// The first label of a domain, if it fits around a postmark.
pub(crate) fn ring_name(domain: &str) -> Option<String> {
    let label = domain.split('.').next()?;
    (label.chars().count() <= RING_LETTERS).then(|| label.to_uppercase())
}

/// Where the orange sticks of a word stand: five for each letter, by the five low bits
/// of its code, as sorting machines write a place on an envelope.
pub(crate) struct Sticks {
    /// The left side of each stick.
    pub(crate) places: Vec<u32>,
    /// The width of the whole.
    pub(crate) width: u32,
}

impl Sticks {
    pub(crate) fn of(word: &str) -> Self {
        let mut places = Vec::new();
        let mut at = 0;
        for octet in word
            .bytes()
            .filter(u8::is_ascii_alphanumeric)
            .take(STICK_LETTERS)
        {
            for bit in (0..STICKS).rev() {
                if octet >> bit & 1 == 1 {
                    places.push(at);
                }
                at += STICK_PITCH;
            }
            at += STICK_PITCH;
        }
        Self { places, width: at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sticks_are_the_bits_of_letters() {
        // a = 0x61: 00001; c = 0x63: 00011.
        let sticks = Sticks::of("a-c");
        assert_eq!((sticks.places, sticks.width), (vec![28, 63, 70], 84));
        assert!(Sticks::of(&"x".repeat(300)).width <= 420);
    }

    #[test]
    fn a_long_name_is_left_off_the_ring() {
        assert_eq!(ring_name("tilleuls.example"), Some("TILLEULS".into()));
        assert_eq!(ring_name("a-very-long-name-indeed.example"), None);
    }
}
