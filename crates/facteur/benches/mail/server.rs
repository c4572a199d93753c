//! What is measured.

use std::net::SocketAddr;

/// Where a session begins, and what it says before its first message.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    /// The sender of all messages.
    pub(crate) sender: String,
    /// A whole line that signs in, without its end.
    pub(crate) sign_in: Option<String>,
}

/// A running mail server.
pub(crate) trait Server {
    /// The process from which all of its processes come.
    fn pid(&self) -> u32;
    /// Where other hosts bring mail for `mx.test`.
    fn taking(&self) -> Door;
    /// Where mail for elsewhere is taken.
    fn submitting(&self) -> Door;
    /// Returns once so many messages can be read.
    fn wait_until_kept(&self, messages: u64);
    /// How many messages there are.
    fn kept(&self) -> u64;
}
