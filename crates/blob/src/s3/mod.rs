//! Bodies in a bucket: whatever speaks the S3 protocol, shared by any number of nodes.
//!
//! ```text
//! PREFIX/FORMAT              facteur-bodies-s3 2
//! PREFIX/INDEX               which index refers to the bodies
//! PREFIX/8f/8f3a...          one body, under a name drawn by lot
//! PREFIX/4c/4c81...000000    a pack: small bodies that came at the same time, each in a frame
//!                            as in a segment
//! ```
//!
//! A name is drawn for each object and never again, so two nodes never write the same
//! object, and to remove one harms no other. Objects are made on condition that they are
//! not there, where the protocol lets one say so (a body in one piece).
//!
//! | file | what it holds |
//! | --- | --- |
//! | `settings.rs` | [`Settings`]: which bucket, and how it is reached |
//! | `bucket.rs` | [`Bucket`], the door |
//! | `places.rs` | one place or several, and which of them is asked |
//! | `name.rs` | the name of an object, and how a [`crate::BodyRef`] holds it |
//! | `writer.rs` | a body on its way in |
//! | `packer.rs` | small ones that go together |
//! | `again.rs` | writing such once more |
//! | `reader.rs`, `coming.rs` | reading one; one that was asked for before |
//! | `listing.rs` | what there is, and taking away many |
//! | `mark.rs` | what the bucket notes of its index |
//!
//! # Invariants
//!
//! * **Finished means durable**, as far as the bucket keeps its word.
//! * **Memory is bounded**: a body on its way in takes [`PART_OCTETS`], one that is read
//!   [`WINDOW_OCTETS`], however large it is.
//! * A body that is read whole is checked as one in a segment is.
//! * **What is not ours is never touched**: objects under other names than those above.
//!
//! A body whose record never came, since a node died, is removed with those that nobody needs
//! any more (`care`). But what a node that died had begun in parts stays invisible and is paid
//! for, and the library does not list it; a bucket has a rule that removes such parts after
//! some days (`AbortIncompleteMultipartUpload`), which should be set.

mod again;
mod bucket;
mod coming;
mod listing;
mod mark;
mod name;
mod packer;
mod places;
mod reader;
mod settings;
mod writer;

pub use bucket::Bucket;
pub use listing::{Folder, Folders, Found, Listing, Object};
pub use mark::Mark;
pub use name::ObjectName;
pub use packer::{PACK_OCTETS, PACKED_OCTETS};
pub use reader::WINDOW_OCTETS;
pub use settings::{Settings, SettingsError};
pub use writer::PART_OCTETS;

pub(crate) use coming::Coming;
pub(crate) use reader::ObjectReader;
pub(crate) use writer::ObjectWriter;
