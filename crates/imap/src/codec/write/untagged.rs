//! What the server tells: untagged responses and the names of FETCH items. RFC 3501
//! section 7.

use super::Writer;
use crate::codec::fetch::{BodySection, SectionName, SectionText};
use crate::codec::flag::{Flags, Keyword, SystemFlag};
use crate::codec::object::ObjectId;
use crate::number::SequenceNumber;

impl Writer {
    pub(crate) fn exists(&mut self, count: usize) {
        self.syntax("* ")
            .number(count as u64)
            .syntax(" EXISTS")
            .end_line();
    }

    pub(crate) fn recent(&mut self, count: usize) {
        self.syntax("* ")
            .number(count as u64)
            .syntax(" RECENT")
            .end_line();
    }

    pub(crate) fn expunge(&mut self, number: SequenceNumber) {
        self.syntax("* ")
            .number(number.0.get())
            .syntax(" EXPUNGE")
            .end_line();
    }

    /// The flags that messages of this mailbox may have. RFC 3501 section 7.2.6.
    pub(crate) fn mailbox_flags(&mut self, keywords: &[Keyword]) {
        let all = SystemFlag::ALL.iter().map(|flag| flag.name());
        self.syntax("* FLAGS ");
        self.list(
            all.chain(keywords.iter().map(Keyword::as_str)),
            |to, flag| {
                to.syntax(flag);
            },
        );
        self.end_line();
    }

    /// The flags of one message: `FLAGS (\Seen \Recent)`.
    pub(crate) fn message_flags(&mut self, flags: &Flags, recent: bool) -> &mut Self {
        let system = flags.system().map(|flag| -> &str { flag.name() });
        let recent = recent.then_some("\\Recent");
        let keywords = flags.keywords().iter().map(Keyword::as_str);
        self.syntax("FLAGS ");
        self.list(system.chain(recent).chain(keywords), |to, flag| {
            to.syntax(flag);
        })
    }

    /// An identifier under a name: `EMAILID (E1-12)`. RFC 8474 section 7.
    pub(crate) fn object(&mut self, name: &str, id: &ObjectId) -> &mut Self {
        self.syntax(name)
            .syntax(" (")
            .syntax(id.as_str())
            .syntax(")")
    }

    /// `* 12 FETCH (`.
    pub(crate) fn begin_fetch(&mut self, number: SequenceNumber) -> &mut Self {
        self.syntax("* ").number(number.0.get()).syntax(" FETCH (")
    }

    /// By what name a section is answered: `BODY[HEADER.FIELDS (DATE FROM)]<0>`.
    pub(crate) fn section_name(&mut self, section: &BodySection) -> &mut Self {
        match section.name {
            SectionName::Rfc822 => self.syntax("RFC822"),
            SectionName::Rfc822Header => self.syntax("RFC822.HEADER"),
            SectionName::Rfc822Text => self.syntax("RFC822.TEXT"),
            SectionName::Body => self.body_section(section),
        }
    }

    fn body_section(&mut self, section: &BodySection) -> &mut Self {
        self.syntax("BODY[");
        let mut dot = "";
        for number in &section.section.path {
            self.syntax(dot).number(*number);
            dot = ".";
        }
        let (name, fields) = match &section.section.text {
            SectionText::Whole => (None, None),
            SectionText::Header => (Some("HEADER"), None),
            SectionText::HeaderFields(fields) => (Some("HEADER.FIELDS"), Some(fields)),
            SectionText::HeaderFieldsNot(fields) => (Some("HEADER.FIELDS.NOT"), Some(fields)),
            SectionText::Text => (Some("TEXT"), None),
            SectionText::Mime => (Some("MIME"), None),
        };
        if let Some(name) = name {
            self.syntax(dot).syntax(name);
        }
        if let Some(fields) = fields {
            self.syntax(" ").list(fields, |to, field| {
                to.astring(field);
            });
        }
        self.syntax("]");
        if let Some(partial) = section.section.partial {
            self.syntax("<").number(partial.start).syntax(">");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::command::Command;
    use crate::codec::fetch::FetchItem;
    use crate::codec::parse::parse;

    /// The name under which an item of FETCH is answered.
    fn answered(item: &str) -> String {
        let request = parse(format!("a FETCH 1 {item}").as_bytes()).unwrap();
        let Command::Fetch { items, .. } = request.command else {
            panic!("no FETCH")
        };
        let [FetchItem::Section(section)] = items.as_slice() else {
            panic!("{items:?}")
        };
        let mut writer = Writer::default();
        writer.section_name(section);
        String::from_utf8(writer.take()).unwrap()
    }

    #[test]
    fn sections_are_answered_by_the_name_they_were_asked_by() {
        for same in [
            "BODY[]",
            "BODY[1.2.HEADER]",
            "BODY[3.MIME]",
            "BODY[TEXT]",
            "RFC822",
            "RFC822.TEXT",
        ] {
            assert_eq!(answered(same), same);
        }
        assert_eq!(answered("BODY.PEEK[1]<5.10>"), "BODY[1]<5>");
        assert_eq!(
            answered("body.peek[header.fields (date {4}\r\nfrom \"a]b\" \"a\\\"b\")]"),
            "BODY[HEADER.FIELDS (date from \"a]b\" {3}\r\na\"b)]"
        );
    }

    #[test]
    fn flags_are_told_with_what_is_recent() {
        let mut flags: Flags = [SystemFlag::Seen].into_iter().collect();
        flags.add(Keyword::new("$Junk").unwrap());
        let mut writer = Writer::default();
        writer
            .message_flags(&flags, true)
            .syntax(" ")
            .message_flags(&Flags::default(), false);
        assert_eq!(writer.take(), b"FLAGS (\\Seen \\Recent $Junk) FLAGS ()");
    }
}
