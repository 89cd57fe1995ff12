//! What people may do to stations and to the service: done by the running service for whoever opens its control socket, and by a
//! command itself when no service runs. The same code, so that both do the same.

mod edit;
mod import;
mod outcome;
mod placement;
mod secret;
mod service;
mod view;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use chargewarden_admin::control::{
    Added, Control, Declined, Filter, ImportRequest, Imported, Kind, NewStation, PlaceRequest, PlacedView,
    QuarantineRequest, ReleaseRequest, Reloaded, RotateRequest, Rotated, StationEdit, StationView, Status,
};
use chargewarden_engine::Standings;
use chargewarden_evidence::{OwnEvent, Security};
use chargewarden_proxy::{Roster, Rotated as Outcome, StationId};
use chargewarden_store::{SealKey, Source, Station as Stored, StationChange};

pub(crate) use self::service::Service;
use self::{outcome::declined, secret::SecretRule, view::view};
use crate::{
    config::{Around, Settings},
    herald::Herald,
    inventory,
    storage::{Storage, StorageError},
};

/// Does it.
pub(crate) struct Operations {
    roster: Arc<Roster>,
    herald: Herald,
    seal: SealKey,
    place: Place,
}

/// Where it is done.
enum Place {
    /// In the running service.
    Service(Box<Service>),
    /// On the store alone, since no service runs.
    Store(Box<Alone>),
}

struct Alone {
    settings: Settings,
    /// What the next start will do to the inventory: shown as done, not done by looking.
    pending: Vec<StationChange>,
    /// For looking at an inventory that no service has stored yet.
    _temporary: Option<tempfile::TempDir>,
}

/// Whether a command that works on the store alone changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// It only looks.
    Look,
    /// It changes.
    Change,
}

impl Operations {
    /// Of the running service.
    pub(crate) fn of_service(
        roster: Arc<Roster>,
        herald: Herald,
        seal: SealKey,
        service: Service,
    ) -> Operations {
        Operations { roster, herald, seal, place: Place::Service(Box::new(service)) }
    }

    /// On the store alone. Before a change, the inventory is brought into line with its file, as the service does at its start;
    /// who only looks is shown what that would do.
    pub(crate) async fn alone(settings: Settings, intent: Intent) -> Result<Operations, Declined> {
        let unavailable = |error: StorageError| Declined::new(Kind::Unavailable, "", error);
        let temporary = match intent {
            Intent::Look if !settings.store.exists() => {
                Some(tempfile::tempdir().map_err(|error| Declined::new(Kind::Unavailable, "", error))?)
            }
            Intent::Look | Intent::Change => None,
        };
        let path =
            temporary.as_ref().map_or_else(|| settings.store.clone(), |place| place.path().join("data"));
        let Storage { scribe, store, content_key: _, seal_key: seal } =
            Storage::open(&path, &settings.log_name).map_err(unavailable)?;
        let resolve = inventory::resolver(settings.around.clone(), seal.clone());
        let roster = Roster::open(store, scribe.clone(), resolve)
            .await
            .map_err(|error| unavailable(StorageError::Store(error)))?;
        let pending = match intent {
            Intent::Change => {
                crate::reload::bring_into_line(&settings, &roster, None, "inventory-file")
                    .await
                    .map_err(declined)?;
                Vec::new()
            }
            Intent::Look => {
                import::pending(&settings, roster.store().stations().await.map_err(outcome::store)?)?
            }
        };
        let herald = Herald::new(scribe, std::sync::Weak::new());
        let place = Place::Store(Box::new(Alone { settings, pending, _temporary: temporary }));
        Ok(Operations { roster: Arc::new(roster), herald, seal, place })
    }

    /// Writes and signs what evidence waits, when this command worked alone.
    pub(crate) async fn close(self) {
        let Operations { roster, herald, seal: _, place } = self;
        drop((roster, place));
        herald.close().await;
    }

    fn around(&self) -> Around {
        match &self.place {
            Place::Service(service) => service.reloader.around(),
            Place::Store(alone) => alone.settings.around.clone(),
        }
    }

