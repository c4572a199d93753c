//! The shim and what judges by its journal, shown on a program whose every step is known:
//! what was synced is there whatever the chance, and what was not goes in every way that a
//! disk has.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use testbed::power::{Bench, EXIT_CUT, Lies, Manner, Names, PAGE, Tails, Unseen, When};

const STRICT: Manner = Manner {
    tails: Tails::Holes,
    names: Names::Apart,
};

/// The content of each file, by its path in the folder; of a folder, none.
type Content = BTreeMap<String, Option<Vec<u8>>>;

fn content(folder: &Path) -> Content {
    let mut content = Content::new();
    // It may itself be lost.
    let mut folders = Vec::from_iter(folder.is_dir().then(|| folder.to_owned()));
    while let Some(within) = folders.pop() {
        for entry in fs::read_dir(within).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(folder)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if path.is_dir() {
                content.insert(name, None);
                folders.push(path);
            } else {
                content.insert(name, Some(fs::read(path).unwrap()));
            }
        }
    }
    content
}

fn program(steps: &str, disk: &Path, times: usize) -> Command {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/power/program.py");
    let mut program = Command::new("python3");
    program.args(["-B", "-S", script, steps]).arg(disk);
    program.arg(times.to_string());
    program
}

/// Takes the steps in folders of their own, then cuts the power once for all. Gives what is
/// left of each.
fn cuts(steps: &str, manner: Manner) -> Vec<Content> {
    // What chance leaves out of forty it has left out once; of eighty it does not.
    const TIMES: usize = 80;
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(folder.path());
    let mut program = program(steps, &bench.disk, TIMES);
    bench.put_before(&mut program, When::Never);
    assert!(program.status().unwrap().success());
    bench.settle(1, manner).unwrap();
    let each = (0..TIMES).map(|time| content(&bench.disk.join(time.to_string())));
    each.collect()
}

/// How often each was left.
fn counted<T: Ord>(all: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counted = BTreeMap::new();
    for one in all {
        *counted.entry(one).or_default() += 1;
    }
    counted
}

/// What a page consists of: `a`, `b`, `.` for zeros, or `?` for several of them.
fn letter(page: &[u8]) -> char {
    let first = page[0];
    match first {
        _ if page.iter().any(|octet| *octet != first) => '?',
        0 => '.',
        letter => letter.into(),
    }
}

#[test]
fn whatever_was_synced_stays() {
    for manner in [
        STRICT,
        Manner {
            tails: Tails::Cut,
            names: Names::ByFolder,
        },
    ] {
        for content in cuts("synced", manner) {
            assert_eq!(content.len(), 8, "{:?}", content.keys());
            for (name, octets) in content.iter().filter(|(name, _)| *name != "deep") {
                assert_eq!(octets.as_deref(), Some(&[b'a'; 9000][..]), "{name}");
            }
        }
    }
}

#[test]
fn pages_that_were_not_synced_go_in_every_way() {
    for tails in [Tails::Cut, Tails::Holes, Tails::Noted] {
        let manner = Manner {
            tails,
            names: Names::Apart,
        };
        let mut seen = [BTreeSet::new(), BTreeSet::new()];
        let mut lengths = BTreeSet::new();
        let mut later = BTreeSet::new();
        for content in cuts("pages", manner) {
            let pages = content["pages"].as_ref().unwrap();
            assert!((10 * PAGE..=20 * PAGE).contains(&(pages.len() as u64)));
            let letters: String = pages.chunks(PAGE as usize).map(letter).collect();
            // What was durable and not touched again.
            assert_eq!(&letters[5..10], "aaaaa");
            seen[0].extend(letters[..5].chars());
            seen[1].extend(letters[10..].chars());
            lengths.insert(pages.len());
            later.insert(
                content
                    .get("later")
                    .map(|later| later.as_ref().unwrap().len()),
            );
        }
        assert_eq!(seen[0], BTreeSet::from(['a', 'b', '?']), "{tails:?}");
        assert!(lengths.contains(&(10 * PAGE as usize)) && lengths.contains(&(20 * PAGE as usize)));
        match tails {
            Tails::Cut | Tails::Noted => {
                assert_eq!(seen[1], BTreeSet::from(['b']));
                assert!(lengths.len() > 10 && lengths.iter().any(|octets| octets % 512 != 0));
                assert!(later.len() > 3, "{later:?}");
            }
            Tails::Holes => {
                assert_eq!(seen[1], BTreeSet::from(['b', '.', '?']));
                // Each was the length once.
                assert!(
                    lengths
                        .iter()
                        .all(|octets| (*octets as u64).is_multiple_of(PAGE))
                );
                assert_eq!(later, BTreeSet::from([None, Some(0), Some(100)]));
            }
        }
    }
}

