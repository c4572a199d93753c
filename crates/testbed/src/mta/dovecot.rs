//! Dovecot behind Postfix, as Debian has them but for what says where things are: Postfix
//! takes mail, Dovecot keeps it (`sdbox`) for whoever is named.

use std::fs;
use std::net::SocketAddr;

use super::postfix::{PROCESSES, configure};
use super::{Mta, VMAIL};

/// Writes their files; gives what starts both.
pub(super) fn prepare(server: &Mta, name: &str, relay: Option<SocketAddr>) -> String {
    let folder = server.folder.path().display();
    let relayed = relay.map_or(String::new(), |relay| {
        format!("relayhost = [{}]:{}\n", relay.ip(), relay.port())
    });
    let settings = format!(
        "virtual_mailbox_maps = static:kept\n\
         virtual_transport = lmtp:unix:private/dovecot-lmtp\n\
         {relayed}"
    );
    let processes = format!("{PROCESSES}lmtp unix - - n - - lmtp\n");
    configure(server, name, &settings, &processes);
    let dovecot = format!(
        "protocols = lmtp\n\
         base_dir = {folder}/run\n\
         state_dir = {folder}/state\n\
         log_path = {folder}/dovecot.log\n\
         listen = 127.0.0.1\n\
         ssl = no\n\
         mail_location = sdbox:{folder}/mail/%u\n\
         userdb {{\n  driver = static\n\
         args = uid={VMAIL} gid={VMAIL} home={folder}/mail/%u allow_all_users=yes\n}}\n\
         passdb {{\n  driver = static\n  args = nopassword=y\n}}\n\
         service lmtp {{\n  unix_listener {folder}/queue/private/dovecot-lmtp {{\n\
         user = postfix\n  group = postfix\n  mode = 0600\n  }}\n}}\n"
    );
    fs::write(server.path("dovecot.conf"), dovecot).unwrap();
    format!(
        "mkdir -p {folder}/queue/private {folder}/data {folder}/run {folder}/state\n\
         chown postfix {folder}/data {folder}/queue/private\n\
         chmod 700 {folder}/queue/private\n\
         chown vmail {folder}/mail\n\
         dovecot -F -c {folder}/dovecot.conf &\n\
         exec postfix start-fg\n"
    )
}