    fn inventory_file(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Service(service) => service.reloader.inventory_file(),
            Place::Store(alone) => alone.settings.inventory_file.clone(),
        }
    }

    /// Who is set apart.
    async fn standings(&self) -> Arc<Standings> {
        match &self.place {
            Place::Service(service) => service.reloader.standings(),
            Place::Store(_) => Arc::new(chargewarden_proxy::read_standings(&**self.roster.store()).await),
        }
    }

    /// Whether a file says which stations there are.
    fn has_inventory_file(&self) -> bool {
        match &self.place {
            Place::Service(service) => service.reloader.has_inventory_file(),
            Place::Store(alone) => alone.settings.entries.is_some(),
        }
    }

    /// What is said to somebody who wants to change by command what the file says. None when nobody has to be told.
    fn belongs_to_file(&self, station: &Stored) -> Option<String> {
        if station.source != Source::File || !self.has_inventory_file() {
            return None;
        }
        let file = self.inventory_file().unwrap_or_else(|| Path::new("the inventory file").to_owned());
        Some(format!(
            "`{}` stands in `{}`: change it there, then `chargewarden reload`",
            station.id,
            file.display()
        ))
    }

    /// All entries by id, as they are or will be at the next start.
    async fn entries(&self) -> Result<BTreeMap<String, Stored>, Declined> {
        let stored = self.roster.store().stations().await.map_err(outcome::store)?;
        let mut entries: BTreeMap<String, Stored> =
            stored.into_iter().map(|station| (station.id.clone(), station)).collect();
        let Place::Store(alone) = &self.place else { return Ok(entries) };
        for change in &alone.pending {
            match change {
                StationChange::Add(station) | StationChange::Put(station) => {
                    drop(entries.insert(station.id.clone(), station.clone()));
                }
                StationChange::Remove(id) => drop(entries.remove(id)),
            }
        }
        Ok(entries)
    }

    async fn view_of(&self, station: &Stored) -> Result<StationView, Declined> {
        let marks = self.roster.store().marks(&station.id).await.map_err(outcome::store)?;
        let problem = self.roster.unusable().remove(&station.id);
        let connected = match (&self.place, StationId::parse(&station.id)) {
            (Place::Service(_), Ok(id)) => Some(self.roster.is_connected(&id)),
            (Place::Service(_) | Place::Store(_), _) => None,
        };
        Ok(view(station, marks, problem, connected))
    }

    async fn now(&self, id: &str) -> Result<Stored, Declined> {
        let mut entries = self.entries().await?;
        entries
            .remove(id)
            .ok_or_else(|| Declined::new(Kind::NotFound, "", format!("there is no station `{id}`")))
    }

    async fn set_apart(&self, by: &str, id: &str, reason: Option<String>) -> Result<StationView, Declined> {
        let why = reason.clone();
        let changed = self.roster.change(id, by, move |station| match (&station.quarantine, &reason) {
            (Some(_), Some(_)) => Err("it is quarantined already".to_owned()),
            (None, None) => Err("it is not quarantined".to_owned()),
            (Some(_), None) | (None, Some(_)) => {
                station.quarantine = reason;
                Ok(())
            }
        });
        changed.await.map_err(declined)?;
        let detail = match why {
            Some(why) => format!("quarantined by {by}: {why}"),
            None => format!("released by {by}"),
        };
        let event =
            Security { station: id.to_owned(), detail, ..Security::own(OwnEvent::StationQuarantined) };
        self.herald.raise(event).await;
        self.show(id.to_owned()).await
    }
}

impl Control for Operations {
    async fn list(&self, filter: Filter) -> Result<Vec<StationView>, Declined> {
        let mut views = Vec::new();
        for station in self.entries().await?.into_values() {
            // Cheap conditions first: what is looked up per station costs a query each.
            if view::may_fit(&station, &filter) {
                let view = self.view_of(&station).await?;
                if filter.standing.is_none_or(|standing| standing == view.standing) {
                    views.push(view);
                }
            }
        }
        Ok(views)
    }

    async fn show(&self, id: String) -> Result<StationView, Declined> {
        self.view_of(&self.now(&id).await?).await
    }

    async fn add(&self, by: String, station: NewStation) -> Result<Added, Declined> {
        let mut stored = edit::fresh(&station.id, &self.around());
        edit::apply(&mut stored, &station.with, &self.seal, &self.around().base)?;
        let rule = SecretRule::of(&stored);
        let made = match (rule, station.secret) {
            (None, Some(_)) => return Err(secret::not_for(&stored)),
            (None, None) => None,
            (Some(rule), given) => Some(rule.take_or_make(given)?),
        };
        if let Some(made) = &made {
            stored.credential = Some(made.hash().await?);
        }
        let id = stored.id.clone();
        self.roster.add(stored, &by).await.map_err(declined)?;
        Ok(Added { station: self.show(id).await?, secret: made.and_then(|made| made.shown()) })
    }

    async fn change(&self, by: String, id: String, edit: StationEdit) -> Result<StationView, Declined> {
        let now = self.now(&id).await?;
        if edit::touches_file(&edit)
            && let Some(why) = self.belongs_to_file(&now)
        {
            return Err(Declined::new(Kind::Conflict, "", why));
        }
        self.check_marks(&now, &edit).await?;
        let (base, seal) = (self.around().base, self.seal.clone());
        let changed = self.roster.change(&id, &by, move |station| {
            edit::apply(station, &edit, &seal, &base).map_err(|declined| declined.to_string())
        });
        changed.await.map_err(declined)?;
        self.show(id).await
    }

