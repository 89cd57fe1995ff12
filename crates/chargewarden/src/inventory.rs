//! Bringing the store's inventory into line with the file, and recording what changed.

use std::{borrow::Cow, collections::BTreeMap};

use chargewarden_evidence::{Durability, Event, Inventory, Record};
use chargewarden_store::{Credential, Scribe, Source, Station as Stored, Store, StoreError};

use crate::{config::Settings, gateway::stamp};

/// What an import did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Imported {
    pub(crate) added: usize,
    pub(crate) changed: usize,
    pub(crate) removed: usize,
}

/// Makes the store's inventory that of the settings. A removed station loses its state, too.
pub(crate) async fn import(
    settings: &Settings,
    store: &dyn Store,
    scribe: &Scribe,
) -> Result<Imported, StoreError> {
    let mut before: BTreeMap<String, Stored> =
        store.stations().await?.into_iter().map(|station| (station.id.clone(), station)).collect();
    let mut imported = Imported::default();
    for station in &settings.stations {
        let wanted = Stored {
            id: station.id.to_string(),
            owner: station.owner.to_string(),
            parties: station.parties.iter().map(ToString::to_string).collect(),
            site: (!station.site.is_empty()).then(|| station.site.clone()),
            groups: station.groups.iter().cloned().collect(),
            area: (!station.area.is_empty()).then(|| station.area.clone()),
            versions: station.versions.iter().map(ToString::to_string).collect(),
            csms: Some(station.csms.name.clone()),
            profile: station.profile.number(),
            unauthenticated_until: station.unauthenticated_until.map(|until| until.to_string()),
            credential: station.secrets.current.clone().map(Credential::from_phc),
            proposed: None,
            factory: station.factory,
            quarantine: station.quarantine.clone(),
            certificate_name: station.certificate_name.clone(),
            sources: station.sources.iter().map(ToString::to_string).collect(),
            tolerances: station.tolerances.iter().map(ToString::to_string).collect(),
            source: Source::File,
            file_credential: station.secrets.current.clone().map(Credential::from_phc),
        };
        let change = match before.remove(&wanted.id) {
            None => {
                imported.added += 1;
                "added"
            }
            Some(known) if known == wanted => continue,
            Some(known) => {
                imported.changed += 1;
                if known.credential == wanted.credential { "changed" } else { "credential-rotated" }
            }
        };
        store.put_station(&wanted).await?;
        record(scribe, change, &wanted.id).await;
    }
    for id in before.into_keys() {
        store.remove_station(&id).await?;
        imported.removed += 1;
        record(scribe, "removed", &id).await;
    }
    Ok(imported)
}

async fn record(scribe: &Scribe, change: &'static str, station: &str) {
    let inventory = Inventory {
        change: Cow::Borrowed(change),
        station: station.to_owned(),
        by: "inventory-file".to_owned(),
        detail: String::new(),
    };
    let record = Record { at: stamp(), event: Event::Inventory(inventory) };
    if let Err(error) = scribe.append(&record, Durability::Soon).await {
        tracing::warn!(%error, station, change, "a change of the inventory could not be recorded");
    }
}
