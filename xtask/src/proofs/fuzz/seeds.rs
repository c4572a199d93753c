//! What each target begins with: the transcripts and messages that there are, and a few
//! texts of their own kind.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::Failure;
use crate::workspace::Workspace;

/// Where a target's first inputs come from.
pub(super) enum Seeds {
    /// It needs none.
    None,
    /// These.
    Texts(&'static [&'static str]),
    /// What clients say in the transcripts of this protocol, each a whole conversation.
    Conversations(&'static str),
    /// The same, each line on its own.
    Commands(&'static str),
    /// What servers say in the transcripts of this client, each a whole conversation.
    Answers(&'static str),
    /// Messages: those of the transcripts, and the odd ones that may lie beside the
    /// checkout, which are read where they are.
    Messages,
}

pub(super) const ADDRESSES: &[&str] = &[
    "Jean.Dupont@Exemple.FR",
    "\"a b\\\"c@d\"@xn--bcher-kva.example",
    "é+x@bücher.example.",
];

pub(super) const SIGN_INS: &[&str] = &[
    "PLAIN AGxlYUBleGVtcGxlLmZyAHVuZSBmbGV1ciBkZSB0aWxsZXVs",
    "PLAIN\nAGxlYUBleGVtcGxlLmZyAHVuZSBmbGV1ciBkZSB0aWxsZXVs",
    "LOGIN\nbGVhQGV4ZW1wbGUuZnI=\ndW5lIGZsZXVyIGRlIHRpbGxldWw=",
    "LOGIN =\n*",
];

/// Texts of the DNS, a line each; and a message behind them.
pub(super) const STRANGERS: &[&str] = &[
    "v=spf1 a mx:b.test/24//64 ptr include:%{ir}.%{v}.%{d2} exists:%{l1r-}.c.test ip4:192.0.2.0/24 \
     ?ip6:2001:db8::/32 redirect=d.test\nv=DMARC1; p=reject; sp=quarantine; adkim=s; psd=n; t=y\n\
     v=DKIM1; k=rsa; h=sha256; s=email; t=s; p=AAAA\0DKIM-Signature: v=1; a=rsa-sha256; \
     c=relaxed/simple; d=a.test;\r\n\ts=s; h=from:to; l=1; t=1; x=2; i=@a.test; bh=AA==; b=AA==\r\n\
     Authentication-Results: (a) mx.test 1; spf=pass\r\nFrom: \"a@b\" <c@a.test>\r\n\r\nbody \t\r\n",
    "v=spf1\0From: a@b.test\r\nFrom: c@d.test\r\n\r\n",
];

pub(super) const CONFIGURATIONS: &[&str] = &[
    "hostname = \"mail.exemple.fr\"\nlisten = [\"::\", \"192.0.2.1\"]\nport_base = 10000\n\
     user = \"facteur\"\nold_devices = \"off\"\nmessage_bytes = 26_214_400\n\
     time_zone = \"Europe/Paris\"\n\n[tls]\nkey = 'a'\n[log]\nlevel = \"debug\"\nformat = \"json\"\n",
    "log.level = \"trace\"\n",
];

/// The first octet says on which port.
pub(super) const REQUESTS: &[&str] = &[
    "0GET /guides/email-android-4.1.2/imap/2?lang=fr HTTP/1.1\nHost: mail.exemple.fr\n\n",
    "1GET /guides?lang=en\nHost: mail.exemple.fr\nAccept-Language: fr-FR, en;q=0.5\n\n",
    "0POST /sign-in\nHost: mail.exemple.fr\nOrigin: https://mail.exemple.fr\n\
     Content-Type: application/x-www-form-urlencoded\nCookie: language=fr; \
     __Host-visit=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\n\
     proof={proof}&address=lea%40exemple.fr&password=une+fleur+de+tilleul",
    "0GET /static/style.css\nHost: x\n\n",
];

/// What names in braces stand for in the conversations, as in the tests that play them.
const NAMES: &[(&str, &str)] = &[
    ("{user}", "lea@exemple.fr"),
    ("{other}", "jean@exemple.fr"),
    ("{modern}", "paul@exemple.fr"),
    ("{domain}", "exemple.fr"),
    ("{password}", "une fleur de tilleul"),
    (
        "{plain}",
        "AGxlYUBleGVtcGxlLmZyAHVuZSBmbGV1ciBkZSB0aWxsZXVs",
    ),
    ("{user64}", "bGVhQGV4ZW1wbGUuZnI="),
    ("{password64}", "dW5lIGZsZXVyIGRlIHRpbGxldWw="),
    ("{0x0D}", "\r"),
];

/// Settings of a conversation (`fuzz/src/conversation.rs`): encrypted from the start, the
/// choice that makes SMTP submission; then one that only has the cuts.
const SETTINGS: [[u8; 2]; 2] = [[0x81, 3], [0x00, 9]];

/// What stands in a conversation where TLS begins: the end of a flight.
const FLIGHT_END: &[u8] = b"\xff\xff";

impl Seeds {
    /// Writes them into a folder that is theirs alone. Gives the folder of further ones,
    /// if there is one.
    pub(super) fn write(
        &self,
        workspace: &Workspace,
        folder: &Path,
    ) -> Result<Option<PathBuf>, Failure> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let transcripts = workspace.root.join("transcripts");
        let mut further = None;
        let seeds: Vec<Vec<u8>> = match self {
            Self::None => Vec::new(),
            Self::Texts(texts) => texts.iter().map(|text| text.as_bytes().to_vec()).collect(),
            Self::Conversations(protocol) => {
                conversations(&files(&transcripts.join(protocol), "txt")?, "C:")
            }
            Self::Answers(client) => conversations(&files(&transcripts.join(client), "txt")?, "S:"),
            Self::Commands(protocol) => files(&transcripts.join(protocol), "txt")?
                .iter()
                .flat_map(|text| said(text, "C:"))
                .map(|line| line.trim_ascii_end().to_vec())
                .collect(),
            Self::Messages => {
                further = workspace
                    .root
                    .ancestors()
                    .map(|folder| folder.join("shared/corpus/messages"))
                    .find(|folder| folder.is_dir());
                files(&transcripts.join("pop3/inbox"), "eml")?
            }
        };
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(number.to_string()), seed)?;
        }
        Ok(further)
    }
}

