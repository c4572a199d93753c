//! Lists of tags: `a=b; c=d`. RFC 6376 section 3.2.

/// The tags of a list, each name once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tags<'a>(Vec<(&'a str, &'a str)>);

/// What is no list of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoTags;

impl<'a> Tags<'a> {
    pub(crate) fn read(text: &'a [u8]) -> Result<Self, NoTags> {
        let text = std::str::from_utf8(text).map_err(|_| NoTags)?;
        let mut tags: Vec<(&str, &str)> = Vec::new();
        for tag in text.split(';').map(trim) {
            // One that is empty is the end of the list, or somebody's slip.
            if tag.is_empty() {
                continue;
            }
            let (name, value) = tag.split_once('=').ok_or(NoTags)?;
            let name = trim(name);
            let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            let seen = tags.iter().any(|(other, _)| *other == name);
            if name.is_empty() || seen || !name.bytes().all(is_name) {
                return Err(NoTags);
            }
            tags.push((name, trim(value)));
        }
        Ok(Self(tags))
    }

    /// The value of a tag, without the white space around it.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| *value)
    }

    /// The first tag.
    pub(crate) fn first(&self) -> Option<(&'a str, &'a str)> {
        self.0.first().copied()
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// The parts of a value between colons, lower case.
pub(crate) fn parts(value: &str) -> impl Iterator<Item = String> + '_ {
    value.split(':').map(|part| trim(part).to_ascii_lowercase())
}

/// Base64 with white space anywhere. RFC 6376 section 2.10.
pub(crate) fn base64(value: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let dense: String = value.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    GeneralPurpose::new(&STANDARD, lenient).decode(dense).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_whatever_the_white_space() {
        let tags = Tags::read(b" v = 1 ;a=b=c;\r\n\tempty=;").unwrap();
        assert_eq!(tags.first(), Some(("v", "1")));
        assert_eq!(tags.get("a"), Some("b=c"));
        assert_eq!(tags.get("empty"), Some(""));
        assert_eq!(tags.get("A"), None);
        assert_eq!(
            parts("Subject : from").collect::<Vec<_>>(),
            ["subject", "from"]
        );
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["a", "a=1; a=2", "=1", "a b=1", "a=1;;b"] {
            assert_eq!(Tags::read(text.as_bytes()), Err(NoTags), "{text}");
        }
        assert_eq!(Tags::read(b"a=\xff"), Err(NoTags));
    }

    #[test]
    fn base64_may_be_folded() {
        assert_eq!(base64("aGVs\r\n bG8="), Some(b"hello".to_vec()));
        assert_eq!(base64("aGVsbG8"), Some(b"hello".to_vec()));
        assert_eq!(base64("a*"), None);
    }
}
