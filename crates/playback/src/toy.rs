//! A protocol just large enough to try the player on.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use bytes::Bytes;
use events::Event;
use session::{Input, Moment, Session, Step, Want};

use crate::hand::World;
use crate::machine::Machine;
use crate::player::{Mode, PlayError, Played, Player};
use crate::script::Script;
use crate::wire::Wire;

/// Says hello, repeats, lists, begins TLS, takes a body, tells of changes.
#[derive(Default)]
pub(crate) struct Toy {
    steps: VecDeque<Step<u32>>,
    line: Vec<u8>,
    secure: bool,
    begun: bool,
    asked: bool,
    /// Octets of a body that are still to come.
    body: usize,
}

impl Toy {
    fn say(&mut self, line: &str) {
        self.steps
            .push_back(Step::Send(Bytes::from(format!("{line}\r\n"))));
    }

    fn obey(&mut self, line: &str) {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("ECHO", text) => self.say(text),
            ("TWICE", text) => {
                self.say(text);
                self.say(text);
            }
            ("RAW", text) => self
                .steps
                .push_back(Step::Send(Bytes::from(text.to_owned()))),
            ("LIST", count) => {
                self.asked = true;
                self.steps.push_back(Step::Ask(count.parse().unwrap()));
            }
            ("TAKE", size) => self.body = size.parse().unwrap(),
            ("GIVE", size) => {
                let body = crate::body::piece(size.parse().unwrap(), 0);
                self.steps.push_back(Step::Send(body.into()));
            }
            ("STLS", "") => {
                self.say("+OK begin");
                self.steps.push_back(Step::Secure);
                self.line.clear();
            }
            ("QUIT", "") => {
                self.say(if self.secure {
                    "+OK bye, secret one"
                } else {
                    "+OK bye"
                });
                self.steps.push_back(Step::Close);
            }
            _ => self.say("-ERR what?"),
        }
    }

    fn take_lines(&mut self) {
        while !self.asked && self.steps.is_empty() {
            if self.body > 0 {
                let taken = self.body.min(self.line.len());
                self.line.drain(..taken);
                self.body -= taken;
                if self.body > 0 {
                    return;
                }
                self.say("+OK taken");
                continue;
            }
            let Some(end) = self.line.windows(2).position(|two| two == b"\r\n") else {
                return;
            };
            let line: Vec<u8> = self.line.drain(..end + 2).collect();
            self.obey(String::from_utf8_lossy(&line[..end]).as_ref());
        }
    }
}

impl Session for Toy {
    type Question = u32;
    type Piece = u32;

    fn receive(&mut self, _now: Moment, input: Input<u32>) {
        match input {
            Input::Bytes(octets) => self.line.extend(octets),
            Input::Secured(_) => self.secure = true,
            Input::Piece(piece) => self.say(&format!("{piece}")),
            Input::AnswerEnd => self.asked = false,
            Input::Notice => self.say("* changed"),
            _ => {}
        }
    }

    fn next(&mut self, _now: Moment) -> Step<u32> {
        if !self.begun {
            self.begun = true;
            self.say("+OK toy 42 ready");
        }
        self.take_lines();
        let wanted = Want {
            bytes: true,
            notice: true,
            until: None,
        };
        self.steps.pop_front().unwrap_or(Step::Want(wanted))
    }
}

/// Counts up to the number asked for; changes when anyone listed.
#[derive(Clone, Default)]
pub(crate) struct Counting {
    lists: Rc<Cell<u32>>,
    seen: u32,
}

impl World<Toy> for Counting {
    fn answer(&mut self, count: u32) -> Vec<u32> {
        self.lists.set(self.lists.get() + 1);
        self.seen += 1;
        (1..=count).collect()
    }

    fn body(&mut self, _chunk: Bytes) {}

    fn note(&mut self, _event: Event) {}

    fn changed(&mut self) -> bool {
        let changed = self.lists.get() != self.seen;
        self.seen = self.lists.get();
        changed
    }
}

/// A player whose default endpoint is a toy, all connections in one world; `toys` is
/// the same inside TLS.
pub(crate) fn player() -> Player<'static> {
    let world = Counting::default();
    let connect = move |endpoint: &str| -> io::Result<Box<dyn Wire>> {
        let world = Counting {
            seen: world.lists.get(),
            ..world.clone()
        };
        match endpoint {
            "toy" => Ok(Box::new(Machine::new(Toy::default(), world))),
            "toys" => Ok(Box::new(Machine::secured(Toy::default(), world))),
            _ => Err(io::Error::other("no such endpoint")),
        }
    };
    Player::new("toy", connect).know("user", "lea@facteur.test")
}

fn play(text: &str, mode: Mode) -> Result<Played, PlayError> {
    player().play(&Script::read(text).unwrap(), mode)
}

/// Plays what must go as written.
fn goes(text: &str) {
    let played = play(text, Mode::Compare).unwrap();
    if let Some(surprise) = played.surprise {
        panic!("{surprise}");
    }
    assert_eq!(played.text, text);
    assert_eq!(
        play(text, Mode::Rewrite).unwrap().text,
        text,
        "an update leaves it alone"
    );
}

