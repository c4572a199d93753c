//! Makes one constant for each message of the `.ftl` files (`keys.rs`), and the list
//! of those files for the bundles (`resources.rs`).
//!
//! So a page that names a message which is not there does not compile, and a message
//! that one language lacks, or whose placeholders differ, stops the build here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The languages, by the names of their folders. The first one documents the keys.
const LANGUAGES: [&str; 2] = ["en", "fr"];

/// One message as the files show it: its text, for the documentation, and the names
/// of its placeholders.
#[derive(Default)]
struct Message {
    text: String,
    arguments: BTreeSet<String>,
}

type Messages = BTreeMap<String, Message>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=locales");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("locales");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let [first, second] = LANGUAGES;
    let (reference, other) = (read(&root.join(first))?, read(&root.join(second))?);
    agree(&reference, &other)?;
    fs::write(out.join("keys.rs"), keys(&reference)?)?;
    fs::write(out.join("resources.rs"), resources(&root)?)?;
    Ok(())
}

/// Every message of one language.
fn read(folder: &Path) -> Result<Messages, Box<dyn std::error::Error>> {
    let mut messages = Messages::new();
    for path in files(folder)? {
        let text = fs::read_to_string(&path)?;
        let mut current: Option<String> = None;
        for line in text.lines() {
            if let Some((key, value)) = opening(line) {
                if messages.insert(key.into(), Message::default()).is_some() {
                    return Err(format!("{}: {key} is there twice", path.display()).into());
                }
                current = Some(key.into());
                add(&mut messages, key, value);
            } else if let (Some(key), true) = (&current, line.starts_with(' ')) {
                add(&mut messages, key, line);
            } else {
                current = None;
            }
        }
    }
    Ok(messages)
}

/// `key = value`, at the start of a line.
fn opening(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(" =")?;
    let is_key = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    is_key.then_some((key, value.trim_start()))
}

fn add(messages: &mut Messages, key: &str, line: &str) {
    let Some(message) = messages.get_mut(key) else {
        return;
    };
    message.text += line;
    message.text.push('\n');
    for after in line.split('$').skip(1) {
        let name = after
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next();
        message.arguments.extend(name.map(String::from));
    }
}

/// Both languages say the same things.
fn agree(a: &Messages, b: &Messages) -> Result<(), String> {
    let [a_name, b_name] = LANGUAGES;
    for (here, there, name) in [(a, b, b_name), (b, a, a_name)] {
        if let Some(key) = here.keys().find(|key| !there.contains_key(*key)) {
            return Err(format!("locales/{name}: {key} is missing"));
        }
    }
    match a
        .iter()
        .find(|(key, message)| b[*key].arguments != message.arguments)
    {
        Some((key, _)) => Err(format!("{key}: the placeholders differ between languages")),
        None => Ok(()),
    }
}

fn keys(messages: &Messages) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let mut all = String::new();
    for (key, message) in messages {
        let name = key.replace('-', "_").to_uppercase();
        writeln!(out, "/// ```text")?;
        for line in message.text.lines() {
            writeln!(out, "/// {line}")?;
        }
        writeln!(out, "/// ```")?;
        let arguments: Vec<_> = message.arguments.iter().collect();
        writeln!(
            out,
            "pub const {name}: Key = Key {{ id: {key:?}, arguments: &{arguments:?} }};"
        )?;
        write!(all, "{name}, ")?;
    }
    writeln!(
        out,
        "/// Every key there is.\npub const ALL: &[Key] = &[{all}];"
    )?;
    Ok(out)
}

/// `pub(crate) const EN: &[&str] = &[include_str!(..), ..];` for each language.
fn resources(root: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut out = String::new();
    for language in LANGUAGES {
        write!(
            out,
            "pub(crate) const {}: &[&str] = &[",
            language.to_uppercase()
        )?;
        for path in files(&root.join(language))? {
            write!(out, "include_str!({:?}), ", path.display().to_string())?;
        }
        writeln!(out, "];")?;
    }
    Ok(out)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "ftl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
