//! What a message is judged in.

use chargewarden_ocpp::{Obj, Version};
use chargewarden_policy::Envelope;

use super::meter::Rules;
use super::time::ms;
use crate::facts::{Heard, Mark};

/// The limit in force at an EVSE at a time, in W.
pub(super) type LimitAt<'a> = &'a dyn Fn(Option<i64>, i64) -> Option<i64>;

/// A message and what is judged with it.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) heard: &'a Heard<'a>,
    pub(super) version: Version,
    pub(super) now_ms: i64,
    pub(super) root: Obj<'a>,
    /// Nothing while the message is only learned from: then nobody asks what is odd about it.
    pub(super) limit: Option<LimitAt<'a>>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(heard: &'a Heard<'a>, limit: Option<LimitAt<'a>>) -> Self {
        let message = heard.message;
        let root = message.payload.root();
        Self { heard, version: message.version, now_ms: ms(message.now), root, limit }
    }

    pub(super) fn envelope(&self) -> &'a Envelope {
        &self.heard.about.envelope
    }

    /// Most that one EVSE carries, in W.
    pub(super) fn rating_w(&self) -> Option<i64> {
        let Envelope { evse_w, station_w, .. } = *self.envelope();
        evse_w.into_iter().chain(station_w).min()
    }

    pub(super) fn rules(&self) -> Rules {
        Rules { rating_w: self.rating_w() }
    }

    /// By what an ended transaction is known again.
    pub(super) fn mark(&self, transaction: &str) -> Mark {
        Mark::of(self.heard.key, &format!("transaction {transaction}"))
    }

    /// The mark of the 1.6 `idTag` of an object, if it says anything.
    pub(super) fn tag(&self, object: Obj<'_>, name: &str) -> Option<Mark> {
        object.text(name).filter(|tag| !tag.is_empty()).map(|tag| self.heard.token(&tag))
    }

    /// The mark of a 2.x token, if it is one.
    pub(super) fn id_token(&self, object: Obj<'_>, name: &str) -> Option<Mark> {
        let token = object.obj(name)?;
        let text = token.text("idToken").filter(|text| !text.is_empty())?;
        let none = token.text("type").is_some_and(|kind| kind == "NoAuthorization");
        (!none).then(|| self.heard.token(&text))
    }
}
