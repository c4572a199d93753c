//! Postfix, configured to keep what comes for Paul.

use std::fs;
use std::process::Command;

use super::{Mta, PAUL, Place};
use crate::Authority;
use crate::child::tied;
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
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// One of the programs that come with Postfix: `smtp-source`, `smtp-sink`.
pub fn postfix_tool(name: &str) -> Command {
    let usr = unpacked("postfix").join("usr");
    let mut command = tied(usr.join("sbin").join(name));
    command.env("LD_LIBRARY_PATH", usr.join("lib/postfix"));
    command
}

/// Writes its files; gives what starts it.
pub(super) fn prepare(
    server: &Mta,
    place: Place<'_>,
    tls: bool,
    sends: Option<Authority<'_>>,
) -> String {
    let Place { address, name } = place;
    let folder = server.folder.path().display();
    let mut settings = format!(
        "virtual_mailbox_base = {folder}/mail\n\
         virtual_mailbox_maps = inline:{{ {{paul@{name}=paul/}} }}\n\
         virtual_uid_maps = static:{PAUL}\n\
         virtual_gid_maps = static:{PAUL}\n\
         smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n\
         smtpd_forbid_bare_newline = yes\n"
    );
    settings += &match sends {
        None => "mynetworks =\n".to_owned(),
        Some(Authority(file)) => format!(
            "mynetworks = 127.0.0.0/8\n\
             smtpd_forbid_bare_newline_exclusions =\n\
             message_size_limit = 60000000\n\
             virtual_mailbox_limit = 0\n\
             smtp_bind_address = {address}\n\
             smtp_tls_security_level = verify\n\
             smtp_tls_CAfile = {}\n",
            file.display()
        ),
    };
    if tls {
        settings += &format!(
            "smtpd_tls_security_level = may\n\
             smtpd_tls_cert_file = {folder}/certificate.pem\n\
             smtpd_tls_key_file = {folder}/key.pem\n\
             smtpd_tls_received_header = yes\n"
        );
    }
    configure(server, name, &settings, PROCESSES);
    format!(
        "mkdir -p {folder}/queue {folder}/data\n\
         chown postfix {folder}/data\n\
         chown paul {folder}/mail\n\
         exec postfix start-fg\n"
    )
}

/// Writes its files, with settings and processes of more than every Postfix has here.
pub(super) fn configure(server: &Mta, name: &str, settings: &str, processes: &str) {
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
         myhostname = {name}\n\
         mydestination =\n\
         alias_maps =\n\
         inet_protocols = ipv4\n\
         virtual_mailbox_domains = {name}\n\
         {settings}"
    );
    let master = format!("{} inet n - n - - smtpd\n{processes}", server.address);
    fs::write(etc.join("main.cf"), main).unwrap();
    fs::write(etc.join("master.cf"), master).unwrap();
}
