//! Who is at the door: what can be judged of a claim, and the proof of it.
//!
//! Everything but the secret is judged first, and without telling. Whatever came of it, a secret that was offered is then hashed: so an
//! unknown id, a wrong secret, the wrong profile, a wrong source and a bad certificate take the same time and get the same answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chargewarden_ocpp::Timestamp;
use chargewarden_store::Marks;

use crate::{
    admission::Refusal,
    arrival::Caller,
    credential::Shown,
    directory::Station,
    gateway::Shared,
    handshake::{Basic, Offer},
    meters,
    origin::Origin,
    profile::Profile,
    ratchet,
    refusal::Reason,
    standing::{self, Standing},
    throttle::TooEarly,
    tls::Bound,
    tolerance::Tolerance,
};

/// When whoever comes from an address that people set apart may ask again: they look at it in the morning.
const SET_APART_WAIT: Duration = Duration::from_secs(3600);

/// A station that is who it says.
pub(crate) struct Proven {
    pub(crate) entry: Arc<Station>,
    pub(crate) profile: Profile,
    /// With profile 3.
    pub(crate) certificate: Option<(Standing, Bound)>,
    /// What its admissions so far taught.
    pub(crate) marks: Marks,
    /// Which of its secrets it showed, where that counts.
    shown: Option<Shown>,
}

/// Proves who it is, by what the station is provisioned for.
pub(crate) async fn authenticate(
    gateway: &Shared,
    caller: &Caller,
    offer: &Offer,
    known: Option<Arc<Station>>,
) -> Result<Proven, Refusal> {
    let origin = Origin::from(caller.peer.ip());
    let marks =
        match &known {
            Some(entry) => gateway.roster.ratchet.marks(&entry.id).await.map_err(|error| Refusal {
                detail: error.to_string(),
                ..Reason::EvidenceUnavailable.into()
            })?,
            None => Marks::default(),
        };
    let home = ratchet::is_home(&marks, origin);
    let connected = known.as_ref().is_some_and(|entry| gateway.presence.has(&entry.id));
    let now = Instant::now();
    // Somebody said so: whoever comes from there.
    let wall = gateway.clock.now().wall;
    if gateway.is_set_apart(origin, wall) {
        return Err(Refusal { wait: Some(SET_APART_WAIT), ..Reason::AddressQuarantined.into() });
    }
    // The station's own address is not kept out while it is missing from there.
    if let Some(wait) = gateway.quarantine().left(origin, now).filter(|_| connected || !home) {
        return Err(Refusal { wait: Some(wait), ..Reason::AddressQuarantined.into() });
    }
    let judged = judge(caller, offer, known.as_ref(), &marks, wall);
    let proof = Proof { gateway, offer, origin, home, now };
    let shown = match (&offer.credentials, &judged) {
        // Where a certificate is good, or nothing has to be proven, no secret counts; next to anything bad it is looked at.
        (_, Ok(sound)) if !sound.profile.has_secret() => Ok(None),
        (None, _) => {
            gateway.throttle().failed_at(origin, now);
            Err(Reason::MissingCredentials.into())
        }
        (Some(basic), judged) => proof.of(basic, known.as_ref(), judged.is_ok()).await.map(Some),
    };
    // A right secret from a wrong place is worth an alarm; a wrong one from there is a guess like any other.
    let is_mere_guess =
        |fault: &Refusal| fault.reason == Reason::AddressNotAllowed && offer.credentials.is_some();
    match (judged, shown) {
        (Ok(sound), Ok(shown)) => {
            let Some(entry) = known else { return Err(Reason::UnknownStation.into()) };
            gateway.throttle().proved(origin, &entry.id);
            Ok(Proven { entry, profile: sound.profile, certificate: sound.certificate, marks, shown })
        }
        (Err(fault), Ok(_)) => Err(fault),
        (Err(fault), Err(refusal)) if refusal.reason.is_guess() && !is_mere_guess(&fault) => Err(fault),
        (Ok(_) | Err(_), Err(refusal)) => Err(refusal),
    }
}

/// A claim without a fault, as far as that can be seen without the secret.
struct Sound {
    profile: Profile,
    certificate: Option<(Standing, Bound)>,
}

