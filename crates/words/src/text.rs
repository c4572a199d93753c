//! Messages of the Fluent files, with their placeholders filled.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::Language;

/// The name of one message. There is one constant for each in [`crate::keys`], and no
/// other way to have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub(crate) id: &'static str,
    pub(crate) arguments: &'static [&'static str],
}

impl Key {
    /// Its name in the files.
    pub fn id(self) -> &'static str {
        self.id
    }

    /// The names of its placeholders, in alphabetical order.
    pub fn arguments(self) -> &'static [&'static str] {
        self.arguments
    }
}

/// What fills a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text, put in as it is.
    Text(&'a str),
    /// A count that chooses between singular and plural, printed with the grouping of
    /// the language.
    Count(u64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

type Bundle = FluentBundle<FluentResource>;

include!(concat!(env!("OUT_DIR"), "/resources.rs"));

static FRENCH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::French, FR));
static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English, EN));

/// A message in one language. `arguments` fills each of its placeholders.
///
/// The key exists in every language, as `build.rs` has checked. A placeholder that
/// was forgotten stands in the text by its name and is logged as our fault.
pub fn text(language: Language, key: Key, arguments: &[(&str, Value<'_>)]) -> String {
    let bundle = match language {
        Language::French => &*FRENCH,
        Language::English => &*ENGLISH,
    };
    let Some(pattern) = bundle
        .get_message(key.id)
        .and_then(|message| message.value())
    else {
        tracing::error!(key = key.id, "no such message");
        return key.id.to_owned();
    };
    let mut filled = FluentArgs::new();
    for (name, value) in arguments {
        filled.set(*name, fluent(*value));
    }
    let mut faults = Vec::new();
    let text = bundle
        .format_pattern(pattern, Some(&filled), &mut faults)
        .into_owned();
    if !faults.is_empty() {
        tracing::error!(key = key.id, ?faults, "a message could not be filled");
    }
    text
}

fn fluent(value: Value<'_>) -> FluentValue<'_> {
    match value {
        Value::Text(text) => FluentValue::from(text),
        Value::Count(count) => FluentValue::from(count),
    }
}

fn bundle(language: Language, files: &[&str]) -> Bundle {
    let locale = language.code().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![locale]);
    // The marks that keep a right-to-left value apart would end up in copied values.
    bundle.set_use_isolating(false);
    for file in files {
        // A test reads every file without a fault; build.rs has seen that no key is twice.
        let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(some, _)| some);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    #[test]
    fn every_file_is_read_without_a_fault() {
        for file in FR.iter().chain(EN) {
            let read = FluentResource::try_new((*file).to_owned());
            assert!(read.is_ok(), "{:?}", read.err().map(|(_, faults)| faults));
        }
    }

    /// Every text of one language, each placeholder filled with `x` (and 2).
    fn all(language: Language) -> impl Iterator<Item = (Key, String)> {
        keys::ALL.iter().map(move |key| {
            let value = |name: &&'static str| match *name {
                "count" => (*name, Value::Count(2)),
                name => (name, Value::Text("x")),
            };
            let arguments: Vec<_> = key.arguments.iter().map(value).collect();
            (*key, text(language, *key, &arguments))
        })
    }

    #[test]
    fn every_key_speaks_in_every_language() {
        for language in Language::ALL {
            for (key, text) in all(language) {
                assert!(
                    !text.is_empty() && text != key.id,
                    "{key:?} in {language:?}"
                );
                assert!(
                    !text.contains(['{', '}', '$']),
                    "{key:?} in {language:?}: {text}"
                );
            }
        }
    }

    #[test]
    fn texts_hold_no_html_and_their_marks_are_closed() {
        for language in Language::ALL {
            for (key, text) in all(language) {
                assert!(!text.contains(['<', '>', '&']), "{key:?}: {text}");
                assert_eq!(text.matches("**").count() % 2, 0, "{key:?}: {text}");
                assert_eq!(text.matches('`').count() % 2, 0, "{key:?}: {text}");
            }
        }
    }

    #[test]
    fn french_is_set_as_french() {
        for (key, text) in all(Language::French) {
            assert!(
                !text.contains(['\'', '"']),
                "{key:?}: straight quotes in {text}"
            );
            assert!(
                !text.contains("...") && !text.contains("  "),
                "{key:?}: {text}"
            );
            for mark in [':', ';', '!', '?', '»'] {
                let bare = text
                    .char_indices()
                    .filter(|(_, c)| *c == mark)
                    .any(|(at, _)| {
                        // B612 has no narrow no-break space, nor had the fonts of 2012.
                        !text[..at].trim_end_matches('*').ends_with('\u{a0}')
                    });
                assert!(!bare, "{key:?}: no no-break space before {mark} in {text}");
            }
            assert!(!text.contains("« "), "{key:?}: {text}");
        }
    }

    #[test]
    fn nobody_is_blamed_and_nothing_shouts() {
        let avoided = [
            "invalid", "illegal", "failed", "oops", "please", "simply", "invalide", "échoué",
        ];
        for language in Language::ALL {
            for (key, text) in all(language) {
                let text = text.to_lowercase();
                let found = avoided.iter().find(|word| text.contains(**word));
                assert_eq!(
                    (found, text.contains('!')),
                    (None, false),
                    "{key:?}: {text}"
                );
            }
        }
    }

    #[test]
    fn counts_choose_the_number() {
        let faults = |language, n| text(language, keys::FAULTS, &[("count", Value::Count(n))]);
        assert_eq!(faults(Language::English, 1), "One field to correct:");
        assert_eq!(faults(Language::English, 2), "2 fields to correct:");
        assert_eq!(faults(Language::French, 1), "Un champ à corriger\u{a0}:");
    }
}
