//! Taking over a changed configuration while the service runs: everything that is wrong is found first, and then all of it takes
//! effect or nothing does.

mod difference;
mod table;
mod tls;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use arc_swap::ArcSwap;
use chargewarden_admin::control::{Declined, Fault, Kind, Reloaded};
use chargewarden_engine::{Standings, World};
use chargewarden_evidence::{
    Bundle as BundleRecord, BundleOutcome, Durability, Event, Hash, Lifecycle, OwnEvent, Phase, Record,
    Security,
};
use chargewarden_policy::{Bundle, Policies};
use chargewarden_proxy::{Applied, FreshTls, Proxy, Roster, RosterError};
use chargewarden_store::{Scribe, SealKey, Source};

pub(crate) use self::watch::watch;
use crate::{
    config::{self, Effective, Problems, Settings},
    gateway::{configuration_hash, stamp},
    herald::Herald,
    inventory::{self, Import},
    policies,
};

/// What is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything: the configuration file and all that it names.
    All,
    /// The inventory, certificates, revocation lists and passwords that the configuration in force names. A configuration or a
    /// bundle that somebody is at work on is not taken over because a revocation list was renewed.
    Files,
}

/// Does it.
pub(crate) struct Reloader {
    roster: Arc<Roster>,
    world: Arc<ArcSwap<World>>,
    scribe: Scribe,
    herald: Herald,
    /// Gone while the service stops.
    proxy: Weak<Proxy>,
    seal: SealKey,
    /// One reload at a time.
    turn: tokio::sync::Mutex<()>,
    /// What is in force.
    current: Mutex<Current>,
}

struct Current {
    settings: Settings,
    /// The settings as they were read last, whether or not they are in force.
    read: Vec<Effective>,
    prints: Prints,
    /// When it was taken over, after the start.
    reloaded: Option<chargewarden_evidence::Stamp>,
    /// What was wrong with what was read last.
    problems: Vec<String>,
}

/// What the TLS files of each listener were when they were read.
type Prints = BTreeMap<usize, Hash>;

/// TLS files that can be used.
struct Tls {
    proxy: Arc<Proxy>,
    fresh: FreshTls,
}

impl Tls {
    fn put_in_force(self) {
        self.proxy.put_tls_in_force(self.fresh);
    }
}

/// What others ask about the configuration in force.
pub(crate) struct InForce {
    pub(crate) canonical: String,
    pub(crate) dangers: Vec<String>,
    pub(crate) reloaded: Option<chargewarden_evidence::Stamp>,
    pub(crate) problems: Vec<String>,
}

impl Reloader {
    pub(crate) fn new(
        settings: Settings,
        roster: Arc<Roster>,
        world: Arc<ArcSwap<World>>,
        (scribe, proxy, seal): (Scribe, Weak<Proxy>, SealKey),
    ) -> Reloader {
        let read = settings.effective.clone();
        let wanted = tls::wanted(&settings.listeners, &settings.listeners);
        let prints = wanted.iter().map(|(number, tls)| (*number, tls::fingerprint(tls))).collect();
        let current = Mutex::new(Current { settings, read, prints, reloaded: None, problems: Vec::new() });
        let herald = Herald::new(scribe.clone(), proxy.clone());
        let turn = tokio::sync::Mutex::default();
        Reloader { roster, world, scribe, herald, proxy, seal, turn, current }
    }

    /// What is in force.
    pub(crate) fn in_force(&self) -> InForce {
        self.look(|current| InForce {
            canonical: current.settings.canonical.clone(),
            dangers: current.settings.dangers.clone(),
            reloaded: current.reloaded,
            problems: current.problems.clone(),
        })
    }

    /// What entries of the inventory refer to, as it is in force.
    /// Who is set apart.
    pub(crate) fn standings(&self) -> Arc<Standings> {
        Arc::clone(&self.world.load().standings)
    }

    pub(crate) fn around(&self) -> config::Around {
        self.look(|current| current.settings.around.clone())
    }

    /// The inventory file in force.
    pub(crate) fn inventory_file(&self) -> Option<PathBuf> {
        self.look(|current| current.settings.inventory_file.clone())
    }

    /// Whether a file says which stations there are.
    pub(crate) fn has_inventory_file(&self) -> bool {
        self.look(|current| current.settings.entries.is_some())
    }

