//! What the crates that decide and speak may reach.

use super::{Rule, rust::Rust};
use crate::shell::{Failure, output};
use crate::workspace::Workspace;

/// What is spoken and what decides: bytes and facts in, steps and decisions out.
const PURE: &[&str] = &[
    "smtp", "imap", "pop3", "message", "session", "words", "events", "address", "routing", "trust",
];

/// Crates through which a runtime, a socket, an engine or a TLS stack is reached.
const OUTSIDE: &[&str] = &[
    "tokio",
    "tokio-util",
    "mio",
    "socket2",
    "polling",
    "hyper",
    "axum",
    "rustls",
    "openssl",
    "rusqlite",
    "libsqlite3-sys",
];

/// How source text reaches a clock, a socket, chance or the system without a crate.
const CALLS: &[(&str, &str)] = &[
    ("Instant::now", "a clock"),
    ("SystemTime::now", "a clock"),
    ("Timestamp::now", "a clock"),
    ("Zoned::now", "a clock"),
    ("TcpStream", "a socket"),
    ("TcpListener", "a socket"),
    ("UdpSocket", "a socket"),
    ("UnixStream", "a socket"),
    ("UnixListener", "a socket"),
    ("rand::", "chance"),
    ("std::fs", "the disk"),
    ("std::env", "the environment"),
    ("std::process", "other programs"),
    ("std::thread", "threads"),
];

const WHY: &str = "time, chance and the outside are arguments to whatever decides or speaks, so \
                   that five days of retries are tested in a millisecond and every protocol is \
                   tested and fuzzed without a socket (ARCHITECTURE.md, invariant 6)";

pub(super) const TREE: Rule = Rule {
    name: "what decides and what is spoken needs no runtime, socket or engine",
    why: WHY,
    check: tree,
};

fn tree(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for name in PURE {
        let mut tree = workspace.cargo(&["tree", "--package", name, "--edges", "normal"]);
        tree.args(["--prefix", "none", "--format", "{p}"]);
        // Routing decides over what `directory` found and takes its types from there; only
        // `directory` itself may reach an engine. The source is checked all the same.
        if *name == "routing" {
            tree.args(["--prune", "directory"]);
        }
        let tree = output(&mut tree)?;
        for outside in OUTSIDE.iter().filter(|outside| names(&tree, outside)) {
            findings.push(format!(
                "{name} reaches {outside}: cargo tree --package {name} --edges normal --invert {outside}"
            ));
        }
    }
    Ok(findings)
}

/// Whether one of the lines `name v1.2.3` is of this name.
fn names(tree: &str, name: &str) -> bool {
    tree.lines()
        .any(|line| line.split_once(' ').is_some_and(|(first, _)| first == name))
}

pub(super) const SOURCE: Rule = Rule {
    name: "what decides and what is spoken asks for no clock, socket, chance or file",
    why: WHY,
    check: source,
};

fn source(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    for member in workspace
        .members
        .iter()
        .filter(|member| PURE.contains(&&*member.name))
    {
        for rust in Rust::of(member)?.iter().filter(|rust| rust.is_product()) {
            for (number, line) in rust.product_code().lines().enumerate() {
                for (call, what) in CALLS.iter().filter(|(call, _)| has_call(line, call)) {
                    let place = workspace.short(&rust.path);
                    findings.push(format!("{place}:{}: {call} reaches {what}", number + 1));
                }
            }
        }
    }
    Ok(findings)
}

/// Whether a line of code has this call, and not one whose name merely ends so.
fn has_call(line: &str, call: &str) -> bool {
    let ident = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(call).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(ident)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::assert_kept;

    #[test]
    fn what_decides_and_is_spoken_needs_no_runtime() {
        assert_kept(&TREE);
    }

    #[test]
    fn what_decides_and_is_spoken_asks_for_no_clock() {
        assert_kept(&SOURCE);
    }

    #[test]
    fn names_and_calls_are_whole() {
        assert!(names("tokio v1.54.0\nbytes v1.0.0\n", "tokio"));
        assert!(!names("tokio-stream v0.1.0\n", "tokio"));
        assert!(has_call("let now = Instant::now();", "Instant::now"));
        assert!(!has_call("let now = MyInstant::now();", "Instant::now"));
        assert!(!has_call("operand::x", "rand::"));
    }
}
