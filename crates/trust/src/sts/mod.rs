//! What a domain promises of the hosts that take its mail: MTA-STS, RFC 8461.
//!
//! It says so in two places. A record in the DNS has the number of the policy, and the policy
//! itself is a page, which nobody can forge who can't have a certificate for that name. Here
//! both are read, and it is told which hosts a policy means; who fetches it, keeps it, and goes
//! by it, is above.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `record.rs` | [`policy_number`]: the record in the DNS |
//! | `policy.rs` | [`Policy`]: the page |

mod policy;
mod record;

pub use policy::{Flaw, MX_PATTERNS, Mode, POLICY_OCTETS, Policy};
pub use record::policy_number;
