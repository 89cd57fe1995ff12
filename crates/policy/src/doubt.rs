//! Doubts: what the service finds odd about a message, in the state in which station and fleet are.
//!
//! An effect says what a message would do; a doubt says why it may not be what it looks like. The core raises doubts
//! from facts and the ledger, and policies say what follows: `when { context.doubts.meter_back }`. A doubt that is not
//! raised proves nothing: a station of which nothing is known raises few.

use crate::effect::{AttributeSpec, AttributeType, AttributeValue, Source};

/// Declares the doubts: name in policies and evidence, whose messages can raise it, documentation.
macro_rules! doubts {
    ($( $(#[doc = $doc:literal])+ $name:ident = $text:literal, by $source:ident; )+) => {
        /// Why a message may not be what it looks like.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Doubt {
            $( $(#[doc = $doc])+ $name, )+
        }

        impl Doubt {
            /// Every doubt, in documentation order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// What policies can read of `context.doubts`.
            pub const ATTRIBUTES: &'static [AttributeSpec] = &[$(
                AttributeSpec { name: $text, kind: AttributeType::Flag, optional: false, doc: concat!($($doc),+) }
            ),+];

            /// Name in policies, limits, evidence and metrics.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The doubt of that name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)+ _ => None }
            }

            /// Whose messages can raise it.
            pub fn source(self) -> Source {
                match self { $(Self::$name => Source::$source,)+ }
            }

            /// What it means, for the reference documentation.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

doubts! {
    // ---- commands: charging sessions --------------------------------------------------------

    /// Names a transaction that the station does not have.
    NoSuchTransaction = "no_such_transaction", by Both;
    /// Somebody is charging, or has a cable locked, where it would act.
    SessionRunning = "session_running", by Csms;
    /// The session that it is about was not begun by a command of the sender, but by the driver at the station.
    SessionOfDriver = "session_of_driver", by Csms;
    /// The EVSE that it names is not free.
    EvseTaken = "evse_taken", by Csms;
    /// The token has a session at another station.
    TokenElsewhere = "token_elsewhere", by Both;
    /// The sender itself refused the token in the last 24 h.
    TokenRefusedBefore = "token_refused_before", by Csms;

    // ---- commands: power --------------------------------------------------------------------

    /// A limit is above what the EVSE, the station or the site is configured to carry.
    AboveRating = "above_rating", by Csms;
    /// It would hold in the place of a lower limit that another party has set for the same purpose.
    OutranksOther = "outranks_other", by Csms;
    /// It would replace, or remove, a charging profile of another party.
    TouchesOther = "touches_other", by Csms;
    /// It would remove a limit of the whole station (`max`, `external`), or could: nobody has told which there are.
    LiftsProtective = "lifts_protective", by Csms;
    /// A schedule has more periods than the station takes, or than 500; or the sender would have more than 32 profiles, or
    /// more than 3,072 periods, at the station.
    TooManyPeriods = "too_many_periods", by Csms;
    /// A vehicle that charges would get nothing, or less than it can use, for more than 15 min.
    StarvesSession = "starves_session", by Csms;
    /// It turns the direction of the power, a set-point, or a limit by more than half, round sooner than 60 s after the
    /// last turn.
    SwingsPower = "swings_power", by Csms;
    /// A dynamic limit is changed sooner than 10 s after the last change.
    UpdatedTooSoon = "updated_too_soon", by Csms;
    /// More would be fed back than the site is configured to export, or no export is configured.
    AboveExport = "above_export", by Csms;

    // ---- commands: reservations and lists ---------------------------------------------------

    /// The reservation was made by another management system, or is not known.
    ReservationOfOther = "reservation_of_other", by Csms;
    /// The token holds another reservation already.
    TokenReservesOther = "token_reserves_other", by Csms;
    /// It renews a reservation of the same EVSE and token that ended unused less than 60 min ago, or still runs; with
    /// another token from the third in a row on.
    ReservedAgain = "reserved_again", by Csms;
    /// More than half of a site with several EVSEs would be reserved.
    SiteReserved = "site_reserved", by Csms;
    /// The local list would lose more than a fifth of the tokens that may charge by it, with what it has lost in the last
    /// 24 h: they are removed, refused or expired.
    ListShrinks = "list_shrinks", by Csms;
    /// The version of the local list does not follow the one before.
    ListVersionJumps = "list_version_jumps", by Csms;
    /// The local list was written last by another management system.
    ListOfOther = "list_of_other", by Csms;

    // ---- commands: software, trust, settings ------------------------------------------------

    /// The version in the location (file name, directory or query) is older than what the station runs.
    FirmwareOlder = "firmware_older", by Csms;
    /// Another installation was ordered and is not over.
    FirmwareUnderWay = "firmware_under_way", by Csms;
    /// After it the station would trust nobody for this use, or what it trusts is not known.
    LastAnchor = "last_anchor", by Csms;
    /// It is not signed, and the station has shown that it checks signatures of software.
    SignaturePossible = "signature_possible", by Csms;
    /// The same password of a station's own was given to another station.
    SecretShared = "secret_shared", by Csms;
    /// It makes a change of the connection take effect that was written before: the order of connections, or a restart.
    ActivatesRepoint = "activates_repoint", by Csms;
    /// It writes a weaker value into a setting than the station is known to have.
    WeakerThanBefore = "weaker_than_before", by Csms;
    /// It changes a setting of security, authorization, network or telemetry that another party has written last.
    SettingOfOther = "setting_of_other", by Csms;
    /// It removes or changes a monitor that another party has set.
    MonitorOfOther = "monitor_of_other", by Csms;
    /// It undoes what another party has done in the last 24 h: puts into service what it took out of service, has it
    /// charge, or releases a cable of it.
    UndoesOther = "undoes_other", by Csms;

    // ---- commands: the sender's conduct -----------------------------------------------------

    /// The sender has not done this before, over two weeks and more of work.
    UnusualEffect = "unusual_effect", by Csms;
    /// The sender does not do this at this hour of the week.
    UnusualHour = "unusual_hour", by Csms;
    /// The sender does this far more often than it used to.
    UnusualRate = "unusual_rate", by Csms;
    /// The sender goes through the stations in the order of their names.
    SweepOrder = "sweep_order", by Csms;
    /// The sender looked around, weakened protections and made itself at home, on several stations, and now acts.
    KillChain = "kill_chain", by Csms;

    // ---- answers ----------------------------------------------------------------------------

    /// A station is turned away that was taken in before and has done nothing wrong.
    RejectsHealthy = "rejects_healthy", by Csms;
    /// The number was given to another transaction of this station, or is in use at another.
    NumberReused = "number_reused", by Csms;
    /// The cost does not fit what was charged at any price that was published.
    CostImplausible = "cost_implausible", by Csms;
    /// The price is raised, or the currency changed, while somebody charges.
    PriceRaised = "price_raised", by Csms;

    // ---- reports: sessions and meters -------------------------------------------------------

    /// The token that ends the session is neither the one that began it nor of its group.
    ForeignToken = "foreign_token", by Station;
    /// A meter register went back.
    MeterBack = "meter_back", by Station;
    /// More energy than the measured, rated or allowed power can have delivered.
    MeterInflated = "meter_inflated", by Station;
    /// Less energy than nine tenths of what the measured power delivers.
    MeterDeflated = "meter_deflated", by Station;
    /// Nothing was counted for 5 min of charging.
    MeterStands = "meter_stands", by Station;
    /// The power is more than 5 % above what the EVSE can carry.
    PowerAboveRating = "power_above_rating", by Station;
    /// The power is more than 10 % above the limit in force.
    PowerAboveLimit = "power_above_limit", by Station;
    /// Power, voltage and current differ by more than 15 %.
    PowerInconsistent = "power_inconsistent", by Station;
    /// Meter values used to be signed and are not any more.
    SignatureMissing = "signature_missing", by Station;
    /// A connector cannot come from its last status into this one.
    StatusIllegal = "status_illegal", by Station;
    /// A connector is said to be free while a session runs on it.
    FreeWhileCharging = "free_while_charging", by Station;
    /// Most connectors of the station, or of the site, are faulty at once.
    FaultyTogether = "faulty_together", by Station;
    /// It names an EVSE or connector that the station does not have.
    NoSuchEvse = "no_such_evse", by Both;
    /// It is dated more than 7 days back, or ahead of our clock, or out of the order of its session.
    Misdated = "misdated", by Station;
    /// It is said to have happened offline, at a time when the station was online.
    OfflineWhileOnline = "offline_while_online", by Station;
    /// The session overlaps another on the same EVSE.
    Overlaps = "overlaps", by Station;
    /// The register does not go on where it stood.
    RegisterJumps = "register_jumps", by Station;
    /// The transaction has ended already, or its id was used before.
    TransactionReused = "transaction_reused", by Station;
    /// The state of charge falls while charging, or rises faster than 5 % a minute.
    SocImplausible = "soc_implausible", by Station;
    /// A vehicle is said to need more than the EVSE can give, or to leave in the past.
    NeedsImplausible = "needs_implausible", by Station;

    // ---- reports: conduct of the station ----------------------------------------------------

    /// Tokens are tried: after 5 that were refused in 10 min, or 10 others in an hour, at one EVSE; where none is said, more
    /// at large stations.
    TokensTried = "tokens_tried", by Station;
    /// Tokens are tried in the order of their numbers: at least the third, after those before were refused.
    TokensInOrder = "tokens_in_order", by Station;
    /// Vendor, model or serial number are not those of before.
    IdentityChanged = "identity_changed", by Station;
    /// The firmware is older than before, or has changed and nobody has ordered it in the last 30 days.
    FirmwareUnexplained = "firmware_unexplained", by Station;
    /// More than 3 starts in an hour, and nobody has commanded this one.
    StartsOften = "starts_often", by Station;
    /// More than 20 security events in an hour.
    EventFlood = "event_flood", by Station;
    /// The event contradicts what passed through here.
    EventContradicted = "event_contradicted", by Station;
    /// A text has control characters, or sequences that a terminal or a log obeys.
    ControlCharacters = "control_characters", by Both;
    /// A text has markup, a script or the marks of a template or a look-up.
    Markup = "markup", by Both;
    /// A text has what a database or a shell would obey.
    Injection = "injection", by Both;
    /// A time is before 2010 or more than a day ahead, where OCPP means a moment of the past.
    AbsurdTime = "absurd_time", by Station;
    /// A payment is claimed that nobody has announced.
    PaymentUnknown = "payment_unknown", by Station;
}

const _: () = assert!(Doubt::ALL.len() <= 128, "a set is 128 bits");

/// Some doubts.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Doubts(u128);

impl Doubts {
    /// None.
    pub const NONE: Self = Self(0);

    /// Adds one.
    pub fn add(&mut self, doubt: Doubt) {
        self.0 |= 1 << (doubt as u32);
    }

    /// Adds one if so.
    pub fn add_if(&mut self, raised: bool, doubt: Doubt) {
        if raised {
            self.add(doubt);
        }
    }

    /// Adds those of `other`.
    pub fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether it was raised.
    pub fn has(self, doubt: Doubt) -> bool {
        self.0 & (1 << (doubt as u32)) != 0
    }

    /// Whether both have one.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that were raised, in documentation order.
    pub fn iter(self) -> impl Iterator<Item = Doubt> {
        Doubt::ALL.iter().copied().filter(move |doubt| self.has(*doubt))
    }

    /// Calls `see` with each doubt's name and whether it was raised.
    pub(crate) fn attributes<'a>(self, see: &mut dyn FnMut(&'static str, AttributeValue<'a>)) {
        for doubt in Doubt::ALL {
            see(doubt.name(), AttributeValue::Flag(self.has(*doubt)));
        }
    }
}

impl FromIterator<Doubt> for Doubts {
    fn from_iter<I: IntoIterator<Item = Doubt>>(doubts: I) -> Self {
        let mut set = Self::NONE;
        doubts.into_iter().for_each(|doubt| set.add(doubt));
        set
    }
}

impl std::fmt::Debug for Doubts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(Doubt::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_added() {
        let set: Doubts = [Doubt::MeterBack, Doubt::PaymentUnknown].into_iter().collect();
        assert!(set.has(Doubt::MeterBack) && !set.has(Doubt::MeterStands) && !set.is_empty());
        assert_eq!(format!("{set:?}"), r#"{"meter_back", "payment_unknown"}"#);
        assert!(Doubt::ALL.iter().all(|doubt| Doubt::parse(doubt.name()) == Some(*doubt)));
    }
}