#[test]
fn a_name_stays_once_its_folder_is_synced() {
    let one = |content: &Content, name: &str| content.get(name).cloned().map(Option::unwrap);
    let all = cuts("renamed", STRICT);
    assert!(
        all.iter()
            .all(|content| one(content, "one").unwrap() == b"new")
    );
    let two = counted(
        all.iter()
            .map(|content| (one(content, "two").unwrap(), one(content, "new"))),
    );
    // The rename did not happen, the new file being there yet or not; or it did.
    let old = || b"old".to_vec();
    let new = || b"new".to_vec();
    let possible = [(old(), None), (old(), Some(new())), (new(), None)];
    assert_eq!(
        two.keys().cloned().collect::<BTreeSet<_>>(),
        possible.into()
    );
}

#[test]
fn what_was_removed_comes_back_unless_the_folder_was_synced() {
    let all = cuts("removed", STRICT);
    assert!(all.iter().all(|content| !content.contains_key("gone")));
    for name in ["back", "folder", "made"] {
        let there = counted(all.iter().map(|content| content.contains_key(name)));
        assert_eq!(there.len(), 2, "{name}: {there:?}");
    }
    for content in &all {
        if let Some(back) = content.get("back") {
            assert_eq!(back.as_deref(), Some(&[b'a'; 9000][..]));
        }
        // A folder that is lost takes with it what was durable within.
        assert_eq!(
            content.contains_key("made"),
            content.contains_key("made/file")
        );
    }
}

#[test]
fn what_was_emptied_holds_old_or_new_and_no_mixture() {
    for tails in [Tails::Cut, Tails::Holes] {
        let all = cuts(
            "emptied",
            Manner {
                tails,
                names: Names::Apart,
            },
        );
        for name in ["truncated", "opened"] {
            let seen = all.iter().map(|content| content[name].as_ref().unwrap());
            let kinds = counted(seen.map(|octets| match octets.len() {
                9000 => {
                    assert!(octets.iter().all(|octet| *octet == b'a'));
                    "old"
                }
                length => {
                    assert!(length <= 5000 && !octets.contains(&b'a'));
                    if octets.iter().all(|octet| *octet == b'b') {
                        "new"
                    } else {
                        "holes"
                    }
                }
            }));
            assert!(
                kinds.contains_key("old") && kinds.contains_key("new"),
                "{kinds:?}"
            );
            assert_eq!(
                kinds.contains_key("holes"),
                tails == Tails::Holes,
                "{kinds:?}"
            );
        }
    }
}

#[test]
fn a_length_that_was_set_may_end_anywhere_or_be_noted_in_one_piece() {
    let left = |tails| {
        let names = Names::Apart;
        let all = cuts("lengthened", Manner { tails, names });
        let pages = all.into_iter().map(|mut content| content.remove("pages"));
        pages
            .map(|pages| pages.unwrap().unwrap())
            .collect::<Vec<_>>()
    };
    let is_between = |pages: &Vec<u8>| {
        let octets = pages.len() as u64;
        (10 * PAGE + 1..20 * PAGE).contains(&octets)
    };
    assert!(left(Tails::Cut).iter().any(is_between));
    let noted = left(Tails::Noted);
    assert!(!noted.iter().any(is_between));
    let mut seen = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    let mut appended = BTreeSet::new();
    for pages in &noted {
        let letters: String = pages.chunks(PAGE as usize).map(letter).collect();
        for (seen, part) in seen.iter_mut().zip([0..10, 10..15, 15..20]) {
            seen.extend(letters.get(part).unwrap_or_default().chars());
        }
        appended.extend(letters.get(20..).unwrap_or_default().chars());
    }
    // Within the length that was set it is there or not; behind it as far as it goes.
    let [old, written, untouched] = seen;
    assert_eq!(old, BTreeSet::from(['a']));
    assert_eq!(written, BTreeSet::from(['b', '.', '?']));
    assert_eq!(untouched, BTreeSet::from(['.']));
    assert_eq!(appended, BTreeSet::from(['c']));
}

