//! A network of a test's own: name spaces of the system in which every port is free, and names
//! are asked of 127.0.0.1.

use std::env;
use std::process::Stdio;

use crate::debian::as_root;

/// Set within such a network.
const WITHIN: &str = "TESTBED_NETWORK";

/// What makes one, and then becomes the test. It has an address besides those of the loopback
/// interface, since some programs ask for no address of a host where they have none (OpenSMTPD).
const MAKE: &str = "set -e\n\
    ip link set lo up\n\
    ip address add 192.0.2.1/32 dev lo\n\
    servers=$(mktemp)\n\
    echo nameserver 127.0.0.1 > $servers\n\
    chmod 644 $servers\n\
    mount --bind $servers /etc/resolv.conf\n\
    rm $servers\n\
    exec \"$@\"";

/// Runs a test in a network of its own. The test is given by its whole name, since its program is
/// run once more in there, for that test alone.
///
/// # Panics
/// Where the test fails in there, or no such network can be had: the system must let whoever runs
/// the tests make name spaces (`unshare`).
pub fn alone(name: &str, test: impl FnOnce()) {
    if env::var_os(WITHIN).is_some() {
        return test();
    }
    let mut command = as_root("unshare");
    command.args(["--net", "--mount", "--", "sh", "-c", MAKE, "sh"]);
    command.arg(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]);
    command.current_dir(env::current_dir().unwrap());
    command.env(WITHIN, "1").stdin(Stdio::null());
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && said.contains("1 passed"),
        "{name}, in a network of its own (name spaces, by `unshare --net --mount`, with `ip` and \
         `mount`): {said}\n{errors}"
    );
}
