use std::{sync::Arc, time::Duration};

use chargewarden_evidence::NoteSigner;
use chargewarden_ocpp::refusal::RefusalStyle;
use chargewarden_store::{Credential, Directory, SqliteJournal, SqliteStore, Upstream as StoredUpstream};
use tempfile::TempDir;

use super::*;
use crate::{
    directory::{Csms, Secrets},
    presence::{Claim, Signal, Told},
    profile::Profile,
};

struct Place {
    _folder: TempDir,
    roster: Arc<Roster>,
}

impl Place {
    async fn new() -> Place {
        let folder = TempDir::new().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        let signer = NoteSigner::new("test/log", &[1; 32]).unwrap();
        let scribe = Scribe::open(SqliteJournal::open(&directory).unwrap(), signer, None).unwrap();
        let store = Arc::new(SqliteStore::open(&directory).unwrap());
        let roster = Roster::open(store, scribe, Arc::new(resolve)).await.unwrap();
        Place { _folder: folder, roster: Arc::new(roster) }
    }

    /// What evidence says of the inventory, one line a record.
    async fn said(&self) -> Vec<String> {
        let entries = self.roster.store().entries(0, 100).await.unwrap();
        entries
            .iter()
            .map(|entry| {
                let Event::Inventory(said) = Record::parse(&entry.record).unwrap().event else {
                    panic!("only the inventory is recorded")
                };
                format!("{} {} by {}: {}", said.change, said.station, said.by, said.detail)
            })
            .collect()
    }

    /// A session of the station, and how it is told.
    fn session(&self, id: &str) -> (crate::presence::Holding, Arc<Signal>) {
        let Claim::Held(holding) = self.roster.presence.claim(&id_of(id)) else {
            panic!("the place is free")
        };
        let signal = Arc::new(Signal::default());
        holding.connected(&signal);
        (holding, signal)
    }
}

fn id_of(text: &str) -> StationId {
    StationId::parse(text).unwrap()
}

/// Refuses stations of the CSMS `gone`, as a configuration without it would.
fn resolve(stored: &Stored) -> Result<Station, String> {
    if stored.csms.as_deref() == Some("gone") {
        return Err("csms: `gone` is not there".to_owned());
    }
    let phc = |credential: &Option<Credential>| credential.as_ref().map(|c| c.as_phc().to_owned());
    Ok(Station {
        id: StationId::parse(&stored.id).map_err(|problem| problem.to_string())?,
        profile: Profile::of_number(stored.profile).ok_or("profile")?,
        unauthenticated_until: None,
        secrets: Secrets {
            current: phc(&stored.credential),
            proposed: phc(&stored.proposed),
            deferred: stored.proposed_deferred,
        },
        factory: stored.factory,
        quarantine: stored.quarantine.clone(),
        certificate_name: None,
        versions: vec![],
        site: stored.site.clone().unwrap_or_default(),
        groups: vec![],
        area: String::new(),
        envelope: Default::default(),
        owner: "cso".parse().unwrap(),
        parties: vec![],
        sources: vec![],
        tolerances: Default::default(),
        csms: Arc::new(Csms {
            name: "main".into(),
            party: "cnp".parse().unwrap(),
            url: "ws://127.0.0.1/".parse().unwrap(),
            credentials: None,
            refusals: RefusalStyle::OwnStatus,
            tls: None,
        }),
        upstream: None,
    })
}

fn station(id: &str) -> Stored {
    Stored {
        credential: Some(phc("one")),
        ..serde_json::from_value(serde_json::json!({ "id": id, "owner": "cso", "parties": [] })).unwrap()
    }
}

fn phc(secret: &str) -> Credential {
    Credential::from_phc(format!("$argon2id${secret}"))
}

fn told(signal: &Signal) -> Option<Told> {
    signal.poll_told(&std::task::Context::from_waker(std::task::Waker::noop()))
}

