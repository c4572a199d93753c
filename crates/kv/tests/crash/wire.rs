//! What the load tells whoever judges it, a line for each thing: it survives the load.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use kv::{Row, Version};
use parking_lot::Mutex;

use crate::commits::{Ask, Content, Id};

/// What is under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) part: usize,
    pub(crate) key: String,
    pub(crate) version: u64,
    /// None if it is no value of any commit.
    pub(crate) by: Option<Id>,
    pub(crate) digest: Digest,
}

/// Tells values apart without their octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest {
    pub(crate) octets: u64,
    pub(crate) hash: u64,
}

impl Digest {
    pub(crate) fn of(value: &[u8]) -> Digest {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        Digest {
            octets: value.len() as u64,
            hash: hasher.finish(),
        }
    }
}

impl Found {
    pub(crate) fn new(part: usize, (key, value): &Row) -> Found {
        Found {
            part,
            key: String::from_utf8_lossy(key).into_owned(),
            version: number_of(value.version),
            by: Content::read(&value.bytes).map(|content| content.id),
            digest: Digest::of(&value.bytes),
        }
    }
}

/// Versions of one partition are numbers that grow, which only their Debug shows: nothing
/// but a test may build on it.
fn number_of(version: Version) -> u64 {
    let text = format!("{version:?}");
    let digits = text.trim_matches(|octet: char| !octet.is_ascii_digit());
    digits.parse().unwrap()
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The store is open; now comes all that is in it.
    Opened,
    Found(Found),
    /// That was all. The load waits to be told to begin.
    Ready,
    /// This is about to be asked for.
    Ask(Ask),
    /// And this is what came of it.
    Told(Id, Told),
    /// A snapshot has shown that this commit was the last of its task.
    Saw(Id, u64),
    /// Something that does not happen to whoever is well.
    Trouble(String),
}

/// What was answered to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Committed,
    Conflict,
    /// It failed and changed nothing.
    Refused,
    /// It failed, and whether it happened is not known.
    Unknown,
}

impl Line {
    fn write(&self) -> String {
        match self {
            Line::Opened => "opened".to_owned(),
            Line::Ready => "ready".to_owned(),
            Line::Found(found) => {
                let Digest { octets, hash } = found.digest;
                let (part, version, key) = (found.part, found.version, &found.key);
                let by = found.by.map_or("- - -".to_owned(), words);
                format!("found {part} {version} {octets} {hash} {by} {key}")
            }
            Line::Ask(Ask { id, chain, race }) => {
                let race = race.map_or("-".to_owned(), |race| race.to_string());
                format!("ask {} {chain} {race}", words(*id))
            }
            Line::Told(id, told) => format!("told {} {}", words(*id), *told as u8),
            Line::Saw(id, version) => format!("saw {} {version}", words(*id)),
            Line::Trouble(what) => format!("trouble {}", what.replace('\n', " ")),
        }
    }

    fn read(line: &str) -> Option<Line> {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut words = rest.split(' ');
        let mut next = || words.next();
        Some(match kind {
            "opened" => Line::Opened,
            "ready" => Line::Ready,
            "found" => Line::Found(Found {
                part: next()?.parse().ok()?,
                version: next()?.parse().ok()?,
                digest: Digest {
                    octets: next()?.parse().ok()?,
                    hash: next()?.parse().ok()?,
                },
                by: id([next()?, next()?, next()?]),
                key: next()?.to_owned(),
            }),
            "ask" => Line::Ask(Ask {
                id: id([next()?, next()?, next()?])?,
                chain: next()?.parse().ok()?,
                race: next()?.parse().ok(),
            }),
            "told" => Line::Told(id([next()?, next()?, next()?])?, told(next()?)?),
            "saw" => Line::Saw(id([next()?, next()?, next()?])?, next()?.parse().ok()?),
            "trouble" => Line::Trouble(rest.to_owned()),
            _ => return None,
        })
    }
}

fn words(id: Id) -> String {
    format!("{} {} {}", id.round, id.task, id.serial)
}

fn id(words: [&str; 3]) -> Option<Id> {
    let [round, task, serial] = words.map(|word| word.parse().ok());
    Some(Id {
        round: round?,
        task: task?,
        serial: serial?,
    })
}

fn told(word: &str) -> Option<Told> {
    let all = [
        Told::Committed,
        Told::Conflict,
        Told::Refused,
        Told::Unknown,
    ];
    all.into_iter()
        .find(|told| word == (*told as u8).to_string())
}

/// The lines that come, until the other end is gone. The last may have been cut short.
pub(crate) fn lines(stream: UnixStream) -> impl Iterator<Item = Line> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.map_while(|line| Line::read(line.strip_suffix(" .")?))
}

/// The end of the load: its standard input, which is a socket.
pub(crate) struct Wire {
    out: Mutex<UnixStream>,
    told: Mutex<BufReader<UnixStream>>,
}

impl Wire {
    pub(crate) fn new() -> Wire {
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned().unwrap());
        Wire {
            told: Mutex::new(BufReader::new(stream.try_clone().unwrap())),
            out: Mutex::new(stream),
        }
    }

    /// Returns once whoever judges will read it, whatever becomes of the load.
    pub(crate) fn say(&self, line: &Line) {
        let line = format!("{} .\n", line.write());
        // Nobody judges any more: the load will hear of it.
        let _ = self.out.lock().write_all(line.as_bytes());
    }

    /// What it is told to do, in one word; none when nobody judges any more.
    pub(crate) fn hear(&self) -> Option<String> {
        let mut word = String::new();
        let octets = self.told.lock().read_line(&mut word).ok()?;
        (octets > 0).then(|| word.trim_end().to_owned())
    }
}
