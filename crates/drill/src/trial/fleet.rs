//! A sequence, played in a world.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use chargewarden_evidence as evidence;
use chargewarden_ocpp::{Side, Version};
use chargewarden_policy::bundle::trial::{FleetPlan, Sequence, Step};
use chargewarden_policy::{Bundle, Envelope, PartyId};
use serde_json::Value;

use super::Verdict;
use crate::world::{CsmsPlan, Outcome, Plan, StationPlan, World};

/// Name of the management system.
const CSMS: &str = "main";

/// What came of a sequence.
pub(super) struct Played {
    /// The first message that was stopped, from 1.
    pub(super) first: Option<usize>,
    /// What was said to it, or to all.
    pub(super) verdict: Verdict,
    /// The story, for people.
    pub(super) told: String,
}

/// Sends one message after the other until one is stopped.
pub(super) fn play(bundle: &Arc<Bundle>, sequence: &Sequence, version: Version) -> Result<Played, String> {
    let mut world = World::new(plan(bundle, &sequence.fleet, version)?);
    let mut sent = 0;
    for step in &sequence.steps {
        world.pass(Duration::from_millis(step.after_ms));
        for time in 0..step.times {
            for station in step.stations.clone() {
                if time > 0 || station != *step.stations.start() {
                    world.pass(Duration::from_millis(step.every_ms));
                }
                sent += 1;
                let outcome = send(&mut world, step, station, sent)?;
                if outcome.is_stopped() {
                    return Ok(stopped(&world, sent, step, station, &outcome));
                }
            }
        }
    }
    let verdict =
        Verdict { said: "forward".to_owned(), by: Vec::new(), code: None, alert: None, quarantine: false };
    Ok(Played { first: None, verdict, told: format!("all {sent} messages go through\n") })
}

fn send(world: &mut World, step: &Step, station: u32, number: usize) -> Result<Outcome, String> {
    let place = usize::try_from(station - 1).unwrap_or(usize::MAX);
    let id = id(station);
    let fill = |text: &str| {
        let text = text.replace("{n}", &number.to_string()).replace("{station}", &id);
        serde_json::from_str::<Value>(&text).map_err(|error| format!("message {number}: {error}"))
    };
    let payload = fill(&step.payload)?;
    let outcome = match (step.from, &step.answer) {
        (Side::Csms, None) => world.command(place, &step.action, &payload),
        (Side::Csms, Some(answer)) => world.command_answered(place, &step.action, &payload, fill(answer)?),
        (Side::Station, None) => world.report(place, &step.action, &payload),
        (Side::Station, Some(answer)) => world.report_answered(place, &step.action, &payload, fill(answer)?),
    };
    if outcome.asked.is_empty() {
        let told = outcome.told.as_ref().map(Value::to_string).unwrap_or_default();
        return Err(format!("message {number}: {} is not decided at all: {told}", step.action));
    }
    Ok(outcome)
}

fn stopped(world: &World, number: usize, step: &Step, station: u32, outcome: &Outcome) -> Played {
    let all = outcome.asked.iter().chain(&outcome.answered);
    let decided = all.clone().find(|decided| decided.verdict != evidence::Verdict::Forward);
    let said = match decided.map(|decided| &decided.verdict) {
        Some(evidence::Verdict::Hold { requirement, .. }) => format!("hold {requirement}"),
        Some(evidence::Verdict::Refuse { .. }) => "refuse".to_owned(),
        Some(evidence::Verdict::Forward) | None => "forward".to_owned(),
    };
    let causes = decided.map(|decided| decided.causes.as_slice()).unwrap_or_default();
    let by = causes.iter().map(|cause| cause.split_once('/').map_or(cause.as_str(), |(_, id)| id).to_owned());
    let mut told = format!("message {number}, at {}: {} for {}\n", world.now(), step.action, id(station));
    if let Some(decided) = decided {
        let _ = writeln!(told, "  would do  {}", decided.effects.join(", "));
        let _ = writeln!(told, "  doubts    {}", listed(&decided.doubts));
        let _ = writeln!(told, "  {said} by {}", listed(&decided.causes));
    }
    let verdict = Verdict { said, by: by.collect(), code: None, alert: None, quarantine: false };
    Played { first: Some(number), verdict, told }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn id(station: u32) -> String {
    format!("CS-{station:04}")
}

fn plan(bundle: &Arc<Bundle>, fleet: &FleetPlan, version: Version) -> Result<Plan, String> {
    let party: PartyId = fleet.csms_party.parse().map_err(|error| format!("{error}"))?;
    let envelope = Envelope {
        evses: Some(i64::from(fleet.evses)),
        evse_w: fleet.evse_kw.map(|kw| kw.saturating_mul(1000)),
        ..Envelope::default()
    };
    let station = |number: u32| StationPlan {
        id: id(number),
        version,
        owner: bundle.party().clone(),
        csms: CSMS.to_owned(),
        site: format!("site-{}", (number - 1) / fleet.per_site + 1),
        groups: Vec::new(),
        area: fleet.per_area.map(|per_area| format!("area-{}", (number - 1) / per_area + 1)),
        envelope: envelope.clone(),
        evses: fleet.evses,
        vendor: "Acme".to_owned(),
        model: "DC-150".to_owned(),
        serial: format!("SN{number:06}"),
        firmware: fleet.firmware.clone(),
    };
    Ok(Plan {
        bundles: vec![Arc::clone(bundle)],
        csmss: vec![CsmsPlan { name: CSMS.to_owned(), party }],
        stations: (1..=fleet.stations).map(station).collect(),
        begins: fleet.begins()?,
    })
}