#[tokio::test]
async fn a_change_is_recorded_stored_shown_and_told() {
    let place = Place::new().await;
    let roster = &place.roster;
    roster.add(station("CS-1"), "test").await.unwrap();
    assert!(matches!(roster.add(station("CS-1"), "test").await, Err(RosterError::Exists(_))));
    let (_holding, signal) = place.session("CS-1");

    let moved = roster.change("CS-1", "test", |entry| {
        entry.site = Some("harbour".to_owned());
        Ok(())
    });
    assert!(moved.await.unwrap());
    assert_eq!(roster.find(&id_of("CS-1")).unwrap().site, "harbour");
    assert_eq!(roster.store().station("CS-1").await.unwrap().unwrap().site.as_deref(), Some("harbour"));
    assert_eq!(told(&signal), Some(Told::Withdrawn(Withdrawn::Changed)));
    assert!(!roster.change("CS-1", "test", |_| Ok(())).await.unwrap());
    assert_eq!(told(&signal), None, "nothing differs, so nobody is told");

    let apart = roster.change("CS-1", "test", |entry| {
        entry.quarantine = Some("odd reports".to_owned());
        Ok(())
    });
    assert!(apart.await.unwrap());
    assert_eq!(told(&signal), Some(Told::Withdrawn(Withdrawn::Quarantined)));

    let refused = roster.change("CS-1", "test", |entry| {
        entry.site = None;
        Err("not today".to_owned())
    });
    assert!(matches!(refused.await, Err(RosterError::Refused(why)) if why == "not today"));
    let unfit = roster.change("CS-1", "test", |entry| {
        entry.csms = Some("gone".to_owned());
        Ok(())
    });
    assert!(matches!(unfit.await, Err(RosterError::Unfit(_))));
    assert_eq!(told(&signal), None);

    roster.remove("CS-1", "test", |_| Ok(())).await.unwrap();
    assert_eq!(told(&signal), Some(Told::Withdrawn(Withdrawn::Removed)));
    assert!(roster.find(&id_of("CS-1")).is_none());
    assert!(matches!(roster.remove("CS-1", "test", |_| Ok(())).await, Err(RosterError::Unknown(_))));
    assert_eq!(
        place.said().await,
        [
            "added CS-1 by test: profile: 1, source: file",
            "changed CS-1 by test: site: - -> harbour",
            "quarantined CS-1 by test: quarantine: - -> odd reports",
            "removed CS-1 by test: ",
        ]
    );
}

#[tokio::test]
async fn a_proposed_secret_settles_either_way_and_the_session_goes_on() {
    let place = Place::new().await;
    let roster = &place.roster;
    roster.add(Stored { factory: true, ..station("CS-1") }, "test").await.unwrap();
    let (_holding, signal) = place.session("CS-1");
    let secrets = || roster.find(&id_of("CS-1")).unwrap().secrets.clone();
    let hash = |secret| Some(phc(secret).as_phc().to_owned());

    roster.propose("CS-1", phc("two"), "rotation").await.unwrap();
    assert_eq!((secrets().current, secrets().proposed), (hash("one"), hash("two")));
    assert!(matches!(roster.propose("CS-1", phc("three"), "rotation").await, Err(RosterError::Refused(_))));
    assert!(!roster.accept("CS-1", &phc("three"), "rotation").await.unwrap());
    assert!(roster.reject("CS-1", &phc("two"), "rotation").await.unwrap());
    assert!(!roster.accept("CS-1", &phc("two"), "rotation").await.unwrap(), "it is settled");
    assert_eq!((secrets().current, secrets().proposed), (hash("one"), None));

    let opened = roster.find(&id_of("CS-1")).unwrap();
    roster.propose("CS-1", phc("two"), "rotation").await.unwrap();
    let between = roster.find(&id_of("CS-1")).unwrap();
    assert!(roster.accept("CS-1", &phc("two"), "rotation").await.unwrap());
    assert_eq!((secrets().current, secrets().proposed), (hash("two"), None));
    assert!(!roster.store().station("CS-1").await.unwrap().unwrap().factory);
    assert_eq!(told(&signal), None, "its own rotation does not end a session");
    assert_eq!(roster.withdrawn_since(&opened), Some(Withdrawn::Changed));
    let relayed = Station { factory: false, ..(*between).clone() };
    assert_eq!(roster.withdrawn_since(&relayed), None);
    assert_eq!(
        place.said().await[1..],
        [
            "rotation-proposed CS-1 by rotation: proposed_secret",
            "rotation-rejected CS-1 by rotation: proposed_secret",
            "rotation-proposed CS-1 by rotation: proposed_secret",
            "credential-rotated CS-1 by rotation: factory: true -> false; secret; proposed_secret",
        ]
    );
}

