//! Moving a service from one data folder, or cluster, to another.

use std::path::Path;

use anyhow::{Context, ensure};
use care::{Moved, Progress};

use super::{Chosen, Rooms};
use crate::{admin, config, serve};

/// Copies all that a service keeps to where the data folder `to` says. Neither may run.
pub(crate) fn move_to(
    data: &Path,
    file: Option<&Path>,
    to: &Path,
    progress: Progress<'_>,
) -> anyhow::Result<Moved> {
    ensure!(
        data.is_dir(),
        "there is no data folder {}; name it: facteur --data DIR",
        data.display()
    );
    for folder in [data, to] {
        ensure!(
            !admin::is_served(folder),
            "{} is served: stop the service first, on every node",
            folder.display()
        );
    }
    let (from, into) = (settings(data, file)?, settings(to, None)?);
    serve::become_owner(data)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("can't start")?;
    runtime.block_on(async {
        let from = Box::pin(open(data, &from)).await?;
        let into = Box::pin(open(to, &into)).await?;
        let moved = Box::pin(care::move_all(&from.place, &into.place, progress)).await;
        into.close().await;
        Ok(moved?)
    })
}

fn settings(data: &Path, file: Option<&Path>) -> anyhow::Result<(Chosen, config::Config)> {
    let config = config::load_for(data, file)?.config;
    let chosen = Chosen::of(&config.storage, data)?.with_care(&config.care);
    Ok((chosen, config))
}

async fn open(data: &Path, (chosen, config): &(Chosen, config::Config)) -> anyhow::Result<Rooms> {
    Rooms::open(data, chosen, config.old_devices).await
}
