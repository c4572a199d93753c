//! The power is cut under load: all that was acknowledged is there, once, whole, with its
//! UID and flags.

mod chance;
mod disk;
mod file;
mod folder;
mod honest;
mod journal;
mod names;
mod shim;
mod versions;
