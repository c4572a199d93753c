//! The real binary, spoken to by real clients and by transcripts over real TCP and TLS.

#![allow(clippy::unwrap_used, reason = "a test")]

mod abuse;
mod believing;
mod clients;
mod cluster;
mod commands;
mod common;
mod dns;
mod drain;
mod folders;
mod kill;
mod limits;
mod load;
mod log;
mod network;
mod nodes;
mod own_user;
mod pages;
mod power_cut;
mod reload;
mod sending;
mod served;
mod store;
mod strangers;
mod systemd;
mod tablet;
mod transcripts;
