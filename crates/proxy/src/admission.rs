//! The order in which a station is judged before its upgrade is answered (DESIGN 2.8).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chargewarden_engine::{Connected, Opening};
use chargewarden_evidence::{OwnEvent, Security};
use chargewarden_ocpp::Version;
use chargewarden_policy::{About, Authentication, StationFacts};
use http::request::Parts;

use crate::{
    arrival::Caller,
    credential::{Known, Shown},
    dial::{Dialled, dial},
    directory::Station,
    gateway::Shared,
    handshake::{Basic, Offer, StationId},
    meters,
    presence::{Challenged, Claim, Holding, Signal},
    profile::Profile,
    recorder::Opened,
    refusal::Reason,
    session::Peer,
    standing::{self, Standing},
    tls::{Bound, CertificateProblem},
    tolerance::Tolerance,
};

/// A station that may come in; only the answer to its upgrade is missing.
pub(crate) struct Admitted {
    /// For `Sec-WebSocket-Accept`.
    pub(crate) accept: String,
    pub(crate) entry: Arc<Station>,
    pub(crate) version: Version,
    pub(crate) session: String,
    pub(crate) core: Box<chargewarden_engine::Session>,
    /// None: a local session.
    pub(crate) csms: Option<Peer>,
    pub(crate) signal: Arc<Signal>,
    pub(crate) holding: Holding,
    pub(crate) standing: Option<Standing>,
}

/// A station that may not.
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// As claimed in the path.
    pub(crate) station: Option<StationId>,
    /// The CSMS it was meant for, when known.
    pub(crate) csms: String,
    /// For evidence and log.
    pub(crate) detail: String,
}

