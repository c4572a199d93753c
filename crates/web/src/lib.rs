//! Pages for people: sign-in, one's own mailbox, its password, and the guides that set
//! up a device. Plain HTML that works whole without script and on the browser of 2012.
//!
//! For whoever joins the parts: make a [`Site`], take [`router`] for the encrypted port
//! and [`plain_router`] for the port that only points to it, and give each request a
//! [`Peer`] as an extension. Connections, TLS, time-outs and limits on them are the
//! caller's.
//!
//! | file | what it is |
//! | --- | --- |
//! | `site.rs` | [`Site`], what pages know of the service; [`Peer`] |
//! | `routes.rs` | both routers; `paths.rs` names each path once |
//! | `visit.rs` | who asks and in which language, found once for each request |
//! | `session.rs`, `token.rs` | signed-in browsers: `Sessions` and their secrets |
//! | `form.rs` | a posted form and its proof of origin |
//! | `headers.rs` | what each reply says to the browser: no script, no frames, no store |
//! | `assets.rs` | style sheet, fonts and icon, served from the binary |
//! | `rich.rs` | sentences of `words` with their marks, as HTML |
//! | `settings.rs` | servers, ports and user name, as tables |
//! | `guide/` | guides as data: steps, rows, notes |
//! | `pages/` | one file a page; `templates/` has their HTML |
//!
//! # What is sure
//!
//! * No page has script, inline style or a reference to another host; the policy sent
//!   with each reply forbids all three.
//! * A request that changes something carries a token that only our own page could
//!   know (`form.rs`), and is refused when its `Origin` is another's.
//! * A session is a random 256-bit token in a `__Host-` cookie; only its hash is kept
//!   here. Whatever ends the right to sign in ends the session (ARCHITECTURE.md,
//!   invariant 12). Sessions live in memory: after a restart people sign in again.
//! * A wrong password, an unknown user and a bare local part get the same page after
//!   the same time. A password is never written back into a page.
//! * Everything kept for a visitor has a named limit.

mod assets;
mod drawing;
mod form;
mod guide;
mod headers;
mod pages;
mod paths;
mod rich;
mod routes;
mod session;
mod settings;
mod site;
mod token;
mod visit;

pub use routes::{plain_router, router};
pub use site::{Clock, Hosts, Peer, Site};