#[test]
fn names_come_in_order_in_any_order_or_by_any_sync() {
    let left = |names| {
        let all = cuts(
            "in_order",
            Manner {
                tails: Tails::Cut,
                names,
            },
        );
        let has = |content: &Content| ["first", "second"].map(|name| content.contains_key(name));
        counted(all.iter().map(has)).into_keys().collect::<Vec<_>>()
    };
    let (none, first, second, both) = ([false, false], [true, false], [false, true], [true, true]);
    assert_eq!(left(Names::ByFolder), [none, first, both]);
    assert_eq!(left(Names::Apart), [none, second, first, both]);
    assert_eq!(left(Names::ByAnySync), [both]);
}

#[test]
fn what_goes_past_the_shim_is_found_out() {
    for (steps, what) in [
        ("past", "page 0 is not as it was left"),
        ("past_old", "another length"),
        ("mapped", "mapped into memory"),
        ("linked", "symlink can't be followed"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(folder.path());
        fs::create_dir(bench.disk.join("0")).unwrap();
        fs::write(bench.disk.join("0/there"), "here").unwrap();
        let mut program = program(steps, &bench.disk, 1);
        bench.put_before(&mut program, When::Never);
        assert!(program.status().unwrap().success());
        let Unseen(found) = bench.settle(1, STRICT).unwrap_err();
        assert!(found.contains(what), "{steps}: {found}");
    }
}

#[test]
fn the_disk_can_be_put_back_to_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(folder.path());
    for steps in ["removed", "synced", "emptied", "renamed"] {
        let before = content(&bench.disk);
        let mut command = program(steps, &bench.disk, 1);
        bench.put_before(&mut command, When::Never);
        assert!(command.status().unwrap().success());
        assert!(content(&bench.disk) != before, "{steps}");
        bench.put_back();
        assert!(content(&bench.disk) == before, "{steps}");
        // For the next steps to find.
        assert!(program("pages", &bench.disk, 2).status().unwrap().success());
    }
}

/// Lets threads write and tell what is durable until the power is cut; gives how many lines
/// were told of and are not there, and how many were told.
fn told_and_lost(seed: u64, when: When, lies: Lies) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(folder.path());
    bench.lie(lies);
    let mut program = program("for_ever", &bench.disk, 1);
    bench.put_before(&mut program, when);
    let done = program.stdout(Stdio::piped()).output().unwrap();
    assert_eq!(
        done.status.code(),
        Some(EXIT_CUT),
        "{:?}",
        done.status.signal()
    );
    let manner = Manner {
        tails: if seed.is_multiple_of(2) {
            Tails::Cut
        } else {
            Tails::Holes
        },
        names: Names::Apart,
    };
    bench.settle(seed, manner).unwrap();
    let there = content(&bench.disk.join("0"));
    let told = String::from_utf8(done.stdout).unwrap();
    let is_lost = |line: &&str| {
        let (name, count) = line.split_once(' ').unwrap();
        let count: usize = count.parse().unwrap();
        let octets = there.get(name).cloned().flatten().unwrap_or_default();
        octets.get(count * 8..count * 8 + 8) != Some(format!("{count:07}\n").as_bytes())
    };
    (told.lines().filter(is_lost).count(), told.lines().count())
}

#[test]
fn no_cut_takes_what_was_told_to_be_durable() {
    let mut told = 0;
    for seed in 0..16 {
        let when = if seed % 2 == 0 {
            When::AtWrite(20 + seed * 10)
        } else {
            When::InSync(10 + seed * 10, seed * 50)
        };
        let (lost, lines) = told_and_lost(seed, when, Lies::None);
        assert_eq!(lost, 0, "seed {seed}");
        told += lines;
    }
    assert!(told > 500, "{told}");
}

#[test]
fn a_disk_that_lies_is_found_out() {
    let lost = |seed| told_and_lost(seed, When::AtWrite(60), Lies::All).0;
    assert!((0..6).filter(|seed| lost(*seed) > 0).count() > 2);
}
