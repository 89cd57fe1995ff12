//! Who is set apart: stations, management systems and addresses, and how far.
//!
//! | Standing | Entered | What it means |
//! |---|---|---|
//! | normal | at first, and when another ends | |
//! | watched | an alert of `high` or more; by hand | policies can ask for more: `principal.standing == "watched"` |
//! | quarantined | a policy or limit that says so; by hand | a station is told to wait, and nothing that it sends goes further; a management system may read, and charging goes on; an address is not listened to |
//!
//! Each ends by hand or with time. One table serves all sessions; it is empty nearly always, and then costs one look at a
//! number.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chargewarden_ocpp::{Side, Timestamp};
use chargewarden_policy::{About, Standing};
use serde::{Deserialize, Serialize};

/// Entries at most. Stations of a quarantine stand in the inventory; here are management systems, addresses that people
/// named, and whoever is watched. Of more the one that ends first makes room.
pub const STANDINGS_MAX: usize = 10_000;

/// How long somebody is watched after an alert: until the same shift is on duty again.
pub const WATCH_MS: i64 = 24 * 3_600_000;

/// How long a quarantine by rule lasts where nobody ends it: people have looked at it by then.
pub const QUARANTINE_MS: i64 = 24 * 3_600_000;

/// Who.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whom {
    /// A station, by id.
    Station(String),
    /// A management system, by name.
    Csms(String),
    /// An address, or the network (`/64`) of one, as it is counted at the door.
    Source(String),
}

impl Whom {
    /// Reads `station:ID`, `csms:NAME` or `source:ADDRESS`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let name = (!name.is_empty()).then(|| name.to_owned())?;
        match kind {
            "station" => Some(Self::Station(name)),
            "csms" => Some(Self::Csms(name)),
            "source" => Some(Self::Source(name)),
            _ => None,
        }
    }
}

impl std::fmt::Display for Whom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Station(id) => write!(f, "station:{id}"),
            Self::Csms(name) => write!(f, "csms:{name}"),
            Self::Source(address) => write!(f, "source:{address}"),
        }
    }
}

/// How somebody stands, since when, until when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placed {
    /// How.
    #[serde(with = "word")]
    pub standing: Standing,
    /// Since when, in ms since the Unix epoch.
    pub since_ms: i64,
    /// Until when, in ms since the Unix epoch; without it until somebody ends it.
    #[serde(default)]
    pub until_ms: Option<i64>,
    /// Why, for people.
    pub why: String,
    /// Who did it: a person, or `PARTY/POLICY`.
    pub by: String,
}

impl Placed {
    fn holds(&self, now: Timestamp) -> bool {
        self.until_ms.is_none_or(|until| now.as_millis() < until)
    }
}

/// How everybody stands who does not stand as usual.
#[derive(Debug, Default)]
pub struct Standings {
    table: Mutex<BTreeMap<Whom, Placed>>,
    /// Entries in the table, to be read without its lock.
    entries: AtomicU64,
}

impl Clone for Standings {
    /// As everybody stands now; later changes of one are not seen in the other.
    fn clone(&self) -> Self {
        let table = self.lock().clone();
        let entries = AtomicU64::new(table.len() as u64);
        Self { table: Mutex::new(table), entries }
    }
}