/// Plays what must not: the line, and what came.
fn fails(text: &str) -> (usize, Vec<String>) {
    let surprise = play(text, Mode::Compare).unwrap().surprise.unwrap();
    (surprise.line, surprise.came)
}

#[test]
fn a_conversation_goes_as_written() {
    goes("# Greeting\nS: +OK {*} ready\n\nC: ECHO hé\nS: hé\nC: QUIT\nS: +OK bye\nclose\n");
    goes("S: +OK {*}\nC: LIST 3\nS: 1\n# half\nS: 2\nS: 3\n");
}

#[test]
fn pipelined_lines_and_lines_in_parts_go() {
    goes(
        "S: +OK {*}\nC: ECHO a\n# both at once\nC: LIST 1\nC: EC{no-end}\nC: HO c\nS: a\nS: 1\nS: c\n",
    );
}

#[test]
fn tls_begins_between_two_bytes() {
    goes("S: +OK {*}\nC: STLS\nS: +OK begin\nTLS\nC: QUIT\nS: +OK bye, secret one\nclose\n");
    goes("S: +OK {*}\nC: STLS\nC: ECHO dropped\nS: +OK begin\nTLS\nC: ECHO kept\nS: kept\n");
    goes("open toys\nS: +OK {*}\nC: QUIT\nS: +OK bye, secret one\nclose\n");
}

#[test]
fn what_was_remembered_is_said_again() {
    goes("S: +OK toy {*number} ready\nC: ECHO {number} {user}\nS: 42 lea@facteur.test\n");
}

#[test]
fn several_connections_see_each_other() {
    goes(
        "S: +OK {*}\nS2: +OK {*}\nC2: LIST 1\nS2: 1\nS: * changed\nhangup2\nC: QUIT\nS: +OK bye\nclose\n",
    );
}

#[test]
fn bodies_go_both_ways() {
    goes("S: +OK {*}\nC: TAKE 65000\nsend 65000\nS: +OK taken\nC: GIVE 60000\nreceive 60000\n");
    let (line, came) = fails("S: +OK {*}\nC: GIVE 600\nreceive 601\n");
    assert_eq!((line, came.len()), (3, 1));
}

#[test]
fn each_way_to_differ_is_a_surprise() {
    // Another line, a line too many, in the middle and at the end.
    assert_eq!(
        fails("S: +OK {*}\nC: ECHO a\nS: b\n"),
        (3, vec!["S: a".to_owned()])
    );
    let twice = "S: +OK {*}\nC: TWICE a\nS: a\n";
    assert_eq!(fails(twice), (4, vec!["S: a".to_owned()]));
    let then = format!("{twice}C: ECHO b\nS: b\n");
    assert_eq!(
        fails(&then),
        (5, vec!["S: a".to_owned(), "S: b".to_owned()])
    );
    // A line too few, and no end of line.
    assert_eq!(fails("S: +OK {*}\nS: more\n"), (2, vec![]));
    let raw = "S: +OK {*}\nC: RAW half\nS: half\n";
    assert_eq!(fails(raw), (3, vec!["S: half{no-end}".to_owned()]));
    // An end where none was to be, and none where one was.
    let quit = "S2: +OK {*}\nC2: QUIT\nS2: +OK bye\n";
    assert_eq!(fails(quit), (4, vec!["close2".to_owned()]));
    assert_eq!(fails("S: +OK {*}\nclose\n"), (2, vec![]));
    assert_eq!(
        fails("S: +OK {*}\nC: ECHO a\nclose\n"),
        (3, vec!["S: a".to_owned()])
    );
}

#[test]
fn what_can_not_be_played_says_where() {
    let error = |text| play(text, Mode::Compare).unwrap_err().to_string();
    assert!(error("C: {nobody}\n").starts_with("line 1: {nobody}"));
    assert!(error("open nowhere\n").starts_with("line 1: no such endpoint"));
    assert!(error("S: {*}\nTLS\n").starts_with("line 2: "));
    assert!(error("S: {*}\nC: QUIT\nS: {*}\nclose\nC: again\n").starts_with("line 5: "));
}

#[test]
fn an_update_writes_what_the_server_says_and_keeps_the_rest() {
    let old = "S: +OK {*}\nC: LIST 3\n# the first\nS: {*}\n# gone\nS: x\nS: 3\nC: QUIT\nS: old\n";
    let new = "S: +OK {*}\nC: LIST 3\n# the first\nS: {*}\nS: 2\n# gone\nS: 3\nC: QUIT\nS: +OK bye\nclose\n";
    assert_eq!(play(old, Mode::Rewrite).unwrap().text, new);
    goes(new);
}

#[test]
fn an_update_finds_the_close() {
    let early = "S: +OK {*}\nC: QUIT\nclose\n";
    let found = "S: +OK {*}\nC: QUIT\nS: +OK bye\nclose\n";
    assert_eq!(play(early, Mode::Rewrite).unwrap().text, found);
    assert_eq!(
        play("S: +OK {*}\nclose\n", Mode::Rewrite).unwrap().text,
        "S: +OK {*}\n"
    );
}
