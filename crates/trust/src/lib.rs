//! Whom to believe: what can be found out about who sent a message. For `service`, which
//! receives mail from other servers.
//!
//! It decides and asks for nothing by itself: the DNS comes in by a trait ([`Dns`]), time
//! as an argument, and the message as it streams past ([`Watch`]). Each mechanism is a
//! function of its own, so that whoever calls sets each its time and says *temperror* for
//! what is not known by then. The verdicts are data, in `events`; `words` says them to a
//! person.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `dns.rs` | [`Dns`]: what is asked |
//! | `spf/` | SPF (RFC 7208) |
//! | `dkim/` | DKIM (RFC 6376, RFC 8301, RFC 8463) |
//! | `dmarc/` | DMARC (RFC 9989) |
//! | `sts/` | MTA-STS: what a domain promises of the hosts that take its mail (RFC 8461) |
//! | `arc/` | ARC (RFC 8617) |
//! | `iprev.rs` | the name of an address (RFC 8601 section 3) |
//! | `block_list.rs` | lists of addresses in the DNS (RFC 5782) |
//! | `strangers/` | how much is taken from whom nobody knows, and how fast |
//! | `watch.rs` | [`Watch`]: header, and hashes of the body, of a message that streams past |
//! | `opinion.rs` | [`Opinion`]: all that was found out, and the [`events::Verdicts`] from it |
//! | `results.rs` | the field `Authentication-Results` (RFC 8601), and who forges it |
//!
//! # Invariants
//!
//! * What a stranger writes, in a message or in the DNS, can't make this fail or take more
//!   than its limits: each is a named constant.
//! * Nothing of a body is kept.
//! * What can't be found out is `temperror`, never a failure.
//!
//! # Why the mechanisms are our own
//!
//! `mail-auth` was to serve. Its evaluation asks a resolver of its own and can't be given
//! answers that there is nothing; its cryptography with aws-lc-rs makes every resolver of
//! the process speak TLS and need the system's certificates to be opened at all; and it
//! does without some of RFC 7208's rules that others count on (two records, lookups that
//! find nothing). What was left to take were parsers of a few lines each.

mod arc;
mod block_list;
mod dkim;
mod dmarc;
mod dns;
mod iprev;
mod opinion;
mod results;
mod spf;
pub mod strangers;
pub mod sts;
mod watch;

pub use arc::{Chain, CheckedChain, SETS};
pub use block_list::{Action, BlockList, Listing, NoBlockList};
pub use dkim::{Checked, Claim, SIGNATURES};
pub use dmarc::{Authors, author_domains};
pub use dns::{Dns, Missing};
pub use iprev::iprev;
pub use opinion::Opinion;
pub use results::{results, without_claims};
pub use spf::{spf, spf_unknown};
pub use watch::{BodyHashes, HEADER_OCTETS, Watch};
