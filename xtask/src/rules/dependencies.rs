//! Which crates of others may come in, from `deny.toml`.
//!
//! `cargo deny` reads the same file and knows more (known faults), but it takes minutes
//! to install; so the rules that need nothing but cargo are kept here as well.

use std::collections::BTreeSet;

use super::Rule;
use crate::shell::{Failure, output};

pub(super) const RULE: Rule = Rule {
    name: "dependencies keep to deny.toml",
    why: "one licence that binds others, one second cryptography or one copy from nowhere is \
          easily let in and hard to get out again (the reasons stand in deny.toml)",
    check: |workspace| {
        let rules = Rules::read(&workspace.text("deny.toml")?)
            .ok_or_else(|| Failure("deny.toml: a key that xtask reads is missing".to_owned()))?;
        let mut findings = BTreeSet::new();
        for target in &rules.targets {
            let mut tree = workspace.cargo(&["tree", "--workspace", "--all-features"]);
            tree.args(["--edges", "normal,build,dev", "--target", target]);
            tree.args(["--prefix", "none", "--format", "{p}|{l}"]);
            let tree = output(&mut tree)?;
            findings.extend(tree.lines().filter_map(|line| rules.finding(line)));
        }
        Ok(findings.into_iter().collect())
    },
};

/// The keys of deny.toml that are read here.
struct Rules {
    targets: Vec<String>,
    licences: Vec<String>,
    /// Crates that may have other licences, with those.
    exceptions: Vec<(String, Vec<String>)>,
    banned: Vec<String>,
}

impl Rules {
    fn read(text: &str) -> Option<Rules> {
        let table: toml::Table = text.parse().ok()?;
        let licences = table.get("licenses")?;
        let exception = |one: &toml::Value| {
            Some((
                one.get("crate")?.as_str()?.to_owned(),
                strings(one.get("allow")?)?,
            ))
        };
        let exceptions = match licences.get("exceptions") {
            Some(list) => list
                .as_array()?
                .iter()
                .map(exception)
                .collect::<Option<_>>()?,
            None => Vec::new(),
        };
        let name = |one: &toml::Value| Some(one.get("crate")?.as_str()?.to_owned());
        let banned = table.get("bans")?.get("deny")?.as_array()?;
        Some(Rules {
            targets: strings(table.get("graph")?.get("targets")?)?,
            licences: strings(licences.get("allow")?)?,
            exceptions,
            banned: banned.iter().map(name).collect::<Option<_>>()?,
        })
    }

    /// What is wrong with one line `name v1.2.3 (where from)|LICENCE (*)`, if anything.
    /// Crates of ours are told by a path, those of the public registry by no origin.
    fn finding(&self, line: &str) -> Option<String> {
        let (package, licence) = line.trim_end_matches(" (*)").split_once('|')?;
        let (name, rest) = package.split_once(' ')?;
        if rest.contains("(/") {
            return None;
        }
        if self.banned.iter().any(|banned| banned == name) {
            return Some(format!(
                "{name} is banned: cargo tree --target all --invert {name}"
            ));
        }
        if rest.contains("://") {
            return Some(format!("{package} does not come from the public registry"));
        }
        let excepted = self.exceptions.iter().filter(|(one, _)| one == name);
        let mut allowed: Vec<&String> = self.licences.iter().collect();
        allowed.extend(excepted.flat_map(|(_, licences)| licences));
        let fits = Expression::read(licence).is_some_and(|licence| licence.is_allowed(&allowed));
        (!fits).then(|| format!("{name} has the licence \"{licence}\""))
    }
}

fn strings(value: &toml::Value) -> Option<Vec<String>> {
    let texts = value.as_array()?.iter();
    texts.map(|text| Some(text.as_str()?.to_owned())).collect()
}

