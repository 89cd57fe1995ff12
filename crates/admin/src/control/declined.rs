//! Why something was not done, for the person who asked.

use std::fmt;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

/// Why it was not done, and that nothing was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Declined {
    /// What kind of reason.
    pub kind: Kind,
    /// Everything that is wrong; at least one.
    pub problems: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where: a field, or a place in a file. May be empty.
    #[serde(default)]
    pub at: String,
    /// What is wrong and what to do. Never a secret.
    pub what: String,
}

/// Kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// There is no such thing.
    NotFound,
    /// It does not fit what is there: it exists already, it belongs to the inventory file.
    Conflict,
    /// What was asked for is not right in itself.
    Invalid,
    /// Something that is needed does not work now.
    Unavailable,
}

impl Declined {
    /// One reason.
    #[must_use]
    pub fn new(kind: Kind, at: impl Into<String>, what: impl fmt::Display) -> Declined {
        Declined { kind, problems: vec![Fault { at: at.into(), what: what.to_string() }] }
    }
}

impl Kind {
    /// As HTTP says it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.is_empty() { f.write_str(&self.what) } else { write!(f, "{}: {}", self.at, self.what) }
    }
}

impl IntoResponse for Declined {
    fn into_response(self) -> Response {
        (self.kind.status(), Json(self)).into_response()
    }
}
