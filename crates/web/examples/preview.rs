//! Serves the pages of a sample service on the loopback address, for whoever works on
//! their look: `cargo run -p web --example preview`. Nothing is kept; the time stands
//! still, so that two pictures of a page differ only where the page does.
//!
//! Sign in as `jeanne.morel@tilleuls.example` or `paul@tilleuls.example`, password
//! `four words at random`. There is no TLS here, so both have *old devices* on, and the
//! browser must be one that takes secure cookies from the loopback address.

use std::error::Error;
use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use address::Password;
use axum::Extension;
use directory::{AccountChange, Directory, NewAccount, Settings};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use journal::Journal;
use kv::memory::Memory;
use service::endpoints::Endpoints;
use tokio::net::TcpListener;
use web::{Hosts, Peer, Site};
use words::Language;

/// The encrypted pages, which are not encrypted here.
const PAGES: u16 = 8443;
/// What port 80 would serve.
const PLAIN: u16 = 8480;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let now: Timestamp = "2026-11-23T13:02:00Z".parse()?;
    let site = Arc::new(Site {
        name: "Facteur".into(),
        domain: "tilleuls.example".parse()?,
        directory: directory().await?,
        journal: Journal::new(Arc::new(kv::memory::Memory::default()), 1),
        endpoints: Endpoints::standard(),
        hosts: Hosts::same("mail.tilleuls.example"),
        mta_sts: service::publish::Mode::Testing,
        time_zone: TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC),
        clock: Arc::new(move || now),
    });
    let ip = Ipv4Addr::LOCALHOST.into();
    let peer = Extension(Peer {
        ip,
        encrypted: false,
    });
    let pages = axum::serve(listen(PAGES).await?, web::router(site.clone()).layer(peer));
    let plain = axum::serve(listen(PLAIN).await?, web::plain_router(site).layer(peer));
    tokio::try_join!(pages.into_future(), plain.into_future())?;
    Ok(())
}

async fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

async fn directory() -> Result<Directory, Box<dyn Error>> {
    let then: Timestamp = "2026-11-03T08:12:00Z".parse()?;
    let directory = Directory::new(Arc::new(Memory::default()), &Settings::default());
    directory
        .add_domain(&"tilleuls.example".parse()?, then)
        .await?;
    for (address, name) in [
        ("jeanne.morel@tilleuls.example", Some("Jeanne Morel")),
        ("paul@tilleuls.example", None),
    ] {
        let account = NewAccount {
            address: address.parse()?,
            password: Password::new("four words at random"),
            name: name.map(String::from),
            quota: None,
            language: Language::French,
        };
        let id = directory.add_account(account, then).await?.id;
        let on = AccountChange {
            old_devices: Some(true),
            ..AccountChange::default()
        };
        directory.set(id, on).await?;
    }
    Ok(directory)
}
