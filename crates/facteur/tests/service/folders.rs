//! A data folder kept from the end of each issue is opened by every later binary.
//!
//! The kept ones stand in `tests/folders`, which says how one is made. What is put into
//! one, and how it is looked at, is in `folders/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::common::{Facteur, scripts};

/// What a folder keeps: the index, the bodies and the configuration. The certificates are
/// those of the service that opens it, so that no key stands in the repository.
const KEPT: [&str; 3] = ["index", "bodies", "facteur.toml"];
/// The kept folder, packed.
const PACKED: &str = "data.tar.gz";
/// What must be found in it.
const FOUND: &str = "found.json";

fn run(command: &mut Command) -> Output {
    let done = command.output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}\n{errors}");
    done
}

/// Makes a folder that holds some of everything, with today's binary, and packs it.
fn keep(to: &Path) {
    let mut facteur = Facteur::start();
    let found = run(scripts("folders").arg("make").arg(facteur.setting())).stdout;
    // The log then holds a copy of the index, too.
    run(&mut facteur.facteur(&["store", "compact"]));
    assert!(facteur.stop().success());
    fs::write(to.join(FOUND), found).unwrap();
    let mut pack = Command::new("tar");
    pack.args(["--create", "--gzip", "--sort=name", "--mtime=@0"]);
    pack.args(["--owner=0", "--group=0", "--numeric-owner", "--file"]);
    pack.arg(to.join(PACKED));
    run(pack.arg("--directory").arg(facteur.data()).args(KEPT));
}

/// A service that is not running and has the kept data.
fn unpacked(kept: &Path) -> Facteur {
    let mut facteur = Facteur::start();
    assert!(facteur.stop().success());
    for name in ["index", "bodies"] {
        fs::remove_dir_all(facteur.data().join(name)).unwrap();
    }
    let mut unpack = Command::new("tar");
    unpack.args(["--extract", "--gzip", "--no-same-owner", "--file"]);
    unpack.arg(kept.join(PACKED));
    run(unpack.arg("--directory").arg(facteur.data()));
    facteur
}

/// Opens a copy of a kept folder, and finds in it what was found when it was kept.
fn open(kept: &Path) {
    let mut facteur = unpacked(kept);
    facteur.kill_and_restart();
    let mut check = scripts("folders");
    check.arg("check").arg(facteur.setting());
    run(check.arg(kept.join(FOUND)));
    assert!(facteur.stop().success());
}

/// Keeps a folder of today, and opens it. Where `KEEP_FOLDER` names an issue, the folder
/// is kept in the repository under that name.
#[test]
fn a_folder_kept_today_is_opened_today() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path());
    open(folder.path());
    if let Some(name) = std::env::var_os("KEEP_FOLDER") {
        let kept = folders().join(name);
        fs::create_dir_all(&kept).unwrap();
        for file in [PACKED, FOUND] {
            fs::copy(folder.path().join(file), kept.join(file)).unwrap();
        }
    }
}

#[test]
fn every_kept_folder_is_opened() {
    let entries = fs::read_dir(folders()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut kept: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    kept.sort();
    assert_eq!(kept.first(), Some(&folders().join("issue-2")));
    for folder in kept {
        println!("opening {}", folder.display());
        open(&folder);
    }
}

/// Where the kept folders are.
fn folders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/folders")
}

/// All files with what is in them, in order.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|one| one.unwrap().path()));
        } else {
            files.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn a_folder_of_a_newer_version_is_refused_in_words_and_left_alone() {
    let mut facteur = Facteur::start();
    assert!(facteur.stop().success());
    for part in ["index", "bodies"] {
        let path = facteur.data().join(part).join("FORMAT");
        let ours = fs::read_to_string(&path).unwrap();
        let (name, number) = ours.trim_end().rsplit_once(' ').unwrap();
        let number: u32 = number.parse().unwrap();
        fs::write(&path, format!("{name} {}\n", number + 1)).unwrap();
        let before = contents(&facteur.data());
        for verb in [&["serve"][..], &["account", "list"], &["quickstart"]] {
            let mut command = facteur.facteur(verb);
            command.env("FACTEUR_PORT_BASE", facteur.base.to_string());
            let done = command.output().unwrap();
            let said = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.code(), Some(1), "{verb:?}: {said}");
            let words = format!(
                "has format {}; this program knows up to {number}",
                number + 1
            );
            assert!(said.contains(&words), "{verb:?}: {said}");
        }
        assert!(contents(&facteur.data()) == before);
        fs::write(&path, ours).unwrap();
    }
    // Nothing else was in its way.
    facteur.kill_and_restart();
    assert!(facteur.stop().success());
}
