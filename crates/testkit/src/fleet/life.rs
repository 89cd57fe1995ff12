//! The life of one station: connect, boot, wait for drivers, charge, start again when cut off.

use std::sync::Arc;
use std::time::Duration;

use chargewarden_ocpp::Version;

use super::Plan;
use super::driver::{Driver, charge};
use super::member::Member;
use super::random::Random;
use crate::payload::{Message, v2x, v16};
use crate::station::Dial;
use crate::{CallFailure, Station};

/// Pause between attempts to connect or to be accepted, in simulated seconds.
const RETRY_S: u32 = 30;
/// Real time between two attempts is never shorter than this, whatever the speed.
const RETRY_MIN: Duration = Duration::from_millis(250);
/// Pause between two drivers, in simulated seconds, lowest and highest.
const IDLE_S: (u32, u32) = (20, 300);

/// Simulated time: real time, `speed` times as fast.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    speed: f64,
}

impl Pace {
    pub(crate) fn real(self, simulated_s: u32) -> Duration {
        Duration::from_secs_f64(f64::from(simulated_s) / self.speed.max(0.001))
    }
}

/// Why a station's connection was left.
enum Left {
    /// It is to boot again.
    Again,
    /// It is to stay off.
    ForGood,
}

pub(crate) async fn live(member: Arc<Member>, plan: Plan, mut random: Random) {
    let pace = Pace { speed: plan.speed };
    while !member.wishes().retire {
        let outcome = connected(&member, &plan, pace, &mut random).await;
        member.change(|state, wishes| {
            state.online = false;
            state.charging = false;
            state.power_w = 0;
            wishes.restart = false;
        });
        if let Ok(Left::ForGood) = outcome {
            return;
        }
        let pause = pace.real(RETRY_S).max(RETRY_MIN);
        // Cut short by the wish to retire.
        let _ = tokio::time::timeout(pause, member.stirred.notified()).await;
    }
}

async fn connected(
    member: &Arc<Member>,
    plan: &Plan,
    pace: Pace,
    random: &mut Random,
) -> Result<Left, Offline> {
    let entry = &member.entry;
    let mut dial = Dial::new(&plan.url, &entry.id, entry.version).password(&(plan.password)(&entry.id));
    dial.tls = plan.tls.as_ref().map(|tls| tls(&entry.id));
    let obedient = member.clone();
    let station = Station::connect(&dial, move |action: &str, request: &serde_json::Value| {
        obedient.obey(action, request)
    })
    .await
    .map_err(|_| Offline)?;
    let booted = station.boot(&entry.plate).await?;
    if booted.status() != Some("Accepted") {
        station.close().await;
        return Err(Offline);
    }
    member.change(|state, _| {
        state.online = true;
        state.boots += 1;
    });
    station.say(status(entry.version, "Available")).await?;

    loop {
        let wishes = member.wishes();
        if wishes.retire || wishes.restart {
            station.close().await;
            return Ok(if wishes.retire { Left::ForGood } else { Left::Again });
        }
        let idle = pace.real(random.between(IDLE_S.0, IDLE_S.1));
        tokio::select! {
            end = station.closed() => { let _: crate::Closed = end; return Err(Offline) }
            () = member.stirred.notified() => {
                if !member.wishes().start { continue }
            }
            () = tokio::time::sleep(idle) => {}
        }
        station.say(heartbeat(entry.version)).await?;
        if member.snapshot().in_service {
            member.change(|_, wishes| wishes.start = false);
            let driver = Driver::draw(random);
            charge(&station, member, &driver, pace).await?;
        }
    }
}

/// The station has lost its connection, or never got one.
pub(crate) struct Offline;

impl From<CallFailure> for Offline {
    fn from(_: CallFailure) -> Offline {
        Offline
    }
}

pub(crate) fn status(version: Version, status: &str) -> Message {
    match version {
        Version::V16 => v16::status(1, status),
        Version::V201 | Version::V21 => v2x::status(1, status),
    }
}

fn heartbeat(version: Version) -> Message {
    match version {
        Version::V16 => v16::heartbeat(),
        Version::V201 | Version::V21 => v2x::heartbeat(),
    }
}
