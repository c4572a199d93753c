//! `facteur serve`: joins the parts and runs them until told to stop.
//!
//! The order matters when started as root: ports and certificate first, then the user
//! changes, and only then is the data opened, by the user who will keep it.

mod connections;
mod crowd;
mod journal;
mod log;
mod pages;
mod sockets;
mod user;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use directory::OldDevices;
use jiff::tz::TimeZone;
use service::endpoints::Endpoints;
use service::fan_out::FanOut;
use session::sasl::Cleartext;
use tls::Greeter;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use web::{Hosts, Site};

use crate::admin;
use crate::config::{self, Config};
use crate::rooms::Rooms;
use connections::{Desk, clock};
use crowd::Crowd;
use pages::Pages;
use sockets::Open;

/// How long sessions have to end by themselves once the service stops.
const DRAIN: Duration = Duration::from_secs(25);

/// Serves until SIGTERM or SIGINT. `ready` is called once every port is open.
pub(crate) fn run(data: &Path, file: Option<&Path>, ready: impl FnOnce()) -> anyhow::Result<()> {
    let config = config::load_for(data, file)?.config;
    log::start(&config.log)?;
    let endpoints = endpoints(&config)?;
    let open = sockets::open(&endpoints, &config.listen)?;
    let paths = config.tls_in(data);
    let greeter = Greeter::load(&paths.certificate, &paths.key)?;
    user::become_own(config.user.as_deref(), data)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    runtime.block_on(async {
        let rooms = Rooms::open(data, config.old_devices)?;
        let service = Running {
            data,
            file,
            config,
            endpoints,
            greeter,
            rooms,
        };
        service.run(open, ready).await
    })
}

/// The ports in use.
pub(crate) fn endpoints(config: &Config) -> anyhow::Result<Endpoints> {
    Endpoints::from_base(config.port_base)
        .with_context(|| format!("port_base {} puts a port past 65535", config.port_base))
}

struct Running<'a> {
    data: &'a Path,
    file: Option<&'a Path>,
    config: Config,
    endpoints: Endpoints,
    greeter: Greeter,
    rooms: Rooms,
}

impl Running<'_> {
    async fn run(self, open: Vec<Open>, ready: impl FnOnce()) -> anyhow::Result<()> {
        let (stop, stopping) = watch::channel(false);
        let (offer, cleartext) = watch::channel(offered(self.config.old_devices));
        self.complete_accounts().await?;
        let fan_out = FanOut::new(
            self.rooms.store.clone(),
            self.rooms.queue.clone(),
            self.rooms.directory.clone(),
            clock,
        );
        let desk = self.desk(&fan_out, cleartext, stopping.clone()).await?;
        let mut work = JoinSet::new();
        for Open { endpoint, socket } in open {
            let listener = TcpListener::from_std(socket)?;
            work.spawn(desk.clone().attend(endpoint, listener));
        }
        let admin = admin::serve_admin(self.data, self.rooms.manager(), stopping)?;
        work.spawn(admin);
        let background = tokio::spawn(async move { fan_out.run().await });
        ready();
        sd_notify::notify(&[sd_notify::NotifyState::Ready])?;
        tracing::info!(host = self.config.hostname, "serving");
        self.until_stopped(&offer).await?;

        sd_notify::notify(&[sd_notify::NotifyState::Stopping])?;
        tracing::info!("stopping: sessions are told");
        stop.send_replace(true);
        let drained = async { while work.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            tracing::warn!("some sessions did not end in time and were cut");
        }
        background.abort();
        tracing::info!("stopped");
        Ok(())
    }

    /// Gives their mailboxes to accounts that a crash left without, between their place in
    /// the directory and that in the store.
    async fn complete_accounts(&self) -> anyhow::Result<()> {
        for account in self.rooms.directory.accounts().await? {
            self.rooms.store.create_account(account.id, clock()).await?;
        }
        Ok(())
    }

    async fn desk(
        &self,
        fan_out: &FanOut,
        cleartext: watch::Receiver<Cleartext>,
        stopping: watch::Receiver<bool>,
    ) -> anyhow::Result<Desk> {
        let Rooms {
            store,
            queue,
            directory,
            ..
        } = &self.rooms;
        let (host, message_octets) = (self.config.hostname.clone(), self.config.message_bytes);
        Ok(Desk {
            greeter: self.greeter.clone(),
            imap: service::imap::Service {
                store: store.clone(),
                directory: directory.clone(),
                message_octets,
                clock,
            },
            pop3: service::pop3::Service {
                store: store.clone(),
                directory: directory.clone(),
                clock,
            },
            smtp: service::smtp::Service {
                store: store.clone(),
                queue: queue.clone(),
                directory: directory.clone(),
                fan_out: fan_out.clone(),
                host: host.clone(),
                message_octets,
                clock,
            },
            pages: Pages::new(Arc::new(self.site().await?)),
            host,
            message_octets,
            cleartext,
            stopping,
            crowd: Crowd::as_allowed(),
        })
    }

    async fn site(&self) -> anyhow::Result<Site> {
        let domains = self.rooms.directory.domains().await?;
        let domain = match domains.into_iter().next() {
            Some(hosted) => hosted.domain,
            None => self.config.hostname.parse()?,
        };
        Ok(Site {
            name: self.config.service_name.clone(),
            domain,
            directory: self.rooms.directory.clone(),
            endpoints: self.endpoints.clone(),
            hosts: Hosts::same(&self.config.hostname),
            time_zone: zone(&self.config)?,
            clock: Arc::new(clock),
        })
    }

    /// Waits for the signal to stop; takes the configuration and the certificate anew at
    /// each SIGHUP.
    async fn until_stopped(&self, offer: &watch::Sender<Cleartext>) -> anyhow::Result<()> {
        let mut term = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        loop {
            tokio::select! {
                _ = term.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                _ = hangup.recv() => match self.reload(offer) {
                    Ok(()) => tracing::info!("configuration and certificate taken anew"),
                    Err(error) => tracing::error!("nothing changed: {error:#}"),
                },
            }
        }
    }

    fn reload(&self, offer: &watch::Sender<Cleartext>) -> anyhow::Result<()> {
        let config = config::load_for(self.data, self.file)?.config;
        self.greeter.reload()?;
        self.rooms.directory.set_old_devices(config.old_devices);
        offer.send_replace(offered(config.old_devices));
        let same = Config {
            old_devices: self.config.old_devices,
            ..config
        };
        if same != self.config {
            tracing::warn!("of the settings, only old_devices changes without a restart");
        }
        Ok(())
    }
}

fn offered(old_devices: OldDevices) -> Cleartext {
    match old_devices {
        OldDevices::Off => Cleartext::Forbidden,
        OldDevices::ByAccount => Cleartext::ByAccount,
    }
}

fn zone(config: &Config) -> anyhow::Result<TimeZone> {
    match TimeZone::get(&config.time_zone) {
        Ok(zone) => Ok(zone),
        Err(error) => bail!("time_zone {:?}: {error}", config.time_zone),
    }
}
