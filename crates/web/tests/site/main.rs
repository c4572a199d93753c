//! The pages as a browser meets them, over a real directory in a folder of its own.

// Marked as tests, so that helpers may panic as tests do (clippy.toml).
#[cfg(test)]
mod guides;
#[cfg(test)]
mod mta_sts;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod password;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod support;
