//! S02 and S03: meters that tell less, or more, than was drawn.

use serde_json::json;

use super::{charges, half, lie, name_of, power, register, samples, transaction, truth};
use crate::attack::line::{Sight, order};
use crate::attack::{ALL, Entry, Kind, Order, Play, Spot, V2};
use crate::wire::is_v16;
use crate::wire::profile::{Profile, Purpose, Schedule};
use crate::wire::report::{Event, Sample, reading, stop};
use crate::world::Driver;

/// The entries.
pub(super) fn entries() -> [Entry; 2] {
    [less(), more()]
}

/// The end of the session there with this register.
fn end(play: &Play<'_>, spot: &Spot, wh: f64) -> Order {
    let (at, name) = (play.world.time(0), transaction(spot));
    #[expect(clippy::cast_possible_truncation, reason = "a register is below 10^7 Wh")]
    let whole = wh as i64;
    if is_v16(spot.version) {
        return order(stop(&name, None, whole, &at, "EVDisconnected"));
    }
    let event = Event {
        kind: "Ended",
        trigger: "EVCommunicationLost",
        transaction: &name,
        number: super::next_number(play.world, spot),
        at: &at,
        charging: Some("Idle"),
    };
    let mut message = event.with(json!({
        "meterValue": [reading(spot.version, &at, "Transaction.End", &[Sample::energy(wh)])],
    }));
    crate::wire::merge_at(
        &mut message.payload,
        "/transactionInfo",
        json!({ "stoppedReason": "EVDisconnected" }),
    );
    order(message)
}

