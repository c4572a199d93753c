//! Postfix, configured to keep what comes for Paul.

use std::fs;

use super::{Mta, PAUL};
use crate::debian::unpacked;

/// The processes that such a Postfix has, as in Debian's `master.cf`, none of them in a
/// root of its own.
pub(super) const PROCESSES: &str = "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// Writes its files; gives what starts it.
pub(super) fn prepare(server: &Mta, tls: bool) -> String {
    let folder = server.folder.path().display();
    let mut more = format!(
        "virtual_mailbox_base = {folder}/mail\n\
         virtual_mailbox_maps = inline:{{ {{paul@mx.test=paul/}} }}\n\
         virtual_uid_maps = static:{PAUL}\n\
         virtual_gid_maps = static:{PAUL}\n\
         smtpd_relay_restrictions = reject_unauth_destination\n\
         smtpd_forbid_bare_newline = yes\n"
    );
    if tls {
        more += &format!(
            "smtpd_tls_security_level = may\n\
             smtpd_tls_cert_file = {folder}/certificate.pem\n\
             smtpd_tls_key_file = {folder}/key.pem\n\
             smtpd_tls_received_header = yes\n"
        );
    }
    configure(server, &more, PROCESSES);
    format!(
        "mkdir -p {folder}/queue {folder}/data\n\
         chown postfix {folder}/data\n\
         chown paul {folder}/mail\n\
         exec postfix start-fg\n"
    )
}

/// Writes its files, with settings and processes of more than every Postfix has here.
pub(super) fn configure(server: &Mta, settings: &str, processes: &str) {
    let folder = server.folder.path().display();
    let scripts = unpacked("postfix").join("etc/postfix");
    let etc = server.path("etc/postfix");
    fs::create_dir(&etc).unwrap();
    for file in fs::read_dir(scripts).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), etc.join(file.file_name())).unwrap();
        }
    }
    let main = format!(
        "compatibility_level = 3.6\n\
         queue_directory = {folder}/queue\n\
         data_directory = {folder}/data\n\
         maillog_file = {folder}/log\n\
         maillog_file_prefixes = {folder}\n\
         myhostname = mx.test\n\
         mydestination =\n\
         alias_maps =\n\
         inet_protocols = ipv4\n\
         virtual_mailbox_domains = mx.test\n\
         {settings}"
    );
    let port = server.port;
    let master = format!("127.0.0.1:{port} inet n - n - - smtpd\n{processes}");
    fs::write(etc.join("main.cf"), main).unwrap();
    fs::write(etc.join("master.cf"), master).unwrap();
}
