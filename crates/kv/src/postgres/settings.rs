//! Which database, and how it is reached.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use address::Password;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::tls::Tls;

/// How long a commit or a snapshot waits for a database that is out of reach.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take to be let in by one host.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// How long the system sends to a host that acknowledges nothing.
const SEND_PATIENCE: Duration = Duration::from_secs(10);
/// After so much silence the system asks whether the host is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// How one learns what other nodes have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notices {
    /// By LISTEN and NOTIFY, or by asking where the database says that it has none.
    #[default]
    Told,
    /// By asking twice a second. For what stands between and silently keeps notices
    /// back, such as a pool that lends its connections for one transaction only.
    Asked,
}

/// Which database, and how it is reached.
#[derive(Clone)]
pub struct Settings {
    pub(super) config: Config,
    pub(super) tls: Tls,
    pub(super) notices: Notices,
    pub(super) patience: Duration,
}

/// Why settings can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The address is not one. It is not repeated: it may hold a password.
    #[error(
        "the address of the database can't be read; it looks like \
         postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    Address,
    /// The address holds a password, where it is to be shown.
    #[error("the address of the database holds a password, which would be shown: take it out")]
    Password,
    /// The address names no host.
    #[error("the address of the database names no host")]
    NoHost,
    /// The database is on another machine, and nothing says by which authority its
    /// certificate is to be checked.
    #[error(
        "the database is on another machine: name the file with the certificate of the \
         authority that vouches for it, or write ?sslmode=disable behind its address to \
         send everything in the clear"
    )]
    InTheClear,
    /// Certificates to check the database by are named, and the address says that it is
    /// to be spoken to in the clear.
    #[error("the address of the database says sslmode=disable, and certificates are named")]
    Contradiction,
    /// The certificates can't be read.
    #[error("the certificates for the database: {0}")]
    Roots(String),
}

impl Settings {
    /// Refuses an address that is none, or that holds a password: for whoever shows
    /// addresses and has the password from elsewhere ([`Settings::password`]).
    ///
    /// # Errors
    /// [`SettingsError::Address`], [`SettingsError::Password`].
    pub fn check_address(address: &str) -> Result<(), SettingsError> {
        let config: Config = address.parse().map_err(|_| SettingsError::Address)?;
        match config.get_password() {
            Some(_) => Err(SettingsError::Password),
            None => Ok(()),
        }
    }

    /// A database by its address, in either of PostgreSQL's notations
    /// (`postgres://USER:PASSWORD@HOST:PORT/DATABASE` or `host=... user=...`). Several
    /// hosts, with commas between, are tried in turn until one takes writes.
    ///
    /// With `roots`, one or more certificates in PEM, everything is encrypted, and the
    /// certificate of the database must come from one of them and name the host (what
    /// PostgreSQL calls `sslmode=verify-full`). Without, the database must be on this
    /// machine or the address say `sslmode=disable`.
    ///
    /// # Errors
    /// [`SettingsError`] for whatever can't be used.
    pub fn new(address: &str, roots: Option<&[u8]>) -> Result<Settings, SettingsError> {
        let mut config: Config = address.parse().map_err(|_| SettingsError::Address)?;
        if config.get_hosts().is_empty() {
            return Err(SettingsError::NoHost);
        }
        let tls = match roots {
            Some(_) if config.get_ssl_mode() == SslMode::Disable => {
                return Err(SettingsError::Contradiction);
            }
            Some(pem) => {
                config.ssl_mode(SslMode::Require);
                Tls::checked(client_config(pem)?)
            }
            None if config.get_ssl_mode() == SslMode::Disable || is_here(&config) => {
                config.ssl_mode(SslMode::Disable);
                Tls::none()
            }
            None => return Err(SettingsError::InTheClear),
        };
        set_patience(&mut config);
        config.application_name("facteur");
        if config.get_hosts().len() > 1 {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Ok(Settings {
            config,
            tls,
            notices: Notices::default(),
            patience: PATIENCE,
        })
    }

    /// The password, in place of what the address holds.
    #[must_use]
    pub fn password(mut self, password: &Password) -> Settings {
        self.config.password(password.expose());
        self
    }

    /// Whether everything goes to another machine in the clear, as the address says.
    pub fn is_in_the_clear(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Disable && !is_here(&self.config)
    }

    /// Another way to learn what other nodes have changed.
    #[must_use]
    pub fn notices(mut self, notices: Notices) -> Settings {
        self.notices = notices;
        self
    }

    /// Another patience than 20 seconds: how long a commit or a snapshot waits for a
    /// database that is out of reach before it fails with [`crate::KvError::Away`]. A
    /// commit that was under way then waits three times as long to learn what became of
    /// it.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Settings {
        self.patience = patience;
        self
    }
}

