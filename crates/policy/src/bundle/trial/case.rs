//! A single message.

use std::sync::Arc;

use chargewarden_ocpp::{Side, Version};
use serde::Deserialize;

use super::{Expectation, Lists, Payload, Texts, expectation, overlaid, side};
use crate::assumed::Assumed;
use crate::doubt::{Doubt, Doubts};

/// One message, in the state that is assumed, and what is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// File within the bundle.
    pub file: String,
    /// What it is.
    pub name: String,
    /// Members that lists have instead.
    pub lists: Arc<Lists>,
    /// Entries of the attack catalogue that it is about, for people.
    pub catalogue: Vec<String>,
    /// Versions of OCPP in which it holds.
    pub versions: Vec<Version>,
    /// Who sends what is judged.
    pub from: Side,
    /// What is sent.
    pub said: Said,
    /// What is known.
    pub assumed: Assumed,
    /// What is odd about it.
    pub doubts: Doubts,
    /// What is expected.
    pub expectation: Expectation,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A call.
    Call {
        /// Its action.
        action: String,
        /// Its payload, JSON.
        payload: String,
    },
    /// The answer to a call of the other side.
    Answer {
        /// The call's action.
        action: String,
        /// The call's payload, JSON.
        payload: String,
        /// The answer's payload, JSON.
        answer: String,
    },
    /// Any frame, as it is.
    Frame(String),
}

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    pub(super) name: String,
    #[serde(default)]
    catalogue: Texts,
    version: Texts,
    from: String,
    action: Option<String>,
    payload: Option<Payload>,
    answer: Option<Payload>,
    frame: Option<String>,
    #[serde(default)]
    state: toml::Table,
    #[serde(default)]
    doubts: Texts,
    // `flatten` and `deny_unknown_fields` exclude each other.
    expect: toml::Value,
    by: Option<toml::Value>,
    code: Option<toml::Value>,
    alert: Option<toml::Value>,
    quarantine: Option<toml::Value>,
}

impl Form {
    pub(super) fn read(self, file: &str, state: &toml::Table, lists: &Arc<Lists>) -> Result<Case, String> {
        let assumed: Assumed = overlaid(self.state, state)
            .try_into()
            .map_err(|error: toml::de::Error| format!("state: {}", error.message()))?;
        let versions: Result<Vec<Version>, _> =
            Vec::from(self.version).iter().map(|text| text.parse::<Version>()).collect();
        let versions = versions.map_err(|error| error.to_string())?;
        let first = *versions.first().ok_or("say in which version")?;
        assumed.about(first)?;
        assumed.session()?;
        assumed.now()?;
        let said = match (self.frame, self.action) {
            (Some(frame), None) if self.payload.is_none() && self.answer.is_none() => Said::Frame(frame),
            (Some(_), _) => return Err("a frame says action and payload itself".to_owned()),
            (None, None) => return Err("say which `action`, or give a `frame`".to_owned()),
            (None, Some(action)) => {
                let payload = self.payload.map_or_else(|| Ok("{}".to_owned()), |it| it.json("payload"))?;
                match self.answer {
                    Some(answer) => Said::Answer { action, payload, answer: answer.json("answer")? },
                    None => Said::Call { action, payload },
                }
            }
        };
        let expected = [
            ("expect", Some(self.expect)),
            ("by", self.by),
            ("code", self.code),
            ("alert", self.alert),
            ("quarantine", self.quarantine),
        ];
        Ok(Case {
            file: file.to_owned(),
            name: self.name,
            lists: Arc::clone(lists),
            catalogue: self.catalogue.into(),
            versions,
            from: side(&self.from)?,
            said,
            assumed,
            doubts: doubts(&Vec::from(self.doubts))?,
            expectation: expectation::Form::of(expected)?.read()?,
        })
    }
}

fn doubts(names: &[String]) -> Result<Doubts, String> {
    let doubt = |name: &String| Doubt::parse(name).ok_or_else(|| format!("no doubt is called `{name}`"));
    names.iter().map(doubt).collect()
}
