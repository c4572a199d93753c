//! Tests of the whole store that need to look under it.

mod care;
mod edges;
mod engine;
mod invariants;
mod model;
mod old;
