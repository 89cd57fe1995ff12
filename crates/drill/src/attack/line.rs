//! Encodings of one command, written side by side: what differs is only how it is said.

use chargewarden_ocpp::{Timestamp, Version};
use serde_json::json;

use super::{ALL, Attack, Order, Play, Spot, Twin, V2};
use crate::wire::session::Running;
use crate::wire::{self, Message};

/// What whoever writes to a station can see of it.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The version it speaks.
    pub version: Version,
    /// The time.
    pub now: Timestamp,
    /// Its place in the fleet.
    pub place: usize,
    /// A session that runs there.
    pub session: Running,
    /// An EVSE where none does.
    pub free: i64,
    /// What an EVSE carries, in W.
    pub evse_w: f64,
    /// What the station carries, in W.
    pub station_w: f64,
}

impl Sight {
    /// What there is to see here.
    pub fn of(spot: &Spot) -> Self {
        let transaction = match spot.version {
            Version::V16 => json!(spot.transaction().parse::<i64>().unwrap_or(0)),
            Version::V201 | Version::V21 => json!(spot.transaction()),
        };
        let tag = spot.charging.as_ref().map_or_else(String::new, |(_, _, tag)| tag.clone());
        let evse_w = f64::from(i32::try_from(spot.evse_w).unwrap_or(22_000));
        Self {
            version: spot.version,
            now: Timestamp::from_millis(spot.now_ms),
            place: spot.place,
            session: Running { evse: i64::from(spot.evse()), transaction, tag },
            free: spot.free.map_or(1, i64::from),
            evse_w,
            station_w: evse_w * f64::from(spot.evses),
        }
    }

    /// A station as it is in books, of this version.
    pub fn sample(version: Version) -> Self {
        let transaction = if wire::is_v16(version) { json!(77) } else { json!("tx-88") };
        Self {
            version,
            now: Timestamp::from_millis(1_772_330_400_000),
            place: 0,
            session: Running { evse: 1, transaction, tag: "04A1B2C3".to_owned() },
            free: 2,
            evse_w: 22_000.0,
            station_w: 44_000.0,
        }
    }

    /// So many seconds from now, as OCPP writes it.
    pub fn time(&self, ahead_s: i64) -> String {
        wire::time(self.now, ahead_s)
    }

    /// Whether it speaks 1.6.
    pub fn is_v16(&self) -> bool {
        wire::is_v16(self.version)
    }

    /// Whether it speaks 2.1.
    pub fn is_v21(&self) -> bool {
        wire::is_v21(self.version)
    }
}

/// Encodings, in the order in which they are written.
#[derive(Debug, Default)]
pub struct Lines(pub Vec<Line>);

/// One encoding.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name, in a few words.
    pub name: &'static str,
    /// The command.
    pub message: Message,
}

impl Lines {
    /// Adds one.
    pub fn add(&mut self, name: &'static str, message: Message) {
        self.0.push(Line { name, message });
    }

    /// Adds one where this version can say it.
    pub fn add_if(&mut self, can: bool, name: &'static str, message: impl FnOnce() -> Message) {
        if can {
            self.add(name, message());
        }
    }

    fn take(self, name: &str) -> Option<Order> {
        self.0.into_iter().find(|line| line.name == name).map(|line| order(line.message))
    }
}

/// What somebody does before, for a station to be as the script needs it.
pub type Before = fn(&mut Play<'_>, usize);

/// Nothing.
pub fn nothing(_: &mut Play<'_>, _: usize) {}

/// An attack for each encoding, on stations where somebody charges and an EVSE is free.
pub fn attacks(write: fn(&Sight) -> Lines) -> Vec<Attack> {
    attacks_after(nothing, write)
}

/// The same, after something else was done at the station.
pub fn attacks_after(before: Before, write: fn(&Sight) -> Lines) -> Vec<Attack> {
    let attack = |(name, versions): (&'static str, _)| {
        Attack::new(name, versions, move |play| {
            play.campaign_where(is_half_taken, |play, place| {
                before(play, place);
                let line = play.spot(place).and_then(|spot| write(&Sight::of(&spot)).take(name));
                if let Some(line) = line {
                    play.strike(place, &line);
                }
            });
        })
    };
    named(write).into_iter().map(attack).collect()
}

/// Work for each encoding, at one station of each version.
pub fn twins(write: fn(&Sight) -> Lines) -> Vec<Twin> {
    twins_after(nothing, write)
}

/// The same, after something else was done at the station.
pub fn twins_after(before: Before, write: fn(&Sight) -> Lines) -> Vec<Twin> {
    let twin = |(name, versions): (&'static str, _)| {
        Twin::new(name, versions, move |play| {
            for place in play.one_of_each_where(is_half_taken) {
                before(play, place);
                let line = play.spot(place).and_then(|spot| write(&Sight::of(&spot)).take(name));
                if let Some(line) = line {
                    play.work(place, &line);
                    play.wait_s(600);
                }
            }
        })
    };
    named(write).into_iter().map(twin).collect()
}

/// Whether somebody charges there and an EVSE is free.
pub fn is_half_taken(spot: &Spot) -> bool {
    spot.charging.is_some() && spot.free.is_some()
}

/// A message as a command.
pub fn order(message: Message) -> Order {
    Order { action: message.action.to_owned(), payload: message.payload }
}

/// Each name, with the versions that can say it.
fn named(write: fn(&Sight) -> Lines) -> Vec<(&'static str, &'static [Version])> {
    let mut named: Vec<(&'static str, [bool; 3])> = Vec::new();
    for (place, version) in ALL.iter().enumerate() {
        for line in write(&Sight::sample(*version)).0 {
            let at = named.iter().position(|(name, _)| *name == line.name).unwrap_or(named.len());
            if at == named.len() {
                named.push((line.name, [false; 3]));
            }
            if let Some(said) = named.get_mut(at).and_then(|(_, versions)| versions.get_mut(place)) {
                *said = true;
            }
        }
    }
    named.into_iter().map(|(name, versions)| (name, slice(versions))).collect()
}

fn slice(versions: [bool; 3]) -> &'static [Version] {
    match versions {
        [true, true, true] => ALL,
        [false, true, true] => V2,
        [true, false, false] => &[Version::V16],
        [true, true, false] => &[Version::V16, Version::V201],
        [true, false, true] => &[Version::V16, Version::V21],
        [false, true, false] => &[Version::V201],
        [false, false, true] => &[Version::V21],
        [false, false, false] => &[],
    }
}
