//! Rust source, read just well enough to tell code from comments and strings, and the
//! product from its tests. Not a parser: it knows the shapes that rustfmt leaves.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::shell::Failure;
use crate::workspace::Member;

/// One file. Both texts have the lines of the file, the rest of each blanked out.
pub(super) struct Rust {
    pub(super) path: PathBuf,
    /// Without comments, and without what strings and characters hold.
    pub(super) code: String,
    /// The comments alone.
    pub(super) comments: String,
    /// Whether all of it is test.
    test: bool,
    /// Where in the code a test or its helper stands.
    tests: Vec<Range<usize>>,
}

/// A function of a file.
pub(super) struct Function {
    pub(super) name: String,
    /// Where it begins, from 1.
    pub(super) line: usize,
    /// Lines of its body, both braces included.
    pub(super) lines: usize,
}

impl Rust {
    /// The files of a crate.
    pub(super) fn of(member: &Member) -> Result<Vec<Rust>, Failure> {
        let mut files = Vec::new();
        for path in member.rust_files()? {
            let text = fs::read_to_string(&path)?;
            let product = path.starts_with(member.folder.join("src"));
            files.push(Rust::read(path, &text, !product));
        }
        mark_test_modules(&mut files);
        Ok(files)
    }

    pub(super) fn read(path: PathBuf, text: &str, test: bool) -> Rust {
        let (code, comments) = split(text);
        let tests = test_items(&code);
        Rust {
            path,
            code,
            comments,
            test,
            tests,
        }
    }

    /// Whether any of it is built into the product.
    pub(super) fn is_product(&self) -> bool {
        !self.test
    }

    /// The code with the tests blanked out.
    pub(super) fn product_code(&self) -> String {
        let mut code = self.code.clone().into_bytes();
        for range in &self.tests {
            blank(&mut code, range.clone());
        }
        String::from_utf8_lossy(&code).into_owned()
    }

    /// Lines of the file that are no test.
    pub(super) fn product_lines(&self) -> usize {
        let in_tests = self
            .tests
            .iter()
            .map(|range| lines_in(&self.code, range.clone()));
        self.code.lines().count().saturating_sub(in_tests.sum())
    }

    /// The functions that are no test.
    pub(super) fn functions(&self) -> Vec<Function> {
        let code = self.product_code();
        let mut functions = Vec::new();
        for (at, _) in code.match_indices("fn ") {
            if before(&code, at).is_some_and(is_ident) {
                continue;
            }
            let named = code.get(at + 3..).unwrap_or_default();
            let name: String = named.chars().take_while(|c| is_ident(*c)).collect();
            if let Some(body) = body(&code, at).filter(|_| !name.is_empty()) {
                let lines = lines_in(&code, body);
                functions.push(Function {
                    name,
                    line: line_of(&code, at),
                    lines,
                });
            }
        }
        functions
    }
}

/// Finds the files that a `#[cfg(test)] mod name;` makes tests, and those below them.
fn mark_test_modules(files: &mut [Rust]) {
    let mut roots = BTreeSet::new();
    for file in files.iter() {
        for range in &file.tests {
            let item = file.code.get(range.clone()).unwrap_or_default();
            let declared = item
                .trim_end()
                .strip_suffix(';')
                .and_then(|item| item.rsplit_once("mod "));
            if let Some((_, name)) = declared {
                roots.insert(folder_of_modules(&file.path).join(name.trim()));
            }
        }
    }
    for file in files {
        let module = file.path.with_extension("");
        file.test |= roots.iter().any(|root| module.starts_with(root));
    }
}

/// Where the files of a file's modules are.
fn folder_of_modules(file: &Path) -> PathBuf {
    match file.file_name().and_then(|name| name.to_str()) {
        Some("lib.rs" | "main.rs" | "mod.rs") => file.with_file_name(""),
        _ => file.with_extension(""),
    }
}

/// The items that only tests are built with: from their attribute to their end.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut items: Vec<Range<usize>> = Vec::new();
    for (at, _) in code.match_indices("#[cfg(") {
        let condition = code
            .get(at..)
            .and_then(|rest| rest.split_once(']'))
            .map(|(first, _)| first);
        let words = condition.unwrap_or_default().split(|c: char| !is_ident(c));
        let words: Vec<&str> = words.collect();
        let for_tests = words.contains(&"test") && !words.contains(&"not");
        if for_tests && !items.iter().any(|item| item.contains(&at)) {
            items.push(at..end_of_item(code, at));
        }
    }
    items
}

/// Where the item ends that begins at `at`: at its semicolon or its closing brace.
fn end_of_item(code: &str, at: usize) -> usize {
    body(code, at).map_or_else(
        || {
            code.get(at..)
                .and_then(|rest| rest.find(';'))
                .map_or(code.len(), |end| at + end + 1)
        },
        |body| body.end,
    )
}

