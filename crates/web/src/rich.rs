//! Sentences of `words` as HTML.
//!
//! Two marks are known: `**loud**` (a label of the device, or what matters most) and
//! `` `value` `` (an exact value, which is never hyphenated or changed). Marks count in
//! the message alone: in a value that was put in, they and every character that HTML
//! knows are escaped first, so an address can neither close a mark nor open a tag.

use std::fmt;

use words::{Key, Language, Value};

/// A piece of HTML that is safe to put into a page as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Html(String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Html {}

/// The words of one reader.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(pub(crate) Language);

impl Words {
    /// A message without placeholders, as plain text.
    pub(crate) fn t(self, key: Key) -> String {
        words::text(self.0, key, &[])
    }

    /// A message as plain text, its placeholders filled with texts.
    pub(crate) fn with(self, key: Key, values: &[(&str, &str)]) -> String {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| (*name, Value::Text(value)))
            .collect();
        words::text(self.0, key, &values)
    }

    /// A message that counts, as plain text.
    pub(crate) fn count(self, key: Key, count: u64) -> String {
        words::text(self.0, key, &[("count", Value::Count(count))])
    }

    /// A sentence that was made elsewhere and has no marks, as HTML.
    pub(crate) fn plain(self, text: &str) -> Html {
        Html(escape(text))
    }

    /// A message without placeholders, as HTML.
    pub(crate) fn h(self, key: Key) -> Html {
        mark_up(&words::text(self.0, key, &[]))
    }

    /// A message as HTML, its placeholders filled with texts.
    pub(crate) fn rich(self, key: Key, values: &[(&str, &str)]) -> Html {
        let escaped: Vec<_> = values
            .iter()
            .map(|(name, value)| (*name, escape(value)))
            .collect();
        let values: Vec<_> = escaped
            .iter()
            .map(|(name, value)| (*name, Value::Text(value)))
            .collect();
        mark_up(&words::text(self.0, key, &values))
    }
}

/// An exact value: bold, never hyphenated or changed.
pub(crate) fn value(text: &str) -> Html {
    Html(format!("<b class=\"value\">{}</b>", address(text)))
}

/// An address that may break before its `@` and nowhere else.
pub(crate) fn address(address: &str) -> Html {
    Html(escape(address).replace('@', "<wbr>@"))
}

/// Characters that HTML or a mark would take for its own.
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '*' | '`' => out += &format!("&#{};", u32::from(c)),
            c => out.push(c),
        }
    }
    out
}

/// Turns the marks of a message into elements. The message itself has no character
/// that HTML knows (a test in `words`), and its values are escaped.
fn mark_up(text: &str) -> Html {
    let mut out = String::with_capacity(text.len() + 32);
    for (at, part) in text.split("**").enumerate() {
        out += if at == 0 {
            ""
        } else {
            ["</strong>", "<strong>"][at % 2]
        };
        for (at, part) in part.split('`').enumerate() {
            out += if at == 0 {
                ""
            } else {
                ["</b>", "<b class=\"value\">"][at % 2]
            };
            // An address is an exact value too, and the one place where it may break.
            out += &part.replace('@', "<wbr>@");
        }
    }
    Html(out)
}

#[cfg(test)]
mod tests {
    use words::keys as k;

    use super::*;

    #[test]
    fn marks_become_elements() {
        let html =
            Words(Language::English).rich(k::GUIDE_CHECK, &[("label", "Port"), ("value", "993")]);
        assert_eq!(
            html.0,
            "<strong>Port</strong>: check that it says <b class=\"value\">993</b>"
        );
    }

    #[test]
    fn a_value_has_no_marks_and_no_tags() {
        let value = "`</b><script>**\"x'&";
        let html =
            Words(Language::English).rich(k::GUIDE_CHECK, &[("label", "a"), ("value", value)]);
        assert!(
            !html.0.contains("<script") && html.0.ends_with("&#38;</b>"),
            "{html}"
        );
        assert_eq!(html.0.matches("<strong>").count(), 1);
    }

    #[test]
    fn an_address_breaks_before_its_at_only() {
        assert_eq!(address("a<@x.fr").0, "a&#60;<wbr>@x.fr");
    }
}
