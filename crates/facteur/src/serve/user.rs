//! Becoming the service's own user.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::{Context, bail};
use nix::unistd::{User, chown, geteuid, initgroups, setgid, setuid};

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
    let group = std::ffi::CString::new(name)?;
    initgroups(&group, user.gid).context("can't leave root's groups")?;
    setgid(user.gid).context("can't leave root's group")?;
    setuid(user.uid).context("can't stop being root")?;
    if geteuid().is_root() {
        bail!("still root after becoming {name:?}");
    }
    Ok(())
}
