//! What a part's header says of its body. RFC 2045, RFC 2183, RFC 3282, RFC 2557, RFC 1864.

use crate::header::budget::Budget;
use crate::header::cursor::Cursor;
use crate::header::parameters::{RawParameter, keep, media_type, parameters, token};
use crate::header::{is_space, trim, unfold};
use crate::limits::{BOUNDARY_OCTETS, LANGUAGES, TOKEN_OCTETS};
use crate::text::joined_parameter;
use crate::transfer::Transfer;
use crate::{Disposition, Field, HeaderText, Media, fields};

/// The fields of a part's header that BODYSTRUCTURE tells.
#[derive(Debug)]
pub(super) struct PartHeader {
    pub(super) media: Media,
    pub(super) encoding: Option<HeaderText>,
    pub(super) id: Option<HeaderText>,
    pub(super) description: Option<HeaderText>,
    pub(super) md5: Option<HeaderText>,
    pub(super) disposition: Option<Disposition>,
    pub(super) language: Vec<HeaderText>,
    pub(super) location: Option<HeaderText>,
}

/// What a part's media type says is inside it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inside {
    Leaf,
    Message,
    Multipart { boundary: Vec<u8>, digest: bool },
}

/// What surrounds the part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings {
    /// It lies in a digest, whose parts are messages unless they say otherwise.
    pub(super) in_digest: bool,
    /// There is room for parts inside it, in number and depth.
    pub(super) may_nest: bool,
}

impl Default for PartHeader {
    fn default() -> Self {
        Self {
            media: Media::plain(),
            encoding: None,
            id: None,
            description: None,
            md5: None,
            disposition: None,
            language: Vec::new(),
            location: None,
        }
    }
}

impl PartHeader {
    /// How the body is encoded.
    pub(super) fn transfer(&self) -> Transfer {
        self.encoding
            .as_deref()
            .map_or(Transfer::Identity, Transfer::named)
    }

    /// The parts that it promised were not found: what is there is told as text, so that
    /// somebody may read it.
    pub(super) fn make_text(&mut self) {
        let parameters = std::mem::take(&mut self.media.parameters);
        self.media = default_media(parameters, &Inside::Leaf);
        self.encoding = None;
    }

    /// Reads a header. Of a field that is there twice the first counts.
    pub(super) fn read(header: &[u8], around: Surroundings, budget: &mut Budget) -> (Self, Inside) {
        let mut this = Self::default();
        let mut media = None;
        for field in fields(header) {
            if field.is("Content-Type") {
                media = media.or_else(|| Some(RawMedia::read(&field)));
            } else {
                this.take(&field, budget);
            }
        }
        let media = media.unwrap_or_else(|| RawMedia::default_in(around));
        let inside = media.inside(around);
        this.media = media.keep(&inside, budget);
        (this, inside)
    }

    fn take(&mut self, field: &Field<'_>, budget: &mut Budget) {
        let slot = match field.name.to_ascii_lowercase().as_slice() {
            b"content-transfer-encoding" => {
                if self.encoding.is_none() {
                    self.encoding = encoding(field, budget);
                }
                return;
            }
            b"content-disposition" => {
                if self.disposition.is_none() {
                    self.disposition = disposition(field, budget);
                }
                return;
            }
            b"content-language" => {
                if self.language.is_empty() {
                    self.language = languages(field, budget);
                }
                return;
            }
            b"content-id" => &mut self.id,
            b"content-description" => &mut self.description,
            b"content-md5" => &mut self.md5,
            b"content-location" => &mut self.location,
            _ => return,
        };
        if slot.is_none() {
            *slot = budget.text(&unfold(field.value));
        }
    }
}

/// A `Content-Type` before we know whether there is room to keep it.
struct RawMedia {
    /// `None` where it could not be read.
    words: Option<(Vec<u8>, Vec<u8>)>,
    parameters: Vec<RawParameter>,
}

impl RawMedia {
    fn read(field: &Field<'_>) -> Self {
        let value = unfold(field.value);
        let mut cursor = Cursor::new(&value);
        let words = media_type(&mut cursor);
        Self {
            words,
            parameters: parameters(cursor),
        }
    }

    /// RFC 2045 section 5.2, RFC 2046 section 5.1.5.
    fn default_in(around: Surroundings) -> Self {
        let message = || (b"message".to_vec(), b"rfc822".to_vec());
        Self {
            words: around.in_digest.then(message),
            parameters: Vec::new(),
        }
    }