/// The first pair of braces at or after `at`, if no semicolon stands outside of brackets
/// before it.
fn body(code: &str, at: usize) -> Option<Range<usize>> {
    let mut brackets = 0usize;
    let mut begin = None;
    let mut braces = 0usize;
    for (index, octet) in code.bytes().enumerate().skip(at) {
        match octet {
            b'(' | b'[' if begin.is_none() => brackets += 1,
            b')' | b']' if begin.is_none() => brackets = brackets.saturating_sub(1),
            b';' if begin.is_none() && brackets == 0 => return None,
            b'{' if brackets == 0 || begin.is_some() => {
                begin.get_or_insert(index);
                braces += 1;
            }
            b'}' if begin.is_some() => {
                braces -= 1;
                if braces == 0 {
                    return begin.map(|begin| begin..index + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// What a stretch of source is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Text,
}

/// Splits source into code and comments of the same lines.
fn split(text: &str) -> (String, String) {
    let mut code = text.as_bytes().to_vec();
    let mut comments = code.clone();
    let mut at = 0;
    while at < text.len() {
        let (kind, length) = stretch(text, at);
        if kind != Kind::Code {
            blank(&mut code, at..at + length);
        }
        if kind != Kind::Comment {
            blank(&mut comments, at..at + length);
        }
        at += length;
    }
    let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
    (text(code), text(comments))
}

/// What begins at `at`, and how many octets it has, at least one.
fn stretch(text: &str, at: usize) -> (Kind, usize) {
    let rest = text.get(at..).unwrap_or_default();
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, nested_comment(rest));
    }
    let fresh = !before(text, at).is_some_and(is_ident);
    if let Some(length) = raw_text(rest).filter(|_| fresh) {
        return (Kind::Text, length);
    }
    match rest.chars().next() {
        Some('"') => (Kind::Text, quoted(rest, '"')),
        Some('\'') if is_character(rest) => (Kind::Text, quoted(rest, '\'')),
        first => (Kind::Code, first.map_or(1, char::len_utf8)),
    }
}

fn nested_comment(rest: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(two) = rest.as_bytes().get(at..at + 2) {
        match two {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of a raw string such as `br#".."#`, if one begins here.
fn raw_text(rest: &str) -> Option<usize> {
    let hashes = rest.trim_start_matches(['b', 'c']).strip_prefix('r')?;
    let inside = hashes.trim_start_matches('#').strip_prefix('"')?;
    let count = hashes.len() - inside.len() - 1;
    let closing = format!("\"{}", "#".repeat(count));
    let end = inside
        .find(&closing)
        .map_or(inside.len(), |end| end + closing.len());
    Some(rest.len() - inside.len() + end)
}

/// The length of a quoted text, escapes heeded.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Whether a single quote begins a character, and not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut next = rest.chars().skip(1);
    match next.next() {
        Some('\\') => true,
        Some(_) => next.next() == Some('\''),
        None => false,
    }
}

fn blank(octets: &mut [u8], range: Range<usize>) {
    for octet in octets.get_mut(range).unwrap_or_default() {
        if *octet != b'\n' {
            *octet = b' ';
        }
    }
}

fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

fn is_ident(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The number of the line on which an octet stands, from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes()
        .take(at)
        .filter(|octet| *octet == b'\n')
        .count()
        + 1
}

/// How many lines a range touches.
fn lines_in(text: &str, range: Range<usize>) -> usize {
    let octets = text.as_bytes().get(range).unwrap_or_default();
    octets.iter().filter(|octet| **octet == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Rust {
        Rust::read("src/x.rs".into(), text, false)
    }

    #[test]
    fn code_comments_and_strings_are_told_apart() {
        let rust = read(
            "let a = \"// no \\\" comment\"; // yes {\nlet b = 'x'; let c = '\\''; /* in /* two */ { */ d\nlet e: &'static str = r#\"raw \" // {\"#; br\"x\"; var\"iable",
        );
        assert!(!rust.code.contains(['{', '"']) && !rust.code.contains("comment"));
        assert!(rust.code.contains("&'static str =") && rust.code.contains(" d\n"));
        assert!(
            rust.comments.contains("// yes {") && rust.comments.contains("/* in /* two */ { */")
        );
        assert!(!rust.comments.contains("no"));
        assert_eq!(rust.code.lines().count(), 3);
    }

    const TESTED: &str = "fn a() {\n    b();\n}\n\n#[cfg(test)]\nmod tests {\n    fn c() {\n        Instant::now();\n    }\n}\n\n#[cfg(not(test))]\nfn d(x: [u8; 2]) -> u8 { 1 }\n#[cfg(test)]\nuse x::{y, z};\ntrait T { fn e(&self); }\n";

    #[test]
    fn tests_do_not_count() {
        let rust = read(TESTED);
        assert!(!rust.product_code().contains("Instant") && !rust.product_code().contains('z'));
        assert_eq!(rust.product_lines(), TESTED.lines().count() - 8);
        let functions: Vec<_> = rust
            .functions()
            .into_iter()
            .map(|one| (one.name, one.line, one.lines))
            .collect();
        assert_eq!(functions, [("a".to_owned(), 1, 3), ("d".to_owned(), 13, 1)]);
    }

    #[test]
    fn files_of_test_modules_are_tests() {
        let file = |path: &str, text: &str| Rust::read(path.into(), text, false);
        let mut files = vec![
            file("src/lib.rs", "mod a;\n#[cfg(test)]\nmod toy;\n"),
            file("src/a.rs", "#[cfg(test)]\nmod tests;\n"),
            file("src/a/tests.rs", ""),
            file("src/a/b.rs", ""),
            file("src/toy.rs", ""),
            file("src/toy/deep.rs", ""),
        ];
        mark_test_modules(&mut files);
        let product: Vec<bool> = files.iter().map(Rust::is_product).collect();
        assert_eq!(product, [true, true, false, true, false, false]);
    }
}
