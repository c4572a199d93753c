//! dkimpy, which verifies signatures and shares no line with us.

use std::io::Write;
use std::process::{Command, Stdio};

/// What dkimpy says of each signature of each message, the uppermost first: `pass`, `fail`, or
/// why it could not tell. `records` are names in DNS with the text that is there.
///
/// # Panics
/// When it does not run: Debian's `python3-dkim` and `python3-nacl` are needed, which
/// `cargo xtask test` sees to.
pub fn verify(records: &[(String, String)], messages: &[&[u8]]) -> Vec<Vec<String>> {
    let verdicts = |line: &str| match line {
        "" => Vec::new(),
        line => line.split(',').map(str::to_owned).collect(),
    };
    let said = ask(records, "message", messages);
    said.lines().map(verdicts).collect()
}

/// What dkimpy says of the chain of seals (ARC) on each message: `pass`, `none`, or why it is
/// not whole.
///
/// # Panics
/// As [`verify`].
pub fn chains(records: &[(String, String)], messages: &[&[u8]]) -> Vec<String> {
    let said = ask(records, "chain", messages);
    said.lines().map(str::to_owned).collect()
}

fn ask(records: &[(String, String)], what: &str, messages: &[&[u8]]) -> String {
    let mut python = Command::new("/usr/bin/python3")
        .args(["-B", "-c", include_str!("dkimpy.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut asked = String::new();
    for (name, text) in records {
        asked += &format!("record {name} {text}\n");
    }
    for message in messages {
        let hex: String = message.iter().map(|octet| format!("{octet:02x}")).collect();
        asked += &format!("{what} {hex}\n");
    }
    let mut input = python.stdin.take().unwrap();
    // Beside reading, as it answers while it is asked.
    let asking = std::thread::spawn(move || input.write_all(asked.as_bytes()));
    let said = python.wait_with_output().unwrap();
    asking.join().unwrap().unwrap();
    assert!(said.status.success(), "dkimpy did not run");
    String::from_utf8(said.stdout).unwrap()
}