/// Whether it is reached without leaving this machine.
fn is_here(config: &Config) -> bool {
    let is_loopback = |host: &str| {
        host == "localhost"
            || host
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback())
    };
    let mut hosts = config.get_hosts().iter();
    let mut addresses = config.get_hostaddrs().iter();
    hosts.all(|host| match host {
        Host::Tcp(name) => is_loopback(name),
        Host::Unix(_) => true,
    }) && addresses.all(IpAddr::is_loopback)
}

fn set_patience(config: &mut Config) {
    config.keepalives(true).keepalives_idle(KEEPALIVE);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_PATIENCE);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SEND_PATIENCE);
    }
}

fn client_config(pem: &[u8]) -> Result<ClientConfig, SettingsError> {
    let wrong = |error: &dyn fmt::Display| SettingsError::Roots(error.to_string());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() {
        return Err(wrong(&"there are none in the file"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("hosts", &self.config.get_hosts())
            .field("database", &self.config.get_dbname())
            .field("user", &self.config.get_user())
            .field("notices", &self.notices)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(address: &str, roots: Option<&[u8]>) -> SettingsError {
        Settings::new(address, roots).unwrap_err()
    }

    #[test]
    fn a_password_is_never_shown() {
        let settings = Settings::new("postgres://u:s3cret@localhost/mail", None).unwrap();
        assert!(!format!("{settings:?}").contains("s3cret"));
        let settings = Settings::new("postgres://u@localhost/mail", None).unwrap();
        let settings = settings.password(&Password::new("s3cret"));
        assert_eq!(settings.config.get_password(), Some(&b"s3cret"[..]));
        assert!(!format!("{settings:?}").contains("s3cret"));
        for odd in [
            "postgres://u:s3cret@h:port/",
            "host=h s3cret=1",
            "host=h port=s3cret",
        ] {
            let refusal = refusal(odd, None);
            assert_eq!(refusal, SettingsError::Address);
            assert!(!format!("{refusal} {refusal:?}").contains("s3cret"));
        }
    }

    #[test]
    fn an_address_with_a_password_is_told_from_one_without() {
        let check = Settings::check_address;
        assert_eq!(check("postgres://u@db.example/mail"), Ok(()));
        assert_eq!(check("host=/run/x user=u dbname=mail"), Ok(()));
        for odd in ["postgres://u:s3cret@h/mail", "host=h password=s3cret"] {
            assert_eq!(check(odd), Err(SettingsError::Password));
        }
        assert_eq!(
            check("postgres://u:s3cret@h:port/"),
            Err(SettingsError::Address)
        );
    }

    #[test]
    fn nothing_leaves_the_machine_in_the_clear_unasked() {
        for here in [
            "postgres://u@localhost",
            "host=/run/x user=u",
            "host=127.0.0.1,::1",
        ] {
            let settings = Settings::new(here, None).unwrap();
            assert_eq!(settings.config.get_ssl_mode(), SslMode::Disable);
        }
        for away in [
            "postgres://u@db.example/mail",
            "postgres://u@db.example/mail?sslmode=require",
            "host=localhost,db.example",
            "host=localhost hostaddr=192.0.2.1",
        ] {
            assert_eq!(refusal(away, None), SettingsError::InTheClear, "{away}");
        }
        let said = Settings::new("host=db.example sslmode=disable", None).unwrap();
        assert!(said.is_in_the_clear());
        assert!(
            !Settings::new("host=/run/x", None)
                .unwrap()
                .is_in_the_clear()
        );
    }

    #[test]
    fn certificates_are_checked_when_they_are_named() {
        let roots = rcgen::generate_simple_self_signed(vec!["db.example".into()]).unwrap();
        let pem = roots.cert.pem();
        let settings = Settings::new("host=db.example", Some(pem.as_bytes())).unwrap();
        assert_eq!(settings.config.get_ssl_mode(), SslMode::Require);
        let clear = refusal("host=h sslmode=disable", Some(pem.as_bytes()));
        assert_eq!(clear, SettingsError::Contradiction);
        for odd in [
            "",
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        ] {
            let refused = refusal("host=h", Some(odd.as_bytes()));
            assert!(matches!(refused, SettingsError::Roots(_)), "{odd}");
        }
        assert_eq!(refusal("user=u", None), SettingsError::NoHost);
    }
}