fn less() -> Entry {
    Entry {
        id: "S02",
        name: "a meter that tells less than was drawn",
        versions: ALL,
        kind: Kind::Report,
        attacks: vec![
            lie("a register far back at the end", ALL, charges, |play, spot| {
                register(play, spot);
                let report = end(play, spot, 100.0);
                play.strike_report(spot.place, &report);
            }),
            lie("a register of nothing at the end", ALL, charges, |play, spot| {
                register(play, spot);
                let report = end(play, spot, 0.0);
                play.strike_report(spot.place, &report);
            }),
            lie("a register a kWh back in the middle", ALL, charges, |play, spot| {
                let was = register(play, spot);
                play.wait_s(60);
                let report = samples(play, spot, &[Sample::energy(was - 1_000.0)]);
                play.strike_report(spot.place, &report);
            }),
            lie("the same in kWh", ALL, charges, |play, spot| {
                let was = register(play, spot);
                play.wait_s(60);
                let report = samples(play, spot, &[Sample::energy_kwh(was / 1_000.0 - 1.0)]);
                play.strike_report(spot.place, &report);
            }),
            lie("the end where the beginning was", ALL, half, |play, spot| {
                let Some(free) = spot.free else { return };
                play.world.begin_session(spot.place, free, &Driver::new("04502A7E"));
                let Some(spot) = there(play, spot, free) else { return };
                let was = register(play, &spot);
                for _ in 0..3 {
                    play.wait_s(900);
                    let watts = power(play, &spot);
                    let report = samples(play, &spot, &[Sample::energy(was), Sample::power(watts)]);
                    play.strike_report(spot.place, &report);
                }
            }),
            lie("half of what the power delivers", ALL, charges, |play, spot| {
                let was = register(play, spot);
                let watts = power(play, spot);
                for turn in 1..=4 {
                    play.wait_s(900);
                    let half = was + watts * 0.5 * 0.25 * f64::from(turn);
                    let report = samples(play, spot, &[Sample::energy(half.round()), Sample::power(watts)]);
                    if turn > 1 {
                        play.strike_report(spot.place, &report);
                    } else {
                        play.world.report(spot.place, &report.action, &report.payload);
                    }
                }
            }),
            lie("four fifths of what the power delivers", ALL, charges, |play, spot| {
                let was = register(play, spot);
                let watts = power(play, spot);
                for turn in 1..=8 {
                    play.wait_s(900);
                    let part = was + watts * 0.8 * 0.25 * f64::from(turn);
                    let report = samples(play, spot, &[Sample::energy(part.round()), Sample::power(watts)]);
                    // A sample or two prove little.
                    if turn > 4 {
                        play.strike_report(spot.place, &report);
                    } else {
                        play.world.report(spot.place, &report.action, &report.payload);
                    }
                }
            }),
            lie("a signature that is missing where there was one", V2, charges, |play, spot| {
                let was = register(play, spot);
                for turn in 0..3 {
                    play.wait_s(300);
                    let at = play.world.time(0);
                    let name = transaction(spot);
                    let mut value = reading(
                        spot.version,
                        &at,
                        "Sample.Periodic",
                        &[Sample::energy((was + power(play, spot) / 12.0 * f64::from(turn + 1)).round())],
                    );
                    if turn < 2 {
                        crate::wire::merge_at(
                            &mut value,
                            "/sampledValue/0",
                            json!({ "signedMeterValue": {
                            "signedMeterData": "T0NNRnx7fQ==", "signingMethod": "ECDSA-secp256r1-SHA256",
                            "encodingMethod": "OCMF", "publicKey": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
                        } }),
                        );
                    }
                    let event = Event {
                        kind: "Updated",
                        trigger: "MeterValuePeriodic",
                        transaction: &name,
                        number: super::next_number(play.world, spot),
                        at: &at,
                        charging: Some("Charging"),
                    };
                    let report = order(event.with(json!({ "meterValue": [value] })));
                    if turn < 2 {
                        play.world.report(spot.place, &report.action, &report.payload);
                    } else {
                        play.strike_report(spot.place, &report);
                    }
                }
            }),
        ],
        twins: vec![
            truth("a fraction of a Wh lost at the end", ALL, charges, |play, spot| {
                let was = register(play, spot);
                play.wait_s(5);
                let fine = samples(play, spot, &[Sample::energy(was + 30.6)]);
                play.work_report(spot.place, &fine);
                play.wait_s(1);
                let report = end(play, spot, (was + 30.6).floor());
                play.work_report(spot.place, &report);
            }),
            truth("an hour metered as it was", ALL, charges, |play, spot| {
                for _ in 0..4 {
                    play.world.pass(std::time::Duration::from_secs(900));
                    let outcome = play.world.meter(spot.place, spot.evse());
                    let passed = outcome.delivered && !outcome.is_stopped() && !outcome.is_marked();
                    let shown = Order { action: "MeterValues".to_owned(), payload: json!(null) };
                    play.count_work(spot.place, passed, &outcome, &shown);
                }
            }),
            truth("a vehicle that has enough, and draws nothing", ALL, charges, |play, spot| {
                let was = register(play, spot);
                if is_v16(spot.version) {
                    let report = order(crate::wire::report::status(
                        spot.version,
                        i64::from(spot.evse()),
                        "SuspendedEV",
                        "NoError",
                        &play.world.time(0),
                    ));
                    play.work_report(spot.place, &report);
                } else {
                    let (at, name) = (play.world.time(0), name_of(spot.version, &spot.transaction()));
                    let event = Event {
                        kind: "Updated",
                        trigger: "ChargingStateChanged",
                        transaction: &name,
                        number: super::next_number(play.world, spot),
                        at: &at,
                        charging: Some("SuspendedEV"),
                    };
                    let suspended = order(event.with(json!({
                        "meterValue": [reading(spot.version, &at, "Sample.Periodic", &[
                            Sample::energy(was), Sample::power(0.0),
                        ])],
                    })));
                    play.work_report(spot.place, &suspended);
                }
                for _ in 0..3 {
                    play.wait_s(900);
                    let mut report = samples(play, spot, &[Sample::energy(was), Sample::power(0.0)]);
                    if !is_v16(spot.version) {
                        crate::wire::merge_at(
                            &mut report.payload,
                            "/transactionInfo",
                            json!({ "chargingState": "SuspendedEV" }),
                        );
                    }
                    play.work_report(spot.place, &report);
                }
            }),
        ],
    }
}

/// The spot with the session on this EVSE.
fn there(play: &Play<'_>, spot: &Spot, evse: u32) -> Option<Spot> {
    let charge = play.world.station(spot.place)?.charge(evse)?;
    Some(Spot { charging: Some((evse, charge.transaction.clone(), charge.token.clone())), ..spot.clone() })
}

fn rated(spot: &Spot) -> f64 {
    f64::from(i32::try_from(spot.evse_w).unwrap_or(0))
}

