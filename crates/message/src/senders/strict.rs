//! The addresses of a sender field, or none where anything is open to doubt. RFC 5322
//! section 3.4, and of section 4.4 only what no client reads otherwise.

use std::collections::BTreeSet;

use address::{Address, Domain, LocalPart};

use super::token::{Spaced, Token, tokens};
use crate::header::unfold;
use crate::limits::SENDER_OCTETS;
use crate::text::{header_value, is_known};

/// An address, and whether it stands in a name or comment only.
pub(super) type Claim = (Address, bool);

/// Octets that mean something in an address list; where decoding an encoded word adds one,
/// a client that decodes first reads another list.
const SYNTAX: &str = "<>,;:\"()[]\\";

/// The addresses that a sender field's value names, beyond doubt.
pub(super) fn addresses(value: &[u8]) -> Option<Vec<Claim>> {
    if value.len() > SENDER_OCTETS || has_stray_octet(value) {
        return None;
    }
    let value = unfold(value);
    let (tokens, comments) = tokens(&value)?;
    let mut reader = Reader {
        rest: &tokens,
        found: Vec::new(),
    };
    reader.list(&[])?;
    comments.iter().for_each(|comment| reader.name(comment));
    let known = reader
        .found
        .iter()
        .map(|(address, _)| address.clone())
        .collect();
    let hidden = encoded(&value, &known)?
        .into_iter()
        .map(|address| (address, false));
    Some(hidden.chain(reader.found).collect())
}

/// True for a NUL, at which some stop reading, and for a CR that is no line end, which
/// some take for one.
fn has_stray_octet(value: &[u8]) -> bool {
    let after_return = |at: usize| value.get(at + 1).is_none_or(|octet| *octet == b'\n');
    value.contains(&0) || memchr::memchr_iter(b'\r', value).any(|at| !after_return(at))
}

/// Addresses beyond the known ones that appear once encoded words are decoded: some clients
/// decode first and look for the address after. `None` where what appears is not plainly
/// an address.
fn encoded(value: &[u8], known: &BTreeSet<Address>) -> Option<Vec<Address>> {
    if memchr::memmem::find(value, b"=?").is_none() {
        return Some(Vec::new());
    }
    // In a charset like EBCDIC's, plain letters spell another address.
    if !is_known(value) {
        return None;
    }
    let shown = header_value(value);
    if shown.chars().any(|c| c.is_control() && c != '\t') {
        return None;
    }
    let mut hidden: Vec<Address> = address_like(&shown)
        .map(|text| text.parse().ok())
        .collect::<Option<_>>()?;
    hidden.retain(|address| !known.contains(address));
    let adds = |c: char| shown.matches(c).count() != memchr::memchr_iter(c as u8, value).count();
    if !hidden.is_empty() && SYNTAX.chars().any(adds) {
        return None;
    }
    Some(hidden)
}

/// The words of a text that have an `@` inside.
fn address_like(text: &str) -> impl Iterator<Item = &str> {
    let cut = |c: char| c.is_whitespace() || SYNTAX.contains(c);
    let inside = |word: &&str| word.trim_matches('@').contains('@');
    text.split(cut)
        .map(|word| word.trim_matches('\''))
        .filter(inside)
}

struct Reader<'a> {
    rest: &'a [Spaced],
    found: Vec<Claim>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&Token> {
        self.rest.first().map(|spaced| &spaced.token)
    }

    fn eat(&mut self, special: char) -> bool {
        let is_next = self.peek() == Some(&Token::Special(special));
        if is_next {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        is_next
    }

    /// Addresses between commas, and groups of them unless `first` says that this is one:
    /// to the end, or to the semicolon that ends the group.
    fn list(&mut self, group: &[Spaced]) -> Option<()> {
        let in_group = !group.is_empty();
        loop {
            let words = self.words();
            if self.eat('<') {
                self.phrase(words)?;
                self.angle()?;
            } else if !in_group && !words.is_empty() && self.eat(':') {
                self.phrase(words)?;
                self.list(words)?;
            } else if !words.is_empty() {
                self.found.push((address(words)?, false));
            }
            match self.peek() {
                None => return (!in_group).then_some(()),
                Some(Token::Special(';')) if in_group => return self.eat(';').then_some(()),
                Some(_) => self.eat(',').then_some(())?,
            }
        }
    }

    /// What may be a phrase, or an address without brackets.
    fn words(&mut self) -> &'a [Spaced] {
        let word = |spaced: &Spaced| !matches!(&spaced.token, Token::Special(c) if !matches!(c, '.' | '@'));
        let end = self
            .rest
            .iter()
            .position(|spaced| !word(spaced))
            .unwrap_or(self.rest.len());
        let (words, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, &[]));
        self.rest = rest;
        words
    }

    /// A display name, or a group's. An `@` may not stand in it unquoted, but many write
    /// `a@b <a@b>`, and clients differ in which of the two they show.
    fn phrase(&mut self, words: &[Spaced]) -> Option<()> {
        if words
            .iter()
            .any(|spaced| spaced.token == Token::Special('@'))
        {
            self.found.push((address(words)?, false));
        }
        for spaced in words {
            if let Token::Quoted(text) = &spaced.token {
                self.name(text);
            }
        }
        Some(())
    }

    /// A text that is shown as a name: an address in it deceives whoever reads no further.
    fn name(&mut self, text: &str) {
        self.found
            .extend(address_like(text).filter_map(|text| Some((text.parse().ok()?, true))));
    }

    /// An address whose `<` was taken, through its `>`.
    fn angle(&mut self) -> Option<()> {
        let words = self.words();
        self.found.push((address(words)?, false));
        self.eat('>').then_some(())
    }
}

/// An address, with no white space or comment inside.
fn address(words: &[Spaced]) -> Option<Address> {
    if words.iter().skip(1).any(|spaced| spaced.gap) {
        return None;
    }
    let at = words
        .iter()
        .rposition(|spaced| spaced.token == Token::Special('@'))?;
    let (local, domain) = words.split_at_checked(at)?;
    Some(Address::new(
        local_part(local)?,
        domain_name(domain.get(1..)?)?,
    ))
}

fn local_part(words: &[Spaced]) -> Option<LocalPart> {
    if let [
        Spaced {
            token: Token::Quoted(text),
            ..
        },
    ] = words
    {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("\"{quoted}\"").parse().ok();
    }
    dotted(words)?.parse().ok()
}

fn domain_name(words: &[Spaced]) -> Option<Domain> {
    dotted(words)?.parse().ok()
}

/// Atoms and dots, joined. Whether the dots are in their places is seen by whoever parses.
fn dotted(words: &[Spaced]) -> Option<String> {
    let piece = |spaced: &Spaced| match &spaced.token {
        // What was in some other charset than UTF-8 is no address.
        Token::Atom(text) if !text.contains(char::REPLACEMENT_CHARACTER) => Some(text.clone()),
        Token::Special('.') => Some(".".to_owned()),
        _ => None,
    };
    words.iter().map(piece).collect()
}
