//! One driver's charging session, from the card at the reader to the cable back in its holder.

use std::sync::atomic::{AtomicU64, Ordering};

use chargewarden_ocpp::Version;
use serde_json::Value;

use super::life::{Offline, Pace, status};
use super::member::Member;
use super::random::Random;
use crate::Station;
use crate::payload::v2x::Stage;
use crate::payload::{Message, Reading, v2x, v16};

/// Time between two meter values, in simulated seconds.
const METER_S: u32 = 60;

/// Numbers the transactions that stations name themselves (2.x), across one process.
static TRANSACTIONS: AtomicU64 = AtomicU64::new(1);

/// Who comes to charge, and how much.
pub(crate) struct Driver {
    token: String,
    wanted_wh: u32,
    /// Power the car takes, in watts.
    appetite_w: u32,
}

impl Driver {
    pub(crate) fn draw(random: &mut Random) -> Driver {
        Driver {
            token: format!("{:08X}", 0x00C0_FFEE_u32.wrapping_add(random.between(0, 199) * 7_919)),
            wanted_wh: random.between(4_000, 40_000),
            appetite_w: random.between(3, 200) * 1_000,
        }
    }
}

/// A transaction as the two generations of OCPP tell it.
enum Transaction {
    V16 { id: i64 },
    V2x { id: String, sequence: u32 },
}

/// Authorizes, charges until the car is full or someone says stop, and cleans up.
pub(crate) async fn charge(
    station: &Station,
    member: &Member,
    driver: &Driver,
    pace: Pace,
) -> Result<(), Offline> {
    let version = station.version();
    let authorized = station.say(authorize(version, &driver.token)).await?;
    if !authorized.payload().is_some_and(token_accepted) {
        return Ok(());
    }
    let plugged = if version == Version::V16 { "Preparing" } else { "Occupied" };
    station.say(status(version, plugged)).await?;

    let mut energy_wh = member.snapshot().energy_wh;
    let Some(mut transaction) = begin(station, driver, energy_wh).await? else {
        station.say(status(version, "Available")).await?;
        return Ok(());
    };
    if version == Version::V16 {
        station.say(status(version, "Charging")).await?;
    }
    member.change(|state, wishes| {
        state.charging = true;
        wishes.stop = false;
    });

    let full_wh = energy_wh.saturating_add(driver.wanted_wh);
    let mut reason = "EVDisconnected";
    while energy_wh < full_wh {
        let power_w = driver.appetite_w.min(member.allowed_w());
        member.change(|state, _| state.power_w = power_w);
        tokio::select! {
            _end = station.closed() => return Err(Offline),
            () = wanted_to_stop(member) => { reason = "Remote"; break }
            () = tokio::time::sleep(pace.real(METER_S)) => {}
        }
        energy_wh = energy_wh.saturating_add(power_w / (3_600 / METER_S));
        member.change(|state, _| state.energy_wh = energy_wh);
        let reading = Reading { energy_wh, power_w };
        station.say(transaction.update(driver, reading)).await?;
    }

    station.say(transaction.end(driver, energy_wh, reason)).await?;
    member.change(|state, wishes| {
        state.charging = false;
        state.power_w = 0;
        state.completed += 1;
        wishes.stop = false;
    });
    if version == Version::V16 {
        station.say(status(version, "Finishing")).await?;
    }
    let after = if member.snapshot().in_service { "Available" } else { "Unavailable" };
    station.say(status(version, after)).await?;
    Ok(())
}

/// Tells the management system that charging begins; `None` when it does not want it to.
async fn begin(station: &Station, driver: &Driver, energy_wh: u32) -> Result<Option<Transaction>, Offline> {
    let reading = Reading { energy_wh, power_w: 0 };
    match station.version() {
        Version::V16 => {
            let started = v16::start_transaction(1, &driver.token, energy_wh);
            let answer = station.say(started).await?;
            let payload = answer.payload();
            let id = payload.and_then(|payload| payload.get("transactionId")?.as_i64());
            let accepted = payload.is_some_and(token_accepted);
            Ok(id.filter(|_| accepted).map(|id| Transaction::V16 { id }))
        }
        Version::V201 | Version::V21 => {
            let number = TRANSACTIONS.fetch_add(1, Ordering::Relaxed);
            let id = format!("{}-{number}", station.id());
            let started = v2x::transaction_event(Stage::Started, 0, &id, 1, &driver.token, reading);
            let answer = station.say(started).await?;
            // An answer without idTokenInfo says nothing against the token.
            let refused = answer
                .payload()
                .is_none_or(|payload| payload.get("idTokenInfo").is_some() && !token_accepted(payload));
            Ok((!refused).then_some(Transaction::V2x { id, sequence: 0 }))
        }
    }
}

impl Transaction {
    fn update(&mut self, driver: &Driver, reading: Reading) -> Message {
        match self {
            Transaction::V16 { id } => v16::meter_values(1, *id, reading),
            Transaction::V2x { id, sequence } => {
                *sequence += 1;
                v2x::transaction_event(Stage::Updated, *sequence, id, 1, &driver.token, reading)
            }
        }
    }

    fn end(&mut self, driver: &Driver, energy_wh: u32, reason: &str) -> Message {
        match self {
            Transaction::V16 { id } => v16::stop_transaction(*id, &driver.token, energy_wh, reason),
            Transaction::V2x { id, sequence } => {
                *sequence += 1;
                let reading = Reading { energy_wh, power_w: 0 };
                v2x::transaction_event(Stage::Ended, *sequence, id, 1, &driver.token, reading)
            }
        }
    }
}

async fn wanted_to_stop(member: &Member) {
    loop {
        let wishes = member.wishes();
        if wishes.stop || wishes.restart || wishes.retire {
            return;
        }
        member.stirred.notified().await;
    }
}

fn authorize(version: Version, token: &str) -> Message {
    match version {
        Version::V16 => v16::authorize(token),
        Version::V201 | Version::V21 => v2x::authorize(token),
    }
}

fn token_accepted(payload: &Value) -> bool {
    let status = payload.pointer("/idTagInfo/status").or(payload.pointer("/idTokenInfo/status"));
    status.and_then(Value::as_str) == Some("Accepted")
}
