//! Becoming the service's own user.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use nix::sys::prctl;
use nix::unistd::{Gid, Uid, User, chown, geteuid, initgroups, setgid, setgroups, setuid};

use crate::rooms::make_folder;

/// Started as root, becomes `user` for good, who is given the data folder if it is new.
/// Anybody else stays who they are.
pub(crate) fn become_own(user: Option<&str>, data: &Path) -> anyhow::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let Some(name) = user else {
        tracing::warn!("running as root: set `user` in the configuration");
        return Ok(());
    };
    let found = User::from_name(name).with_context(|| format!("user {name:?}"))?;
    let Some(user) = found else {
        bail!(
            "there is no user {name:?}: make it with  useradd --system --home-dir {} {name}",
            data.display()
        );
    };
    ensure!(!user.uid.is_root(), "user: {name:?} is root itself");
    give_folder(&user, data)?;
    become_user(&user)
}

/// Started as root on a data folder that belongs to somebody else, becomes that owner for
/// good: what root makes there, the server could not read. Anybody else stays who they
/// are.
pub(crate) fn become_owner(data: &Path) -> anyhow::Result<()> {
    let owner = match fs::metadata(data) {
        Ok(folder) => folder,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| data.display().to_string()),
    };
    let (uid, gid) = (Uid::from_raw(owner.uid()), Gid::from_raw(owner.gid()));
    if !geteuid().is_root() || uid.is_root() {
        return Ok(());
    }
    match User::from_uid(uid).context("the owner of the data folder")? {
        Some(user) => become_user(&user)?,
        // A folder from another machine, say: its owner has no name here.
        None => {
            setgroups(&[]).context("can't leave root's groups")?;
            leave_root(uid, gid)?;
        }
    }
    // systemd keeps the folders of its dynamic users where only root and they, inside
    // their unit, can go.
    fs::read_dir(data).map(drop).with_context(|| {
        format!(
            "{} belongs to user {uid}, who can't go there by this path: start the server, \
             which will carry the command out",
            data.display()
        )
    })
}

/// A new folder is made for the user. One that is another's is refused: the user could
/// not work in it, and to give it away is the operator's decision.
fn give_folder(user: &User, data: &Path) -> anyhow::Result<()> {
    let about = || data.display().to_string();
    match fs::metadata(data) {
        Ok(folder) => {
            ensure!(
                folder.uid() == user.uid.as_raw(),
                "the data folder {0} is not of user {1:?}: give it away with  chown -R {1}: {0}",
                data.display(),
                user.name
            );
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make_folder(data).with_context(about)?;
            chown(data, Some(user.uid), Some(user.gid)).with_context(about)
        }
        Err(error) => Err(error).with_context(about),
    }
}

fn become_user(user: &User) -> anyhow::Result<()> {
    let name = std::ffi::CString::new(user.name.as_str())?;
    initgroups(&name, user.gid).context("can't leave root's groups")?;
    leave_root(user.uid, user.gid)
}

/// Group before user, who may change no group. With root's number its capabilities go,
/// and no program that this one could start brings any back.
fn leave_root(uid: Uid, gid: Gid) -> anyhow::Result<()> {
    setgid(gid).context("can't leave root's group")?;
    setuid(uid).context("can't stop being root")?;
    prctl::set_no_new_privs().context("can't give up new rights")?;
    ensure!(!geteuid().is_root(), "still root after becoming user {uid}");
    Ok(())
}
