//! How a simulated peer answers what it is asked.

use serde_json::Value;

/// What a peer does with one incoming call.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// A CALLRESULT with this payload.
    Result(Value),
    /// A CALLERROR.
    Error {
        /// Error code as spelled on the wire.
        code: String,
        /// Text for people.
        description: String,
    },
    /// Exactly this text, whatever it is.
    Text(String),
    /// Nothing at all; the other end waits in vain.
    Silence,
}

impl Reply {
    /// A CALLERROR `NotImplemented` naming the action.
    pub fn not_implemented(action: &str) -> Reply {
        Reply::Error {
            code: "NotImplemented".to_owned(),
            description: format!("{action} is not implemented here"),
        }
    }
}

/// Answers incoming calls. Closures `FnMut(&str, &Value) -> Reply` are behaviours.
pub trait Behaviour: Send + 'static {
    /// Answers one call (or takes note of one OCPP 2.1 SEND, whose reply is not sent).
    fn answer(&mut self, action: &str, payload: &Value) -> Reply;
}

impl<F> Behaviour for F
where
    F: FnMut(&str, &Value) -> Reply + Send + 'static,
{
    fn answer(&mut self, action: &str, payload: &Value) -> Reply {
        self(action, payload)
    }
}

impl Behaviour for Box<dyn Behaviour> {
    fn answer(&mut self, action: &str, payload: &Value) -> Reply {
        self.as_mut().answer(action, payload)
    }
}
