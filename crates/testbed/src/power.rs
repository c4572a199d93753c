//! A disk whose power can be cut: a folder in which a program works behind a shim
//! (`LD_PRELOAD`) that keeps a journal of every change, so that once the program is dead all
//! that no sync has made durable can be dropped, torn or reordered.
//!
//! ```text
//! let mut bench = Bench::new(folder);
//! bench.put_before(&mut command, When::AtWrite(40));    its disk is `bench.disk`
//! ...                                                   the program runs into its cut
//! bench.settle(seed, manner)                            what a disk may leave
//! ```
//!
//! docs/durability.md tells what it shows and what it can't.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `shim.c` | stands before the program, and writes a journal |
//! | `shim.rs` | puts it there, and tells it when to cut |
//! | `journal.rs`, `disk.rs` | what the journal says; what is durable by it, and what is not |
//! | `file.rs`, `names.rs`, `versions.rs` | what a cut may leave of a file, and of names |
//! | `folder.rs` | leaves that of the real folder, and finds what went past the shim |
//! | `chance.rs`, `moments.rs` | when to cut and what to lose, by a seed |
//! | `table.rs` | how rounds of a proof ended |
//!
//! `tests/power/` shows all of it on a program whose every step is known.

mod chance;
mod disk;
mod file;
mod folder;
mod journal;
mod moments;
mod names;
mod shim;
mod table;
mod versions;

pub use chance::Chance;
pub use file::{PAGE, Tails, Unseen};
pub use names::Names;
pub use shim::{Bench, EXIT_CUT, Lies, Manner, When};
pub use table::{Mode, Row, Table};
