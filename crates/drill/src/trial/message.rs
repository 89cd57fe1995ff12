//! One message without a session: what it would do, and what is said to it.

use chargewarden_engine::effects::{Message, MessageKind, RequestMemo, translate};
use chargewarden_ocpp::{Action, Frame, Header, Limits, Payload, Side, Timestamp, Version, Violation};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{Assumed, Circumstances, Doubts, MessageFacts, Policies, Ruling, Subject};

/// A message, and what is known.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The version of OCPP.
    pub version: Version,
    /// Who sends it.
    pub from: Side,
    /// The frame.
    pub frame: &'a [u8],
    /// Of an answer: the call that it answers.
    pub call: Option<&'a [u8]>,
    /// Station, management system and session.
    pub assumed: &'a Assumed,
    /// What is odd about it.
    pub doubts: Doubts,
    /// The time, where none is assumed.
    pub now: Timestamp,
}

/// What a message would do, and what is said to it.
#[derive(Debug)]
pub struct Explained {
    /// Its action; of an answer, the action it answers.
    pub action: Action,
    /// What it would do.
    pub effects: Vec<Effect>,
    /// What is said to it.
    pub ruling: Ruling,
}

/// Why a message cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum Unexplained {
    /// It is not valid OCPP, so it is refused.
    #[error("the frame is not valid OCPP: {0}")]
    Violation(Violation),
    /// The call that it answers is not valid OCPP.
    #[error("the call that it answers is not valid OCPP: {0}")]
    Call(Violation),
    /// It is an answer, and the call that it answers is not given.
    #[error("the frame is an answer, and the call that it answers is not given")]
    NoCall,
    /// What it is said to answer is no call.
    #[error("what it is said to answer is not a CALL")]
    NotACall,
    /// The version does not have the action, or not an answer to it.
    #[error("OCPP {0} has no {1}, or no answer to it")]
    Action(Version, &'static str),
    /// Something is assumed that does not exist.
    #[error("{0}")]
    Assumed(String),
}

/// Translates a message and puts it to policies.
///
/// # Errors
/// What is not valid OCPP, and what is assumed that does not exist.
pub fn explain(given: &Given<'_>, policies: &Policies) -> Result<Explained, Unexplained> {
    let limits = Limits::default();
    let frame = Frame::open(given.frame, given.version, &limits).map_err(Unexplained::Violation)?;
    let called = given.call.map(|call| Call::read(call, given)).transpose()?;
    let answered = || called.as_ref().map(|call| call.action).ok_or(Unexplained::NoCall);
    let (kind, action, error) = match frame.header() {
        Header::Call { action, .. } => (MessageKind::Call, action, None),
        Header::Send { action, .. } => (MessageKind::Send, action, None),
        Header::Result { .. } => (MessageKind::Result, answered()?, None),
        Header::Error { code, .. } | Header::ResultError { code, .. } => {
            (MessageKind::Error, answered()?, Some(code.to_string()))
        }
    };
    let missing = || Unexplained::Action(given.version, action.name());
    let spec = action.spec(given.version).ok_or_else(missing)?;
    let payload = match kind {
        MessageKind::Call | MessageKind::Send => frame.read(spec.request),
        MessageKind::Result => frame.read(spec.response.ok_or_else(missing)?),
        MessageKind::Error => frame.read_any(),
    };
    let payload = payload.map_err(Unexplained::Violation)?;
    let answers = matches!(kind, MessageKind::Result | MessageKind::Error);
    let now = given.assumed.now().map_err(Unexplained::Assumed)?.unwrap_or(given.now);
    let message = Message {
        version: given.version,
        from: given.from,
        action,
        kind,
        payload: &payload,
        error: error.as_deref(),
        description: frame.header().description(),
        request: called.as_ref().filter(|_| answers).map(|call| &call.memo),
        now,
    };
    let effects = translate(&message).into_vec();
    let circumstances = Circumstances {
        from: given.from,
        message: MessageFacts {
            version: given.version,
            action: action.name(),
            bytes: i64::try_from(given.frame.len()).unwrap_or(i64::MAX),
            answer: answers,
        },
        session: given.assumed.session().map_err(Unexplained::Assumed)?,
        doubts: given.doubts,
        now,
    };
    let about = given.assumed.about(given.version).map_err(Unexplained::Assumed)?;
    let ruling = policies.decide(&Subject::new(about, policies), &circumstances, &effects);
    Ok(Explained { action, effects, ruling })
}

/// What a session would remember of the call.
struct Call {
    action: Action,
    memo: RequestMemo,
}

impl Call {
    fn read(call: &[u8], given: &Given<'_>) -> Result<Self, Unexplained> {
        let frame = Frame::open(call, given.version, &Limits::default()).map_err(Unexplained::Call)?;
        let action = match frame.header() {
            Header::Call { action, .. } => action,
            Header::Send { .. }
            | Header::Result { .. }
            | Header::Error { .. }
            | Header::ResultError { .. } => return Err(Unexplained::NotACall),
        };
        let spec = action.spec(given.version).ok_or(Unexplained::Action(given.version, action.name()))?;
        let payload: Payload<'_> = frame.read(spec.request).map_err(Unexplained::Call)?;
        let now = given.assumed.now().map_err(Unexplained::Assumed)?.unwrap_or(given.now);
        let memo = RequestMemo::of(&Message {
            version: given.version,
            from: given.from.other(),
            action,
            kind: MessageKind::Call,
            payload: &payload,
            error: None,
            description: None,
            request: None,
            now,
        });
        Ok(Self { action, memo })
    }
}
