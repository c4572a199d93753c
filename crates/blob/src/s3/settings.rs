//! Which bucket, and how it is reached.

use std::net::IpAddr;
use std::time::Duration;

use address::Password;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path;
use object_store::{BackoffConfig, Certificate, ClientOptions, RetryConfig};

/// How long a bucket that is out of reach is tried before a request fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one attempt may take: a part must pass even over a slow line.
const REQUEST_PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to be let in.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// Which bucket, and how it is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the service is: `https://s3.example`. Several are one and the same service,
    /// and whichever answers is asked.
    pub endpoints: Vec<String>,
    /// Its region; what has none takes any word.
    pub region: String,
    /// The bucket. It must be there.
    pub bucket: String,
    /// What the names of all objects begin with; may be empty.
    pub prefix: String,
    /// The name by which one signs in.
    pub access_key: String,
    /// The secret that goes with it.
    pub secret_key: Password,
    /// A certificate in PEM of the authority that vouches for the service, where it is
    /// none that the system knows.
    pub root: Option<Vec<u8>>,
    /// Whether a service on another machine may be spoken to in the clear.
    pub in_the_clear: bool,
    /// How long a request waits for a bucket that is out of reach before it fails with
    /// [`crate::BlobError::Away`].
    pub patience: Duration,
}

/// Why settings can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The address of the service is none.
    #[error("the address of the bucket's service can't be read; it looks like https://HOST")]
    Endpoint,
    /// The service is on another machine and is spoken to in the clear.
    #[error(
        "the bucket's service is on another machine: its address must begin with https://, \
         unless it is said to be spoken to in the clear"
    )]
    InTheClear,
    /// The secret is no text.
    #[error("the secret key of the bucket is no text")]
    Secret,
    /// The beginning of the names can't be one.
    #[error("the names of objects can't begin so: {0}")]
    Prefix(String),
    /// The certificate can't be read, or what else the library refuses.
    #[error("the bucket can't be reached so: {0}")]
    Refused(String),
}

impl Settings {
    /// Settings with nothing out of the ordinary. Between several endpoints are commas.
    pub fn new(endpoints: &str, bucket: &str, access_key: &str, secret_key: Password) -> Settings {
        Settings {
            endpoints: endpoints
                .split(',')
                .map(|one| one.trim().to_owned())
                .collect(),
            region: "us-east-1".to_owned(),
            bucket: bucket.to_owned(),
            prefix: String::new(),
            access_key: access_key.to_owned(),
            secret_key,
            root: None,
            in_the_clear: false,
            patience: PATIENCE,
        }
    }

    /// Refuses what can't be used, without asking anybody.
    ///
    /// # Errors
    /// What [`super::Bucket::open`] would say of them.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.prefix()?;
        self.connect().map(drop)
    }

    /// Whether anything goes to another machine in the clear.
    pub fn is_in_the_clear(&self) -> bool {
        let clear = |one: &String| !one.starts_with("https://") && !is_here(one);
        self.endpoints.iter().any(clear)
    }

    /// The bucket, for people: `s3://BUCKET/PREFIX`.
    pub fn place(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }

    /// What all names begin with.
    pub(super) fn prefix(&self) -> Result<Path, SettingsError> {
        Path::parse(&self.prefix).map_err(|error| SettingsError::Prefix(error.to_string()))
    }

    /// The way to each place, none of which is asked yet.
    pub(super) fn connect(&self) -> Result<Vec<AmazonS3>, SettingsError> {
        self.endpoints
            .iter()
            .map(|one| self.connect_to(one))
            .collect()
    }

    fn connect_to(&self, endpoint: &str) -> Result<AmazonS3, SettingsError> {
        let secret = std::str::from_utf8(self.secret_key.expose());
        let secret = secret.map_err(|_| SettingsError::Secret)?;
        let refused = |error: object_store::Error| SettingsError::Refused(error.to_string());
        let mut options = ClientOptions::new()
            .with_timeout(REQUEST_PATIENCE)
            .with_connect_timeout(CONNECT_PATIENCE)
            .with_allow_http(self.may_be_clear(endpoint)?);
        if let Some(pem) = &self.root {
            let root = Certificate::from_pem(pem).map_err(refused)?;
            options = options.with_root_certificate(root);
        }
        AmazonS3Builder::new()
            .with_endpoint(endpoint.trim_end_matches('/'))
            .with_region(&self.region)
            .with_bucket_name(&self.bucket)
            .with_access_key_id(&self.access_key)
            .with_secret_access_key(secret)
            .with_client_options(options)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            // What TLS keeps from being changed on its way, or nothing is in the way of,
            // need not be signed too.
            .with_unsigned_payload(endpoint.starts_with("https://") || is_here(endpoint))
            // Whoever asks has other places to ask before the same one again.
            .with_retry(RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries: 0,
                retry_timeout: self.patience,
            })
            .build()
            .map_err(refused)
    }

    /// Whether the service is spoken to without TLS; only one on this machine may be,
    /// unless it is said.
    fn may_be_clear(&self, endpoint: &str) -> Result<bool, SettingsError> {
        if endpoint.contains(char::is_whitespace) {
            return Err(SettingsError::Endpoint);
        }
        if endpoint.starts_with("https://") {
            return Ok(false);
        }
        if !endpoint.starts_with("http://") {
            return Err(SettingsError::Endpoint);
        }
        if self.in_the_clear || is_here(endpoint) {
            Ok(true)
        } else {
            Err(SettingsError::InTheClear)
        }
    }
}

