//! BODY and BODYSTRUCTURE. RFC 9051 section 7.5.2.

use message::{Content, Disposition, Enclosed, HeaderText, Parameter, Part, Structure};

use super::Writer;

/// Whether extension data follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `BODY`.
    Short,
    /// `BODYSTRUCTURE`.
    Full,
}

impl Writer {
    /// The value of `BODYSTRUCTURE`.
    pub(crate) fn body_structure(&mut self, structure: &Structure) -> &mut Self {
        self.part(&structure.root, Form::Full)
    }

    /// The value of `BODY` without a section.
    pub(crate) fn body(&mut self, structure: &Structure) -> &mut Self {
        self.part(&structure.root, Form::Short)
    }

    fn part(&mut self, part: &Part, form: Form) -> &mut Self {
        self.syntax("(");
        match &part.content {
            Content::Multipart(parts) => self.multipart(part, parts, form),
            Content::Message(enclosed) if part.media.is("message", "rfc822") => {
                self.enclosed(part, enclosed, form);
            }
            Content::Message(_) | Content::Leaf => self.leaf(part, form),
        }
        self.syntax(")")
    }

    fn multipart(&mut self, part: &Part, parts: &[Part], form: Form) {
        for inner in parts {
            self.part(inner, form);
        }
        self.syntax(" ").string(&part.media.subtype);
        if form == Form::Full {
            self.syntax(" ")
                .parameters(&part.media.parameters)
                .extension(part);
        }
    }

    /// `body-type-msg`. A message of another type than `message/rfc822` is written as a
    /// leaf: RFC 3501 knows no other enclosed message, and its clients would misread one.
    fn enclosed(&mut self, part: &Part, enclosed: &Enclosed, form: Form) {
        self.string(b"message")
            .syntax(" ")
            .string(b"rfc822")
            .fields(part);
        self.syntax(" ").envelope(&enclosed.envelope);
        self.syntax(" ").part(&enclosed.root, form);
        self.syntax(" ").number(part.lines);
        self.one_part_extension(part, form);
    }

    fn leaf(&mut self, part: &Part, form: Form) {
        let media = &part.media;
        // What was not looked into must not look as if it had been.
        if media.kind == "multipart" || media.is("message", "rfc822") {
            self.string(b"application")
                .syntax(" ")
                .string(b"octet-stream");
        } else {
            self.string(&media.kind).syntax(" ").string(&media.subtype);
        }
        self.fields(part);
        if media.kind == "text" {
            self.syntax(" ").number(part.lines);
        }
        self.one_part_extension(part, form);
    }

    /// `body-fields`. The encoding is never NIL: old devices fail on that.
    fn fields(&mut self, part: &Part) -> &mut Self {
        self.syntax(" ").parameters(&part.media.parameters);
        self.syntax(" ").header_text(part.id.as_ref());
        self.syntax(" ").header_text(part.description.as_ref());
        self.syntax(" ").string(part.encoding());
        self.syntax(" ").number(part.end.saturating_sub(part.body))
    }

    fn one_part_extension(&mut self, part: &Part, form: Form) {
        if form == Form::Full {
            self.syntax(" ")
                .header_text(part.md5.as_ref())
                .extension(part);
        }
    }

    /// What ends both kinds of extension data: disposition, language, location.
    fn extension(&mut self, part: &Part) {
        self.syntax(" ").disposition(part.disposition.as_ref());
        self.syntax(" ");
        match part.language.as_slice() {
            [] => self.syntax("NIL"),
            [one] => self.string(one),
            several => self.list(several, |to, language: &HeaderText| {
                to.string(language);
            }),
        };
        self.syntax(" ").header_text(part.location.as_ref());
    }

    fn disposition(&mut self, disposition: Option<&Disposition>) -> &mut Self {
        let Some(disposition) = disposition else {
            return self.syntax("NIL");
        };
        self.syntax("(").string(&disposition.kind);
        self.syntax(" ")
            .parameters(&disposition.parameters)
            .syntax(")")
    }

