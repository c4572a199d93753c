//! Mixed load on the service, and what must be there of it after whatever happened: the
//! scripts in `kill/`, from outside.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::common::{Person, scripts};

/// What each load must have heard of, or nothing was shown of it.
const KINDS: [&str; 16] = [
    "send",
    "append",
    "store",
    "copy",
    "move",
    "expunge",
    "uid-expunge",
    "create",
    "rename",
    "delete",
    "subscribe",
    "unsubscribe",
    "quit",
    "dele",
    "store many",
    "move many",
];

/// How long whoever was cut off rests: a new connection to the same process tells all that
/// the old one did.
pub(crate) const REST: Duration = Duration::from_millis(10);

/// The service as the scripts find it.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) authority: PathBuf,
    /// Of the ports of each node.
    pub(crate) bases: Vec<u16>,
    /// How long whoever was cut off rests before the next connection.
    pub(crate) rest: Duration,
    pub(crate) data: PathBuf,
    /// Where loads write what they asked and heard.
    pub(crate) logs: PathBuf,
}

/// Those who use the service for as long as a test lets them.
pub(crate) struct Load {
    child: Child,
    input: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    /// Of which the scripts read everything.
    setting: PathBuf,
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Load {
    /// Lets them loose. Loads after the first on the same data have a chapter of their own,
    /// and begin when all is [clean](Load::clean).
    pub(crate) fn start(setting: &Setting, people: &[Person; 2], chapter: u64) -> Load {
        let logs = setting.logs.join(chapter.to_string());
        fs::create_dir_all(&logs).unwrap();
        let people = people.each_ref().map(
            |person| serde_json::json!({ "address": person.address, "password": person.password }),
        );
        let text = serde_json::json!({
            "authority": setting.authority,
            "bases": setting.bases,
            "rest": setting.rest.as_secs_f64(),
            "binary": env!("CARGO_BIN_EXE_facteur"),
            "chapter": format!("{chapter}-"),
            "data": setting.data,
            "logs": logs,
            "people": people,
        });
        let setting = logs.with_extension("json");
        fs::write(&setting, text.to_string()).unwrap();
        let mut child = script("load", &setting)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let input = child.stdin.take();
        Load {
            child,
            input,
            answers,
            setting,
        }
    }

    fn ask(&mut self, line: &str) -> String {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
        self.answers.next().unwrap().unwrap()
    }

    /// Until each of them has done something.
    pub(crate) fn wait_until_busy(&mut self) {
        assert_eq!(self.ask("busy"), "busy");
    }

    /// Holds them back, the service being gone. Gives how many commands were acknowledged.
    pub(crate) fn pause(&mut self) -> u64 {
        self.ask("pause").parse().unwrap()
    }

    pub(crate) fn go(&mut self) {
        assert_eq!(self.ask("go"), "go");
    }

    /// In the middle of what they do, if they are not held back.
    pub(crate) fn end(&mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }

    /// What they heard and what is there. Nobody may use the service meanwhile.
    pub(crate) fn verdict(&self) -> Verdict {
        let text = match run(&mut script("verify", &self.setting)) {
            Ok(text) => text,
            // It could not even sign in, say.
            Err(what) => {
                return Verdict {
                    wrong: vec![("wrong".to_owned(), what)],
                    ..Verdict::default()
                };
            }
        };
        let told: Value = serde_json::from_str(&text).unwrap();
        let counts = told["acknowledged"].as_object().unwrap().iter();
        let wrong = told["wrong"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Verdict {
            acknowledged: counts
                .map(|(kind, count)| (kind.clone(), count.as_u64().unwrap()))
                .collect(),
            wrong: wrong.map(|one| (text(&one[0]), text(&one[1]))).collect(),
        }
    }

    /// Removes all mail, so that another load begins with empty accounts.
    pub(crate) fn clean(&self) {
        run(&mut script("clean", &self.setting)).unwrap();
    }
}

fn script(verb: &str, setting: &Path) -> Command {
    let mut command = scripts("kill");
    command.arg(verb).arg(setting);
    command
}

/// What it printed; if it failed, its complaint.
fn run(command: &mut Command) -> Result<String, String> {
    let done = command.output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    if done.status.success() {
        Ok(text(done.stdout))
    } else {
        Err(text(done.stderr))
    }
}

/// What a load heard, and what is not as it must be after that.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Of each kind of command how many were acknowledged; more is told by the way.
    pub(crate) acknowledged: BTreeMap<String, u64>,
    /// `lost`, `twice`, `torn` or `wrong`, and what.
    pub(crate) wrong: Vec<(String, String)>,
}

impl Verdict {
    pub(crate) fn add(&mut self, other: Verdict) {
        for (kind, count) in other.acknowledged {
            *self.acknowledged.entry(kind).or_default() += count;
        }
        self.wrong.extend(other.wrong);
    }

    /// All acknowledged commands.
    pub(crate) fn commands(&self) -> u64 {
        // Messages that a POP3 session removes go with its one QUIT.
        let kinds = KINDS.iter().filter(|kind| **kind != "dele");
        kinds.filter_map(|kind| self.acknowledged.get(*kind)).sum()
    }

    pub(crate) fn count(&self, kind: &str) -> usize {
        self.wrong.iter().filter(|(of, _)| of == kind).count()
    }

    /// Fails if anything is not as it must be.
    pub(crate) fn assert_good(&self) {
        let wrong = self.wrong.iter().map(|(_, what)| what.as_str());
        assert!(
            self.wrong.is_empty(),
            "{}",
            wrong.collect::<Vec<_>>().join("\n")
        );
    }

    /// Fails if some command was never acknowledged: then nothing was shown of it.
    pub(crate) fn assert_shown(&self) {
        let missing = KINDS
            .iter()
            .find(|kind| !self.acknowledged.contains_key(**kind));
        assert_eq!(missing, None, "{:?}", self.acknowledged);
    }
}
