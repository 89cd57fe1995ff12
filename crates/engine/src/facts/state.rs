//! What is kept of a station across sessions and restarts.

use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::StationFacts;
use chargewarden_policy::effect::{self, Effect, Group};
use serde::{Deserialize, Serialize};

use super::{Certificates, Conduct, Holdings, Power, Sessions};

/// Version of the stored form.
/// 2 knows commands and certificates; 3 sessions, conduct, power and holdings.
const FORMAT: u32 = 3;

/// Whether a CSMS has taken the station in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boot {
    /// Not known: no boot was seen.
    #[default]
    Unknown,
    /// Told to wait.
    Pending,
    /// Turned away.
    Rejected,
    /// Taken in.
    Accepted,
}

impl Boot {
    /// The word in policies and records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Accepted => "accepted",
        }
    }

    /// The state that a `RegistrationStatus` of OCPP puts a station into.
    pub fn from_status(status: &str) -> Option<Self> {
        match status {
            "Accepted" => Some(Self::Accepted),
            "Pending" => Some(Self::Pending),
            "Rejected" => Some(Self::Rejected),
            _ => None,
        }
    }
}

/// What is known of one station.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationState {
    format: u32,
    /// Whether a CSMS has taken it in.
    pub boot: Boot,
    /// The version of OCPP it spoke last, as [`Version`] prints it; empty before its first session.
    #[serde(default)]
    pub version: String,
    /// Vendor as the station states it; empty while unknown. So are the next three.
    #[serde(default)]
    pub vendor: String,
    /// Model.
    #[serde(default)]
    pub model: String,
    /// Serial number.
    #[serde(default)]
    pub serial: String,
    /// Firmware version.
    #[serde(default)]
    pub firmware: String,
    /// Last message, in ms since the Unix epoch, to about [`StationState::LAST_SEEN_GRAIN_MS`].
    #[serde(default)]
    pub last_seen_ms: Option<i64>,
    /// Transactions (2.x) whose beginning was refused and that a CSMS therefore never hears of, oldest first.
    #[serde(default)]
    pub refused_transactions: Vec<String>,
    /// How often in a row the station did not take a password of its own.
    #[serde(default)]
    pub provision_failures: u32,
    /// When that was last, in ms since the Unix epoch.
    #[serde(default)]
    pub provision_failed_ms: i64,
    /// What was commanded through here that a station reports in its own way.
    #[serde(default)]
    pub commanded: Commanded,
    /// Certificates that it has asked for.
    #[serde(default)]
    pub certificates: Certificates,
    /// Its charging sessions.
    #[serde(default)]
    pub sessions: Sessions,
    /// How it behaves.
    #[serde(default)]
    pub conduct: Conduct,
    /// Its charging profiles.
    #[serde(default)]
    pub power: Power,
    /// What it holds by command.
    #[serde(default)]
    pub holdings: Holdings,
}

/// When commands were last delivered, in ms since the Unix epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commanded {
    /// To install firmware.
    #[serde(default)]
    pub firmware_ms: Option<i64>,
    /// To change whom the station trusts, or who it is.
    #[serde(default)]
    pub trust_ms: Option<i64>,
}

/// Stored bytes that are no state.
#[derive(Debug, thiserror::Error)]
pub enum StateProblem {
    /// Not its JSON.
    #[error("not a station state: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Written by a newer version.
    #[error("station state format {0} is not known to this version")]
    Newer(u32),
}

impl Default for StationState {
    fn default() -> Self {
        Self {
            format: FORMAT,
            boot: Boot::Unknown,
            version: String::new(),
            vendor: String::new(),
            model: String::new(),
            serial: String::new(),
            firmware: String::new(),
            last_seen_ms: None,
            refused_transactions: Vec::new(),
            provision_failures: 0,
            provision_failed_ms: 0,
            commanded: Commanded::default(),
            certificates: Certificates::default(),
            sessions: Sessions::default(),
            conduct: Conduct::default(),
            power: Power::default(),
            holdings: Holdings::default(),
        }
    }
}

impl StationState {
    /// Transactions whose refusal is remembered: two for each of 8 EVSEs, since a station may keep those of a long
    /// time offline. Of more the oldest are forgotten, and what is still reported of them is judged on its own.
    pub const REFUSED_TRANSACTIONS_MAX: usize = 16;
    /// How much older than the truth the stored `last_seen_ms` may be: not every message is worth a write.
    pub const LAST_SEEN_GRAIN_MS: i64 = 3_600_000;

