//! Which lines of a transcript an update keeps.

use crate::pattern::{Names, Pattern};

/// For each line that a server said: the expected one that it is, by its place, or
/// none if it is new. `names` gains what the kept lines remember.
///
/// It keeps as many as it can, in order (a longest common subsequence), so that one
/// new line in the middle does not cost the wildcards below it.
pub(crate) fn keep(
    expected: &[&Pattern],
    said: &[Vec<u8>],
    names: &mut Names,
) -> Vec<Option<usize>> {
    let table = Table::of(expected, said, names);
    let (mut row, mut column) = (0, 0);
    let mut kept = Vec::new();
    while let Some(line) = said.get(column) {
        match expected.get(row) {
            Some(pattern) if table.same(row, column) && pattern.matches(line, names) => {
                kept.push(Some(row));
                (row, column) = (row + 1, column + 1);
            }
            Some(_) if table.longest(row + 1, column) >= table.longest(row, column + 1) => row += 1,
            _ => {
                kept.push(None);
                column += 1;
            }
        }
    }
    kept
}

/// For each pair of places: whether they match, and how many of the lines from there
/// on can be kept.
struct Table {
    width: usize,
    cells: Vec<(bool, usize)>,
}

impl Table {
    fn of(expected: &[&Pattern], said: &[Vec<u8>], names: &Names) -> Table {
        let width = said.len() + 1;
        let mut table = Table {
            width,
            cells: vec![(false, 0); width * (expected.len() + 1)],
        };
        for (row, pattern) in expected.iter().enumerate().rev() {
            for (column, line) in said.iter().enumerate().rev() {
                let same = pattern.matches(line, &mut names.clone());
                let longest = if same {
                    table.longest(row + 1, column + 1) + 1
                } else {
                    table
                        .longest(row + 1, column)
                        .max(table.longest(row, column + 1))
                };
                if let Some(cell) = table.cells.get_mut(row * width + column) {
                    *cell = (same, longest);
                }
            }
        }
        table
    }

    fn cell(&self, row: usize, column: usize) -> (bool, usize) {
        self.cells
            .get(row * self.width + column)
            .copied()
            .unwrap_or_default()
    }

    fn same(&self, row: usize, column: usize) -> bool {
        self.cell(row, column).0
    }

    fn longest(&self, row: usize, column: usize) -> usize {
        self.cell(row, column).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(expected: &[&str], said: &[&str]) -> Vec<Option<usize>> {
        let patterns: Vec<_> = expected.iter().map(|text| Pattern::read(text)).collect();
        let expected: Vec<_> = patterns.iter().collect();
        let said: Vec<_> = said
            .iter()
            .map(|line| format!("{line}\r\n").into_bytes())
            .collect();
        keep(&expected, &said, &mut Names::new())
    }

    #[test]
    fn wildcards_that_match_are_kept_around_what_is_new() {
        let kept = kept(
            &["220 {*}", "250-{*}", "250 SIZE {*}"],
            &[
                "220 mail ESMTP",
                "250-mail",
                "250-STARTTLS",
                "250 SIZE 1000",
            ],
        );
        assert_eq!(kept, [Some(0), Some(1), None, Some(2)]);
    }

    #[test]
    fn what_is_gone_goes_and_what_differs_is_new() {
        assert_eq!(
            kept(&["a", "b", "c {*}"], &["a", "c 1"]),
            [Some(0), Some(2)]
        );
        assert_eq!(kept(&["a", "b"], &["x", "b"]), [None, Some(1)]);
        assert_eq!(kept(&[], &["new"]), [None]);
        assert!(kept(&["old"], &[]).is_empty());
    }
}