impl Standings {
    /// Of what was stored.
    ///
    /// # Errors
    /// Where it is not the stored form.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let stored: Vec<(Whom, Placed)> = serde_json::from_str(text)?;
        let standings = Self::default();
        standings.lock().extend(stored.into_iter().take(STANDINGS_MAX));
        standings.count(&standings.lock());
        Ok(standings)
    }

    /// What to store.
    pub fn to_json(&self) -> String {
        let table = self.lock();
        let stored: Vec<(&Whom, &Placed)> = table.iter().collect();
        // Texts and numbers only: cannot fail.
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// How somebody stands now.
    pub fn of(&self, whom: &Whom, now: Timestamp) -> Standing {
        if self.is_empty() {
            return Standing::Normal;
        }
        let table = self.lock();
        table.get(whom).filter(|placed| placed.holds(now)).map_or(Standing::Normal, |placed| placed.standing)
    }

    /// How a station and a management system stand now, in this order.
    pub(crate) fn of_both(&self, station: &str, csms: &str, now: Timestamp) -> (Standing, Standing) {
        if self.is_empty() {
            return (Standing::Normal, Standing::Normal);
        }
        (self.of(&Whom::Station(station.to_owned()), now), self.of(&Whom::Csms(csms.to_owned()), now))
    }

    /// Whether everybody stands as usual.
    pub fn is_empty(&self) -> bool {
        self.entries.load(Ordering::Relaxed) == 0
    }

    /// Places somebody. True when that is news: a lesser standing does not take the place of a graver one that holds.
    pub fn place(&self, whom: Whom, placed: Placed, now: Timestamp) -> bool {
        let mut table = self.lock();
        let graver = table
            .get(&whom)
            .is_some_and(|before| before.holds(now) && gravity(before.standing) >= gravity(placed.standing));
        if graver {
            return false;
        }
        table.retain(|_, placed| placed.holds(now));
        if table.len() >= STANDINGS_MAX {
            let soonest = table.iter().min_by_key(|(_, placed)| placed.until_ms.unwrap_or(i64::MAX));
            if let Some(soonest) = soonest.map(|(whom, _)| whom.clone()) {
                table.remove(&soonest);
            }
        }
        table.insert(whom, placed);
        self.count(&table);
        true
    }

    /// Ends a standing. What it was, if there was one.
    pub fn release(&self, whom: &Whom) -> Option<Placed> {
        let mut table = self.lock();
        let placed = table.remove(whom);
        self.count(&table);
        placed
    }

    /// Everybody who does not stand as usual now.
    pub fn list(&self, now: Timestamp) -> Vec<(Whom, Placed)> {
        let table = self.lock();
        let holding = table.iter().filter(|(_, placed)| placed.holds(now));
        holding.map(|(whom, placed)| (whom.clone(), placed.clone())).collect()
    }

    fn count(&self, table: &BTreeMap<Whom, Placed>) {
        self.entries.store(table.len() as u64, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Whom, Placed>> {
        // No operation leaves the table half-written.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody is placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placing {
    /// Who.
    pub whom: Whom,
    /// How, until when and why.
    pub placed: Placed,
}

/// What a verdict says of its sender.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) standing: Standing,
    pub(crate) why: String,
    /// `PARTY/POLICY`.
    pub(crate) by: String,
}

impl Mark {
    /// Whom it places, for how long.
    pub(crate) fn on(self, from: Side, about: &About, now: Timestamp) -> Placing {
        let whom = match from {
            Side::Station => Whom::Station(about.station.clone()),
            Side::Csms => Whom::Csms(about.csms.clone()),
        };
        let lasts_ms = match self.standing {
            Standing::Normal | Standing::Watched => WATCH_MS,
            Standing::Quarantined => QUARANTINE_MS,
        };
        let since_ms = now.as_millis();
        // A station is told to wait until people have looked at it.
        let until_ms = match (&whom, self.standing) {
            (Whom::Station(_), Standing::Quarantined) => None,
            (Whom::Station(_) | Whom::Csms(_) | Whom::Source(_), _) => {
                Some(since_ms.saturating_add(lasts_ms))
            }
        };
        let placed = Placed { standing: self.standing, since_ms, until_ms, why: self.why, by: self.by };
        Placing { whom, placed }
    }
}

fn gravity(standing: Standing) -> u8 {
    match standing {
        Standing::Normal => 0,
        Standing::Watched => 1,
        Standing::Quarantined => 2,
    }
}

/// A standing as its word.
mod word {
    use chargewarden_policy::Standing;
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
    pub(super) fn serialize<S: Serializer>(standing: &Standing, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(standing.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Standing, D::Error> {
        let word = String::deserialize(deserializer)?;
        Standing::parse(&word).ok_or_else(|| de::Error::custom(format!("`{word}` is no standing")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(standing: Standing, until_ms: Option<i64>) -> Placed {
        Placed { standing, since_ms: 0, until_ms, why: "tested".into(), by: "test".into() }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn a_standing_ends_by_hand_or_with_time() {
        let (standings, csms) = (Standings::default(), Whom::parse("csms:cnp").unwrap());
        assert_eq!(standings.of(&csms, at(0)), Standing::Normal);
        assert!(standings.place(csms.clone(), placed(Standing::Watched, Some(10)), at(0)));
        assert_eq!(
            (standings.of(&csms, at(9)), standings.of(&csms, at(10))),
            (Standing::Watched, Standing::Normal)
        );
        assert!(standings.place(csms.clone(), placed(Standing::Quarantined, None), at(11)));
        assert!(!standings.place(csms.clone(), placed(Standing::Watched, None), at(12)), "a lesser one");
        assert_eq!(standings.of_both("CS-1", "cnp", at(1 << 50)), (Standing::Normal, Standing::Quarantined));
        assert!(standings.release(&csms).is_some() && standings.is_empty());
    }

    #[test]
    fn it_survives_a_restart() {
        let standings = Standings::default();
        standings.place(Whom::Source("192.0.2.1".into()), placed(Standing::Quarantined, None), at(0));
        let again = Standings::from_json(&standings.to_json()).unwrap();
        assert_eq!(again.list(at(5)), standings.list(at(5)));
        assert!(!again.is_empty());
        assert!(Standings::from_json("{}").is_err());
    }

    #[test]
    fn it_is_bounded() {
        let standings = Standings::default();
        for number in 0..i64::try_from(STANDINGS_MAX).unwrap() + 10 {
            standings.place(
                Whom::Station(number.to_string()),
                placed(Standing::Watched, Some(1_000_000 + number)),
                at(0),
            );
        }
        assert_eq!(standings.list(at(0)).len(), STANDINGS_MAX);
    }
}
