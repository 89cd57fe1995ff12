//! What is expected of a message.

use serde::Deserialize;

use super::Texts;
use crate::requirement::{Alert, Requirement};

/// What is to become of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It goes through.
    Forward,
    /// It is refused.
    Refuse,
    /// It waits for these people.
    Hold(Requirement),
}

/// What is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The verdict.
    pub wanted: Wanted,
    /// Policies or limits that are among the causes. Of what goes through: that marked it.
    pub by: Vec<String>,
    /// The 2.x `reasonCode`; any where absent.
    pub code: Option<String>,
    /// The most urgent alert. Where absent: of what goes through none, else any.
    pub alert: Option<Alert>,
    /// Whether the sender is set apart.
    pub quarantine: bool,
}

/// As it is written.
#[derive(Deserialize)]
pub(super) struct Form {
    expect: String,
    #[serde(default)]
    by: Texts,
    code: Option<String>,
    alert: Option<String>,
    #[serde(default)]
    quarantine: bool,
}

impl Form {
    /// From the fields of a test.
    pub(super) fn of<const N: usize>(fields: [(&str, Option<toml::Value>); N]) -> Result<Self, String> {
        let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let table: toml::Table = given.collect();
        table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
    }

    pub(super) fn read(self) -> Result<Expectation, String> {
        let wanted = match self.expect.as_str() {
            "forward" => Wanted::Forward,
            "refuse" => Wanted::Refuse,
            other => match other.strip_prefix("hold ").map(str::parse) {
                Some(Ok(requirement)) => Wanted::Hold(requirement),
                Some(Err(error)) => return Err(format!("expect: {error}")),
                None => return Err(format!("expect `{other}` is none of `forward`, `refuse`, `hold cso:1`")),
            },
        };
        let alert = match self.alert {
            Some(text) => Some(Alert::parse(&text).ok_or_else(|| {
                let levels = Alert::ALL.map(Alert::name).join(", ");
                format!("alert `{text}` is none of {levels}")
            })?),
            None => None,
        };
        let by = Vec::from(self.by);
        if wanted != Wanted::Forward && by.is_empty() {
            return Err("say by which policy or limit (`by`)".to_owned());
        }
        Ok(Expectation { wanted, by, code: self.code, alert, quarantine: self.quarantine })
    }
}
