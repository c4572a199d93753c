//! garage: an S3 server of several nodes, each of which keeps every object, in folders of
//! their own. What moto can't show is asked of it: that objects are there after a node
//! was lost.
//!
//! Building it takes minutes, so it is there only where `cargo xtask garage` has built it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::child::{Child, tied};
use crate::free_port;

/// How long a start may take on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(60);
/// By which the nodes know each other; 32 octets in hexadecimal.
const RPC_SECRET: &str = "5c1915fa04d0b6739675c61bf5907eb0fe3d9c69850c83820f51b4d25d13868c";
/// A name and a secret of the form that it takes.
const ACCESS_KEY: &str = "GK31c2f218a2e44f485b94239e";
const SECRET_KEY: &str = "b892c0665f0ada8a4755dae98baa3b133590e11dae3bcc1f9d769d67f16c3835";

/// Several nodes that are one service. They are stopped, and their folders removed, when
/// this is dropped.
pub struct Garage {
    folder: TempDir,
    nodes: Vec<Node>,
}

struct Node {
    folder: PathBuf,
    rpc: u16,
    s3: u16,
    child: Option<Child>,
}

impl Garage {
    /// Whether it was built here.
    pub fn is_there() -> bool {
        program().is_file()
    }

    /// Starts so many nodes, on each of which every object is kept, with an empty bucket
    /// named `mail`.
    pub fn start(count: usize) -> Garage {
        assert!(
            Garage::is_there(),
            "garage is not there; build it: cargo xtask garage"
        );
        let folder = tempfile::Builder::new().prefix("garage").tempdir().unwrap();
        let nodes = (0..count).map(|number| Node::new(&folder.path().join(number.to_string())));
        let mut garage = Garage {
            nodes: nodes.collect(),
            folder,
        };
        for node in &mut garage.nodes {
            node.configure(count);
            node.start();
        }
        garage.join();
        garage.furnish();
        garage
    }

    /// Where each node is.
    pub fn endpoints(&self) -> Vec<String> {
        let place = |node: &Node| format!("http://127.0.0.1:{}", node.s3);
        self.nodes.iter().map(place).collect()
    }

    /// The name by which one signs in.
    pub fn access_key(&self) -> &'static str {
        ACCESS_KEY
    }

    /// The secret that goes with it.
    pub fn secret_key(&self) -> &'static str {
        SECRET_KEY
    }

    /// Loses a node for good, with all that it kept.
    pub fn lose(&mut self, number: usize) {
        let node = &mut self.nodes[number];
        // Dropped, it is killed.
        node.child = None;
        fs::remove_dir_all(&node.folder).unwrap();
    }

    /// Makes one service of the nodes.
    fn join(&self) {
        let ask = |node| self.insist(node, &["node", "id", "-q"]).trim().to_owned();
        let ids: Vec<String> = self.nodes.iter().map(ask).collect();
        let first = &self.nodes[0];
        for (number, id) in ids.iter().enumerate() {
            let (name, _) = id.split_once('@').unwrap();
            let zone = format!("zone{number}");
            if number > 0 {
                self.insist(first, &["node", "connect", id]);
            }
            self.insist(first, &["layout", "assign", "-z", &zone, "-c", "10G", name]);
        }
        self.insist(first, &["layout", "apply", "--version", "1"]);
    }

    /// Makes the bucket, and the key that may use it.
    fn furnish(&self) {
        let first = &self.nodes[0];
        self.insist(first, &["key", "import", "--yes", ACCESS_KEY, SECRET_KEY]);
        self.insist(first, &["bucket", "create", "mail"]);
        let allow = [
            "bucket", "allow", "--read", "--write", "mail", "--key", ACCESS_KEY,
        ];
        self.insist(first, &allow);
    }

    /// Asks a node to do something until it does: at first it may not be ready, or not know
    /// the others.
    fn insist(&self, node: &Node, words: &[&str]) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match node.ask(words) {
                Ok(answer) => return answer,
                Err(said) => {
                    let log = self.log();
                    assert!(Instant::now() < deadline, "{words:?}: {said}\n{log}");
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What all nodes said.
    fn log(&self) -> String {
        let text = |number| fs::read_to_string(self.folder.path().join(format!("{number}.log")));
        let texts = (0..self.nodes.len()).map(text);
        texts.map(Result::unwrap_or_default).collect()
    }
}

impl Node {
    fn new(folder: &Path) -> Node {
        Node {
            folder: folder.to_owned(),
            rpc: free_port(),
            s3: free_port(),
            child: None,
        }
    }

    fn configure(&self, copies: usize) {
        fs::create_dir(&self.folder).unwrap();
        let (folder, rpc, s3) = (self.folder.display(), self.rpc, self.s3);
        let text = format!(
            "metadata_dir = \"{folder}/meta\"\ndata_dir = \"{folder}/data\"\n\
             db_engine = \"sqlite\"\nmetadata_fsync = true\ndata_fsync = true\n\
             replication_factor = {copies}\n\
             rpc_bind_addr = \"127.0.0.1:{rpc}\"\nrpc_public_addr = \"127.0.0.1:{rpc}\"\n\
             rpc_secret = \"{RPC_SECRET}\"\n\
             [s3_api]\ns3_region = \"us-east-1\"\napi_bind_addr = \"127.0.0.1:{s3}\"\n"
        );
        fs::write(self.configuration(), text).unwrap();
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("garage.toml")
    }

    fn start(&mut self) {
        let mut command = tied(program());
        command.arg("-c").arg(self.configuration()).arg("server");
        command.env("RUST_LOG", "garage=warn");
        self.child = Some(Child::start(command, &self.folder.with_extension("log")));
    }

    /// What it answers to a command, or why it does not.
    fn ask(&self, words: &[&str]) -> Result<String, String> {
        let mut command = Command::new(program());
        command.arg("-c").arg(self.configuration()).args(words);
        let output = command.stdin(Stdio::null()).output().unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

/// Where `cargo xtask garage` puts it.
fn program() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/testbed");
    target.join("garage/bin/garage")
}
