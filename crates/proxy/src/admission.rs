//! The order in which a station is judged before its upgrade is answered (DESIGN 2.8).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chargewarden_engine::{Connected, Opening};
use chargewarden_evidence::{OwnEvent, Security};
use chargewarden_ocpp::Version;
use chargewarden_policy::{About, Authentication, StationFacts};
use http::{HeaderMap, header, request::Parts};

use crate::{
    arrival::Caller,
    authentication::{Proven, authenticate},
    dial::{Dialled, dial},
    directory::Station,
    gateway::Shared,
    handshake::{Offer, StationId},
    incumbent::{Newcomer, take_place},
    meters,
    origin::Origin,
    presence::{Holding, Signal},
    profile::Profile,
    ratchet::{self, Showing},
    recorder::Opened,
    refusal::Reason,
    session::Peer,
    standing::{self, Standing},
    tls::CertificateProblem,
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
    /// What the admission showed, for the ratchet; none of a local session.
    pub(crate) showing: Option<Showing>,
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
    /// When to come again, where that is known.
    pub(crate) wait: Option<Duration>,
}

impl From<CertificateProblem> for Refusal {
    fn from(problem: CertificateProblem) -> Refusal {
        Refusal { detail: problem.detail, ..Refusal::from(Reason::from(problem.fault)) }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Refusal {
        Refusal { reason, station: None, csms: String::new(), detail: String::new(), wait: None }
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
    let offer = Offer::read(parts).map_err(|declined| {
        if declined.reason.is_guess() {
            gateway.throttle().failed_at(Origin::from(caller.peer.ip()), Instant::now());
        }
        Refusal { station: declined.station, ..Refusal::from(declined.reason) }
    })?;
    let claimed = offer.station.clone();
    let known = gateway.roster.find(&claimed);
    let csms = known.as_ref().map(|entry| entry.csms.name.clone()).unwrap_or_default();
    let agent = user_agent(&parts.headers);
    enter(gateway, caller, (offer, &agent), known).await.map_err(|refusal| Refusal {
        station: Some(claimed),
        csms,
        ..refusal
    })
}

async fn enter(
    gateway: &Arc<Shared>,
    caller: &Caller,
    (offer, agent): (Offer, &str),
    known: Option<Arc<Station>>,
) -> Result<Admitted, Refusal> {
    let mut proven = authenticate(gateway, caller, &offer, known).await?;
    let versions = versions(&offer, &proven)?;
    let fingerprint = fingerprint(caller, &proven, agent);
    let holding =
        take_place(gateway, &proven.entry.id, &Newcomer { caller, fingerprint: &fingerprint }).await?;
    if gateway.presence.len() > gateway.bounds.sessions {
        meters::bound_hit("sessions");
        return Err(Reason::Busy.into());
    }
    if let Err(wait) = gateway.take_admission(&proven.entry.id, Instant::now()) {
        meters::bound_hit("admissions-per-station");
        return Err(Refusal { wait: Some(wait), ..Reason::TooManyAdmissions.into() });
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
    open(gateway, caller, (offer.accept, fingerprint), proven, holding, (version, dialled)).await
}

/// The versions to offer the CSMS, in the station's order: those that the inventory allows, and none below what the station has
/// spoken.
fn versions(offer: &Offer, proven: &Proven) -> Result<Vec<Version>, Refusal> {
    let versions = allowed(offer, &proven.entry)?;
    let offered = versions.len();
    let kept = ratchet::kept(&proven.marks, versions);
    if kept.is_empty() {
        let mark = proven.marks.version.as_deref().unwrap_or_default();
        let detail =
            format!("it has spoken {mark}, and offers only what is below; {}", ratchet::HOW_TO_FORGIVE);
        return Err(Refusal { detail, ..Reason::VersionLowered.into() });
    }
    if kept.len() < offered {
        tracing::debug!(station = %proven.entry.id, "versions below the station's mark are not offered");
    }
    Ok(kept)
}

fn allowed(offer: &Offer, entry: &Station) -> Result<Vec<Version>, Reason> {
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

async fn open(
    gateway: &Arc<Shared>,
    caller: &Caller,
    (accept, fingerprint): (String, String),
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
        secured: fingerprint.clone(),
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
    let signal = Arc::new(Signal::of(format!("{}; {fingerprint}", caller.peer)));
    // Nobody who is not there chose the version of a local session.
    let showing = csms.is_some().then(|| Showing {
        profile,
        tls: caller.tls.as_ref().map(|tls| tls.version),
        version,
        address: (profile != Profile::Unauthenticated).then(|| caller.peer.ip()),
    });
    Ok(Admitted { accept, entry, version, session, core, csms, signal, holding, standing, showing })
}

/// How a station is connected, for those who have to tell two connections apart: TLS, certificate, what it calls itself.
fn fingerprint(caller: &Caller, proven: &Proven, agent: &str) -> String {
    let mut parts = vec![caller.tls.as_ref().map_or_else(|| "no TLS".to_owned(), ToString::to_string)];
    parts.extend(proven.certificate.as_ref().map(|(_, bound)| bound.to_string()));
    parts.extend((!agent.is_empty()).then(|| format!("agent `{agent}`")));
    parts.join("; ")
}

/// Characters of a `User-Agent` that are kept: those of stations are shorter, and it is anybody's text.
const AGENT_CHARS_MAX: usize = 64;

fn user_agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.chars().take(AGENT_CHARS_MAX).filter(|c| !c.is_control() && *c != '`').collect()
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
        csms_facts: Default::default(),
        envelope: entry.envelope.clone(),
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
