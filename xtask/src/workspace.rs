//! Where everything is, read from cargo.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::shell::{Failure, output};

/// The repository and its crates.
pub(crate) struct Workspace {
    /// The folder of the repository.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// Its crates, xtask among them, by name.
    pub(crate) members: Vec<Member>,
}

/// One crate of ours.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// Its lib.rs or main.rs.
    pub(crate) entry: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line under a crate's dependencies.
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Whether only its tests use it.
    pub(crate) dev: bool,
}

impl Workspace {
    /// The workspace that this program was built from.
    pub(crate) fn here() -> Result<Workspace, Failure> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = home.parent().unwrap_or(home).to_owned();
        let mut metadata = cargo(&root);
        metadata.args(["metadata", "--no-deps", "--format-version", "1"]);
        Workspace::read(root, &output(&mut metadata)?)
            .ok_or_else(|| Failure("cargo metadata: not the shape that was expected".to_owned()))
    }

    fn read(root: PathBuf, metadata: &str) -> Option<Workspace> {
        let metadata: Value = serde_json::from_str(metadata).ok()?;
        let target = PathBuf::from(metadata.get("target_directory")?.as_str()?);
        let packages = metadata.get("packages")?.as_array()?;
        let mut members = packages
            .iter()
            .map(Member::read)
            .collect::<Option<Vec<_>>>()?;
        members.sort_by(|a, b| a.name.cmp(&b.name));
        Some(Workspace {
            root,
            target,
            members,
        })
    }

    /// Cargo, at work in this repository.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo(&self.root);
        command.args(arguments);
        command
    }

    /// The text of one file of the repository.
    pub(crate) fn text(&self, path: &str) -> Result<String, Failure> {
        let error = |error| Failure(format!("{path}: {error}"));
        fs::read_to_string(self.root.join(path)).map_err(error)
    }

    /// A path as it is written in messages: from the root of the repository on.
    pub(crate) fn short(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

impl Member {
    fn read(package: &Value) -> Option<Member> {
        let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
        let targets = package.get("targets")?.as_array()?;
        let is = |target: &&Value, kind: &str| {
            let kinds = target.get("kind").and_then(Value::as_array);
            kinds.is_some_and(|kinds| kinds.iter().any(|known| known == kind))
        };
        let entry = targets
            .iter()
            .find(|target| is(target, "lib"))
            .or_else(|| targets.iter().find(|target| is(target, "bin")))?;
        let dependencies = package
            .get("dependencies")?
            .as_array()?
            .iter()
            .map(|dependency| {
                let dev = dependency.get("kind").is_some_and(|kind| kind == "dev");
                Some(Dependency {
                    name: text(dependency, "name")?,
                    dev,
                })
            });
        Some(Member {
            name: text(package, "name")?,
            folder: Path::new(package.get("manifest_path")?.as_str()?)
                .parent()?
                .to_owned(),
            entry: PathBuf::from(text(entry, "src_path")?),
            dependencies: dependencies.collect::<Option<_>>()?,
        })
    }

    /// The Rust files of this crate, in order.
    pub(crate) fn rust_files(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut files = Vec::new();
        gather(&self.folder, &mut files)?;
        files.sort();
        Ok(files)
    }
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// The cargo that runs us, so that a chosen toolchain stays chosen.
fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_its_own_crate() {
        let workspace = Workspace::here().unwrap();
        let xtask = workspace
            .members
            .iter()
            .find(|member| member.name == "xtask")
            .unwrap();
        assert_eq!(workspace.short(&xtask.entry), "xtask/src/main.rs");
        assert!(
            xtask
                .dependencies
                .iter()
                .any(|dependency| dependency.name == "toml")
        );
        let files = xtask.rust_files().unwrap();
        assert!(files.iter().any(|file| file.ends_with("src/workspace.rs")));
    }
}
