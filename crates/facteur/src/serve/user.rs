//! Becoming the service's own user.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use anyhow::{Context, bail};
use nix::unistd::{Uid, User, chown, geteuid, initgroups, setgid, setuid};

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
    if !data.exists() {
        let mut folder = std::fs::DirBuilder::new();
        folder.mode(0o700).recursive(true).create(data)?;
        chown(data, Some(user.uid), Some(user.gid))?;
    }
    become_for_good(&user)
}

/// Root, at work on a data folder that is another user's, becomes that user for good: files
/// made by root are files that the service then can't open.
pub(crate) fn become_owner(data: &Path) -> anyhow::Result<()> {
    let Ok(folder) = std::fs::metadata(data) else {
        return Ok(());
    };
    let Some(owner) = other_owner(geteuid(), Uid::from_raw(folder.uid())) else {
        return Ok(());
    };
    let found = User::from_uid(owner).with_context(|| format!("user {owner}"))?;
    let Some(user) = found else {
        bail!(
            "{} belongs to user {owner}, whom this machine does not know: start the service first, which then carries this out",
            data.display()
        );
    };
    become_for_good(&user)
}

/// Whom to become at work on a folder of this owner, if anybody.
fn other_owner(own: Uid, owner: Uid) -> Option<Uid> {
    (own.is_root() && !owner.is_root()).then_some(owner)
}

fn become_for_good(user: &User) -> anyhow::Result<()> {
    let group = std::ffi::CString::new(user.name.as_str())?;
    initgroups(&group, user.gid).context("can't leave root's groups")?;
    setgid(user.gid).context("can't leave root's group")?;
    setuid(user.uid).context("can't stop being root")?;
    if geteuid().is_root() {
        bail!("still root after becoming {:?}", user.name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_becomes_somebody_and_only_another() {
        let [root, one, other] = [0, 1000, 1001].map(Uid::from_raw);
        assert_eq!(other_owner(root, one), Some(one));
        assert_eq!(other_owner(root, root), None);
        assert_eq!(other_owner(one, other), None);
        assert_eq!(other_owner(one, root), None);
    }
}