    async fn remove(&self, by: String, id: String) -> Result<(), Declined> {
        let allowed = |station: &Stored| self.belongs_to_file(station).map_or(Ok(()), Err);
        self.roster.remove(&id, &by, allowed).await.map_err(declined)
    }

    async fn rotate(&self, by: String, id: String, request: RotateRequest) -> Result<Rotated, Declined> {
        let now = self.now(&id).await?;
        let Some(rule) = SecretRule::of(&now) else { return Err(secret::not_for(&now)) };
        if !request.offline {
            return self.rotate_through_ocpp(&id, &rule).await;
        }
        let made = rule.take_or_make(request.secret)?;
        let hash = made.hash().await?;
        let changed = self.roster.change(&id, &by, move |station| {
            station.credential = Some(hash);
            (station.proposed, station.proposed_deferred) = (None, false);
            station.factory = request.factory;
            Ok(())
        });
        changed.await.map_err(declined)?;
        Ok(Rotated {
            station: self.show(id).await?,
            through_ocpp: false,
            outcome: "the old secret is refused from now on; give the station the new one".to_owned(),
            secret: made.shown(),
        })
    }

    async fn quarantine(
        &self,
        by: String,
        id: String,
        request: QuarantineRequest,
    ) -> Result<StationView, Declined> {
        let reason = edit::reason(&request.reason)?;
        self.set_apart(&by, &id, Some(reason)).await
    }

    async fn release(&self, by: String, id: String) -> Result<StationView, Declined> {
        self.set_apart(&by, &id, None).await
    }

    async fn placed(&self) -> Result<Vec<PlacedView>, Declined> {
        Operations::placed(self).await
    }

    async fn place(&self, by: String, request: PlaceRequest) -> Result<(), Declined> {
        self.place_by_hand(by, request).await
    }

    async fn release_placed(&self, by: String, request: ReleaseRequest) -> Result<(), Declined> {
        self.release_by_hand(by, &request.whom).await
    }

    async fn forgive(&self, by: String, id: String) -> Result<StationView, Declined> {
        self.roster.forgive(&id, &by).await.map_err(declined)?;
        self.show(id).await
    }

    async fn import(&self, by: String, request: ImportRequest) -> Result<Imported, Declined> {
        import::import(self, &by, request).await
    }

    async fn reload(&self, by: String) -> Result<Reloaded, Declined> {
        match &self.place {
            Place::Service(service) => service.reloader.reload(&by, crate::reload::Scope::All).await,
            Place::Store(_) => Err(service::none_runs()),
        }
    }

    async fn status(&self) -> Result<Status, Declined> {
        match &self.place {
            Place::Service(service) => Ok(service.status(&self.roster)),
            Place::Store(_) => Err(service::none_runs()),
        }
    }
}

impl Operations {
    /// Has the station's own session give it another secret. Nobody else has to know that one: it is not shown.
    async fn rotate_through_ocpp(&self, id: &str, rule: &SecretRule) -> Result<Rotated, Declined> {
        let by_hand = |why: &dyn std::fmt::Display| {
            let what = format!("{why}; with --offline a new secret is made here, to be given to it by hand");
            Declined::new(Kind::Conflict, "", what)
        };
        let Ok(station) = StationId::parse(id) else { return Err(by_hand(&Outcome::NotConnected)) };
        // One that every version it may speak can carry, not only the one it speaks now.
        let made = rule.take_or_make(None)?;
        let outcome = self.roster.rotate(&station, Some(made.secret())).await;
        match outcome {
            Outcome::Accepted | Outcome::Deferred | Outcome::Unanswered => Ok(Rotated {
                station: self.show(id.to_owned()).await?,
                through_ocpp: true,
                outcome: outcome.to_string(),
                secret: None,
            }),
            Outcome::NotConnected => Err(by_hand(&outcome)),
            Outcome::Rejected | Outcome::NotSent(_) => Err(Declined::new(Kind::Conflict, "", outcome)),
        }
    }

    /// A lower profile than one that was used is refused at the door whatever the inventory says (requirement R-A03).
    async fn check_marks(&self, now: &Stored, edit: &StationEdit) -> Result<(), Declined> {
        let Some(wanted) = edit.profile else { return Ok(()) };
        let marks = self.roster.store().marks(&now.id).await.map_err(outcome::store)?.unwrap_or_default();
        if wanted >= marks.profile {
            return Ok(());
        }
        let what = format!(
            "it has connected with profile {}, and is never admitted with a lower one; if it must be, first \
             `chargewarden station forgive {}`",
            marks.profile, now.id
        );
        Err(Declined::new(Kind::Conflict, "profile", what))
    }
}
