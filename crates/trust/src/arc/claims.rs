//! What somebody says that he found out about a message. RFC 8601 section 2.2.

/// The domain in `From` for which this says that DMARC passed, lower case; none where it
/// does not say so, or not for whom.
pub(super) fn says_dmarc_passed(value: &[u8]) -> Option<String> {
    let text = plain(value);
    let mut passed = text.split(';').filter_map(|part| {
        let mut words = part.split(' ').filter(|word| !word.is_empty());
        (words.next() == Some("dmarc=pass")).then_some(())?;
        let domain = words.find_map(|word| word.strip_prefix("header.from="))?;
        Some(domain.to_owned())
    });
    let domain = passed.next()?;
    // Who says two things has said nothing.
    passed.next().is_none().then_some(domain)
}

/// The text without comments, quotes and the white space around equals signs, lower case.
/// What stands in quotes can't look like a word of its own.
fn plain(value: &[u8]) -> String {
    let mut plain = String::new();
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for octet in value {
        let letter = char::from(*octet).to_ascii_lowercase();
        match letter {
            _ if std::mem::take(&mut escaped) => {}
            '\\' => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth = depth.saturating_add(1),
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ';' | ' ' | '=' if quoted => plain.push('?'),
            c if c.is_ascii_whitespace() => push_space(&mut plain),
            '=' => {
                let kept = plain.trim_end_matches(' ').len();
                plain.truncate(kept);
                plain.push('=');
            }
            c => plain.push(c),
        }
    }
    plain
}

fn push_space(plain: &mut String) {
    if !plain.ends_with(['=', ' ']) {
        plain.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Option<String> {
        says_dmarc_passed(text.as_bytes())
    }

    #[test]
    fn what_is_said_is_read_whatever_stands_between() {
        for text in [
            "i=1; mx.test; spf=pass smtp.mailfrom=a@b.test;\r\n\tdmarc=pass (p=none) header.from=B.Test",
            "i=1;mx;dmarc = pass (a (b) ; dmarc=fail) policy.x=y header.from = \"b.test\";",
        ] {
            assert_eq!(says(text), Some("b.test".to_owned()), "{text}");
        }
    }

    #[test]
    fn what_only_looks_so_is_not_said() {
        for text in [
            "",
            "i=1; mx.test; dmarc=fail header.from=b.test",
            "i=1; mx.test; (dmarc=pass header.from=b.test)",
            "i=1; mx.test; spf=pass smtp.mailfrom=\"x; dmarc=pass header.from=b.test\"",
            "i=1; mx.test; x=\"\\\"; dmarc=pass header.from=b.test\"",
            "i=1; mx.test; dmarc=pass",
            "i=1; mx.test; dmarc=pass header.from=b.test; dmarc=pass header.from=c.test",
            "i=1; mx.test; xdmarc=pass header.from=b.test",
        ] {
            assert_eq!(says(text), None, "{text}");
        }
    }
}
