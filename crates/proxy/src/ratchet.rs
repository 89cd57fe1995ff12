//! High-water marks: nobody is let in with less than the station has had before (requirement R-A03, threat T06).
//!
//! The marks of a station are what its admissions taught: profile, TLS version, OCPP version, and the address it last proved itself
//! from. They are kept in memory, raised there at once, and written by one task, the latest of each station. Only an operator lowers
//! them ([`crate::Roster::forgive`]).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use chargewarden_ocpp::Version;
use chargewarden_store::{Marks, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::{
    directory::TlsVersion, handshake::StationId, meters, origin::Origin, profile::Profile, refusal::Reason,
};

/// Stations whose marks wait to be written: as many as may be admitted while one write takes a second.
const WAITING_MAX: usize = 4096;

/// The marks of all stations that have come by.
pub(crate) struct Ratchet {
    store: Arc<dyn Store>,
    known: Arc<Known>,
    waiting: mpsc::Sender<Job>,
}

/// Bounded by the inventory: only stations in it are looked up.
type Known = Mutex<HashMap<StationId, Marks>>;

enum Job {
    Write(StationId),
    /// Says when all before it are written.
    Done(oneshot::Sender<()>),
}

/// What an admission showed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Showing {
    pub(crate) profile: Profile,
    pub(crate) tls: Option<TlsVersion>,
    pub(crate) version: Version,
    /// None where nothing was proven.
    pub(crate) address: Option<IpAddr>,
}

impl Ratchet {
    /// Starts the writer. It ends when the ratchet is dropped, after writing what waits.
    pub(crate) fn start(store: Arc<dyn Store>) -> Ratchet {
        let (waiting, jobs) = mpsc::channel(WAITING_MAX);
        let known = Arc::<Known>::default();
        tokio::spawn(write(Arc::clone(&store), Arc::clone(&known), jobs));
        Ratchet { store, known, waiting }
    }

    /// The marks of a station of the inventory.
    ///
    /// # Errors
    /// The store cannot be read. Then nobody knows whether something is being lowered.
    pub(crate) async fn marks(&self, station: &StationId) -> Result<Marks, StoreError> {
        if let Some(marks) = self.known().get(station) {
            return Ok(marks.clone());
        }
        let stored = self.store.marks(station.as_str()).await?.unwrap_or_default();
        // Another admission may have raised them meanwhile.
        Ok(self.known().entry(station.clone()).or_insert(stored).clone())
    }

    /// A station was admitted. Waits while too many are waiting to be written.
    pub(crate) async fn raise(&self, station: &StationId, showing: Showing, at_ms: i64) {
        {
            let mut known = self.known();
            let marks = known.entry(station.clone()).or_default();
            let raised = raised(marks, showing, at_ms);
            let same = Marks { at_ms: marks.at_ms, ..raised.clone() } == *marks;
            if same {
                return;
            }
            *marks = raised;
        }
        // The writer ends after the last sender only.
        let _ = self.waiting.send(Job::Write(station.clone())).await;
    }

    /// Forgets the marks of a station, on disk too when this returns.
    ///
    /// # Errors
    /// The store cannot be written. They stand then.
    pub(crate) async fn forgive(&self, station: &StationId) -> Result<(), StoreError> {
        // What waits would come back otherwise.
        self.flush().await;
        self.store.forget_marks(station.as_str()).await?;
        self.known().insert(station.clone(), Marks::default());
        Ok(())
    }

    /// The station is gone from the inventory, or new in it: what is stored counts.
    pub(crate) fn reread(&self, station: &StationId) {
        self.known().remove(station);
    }

