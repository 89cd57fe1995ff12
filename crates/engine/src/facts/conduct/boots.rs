//! Starts of a station: who it says it is, what it runs, and how often it starts.

use chargewarden_ocpp::{Action, Side};
use chargewarden_policy::effect::{Boot as Said, Effect};
use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::lately::{Lately, is_within};
use crate::effects::MessageKind;
use crate::facts::{Heard, Learned, StationState};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Starts in an hour that an honest station has: a power cut that comes back twice.
const STARTS_MAX: usize = 3;
/// How long a restart that was commanded may wait for its driver to go.
const ORDERED_MS: i64 = 24 * HOUR_MS;
/// Restarts that are remembered as commanded; nobody commands more at once.
const ORDERED_MAX: usize = 4;
/// Restarts that installing firmware takes: into the loader, and out of it.
const INSTALL_RESTARTS: usize = 2;
/// How soon a station answers when it is asked to announce itself.
const ASKED_MS: i64 = 10 * MINUTE_MS;
/// How long ago firmware may have been commanded that a station runs now: it may wait for its driver and for the night.
const COMMANDED_WITHIN_MS: i64 = 30 * 24 * HOUR_MS;

/// What is kept of the starts of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Boots {
    /// Starts after which it was taken in.
    started: Lately,
    /// Restarts that were commanded and not yet seen.
    ordered: Lately,
    /// When it was last told to announce itself, in ms since the Unix epoch: that is no start.
    asked_ms: Option<i64>,
}

impl Boots {
    /// What is odd about a start.
    pub(super) fn doubts(&self, state: &StationState, heard: &Heard<'_>, out: &mut Doubts) {
        let Some(said) = said(heard) else { return };
        let now_ms = heard.message.now.as_millis();
        out.add_if(is_other(state, said), Doubt::IdentityChanged);
        out.add_if(self.is_unexplained(state, said, now_ms), Doubt::FirmwareUnexplained);
        let explained = self.is_asked(now_ms) || self.ordered.within(now_ms, ORDERED_MS) > 0;
        let often = self.started.within(now_ms, HOUR_MS) >= STARTS_MAX;
        out.add_if(often && !explained, Doubt::StartsOften);
    }

    /// Whether firmware is older than before, or has changed and nobody has ordered it.
    fn is_unexplained(&self, state: &StationState, said: &Said, now_ms: i64) -> bool {
        let (before, now) = (state.firmware.trim(), said.firmware.trim());
        if before.is_empty() || now.is_empty() || before == now {
            return false;
        }
        let ordered = state.commanded.firmware_ms;
        !ordered.is_some_and(|at_ms| is_within(at_ms, now_ms, COMMANDED_WITHIN_MS))
    }

    fn is_asked(&self, now_ms: i64) -> bool {
        self.asked_ms.is_some_and(|at_ms| is_within(at_ms, now_ms, ASKED_MS))
    }

    /// Takes in a start that was accepted, or a command that explains one.
    pub(super) fn learn(&mut self, heard: &Heard<'_>) -> Learned {
        let message = heard.message;
        let now_ms = message.now.as_millis();
        match (message.from, message.kind) {
            (Side::Csms, MessageKind::Result) => self.learn_admission(heard, now_ms),
            (Side::Station, MessageKind::Result) => self.learn_obeyed(heard, now_ms),
            (Side::Csms, MessageKind::Call | MessageKind::Send | MessageKind::Error)
            | (Side::Station, MessageKind::Call | MessageKind::Send | MessageKind::Error) => Learned::Nothing,
        }
    }

    /// A station that is told to wait announces itself again and again; it has started once.
    fn learn_admission(&mut self, heard: &Heard<'_>, now_ms: i64) -> Learned {
        let accepted = heard.effects.iter().any(
            |effect| matches!(effect, Effect::AdmitStation(admission) if admission.status == "Accepted"),
        );
        if !accepted {
            return Learned::Nothing;
        }
        if self.asked_ms.take().is_some_and(|at_ms| is_within(at_ms, now_ms, ASKED_MS)) {
            return Learned::Later;
        }
        self.ordered.take(now_ms, ORDERED_MS);
        self.started.note(now_ms, HOUR_MS, STARTS_MAX);
        Learned::Later
    }

    fn learn_obeyed(&mut self, heard: &Heard<'_>, now_ms: i64) -> Learned {
        let refused = heard
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::ReportOutcome(outcome) if !outcome.accepted));
        let restarts = restarts(heard.message.action);
        if refused {
            return Learned::Nothing;
        }
        for _ in 0..restarts {
            self.ordered.note(now_ms, ORDERED_MS, ORDERED_MAX);
        }
        let asked = heard.call.is_some_and(|call| {
            let requested = || call.payload.root().text("requestedMessage");
            is_trigger(call.action) && requested().is_some_and(|asked| asked == "BootNotification")
        });
        if asked {
            self.asked_ms = Some(now_ms);
        }
        if asked || restarts > 0 { Learned::Later } else { Learned::Nothing }
    }
}

/// How many starts follow from a command that was obeyed.
#[expect(clippy::wildcard_enum_match_arm, reason = "few commands restart a station")]
fn restarts(action: Action) -> usize {
    match action {
        Action::Reset => 1,
        Action::UpdateFirmware | Action::SignedUpdateFirmware => INSTALL_RESTARTS,
        _ => 0,
    }
}

/// Whether it tells a station to report something.
pub(super) fn is_trigger(action: Action) -> bool {
    matches!(action, Action::TriggerMessage | Action::ExtendedTriggerMessage)
}

fn said<'a>(heard: &Heard<'a>) -> Option<&'a Said> {
    let call = heard.message.from == Side::Station && heard.message.kind == MessageKind::Call;
    heard
        .effects
        .iter()
        .filter(|_| call)
        .find_map(|effect| if let Effect::Boot(said) = effect { Some(said) } else { None })
}

/// Whether the station says to be another one. Of one that never said, and of what it never said, nothing is known; but
/// who has a serial number does not lose it.
fn is_other(state: &StationState, said: &Said) -> bool {
    let differs = |before: &str, now: &str| !before.trim().is_empty() && before.trim() != now.trim();
    differs(&state.vendor, &said.vendor)
        || differs(&state.model, &said.model)
        || differs(&state.serial, &said.serial)
}