/// Judges everything but the secret.
fn judge(
    caller: &Caller,
    offer: &Offer,
    known: Option<&Arc<Station>>,
    marks: &Marks,
    now: Timestamp,
) -> Result<Sound, Refusal> {
    let brought = caller.tls.as_ref().is_some_and(|tls| tls.client.is_some());
    let basic = offer.credentials.as_ref();
    let wanted = known.map(|entry| entry.profile);
    let offered = Profile::offered(caller.tls.is_some(), brought, basic.is_some(), wanted);
    let Some(entry) = known else {
        // For the time it takes.
        if offered == Profile::TlsCertificate {
            let _ = standing::judged(caller, offer.station.as_str(), now);
        }
        let nothing = !brought && basic.is_none();
        return Err(if nothing { Reason::MissingCredentials } else { Reason::UnknownStation }.into());
    };
    let certificate = (offered == Profile::TlsCertificate).then(|| Standing::of(caller, entry, now));
    if !brought && basic.is_none() {
        if entry.profile == Profile::TlsCertificate && caller.tls.is_some() {
            return Err(Reason::CertificateMissing.into());
        }
        if entry.profile.has_secret() {
            return Err(Reason::MissingCredentials.into());
        }
    }
    if offered != entry.profile || !caller.listener.plan.profiles.contains(&offered) {
        return Err(Reason::ProfileMismatch.into());
    }
    if let Some(reason) = ratchet::lowered(marks, offered, caller.tls.as_ref().map(|tls| tls.version)) {
        let detail = format!("{}; {}", ratchet::said(marks), ratchet::HOW_TO_FORGIVE);
        return Err(Refusal { detail, ..reason.into() });
    }
    let certificate = certificate.transpose()?;
    let address = caller.peer.ip().to_canonical();
    if !entry.sources.is_empty() && !entry.sources.iter().any(|network| network.contains(&address)) {
        return Err(Reason::AddressNotAllowed.into());
    }
    if basic.is_some_and(|basic| !is_user(basic, entry)) {
        return Err(Reason::WrongUser.into());
    }
    if offered == Profile::Unauthenticated && entry.unauthenticated_until.is_none_or(|until| now >= until) {
        return Err(Reason::ExceptionExpired.into());
    }
    Ok(Sound { profile: offered, certificate })
}

/// Whether the user name is the station's id, or need not be.
fn is_user(basic: &Basic, entry: &Station) -> bool {
    basic.user_is_id() || entry.tolerances.contains(&Tolerance::AnyUserName)
}

/// The proof by a secret.
struct Proof<'a> {
    gateway: &'a Shared,
    offer: &'a Offer,
    origin: Origin,
    /// The station last proved itself from here.
    home: bool,
    now: Instant,
}

impl Proof<'_> {
    /// Looks at a secret, unless it comes too early. `sound`: nothing else is wrong; otherwise the work is done all the same, always
    /// the slow way, and the attempt has failed whatever comes out.
    async fn of(&self, basic: &Basic, known: Option<&Arc<Station>>, sound: bool) -> Result<Shown, Refusal> {
        let Proof { gateway, offer, origin, home, now } = *self;
        let early = gateway.throttle().judge(origin, &offer.station, now);
        // Whose failures they are: others' failures for this id do not keep out who is known to be the station.
        let others = early.is_some_and(|early| early.reason == Reason::StationThrottled);
        if let Some(entry) = known.filter(|_| sound && (early.is_none() || others || home))
            && let Some(shown) = gateway.credentials.known(entry, basic.secret())
        {
            return Ok(shown);
        }
        if let Some(early) = early.filter(|_| !home) {
            return Err(too_early(early));
        }
        let decoy = gateway.roster.decoy();
        let shown = gateway.credentials.check(known, &decoy, basic.secret(), origin).await?;
        if let Some(shown) = shown.filter(|_| sound) {
            return Ok(shown);
        }
        gateway.throttle().failed(origin, &offer.station, Instant::now());
        match (early, shown, known) {
            // Here, too, whoever comes too early is told so: only a right secret makes a difference.
            (Some(early), _, _) => Err(Refusal {
                detail: "looked at all the same, since the station last proved itself from here".to_owned(),
                ..too_early(early)
            }),
            // The fault that was found decides.
            (None, Some(shown), _) => Ok(shown),
            (None, None, Some(_)) => Err(Reason::WrongSecret.into()),
            (None, None, None) => Err(Reason::UnknownStation.into()),
        }
    }
}

fn too_early(early: TooEarly) -> Refusal {
    let of_station = early.reason == Reason::StationThrottled;
    meters::bound_hit(if of_station { "attempts-per-station" } else { "attempts-per-address" });
    Refusal { wait: Some(early.wait.max(Duration::from_secs(1))), ..early.reason.into() }
}

impl Proven {
    /// Which of two passwords the station has is known now: it has used one, and is not connected otherwise.
    ///
    /// # Errors
    /// The station's other connection has settled it meanwhile, and the secret shown is the old one.
    pub(crate) async fn settle(&mut self, gateway: &Shared) -> Result<(), Reason> {
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