    fn parameters(&mut self, parameters: &[Parameter]) -> &mut Self {
        if parameters.is_empty() {
            return self.syntax("NIL");
        }
        self.list(parameters, |to, parameter| {
            to.string(&parameter.name)
                .syntax(" ")
                .string(&parameter.value);
        })
    }
}

#[cfg(test)]
mod tests {
    use message::{Envelope, Media};

    use super::*;

    fn leaf(kind: &str, subtype: &str, size: u64, lines: u64) -> Part {
        let media = Media {
            kind: kind.into(),
            subtype: subtype.into(),
            parameters: Vec::new(),
        };
        Part {
            start: 0,
            body: 100,
            end: 100 + size,
            lines,
            decoded: size,
            media,
            encoding: None,
            id: None,
            description: None,
            md5: None,
            disposition: None,
            language: Vec::new(),
            location: None,
            content: Content::Leaf,
        }
    }

    fn written(root: Part) -> (String, String) {
        let structure = Structure { root };
        let mut writer = Writer::default();
        writer.body(&structure);
        let short = String::from_utf8(writer.take()).unwrap();
        writer.body_structure(&structure);
        (short, String::from_utf8(writer.take()).unwrap())
    }

    #[test]
    fn a_message_of_one_part() {
        let mut part = leaf("text", "plain", 3028, 92);
        part.media = Media::plain();
        let (short, full) = written(part);
        let wanted = "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 3028 92";
        assert_eq!(short, format!("{wanted})"));
        assert_eq!(full, format!("{wanted} NIL NIL NIL NIL)"));
    }

    #[test]
    fn an_attachment_whose_name_has_quotes() {
        let mut attachment = leaf("application", "pdf", 4, 1);
        attachment.encoding = Some("base64".into());
        let name = Parameter {
            name: "filename".into(),
            value: "it's \"x\".pdf".into(),
        };
        attachment.disposition = Some(Disposition {
            kind: "attachment".into(),
            parameters: vec![name],
        });
        attachment.language = vec!["fr".into(), "en".into()];
        let mut mixed = leaf("multipart", "mixed", 500, 20);
        mixed.content = Content::Multipart(vec![leaf("text", "plain", 10, 1), attachment]);
        let (short, full) = written(mixed);
        let text = "(\"text\" \"plain\" NIL NIL NIL \"7BIT\" 10 1";
        let pdf = "(\"application\" \"pdf\" NIL NIL NIL \"base64\" 4";
        assert_eq!(short, format!("({text}){pdf}) \"mixed\")"));
        assert_eq!(
            full,
            format!(
                "({text} NIL NIL NIL NIL){pdf} NIL (\"attachment\" (\"filename\" {{12}}\r\nit's \"x\".pdf)) \
                 (\"fr\" \"en\") NIL) \"mixed\" NIL NIL NIL NIL)"
            )
        );
    }

    #[test]
    fn an_enclosed_message_has_envelope_and_structure() {
        let root = leaf("text", "plain", 7, 1);
        let mut part = leaf("message", "rfc822", 50, 5);
        part.content = Content::Message(Box::new(Enclosed {
            envelope: Envelope::default(),
            root,
        }));
        let nothing = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";
        let (short, _) = written(part.clone());
        assert_eq!(
            short,
            format!(
                "(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 50 {nothing} \
                 (\"text\" \"plain\" NIL NIL NIL \"7BIT\" 7 1) 5)"
            )
        );
        part.media.subtype = "global".into();
        assert_eq!(
            written(part).0,
            "(\"message\" \"global\" NIL NIL NIL \"7BIT\" 50)"
        );
    }

    #[test]
    fn what_was_not_looked_into_is_octets() {
        for (kind, subtype) in [("message", "rfc822"), ("multipart", "mixed")] {
            let (short, _) = written(leaf(kind, subtype, 9, 1));
            assert_eq!(
                short,
                "(\"application\" \"octet-stream\" NIL NIL NIL \"7BIT\" 9)"
            );
        }
    }
}
