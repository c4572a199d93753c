//! The journal that the shim writes, record by record.

use std::path::Path;

/// What happened, in the order in which it did.
#[derive(Debug, PartialEq)]
pub(crate) enum Record<'a> {
    /// Octets are about to be written to a file that has `length` so far. `before` is what
    /// their pages hold, as far as the file goes.
    Write {
        file: u64,
        at: u64,
        length: u64,
        before: &'a [u8],
        octets: &'a [u8],
    },
    /// A file is about to get another length; `before` is what is cut off, with the
    /// beginning of its first page.
    Length {
        file: u64,
        length: u64,
        was: u64,
        before: &'a [u8],
    },
    /// What was about to happen did: so many octets were written (for a length, 1).
    Done { octets: u64 },
    /// A sync begins: of a file or folder, or (0) of all.
    Sync { of: u64, ticket: u64 },
    /// It ended, well or not.
    Synced { ticket: u64, well: bool },
    /// A name in a folder stands for another file now, or for none. All changes with one
    /// ticket happened at once.
    Name {
        folder: u64,
        name: &'a [u8],
        before: Option<u64>,
        after: Option<u64>,
        ticket: u64,
    },
    /// A file may be written to in ways that nobody sees.
    Mapped { file: u64 },
    /// Something was done that can't be followed.
    Strange { what: String },
    /// The power was cut.
    Cut,
}

/// Words of a record's head.
const HEAD: usize = 7;

/// All whole records. The last may be missing its end if the program was killed: then what
/// it tells of had not happened yet.
pub(crate) fn read(octets: &[u8]) -> Vec<Record<'_>> {
    let mut records = Vec::new();
    let mut rest = octets;
    while let Some((record, after)) = next(rest) {
        records.push(record);
        rest = after;
    }
    records
}

pub(crate) fn file(side: &Path) -> Vec<u8> {
    std::fs::read(side.join("journal")).unwrap_or_default()
}

fn next(octets: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let (head, rest) = octets.split_at_checked(HEAD * 8)?;
    let word = |at: usize| u64::from_ne_bytes(head[at * 8..at * 8 + 8].try_into().unwrap());
    let [kind, file, at, length, ticket, first, second] = std::array::from_fn(word);
    let (first, rest) = rest.split_at_checked(first as usize)?;
    let (second, rest) = rest.split_at_checked(second as usize)?;
    let inode = |number: u64| (number != 0).then_some(number);
    let record = match kind {
        1 => Record::Write {
            file,
            at,
            length,
            before: first,
            octets: second,
        },
        2 => Record::Length {
            file,
            length: at,
            was: length,
            before: first,
        },
        3 => Record::Done { octets: at },
        4 => Record::Sync { of: file, ticket },
        5 => Record::Synced {
            ticket,
            well: at == 1,
        },
        6 => Record::Name {
            folder: file,
            name: first,
            before: inode(at),
            after: inode(length),
            ticket,
        },
        7 => Record::Mapped { file },
        8 => Record::Strange {
            what: String::from_utf8_lossy(first).into_owned(),
        },
        9 => Record::Cut,
        other => Record::Strange {
            what: format!("a record of kind {other}"),
        },
    };
    Some((record, rest))
}
