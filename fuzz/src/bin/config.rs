//! Configuration files: one that is accepted is, written out with every setting explained,
//! accepted as the same; one that is not is refused with its place.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use fuzz::{fuzz_target, within};

/// The binary is no library: its own source is looked into.
#[path = "../../../crates/facteur/src"]
#[allow(dead_code, unused_imports)]
mod facteur {
    pub(crate) mod config;
}

use facteur::config;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = Some(Path::new("/dev/shm")).filter(|folder| folder.is_dir());
    memory
        .map_or_else(tempfile::tempdir, tempfile::tempdir_in)
        .expect("a folder")
});

fuzz_target!(|input: &[u8]| {
    within(8 * 1024 * 1024 + 256 * input.len(), || match load(input) {
        Err(complaint) => {
            assert!(complaint.starts_with("can't read") || complaint.contains("toml"))
        }
        Ok(settings) => {
            let text = config::documented(&settings).expect("it can be written");
            assert_eq!(load(text.as_bytes()).as_ref(), Ok(&settings));
        }
    });
});

fn load(text: &[u8]) -> Result<config::Config, String> {
    let file = FOLDER.path().join(config::FILE);
    std::fs::write(&file, text).expect("room");
    let loaded = config::load_for(FOLDER.path(), Some(&file));
    let loaded = loaded.map_err(|error| format!("{error:#}"))?;
    assert!(loaded.settings().is_ok());
    Ok(loaded.config)
}
