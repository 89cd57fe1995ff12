//! The pure core: sessions, translation to effects, facts, verdicts, permits.

pub mod effects;
