//! The languages, and how the one that a reader wants is found.

/// A language that the service speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// French.
    French,
    /// English, also where no language is known.
    #[default]
    English,
}

/// How much of an `Accept-Language` field is read. RFC 9110 section 12.5.4 sets no
/// limit; browsers send less than a tenth of this.
const ACCEPT_OCTETS: usize = 1024;

impl Language {
    /// All of them.
    pub const ALL: [Language; 2] = [Language::French, Language::English];

    /// Its code, as in the `lang` attribute of a page and in a cookie. RFC 5646.
    pub fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// The language of a code: `fr`, `fr-FR`, `EN`. None if we do not speak it.
    pub fn from_code(code: &str) -> Option<Self> {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// The language that a browser prefers among ours, by its `Accept-Language` field
    /// (RFC 9110 section 12.5.4). None if it names neither.
    pub fn accepted(field: &str) -> Option<Self> {
        let end = field.floor_char_boundary(ACCEPT_OCTETS);
        let mut best: Option<(Self, u16)> = None;
        for item in field[..end].split(',') {
            let (range, parameters) = item.split_once(';').unwrap_or((item, ""));
            let (Some(language), weight) = (Self::from_code(range.trim()), weight(parameters))
            else {
                continue;
            };
            // Of equal weights the first one named wins, as browsers list them in order.
            if weight > best.map_or(0, |(_, most)| most) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }

    /// Its name in itself, for the link that switches to it.
    pub fn name(self) -> String {
        crate::text(self, crate::keys::LANGUAGE_NAME, &[])
    }
}

/// The weight in thousandths: 1 where none is given, 0 (never) where it can't be read.
fn weight(parameters: &str) -> u16 {
    let Some(value) = parameters.trim().strip_prefix("q=") else {
        return 1000;
    };
    match value.parse::<f32>() {
        Ok(q) if (0.0..=1.0).contains(&q) => (q * 1000.0) as u16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, English, French};

    #[test]
    fn codes_go_both_ways() {
        for language in Language::ALL {
            assert_eq!(Language::from_code(language.code()), Some(language));
        }
        assert_eq!(Language::from_code("FR-ca"), Some(French));
        assert_eq!(Language::from_code("frr"), None);
        assert_eq!(Language::from_code(""), None);
    }

    #[test]
    fn the_browser_is_heard() {
        assert_eq!(Language::accepted("fr-FR,fr;q=0.9,en;q=0.8"), Some(French));
        assert_eq!(
            Language::accepted("de, en-GB;q=0.5, fr;q=0.7"),
            Some(French)
        );
        assert_eq!(Language::accepted("en,fr"), Some(English));
        assert_eq!(Language::accepted("fr;q=0, en;q=0.1"), Some(English));
        assert_eq!(Language::accepted("de,*"), None);
        assert_eq!(Language::accepted("fr;q=nan, en;q=7"), None);
        assert_eq!(Language::accepted(&"é".repeat(4000)), None);
    }

    #[test]
    fn each_names_itself() {
        assert_eq!(
            (French.name(), English.name()),
            ("Français".into(), "English".into())
        );
    }
}
