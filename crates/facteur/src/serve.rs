//! `facteur serve`: joins the parts and runs them until told to stop.
//!
//! The order matters when started as root: ports and certificate first, then the user
//! changes, and only then is the data opened, by the user who will keep it.

mod believing;
mod connections;
mod control;
mod journal;
mod log;
mod pages;
mod places;
mod reload;
mod sending;
mod sockets;
mod upkeep;
mod user;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use delivery::Delivery;
use directory::OldDevices;
use dns::Resolver;
use jiff::tz::TimeZone;
use limits::Limits;
use net::Gate;
use sd_notify::NotifyState;
use service::endpoints::Endpoints;
use service::fan_out::FanOut;
use service::publish::Published;
use service::sending::Sending;
use session::sasl::Cleartext;
use tls::{Caller, Greeter};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use web::{Hosts, Site};

use crate::admin;
use crate::config::{self, Config};
use crate::rooms::{self, Chosen, Place, Rooms};
use connections::{Desk, clock};
use control::{Signals, Told};
use log::Logging;
use pages::Pages;
use places::Places;
use reload::Reload;
use sockets::Open;

pub(crate) use user::become_owner;

/// How long sessions have to end by themselves once the service stops; told to stop a
/// second time, it gives them none.
const DRAIN: Duration = Duration::from_secs(25);

/// How often the certificate in use is looked at.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Serves until SIGTERM or SIGINT. `ready` is called once every port is open.
pub(crate) fn run(data: &Path, file: Option<&Path>, ready: impl FnOnce()) -> anyhow::Result<()> {
    let config = config::load_for(data, file)?.config;
    let logging = log::start(&config.log)?;
    let endpoints = endpoints(&config)?;
    let open = sockets::open(&endpoints, &config.listen)?;
    let paths = config.tls_in(data);
    let greeter = Greeter::load(&paths.certificate, &paths.key)?;
    // Like the key, secrets may be root's alone.
    let chosen = Chosen::of(&config.storage, data)?.with_care(&config.care);
    let routes = sending::Routes::of(&config.sending, data)?;
    let resolver = Resolver::new(&config.dns_in(data))?;
    user::become_own(config.user.as_deref(), data)?;
    reload::check_readable(&paths);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    runtime.block_on(async {
        for concern in chosen.concerns() {
            tracing::warn!("{concern}");
        }
        let rooms = Rooms::open(data, &chosen, config.old_devices).await?;
        // Whose mail is in the data folder holds that by it.
        let _held = match chosen.place {
            Place::Shared(..) => Some(rooms::hold(data)?),
            Place::Folder | Place::FolderAndBucket(_) => None,
        };
        let service = Running {
            data,
            file,
            config,
            endpoints,
            greeter,
            rooms,
            logging,
            resolver,
            routes,
        };
        service.run(open, ready).await
    })
}

/// The ports in use.
pub(crate) fn endpoints(config: &Config) -> anyhow::Result<Endpoints> {
    Endpoints::from_base(config.port_base)
        .with_context(|| format!("port_base {} puts a port past 65535", config.port_base))
}

/// What the service of these settings is to the world.
pub(crate) fn published(
    config: &Config,
    data: &Path,
    resolver: Resolver,
) -> anyhow::Result<Published> {
    Ok(Published {
        host: config.hostname.clone(),
        endpoints: endpoints(config)?,
        mta_sts: config.mta_sts,
        certificate: config.tls_in(data).certificate,
        resolver: Some(resolver),
    })
}

/// Whether the ports can be opened, which are closed again. With those of systemd in hand
/// there is nothing to try.
pub(crate) fn can_open(endpoints: &Endpoints, listen: &[IpAddr]) -> anyhow::Result<()> {
    if std::env::var_os("LISTEN_FDS").is_none() {
        sockets::open(endpoints, listen)?;
    }
    Ok(())
}

struct Running<'a> {
    data: &'a Path,
    file: Option<&'a Path>,
    config: Config,
    endpoints: Endpoints,
    greeter: Greeter,
    rooms: Rooms,
    logging: Logging,
    resolver: Resolver,
    routes: sending::Routes,
}

