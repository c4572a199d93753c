//! DNS: one resolver, its cache, and its DNSSEC verdict. For whoever judges mail that
//! comes, and for whoever sends mail out.
//!
//! The work of the wire and of validation is hickory's. Here is what mail adds to it: the
//! kinds of records that mail asks for; for every answer, also for *there is none*, whether
//! DNSSEC vouches for it, which DANE turns on (RFC 7672 section 2.1); and a limit for
//! everything that a stranger's name server can draw out.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `resolver.rs` | [`Resolver`]: the questions, one function each |
//! | `answer.rs` | [`Answer`] and its records; [`DnsError`]: why there are none |
//! | `asker.rs` | one question put to the servers, by hickory |
//! | `reading.rs` | what hickory found, read as one of these |
//! | `wildcard.rs` | whether an answer was rightly made of a wildcard |
//! | `cache.rs` | what is known for as long as it may be, failures for a short time |
//! | `health.rs` | whether the servers answer at all; asked anew in the background |
//! | `settings.rs` | [`Settings`], and [`Server`], the place of one |
//!
//! # Invariants
//!
//! * A lookup ends within [`Settings::patience`], whatever any server does.
//! * When no server answers, that is found out once and not by each who asks: lookups then
//!   fail at once, and one task asks until a server is back.
//! * Nothing bogus is ever given out as an answer.
//! * Names are asked for as they are: no search list, no file of hosts.
//! * What is kept has a limit in octets ([`CACHE_OCTETS`]).

mod answer;
mod asker;
mod cache;
mod health;
mod reading;
mod resolver;
mod settings;
mod wildcard;

pub use answer::{Answer, DnsError, Mx, Srv, Tlsa, Trouble};
pub use cache::CACHE_OCTETS;
pub use resolver::Resolver;
pub use settings::{NoServer, PORT, Server, Settings, Unusable};
