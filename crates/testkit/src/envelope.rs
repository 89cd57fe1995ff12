//! OCPP-J frames as a simulator sees them: read leniently, written plainly.

use serde_json::{Value, json};

/// One OCPP-J frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Envelope {
    /// `[2, id, action, payload]`
    Call {
        /// Message id.
        id: String,
        /// Action name as spelled on the wire.
        action: String,
        /// Request.
        payload: Value,
    },
    /// `[3, id, payload]`
    Result {
        /// Id of the call this answers.
        id: String,
        /// Response.
        payload: Value,
    },
    /// `[4, id, code, description, details]`
    Error {
        /// Id of the call this answers.
        id: String,
        /// Error code as spelled on the wire.
        code: String,
        /// Text for people.
        description: String,
    },
    /// `[5, id, code, description, details]`, OCPP 2.1: the answer could not be used.
    ResultError {
        /// Id of the answer complained about.
        id: String,
        /// Error code as spelled on the wire.
        code: String,
        /// Text for people.
        description: String,
    },
    /// `[6, id, action, payload]`, OCPP 2.1: a message that is never answered.
    Send {
        /// Message id.
        id: String,
        /// Action name as spelled on the wire.
        action: String,
        /// Request.
        payload: Value,
    },
}

impl Envelope {
    /// Reads a frame; `None` when the text is not an OCPP-J frame.
    ///
    /// Lenient on purpose: judging frames is the gateway's task, a simulator only needs to follow
    /// the conversation.
    pub fn parse(text: &str) -> Option<Envelope> {
        let Ok(Value::Array(parts)) = serde_json::from_str(text) else { return None };
        let mut parts = parts.into_iter();
        let kind = parts.next()?.as_u64()?;
        let Some(Value::String(id)) = parts.next() else { return None };
        let mut word = |fallback: &str| match parts.next() {
            Some(Value::String(word)) => word,
            _ => fallback.to_owned(),
        };
        Some(match kind {
            2 => Envelope::Call { id, action: word(""), payload: parts.next()? },
            3 => Envelope::Result { id, payload: parts.next()? },
            4 => Envelope::Error { id, code: word("GenericError"), description: word("") },
            5 => Envelope::ResultError { id, code: word("GenericError"), description: word("") },
            6 => Envelope::Send { id, action: word(""), payload: parts.next()? },
            _ => return None,
        })
    }

    /// The frame as text, without optional white space.
    pub fn to_text(&self) -> String {
        match self {
            Envelope::Call { id, action, payload } => json!([2, id, action, payload]),
            Envelope::Result { id, payload } => json!([3, id, payload]),
            Envelope::Error { id, code, description } => json!([4, id, code, description, {}]),
            Envelope::ResultError { id, code, description } => {
                json!([5, id, code, description, {}])
            }
            Envelope::Send { id, action, payload } => json!([6, id, action, payload]),
        }
        .to_string()
    }

    /// The message id.
    pub fn id(&self) -> &str {
        match self {
            Envelope::Call { id, .. }
            | Envelope::Result { id, .. }
            | Envelope::Error { id, .. }
            | Envelope::ResultError { id, .. }
            | Envelope::Send { id, .. } => id,
        }
    }

    /// The action, for frames that name one.
    pub fn action(&self) -> Option<&str> {
        match self {
            Envelope::Call { action, .. } | Envelope::Send { action, .. } => Some(action),
            Envelope::Result { .. } | Envelope::Error { .. } | Envelope::ResultError { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_a_round_trip() {
        for text in [
            r#"[2,"a","Heartbeat",{}]"#,
            r#"[3,"a",{"currentTime":"2026-01-01T00:00:00Z"}]"#,
            r#"[4,"a","NotSupported","no",{}]"#,
            r#"[5,"a","FormatViolation","no",{}]"#,
            r#"[6,"a","NotifyPeriodicEventStream",{"id":1}]"#,
        ] {
            assert_eq!(Envelope::parse(text).unwrap().to_text(), text);
        }
    }

    #[test]
    fn what_is_no_frame_is_none() {
        for text in ["", "{}", "[]", r#"[2]"#, r#"[2,7,"Heartbeat",{}]"#, r#"[9,"a",{}]"#, "[3,\"a\""] {
            assert_eq!(Envelope::parse(text), None, "{text}");
        }
    }
}
