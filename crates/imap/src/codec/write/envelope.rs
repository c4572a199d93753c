//! ENVELOPE. RFC 9051 section 7.5.2.

use message::{Envelope, EnvelopeAddress, HeaderText};

use super::Writer;

impl Writer {
    /// `envelope`.
    pub(crate) fn envelope(&mut self, envelope: &Envelope) -> &mut Self {
        self.syntax("(").header_text(envelope.date.as_ref());
        self.syntax(" ").header_text(envelope.subject.as_ref());
        let lists = [
            &envelope.from,
            envelope.sender(),
            envelope.reply_to(),
            &envelope.to,
            &envelope.cc,
            &envelope.bcc,
        ];
        for list in lists {
            self.syntax(" ").addresses(list);
        }
        self.syntax(" ").header_text(envelope.in_reply_to.as_ref());
        self.syntax(" ")
            .header_text(envelope.message_id.as_ref())
            .syntax(")")
    }

    pub(super) fn header_text(&mut self, text: Option<&HeaderText>) -> &mut Self {
        self.nstring(text.map(HeaderText::as_bytes))
    }

    /// Addresses follow each other without a space, and no address at all is NIL.
    fn addresses(&mut self, addresses: &[EnvelopeAddress]) -> &mut Self {
        if addresses.is_empty() {
            return self.syntax("NIL");
        }
        self.syntax("(");
        for address in addresses {
            self.address(address);
        }
        self.syntax(")")
    }

    fn address(&mut self, address: &EnvelopeAddress) {
        let (name, route, local, host) = match address {
            EnvelopeAddress::Mailbox {
                name,
                route,
                local,
                host,
            } => (name.as_ref(), route.as_ref(), Some(local), Some(host)),
            EnvelopeAddress::GroupStart(name) => (None, None, Some(name), None),
            EnvelopeAddress::GroupEnd => (None, None, None, None),
        };
        self.syntax("(").header_text(name);
        for text in [route, local, host] {
            self.syntax(" ").header_text(text);
        }
        self.syntax(")");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(name: Option<&str>, local: &str, host: &str) -> EnvelopeAddress {
        EnvelopeAddress::Mailbox {
            name: name.map(Into::into),
            route: None,
            local: local.into(),
            host: host.into(),
        }
    }

    #[test]
    fn the_example_of_rfc_3501() {
        let envelope = Envelope {
            date: Some("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)".into()),
            subject: Some("IMAP4rev1 WG mtg summary and minutes".into()),
            from: vec![mailbox(Some("Terry Gray"), "gray", "cac.washington.edu")],
            to: vec![mailbox(None, "imap", "cac.washington.edu")],
            cc: vec![
                mailbox(None, "minutes", "CNRI.Reston.VA.US"),
                mailbox(Some("John Klensin"), "KLENSIN", "MIT.EDU"),
            ],
            message_id: Some("<B27397-0100000@cac.washington.edu>".into()),
            ..Envelope::default()
        };
        let mut writer = Writer::default();
        writer.envelope(&envelope);
        let gray = "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\"))";
        let wanted = format!(
            "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" \
             {gray} {gray} {gray} ((NIL NIL \"imap\" \"cac.washington.edu\")) \
             ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) \
             NIL NIL \"<B27397-0100000@cac.washington.edu>\")"
        );
        assert_eq!(String::from_utf8(writer.take()).unwrap(), wanted);
    }

    #[test]
    fn groups_and_quotes() {
        let envelope = Envelope {
            subject: Some("say \"hello\"".into()),
            to: vec![
                EnvelopeAddress::GroupStart("friends".into()),
                mailbox(None, "a", ""),
                EnvelopeAddress::GroupEnd,
            ],
            ..Envelope::default()
        };
        let mut writer = Writer::default();
        writer.envelope(&envelope);
        let wanted = "(NIL {11}\r\nsay \"hello\" NIL NIL NIL \
                      ((NIL NIL \"friends\" NIL)(NIL NIL \"a\" \"\")(NIL NIL NIL NIL)) NIL NIL NIL NIL)";
        assert_eq!(String::from_utf8(writer.take()).unwrap(), wanted);
    }
}
