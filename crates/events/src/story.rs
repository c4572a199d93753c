//! How a message came in.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::Verdicts;

/// What is known of how a message came in, for the operator and for whoever got it. It is
/// kept with the message; nothing of it is in the message where it is a user's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Our number for it, as in its `Received` field.
    pub id: String,
    /// The peer's address.
    pub peer: IpAddr,
    /// Who the peer said it was (EHLO), as it said it.
    pub hello: String,
    /// Version and suite of TLS; none where the connection was in the clear.
    pub tls: Option<(String, String)>,
    /// The address of the account that submitted it; none for mail of another server.
    pub account: Option<String>,
    /// What was found out about who sent it; none where the peer is trusted or signed in.
    pub verdicts: Option<Verdicts>,
}
