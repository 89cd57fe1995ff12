//! Members of a payload as effects carry them.

use std::borrow::Cow;

use chargewarden_ocpp::{Obj, Timestamp};
use chargewarden_policy::effect::Token;

/// The text, empty where absent.
pub(super) fn text(object: Obj<'_>, name: &str) -> String {
    object.text(name).map(Cow::into_owned).unwrap_or_default()
}

/// An EVSE or connector number; 0 means the whole station.
pub(super) fn place(object: Obj<'_>, name: &str) -> Option<i64> {
    object.int(name).filter(|number| *number != 0)
}

/// The EVSE of a 2.x `evse` member.
pub(super) fn evse(object: Obj<'_>) -> Option<i64> {
    object.obj("evse").and_then(|evse| place(evse, "id"))
}

/// The connector of a 2.x `evse` member.
pub(super) fn connector(object: Obj<'_>) -> Option<i64> {
    object.obj("evse").and_then(|evse| place(evse, "connectorId"))
}

/// A 1.6 `idTag`.
pub(super) fn tag(object: Obj<'_>) -> Option<Token> {
    object.text("idTag").map(Token::new)
}

/// A 2.x `idToken`, with its type.
pub(super) fn token(object: Obj<'_>) -> Option<(Token, String)> {
    let token = object.obj("idToken")?;
    Some((Token::new(token.text("idToken")?), token_type(text(token, "type"))))
}

/// The type that starts a session for nobody. In 2.1 the type is any text, and stations compare it in ways of their own.
const NOBODY: &str = "NoAuthorization";

/// The type as OCPP spells it, where it is the one that policies have to know.
fn token_type(stated: String) -> String {
    if stated.trim().eq_ignore_ascii_case(NOBODY) { NOBODY.to_owned() } else { stated }
}

/// The time so many seconds later.
pub(super) fn later(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_millis(time.as_millis().saturating_add(seconds.saturating_mul(1000)))
}
