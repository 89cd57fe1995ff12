//! One entry, played at the sockets.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chargewarden_drill::attack::{Intensity, Kind, Leak, Row, Stage, Tally, TwinRow};
use chargewarden_ocpp::Version;
use serde_json::{Value, json};

/// What is found out about an entry.
pub(super) struct Trial {
    pub(super) id: &'static str,
    number: u8,
    attacks: Vec<(&'static str, Tally)>,
    twins: Vec<(&'static str, Tally)>,
}

impl Trial {
    pub(super) fn new(id: &'static str, number: u8) -> Self {
        Self { id, number, attacks: Vec::new(), twins: Vec::new() }
    }

    /// A station of the trial.
    pub(super) fn station(&self, number: usize) -> String {
        format!("{}-{number}", self.id)
    }

    /// An address of the trial.
    pub(super) fn address(&self, number: u8) -> IpAddr {
        super::address(self.number, number)
    }

    /// An attempt, and whether it got through.
    pub(super) fn tried(&mut self, attack: &'static str, version: Version, station: &str, got_through: bool) {
        let tally = of(&mut self.attacks, attack);
        count(tally, version, station, got_through, got_through);
    }

    /// The same for many at once.
    pub(super) fn tried_many(
        &mut self,
        attack: &'static str,
        version: Version,
        station: &str,
        tried: usize,
        got_through: usize,
    ) {
        for number in 0..tried {
            self.tried(attack, version, station, number < got_through);
        }
    }

    /// Work, and whether it passed.
    pub(super) fn worked(&mut self, work: &'static str, version: Version, station: &str, passed: bool) {
        let tally = of(&mut self.twins, work);
        count(tally, version, station, passed, !passed);
    }

    /// What came of it; the evidence says what stopped the attempts.
    pub(super) fn finish(self, evidence: &[Value]) -> Vec<Stage> {
        let stoppers = stoppers(self.id, evidence);
        let attacks = self.attacks.into_iter().map(|(attack, mut tally)| {
            tally.stopped_by.clone_from(&stoppers);
            Stage::Attack(Row {
                entry: self.id,
                kind: Kind::Transport,
                attack,
                intensity: Intensity::Burst,
                fleet: 0,
                tally,
            })
        });
        let twins =
            self.twins.into_iter().map(|(twin, tally)| Stage::Twin(TwinRow { entry: self.id, twin, tally }));
        attacks.chain(twins).collect()
    }
}

fn of<'t>(tallies: &'t mut Vec<(&'static str, Tally)>, name: &'static str) -> &'t mut Tally {
    let place = match tallies.iter().position(|(known, _)| *known == name) {
        Some(place) => place,
        None => {
            tallies.push((name, Tally::default()));
            tallies.len() - 1
        }
    };
    #[expect(clippy::indexing_slicing, reason = "found or pushed a moment ago")]
    &mut tallies[place].1
}

fn count(tally: &mut Tally, version: Version, station: &str, reached: bool, shown: bool) {
    let count = tally.by_version.entry(version).or_default();
    count.tried += 1;
    if reached {
        count.reached += 1;
        count.before_block += u32::from(count.stopped == 0);
    } else {
        count.stopped += 1;
    }
    if shown && tally.leaks.len() < 4 {
        tally.leaks.push(Leak {
            station: station.to_owned(),
            version,
            action: "connection".to_owned(),
            payload: json!({}),
            stoppers: Vec::new(),
            doubts: Vec::new(),
        });
    }
}

/// What the evidence says stopped the stations of a trial: reasons of refused connections, security events and closed sessions.
fn stoppers(id: &str, evidence: &[Value]) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    let text = |record: &Value, part: &str, member: &str| {
        let value = record.get(part).and_then(|part| part.get(member)).and_then(Value::as_str);
        value.map(str::to_owned)
    };
    let of_trial = |record: &Value, part: &str| {
        text(record, part, "station").is_some_and(|station| station.contains(id))
    };
    for record in evidence {
        let refused = text(record, "connection", "stage").as_deref() == Some("refused");
        let reason = if refused && of_trial(record, "connection") {
            text(record, "connection", "reason")
        } else if of_trial(record, "security") {
            text(record, "security", "type")
        } else {
            None
        };
        if let Some(reason) = reason {
            *found.entry(reason).or_default() += 1;
        }
    }
    found
}
