//! Who uses which station: tokens and numbers of the sessions that run.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chargewarden_policy::Doubts;

use super::numbers::{self, Numbers};
use super::tokens::{self, Tokens};
use crate::facts::Heard;

/// Tokens and numbers over all stations, behind a lock of their own: who counts does not wait for them, and most
/// messages do not touch them.
#[derive(Debug, Default)]
pub(super) struct Users {
    tables: Mutex<Tables>,
}

/// What the lock guards.
#[derive(Clone, Debug, Default)]
struct Tables {
    tokens: Tokens,
    numbers: Numbers,
}

impl Users {
    /// What is odd about a message in the light of who uses other stations.
    pub(super) fn doubts(&self, heard: &Heard<'_>) -> Doubts {
        let (token, number) = (tokens::Turn::of(heard), numbers::Turn::of(heard));
        if token.is_none() && number.is_none() {
            return Doubts::NONE;
        }
        let tables = self.lock();
        let mut doubts = token.map_or(Doubts::NONE, |turn| tables.tokens.doubts(&turn));
        doubts.extend(number.map_or(Doubts::NONE, |turn| tables.numbers.doubts(&turn)));
        doubts
    }

    /// Takes in a message that was delivered.
    pub(super) fn learn(&self, heard: &Heard<'_>) {
        let (token, number) = (tokens::Turn::of(heard), numbers::Turn::of(heard));
        if token.is_none() && number.is_none() {
            return;
        }
        let mut tables = self.lock();
        if let Some(turn) = token {
            tables.tokens.learn(turn);
        }
        if let Some(turn) = number {
            tables.numbers.learn(&turn);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // No operation leaves a table half-written.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Users {
    fn clone(&self) -> Self {
        Self { tables: Mutex::new(self.lock().clone()) }
    }
}
