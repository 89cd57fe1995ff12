//! Whether the service can do its work, and what keeps it from it.

use std::{fmt, sync::Arc};

use serde::Serialize;

/// One thing that must be in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name: `listener`, `store`, `policies`.
    pub name: &'static str,
    /// Whether it is in order.
    pub ready: bool,
    /// If not, why, for people. No secrets: anybody who can reach the port can read it.
    pub reason: String,
}

impl Check {
    /// In order.
    #[must_use]
    pub fn ready(name: &'static str) -> Check {
        Check { name, ready: true, reason: String::new() }
    }

    /// Not in order.
    #[must_use]
    pub fn not_ready(name: &'static str, reason: impl Into<String>) -> Check {
        Check { name, ready: false, reason: reason.into() }
    }
}

/// Asks for all checks. Called for each request to `/readyz`: it must be quick and must not block.
#[derive(Clone)]
pub struct Readiness(Arc<dyn Fn() -> Vec<Check> + Send + Sync>);

impl Readiness {
    /// Checks by calling `checks`.
    pub fn new(checks: impl Fn() -> Vec<Check> + Send + Sync + 'static) -> Readiness {
        Readiness(Arc::new(checks))
    }

    /// The checks as they are now.
    #[must_use]
    pub fn now(&self) -> Vec<Check> {
        (self.0)()
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readiness(..)")
    }
}
