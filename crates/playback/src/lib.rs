//! Conversations as text, played against a server: the test support that every
//! protocol shares. Only tests may depend on this crate (a house rule in xtask).
//!
//! # A transcript
//!
//! A transcript is a file that a person can read aloud. It is played line by line,
//! and the *whole text* of what happened is compared with the file, so a line that
//! the server says too much fails as surely as one that it leaves out.
//!
//! ```text
//! # Signing in needs encryption first.
//! S: +OK {*}
//! C: STLS
//! S: +OK {*}
//! TLS
//! C: USER {user}
//! S: +OK {*}
//! C: QUIT
//! S: +OK {*}
//! close
//! ```
//!
//! | line | meaning |
//! | --- | --- |
//! | `# words`, or nothing | a remark, kept |
//! | `C: text` | the client sends the line and CRLF; lines that follow each other go out as one write, so pipelining is tested by writing it |
//! | `S: text` | the server must say this line next |
//! | `C2:`, `S2:` | the same on connection 2; without a number it is connection 1 |
//! | `open imaps` | connect to the endpoint of that name; without it the first line that names a connection opens it to the default endpoint |
//! | `TLS` | the client begins TLS |
//! | `send 1000` | the client sends a generated body of so many octets (see [`body`]) |
//! | `receive 1000` | the server must send exactly that body |
//! | `close` | the server must end the stream now, having said nothing more |
//! | `hangup` | the client drops the connection, as a device out of reach does |
//!
//! Directives take a connection number as well: `open2 pop3s`, `TLS2`, `close2`.
//!
//! Braces hold what plain text can't show. Anything else in braces, such as IMAP's
//! `{310}`, stands for itself.
//!
//! | in braces | meaning |
//! | --- | --- |
//! | `{*}` | in a server line: any octets within the line, or none |
//! | `{*name}` | the same, remembered under that name |
//! | `{name}` | what was remembered, or what the test gave ([`Player::know`]) |
//! | `{0x00FF}` | these octets |
//! | `{bare-lf}` | last in a line: it ends in LF alone |
//! | `{no-end}` | last in a line: it has no line end at all |
//!
//! # The two stages
//!
//! The player knows no socket: it speaks over a [`Wire`]. [`Machine`] is a wire whose
//! other end is a [`session::Session`] held in the hand, with a small fake world that
//! answers its questions. `tcp` (a feature, off by default) is a wire to a real
//! server, with a certificate that is really checked. So one file runs twice.
//!
//! # Clients
//!
//! A client of ours is tested by transcripts as well ([`check_client`]): then what `S:`
//! says is said to it, and what it says is compared with `C:`.
//!
//! # Rewriting
//!
//! With `UPDATE=1` in the environment, [`check`] writes what the server really said
//! into the file, keeping each line with wildcards that still matches. The diff is
//! then the review.
//!
//! # How the files are cut
//!
//! `script` reads a file into lines, `pattern` is the text of one line and whether it
//! matches, `player` plays, `align` decides which lines an update keeps, `check` joins
//! them to the file system; `wire`, `machine` and `tcp` are what it is played on. `hand`
//! holds a session for the machine, and for tests that turn the clock or say octets in
//! pieces.
//!
//! Invariants: playing never panics, whatever the file or the server says; it always
//! ends, because every wait has a patience; nothing but [`check`] touches a file.

mod align;
pub mod body;
mod check;
mod connection;
mod hand;
mod machine;
mod page;
mod pattern;
mod player;
mod script;
#[cfg(feature = "tcp")]
pub mod tcp;
#[cfg(test)]
mod toy;
mod wire;

pub use check::{CheckError, check, check_client, transcripts};
pub use hand::{Hand, World};
pub use machine::Machine;
pub use page::part_of_page;
pub use player::{Mode, PlayError, Played, Player, Surprise};
pub use script::{Script, ScriptError};
pub use wire::{Received, Wire};