fn more() -> Entry {
    Entry {
        id: "S03",
        name: "a meter that tells more than was drawn",
        versions: ALL,
        kind: Kind::Report,
        attacks: vec![
            lie("ten times what the EVSE carries", ALL, charges, |play, spot| {
                let report = samples(play, spot, &[Sample::power(rated(spot) * 10.0)]);
                play.strike_report(spot.place, &report);
            }),
            lie("a tenth above what the EVSE carries", ALL, charges, |play, spot| {
                let report = samples(play, spot, &[Sample::power((rated(spot) * 1.1).round())]);
                play.strike_report(spot.place, &report);
            }),
            lie("the same in kW", ALL, charges, |play, spot| {
                let kilowatts = Sample { unit: "kW", ..Sample::power(rated(spot) / 1_000.0 * 1.2) };
                let report = samples(play, spot, &[kilowatts]);
                play.strike_report(spot.place, &report);
            }),
            lie("the same by a multiplier", V2, charges, |play, spot| {
                let mut report = samples(play, spot, &[Sample::power(rated(spot) / 1_000.0 * 1.2)]);
                crate::wire::merge_at(
                    &mut report.payload,
                    "/meterValue/0/sampledValue/0",
                    json!({ "unitOfMeasure": { "unit": "W", "multiplier": 3 } }),
                );
                play.strike_report(spot.place, &report);
            }),
            lie("current and voltage that give another power", ALL, charges, |play, spot| {
                let watts = rated(spot) * 0.5;
                let report = samples(
                    play,
                    spot,
                    &[
                        Sample::power(watts),
                        Sample::voltage(230.0, "L1"),
                        Sample::voltage(230.0, "L2"),
                        Sample::voltage(230.0, "L3"),
                        Sample::current(watts / 690.0 * 0.5, "L1"),
                        Sample::current(watts / 690.0 * 0.5, "L2"),
                        Sample::current(watts / 690.0 * 0.5, "L3"),
                    ],
                );
                play.strike_report(spot.place, &report);
            }),
            lie("twice the energy that the power delivers", ALL, charges, |play, spot| {
                let was = register(play, spot);
                let watts = power(play, spot);
                for turn in 1..=4 {
                    play.wait_s(900);
                    let twice = was + watts * 2.0 * 0.25 * f64::from(turn);
                    let report = samples(play, spot, &[Sample::energy(twice.round()), Sample::power(watts)]);
                    if turn > 1 {
                        play.strike_report(spot.place, &report);
                    } else {
                        play.world.report(spot.place, &report.action, &report.payload);
                    }
                }
            }),
            lie("a jump of a megawatt-hour", ALL, charges, |play, spot| {
                let was = register(play, spot);
                play.wait_s(300);
                let report = samples(play, spot, &[Sample::energy(was + 1.0e6)]);
                play.strike_report(spot.place, &report);
            }),
            lie("a jump at the end", ALL, charges, |play, spot| {
                let was = register(play, spot);
                play.wait_s(300);
                let report = end(play, spot, was + 80_000.0);
                play.strike_report(spot.place, &report);
            }),
            lie("more than the limit in force", ALL, charges, |play, spot| {
                let Some(sight) = play.spot(spot.place).map(|spot| Sight::of(&spot)) else { return };
                let schedule = Schedule::watts(&[(0, (sight.evse_w * 0.3).round())]);
                let less = Profile::relative(Purpose::Tx, schedule).of(&sight.session).id(5);
                play.prepare(spot.place, &order(less.set(sight.version)));
                play.wait_s(300);
                let report = samples(play, spot, &[Sample::power((sight.evse_w * 0.6).round())]);
                play.strike_report(spot.place, &report);
            }),
            lie("phantom load without a session", ALL, half, |play, spot| {
                let evse = i64::from(spot.free.unwrap_or(1));
                let at = play.world.time(0);
                let phantom = [Sample::power(rated(spot) * 3.0)];
                let value = reading(spot.version, &at, "Sample.Clock", &phantom);
                let report = order(crate::wire::report::meter(spot.version, evse, None, &[value]));
                play.strike_report(spot.place, &report);
            }),
        ],
        twins: vec![
            truth("a little above what the plate says", ALL, charges, |play, spot| {
                let report = samples(play, spot, &[Sample::power((rated(spot) * 1.03).round())]);
                play.work_report(spot.place, &report);
            }),
            truth("current and voltage that give the power", ALL, charges, |play, spot| {
                let watts = rated(spot) * 0.5;
                let report = samples(
                    play,
                    spot,
                    &[
                        Sample::power(watts),
                        Sample::voltage(229.4, "L1"),
                        Sample::voltage(231.2, "L2"),
                        Sample::voltage(230.1, "L3"),
                        Sample::current(watts / 690.0, "L1"),
                        Sample::current(watts / 690.0, "L2"),
                        Sample::current(watts / 690.0, "L3"),
                    ],
                );
                play.work_report(spot.place, &report);
            }),
            truth("a limit obeyed, with a few seconds' delay", ALL, charges, |play, spot| {
                let Some(sight) = play.spot(spot.place).map(|spot| Sight::of(&spot)) else { return };
                let before = power(play, spot);
                let schedule = Schedule::watts(&[(0, (sight.evse_w * 0.3).round())]);
                let less = Profile::relative(Purpose::Tx, schedule).of(&sight.session).id(5);
                play.prepare(spot.place, &order(less.set(sight.version)));
                play.wait_s(5);
                let still = samples(play, spot, &[Sample::power(before)]);
                play.work_report(spot.place, &still);
                play.wait_s(300);
                let obeyed = samples(play, spot, &[Sample::power((sight.evse_w * 0.3).min(before).round())]);
                play.work_report(spot.place, &obeyed);
            }),
        ],
    }
}
