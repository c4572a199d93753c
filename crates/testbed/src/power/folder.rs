//! The real folder that is the disk, before and after a power cut.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::{self, File as OpenFile, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::chance::Chance;
use super::disk::{Disk, Outcome};
use super::file::{self, File, Left, PAGE, Unseen};

/// Where a file is and what is known of it at a glance, by its number.
pub(crate) type Glance = HashMap<u64, (PathBuf, Metadata)>;

/// Everything in a folder and in those within.
pub(crate) fn glance(folder: &Path) -> Glance {
    let mut all = Glance::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let is = fs::metadata(&folder).unwrap();
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let is = entry.metadata().unwrap();
            if is.is_dir() {
                folders.push(entry.path());
            } else {
                all.insert(is.ino(), (entry.path(), is));
            }
        }
        all.insert(is.ino(), (folder, is));
    }
    all
}

/// Those in the attic, by the numbers that they have as names.
fn kept(attic: &Path) -> HashMap<u64, PathBuf> {
    let entries = fs::read_dir(attic).unwrap().map(Result::unwrap);
    let number = |name: &OsStr| name.to_str()?.parse().ok();
    entries
        .filter_map(|entry| Some((number(&entry.file_name())?, entry.path())))
        .collect()
}

/// Compares what the journal tells with what is there: whatever was changed past the shim
/// would be taken for durable, and the proof would prove nothing.
pub(crate) fn audit(
    disk: &Disk,
    folder: &Path,
    attic: &Path,
    before: &Glance,
) -> Result<(), Unseen> {
    let mut there = glance(folder);
    for (number, path) in kept(attic) {
        let is = fs::symlink_metadata(&path).unwrap();
        there.entry(number).or_insert((path, is));
    }
    for (number, (path, is)) in &there {
        let unseen = |what: &str| Err(Unseen(format!("{}: {what}", path.display())));
        match disk.files.get(number) {
            Some(file) => compare(file, path, is)?,
            None if !is.is_file() => {}
            None => match before.get(number) {
                Some((_, was)) if was.len() != is.len() => return unseen("another length"),
                Some((_, was)) if was.modified().unwrap() != is.modified().unwrap() => {
                    return unseen("another time");
                }
                None if is.len() > 0 => return unseen("not there before"),
                _ => {}
            },
        }
    }
    if disk.cut {
        audit_names(disk, folder, &there)
    } else {
        Ok(())
    }
}

fn compare(file: &File, path: &Path, is: &Metadata) -> Result<(), Unseen> {
    let unseen = |what: String| Err(Unseen(format!("{}: {what}", path.display())));
    if file.mapped && !path.to_string_lossy().ends_with("-shm") {
        return unseen("mapped into memory to be written to".to_owned());
    }
    if file.mapped || file.unfinished {
        return Ok(());
    }
    if is.len() != file.length() {
        return unseen(format!("{} octets instead of {}", is.len(), file.length()));
    }
    let open = OpenFile::open(path).unwrap();
    for (page, hash) in file.seen() {
        let mut content = vec![0; PAGE as usize];
        let from = page * PAGE;
        let octets = is.len().saturating_sub(from).min(PAGE) as usize;
        open.read_exact_at(&mut content[..octets], from).unwrap();
        if file::hash(&content) != *hash {
            return unseen(format!("page {page} is not as it was left"));
        }
    }
    Ok(())
}

/// Every name that was changed is as it was left.
fn audit_names(disk: &Disk, folder: &Path, there: &Glance) -> Result<(), Unseen> {
    for (number, names) in disk.names.now() {
        let Some((path, _)) = there
            .get(&number)
            .filter(|(path, _)| path.starts_with(folder))
        else {
            continue;
        };
        for (name, target) in names {
            let path = path.join(OsStr::from_bytes(&name));
            let is = fs::symlink_metadata(&path).ok().map(|is| is.ino());
            if is != target {
                let path = path.display();
                return Err(Unseen(format!("{path} is {is:?} and not {target:?}")));
            }
        }
    }
    Ok(())
}

/// Leaves of the disk what is decided. Everything that was mapped loses what it may.
pub(crate) fn settle(
    outcome: &Outcome,
    disk: &Disk,
    chance: &mut Chance,
    folder: &Path,
    attic: &Path,
) {
    let mut places = kept(attic);
    for (number, (path, _)) in glance(folder) {
        places.insert(number, path);
    }
    for (number, left) in &outcome.files {
        if let Some(path) = places.get(number) {
            write(path, left);
        }
    }
    let mapped = disk.files.iter().filter(|(_, file)| file.mapped);
    for path in mapped.filter_map(|(number, _)| places.get(number)) {
        spoil(chance, path);
    }
    // Whatever had a changed name is taken out; then each name gets what it stands for.
    for (number, names) in &outcome.names {
        for name in names.keys() {
            if let Some(path) = places.get(number) {
                let path = path.join(OsStr::from_bytes(name));
                take_out(&path, attic, &mut places);
            }
        }
    }
    let root = fs::metadata(folder).unwrap().ino();
    place(outcome, &mut places, root, folder);
    fs::remove_dir_all(attic).unwrap();
    fs::create_dir(attic).unwrap();
}

/// Takes a file, or a folder with all in it, out of where it is.
fn take_out(path: &Path, attic: &Path, places: &mut HashMap<u64, PathBuf>) {
    let Ok(is) = fs::symlink_metadata(path) else {
        return;
    };
    let aside = attic.join(format!("taken-{}", is.ino()));
    fs::rename(path, &aside).unwrap();
    // Of two links to one file that are renamed to each other, both stay.
    let _ = fs::remove_file(path);
    for place in places.values_mut() {
        if place == path {
            place.clone_from(&aside);
        } else if let Ok(within) = place.strip_prefix(path) {
            *place = aside.join(within);
        }
    }
}

/// Gives the folder with this number, which is at `path`, the names that are decided; then
/// those within.
fn place(outcome: &Outcome, places: &mut HashMap<u64, PathBuf>, number: u64, path: &Path) {
    let mut within: BTreeMap<PathBuf, u64> = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            within.insert(entry.path(), entry.metadata().unwrap().ino());
        }
    }
    for (name, target) in outcome.names.get(&number).into_iter().flatten() {
        let Some(target) = target else { continue };
        let path = path.join(OsStr::from_bytes(name));
        let from = places[target].clone();
        if from.is_dir() {
            fs::rename(from, &path).unwrap();
            within.insert(path.clone(), *target);
            places.insert(*target, path);
        } else {
            fs::hard_link(from, &path).unwrap();
        }
    }
    for (path, number) in within {
        place(outcome, places, number, &path);
    }
}

fn write(path: &Path, left: &Left) {
    let file = OpenFile::options().write(true).open(path).unwrap();
    for (page, content) in &left.pages {
        file.write_all_at(content, page * PAGE).unwrap();
    }
    file.set_len(left.length).unwrap();
}

/// A file that was written to through memory: any page may be lost, or all, or the end.
fn spoil(chance: &mut Chance, path: &Path) {
    let file = OpenFile::options().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    if chance.happens(50) {
        for page in 0..length.div_ceil(PAGE) {
            if chance.happens(50) {
                file.write_all_at(&vec![0; PAGE as usize], page * PAGE)
                    .unwrap();
            }
        }
    }
    let end = if chance.happens(50) {
        length
    } else {
        chance.between(0, length)
    };
    file.set_len(end).unwrap();
}
