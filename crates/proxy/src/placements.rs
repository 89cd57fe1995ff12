//! Who is set apart, kept: the table across restarts, a station's quarantine in the inventory.

use std::sync::Arc;

use chargewarden_engine::{Placing, Standings, Whom};
use chargewarden_policy::Standing;
use chargewarden_store::Store;
use tokio::sync::mpsc;

use crate::{meters, roster::Roster};

/// The setting of the store that holds the table.
pub const STANDINGS: &str = "standings";

/// Placings that wait to be kept. Each is news of somebody else, or of a graver standing: a few a day.
const WAITING_MAX: usize = 1024;

/// The keeper's end for the sessions.
#[derive(Clone)]
pub(crate) struct Placements(mpsc::Sender<Placing>);

impl Placements {
    /// Starts the keeper. It ends when the last clone is dropped, after keeping what waits.
    pub(crate) fn start(store: Arc<dyn Store>, roster: Arc<Roster>, standings: Arc<Standings>) -> Placements {
        let (waiting, mut placed) = mpsc::channel::<Placing>(WAITING_MAX);
        tokio::spawn(async move {
            while let Some(placing) = placed.recv().await {
                keep(&*store, &roster, &standings, placing).await;
            }
        });
        Placements(waiting)
    }

    /// Has a placing kept. In force it is already, but for a station's quarantine.
    pub(crate) fn keep(&self, placing: Placing) {
        if self.0.try_send(placing).is_err() {
            meters::bound_hit("placements");
        }
    }
}

async fn keep(store: &dyn Store, roster: &Roster, standings: &Standings, placing: Placing) {
    let Placing { whom, placed } = placing;
    if let (Whom::Station(id), Standing::Quarantined) = (&whom, placed.standing) {
        let reason = placed.why.clone();
        let changed = roster.change(id, &placed.by, move |station| {
            station.quarantine.get_or_insert(reason);
            Ok(())
        });
        if let Err(error) = changed.await {
            tracing::error!(station = %id, error = &error as &dyn std::error::Error, "the station is not quarantined");
        }
        return;
    }
    if let Err(error) = store_standings(store, standings).await {
        tracing::error!(%whom, %error, "how it stands is not kept across a restart");
    }
}

/// Keeps the whole table.
///
/// # Errors
/// The store does not take it.
pub async fn store_standings(
    store: &dyn Store,
    standings: &Standings,
) -> Result<(), chargewarden_store::StoreError> {
    store.put_setting(STANDINGS, &standings.to_json()).await
}

/// The table as it was kept. One that cannot be read is empty, and said so: whoever was set apart is not any more.
pub async fn read_standings(store: &dyn Store) -> Standings {
    let stored = match store.setting(STANDINGS).await {
        Ok(stored) => stored,
        Err(error) => {
            tracing::error!(%error, "it cannot be read who is set apart; nobody is");
            None
        }
    };
    let Some(text) = stored else { return Standings::default() };
    Standings::from_json(&text).unwrap_or_else(|error| {
        tracing::error!(%error, "it cannot be read who is set apart; nobody is");
        Standings::default()
    })
}