    fn inside(&self, around: Surroundings) -> Inside {
        let Some((kind, subtype)) = &self.words else {
            return Inside::Leaf;
        };
        match (kind.as_slice(), subtype.as_slice()) {
            _ if !around.may_nest => Inside::Leaf,
            (b"message", b"rfc822" | b"global") => Inside::Message,
            (b"multipart", _) => self.multipart(subtype == b"digest").unwrap_or(Inside::Leaf),
            _ => Inside::Leaf,
        }
    }

    /// `None` when it has no boundary by which its parts could be found.
    fn multipart(&self, digest: bool) -> Option<Inside> {
        let plain = self
            .parameters
            .iter()
            .find(|p| p.name == b"boundary")
            .map(|p| p.value.clone());
        let mut boundary = plain.or_else(|| joined_parameter(&self.parameters, b"boundary"))?;
        // RFC 2046 section 5.1.1: it does not end in white space.
        let end = boundary
            .iter()
            .rposition(|octet| !is_space(*octet))
            .map_or(0, |at| at + 1);
        boundary.truncate(end);
        (1..=BOUNDARY_OCTETS)
            .contains(&boundary.len())
            .then_some(Inside::Multipart { boundary, digest })
    }

    /// The type as it will be told. A type that promises parts which cannot be looked at
    /// is told as text, so that no client goes looking for them.
    fn keep(self, inside: &Inside, budget: &mut Budget) -> Media {
        let parameters = keep(&self.parameters, budget);
        let told = self
            .words
            .filter(|(kind, subtype)| *inside != Inside::Leaf || !composite(kind, subtype));
        let kept =
            told.and_then(|(kind, subtype)| Some((budget.text(&kind)?, budget.text(&subtype)?)));
        match kept {
            Some((kind, subtype)) => Media {
                kind,
                subtype,
                parameters,
            },
            None => default_media(parameters, inside),
        }
    }
}

/// True for a type whose body is described by more than a leaf's.
fn composite(kind: &[u8], subtype: &[u8]) -> bool {
    kind == b"multipart" || (kind == b"message" && matches!(subtype, b"rfc822" | b"global"))
}

/// What is told where the type cannot be: the parameters stay, with the file name that
/// may be among them.
fn default_media(parameters: Vec<crate::Parameter>, inside: &Inside) -> Media {
    let mut media = match inside {
        Inside::Leaf => Media::plain(),
        Inside::Message => Media {
            kind: "message".into(),
            subtype: "rfc822".into(),
            parameters: Vec::new(),
        },
        Inside::Multipart { .. } => Media {
            kind: "multipart".into(),
            subtype: "mixed".into(),
            parameters: Vec::new(),
        },
    };
    if parameters
        .iter()
        .any(|parameter| parameter.name == "charset")
    {
        media.parameters.clear();
    }
    media.parameters.extend(parameters);
    media
}

/// RFC 2045 section 6.1: one word. What follows it (`;`, a comment) is some program's
/// mistake.
fn encoding(field: &Field<'_>, budget: &mut Budget) -> Option<HeaderText> {
    let value = unfold(field.value);
    let mut cursor = Cursor::new(&value);
    cursor.blanks();
    let word = cursor.until(|octet| is_space(octet) || matches!(octet, b';' | b',' | b'('));
    let word = word.get(..TOKEN_OCTETS).unwrap_or(word);
    if word.is_empty() {
        None
    } else {
        budget.text(word)
    }
}

fn disposition(field: &Field<'_>, budget: &mut Budget) -> Option<Disposition> {
    let value = unfold(field.value);
    let mut cursor = Cursor::new(&value);
    let kind = token(&mut cursor);
    cursor.until(|octet| octet == b';');
    let list = parameters(cursor);
    // RFC 2183 section 2.8: what is not understood is an attachment.
    let kind = kind.unwrap_or_else(|| b"attachment".to_vec());
    if value.is_empty() {
        return None;
    }
    Some(Disposition {
        kind: budget.text(&kind)?,
        parameters: keep(&list, budget),
    })
}

