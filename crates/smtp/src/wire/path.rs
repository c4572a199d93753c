//! The addresses in MAIL and RCPT. RFC 5321 sections 4.1.1.2, 4.1.1.3 and 4.1.2.

use address::{Address, ReversePath};

use crate::question::ForwardPath;

/// Cuts `<path> rest` into the two. A `>` in a quoted local part is no end.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    let (mut quoted, mut escaped) = (false, false);
    let end = inside.find(|c| {
        let was_escaped = std::mem::take(&mut escaped);
        match c {
            _ if was_escaped => false,
            '\\' if quoted => {
                escaped = true;
                false
            }
            '"' => {
                quoted = !quoted;
                false
            }
            '>' => !quoted,
            _ => false,
        }
    })?;
    let (path, rest) = inside.split_at(end);
    let rest = rest.strip_prefix('>')?;
    (rest.is_empty() || rest.starts_with(' ')).then_some((path, rest))
}

/// The sender; empty is nobody.
pub(super) fn reverse(path: &str) -> Option<ReversePath> {
    match path {
        "" => Some(ReversePath::Null),
        path => without_route(path)?.parse().ok().map(ReversePath::Address),
    }
}

/// A recipient. Only postmaster needs no domain.
pub(super) fn forward(path: &str) -> Option<ForwardPath> {
    if path.eq_ignore_ascii_case("postmaster") {
        return Some(ForwardPath::Postmaster);
    }
    without_route(path)?
        .parse::<Address>()
        .ok()
        .map(ForwardPath::Address)
}

/// Leaves out a source route, `@a,@b:`, as RFC 5321 section 4.1.1.3 and appendix C tell
/// us to.
fn without_route(path: &str) -> Option<&str> {
    if path.starts_with('@') {
        path.split_once(':').map(|(_, mailbox)| mailbox)
    } else {
        Some(path)
    }
}