/// Whether it is reached without leaving this machine.
fn is_here(endpoint: &str) -> bool {
    let rest = endpoint.split_once("://");
    let place = rest.and_then(|(_, rest)| rest.split('/').next());
    let place = place.unwrap_or_default();
    let host = match place.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => place,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(endpoint: &str) -> Settings {
        Settings::new(endpoint, "mail", "facteur", Password::new("s3cret"))
    }

    #[test]
    fn nothing_leaves_the_machine_in_the_clear() {
        for here in [
            "http://127.0.0.1:9000",
            "http://localhost",
            "http://[::1]:3900/",
        ] {
            assert_eq!(settings(here).may_be_clear(here), Ok(true), "{here}");
        }
        assert_eq!(
            settings("https://s3.example").may_be_clear("https://s3.example"),
            Ok(false)
        );
        for away in [
            "http://s3.example:9000",
            "http://10.0.0.1",
            "http://localhost.example",
        ] {
            assert_eq!(
                settings(away).may_be_clear(away),
                Err(SettingsError::InTheClear)
            );
            let mut said = settings(away);
            said.in_the_clear = true;
            assert_eq!(said.may_be_clear(away), Ok(true));
            assert!(said.is_in_the_clear());
        }
        // Of several each counts.
        let several = settings("https://s3.example, http://localhost");
        assert_eq!(
            several.endpoints,
            ["https://s3.example", "http://localhost"]
        );
        assert!(several.connect().is_ok());
        let several = settings("https://s3.example,http://s3.example");
        assert_eq!(several.connect().err(), Some(SettingsError::InTheClear));
        assert!(several.is_in_the_clear());
        for odd in [
            "s3.example",
            "",
            "ftp://localhost",
            "https://s3.example,",
            "https://s3.example https://s4.example",
        ] {
            assert_eq!(settings(odd).connect().err(), Some(SettingsError::Endpoint));
        }
    }

    #[test]
    fn the_secret_is_never_shown() {
        let settings = settings("https://s3.example");
        assert!(!format!("{settings:?}").contains("s3cret"));
        assert!(settings.connect().is_ok());
    }

    #[test]
    fn odd_settings_are_refused() {
        let mut odd = settings("https://s3.example");
        odd.prefix = "a//b".to_owned();
        assert!(matches!(odd.prefix(), Err(SettingsError::Prefix(_))));
        odd.secret_key = Password::new([0xff]);
        assert_eq!(odd.connect().err(), Some(SettingsError::Secret));
        odd.secret_key = Password::new("s");
        odd.root = Some(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----".to_vec());
        assert!(matches!(odd.connect(), Err(SettingsError::Refused(_))));
    }
}
