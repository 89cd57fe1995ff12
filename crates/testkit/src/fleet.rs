//! A dozen stations of mixed versions with live charging sessions.
//!
//! Drivers come and go, meters grow, and what a command does to a station shows: a stopped
//! transaction ends, a limit lowers the power, a reset reconnects, new firmware stays.

mod driver;
mod life;
mod member;
mod random;
mod roster;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::tls::StationTls;

pub use member::Snapshot;
pub use roster::{Entry, roster};

use member::Member;
pub use random::Random;

/// Makes the TLS settings of a station, from its id.
pub type TlsOf = dyn Fn(&str) -> StationTls + Send + Sync;

/// How a fleet is to be run.
#[derive(Clone)]
pub struct Plan {
    /// Base URL the stations dial.
    pub url: String,
    /// The Basic password of a station, by its id.
    pub password: Arc<dyn Fn(&str) -> String + Send + Sync>,
    /// TLS of a station, by its id; needed for a `wss` URL.
    pub tls: Option<Arc<TlsOf>>,
    /// Simulated seconds per real second; 60 makes a minute of charging last a second.
    pub speed: f64,
    /// The same seed gives the same drivers, energies and pauses.
    pub seed: u64,
    /// The stations; [`roster`] is a mixed dozen.
    pub entries: Vec<Entry>,
}

/// A running fleet; its stations lose power when it is dropped.
pub struct Fleet {
    members: Vec<Arc<Member>>,
    lives: JoinSet<()>,
}

impl Fleet {
    /// Sets every station of the plan going. Each connects by itself and again when cut off.
    pub fn launch(plan: &Plan) -> Fleet {
        let mut lives = JoinSet::new();
        let mut members = Vec::with_capacity(plan.entries.len());
        for (ordinal, entry) in (1..).zip(&plan.entries) {
            let member = Arc::new(Member::new(entry.clone()));
            members.push(member.clone());
            let random = Random::new(plan.seed.wrapping_mul(1_000_003).wrapping_add(ordinal));
            lives.spawn(life::live(member, plan.clone(), random));
        }
        Fleet { members, lives }
    }

    /// Every station as it is now, in the order of the plan.
    pub fn snapshots(&self) -> Vec<Snapshot> {
        self.members.iter().map(|member| member.snapshot()).collect()
    }

    /// One station as it is now.
    pub fn snapshot(&self, station: &str) -> Option<Snapshot> {
        self.members.iter().map(|member| member.snapshot()).find(|snapshot| snapshot.id == station)
    }

    /// Power drawn by the whole fleet now, in watts.
    pub fn power_w(&self) -> u64 {
        self.snapshots().iter().map(|snapshot| u64::from(snapshot.power_w)).sum()
    }

    /// Asks every station to end its transaction and hang up, and waits until they have.
    pub async fn wind_down(mut self) {
        for member in &self.members {
            member.retire();
        }
        while self.lives.join_next().await.is_some() {}
    }
}
