//! The ledger: who has already caused which effects, where, and when they will act.
//!
//! One ledger serves all sessions. A message that policies let pass asks for a place under every limit that counts it
//! ([`Ledger::claim`]); either it gets all of them or none, so two messages cannot both take the last one. A command
//! that the station turned down gives its places back ([`Ledger::settle`]).

mod claim;

use std::sync::{Mutex, MutexGuard, PoisonError};

use chargewarden_ocpp::Timestamp;
use chargewarden_policy::{About, Doubts};
pub use claim::{Claim, Excess, Outcome, Places, PowerChange};

use crate::facts::Heard;

/// Counts of effects, for every limit of every party.
#[derive(Debug, Default)]
pub struct Ledger {
    books: Mutex<Books>,
}

/// What the lock guards.
#[derive(Clone, Debug, Default)]
struct Books {}

/// A ledger of its own with the same counts, for simulations that go on in several ways from one moment.
impl Clone for Ledger {
    fn clone(&self) -> Self {
        Self { books: Mutex::new(self.lock().clone()) }
    }
}

impl Ledger {
    /// Takes a place under every limit that counts the message, or none.
    ///
    /// # Errors
    /// The limits that it would exceed.
    pub fn claim(&self, claim: &Claim<'_>) -> Result<Places, Vec<Excess>> {
        let _books = self.lock();
        let _ = claim;
        Ok(Places::default())
    }

    /// Says what became of a message that has places. Without a word from the station they are kept.
    pub fn settle(&self, places: Places, outcome: Outcome, now: Timestamp) {
        let _books = self.lock();
        let _ = (places, outcome, now);
    }

    /// Notes what a station draws now, in W. What a fleet draws is the base of limits in percent of power.
    pub(crate) fn measured(&self, about: &About, power_w: i64, now: Timestamp) {
        let _books = self.lock();
        let _ = (about, power_w, now);
    }

    /// What is odd about a message in the light of what others did.
    pub(crate) fn doubts(&self, heard: &Heard<'_>) -> Doubts {
        let _ = (self, heard);
        Doubts::NONE
    }

    /// Takes in a message that was delivered.
    pub(crate) fn learn(&self, heard: &Heard<'_>) {
        let _ = (self, heard);
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        // No operation leaves the books half-written.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
