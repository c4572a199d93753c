//! OpenSMTPD, configured to keep what comes for Paul. It does not pipeline.

use std::fs;

use super::Mta;

/// Writes its files; gives what starts it.
pub(super) fn prepare(server: &Mta) -> String {
    let folder = server.folder.path().display();
    let port = server.port;
    let configuration = format!(
        "table paul {{ paul = paul }}\n\
         listen on 127.0.0.1 port {port} hostname mx.test\n\
         action keep maildir \"{folder}/mail\" virtual <paul>\n\
         match from any for domain mx.test action keep\n"
    );
    fs::write(server.path("smtpd.conf"), configuration).unwrap();
    // Where it keeps what it has is written into the program.
    format!(
        "chown paul {folder}/mail\n\
         for folder in /var/spool /var/lib /run; do mount -t tmpfs none $folder; done\n\
         mkdir -p -m 711 /var/spool/smtpd /var/lib/opensmtpd/empty\n\
         exec smtpd -d -f {folder}/smtpd.conf\n"
    )
}