impl Running<'_> {
    async fn run(self, open: Vec<Open>, ready: impl FnOnce()) -> anyhow::Result<()> {
        let (stop, stopping) = watch::channel(false);
        let (offer, cleartext) = watch::channel(offered(self.config.old_devices));
        self.rooms.manager(true, None).complete().await?;
        let followed = self.rooms.directory.clone();
        let following = tokio::spawn(async move { followed.follow().await });
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
        let published = published(&self.config, self.data, self.resolver.clone())?;
        let manager = self.rooms.manager(true, Some(published));
        let admin = admin::serve_admin(self.data, manager, stopping.clone())?;
        work.spawn(admin);
        let sending = self.delivery(&fan_out)?.run(stopped(stopping.clone()));
        let sending = tokio::spawn(sending);
        let background = tokio::spawn(async move { fan_out.run().await });
        let watchdog = tokio::spawn(control::watchdog());
        let days = tokio::spawn(look_daily(
            self.greeter.clone(),
            self.config.hostname.clone(),
        ));
        let keeping = upkeep::begin(&self.rooms, &self.config.care);
        let mut signals = Signals::new()?;
        ready();
        control::say(NotifyState::Ready);
        tracing::info!(host = self.config.hostname, "serving");
        let reload = self.reload(offer);
        while signals.next().await == Told::Reload {
            control::say(NotifyState::Reloading);
            reload.run();
            control::say(NotifyState::Ready);
        }

        control::say(NotifyState::Stopping);
        tracing::info!("stopping: sessions are told");
        stop.send_replace(true);
        let drained = async {
            while work.join_next().await.is_some() {}
            sending.await
        };
        tokio::select! {
            _ = drained => {}
            () = tokio::time::sleep(DRAIN) => {
                tracing::warn!("some sessions did not end in time and were cut");
            }
            () = signals.stop() => {
                tracing::warn!("told to stop twice: the sessions left were cut");
            }
        }
        following.abort();
        background.abort();
        watchdog.abort();
        days.abort();
        keeping.iter().for_each(JoinHandle::abort);
        self.rooms.close().await;
        tracing::info!("stopped");
        Ok(())
    }

    /// What sends the mail that waits for other hosts.
    fn delivery(&self, fan_out: &FanOut) -> anyhow::Result<Delivery> {
        let (data, sending) = (self.data, &self.config.sending);
        let authorities = self.config.authorities_in(data);
        let rooms = delivery::Rooms {
            queue: self.rooms.queue.clone(),
            store: self.rooms.store.clone(),
            directory: self.rooms.directory.clone(),
            fan_out: fan_out.clone(),
            sending: self.sending(),
            resolver: self.resolver.clone(),
            gate: Gate::new(sending.private_networks.clone()),
            caller: Caller::load(authorities.as_deref())?,
            clock,
        };
        let settings = delivery::Settings {
            host: self.config.hostname.parse()?,
            port: sending.port,
            https_port: sending.https_port,
            patience: Duration::from_secs(u64::from(sending.patience_hours) * 3600),
            zone: zone(&self.config)?,
            from: sending.from.clone(),
            smarthost: self.routes.smarthost.clone(),
            routes: self.routes.by_domain.clone(),
            shared: self.rooms.is_shared(),
        };
        Ok(Delivery::new(rooms, settings))
    }

    /// What counts what accounts send.
    fn sending(&self) -> Sending {
        let submission = &self.config.submission;
        Sending {
            directory: self.rooms.directory.clone(),
            journal: self.rooms.journal.clone(),
            queue: self.rooms.queue.clone(),
            limits: Limits {
                messages_per_hour: submission.messages_per_hour.into(),
                recipients_per_day: submission.recipients_per_day.into(),
            },
        }
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
            journal,
            ..
        } = &self.rooms;
        let (host, message_octets) = (self.config.hostname.clone(), self.config.message_bytes);
        Ok(Desk {
            greeter: self.greeter.clone(),
            imap: service::imap::Service {
                store: store.clone(),
                directory: directory.clone(),
                journal: journal.clone(),
                message_octets,
                clock,
            },
            pop3: service::pop3::Service {
                store: store.clone(),
                directory: directory.clone(),
                journal: journal.clone(),
                clock,
            },
            smtp: service::smtp::Service {
                store: store.clone(),
                queue: queue.clone(),
                directory: directory.clone(),
                journal: journal.clone(),
                sending: self.sending(),
                fan_out: fan_out.clone(),
                host: host.clone(),
                message_octets,
                believing: believing::believing(&self.config, self.resolver.clone())?,
                name_clients: self.config.submission.name_clients,
                clock,
            },
            pages: Pages::new(Arc::new(self.site().await?)),
            host,
            message_octets,
            max_recipients: usize::try_from(self.config.submission.recipients_per_message)?,
            cleartext,
            stopping,
            places: Places::new(
                places::possible(self.config.connections),
                self.config.connections_per_network,
            ),
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
            journal: self.rooms.journal.clone(),
            endpoints: self.endpoints.clone(),
            hosts: Hosts::same(&self.config.hostname),
            mta_sts: self.config.mta_sts,
            time_zone: zone(&self.config)?,
            clock: Arc::new(clock),
        })
    }

    fn reload(&self, offer: watch::Sender<Cleartext>) -> Reload<'_> {
        Reload {
            data: self.data,
            file: self.file,
            started: self.config.clone(),
            greeter: self.greeter.clone(),
            directory: self.rooms.directory.clone(),
            offer,
            logging: self.logging.clone(),
        }
    }
}

/// Warns of the certificate in use, now and once a day.
async fn look_daily(greeter: Greeter, host: String) {
    // The first comes at once.
    let mut days = tokio::time::interval(DAY);
    loop {
        days.tick().await;
        warn_of_certificate(&greeter, &host);
    }
}

fn warn_of_certificate(greeter: &Greeter, host: &str) {
    for concern in greeter.concerns(host, SystemTime::now()) {
        tracing::warn!(%host, "the certificate: {concern}");
    }
}

/// What a future gives, unless the service stops first.
async fn unless_stopped<F: Future>(
    mut stopping: watch::Receiver<bool>,
    future: F,
) -> Option<F::Output> {
    tokio::select! {
        // Whoever could say it being gone says it too.
        _ = stopping.wait_for(|stop| *stop) => None,
        output = future => Some(output),
    }
}

/// Ends when the service stops.
async fn stopped(mut stopping: watch::Receiver<bool>) {
    // Whoever could say it being gone says it too.
    let _ = stopping.wait_for(|stop| *stop).await;
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