/// The files of a folder whose names end so.
fn files(folder: &Path, end: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let mut texts = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == end) {
            texts.push(fs::read(path)?);
        }
    }
    Ok(texts)
}

/// Whole conversations, with each of the settings.
fn conversations(transcripts: &[Vec<u8>], speaker: &str) -> Vec<Vec<u8>> {
    let with_settings = |text: &Vec<u8>| {
        let said = said(text, speaker).concat();
        SETTINGS.map(|settings| [&settings[..], &said].concat())
    };
    transcripts.iter().flat_map(with_settings).collect()
}

/// The lines that the first client of a transcript says, or its server, as on the wire.
fn said(transcript: &[u8], speaker: &str) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(transcript);
    let line = |line: &str| {
        if line == "TLS" {
            return Some(FLIGHT_END.to_vec());
        }
        let mut said = line.strip_prefix(speaker)?.trim_start().to_owned();
        for (name, text) in NAMES {
            said = said.replace(name, text);
        }
        Some(
            match (
                said.strip_suffix("{bare-lf}"),
                said.strip_suffix("{no-end}"),
            ) {
                (Some(line), _) => format!("{line}\n").into_bytes(),
                (_, Some(line)) => line.as_bytes().to_vec(),
                _ => format!("{said}\r\n").into_bytes(),
            },
        )
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_heard_as_on_the_wire() {
        let transcript = "# x\nopen smtp\nS: 220 {*}\nC: MAIL FROM:<{user}>\nTLS\n\
                          C: a{bare-lf}\nC: DATA{0x0D}.{no-end}\nC2: NOOP\n";
        let lines: [&[u8]; 4] = [
            b"MAIL FROM:<lea@exemple.fr>\r\n",
            FLIGHT_END,
            b"a\n",
            b"DATA\r.",
        ];
        assert_eq!(said(transcript.as_bytes(), "C:"), lines);
        let answers: [&[u8]; 2] = [b"220 {*}\r\n", FLIGHT_END];
        assert_eq!(said(transcript.as_bytes(), "S:"), answers);
    }
}
