//! Looking at files from time to time: what was renewed by somebody else (an authority's revocation list, a certificate, the
//! inventory) takes effect without anybody asking for it.

use std::{collections::BTreeMap, os::unix::fs::MetadataExt, path::PathBuf, sync::Arc, time::Duration};

use super::{Reloader, Scope};

/// How often it is looked whether watching was switched on.
const OFF_PAUSE: Duration = Duration::from_secs(5);

/// What tells a file from one that was renewed: time of change in ns, length, inode.
type Seen = BTreeMap<PathBuf, Option<(i64, i64, u64, u64)>>;

/// Watches until it is aborted. A file that is wrong is told once, and looked at again when it changes again.
pub(crate) async fn watch(reloader: Arc<Reloader>) {
    let mut seen = look(&reloader).await;
    loop {
        let interval = reloader.look(|current| current.settings.reload_interval);
        tokio::time::sleep(if interval.is_zero() { OFF_PAUSE } else { interval }).await;
        let now = look(&reloader).await;
        if interval.is_zero() || now == seen {
            continue;
        }
        for path in now.iter().filter(|(path, stamp)| seen.get(*path) != Some(*stamp)).map(|(path, _)| path) {
            tracing::info!(path = %path.display(), "a watched file changed");
        }
        seen = now;
        // Its problems are logged and recorded, and shown by `chargewarden status`.
        let _ = reloader.reload("watch", Scope::Files).await;
        // A reload by somebody else, or this one, may have changed which files there are.
        seen.extend(
            look(&reloader).await.into_iter().filter(|(path, _)| !seen.contains_key(path)).collect::<Seen>(),
        );
    }
}

async fn look(reloader: &Reloader) -> Seen {
    let paths = reloader.look(|current| current.settings.watched.clone());
    tokio::task::spawn_blocking(move || {
        let stamp = |path: &PathBuf| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.mtime(), found.mtime_nsec(), found.len(), found.ino()))
        };
        paths
            .into_iter()
            .map(|path| {
                let stamp = stamp(&path);
                (path, stamp)
            })
            .collect()
    })
    .await
    .unwrap_or_default()
}