impl From<CertificateProblem> for Refusal {
    fn from(problem: CertificateProblem) -> Refusal {
        Refusal { detail: problem.detail, ..Refusal::from(Reason::from(problem.fault)) }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Refusal {
        Refusal { reason, station: None, csms: String::new(), detail: String::new() }
    }
}

/// Judges an upgrade request, and connects to the CSMS when all else is right.
pub(crate) async fn admit(
    gateway: &Arc<Shared>,
    caller: &Caller,
    parts: &Parts,
) -> Result<Admitted, Refusal> {
    if gateway.is_draining() {
        return Err(Reason::Draining.into());
    }
    let offer = Offer::read(parts)
        .map_err(|declined| Refusal { station: declined.station, ..Refusal::from(declined.reason) })?;
    let claimed = offer.station.clone();
    let known = gateway.roster.find(&claimed);
    let csms = known.as_ref().map(|entry| entry.csms.name.clone()).unwrap_or_default();
    enter(gateway, caller, offer, known).await.map_err(|refusal| Refusal {
        station: Some(claimed),
        csms,
        ..refusal
    })
}

async fn enter(
    gateway: &Arc<Shared>,
    caller: &Caller,
    offer: Offer,
    known: Option<Arc<Station>>,
) -> Result<Admitted, Refusal> {
    let mut proven = authenticate(gateway, caller, &offer, known).await?;
    let versions = versions(&offer, &proven.entry)?;
    let holding = take_place(gateway, &proven.entry.id).await?;
    if gateway.presence.len() > gateway.bounds.sessions {
        meters::bound_hit("sessions");
        return Err(Reason::Busy.into());
    }
    proven.settle(gateway).await?;
    let dialled = if proven.entry.is_local() {
        None
    } else {
        Some(dial(&proven.entry, &versions, &gateway.bounds).await.map_err(|error| {
            let reason = error.reason();
            if reason == Reason::CsmsUnreachable {
                gateway.displacement.unreachable(&proven.entry.id);
            }
            Refusal { detail: chain(&error), ..Refusal::from(reason) }
        })?)
    };
    // Where there is no CSMS to choose, the station's first choice.
    let first = versions.first().copied();
    let Some(version) = dialled.as_ref().map(|dialled| dialled.version).or(first) else {
        return Err(Reason::NoSubprotocol.into());
    };
    open(gateway, caller, offer.accept, proven, holding, (version, dialled)).await
}

/// A station that is who it says.
struct Proven {
    entry: Arc<Station>,
    profile: Profile,
    /// With profile 3.
    certificate: Option<(Standing, Bound)>,
    /// Which of its secrets it showed, where that counts.
    shown: Option<Shown>,
}

impl Proven {
    /// Which of two passwords the station has is known now: it has used one, and is not connected otherwise.
    ///
    /// # Errors
    /// The station's other connection has settled it meanwhile, and the secret shown is the old one.
    async fn settle(&mut self, gateway: &Shared) -> Result<(), Reason> {
        let Some(shown) = self.shown else { return Ok(()) };
        let now = gateway.roster.find(&self.entry.id);
        let same = |now: Arc<Station>| now.secrets.current == self.entry.secrets.current;
        if shown == Shown::Current && !now.is_some_and(same) {
            return Err(Reason::WrongSecret);
        }
        match gateway.roster.settle_by_use(&self.entry, shown).await {
            Ok(None) => {}
            Ok(Some(entry)) => {
                let outcome = match shown {
                    Shown::Current => "rejected",
                    Shown::Proposed => "accepted",
                };
                meters::rotation(outcome, "station");
                self.entry = entry;
            }
            // Both stay good.
            Err(error) => {
                tracing::error!(station = %self.entry.id, %error, "which password the station has is not kept");
            }
        }
        Ok(())
    }
}

/// Proves who it is, by what the station is provisioned for. The work and the answer are the same for unknown ids, wrong
/// secrets and bad certificates.
async fn authenticate(
    gateway: &Shared,
    caller: &Caller,
    offer: &Offer,
    known: Option<Arc<Station>>,
) -> Result<Proven, Refusal> {
    let wanted = known.as_ref().map(|entry| entry.profile);
    let brought = caller.tls.as_ref().is_some_and(|tls| tls.client.is_some());
    let offered = Profile::offered(caller.tls.is_some(), brought, offer.credentials.is_some(), wanted);
    let now = gateway.clock.now().wall;
    let certificate = match &known {
        Some(entry) if offered == Profile::TlsCertificate => Some(Standing::of(caller, entry, now)),
        None if offered == Profile::TlsCertificate => {
            let _ = standing::judged(caller, offer.station.as_str(), now);
            None
        }
        Some(_) | None => None,
    };
    let secret = match &offer.credentials {
        // Where a certificate is good, no secret counts; next to a bad one it is looked at for the time that takes.
        Some(_) if matches!(certificate, Some(Ok(_))) => Ok(None),
        Some(basic) => prove_secret(gateway, caller, basic, known.as_ref()).await.map(Some),
        None if !brought && wanted.is_none_or(Profile::has_secret) => Err(Reason::MissingCredentials),
        None => Ok(None),
    };
    if let Err(reason @ (Reason::TooManyAttempts | Reason::Busy | Reason::MissingCredentials)) = secret {
        return Err(reason.into());
    }
    let Some(entry) = known else { return Err(secret.err().unwrap_or(Reason::UnknownStation).into()) };
    let nothing_over_tls = caller.tls.is_some() && !brought && offer.credentials.is_none();
    if nothing_over_tls && entry.profile == Profile::TlsCertificate {
        return Err(Reason::CertificateMissing.into());
    }
    if offered != entry.profile || !caller.listener.plan.profiles.contains(&offered) {
        return Err(Reason::ProfileMismatch.into());
    }
    let certificate = certificate.transpose()?;
    let secret = secret?;
    if certificate.is_some() && offer.credentials.as_ref().is_some_and(|basic| !is_user(basic, &entry)) {
        return Err(Reason::WrongUser.into());
    }
    if offered == Profile::Unauthenticated && entry.unauthenticated_until.is_none_or(|until| now >= until) {
        return Err(Reason::ExceptionExpired.into());
    }
    Ok(Proven { entry, profile: offered, certificate, shown: secret })
}

/// Whether the user name is the station's id, or need not be.
fn is_user(basic: &Basic, entry: &Station) -> bool {
    basic.user_is_id() || entry.tolerances.contains(&Tolerance::AnyUserName)
}

async fn prove_secret(
    gateway: &Shared,
    caller: &Caller,
    basic: &Basic,
    known: Option<&Arc<Station>>,
) -> Result<Shown, Reason> {
    let (address, secret) = (caller.peer.ip(), basic.secret());
    if !basic.user_is_id() && !known.is_some_and(|entry| is_user(basic, entry)) {
        return Err(Reason::WrongUser);
    }
    let exhausted = gateway.guesses.exhausted(address, Instant::now());
    if let Some(entry) = known {
        match gateway.credentials.known(entry, secret, address) {
            // Somebody who guesses from the station's own address must not lock the station out.
            Known::Here(shown) => return Ok(shown),
            Known::Elsewhere(shown) if !exhausted => return Ok(shown),
            Known::Elsewhere(_) | Known::No => {}
        }
    }
    if exhausted {
        meters::bound_hit("guesses-per-address");
        return Err(Reason::TooManyAttempts);
    }
    gateway.credentials.check(known, secret, address).await
}

/// The versions to offer the CSMS, in the station's order.
fn versions(offer: &Offer, entry: &Station) -> Result<Vec<Version>, Reason> {
    if offer.versions.is_empty() {
        return match entry.versions.as_slice() {
            [only] if entry.tolerances.contains(&Tolerance::NoSubprotocol) => Ok(vec![*only]),
            _ => Err(Reason::NoSubprotocol),
        };
    }
    let allowed = |version: &Version| entry.versions.contains(version);
    let versions: Vec<Version> = offer.versions.iter().copied().filter(allowed).collect();
    if versions.is_empty() { Err(Reason::VersionNotAllowed) } else { Ok(versions) }
}

/// How often it is looked whether another admission of the same station has ended.
const UNDER_WAY_PAUSE: Duration = Duration::from_millis(50);

/// Takes the station's place. A second connection does not win: the incumbent is asked first, and stays if it lives.
async fn take_place(gateway: &Arc<Shared>, id: &StationId) -> Result<Holding, Refusal> {
    let wait = gateway.bounds.incumbent_wait;
    let incumbent = match claim_settled(gateway, id, wait).await {
        Claim::Held(holding) => return Ok(holding),
        Claim::UnderWay => return Err(Reason::AdmissionUnderWay.into()),
        Claim::Incumbent(signal) => signal,
    };
    match incumbent.challenge(wait).await {
        Challenged::Alive => return Err(Reason::AlreadyConnected.into()),
        Challenged::Gone => {}
        // Its end is recorded by its own session, with the reason `replaced`.
        Challenged::Silent => {
            incumbent.replace(wait + gateway.bounds.close_wait).await;
        }
    }
    match gateway.presence.claim(id) {
        Claim::Held(holding) => Ok(holding),
        Claim::UnderWay | Claim::Incumbent(_) => Err(Reason::AdmissionUnderWay.into()),
    }
}

/// Claims the place once no other admission of the station is under way, at the latest after `wait`: a station that gave up on
/// a slow handshake and dials again meets its own first attempt.
async fn claim_settled(gateway: &Arc<Shared>, id: &StationId, wait: Duration) -> Claim {
    let started = Instant::now();
    loop {
        match gateway.presence.claim(id) {
            Claim::UnderWay if started.elapsed() < wait => tokio::time::sleep(UNDER_WAY_PAUSE).await,
            claim @ (Claim::Held(_) | Claim::Incumbent(_) | Claim::UnderWay) => return claim,
        }
    }
}

async fn open(
    gateway: &Arc<Shared>,
    caller: &Caller,
    accept: String,
    proven: Proven,
    holding: Holding,
    (version, dialled): (Version, Option<Dialled>),
) -> Result<Admitted, Refusal> {
    let Proven { entry, profile, certificate, .. } = proven;
    let session = gateway.next_session_id();
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce)
        .map_err(|error| Refusal { detail: error.to_string(), ..Refusal::from(Reason::Busy) })?;
    let now = gateway.clock.now();
    let state = gateway.states.read(&entry.id).await;
    let opening = Opening {
        session: session.clone(),
        nonce,
        version,
        about: about(&entry, caller, version, profile),
        station: Connected { authenticated: authentication(profile), tls: profile.has_tls() },
        csms: dialled.as_ref().map(|dialled| dialled.connected),
        factory: entry.factory && entry.quarantine.is_none(),
        // What using one of the two did not settle.
        rotation_deferred: entry.secrets.proposed.is_some(),
        style: entry.csms.refusals,
        state,
    };
    let core = {
        let world = gateway.world.load();
        Box::new(chargewarden_engine::Session::open(opening, now, &world))
    };
    let opened = Opened {
        session: &session,
        entry: &entry,
        station_peer: &caller.peer.to_string(),
        csms: dialled.as_ref().map(|dialled| (dialled.peer.as_str(), dialled.detail.as_str())),
        secured: secured(caller, certificate.as_ref().map(|(_, bound)| bound)),
        subprotocol: version.subprotocol(),
    };
    gateway.recorder.opened(opened).await.map_err(|error| Refusal {
        detail: error.to_string(),
        ..Refusal::from(Reason::EvidenceUnavailable)
    })?;
    if entry.factory {
        let event = Security {
            station: entry.id.to_string(),
            session: session.clone(),
            peer: caller.peer.to_string(),
            ..Security::own(OwnEvent::FactoryCredential)
        };
        gateway.recorder.security(event).await;
    }
    let csms = dialled.map(|dialled| Peer::new(dialled.socket, dialled.peer, now.mono_ms));
    let standing = certificate.map(|(standing, _)| standing);
    Ok(Admitted { accept, entry, version, session, core, csms, signal: Arc::default(), holding, standing })
}

