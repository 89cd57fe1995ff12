//! What the core remembers of stations, written by one task: the latest of each station, never two at once.

use std::{collections::HashMap, sync::Arc};

use chargewarden_engine::StationState;
use chargewarden_store::Store;
use tokio::sync::mpsc;

use crate::{handshake::StationId, meters};

/// States waiting to be written. Each is a boot or a change a policy can see: a few a day and station, all stations at once
/// after an outage.
const WAITING_MAX: usize = 8192;

/// The form of the stored value: the core's own JSON, which carries its version itself.
const FORM: u32 = 1;

/// The writer's end for the sessions.
#[derive(Clone)]
pub(crate) struct States {
    store: Arc<dyn Store>,
    waiting: mpsc::Sender<(StationId, StationState)>,
}

impl States {
    /// Starts the writer. It ends when the last clone is dropped, after writing what waits.
    pub(crate) fn start(store: Arc<dyn Store>) -> (States, tokio::task::JoinHandle<()>) {
        let (waiting, learned) = mpsc::channel(WAITING_MAX);
        let writer = tokio::spawn(write(Arc::clone(&store), learned));
        (States { store, waiting }, writer)
    }

    /// What was remembered of a station. When it cannot be read, the station starts as unknown, which allows less.
    pub(crate) async fn read(&self, station: &StationId) -> Option<StationState> {
        match self.store.state(station.as_str()).await {
            Ok(Some(stored)) => match StationState::from_json(stored.value.as_bytes()) {
                Ok(state) => Some(state),
                Err(error) => {
                    tracing::warn!(%station, %error, "the stored state cannot be read; it begins anew");
                    None
                }
            },
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(%station, %error, "the stored state cannot be read now; it begins anew");
                None
            }
        }
    }

    /// Has a state remembered; waits while too many wait.
    pub(crate) async fn learn(&self, station: &StationId, state: StationState) {
        if self.waiting.capacity() == 0 {
            meters::bound_hit("station-states");
        }
        // The writer ends after the last sender only.
        let _ = self.waiting.send((station.clone(), state)).await;
    }
}

async fn write(store: Arc<dyn Store>, mut learned: mpsc::Receiver<(StationId, StationState)>) {
    while let Some((station, state)) = learned.recv().await {
        let mut latest = HashMap::from([(station, state)]);
        while let Ok((station, state)) = learned.try_recv() {
            latest.insert(station, state);
        }
        for (station, state) in latest {
            let stored = chargewarden_store::StationState { version: FORM, value: state.to_json() };
            if let Err(error) = store.put_state(station.as_str(), stored).await {
                meters::bound_hit("store");
                tracing::warn!(%station, %error, "what was learned of the station is not stored");
            }
        }
    }
}
