//! The configuration explained: as a file to begin with, and as a page to read.

use std::fmt::Write;

use toml::Table;

use super::Config;
use super::keys::keys;
use super::load::value_at;

/// What the file begins with.
const HEAD: &str = "\
# The configuration of Facteur. Every setting is here, with what it does.
# `facteur config check` reads it, `facteur config show` says what is in force.
# SIGHUP makes a running server read it again: the certificate, `old_devices` and `log.level`
# change at once, and the log names what waits for a restart.
";

/// The text of a configuration file with every setting explained and set.
pub(crate) fn documented(config: &Config) -> anyhow::Result<String> {
    let values = Table::try_from(config)?;
    let mut text = HEAD.to_owned();
    let mut section = String::new();
    for key in keys() {
        let (here, name) = key.parts();
        if here != section {
            write!(text, "\n[{here}]\n")?;
            section = here.to_owned();
        }
        text.push('\n');
        for line in key.doc.lines() {
            writeln!(text, "# {}", line.trim())?;
        }
        match value_at(&values, &key.path) {
            Some(value) => writeln!(text, "{name} = {value}")?,
            None => writeln!(text, "# {name} = {}", key.example())?,
        }
    }
    Ok(text)
}

/// What the reference begins with.
#[cfg(test)]
const REFERENCE: &str = "\
# Configuration

One file in TOML: `facteur.toml` in the data folder, or the one that `--config` names. This
page is made from the source by a test; so is the file that `facteur quickstart` writes.
Wrong names and wrong types are refused, with file and line. A variable of the environment
goes before the file; a list is written there with commas between.

`facteur config check` reads the configuration and says what is wrong with it;
`facteur config show` lists every setting with its value and where that came from, secrets as
stars. [nodes.md](nodes.md) tells how several machines serve the same mail.

SIGHUP makes a running server read it again. The certificate and its key, `old_devices` and
`log.level` change at once, for sessions to come; the log names what else has changed and
waits for a restart. Where something is wrong, nothing is taken and the log says what.
SIGTERM ends the server: sessions are told, mail that is arriving has ten seconds to come to
its end, and after twenty-five all is over. A second SIGTERM waits for nothing.
";

/// The page `docs/configuration.md`.
#[cfg(test)]
pub(super) fn reference() -> anyhow::Result<String> {
    let values = Table::try_from(Config::default())?;
    let mut text = REFERENCE.to_owned();
    for key in keys() {
        let doc: Vec<&str> = key.doc.lines().map(str::trim).collect();
        write!(text, "\n## `{}`\n\n{}\n\n", key.path, doc.join("\n"))?;
        writeln!(text, "- default: {}", default(&values, &key))?;
        writeln!(text, "- environment: `{}`", key.variable())?;
    }
    Ok(text)
}

#[cfg(test)]
fn default(values: &Table, key: &super::keys::Key) -> String {
    let value = value_at(values, &key.path);
    value.map_or_else(|| "none".to_owned(), |value| format!("`{value}`"))
}