    /// Reads again and takes over what changed. On any problem nothing changes.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) async fn reload(&self, by: &str, scope: Scope) -> Result<Reloaded, Declined> {
        let _turn = self.turn.lock().await;
        let done = match self.read(scope).await {
            Ok(settings) => self.take_over(settings, by, scope).await,
            Err(declined) => Err(declined),
        };
        match &done {
            Ok(reloaded) => {
                for line in &reloaded.applied {
                    tracing::info!(by, "reload: {line}");
                }
                for needed in &reloaded.restart {
                    tracing::warn!(by, key = needed.key, why = needed.why, "reload: needs a restart");
                }
            }
            Err(declined) => self.refused(declined, by).await,
        }
        done
    }

    async fn read(&self, scope: Scope) -> Result<Settings, Declined> {
        let (file, form, base, effective) = self.look(|current| {
            let settings = &current.settings;
            let (file, form) = (settings.file.clone(), settings.form.clone());
            (file, form, settings.around.base.clone(), current.read.clone())
        });
        let read = move || match (scope, file) {
            (Scope::All, Some(file)) => config::load(&file),
            (Scope::All, None) => {
                let mut problems = Problems::default();
                problems.add("", "the service was started without a configuration file");
                Err(problems)
            }
            (Scope::Files, file) => {
                config::resolve(&form, &base).map(|settings| Settings { file, effective, ..settings })
            }
        };
        // Reading and compiling takes a while, and must not hold up sessions.
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(settings)) => Ok(settings),
            Ok(Err(problems)) => Err(declined(problems)),
            Err(error) => Err(Declined::new(Kind::Unavailable, "", error)),
        }
    }

    /// Everything that a reload does, in order. What can fail comes first and changes nothing.
    async fn take_over(&self, settings: Settings, by: &str, scope: Scope) -> Result<Reloaded, Declined> {
        let before = self.look(|current| current.settings.clone());
        let settings = keep_what_stays(settings, &before, scope);
        let mut reloaded = difference::of(&before, &settings);
        let (tls, prints) = self.read_tls(&before, &settings, &mut reloaded).await?;

        let applied = self.import(&settings, by).await.map_err(|error| refused(error, &settings))?;
        if applied != Applied::default() {
            let Applied { added, changed, removed } = applied;
            reloaded.applied.push(format!("inventory: {added} added, {changed} changed, {removed} removed"));
        }
        tls.put_in_force();
        self.change_world(&before, &settings).await;

        let configuration = configuration_hash(&settings.canonical);
        let danger = settings.dangers.clone();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let lifecycle = Lifecycle { phase: Phase::Reloaded, version, configuration, danger };
        self.append(Event::Lifecycle(lifecycle)).await;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.problems = reloaded
            .restart
            .iter()
            .map(|needed| format!("{} needs a restart: {}", needed.key, needed.why))
            .collect();
        current.reloaded = Some(stamp());
        current.prints = prints;
        current.read.clone_from(&settings.effective);
        // What needs a restart is compared with what is in force each time: it stays named until it is.
        current.settings = difference::in_force(settings, &before, &reloaded);
        Ok(reloaded)
    }

    /// Reads the TLS files of the listeners whose files are other ones than those in force.
    async fn read_tls(
        &self,
        before: &Settings,
        settings: &Settings,
        reloaded: &mut Reloaded,
    ) -> Result<(Tls, Prints), Declined> {
        let wanted = tls::wanted(&before.listeners, &settings.listeners);
        let (wanted, prints) = tokio::task::spawn_blocking(move || {
            let prints: Prints =
                wanted.iter().map(|(number, tls)| (*number, tls::fingerprint(tls))).collect();
            (wanted, prints)
        })
        .await
        .map_err(|error| Declined::new(Kind::Unavailable, "", error))?;
        let known = self.look(|current| current.prints.clone());
        let other: Vec<_> =
            wanted.into_iter().filter(|(number, _)| known.get(number) != prints.get(number)).collect();
        let Some(proxy) = self.proxy.upgrade() else {
            return Err(Declined::new(Kind::Unavailable, "", "the service is being stopped"));
        };
        let lines = other.iter().map(|(number, _)| format!("listen[{number}].tls: files read again"));
        let lines: Vec<String> = lines.collect();
        match proxy.read_tls(other).await {
            Ok(fresh) => {
                reloaded.applied.extend(lines);
                Ok((Tls { proxy, fresh }, prints))
            }
            Err((number, problem)) => {
                Err(Declined::new(Kind::Invalid, format!("listen[{number}].tls"), tls::chain(&problem)))
            }
        }
    }

    async fn import(&self, settings: &Settings, by: &str) -> Result<Applied, RosterError> {
        let resolve = inventory::resolver(settings.around.clone(), self.seal.clone());
        let by = if settings.entries.is_some() { format!("inventory-file ({by})") } else { by.to_owned() };
        bring_into_line(settings, &self.roster, Some(resolve), &by).await
    }

    async fn change_world(&self, before: &Settings, settings: &Settings) {
        let digests =
            |bundles: &[Arc<Bundle>]| bundles.iter().map(|bundle| bundle.digest()).collect::<Vec<_>>();
        let policies = (digests(&before.bundles) != digests(&settings.bundles)).then(|| {
            // Made once: others read the world meanwhile, and what is remembered of decisions goes with it.
            Arc::new(Policies::new(settings.bundles.clone()))
        });
        if policies.is_some() {
            let known: BTreeSet<_> = before.bundles.iter().map(|bundle| bundle.digest()).collect();
            for bundle in settings.bundles.iter().filter(|bundle| !known.contains(&bundle.digest())) {
                self.append(loaded(bundle)).await;
            }
        }
        self.world.rcu(|now| World {
            policies: policies.clone().unwrap_or_else(|| Arc::clone(&now.policies)),
            limits: chargewarden_engine::SessionLimits {
                answer_ms: settings.session_limits.answer_ms,
                ..now.limits
            },
            ..World::clone(now)
        });
        if let Some(proxy) = self.proxy.upgrade()
            && let Err(error) = policies::compare(&**self.roster.store(), &settings.bundles, &proxy).await
        {
            tracing::error!(%error, "which policies are in force is not kept");
        }
    }

    /// Keeps the last good configuration, and says so where people look.
    async fn refused(&self, declined: &Declined, by: &str) {
        let problems: Vec<String> = declined.problems.iter().map(ToString::to_string).collect();
        for problem in &problems {
            tracing::warn!(by, problem, "reload refused: the configuration in force stays");
        }
        if let Some(bundle) = declined.problems.iter().find(|problem| problem.at.starts_with("parties")) {
            self.policy_changed(format!("turned down, by {by}: {bundle}")).await;
        }
        let (configuration, danger) = {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            current.problems = problems;
            (configuration_hash(&current.settings.canonical), current.settings.dangers.clone())
        };
        let version = env!("CARGO_PKG_VERSION").to_owned();
        self.append(Event::Lifecycle(Lifecycle {
            phase: Phase::ReloadRefused,
            version,
            configuration,
            danger,
        }))
        .await;
    }

    async fn policy_changed(&self, detail: String) {
        self.herald.raise(Security { detail, ..Security::own(OwnEvent::PolicyChanged) }).await;
    }

    async fn append(&self, event: Event) {
        if let Err(error) = self.scribe.append(&Record { at: stamp(), event }, Durability::Before).await {
            tracing::error!(%error, "the evidence log does not take a record of a reload");
        }
    }

    fn look<T>(&self, look: impl FnOnce(&Current) -> T) -> T {
        look(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Brings the inventory into line with its file, if there is one, and has it resolved by `resolve` from then on.
pub(crate) async fn bring_into_line(
    settings: &Settings,
    roster: &Roster,
    resolve: Option<Arc<chargewarden_proxy::Resolve>>,
    by: &str,
) -> Result<Applied, RosterError> {
    let wanted = settings.entries.as_ref().map(|entries| {
        let stored = |entry| inventory::of_entry(entry, &settings.around, Source::File);
        entries.iter().map(stored).collect()
    });
    let import = Import { source: Source::File, prune: true };
    roster
        .replace(resolve, by, |stored| match wanted {
            Some(wanted) => inventory::plan(stored, wanted, import).map_err(RosterError::Unfit),
            None => Ok(Vec::new()),
        })
        .await
}

/// Bundles stay where only files are read again.
fn keep_what_stays(settings: Settings, before: &Settings, scope: Scope) -> Settings {
    match scope {
        Scope::All => settings,
        Scope::Files => Settings { bundles: before.bundles.clone(), ..settings },
    }
}

fn loaded(bundle: &Bundle) -> Event {
    Event::Bundle(BundleRecord {
        outcome: BundleOutcome::Loaded,
        party: bundle.party().to_string(),
        name: bundle.name().to_owned(),
        version: bundle.version().to_owned(),
        digest: Hash(bundle.digest()),
        problem: String::new(),
    })
}

fn declined(problems: Problems) -> Declined {
    let problems =
        problems.0.into_iter().map(|problem| Fault { at: problem.at, what: problem.what }).collect();
    Declined { kind: Kind::Invalid, problems }
}

fn refused(error: RosterError, settings: &Settings) -> Declined {
    let file = settings.inventory_file.as_deref().unwrap_or(Path::new("inventory"));
    match error {
        RosterError::Unfit(problems) => Declined {
            kind: Kind::Invalid,
            problems: problems
                .into_iter()
                .map(|(id, what)| Fault { at: format!("station {id}"), what })
                .collect(),
        },
        RosterError::Unknown(_) | RosterError::Exists(_) | RosterError::Refused(_) => {
            Declined::new(Kind::Conflict, file.display().to_string(), error)
        }
        RosterError::Evidence(_) | RosterError::Store(_) => Declined::new(Kind::Unavailable, "", error),
    }
}

/// The settings by key, for comparing.
fn by_key(effective: &[Effective]) -> BTreeMap<&str, &str> {
    effective.iter().map(|setting| (setting.key.as_str(), setting.value.as_str())).collect()
}