fn languages(field: &Field<'_>, budget: &mut Budget) -> Vec<HeaderText> {
    let value = unfold(field.value);
    let mut cursor = Cursor::new(&value);
    let mut tags = Vec::new();
    while cursor.peek().is_some() && tags.len() < LANGUAGES {
        cursor.blanks();
        let tag = trim(cursor.until(|octet| matches!(octet, b',' | b'(')));
        let mut kept = || {
            budget.item()?;
            budget.text(tag)
        };
        if !tag.is_empty() {
            let Some(tag) = kept() else { break };
            tags.push(tag);
        }
        cursor.blanks();
        cursor.eat(b',');
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Surroundings = Surroundings {
        in_digest: false,
        may_nest: true,
    };

    fn read_in(header: &str, around: Surroundings) -> (PartHeader, Inside) {
        PartHeader::read(header.as_bytes(), around, &mut Budget::new())
    }

    fn read(header: &str) -> (PartHeader, Inside) {
        read_in(header, ALONE)
    }

    #[test]
    fn no_header_is_plain_text_or_a_message_in_a_digest() {
        assert_eq!(read("\r\n").0.media, Media::plain());
        let (header, inside) = read_in(
            "",
            Surroundings {
                in_digest: true,
                ..ALONE
            },
        );
        assert!(header.media.is("message", "rfc822"));
        assert_eq!(inside, Inside::Message);
    }

    #[test]
    fn a_type_that_cannot_be_read_keeps_its_file_name() {
        let (header, inside) = read("Content-Type: pdf; name=\"a.pdf\"\r\n");
        assert!(header.media.is("text", "plain"));
        assert_eq!(header.media.parameters.last().unwrap().value, "a.pdf");
        assert_eq!(inside, Inside::Leaf);
        let (header, _) = read("Content-Type: ; charset=utf-8\r\n");
        assert_eq!(header.media.parameters.len(), 1);
    }

    #[test]
    fn a_multipart_needs_a_boundary() {
        let text =
            |boundary: String| read(&format!("Content-Type: multipart/mixed; {boundary}\r\n"));
        assert_eq!(
            text("boundary=\"a b \"".into()).1,
            Inside::Multipart {
                boundary: b"a b".to_vec(),
                digest: false
            }
        );
        assert_eq!(
            text("boundary*0=a; boundary*1=b".into()).1,
            Inside::Multipart {
                boundary: b"ab".to_vec(),
                digest: false
            }
        );
        for bad in [
            "x=y".into(),
            "boundary=\"\"".into(),
            format!("boundary={}", "x".repeat(999)),
        ] {
            let (header, inside) = text(bad);
            assert_eq!(inside, Inside::Leaf);
            assert!(header.media.is("text", "plain"));
        }
        let deep = Surroundings {
            may_nest: false,
            ..ALONE
        };
        assert_eq!(
            read_in("Content-Type: multipart/mixed; boundary=a\r\n", deep).1,
            Inside::Leaf
        );
    }

    #[test]
    fn the_other_fields() {
        let (header, _) = read(
            "Content-transfer-encoding: Quoted-Printable; x\r\nContent-ID: <a@b>\r\n\
             Content-Description: =?utf-8?Q?=C3=A9?=\r\n and more\r\nContent-MD5: Q2hlY2s=\r\n\
             Content-Disposition: Attachment; filename=\"a \\\"b\\\".txt\"; size=3\r\n\
             Content-Language: fr, en (really), , i-mingo\r\nContent-Location: http://x/\r\n\
             Content-ID: <second>\r\n",
        );
        assert_eq!(header.encoding.as_ref().unwrap(), &"Quoted-Printable");
        assert_eq!(header.transfer(), Transfer::QuotedPrintable);
        assert_eq!(header.id.unwrap(), "<a@b>");
        assert_eq!(header.description.unwrap(), "=?utf-8?Q?=C3=A9?= and more");
        assert_eq!(header.md5.unwrap(), "Q2hlY2s=");
        let disposition = header.disposition.unwrap();
        assert_eq!(disposition.kind, "attachment");
        assert_eq!(disposition.parameters[0].value, "a \"b\".txt");
        assert_eq!(
            header.language,
            ["fr".into(), "en".into(), HeaderText::from("i-mingo")]
        );
        assert_eq!(header.location.unwrap(), "http://x/");
    }

    #[test]
    fn empty_fields_say_nothing() {
        let (header, _) =
            read("Content-Transfer-Encoding:\r\nContent-Disposition: \r\nContent-Language:\r\n");
        assert_eq!(
            (header.encoding, header.disposition, header.language),
            (None, None, vec![])
        );
        let (header, _) = read("Content-Disposition: ; filename=a\r\n");
        assert_eq!(header.disposition.unwrap().kind, "attachment");
    }
}
