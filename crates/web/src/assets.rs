//! The files that pages refer to: style sheet, fonts, icon. Served from the binary
//! under names that change with their content, so a browser may keep them for ever.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::paths;

/// A file as it is served.
struct Asset {
    url: String,
    tag: String,
    kind: &'static str,
    bytes: Bytes,
}

/// What a browser may do with a file whose name holds its hash. RFC 8246.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

static REGULAR: LazyLock<Asset> = LazyLock::new(|| {
    asset(
        "b612-regular",
        "woff2",
        include_bytes!("../assets/b612-regular.woff2").as_slice(),
    )
});
static BOLD: LazyLock<Asset> = LazyLock::new(|| {
    asset(
        "b612-bold",
        "woff2",
        include_bytes!("../assets/b612-bold.woff2").as_slice(),
    )
});
static ICON: LazyLock<Asset> = LazyLock::new(|| {
    asset(
        "mark",
        "svg",
        include_bytes!("../assets/mark.svg").as_slice(),
    )
});
static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let css = shorten(include_str!("../assets/facteur.css"));
    let css = css
        .replace("b612-regular.woff2", &REGULAR.url)
        .replace("b612-bold.woff2", &BOLD.url);
    asset("facteur", "css", css.into_bytes())
});

/// Where each file is found, for the pages.
#[derive(Clone, Copy)]
pub(crate) struct Urls;

impl Urls {
    pub(crate) fn style(self) -> &'static str {
        &STYLE.url
    }

    pub(crate) fn regular(self) -> &'static str {
        &REGULAR.url
    }

    pub(crate) fn bold(self) -> &'static str {
        &BOLD.url
    }

    pub(crate) fn icon(self) -> &'static str {
        &ICON.url
    }
}

fn asset(stem: &str, extension: &str, bytes: impl Into<Bytes>) -> Asset {
    let bytes = bytes.into();
    // 64 bits tell two versions of our own file apart.
    let hash = &blake3::hash(&bytes).to_hex()[..16];
    let kind = match extension {
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "font/woff2",
    };
    let name = format!("{stem}.{hash}.{extension}");
    Asset {
        url: paths::STATIC.replace("{name}", &name),
        tag: format!("\"{hash}\""),
        kind,
        bytes,
    }
}

/// Takes out of a style sheet of ours what only people read: comments, and the spaces
/// around its punctuation.
fn shorten(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    for (at, part) in css.split("/*").enumerate() {
        let kept = if at == 0 {
            part
        } else {
            part.split_once("*/").map_or("", |(_, rest)| rest)
        };
        for word in kept.split_whitespace() {
            let joined = out.ends_with(['{', '}', ';', ':', ',']) || word.starts_with(['{', '}']);
            if !out.is_empty() && !joined {
                out.push(' ');
            }
            out += word;
        }
    }
    out.replace(";}", "}")
}

/// Answers for one file; what has no such name is not found.
pub(crate) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let url = paths::STATIC.replace("{name}", &name);
    let all = [&*STYLE, &*REGULAR, &*BOLD, &*ICON];
    let Some(asset) = all.into_iter().find(|asset| asset.url == url) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let about = [(ETAG, asset.tag.as_str()), (CACHE_CONTROL, FOR_EVER)];
    if headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|known| names(known.to_str().unwrap_or(""), &asset.tag))
    {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(CONTENT_TYPE, asset.kind)], asset.bytes.clone()).into_response()
}

/// Whether an `If-None-Match` field names this tag. RFC 9110 section 13.1.2.
fn names(field: &str, tag: &str) -> bool {
    field.trim() == "*"
        || field
            .split(',')
            .any(|one| one.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_people_read_goes() {
        let css =
            "/* a */\na b, c {\n  d: e f; /* g */\n}\n@media (h: 1px) and (i: 2px) { j { k: l } }";
        assert_eq!(
            shorten(css),
            "a b,c{d:e f}@media (h:1px) and (i:2px){j{k:l}}"
        );
    }

    #[test]
    fn tags_are_compared_weakly() {
        assert!(
            names("\"a\", W/\"b\"", "\"b\"") && names("*", "\"b\"") && !names("\"a\"", "\"b\"")
        );
    }

    #[test]
    fn the_style_sheet_names_the_fonts_that_are_served() {
        let css = String::from_utf8(STYLE.bytes.to_vec()).unwrap();
        assert!(css.contains(&REGULAR.url) && css.contains(&BOLD.url));
    }
}
