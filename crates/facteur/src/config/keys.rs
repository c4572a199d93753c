//! Names of settings.

use super::storage::{Database, S3, Storage};
use super::{Believing, Care, Config, Dns, Log, Sending, Smarthost, Submission, Tls};

/// What comes before a setting's name in the environment.
pub(super) const PREFIX: &str = "FACTEUR_";

/// The settings in a section of the file, and what is said of each.
type Section = &'static [(&'static str, &'static str)];

/// The sections of the file.
const SECTIONS: [(&str, Section); 11] = [
    ("submission", Submission::DOCS),
    ("tls", Tls::DOCS),
    ("log", Log::DOCS),
    ("care", Care::DOCS),
    ("storage", Storage::DOCS),
    ("storage.postgres", Database::DOCS),
    ("storage.s3", S3::DOCS),
    ("dns", Dns::DOCS),
    ("believing", Believing::DOCS),
    ("sending", Sending::DOCS),
    ("sending.smarthost", Smarthost::DOCS),
];

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Its path: `log.level`.
    pub(super) path: String,
    /// What is said of it, one line of the source each.
    pub(super) doc: &'static str,
}

impl Key {
    /// Its section, which is empty for those without one, and its name there.
    pub(super) fn parts(&self) -> (&str, &str) {
        self.path.rsplit_once('.').unwrap_or(("", &self.path))
    }

    /// What may stand for a value that it has not.
    pub(super) fn example(&self) -> &'static str {
        match self.path.as_str() {
            "sending.routes" => "{ \"example.org\" = { host = \"mail.example.org\" } }",
            _ => "\"\"",
        }
    }

    /// Its name in the environment: `FACTEUR_LOG__LEVEL`.
    pub(super) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.path.replace('.', "__").to_uppercase())
    }
}

/// All settings, as they stand in the file: those without a section first.
pub(super) fn keys() -> Vec<Key> {
    let top = Config::DOCS.iter().filter(|(name, _)| !is_section(name));
    let mut keys: Vec<Key> = top
        .map(|(name, doc)| Key {
            path: (*name).to_owned(),
            doc,
        })
        .collect();
    for (section, docs) in SECTIONS {
        let inside = docs.iter().map(|(name, doc)| Key {
            path: format!("{section}.{name}"),
            doc,
        });
        keys.extend(inside.filter(|key| !is_section(&key.path)));
    }
    keys
}

/// The names of all settings: `hostname`, `log.level`.
pub(crate) fn names() -> Vec<String> {
    keys().into_iter().map(|key| key.path).collect()
}

/// Whether a name is that of a section.
pub(super) fn is_section(name: &str) -> bool {
    SECTIONS.iter().any(|(section, _)| *section == name)
}

/// The name that somebody most likely meant.
pub(super) fn nearest<'a>(
    wrong: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    names.into_iter().min_by_key(|name| distance(wrong, name))
}

/// How many letters must be put in, taken out or changed to make one name the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut left = line + 1;
        let mut next = vec![left];
        for (pair, theirs) in row.windows(2).zip(other.chars()) {
            let &[diagonal, above] = pair else { continue };
            left = (diagonal + usize::from(letter != theirs))
                .min(above + 1)
                .min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
