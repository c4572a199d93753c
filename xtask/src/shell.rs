//! Running other programs, and saying so.

use std::fmt;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Why a chore was not done, in words for whoever asked for it.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure(error.to_string())
    }
}

/// Runs a program in sight, announced as `what`, and says how long it took.
pub(crate) fn step(what: &str, command: &mut Command) -> Result<(), Failure> {
    announce(what);
    let begun = Instant::now();
    let status = command
        .status()
        .map_err(|error| not_started(command, &error))?;
    if !status.success() {
        return Err(Failure(format!("{what}: {} {status}", name(command))));
    }
    println!("    {what}: done in {} s", begun.elapsed().as_secs());
    Ok(())
}

/// Says what begins now.
pub(crate) fn announce(what: &str) {
    println!("==> {what}");
    // What the program then prints must come after this line.
    let _ = io::stdout().flush();
}

/// Runs a program out of sight and gives what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(Failure(format!("{}: {}", name(command), complaint.trim())));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Failure(format!("{}: printed no text", name(command))))
}

/// Whether a program runs and succeeds, out of sight.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure(format!("{} does not start: {error}", name(command)))
}
