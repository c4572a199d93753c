//! Bytes to commands, and answers to bytes.
//!
//! Reading has two stages. `frame` finds where a command ends, through its literals and
//! under a size limit, and knows no command but APPEND, whose message it leaves in the
//! input. `parse` then reads one whole command. So what a command may look like can grow
//! without a thought about half-read input, and the other way round.

pub(crate) mod command;
pub(crate) mod date;
pub(crate) mod fetch;
pub(crate) mod flag;
pub(crate) mod frame;
pub(crate) mod list;
pub(crate) mod object;
pub(crate) mod parse;
pub(crate) mod search;
pub(crate) mod utf7;
pub(crate) mod write;