    /// Waits until everything is written.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.waiting.send(Job::Done(done)).await.is_ok() {
            let _ = written.await;
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<StationId, Marks>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For those who read evidence.
pub(crate) const HOW_TO_FORGIVE: &str = "`chargewarden station forgive` allows it";

/// The marks of profile and TLS, for those who read evidence.
pub(crate) fn said(marks: &Marks) -> String {
    match &marks.tls {
        Some(tls) => format!("it has used profile {} and TLS {tls}", marks.profile),
        None => format!("it has used profile {}", marks.profile),
    }
}

/// What would be lowered by letting a station in with this profile and TLS version.
pub(crate) fn lowered(marks: &Marks, profile: Profile, tls: Option<TlsVersion>) -> Option<Reason> {
    if profile.number() < marks.profile {
        return Some(Reason::ProfileLowered);
    }
    let mark = marks.tls.as_deref().and_then(TlsVersion::of_name);
    // Without TLS there is no version to lower: that is the profile's matter.
    (tls.is_some() && tls < mark).then_some(Reason::TlsLowered)
}

/// The versions that are not below the mark.
pub(crate) fn kept(marks: &Marks, versions: Vec<Version>) -> Vec<Version> {
    let mark = marks.version.as_deref().and_then(|mark| mark.parse::<Version>().ok());
    versions.into_iter().filter(|version| mark.is_none_or(|mark| rank(*version) >= rank(mark))).collect()
}

/// Whether a station last proved itself from there.
pub(crate) fn is_home(marks: &Marks, origin: Origin) -> bool {
    let address = marks.address.as_deref().and_then(|address| address.parse::<IpAddr>().ok());
    address.is_some_and(|address| Origin::from(address) == origin)
}

fn raised(marks: &Marks, showing: Showing, at_ms: i64) -> Marks {
    let Showing { profile, tls, version, address } = showing;
    let mark = marks.version.as_deref().and_then(|mark| mark.parse::<Version>().ok());
    let version = mark.filter(|mark| rank(*mark) > rank(version)).unwrap_or(version);
    let tls = tls.max(marks.tls.as_deref().and_then(TlsVersion::of_name));
    Marks {
        profile: profile.number().max(marks.profile),
        tls: tls.map(|tls| tls.name().to_owned()),
        version: Some(version.to_string()),
        address: address.map(|address| address.to_string()),
        at_ms,
    }
}

/// Later versions know more of security.
fn rank(version: Version) -> u8 {
    match version {
        Version::V16 => 0,
        Version::V201 => 1,
        Version::V21 => 2,
    }
}

async fn write(store: Arc<dyn Store>, known: Arc<Known>, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.recv().await {
        let (mut stations, mut done) = (Vec::new(), Vec::new());
        let mut sort = |job| match job {
            Job::Write(station) => stations.push(station),
            Job::Done(waiting) => done.push(waiting),
        };
        sort(job);
        while let Ok(job) = jobs.try_recv() {
            sort(job);
        }
        stations.sort_unstable();
        stations.dedup();
        for station in stations {
            let latest = known.lock().unwrap_or_else(PoisonError::into_inner).get(&station).cloned();
            let Some(marks) = latest else { continue };
            if let Err(error) = store.put_marks(station.as_str(), &marks).await {
                meters::bound_hit("store");
                tracing::warn!(%station, %error, "the high-water marks of the station are not stored");
            }
        }
        for waiting in done {
            let _ = waiting.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn showing(profile: Profile, tls: Option<TlsVersion>, version: Version) -> Showing {
        Showing { profile, tls, version, address: "192.0.2.1".parse().ok() }
    }

    #[test]
    fn marks_only_rise() {
        let first = raised(
            &Marks::default(),
            showing(Profile::TlsCertificate, Some(TlsVersion::Tls13), Version::V21),
            1,
        );
        let second = raised(&first, showing(Profile::TlsBasic, Some(TlsVersion::Tls12), Version::V16), 2);
        assert_eq!(second, Marks { at_ms: 2, ..first.clone() });
        assert_eq!(
            (first.profile, first.tls.as_deref(), first.version.as_deref()),
            (3, Some("1.3"), Some("2.1"))
        );
    }

    #[test]
    fn nothing_is_let_in_below_its_mark() {
        let marks =
            Marks { profile: 2, tls: Some("1.3".into()), version: Some("2.0.1".into()), ..Marks::default() };
        let judged = |profile, tls| lowered(&marks, profile, tls);
        assert_eq!(judged(Profile::Basic, None), Some(Reason::ProfileLowered));
        assert_eq!(judged(Profile::TlsBasic, Some(TlsVersion::Tls12)), Some(Reason::TlsLowered));
        assert_eq!(judged(Profile::TlsCertificate, Some(TlsVersion::Tls12)), Some(Reason::TlsLowered));
        assert_eq!(judged(Profile::TlsBasic, Some(TlsVersion::Tls13)), None);
        assert_eq!(judged(Profile::TlsCertificate, Some(TlsVersion::Tls13)), None);
        assert_eq!(
            kept(&marks, vec![Version::V16, Version::V21, Version::V201]),
            [Version::V21, Version::V201]
        );
        assert!(kept(&marks, vec![Version::V16]).is_empty());
        assert_eq!(lowered(&Marks::default(), Profile::Unauthenticated, None), None);
        assert_eq!(kept(&Marks::default(), vec![Version::V16]), [Version::V16]);
    }

    #[test]
    fn home_is_where_it_last_proved_itself() {
        let home = |address: &str, from: &str| {
            let marks = Marks { address: Some(address.into()), ..Marks::default() };
            is_home(&marks, from.parse::<IpAddr>().unwrap().into())
        };
        assert!(home("192.0.2.1", "192.0.2.1") && home("2001:db8::1", "2001:db8::2"));
        assert!(!home("192.0.2.1", "192.0.2.2") && !home("", "192.0.2.1"));
    }

    #[tokio::test]
    async fn marks_survive_a_restart_and_are_forgiven() {
        let folder = tempfile::tempdir().unwrap();
        let (id, now) = (StationId::parse("CS-1").unwrap(), 5);
        let directory = chargewarden_store::Directory::open(folder.path()).unwrap();
        let store: Arc<dyn Store> = Arc::new(chargewarden_store::SqliteStore::open(&directory).unwrap());
        let ratchet = Ratchet::start(Arc::clone(&store));
        assert_eq!(ratchet.marks(&id).await.unwrap(), Marks::default());
        ratchet.raise(&id, showing(Profile::Basic, None, Version::V201), now).await;
        let raised = ratchet.marks(&id).await.unwrap();
        assert_eq!((raised.profile, raised.version.as_deref()), (1, Some("2.0.1")));
        ratchet.flush().await;
        let again = Ratchet::start(Arc::clone(&store));
        assert_eq!(again.marks(&id).await.unwrap(), raised);
        again.forgive(&id).await.unwrap();
        assert_eq!(again.marks(&id).await.unwrap(), Marks::default());
        assert_eq!(store.marks("CS-1").await.unwrap(), None);
    }
}
