//! A server that has all that another has, and takes its place.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{PATIENCE, Postgres};

impl Postgres {
    /// Starts another one that follows this one. From now on each commit here is
    /// acknowledged when both have it.
    pub fn standby(&self) -> Postgres {
        let mut standby = Postgres::nowhere();
        standby.hand_over();
        let (from, to) = (self.folder.path(), standby.path("data"));
        let copied = [
            "--host",
            from.to_str().unwrap(),
            "--port",
            &self.socket_port().to_string(),
            "--username=facteur",
            "--pgdata",
            to.to_str().unwrap(),
            "--wal-method=stream",
            "--checkpoint=fast",
            "--no-sync",
            "--write-recovery-conf",
        ];
        standby.run("pg_basebackup", &copied);
        standby.start_again();
        self.insist_on_standby();
        standby
    }

    /// Makes it the one that takes writes. The one that it followed must have ended.
    pub fn promote(&self) {
        self.run("pg_ctl", &["promote", "--wait", "--pgdata", &self.data()]);
    }

    /// Where its database is, or that other one's, whichever takes writes.
    pub fn place_or(&self, other: &Postgres) -> String {
        let [one, two] = [self, other].map(|server| server.folder.path().display());
        let port = self.socket_port();
        format!("host={one},{two} port={port} user=facteur dbname=postgres")
    }

    fn insist_on_standby(&self) {
        let settings = File::options()
            .append(true)
            .open(self.path("data/postgresql.auto.conf"));
        settings
            .unwrap()
            .write_all(b"synchronous_standby_names = '*'\n")
            .unwrap();
        self.child.as_ref().unwrap().signal(Signal::SIGHUP);
        let deadline = Instant::now() + PATIENCE;
        while self.ask("SELECT sync_state FROM pg_stat_replication") != "sync" {
            assert!(Instant::now() < deadline, "{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The one value that it answers.
    fn ask(&self, query: &str) -> String {
        let place = self.place();
        let answer = self.run("psql", &["-qtA", "-d", &place, "-c", query]);
        answer.trim().to_owned()
    }

    fn data(&self) -> String {
        self.path("data").to_str().unwrap().to_owned()
    }
}
