//! The lines to paste for well-known clients, with certificate checking on.
//!
//! curl takes all on its line; mbsync, msmtp and fetchmail read a file, which is written
//! beside the data so that the line to paste is short and no password is in it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use service::endpoints::{Service, Tls};

use super::{Made, Sheet, write_private};

/// Writes the clients' files into the folder `clients` of the data folder, and says what
/// to paste.
pub(super) fn lines(sheet: &Sheet, data: &Path) -> anyhow::Result<String> {
    let folder = data.join("clients");
    fs::create_dir_all(folder.join("mail"))?;
    let [first, second] = &sheet.accounts;
    write_private(&folder.join("mbsyncrc"), &mbsync(sheet, first, &folder))?;
    write_private(&folder.join("msmtprc"), &msmtp(sheet, first))?;
    write_private(
        &folder.join("fetchmailrc"),
        &fetchmail(sheet, second, &folder),
    )?;
    let (imaps, host) = (port(sheet, Service::Imap), &sheet.host);
    let (authority, folder) = (quoted(&sheet.authority), quoted(&folder));
    let mut text = String::from("To try it with certificate checking on, paste:\n\n");
    writeln!(
        text,
        "  # list {}'s mailboxes\n  curl --cacert {authority} --user '{}:{}' imaps://{host}:{imaps}/\n",
        first.address, first.address, first.password
    )?;
    writeln!(
        text,
        "  # send a message from {} to {}\n  printf 'From: {}\\nTo: {}\\nSubject: First letter\\n\\nIt works.\\n' | msmtp -C {folder}/msmtprc {}\n",
        first.address, second.address, first.address, second.address, second.address
    )?;
    writeln!(
        text,
        "  # fetch {}'s mail by POP3\n  fetchmail --fetchmailrc {folder}/fetchmailrc && cat {folder}/fetched.mbox\n",
        second.address
    )?;
    writeln!(
        text,
        "  # synchronise {}'s mail by IMAP\n  mbsync --config {folder}/mbsyncrc --all\n",
        first.address
    )?;
    Ok(text)
}

fn port(sheet: &Sheet, service: Service) -> u16 {
    let port = sheet.endpoints.port(service, Tls::Implicit);
    port.unwrap_or_default()
}

/// As a shell takes it, whatever is in the path.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    match text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

fn mbsync(sheet: &Sheet, made: &Made, folder: &Path) -> String {
    let Made { address, password } = made;
    let (host, port) = (&sheet.host, port(sheet, Service::Imap));
    let (authority, folder) = (sheet.authority.display(), folder.display());
    format!(
        "IMAPAccount facteur\nHost {host}\nPort {port}\nUser {address}\nPass {password}\nSSLType IMAPS\n\
         SystemCertificates no\nCertificateFile \"{authority}\"\n\n\
         IMAPStore there\nAccount facteur\n\n\
         MaildirStore here\nPath \"{folder}/mail/\"\nInbox \"{folder}/mail/INBOX\"\nSubFolders Verbatim\n\n\
         Channel mail\nFar :there:\nNear :here:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *\n"
    )
}

fn msmtp(sheet: &Sheet, made: &Made) -> String {
    let Made { address, password } = made;
    let (host, port) = (&sheet.host, port(sheet, Service::Submission));
    let authority = sheet.authority.display();
    format!(
        "account default\nhost {host}\nport {port}\ntls on\ntls_starttls off\ntls_trust_file {authority}\n\
         auth on\nuser {address}\npassword {password}\nfrom {address}\n"
    )
}

fn fetchmail(sheet: &Sheet, made: &Made, folder: &Path) -> String {
    let Made { address, password } = made;
    let (host, port) = (&sheet.host, port(sheet, Service::Pop3));
    let (authority, folder) = (sheet.authority.display(), folder.display());
    format!(
        "poll \"{host}\" service {port} protocol pop3\n  user \"{address}\" password \"{password}\"\n  \
         ssl sslcertck sslcertfile \"{authority}\" keep\n  mda \"cat >> '{folder}/fetched.mbox'\"\n"
    )
}