    /// Reads the stored form.
    pub fn from_json(bytes: &[u8]) -> Result<Self, StateProblem> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let format = serde_json::from_slice::<Format>(bytes)?.format;
        if format > FORMAT {
            return Err(StateProblem::Newer(format));
        }
        Ok(Self { format: FORMAT, ..serde_json::from_slice(bytes)? })
    }

    /// The stored form: one line of JSON.
    pub fn to_json(&self) -> String {
        // Strings and numbers only: cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A station that comes back speaking another version is another program: it has to announce itself again.
    pub(crate) fn speaks(&mut self, version: Version) {
        let version = version.to_string();
        if self.version != version {
            self.boot = Boot::Unknown;
            self.version = version;
        }
    }

    /// Tells policies what is known.
    pub(crate) fn describe(&self, facts: &mut StationFacts, now: Timestamp) {
        let known = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        facts.booted = self.boot == Boot::Accepted;
        facts.vendor = known(&self.vendor);
        facts.model = known(&self.model);
        facts.firmware = known(&self.firmware);
        self.certificates.describe(facts, now);
        self.describe_rooms(facts, now);
    }

    /// Whether it never said what it is.
    pub(crate) fn is_stranger(&self) -> bool {
        [&self.vendor, &self.model, &self.serial, &self.firmware].into_iter().all(String::is_empty)
    }

    /// Takes in what a station said of itself when it booted and was taken in, or when nothing was known of it: who is
    /// turned away does not change the record. True when something is new.
    pub(crate) fn introduce(&mut self, said: &effect::Boot) -> bool {
        let known = (&self.vendor, &self.model, &self.serial, &self.firmware);
        if known == (&said.vendor, &said.model, &said.serial, &said.firmware) {
            return false;
        }
        self.vendor.clone_from(&said.vendor);
        self.model.clone_from(&said.model);
        self.serial.clone_from(&said.serial);
        self.firmware.clone_from(&said.firmware);
        true
    }

    /// Notes that the station was heard; true when the stored state is too old now.
    pub(crate) fn seen(&mut self, at: Timestamp) -> bool {
        let at = at.as_millis();
        let fresh =
            self.last_seen_ms.is_some_and(|last| at.abs_diff(last) < Self::LAST_SEEN_GRAIN_MS.unsigned_abs());
        if !fresh {
            self.last_seen_ms = Some(at);
        }
        !fresh
    }

    /// Whether a station may be offered a password again: not too soon after it did not take one.
    pub(crate) fn may_provision(&self, at: Timestamp, retry_ms: u64, retry_max_ms: u64) -> bool {
        let Some(doubled) = self.provision_failures.checked_sub(1) else { return true };
        let wait = retry_ms.saturating_mul(1 << doubled.min(16)).min(retry_max_ms);
        // Also when the clock was set back: then nobody knows how long ago it was.
        at.as_millis().abs_diff(self.provision_failed_ms) >= wait
    }

    pub(crate) fn provision_failed(&mut self, at: Timestamp) {
        self.provision_failures = self.provision_failures.saturating_add(1);
        self.provision_failed_ms = at.as_millis();
    }

    /// It took one; true when that is news.
    pub(crate) fn provisioned(&mut self) -> bool {
        std::mem::take(&mut self.provision_failures) > 0
    }

    /// Notes what a delivered command would do; true when something is new.
    pub(crate) fn command(&mut self, effects: &[Effect], now: Timestamp) -> bool {
        let any = |group| effects.iter().any(|effect| effect.kind().groups().contains(&group));
        let (firmware, trust) = (any(Group::Software), any(Group::Trust));
        if firmware {
            self.commanded.firmware_ms = Some(now.as_millis());
        }
        if trust {
            self.commanded.trust_ms = Some(now.as_millis());
        }
        firmware || trust
    }

    pub(crate) fn refuses_transaction(&self, id: &str) -> bool {
        self.refused_transactions.iter().any(|known| known == id)
    }

    /// Remembers a refused transaction; true when it is a new one.
    pub(crate) fn refuse_transaction(&mut self, id: &str) -> bool {
        if self.refuses_transaction(id) {
            return false;
        }
        if self.refused_transactions.len() >= Self::REFUSED_TRANSACTIONS_MAX {
            self.refused_transactions.remove(0);
        }
        self.refused_transactions.push(id.to_owned());
        true
    }

    /// Forgets a refused transaction that has ended; true when it was known.
    pub(crate) fn end_transaction(&mut self, id: &str) -> bool {
        let before = self.refused_transactions.len();
        self.refused_transactions.retain(|known| known != id);
        before != self.refused_transactions.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_restart() {
        let mut state =
            StationState { boot: Boot::Accepted, model: "M\"1".into(), ..StationState::default() };
        state.refuse_transaction("t-1");
        assert_eq!(StationState::from_json(state.to_json().as_bytes()).unwrap(), state);
        assert!(matches!(
            StationState::from_json(br#"{"format":4,"boot":"x"}"#),
            Err(StateProblem::Newer(4))
        ));
        assert!(matches!(StationState::from_json(b"{}"), Err(StateProblem::Unreadable(_))));
    }

    #[test]
    fn passwords_are_offered_less_and_less_often() {
        let (mut state, hour) = (StationState::default(), 3_600_000);
        let may = |state: &StationState, ms| {
            state.may_provision(Timestamp::from_millis(ms), 300_000, 6 * 3_600_000)
        };
        assert!(may(&state, 0));
        state.provision_failed(Timestamp::from_millis(0));
        assert!(!may(&state, 299_999) && may(&state, 300_000));
        state.provision_failed(Timestamp::from_millis(0));
        assert!(!may(&state, 599_999) && may(&state, 600_000));
        for _ in 0..100 {
            state.provision_failed(Timestamp::from_millis(0));
        }
        assert!(!may(&state, 5 * hour) && may(&state, 6 * hour));
        assert!(state.provisioned() && !state.provisioned() && may(&state, 1));
    }

    #[test]
    fn another_version_has_to_boot() {
        let mut state =
            StationState { boot: Boot::Accepted, version: "1.6".into(), ..StationState::default() };
        state.speaks(Version::V16);
        assert_eq!(state.boot, Boot::Accepted);
        state.speaks(Version::V201);
        assert_eq!(state.boot, Boot::Unknown);
    }

    #[test]
    fn refused_transactions_are_bounded() {
        let mut state = StationState::default();
        for number in 0..100 {
            state.refuse_transaction(&number.to_string());
        }
        assert_eq!(state.refused_transactions.len(), StationState::REFUSED_TRANSACTIONS_MAX);
        assert!(state.refuses_transaction("99") && !state.refuses_transaction("0"));
        assert!(state.end_transaction("99") && !state.end_transaction("99"));
    }
}