#[tokio::test]
async fn the_whole_changes_at_once_or_not_at_all() {
    let place = Place::new().await;
    let roster = &place.roster;
    for id in ["CS-1", "CS-2"] {
        roster.add(station(id), "test").await.unwrap();
    }
    let (_one, first) = place.session("CS-1");
    let (_two, second) = place.session("CS-2");
    let bad = Stored { csms: Some("gone".to_owned()), ..station("CS-4") };
    let refused = roster.replace(None, "file", |_| {
        Ok(vec![
            StationChange::Remove("CS-1".to_owned()),
            StationChange::Add(bad),
            StationChange::Add(Stored { profile: 9, ..station("CS-5") }),
        ])
    });
    match refused.await {
        Err(RosterError::Unfit(problems)) => assert_eq!(problems.len(), 2, "{problems:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!((told(&first), roster.len()), (None, 2));

    let changed = Stored {
        upstream: Some(StoredUpstream { identity: Some("X".to_owned()), ..StoredUpstream::default() }),
        ..station("CS-2")
    };
    let applied = roster.replace(None, "file", |stored| {
        assert_eq!(stored.len(), 2);
        Ok(vec![
            StationChange::Remove("CS-1".to_owned()),
            StationChange::Put(changed),
            StationChange::Add(station("CS-3")),
        ])
    });
    assert_eq!(applied.await.unwrap(), Applied { added: 1, changed: 1, removed: 1 });
    assert_eq!(told(&first), Some(Told::Withdrawn(Withdrawn::Removed)));
    assert_eq!(told(&second), None, "what is not resolved differently does not end a session");
    assert_eq!(roster.len(), 2);

    // The configuration changes under the inventory: what cannot be used any more stops it.
    let strict: Arc<Resolve> = Arc::new(|stored| match stored.id.as_str() {
        "CS-3" => Err("csms: `main` is not there".to_owned()),
        _ => resolve(stored),
    });
    let refused = roster.replace(Some(Arc::clone(&strict)), "reload", |_| Ok(Vec::new())).await;
    assert!(matches!(refused, Err(RosterError::Unfit(_))));
    assert_eq!(roster.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_used_at_start_is_kept_and_named() {
    let place = Place::new().await;
    let store = Arc::clone(place.roster.store());
    store.put_station(&Stored { csms: Some("gone".to_owned()), ..station("CS-9") }).await.unwrap();
    let again = Roster::open(store, place.roster.scribe.clone(), Arc::new(resolve)).await.unwrap();
    assert!(again.is_empty());
    assert_eq!(again.unusable().keys().collect::<Vec<_>>(), ["CS-9"]);
    // It is no reason to refuse other changes, and mends by a change of its own.
    again.replace(None, "file", |_| Ok(vec![StationChange::Add(station("CS-1"))])).await.unwrap();
    let mended = again.change("CS-9", "test", |entry| {
        entry.csms = None;
        Ok(())
    });
    assert!(mended.await.unwrap());
    assert_eq!((again.len(), again.unusable().len()), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_one_station_do_not_overtake_each_other() {
    let place = Place::new().await;
    place.roster.add(station("CS-1"), "test").await.unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let roster = Arc::clone(&place.roster);
            tokio::spawn(async move {
                roster
                    .change("CS-1", "test", |entry| {
                        let number: u32 = entry.site.as_deref().unwrap_or("0").parse().unwrap();
                        entry.site = Some((number + 1).to_string());
                        Ok(())
                    })
                    .await
            })
        })
        .collect();
    for task in tasks {
        let changed = tokio::time::timeout(Duration::from_secs(30), task).await;
        assert!(changed.unwrap().unwrap().unwrap());
    }
    assert_eq!(place.roster.find(&id_of("CS-1")).unwrap().site, "50");
}
