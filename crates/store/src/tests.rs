//! Tests of the whole store that need to look under it.

mod care;
mod check;
mod copies;
mod edges;
mod engine;
mod invariants;
mod model;
mod old;
mod serving;
mod threads;
