//! OpenSMTPD, configured to keep what comes for Paul. It does not pipeline.

use std::fs;

use super::{Mta, Place};

/// Writes its files; gives what starts it. One that sends takes mail for everywhere.
pub(super) fn prepare(server: &Mta, place: Place<'_>, sends: bool) -> String {
    let folder = server.folder.path().display();
    let (Place { address, name }, port) = (place, server.address.port());
    let mut configuration = format!(
        "table paul {{ paul = paul }}\n\
         listen on {address} port {port} hostname {name}\n\
         action keep maildir \"{folder}/mail\" virtual <paul>\n\
         match from any for domain {name} action keep\n"
    );
    if sends {
        configuration += &format!(
            "action send relay helo {name} src {address}\n\
             match from any for any action send\n"
        );
    }
    fs::write(server.path("smtpd.conf"), configuration).unwrap();
    // Where it keeps what it has is written into the program.
    format!(
        "chown paul {folder}/mail\n\
         for folder in /var/spool /var/lib /run; do mount -t tmpfs none $folder; done\n\
         mkdir -p -m 711 /var/spool/smtpd /var/lib/opensmtpd/empty\n\
         exec smtpd -d -f {folder}/smtpd.conf\n"
    )
}
