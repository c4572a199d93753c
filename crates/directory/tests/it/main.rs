//! The directory on the embedded engine, through its public door alone.

#[cfg(test)]
mod addresses;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod check;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod signing_in;
#[cfg(test)]
mod world;
