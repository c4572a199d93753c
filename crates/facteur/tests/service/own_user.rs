//! Started as root: the ports and the data, then a user of its own, and nothing kept.
//!
//! Who runs these tests as another than root gets a user namespace in which they are
//! root, with the further numbers that `/etc/subuid` grants (package `uidmap`).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::common::{Facteur, Person};
use crate::served::{Served, run, trusting};

/// A user of every machine.
const USER: &str = "nobody";
/// Where whoever runs the tests can still read the authority's certificate.
const AUTHORITY: &str = "authority.pem";

/// A command run by root.
fn root(program: &str) -> Command {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout == b"0\n" {
        return Command::new(program);
    }
    let mut inside = Command::new("unshare");
    inside.args(["--user", "--map-auto", "--map-root-user", "--"]);
    let may = Command::new(inside.get_program())
        .args(inside.get_args())
        .arg("true")
        .output()
        .unwrap();
    assert!(
        may.status.success(),
        "this test needs root, or user namespaces with numbers in /etc/subuid: {}",
        String::from_utf8_lossy(&may.stderr)
    );
    inside.arg(program);
    inside
}

/// `facteur` on a folder, run by root.
fn as_root(facteur: &Facteur, arguments: &[&str]) -> Command {
    let mut command = root(env!("CARGO_BIN_EXE_facteur"));
    command.arg("--data").arg(facteur.data()).args(arguments);
    command
}

/// A complete folder of the user's own, in a place that the user can get to.
struct Given {
    facteur: Facteur,
    people: [Person; 2],
}

impl Given {
    fn new() -> Given {
        let facteur = Facteur::prepared();
        let people = facteur.people();
        fs::copy(facteur.authority(), facteur.folder.path().join(AUTHORITY)).unwrap();
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(facteur.folder.path(), open).unwrap();
        let mut chown = root("chown");
        chown.args(["-R", &format!("{USER}:")]).arg(facteur.data());
        run(chown);
        Given { facteur, people }
    }

    /// A script that speaks to the service as these people.
    fn python(&self, script: &str, people: &[Person]) -> Command {
        let words = people.iter().flat_map(|one| [&one.address, &one.password]);
        let words: Vec<&str> = words.map(String::as_str).collect();
        let authority = self.facteur.folder.path().join(AUTHORITY);
        trusting(&authority, self.facteur.base, script, &words)
    }

    fn serve(&self) -> Command {
        let mut command = as_root(&self.facteur, &["serve"]);
        command.env("FACTEUR_USER", USER);
        command
    }

    /// The owners of all that is in the data folder, each once.
    fn owners(&self) -> String {
        let mut find = root("find");
        find.arg(self.facteur.data()).args(["-printf", "%u\n"]);
        let mut owners: Vec<String> = run(find).lines().map(str::to_owned).collect();
        owners.sort_unstable();
        owners.dedup();
        owners.join(" ")
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        // The user's files, which only root may remove.
        let _ = root("rm").arg("-rf").arg(self.facteur.data()).status();
    }
}

/// What the kernel says of every thread of a process.
fn threads(pid: &str) -> Vec<String> {
    let mut show = root("sh");
    show.args([
        "-c",
        &format!("for one in /proc/{pid}/task/*/status; do cat $one; echo; done"),
    ]);
    let text = run(show);
    let threads = text.split("\n\n").map(str::to_owned);
    threads.filter(|thread| !thread.trim().is_empty()).collect()
}

fn field<'a>(status: &'a str, name: &str) -> Vec<&'a str> {
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().skip(1).collect()
}

#[test]
fn every_thread_is_the_users_and_keeps_nothing_of_root() {
    let given = Given::new();
    let served = Served::start(given.serve());
    let mut id = root("id");
    id.args(["-u", USER]);
    let uid = run(id);
    let uid = uid.trim();
    let mut group = root("id");
    group.args(["-g", USER]);
    let gid = run(group);
    let gid = gid.trim();
    let threads = threads(&served.pid());
    assert!(threads.len() > 1);
    for status in threads {
        assert_eq!(field(&status, "Uid:"), [uid; 4], "{status}");
        assert_eq!(field(&status, "Gid:"), [gid; 4], "{status}");
        let groups = field(&status, "Groups:");
        assert!(groups.iter().all(|group| *group == gid), "{status}");
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            let none = field(&status, set).concat();
            assert_eq!(none.trim_matches('0'), "", "{status}");
        }
        assert_eq!(field(&status, "NoNewPrivs:"), ["1"], "{status}");
    }
}

#[test]
fn what_is_made_later_is_the_users_and_a_reload_still_works() {
    let given = Given::new();
    let mut served = Served::start(given.serve());
    run(given.python("everyday.py", &given.people));
    // Beside the server, by root: through its socket.
    run(as_root(&given.facteur, &["domain", "add", "beside.test"]));
    served.signal("HUP");
    served.wait_for("taken anew");
    run(given.python("signs_in.py", &given.people[..1]));
    let (status, log) = served.stop();
    assert!(status.success(), "{log}");
    assert_eq!(given.owners(), USER);
}

#[test]
fn commands_of_root_without_a_server_make_the_owners_files() {
    let given = Given::new();
    for name in ["index", "bodies"] {
        // As in a folder that was only just given.
        let mut remove = root("rm");
        remove.arg("-rf").arg(given.facteur.data().join(name));
        run(remove);
    }
    run(as_root(&given.facteur, &["domain", "add", "offline.test"]));
    let listed = run(as_root(&given.facteur, &["domain", "list"]));
    assert!(listed.contains("offline.test"), "{listed}");
    assert_eq!(given.owners(), USER);
    // And the server, which is that user, can work with them.
    let (status, log) = Served::start(given.serve()).stop();
    assert!(status.success(), "{log}");
}

/// As systemd keeps the folders of its dynamic users.
#[test]
fn who_owns_a_folder_and_can_not_go_there_is_told_what_to_do() {
    let given = Given::new();
    let closed = fs::Permissions::from_mode(0o700);
    fs::set_permissions(given.facteur.folder.path(), closed).unwrap();
    let mut list = as_root(&given.facteur, &["domain", "list"]);
    let done = list.output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("start the server"), "{said}");
    assert_eq!(given.owners(), USER);
}

#[test]
fn a_folder_that_is_not_the_users_and_no_such_user_are_refused_in_words() {
    let facteur = Facteur::prepared();
    let refused = |user: &str| {
        let mut serve = as_root(&facteur, &["serve"]);
        let done = serve.env("FACTEUR_USER", user).output().unwrap();
        assert_eq!(done.status.code(), Some(1));
        String::from_utf8(done.stderr).unwrap()
    };
    let chown = format!("chown -R {USER}: {}", facteur.data().display());
    assert!(refused(USER).contains(&chown), "{}", refused(USER));
    let unknown = refused("no-such-user");
    assert!(unknown.contains("useradd --system"), "{unknown}");
    assert!(refused("root").contains("is root itself"));
}

#[test]
fn a_key_that_only_root_may_read_is_told_at_the_start() {
    let given = Given::new();
    let mut keep = root("chown");
    run({
        keep.arg("root:")
            .arg(given.facteur.data().join("tls/key.pem"));
        keep
    });
    let mut served = Served::start(given.serve());
    served.signal("HUP");
    served.wait_for("nothing is taken");
    let (status, log) = served.stop();
    assert!(status.success());
    assert!(log.contains("key.pem: Permission denied"), "{log}");
    assert!(log.contains("the service must be restarted"), "{log}");
}
