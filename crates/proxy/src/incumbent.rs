//! The station's place: one connection per id, and a newcomer does not win (threat T02).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chargewarden_evidence::{OwnEvent, Security};

use crate::{
    admission::Refusal,
    arrival::Caller,
    gateway::Shared,
    handshake::StationId,
    meters,
    origin::Origin,
    presence::{Challenged, Claim, Holding, Signal},
    refusal::Reason,
};

/// Who asks for the place.
pub(crate) struct Newcomer<'a> {
    pub(crate) caller: &'a Caller,
    /// How it is connected, for those who read evidence.
    pub(crate) fingerprint: &'a str,
}

/// How often it is looked whether another admission of the same station has ended.
const UNDER_WAY_PAUSE: Duration = Duration::from_millis(50);

/// Takes the station's place. A second connection does not win: the incumbent is asked first, and stays if it lives.
pub(crate) async fn take_place(
    gateway: &Arc<Shared>,
    id: &StationId,
    newcomer: &Newcomer<'_>,
) -> Result<Holding, Refusal> {
    let wait = gateway.bounds.incumbent_wait;
    let incumbent = match claim_settled(gateway, id, wait).await {
        Claim::Held(holding) => return Ok(holding),
        Claim::UnderWay => return Err(Reason::AdmissionUnderWay.into()),
        Claim::Incumbent(signal) => signal,
    };
    match incumbent.challenge(wait).await {
        Challenged::Alive => return Err(lost(gateway, id, newcomer, &incumbent).await),
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

/// The incumbent lives. Two hold the same credentials: both are described, and an address that tries again and again is kept out.
async fn lost(gateway: &Arc<Shared>, id: &StationId, newcomer: &Newcomer<'_>, incumbent: &Signal) -> Refusal {
    let peer = newcomer.caller.peer;
    let quarantined = gateway.quarantine().lost(Origin::from(peer.ip()), Instant::now());
    if quarantined {
        meters::bound_hit("lost-challenges");
        let lasts = gateway.bounds.address_quarantine.as_secs();
        let event = Security {
            station: id.to_string(),
            peer: peer.to_string(),
            detail: format!("for {lasts} s, after {} challenges it lost", gateway.bounds.lost_challenges),
            ..Security::own(OwnEvent::AddressQuarantined)
        };
        gateway.recorder.security(event).await;
    }
    let detail =
        format!("newcomer: {peer}; {}. Incumbent: {}", newcomer.fingerprint, incumbent.fingerprint());
    Refusal { detail, ..Reason::AlreadyConnected.into() }
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
