//! How a connector stands, and what can follow.

use chargewarden_ocpp::Version;
use serde::{Deserialize, Serialize};

/// State of a connector, 1.6 and 2.x together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Status {
    /// Free.
    Available,
    /// In use, or a cable is in (2.x).
    Occupied,
    /// A driver is about to charge (1.6). So are those up to `Finishing`.
    Preparing,
    /// Energy flows.
    Charging,
    /// The vehicle takes none.
    SuspendedEv,
    /// The station gives none.
    SuspendedEvse,
    /// The session is over, the cable still in.
    Finishing,
    /// Kept for somebody.
    Reserved,
    /// Out of service.
    Unavailable,
    /// Broken.
    Faulted,
}

impl Status {
    /// As OCPP spells it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "Available" => Self::Available,
            "Occupied" => Self::Occupied,
            "Preparing" => Self::Preparing,
            "Charging" => Self::Charging,
            "SuspendedEV" => Self::SuspendedEv,
            "SuspendedEVSE" => Self::SuspendedEvse,
            "Finishing" => Self::Finishing,
            "Reserved" => Self::Reserved,
            "Unavailable" => Self::Unavailable,
            "Faulted" => Self::Faulted,
            _ => return None,
        })
    }

    /// Whether a session of 1.6 runs where a connector stands so.
    pub(super) fn is_session(self) -> bool {
        matches!(self, Self::Charging | Self::SuspendedEv | Self::SuspendedEvse)
    }

    /// Whether no session can be running there unnoticed.
    pub(super) fn is_clear(self) -> bool {
        matches!(
            self,
            Self::Available | Self::Preparing | Self::Finishing | Self::Reserved | Self::Unavailable
        )
    }

    /// Whether a vehicle can come.
    pub(super) fn is_free(self) -> bool {
        matches!(self, Self::Available)
    }

    /// Whether a connector can come from here into that. `session`: whether one runs on it.
    ///
    /// 1.6 section 4.9 lists the steps. A step that lasts shorter than `MinimumStatusDuration` is not reported, so a few
    /// that leave one out are taken, too; and a station that falls back to `Preparing` once its session is over bends
    /// the rules no driver notices. 2.x does not list steps: only a reservation cannot take the place of a session.
    pub(super) fn may_become(self, next: Self, version: Version, session: bool) -> bool {
        if self == next {
            return true;
        }
        match version {
            Version::V16 => self.may_become_1_6(next, session),
            Version::V201 | Version::V21 => !(session && self == Self::Occupied && next == Self::Reserved),
        }
    }

    fn may_become_1_6(self, next: Self, session: bool) -> bool {
        use Status::{
            Available, Charging, Faulted, Finishing, Occupied, Preparing, Reserved, SuspendedEv,
            SuspendedEvse, Unavailable,
        };
        match self {
            Available => next != Finishing,
            Preparing => next != Reserved,
            Charging | SuspendedEv | SuspendedEvse => match next {
                Preparing => !session,
                Reserved => false,
                Available | Occupied | Charging | SuspendedEv | SuspendedEvse | Finishing | Unavailable
                | Faulted => true,
            },
            Finishing => next != Reserved,
            Reserved => matches!(next, Available | Preparing | Charging | Unavailable | Faulted),
            Unavailable => !matches!(next, Finishing | Reserved),
            // Whence it came, it may return to. Occupied is no state of 1.6.
            Faulted | Occupied => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_1_6_are_those_of_the_table_and_a_few_shortcuts() {
        use Status::*;
        let may = |from: Status, to, session| from.may_become(to, Version::V16, session);
        for (from, to) in [
            (Available, Preparing),
            (Available, Charging),
            (Preparing, Finishing),
            (Charging, SuspendedEv),
            (Charging, Finishing),
            (Finishing, Available),
            (Finishing, Charging),
            (Reserved, Preparing),
            (Unavailable, Charging),
            (Faulted, Charging),
        ] {
            assert!(may(from, to, true), "{from:?} to {to:?}");
        }
        for (from, to) in [
            (Available, Finishing),
            (Preparing, Reserved),
            (Charging, Reserved),
            (Charging, Preparing),
            (SuspendedEv, Preparing),
            (Finishing, Reserved),
            (Reserved, Finishing),
            (Unavailable, Finishing),
        ] {
            assert!(!may(from, to, true), "{from:?} to {to:?}");
        }
        assert!(may(Charging, Preparing, false));
    }

    #[test]
    fn in_2_x_only_a_reservation_in_place_of_a_session_is_illegal() {
        use Status::*;
        for version in [Version::V201, Version::V21] {
            assert!(!Occupied.may_become(Reserved, version, true));
            assert!(Occupied.may_become(Reserved, version, false));
            assert!(Occupied.may_become(Available, version, true));
            assert!(Faulted.may_become(Occupied, version, false));
        }
    }
}
