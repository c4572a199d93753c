//! Transcripts as files.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::player::{Mode, PlayError, Player, Surprise};
use crate::script::{Script, ScriptError};

/// The variable that makes [`check`] rewrite the files.
pub(crate) const UPDATE: &str = "UPDATE";

/// Why a transcript did not pass.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The file could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is no transcript.
    #[error("{path}: {error}")]
    Script {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: ScriptError,
    },
    /// It could not be played to its end.
    #[error("{path}: {error}")]
    Play {
        /// The file.
        path: PathBuf,
        /// Why.
        error: PlayError,
    },
    /// The server spoke otherwise.
    #[error("{path}: {surprise}\n  (UPDATE=1 writes what the server says into the file)")]
    Surprise {
        /// The file.
        path: PathBuf,
        /// Where, and how.
        surprise: Surprise,
    },
}

/// The transcripts of a folder and of those in it, in order of their names.
///
/// # Errors
/// When the folder can't be read.
pub fn transcripts(folder: &Path) -> Result<Vec<PathBuf>, CheckError> {
    let error = |error| CheckError::File {
        path: folder.to_owned(),
        error,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.is_dir() {
            found.extend(transcripts(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Plays the transcript in a file and compares, or rewrites the file if `UPDATE=1` is
/// in the environment.
///
/// # Errors
/// Whatever kept it from passing, fit to be shown to whoever runs the tests.
pub fn check(path: &Path, player: &mut Player<'_>) -> Result<(), CheckError> {
    check_in_mode(path, player, mode(), Side::Server)
}

/// The same for a client: the lines of `S:` are said to it, and those of `C:` are
/// compared. `close` is then the client's, and `hangup` the server's.
///
/// # Errors
/// As [`check`].
pub fn check_client(path: &Path, player: &mut Player<'_>) -> Result<(), CheckError> {
    check_in_mode(path, player, mode(), Side::Client)
}

fn mode() -> Mode {
    match env::var_os(UPDATE).is_some_and(|value| value == "1") {
        true => Mode::Rewrite,
        false => Mode::Compare,
    }
}

/// Who is put to the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

impl Side {
    /// A transcript as the player knows it, which always tests a server; and back.
    fn turn(self, text: &str) -> String {
        match self {
            Self::Server => text.to_owned(),
            Self::Client => text.split_inclusive('\n').map(turned).collect(),
        }
    }
}

/// A line with the speakers in each other's place.
fn turned(line: &str) -> String {
    let (head, rest) = line.split_at(line.find(':').unwrap_or(0));
    let number = head.trim_start_matches(['C', 'S']);
    let speaks = head.len() == number.len() + 1 && number.bytes().all(|b| b.is_ascii_digit());
    match head.chars().next().filter(|_| speaks) {
        Some('C') => format!("S{number}{rest}"),
        Some(_) => format!("C{number}{rest}"),
        None => line.to_owned(),
    }
}

pub(crate) fn check_in_mode(
    path: &Path,
    player: &mut Player<'_>,
    mode: Mode,
    side: Side,
) -> Result<(), CheckError> {
    let owned = || path.to_owned();
    let file = |error| CheckError::File {
        path: owned(),
        error,
    };
    let text = fs::read_to_string(path).map_err(file)?;
    let script = Script::read(&side.turn(&text)).map_err(|error| CheckError::Script {
        path: owned(),
        error,
    })?;
    let played = player
        .play(&script, mode)
        .map_err(|error| CheckError::Play {
            path: owned(),
            error,
        })?;
    if let Some(mut surprise) = played.surprise {
        let lines = surprise.expected.iter_mut().chain(&mut surprise.came);
        lines.for_each(|line| *line = side.turn(line));
        return Err(CheckError::Surprise {
            path: owned(),
            surprise,
        });
    }
    let played = side.turn(&played.text);
    if mode == Mode::Rewrite && played != text {
        fs::write(path, played).map_err(file)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy;

    #[test]
    fn a_client_is_tested_with_the_speakers_in_each_others_place() {
        let text = "# C: x\nopen S\nS: 220 C: {*}\nC12: QUIT\nC:\nclose\n";
        let turned = "# C: x\nopen S\nC: 220 C: {*}\nS12: QUIT\nS:\nclose\n";
        assert_eq!(Side::Client.turn(text), turned);
        assert_eq!(Side::Client.turn(turned), text);
        assert_eq!(Side::Server.turn(text), text);
    }

    #[test]
    fn files_are_compared_and_rewritten_only_when_asked() {
        let folder = env::temp_dir().join(format!("playback-{}", std::process::id()));
        let file = folder.join("deep/one.txt");
        fs::create_dir_all(folder.join("deep")).unwrap();
        fs::write(folder.join("README.md"), "no transcript").unwrap();
        fs::write(&file, "S: +OK {*}\nC: ECHO a\nS: b\n").unwrap();
        assert_eq!(transcripts(&folder).unwrap(), std::slice::from_ref(&file));

        let failure =
            check_in_mode(&file, &mut toy::player(), Mode::Compare, Side::Server).unwrap_err();
        assert!(
            failure.to_string().contains("line 3 went otherwise"),
            "{failure}"
        );
        check_in_mode(&file, &mut toy::player(), Mode::Rewrite, Side::Server).unwrap();
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            "S: +OK {*}\nC: ECHO a\nS: a\n"
        );
        check_in_mode(&file, &mut toy::player(), Mode::Compare, Side::Server).unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }
}
