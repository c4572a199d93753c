//! Parts of a page that are made from the source.

use std::path::Path;
use std::{env, fs};

use crate::check::UPDATE;

/// Compares the part of a page between `<!-- NAME -->` and `<!-- end of NAME -->` with what
/// was made of the source, or writes it anew if `UPDATE=1` is in the environment.
///
/// # Panics
/// When they differ, or the page has no such part.
#[expect(
    clippy::unwrap_used,
    reason = "what is wrong with a page is for whoever tests"
)]
pub fn part_of_page(page: &Path, name: &str, made: &str) {
    let text = fs::read_to_string(page).unwrap();
    let (begin, end) = (
        format!("<!-- {name} -->\n"),
        format!("<!-- end of {name} -->\n"),
    );
    let (above, rest) = text.split_once(&begin).unwrap();
    let (part, below) = rest.split_once(&end).unwrap();
    if env::var_os(UPDATE).is_some_and(|value| value == "1") {
        fs::write(page, format!("{above}{begin}{made}{end}{below}")).unwrap();
    } else {
        assert_eq!(part, made, "{}: UPDATE=1 writes it anew", page.display());
    }
}
