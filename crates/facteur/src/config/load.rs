//! File and environment into a [`Config`].

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::keys::{self, Key, PREFIX};
use super::{Config, check};

/// The largest configuration that is read, in octets.
const FILE_OCTETS: u64 = 1024 * 1024;

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// Nobody said anything.
    Default,
    /// The configuration file.
    File,
    /// A variable of the environment.
    Environment,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
        })
    }
}

/// A configuration, and where each value came from.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    /// The values.
    pub(crate) config: Config,
    /// Where the settings came from that somebody said.
    said: BTreeMap<String, Source>,
}

impl Loaded {
    /// Every setting: its name, its value as TOML (none where there is none) and its
    /// source, in the order of the file.
    pub(crate) fn settings(&self) -> anyhow::Result<Vec<(String, Option<Value>, Source)>> {
        let values = Table::try_from(&self.config)?;
        let setting = |key: Key| {
            let value = value_at(&values, &key.path).cloned();
            let source = self.said.get(&key.path).copied().unwrap_or(Source::Default);
            (key.path, value, source)
        };
        Ok(keys::keys().into_iter().map(setting).collect())
    }
}

/// Reads the configuration that a command line means: the file that it names, else the
/// one in the data folder if it is there; with the process's environment over it.
pub(crate) fn load_for(data: &Path, file: Option<&Path>) -> anyhow::Result<Loaded> {
    let path = match file {
        Some(path) => path.to_owned(),
        None => data.join(super::FILE),
    };
    // A name that is no UTF-8 is none of ours.
    let environment = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        Some((name, value.to_string_lossy().into_owned()))
    });
    load(&path, file.is_some(), environment)
}

/// Reads a file, lays the environment over it and checks what came out. A file that is
/// not there is refused if `required`, else it says nothing.
pub(super) fn load(
    file: &Path,
    required: bool,
    environment: impl IntoIterator<Item = (String, String)>,
) -> anyhow::Result<Loaded> {
    let shown = file.display().to_string();
    let text = read(file, required)?;
    let mut said = names(&text, &shown)?;
    // With spans, so that a wrong type is told with its line.
    toml::from_str::<Config>(&text).map_err(|error| at_line(&shown, &text, &error))?;
    let mut table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| at_line(&shown, &text, &error))?;
    for (variable, value) in environment {
        if let Some(path) = take_variable(&mut table, &variable, &value)? {
            said.insert(path, Source::Environment);
        }
    }
    let mut config = Config::deserialize(table).map_err(|error| anyhow!("{shown}: {error}"))?;
    check::settle(&mut config)
        .with_context(|| format!("the configuration ({shown}) can't work"))?;
    Ok(Loaded { config, said })
}

fn read(file: &Path, required: bool) -> anyhow::Result<String> {
    let shown = file.display();
    let size = match fs::metadata(file) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == ErrorKind::NotFound && !required => {
            return Ok(String::new());
        }
        Err(error) => return Err(error).with_context(|| format!("can't read {shown}")),
    };
    ensure!(
        size <= FILE_OCTETS,
        "{shown} is too large for a configuration"
    );
    fs::read_to_string(file).with_context(|| format!("can't read {shown}"))
}

/// The settings that a file names; one that there is not is refused.
fn names(text: &str, shown: &str) -> anyhow::Result<BTreeMap<String, Source>> {
    let table = DeTable::parse(text).map_err(|error| at_line(shown, text, &error))?;
    let mut file = Named {
        keys: keys::keys(),
        text,
        shown,
        said: BTreeMap::new(),
    };
    file.take("", table.get_ref())?;
    Ok(file.said)
}

/// What a file names, as far as it was looked through.
struct Named<'a> {
    keys: Vec<Key>,
    text: &'a str,
    shown: &'a str,
    said: BTreeMap<String, Source>,
}

