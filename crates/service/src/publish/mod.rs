//! What a domain has to publish in DNS so that mail comes, is believed, and devices find
//! their servers: said once, from the table of endpoints and the settings, and compared with
//! what is there.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `record.rs` | one record, and the line of a zone that it is |
//! | `records.rs` | which records there are to be, each with its reason |
//! | `policy.rs` | the policy of MTA-STS, which a page serves and a record announces |
//! | `live.rs` | asks the DNS what is there |
//! | `judge.rs` | what is there, compared with what should be, in words |

mod judge;
mod live;
mod policy;
mod record;
mod records;

use std::path::PathBuf;

use dns::Resolver;

use crate::endpoints::Endpoints;

pub use judge::{Live, Verdict};
pub use live::look;
pub use policy::{Mode, policy};
pub use record::{Data, Record};
pub use records::{Purpose, records};

/// What the service is to the world.
#[derive(Clone)]
pub struct Published {
    /// Its host, as DNS knows it.
    pub host: String,
    /// Its ports.
    pub endpoints: Endpoints,
    /// What its policy of MTA-STS asks for.
    pub mta_sts: Mode,
    /// The file of its certificate.
    pub certificate: PathBuf,
    /// Who asks the DNS; none where nobody does.
    pub resolver: Option<Resolver>,
}
