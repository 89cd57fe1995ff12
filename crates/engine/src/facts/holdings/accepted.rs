//! What a command did, known from the station's answer.

use std::borrow::Cow;

use chargewarden_ocpp::{Action, Obj, Side};
use chargewarden_policy::effect::Effect;

use crate::effects::{self, Message, MessageKind};
use crate::facts::Heard;

/// A command that the station has answered.
#[derive(Clone, Copy)]
pub(super) struct Answered<'a> {
    /// The command.
    pub(super) call: &'a Message<'a>,
    /// What the station said; nothing where it answered with an error.
    pub(super) result: Option<Obj<'a>>,
    /// Whether it did, or will do, as it was told. Of several things in one message: all of them.
    pub(super) accepted: bool,
}

impl<'a> Answered<'a> {
    /// The command that a station's message answers.
    pub(super) fn of(heard: &Heard<'a>) -> Option<Self> {
        let call = heard.call.filter(|call| call.from == Side::Csms)?;
        let result = (heard.message.kind == MessageKind::Result).then(|| heard.message.payload.root());
        let refused = |effect: &Effect| matches!(effect, Effect::ReportOutcome(outcome) if !outcome.accepted);
        let accepted = result.is_some() && !heard.effects.iter().any(refused);
        Some(Self { call, result, accepted })
    }

    /// What it did: the effects of the command, and of a list of variables those of the ones that the station took.
    pub(super) fn done(&self) -> Vec<Effect> {
        let Some(result) = self.result else { return Vec::new() };
        if self.call.action == Action::SetVariables {
            return variables(self.call.payload.root(), result);
        }
        if self.accepted { effects::translate(self.call).into_vec() } else { Vec::new() }
    }
}

fn variables(call: Obj<'_>, answer: Obj<'_>) -> Vec<Effect> {
    let mut done = Vec::new();
    for (at, item) in call.objs("setVariableData").enumerate() {
        // Stations answer in order; one that does not is looked through.
        let named = |result: &Obj<'_>| is_about(*result, item);
        let in_place = answer.objs("setVariableResult").nth(at).filter(named);
        let result = in_place.or_else(|| answer.objs("setVariableResult").find(named));
        let status = result.and_then(|result| result.text("attributeStatus"));
        if status.is_some_and(|status| status == "Accepted" || status == "RebootRequired") {
            effects::set_variable(&mut done, item);
        }
    }
    done
}

/// Whether a result is about a variable that was written.
fn is_about(result: Obj<'_>, item: Obj<'_>) -> bool {
    let named = |of: Obj<'_>| {
        let text = |of: Obj<'_>, name: &str| of.text(name).map(Cow::into_owned);
        let component = of.obj("component")?;
        let variable = of.obj("variable")?;
        let evse = component.obj("evse");
        Some((
            (text(component, "name")?, text(component, "instance")),
            (evse.and_then(|evse| evse.int("id")), evse.and_then(|evse| evse.int("connectorId"))),
            (text(variable, "name")?, text(variable, "instance")),
            text(of, "attributeType").unwrap_or_else(|| "Actual".to_owned()),
        ))
    };
    named(result).is_some_and(|result| Some(result) == named(item))
}