impl Named<'_> {
    fn take(&mut self, section: &str, table: &DeTable<'_>) -> anyhow::Result<()> {
        for (name, value) in table {
            let path = match section {
                "" => name.get_ref().to_string(),
                _ => format!("{section}.{}", name.get_ref()),
            };
            match value.get_ref() {
                DeValue::Table(inner) if keys::is_section(&path) => self.take(&path, inner)?,
                // A table where a setting has a plain value is a wrong type, told as such
                // later; so is a section that is no table.
                _ if keys::is_section(&path) || self.is_key(&path) => {}
                // The first name in it says best what was meant.
                DeValue::Table(inner) => match inner.keys().next() {
                    Some(first) => {
                        let path = format!("{path}.{}", first.get_ref());
                        self.check(&path, first.span().start)?;
                    }
                    None => self.check(&path, name.span().start)?,
                },
                _ => self.check(&path, name.span().start)?,
            }
            self.said.insert(path, Source::File);
        }
        Ok(())
    }

    fn is_key(&self, path: &str) -> bool {
        self.keys.iter().any(|key| key.path == path)
    }

    fn check(&self, path: &str, octet: usize) -> anyhow::Result<()> {
        known(&self.keys, path).with_context(|| place(self.shown, self.text, octet))
    }
}

fn known(keys: &[Key], path: &str) -> anyhow::Result<()> {
    if keys.iter().any(|key| key.path == path) {
        return Ok(());
    }
    let nearest = keys::nearest(path, keys.iter().map(|key| key.path.as_str()));
    bail!(
        "there is no setting {path}; the nearest is {}",
        nearest.unwrap_or_default()
    )
}

fn at_line(shown: &str, text: &str, error: &toml::de::Error) -> anyhow::Error {
    let start = error.span().map_or(0, |span| span.start);
    anyhow!("{}", error.message().trim_end()).context(place(shown, text, start))
}

/// File and line, as compilers say it.
fn place(shown: &str, text: &str, octet: usize) -> String {
    let before = text.as_bytes().iter().take(octet);
    let line = before.filter(|octet| **octet == b'\n').count() + 1;
    format!("{shown}:{line}")
}

/// Lays one variable over the table, and says which setting it is; none if it is not
/// one of ours.
fn take_variable(table: &mut Table, variable: &str, text: &str) -> anyhow::Result<Option<String>> {
    if !variable.starts_with(PREFIX) {
        return Ok(None);
    }
    let keys = keys::keys();
    let Some(key) = keys.iter().find(|key| key.variable() == variable) else {
        let variables: Vec<String> = keys.iter().map(Key::variable).collect();
        let nearest = keys::nearest(variable, variables.iter().map(String::as_str));
        bail!(
            "{variable} in the environment is no setting; the nearest is {}",
            nearest.unwrap_or_default()
        );
    };
    // Text is what most settings take; a number, a list and a table are written as in the file,
    // a list also as words with commas between.
    let mut trouble = None;
    for value in readings(text) {
        let mut tried = table.clone();
        put(&mut tried, &key.path, value);
        match Config::deserialize(tried.clone()) {
            Ok(_) => {
                *table = tried;
                return Ok(Some(key.path.clone()));
            }
            Err(error) => trouble = trouble.or(Some(error.message().trim_end().to_owned())),
        }
    }
    bail!(
        "{variable} in the environment: {}",
        trouble.unwrap_or_default()
    )
}

/// What the text of a variable may mean.
fn readings(text: &str) -> Vec<Value> {
    let words = text
        .split(',')
        .map(|word| Value::String(word.trim().to_owned()));
    let mut readings = vec![Value::String(text.to_owned())];
    readings.extend(text.parse().map(Value::Integer).ok());
    readings.extend(text.parse().map(Value::Boolean).ok());
    readings.extend(toml_value(text));
    readings.push(Value::Array(words.collect()));
    readings
}

fn toml_value(text: &str) -> Option<Value> {
    let mut table: Table = format!("value = {text}").parse().ok()?;
    let of_several = |value: &Value| value.is_array() || value.is_table();
    table.remove("value").filter(of_several)
}

fn put(table: &mut Table, path: &str, value: Value) {
    let Some((section, rest)) = path.split_once('.') else {
        table.insert(path.to_owned(), value);
        return;
    };
    let inner = table
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(inner) = inner {
        put(inner, rest, value);
    }
}

/// The value of a setting.
pub(crate) fn value_at<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((section, rest)) => value_at(table.get(section)?.as_table()?, rest),
    }
}
