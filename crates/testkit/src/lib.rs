//! Simulated stations and management systems, scenarios, throw-away worlds.