/// A licence expression in the form of SPDX, annex D of its specification 2.3. The old
/// slash for OR is read as well.
enum Expression {
    /// One licence, with its exception if it has one.
    One(String),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

impl Expression {
    fn read(text: &str) -> Option<Expression> {
        let spaced = text
            .replace('/', " OR ")
            .replace('(', " ( ")
            .replace(')', " ) ");
        let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
        let expression = Expression::any(&mut words)?;
        words.is_empty().then_some(expression)
    }

    /// Reads alternatives from the end of `words`, which is their beginning.
    fn any(words: &mut Vec<&str>) -> Option<Expression> {
        let mut found = vec![Expression::all(words)?];
        while words.pop_if(|word| *word == "OR").is_some() {
            found.push(Expression::all(words)?);
        }
        Some(Expression::Any(found))
    }

    fn all(words: &mut Vec<&str>) -> Option<Expression> {
        let mut found = vec![Expression::one(words)?];
        while words.pop_if(|word| *word == "AND").is_some() {
            found.push(Expression::one(words)?);
        }
        Some(Expression::All(found))
    }

    fn one(words: &mut Vec<&str>) -> Option<Expression> {
        match words.pop()? {
            "(" => {
                let inner = Expression::any(words)?;
                words.pop_if(|word| *word == ")")?;
                Some(inner)
            }
            ")" | "OR" | "AND" | "WITH" => None,
            licence => match words.pop_if(|word| *word == "WITH") {
                Some(_) => Some(Expression::One(format!("{licence} WITH {}", words.pop()?))),
                None => Some(Expression::One(licence.to_owned())),
            },
        }
    }

    fn is_allowed(&self, allowed: &[&String]) -> bool {
        match self {
            Self::One(licence) => allowed.contains(&licence),
            Self::All(parts) => parts.iter().all(|part| part.is_allowed(allowed)),
            Self::Any(parts) => parts.iter().any(|part| part.is_allowed(allowed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assert_kept;

    #[test]
    fn dependencies_keep_to_the_rules() {
        assert_kept(&RULE);
    }

    const DENY: &str = r#"
        [graph]
        targets = ["x86_64-unknown-linux-gnu"]
        [licenses]
        allow = ["MIT", "Apache-2.0", "ISC"]
        exceptions = [{ crate = "odd", allow = ["MPL-2.0"] }]
        [bans]
        deny = [{ crate = "ring", reason = "one cryptography" }]
    "#;

    #[test]
    fn licence_expressions_are_weighed() {
        let (mit, isc) = ("MIT".to_owned(), "ISC".to_owned());
        let fits = |text| Expression::read(text).map(|one| one.is_allowed(&[&mit, &isc]));
        for text in [
            "MIT",
            "GPL-2.0-only OR MIT",
            "BSL-1.0/MIT",
            "ISC AND (MIT OR X)",
            "X AND Y OR MIT",
        ] {
            assert_eq!(fits(text), Some(true), "{text}");
        }
        for text in [
            "GPL-2.0-only",
            "MIT AND X",
            "MIT WITH odd-exception",
            "(MIT OR ISC) AND X",
        ] {
            assert_eq!(fits(text), Some(false), "{text}");
        }
        for text in ["", "MIT OR", "(MIT", "MIT ISC", "OR MIT"] {
            assert_eq!(fits(text), None, "{text}");
        }
    }

    #[test]
    fn each_wrong_crate_is_found() {
        let rules = Rules::read(DENY).unwrap();
        let fine = [
            "bytes v1.0.0|MIT",
            "bytes v1.0.0|MIT (*)",
            "derive v1.0.0 (proc-macro)|MIT OR Apache-2.0",
            "odd v1.0.0|MPL-2.0",
            "store v0.1.0 (/home/lea/facteur/crates/store)|",
        ];
        assert_eq!(fine.map(|line| rules.finding(line)), [const { None }; 5]);
        let wrong = [
            "ring v0.17.0|ISC",
            "bytes v1.0.0|MPL-2.0",
            "bytes v1.0.0|",
            "bytes v1.0.0 (https://git.example/bytes#0123)|MIT",
        ];
        assert!(wrong.iter().all(|line| rules.finding(line).is_some()));
    }
}