/// How a station's connection is secured, for evidence.
fn secured(caller: &Caller, certificate: Option<&Bound>) -> String {
    match (&caller.tls, certificate) {
        (None, _) => String::new(),
        (Some(tls), None) => tls.to_string(),
        (Some(tls), Some(certificate)) => format!("{tls}; {certificate}"),
    }
}

fn authentication(profile: Profile) -> Authentication {
    match profile {
        Profile::Unauthenticated => Authentication::None,
        Profile::Basic | Profile::TlsBasic => Authentication::Password,
        Profile::TlsCertificate => Authentication::Certificate,
    }
}

/// Who the session is about, for policies.
fn about(entry: &Station, caller: &Caller, version: Version, profile: Profile) -> About {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let security_profile = i64::from(profile.number());
    About {
        station: entry.id.to_string(),
        parties: entry.parties.clone(),
        site: said(&entry.site),
        groups: entry.groups.clone(),
        area: said(&entry.area),
        facts: StationFacts {
            version,
            security_profile,
            certificate_name: Some(standing::name(entry).to_owned()),
            organisation: caller.listener.plan.tls.as_ref().and_then(|tls| tls.organisation.clone()),
            ..StationFacts::default()
        },
        csms: entry.csms.name.clone(),
        csms_party: entry.csms.party.clone(),
    }
}

/// An error with its causes, for people.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
