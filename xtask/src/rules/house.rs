//! The house: which crate may import which.

use super::Rule;
use crate::shell::Failure;
use crate::workspace::{Member, Workspace};

/// The floors of the house, from the roof down. A crate imports only crates of lower
/// floors; those on one floor do not know each other. ARCHITECTURE.md shows the same
/// list with what each is for.
pub(crate) const FLOORS: &[&[&str]] = &[
    &["facteur"],
    &["web", "delivery"],
    &["service"],
    &["net", "dns"],
    &["tls"],
    &["routing", "trust", "limits"],
    &["care"],
    &["store", "queue", "directory", "journal"],
    &["kv", "blob"],
    &["segments"],
    &["smtp", "imap", "pop3", "dkim"],
    &["message"],
    &["playback", "testbed"],
    &["session"],
    &["words"],
    &["events"],
    &["address"],
];

/// Crates that only tests may import.
const FOR_TESTS: &[&str] = &["playback", "testbed"];

pub(super) const DOWNWARD: Rule = Rule {
    name: "imports run downward only",
    why: "a layer that imports its own ceiling is no layer: neither can be understood, \
          tested or replaced without the other (ARCHITECTURE.md, The house)",
    check: |workspace| Ok(workspace.members.iter().flat_map(upward).collect()),
};

/// What is wrong with the imports of one crate.
fn upward(member: &Member) -> Vec<String> {
    let name = member.name.as_str();
    let ours = member
        .dependencies
        .iter()
        .filter(|other| is_ours(&other.name));
    if name == "xtask" {
        let why = "imports {}: xtask must build in seconds, before anything else does";
        return ours
            .map(|other| format!("xtask {}", why.replace("{}", &other.name)))
            .collect();
    }
    let Some(own) = floor(name) else {
        return vec![format!(
            "{name} has no floor: give it one in xtask/src/rules/house.rs"
        )];
    };
    let wrong = ours.filter_map(|other| {
        if FOR_TESTS.contains(&other.name.as_str()) && !other.dev {
            return Some(format!(
                "{name} imports {} outside of its tests",
                other.name
            ));
        }
        let kind = if other.dev { " in its tests" } else { "" };
        match floor(&other.name) {
            Some(theirs) if theirs > own => None,
            Some(theirs) if theirs == own => {
                Some(format!("{name} imports its neighbour {}{kind}", other.name))
            }
            _ => Some(format!(
                "{name} imports {}{kind}, which is above it",
                other.name
            )),
        }
    });
    wrong.collect()
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&name))
}

fn is_ours(name: &str) -> bool {
    name == "xtask" || floor(name).is_some()
}

pub(super) const DRAWN: Rule = Rule {
    name: "the house is drawn as it is built",
    why: "a newcomer guesses the place of everything from the block in ARCHITECTURE.md",
    check: drawn,
};

fn drawn(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let built: Vec<&str> = FLOORS.concat();
    let mut findings = Vec::new();
    for member in workspace
        .members
        .iter()
        .filter(|member| member.name != "xtask")
    {
        if member.folder != workspace.root.join("crates").join(&member.name) {
            findings.push(format!("{} does not live in crates/{0}", member.name));
        }
    }
    for name in &built {
        if !workspace.members.iter().any(|member| member.name == *name) {
            findings.push(format!("{name} has a floor and is no crate"));
        }
    }
    let drawn = rooms(&workspace.text("ARCHITECTURE.md")?);
    if drawn != built {
        findings.push(format!(
            "ARCHITECTURE.md draws {drawn:?}\n  and the table says {built:?}"
        ));
    }
    Ok(findings)
}

/// The names of the rooms in the first block of a page: indented words that end in a
/// slash, before the words that tell what they are for.
fn rooms(page: &str) -> Vec<String> {
    let block = page.split("```").nth(1).unwrap_or_default();
    let lines = block.lines().filter(|line| line.starts_with("  "));
    let words = lines.flat_map(|line| line.split_whitespace().map_while(|w| w.strip_suffix('/')));
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assert_kept;
    use crate::workspace::Dependency;

    #[test]
    fn imports_run_downward_only() {
        assert_kept(&DOWNWARD);
    }

    #[test]
    fn the_house_is_drawn_as_it_is_built() {
        assert_kept(&DRAWN);
    }

    fn findings(name: &str, imports: &[(&str, bool)]) -> Vec<String> {
        let dependency = |&(name, dev): &(&str, bool)| Dependency {
            name: name.to_owned(),
            dev,
        };
        upward(&Member {
            name: name.to_owned(),
            folder: name.into(),
            entry: name.into(),
            dependencies: imports.iter().map(dependency).collect(),
        })
    }

    #[test]
    fn each_wrong_import_is_found() {
        assert!(
            findings(
                "pop3",
                &[("session", false), ("bytes", false), ("playback", true)]
            )
            .is_empty()
        );
        assert_eq!(findings("pop3", &[("net", false)]).len(), 1);
        assert_eq!(
            findings("pop3", &[("store", true)]),
            ["pop3 imports store in its tests, which is above it"]
        );
        assert_eq!(
            findings("pop3", &[("imap", false)]),
            ["pop3 imports its neighbour imap"]
        );
        assert_eq!(findings("net", &[("playback", false)]).len(), 1);
        assert_eq!(findings("xtask", &[("address", false)]).len(), 1);
        assert_eq!(findings("newcomer", &[]).len(), 1);
    }

    #[test]
    fn the_rooms_of_a_page_are_read() {
        let page = "# House\n```\ncrates/\n  web/   pages for people\n  ---- kept\n  kv/  blob/  both\nxtask/  chores\n```\n";
        assert_eq!(rooms(page), ["web", "kv", "blob"]);
    }
}
