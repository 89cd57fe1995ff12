//! Durable state and evidence: one trait, SQLite by default.
