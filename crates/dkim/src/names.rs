//! Which fields of a header are signed. RFC 6376 section 5.4.

use message::fields;

/// Fields that people or their programs go by. They are signed, and that there are no more
/// of them: otherwise somebody could put another on top and leave the signature whole
/// (RFC 6376 sections 5.4.2 and 8.15).
const SEALED: [&str; 12] = [
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];
/// Fields that are signed where they are. Who passes a message on may add one of them, as a
/// list of recipients does.
const SIGNED: [&str; 17] = [
    "Sender",
    "Content-ID",
    "Content-Description",
    "Content-Language",
    "Disposition-Notification-To",
    "Auto-Submitted",
    "Resent-From",
    "Resent-To",
    "Resent-Cc",
    "Resent-Date",
    "Resent-Message-ID",
    "List-ID",
    "List-Post",
    // RFC 8058 section 4 wants the two signed.
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Autocrypt",
    "Feedback-ID",
];
/// Fields of one name that are signed: RFC 5322 section 3.6 allows one of most. It bounds
/// the signature, whatever a program sends.
const OF_ONE_NAME: usize = 5;

/// The names for `h=`, each as often as it is signed.
pub(crate) fn names(header: &[u8]) -> Vec<&'static str> {
    let mut counts = [0; SEALED.len() + SIGNED.len()];
    let all = || SEALED.iter().chain(&SIGNED);
    for field in fields(header) {
        let found = counts
            .iter_mut()
            .zip(all())
            .find(|(_, name)| field.is(name));
        if let Some((count, _)) = found {
            *count += 1;
        }
    }
    let mut names = Vec::new();
    for (place, (name, count)) in all().zip(counts).enumerate() {
        let seal = usize::from(place < SEALED.len());
        let times = count.min(OF_ONE_NAME) + seal;
        names.extend(std::iter::repeat_n(*name, times));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_once_more_than_its_field() {
        let header = b"from: a\r\nTO : b\r\nSubject: c\r\nSender: d\r\nX-Other: e\r\n\r\nCc: f\r\n";
        let names = names(header).join(":");
        assert_eq!(
            names,
            "From:From:To:To:Cc:Subject:Subject:Date:Message-ID:Reply-To:In-Reply-To:\
             References:MIME-Version:Content-Type:Content-Transfer-Encoding:Sender"
        );
    }

    #[test]
    fn a_signature_stays_short() {
        let header = "To: a\r\nList-Post: b\r\n".repeat(1000);
        assert_eq!(names(header.as_bytes()).len(), 12 + 2 * OF_ONE_NAME);
    }
}
