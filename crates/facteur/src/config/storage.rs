//! The settings of where mail is kept: two choices, and what each choice needs to know.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use kv::postgres::Settings;
use serde::{Deserialize, Serialize};

use super::Secret;

settings! {
    /// Where mail is kept.
    struct Storage {
        /// Where the index of all mail is, with accounts and queue: `embedded` is in the data
        /// folder, of one machine, with nothing to install; `postgres` is a database that any
        /// number of machines share, each running Facteur on a data folder of its own that
        /// then holds its certificate and nothing of the mail. It needs `bodies = "s3"`.
        engine: Engine = Engine::Embedded,
        /// Where the messages themselves are: `segments` is in the data folder, `s3` is a
        /// bucket of whatever speaks the S3 protocol. A service that has accounts keeps them
        /// where they are: it refuses to start when either choice leads elsewhere.
        bodies: Bodies = Bodies::Segments,
        /// The database.
        postgres: Database = Database::default(),
        /// The bucket.
        s3: S3 = S3::default(),
    }
}

settings! {
    /// The database, with `storage.engine = "postgres"`.
    struct Database {
        /// Where the database is, without its password:
        /// `postgres://USER@HOST:PORT/DATABASE`, or `host=HOST user=USER dbname=DATABASE`.
        /// Several hosts with commas between are tried in turn until one takes writes. The
        /// user needs the right to make tables at the first start. A pool between the two,
        /// such as PgBouncer, must lend its connections for whole sessions.
        url: Option<String> = None,
        /// The password of the user. It is better kept in a file of its own, below, or given
        /// by the environment; `config show` prints stars.
        password: Option<Secret> = None,
        /// The file whose first line is the password. A relative path begins in the data
        /// folder. Started as root, the file is read before the user changes.
        password_file: Option<PathBuf> = None,
        /// The certificates (PEM) of the authorities that vouch for the database: then
        /// everything is encrypted, and its certificate must name the host. It is needed for
        /// a database on another machine, unless the address says `?sslmode=disable`. A
        /// relative path begins in the data folder.
        authority: Option<PathBuf> = None,
        /// How one node learns what another has changed: `told` by LISTEN and NOTIFY, or
        /// `asked` twice a second, where something between keeps notices back.
        notices: Notices = Notices::Told,
    }
}

settings! {
    /// The bucket, with `storage.bodies = "s3"`.
    struct S3 {
        /// Where the service is: `https://HOST` or `https://HOST:PORT`, without the bucket.
        /// Several with commas between, which must be one and the same service, are tried in
        /// turn until one answers; the nearest should be first.
        endpoint: Option<String> = None,
        /// Its region; a service that has none takes any word.
        region: String = "us-east-1".to_owned(),
        /// The bucket, which must be there. It should have a rule that removes what was begun
        /// in parts and not finished (`AbortIncompleteMultipartUpload`) after some days.
        bucket: Option<String> = None,
        /// What the names of all objects begin with, so that a bucket can hold more than this.
        prefix: String = String::new(),
        /// The name of the key. It needs the rights to list, get, put and delete.
        access_key: Option<String> = None,
        /// The secret that goes with the key. It is better kept in a file of its own, below,
        /// or given by the environment; `config show` prints stars.
        secret_key: Option<Secret> = None,
        /// The file whose first line is the secret. A relative path begins in the data
        /// folder. Started as root, the file is read before the user changes.
        secret_key_file: Option<PathBuf> = None,
        /// The certificate (PEM) of the authority that vouches for the service, where it is
        /// none that this machine knows. A relative path begins in the data folder.
        authority: Option<PathBuf> = None,
        /// Whether a service on another machine may be at `http://`: then whoever is between
        /// reads all mail.
        in_the_clear: bool = false,
    }
}

/// Where the index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    /// In the data folder.
    Embedded,
    /// In a database.
    Postgres,
}

/// Where the bodies of messages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Bodies {
    /// In the data folder.
    Segments,
    /// In a bucket.
    S3,
}

/// How one node learns what another has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Notices {
    /// The database tells it.
    Told,
    /// It asks.
    Asked,
}

impl Storage {
    /// Refuses choices that can't work, naming the setting.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        // Whatever is chosen: it is shown.
        if let Some(url) = &self.postgres.url {
            Settings::check_address(url).context(
                "storage.postgres.url: it must be an address, and the password in a file that \
                 storage.postgres.password_file names",
            )?;
        }
        if self.engine == Engine::Postgres {
            ensure!(
                self.bodies == Bodies::S3,
                "storage.bodies: \"segments\" are on this machine alone, while a database is \
                 shared by several: set storage.bodies = \"s3\", or storage.engine = \"embedded\""
            );
            self.postgres.check()?;
        }
        if self.bodies == Bodies::S3 {
            self.s3.check()?;
        }
        Ok(())
    }

    /// What is set and does nothing, since another engine was chosen.
    pub(crate) fn idle(&self) -> Vec<String> {
        let mut idle = Vec::new();
        if self.engine != Engine::Postgres && self.postgres != Database::default() {
            idle.push(
                "storage.postgres does nothing: storage.engine is \"embedded\"; set it to \
                 \"postgres\" to use the database"
                    .to_owned(),
            );
        }
        if self.bodies != Bodies::S3 && self.s3 != S3::default() {
            idle.push(
                "storage.s3 does nothing: storage.bodies is \"segments\"; set it to \"s3\" to \
                 use the bucket"
                    .to_owned(),
            );
        }
        idle
    }
}

impl Database {
    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.url.as_ref().is_some_and(|url| !url.is_empty()),
            "storage.postgres.url: with storage.engine = \"postgres\" it must say where the \
             database is, as postgres://USER@HOST:PORT/DATABASE"
        );
        ensure!(
            self.password.is_none() || self.password_file.is_none(),
            "storage.postgres: password and password_file are both set; take one away"
        );
        Ok(())
    }
}

impl S3 {
    fn check(&self) -> anyhow::Result<()> {
        for (name, value, example) in [
            (
                "endpoint",
                &self.endpoint,
                "where its service is, as https://HOST",
            ),
            ("bucket", &self.bucket, "which bucket"),
            ("access_key", &self.access_key, "the name of the key"),
        ] {
            ensure!(
                value.as_ref().is_some_and(|value| !value.is_empty()),
                "storage.s3.{name}: with storage.bodies = \"s3\" it must say {example}"
            );
        }
        match (&self.secret_key, &self.secret_key_file) {
            (None, None) => bail!(
                "storage.s3.secret_key_file: with storage.bodies = \"s3\" it must name the file \
                 with the secret of the key; or the environment has it, as \
                 FACTEUR_STORAGE__S3__SECRET_KEY"
            ),
            (Some(_), Some(_)) => {
                bail!("storage.s3: secret_key and secret_key_file are both set; take one away")
            }
            _ => Ok(()),
        }
    }
}
