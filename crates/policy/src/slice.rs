//! A bundle's policies cut down to one effect and one kind of principal.
//!
//! Most of what Cedar would do per request is known when the bundle is compiled: which policies can match, which
//! attributes they read, and often the answer itself. A slice whose policies read nothing is a constant; one
//! that reads only who is involved is decided once per subject; the rest is evaluated, over few policies and a
//! context of only what they read.

mod reads;
mod settle;

use std::collections::HashMap;
use std::sync::Arc;

use cedar_policy::pst::{
    self, ActionConstraint, EntityOrSlot, EntityUID, PrincipalConstraint, ResourceConstraint,
};
use cedar_policy::{Policy, PolicyId, PolicySet};
use chargewarden_ocpp::Side;

use crate::effect::EffectKind;
use crate::requirement::Requirement;
use crate::ruling::{Cause, Opinion};

pub(crate) use reads::Reads;
use settle::reduce;

/// A policy ready to be put into slices.
pub(crate) struct Rule {
    /// The policy; its id is the `@id`.
    pub(crate) body: pst::Template,
    /// The cause it is where it matches, still without an effect.
    pub(crate) cause: Cause,
}

/// How much of a request decides a slice.
pub(crate) enum Nature {
    /// Nothing: decided when the bundle was compiled.
    Constant(Opinion),
    /// Who is involved, not what the message says. The number is its place in a subject's memory.
    BySubject(usize),
    /// The message: asked once for each set of values.
    ByMessage,
    /// More than can be recognised: the time, sizes, or the message and who is involved.
    Open,
}

/// The policies that can apply to one effect of one kind of principal.
pub(crate) struct Slice {
    pub(crate) nature: Nature,
    pub(crate) effect: EffectKind,
    /// All of them.
    pub(crate) all: PolicySet,
    /// All but the forbids that people can lift, where there are any.
    pub(crate) firm: Option<PolicySet>,
    /// What each means where it matches.
    pub(crate) shares: HashMap<PolicyId, Share>,
    pub(crate) reads: Reads,
    /// The opinion where nothing matches.
    pub(crate) silent: Opinion,
}

/// What a matching policy contributes.
pub(crate) struct Share {
    /// The cause, alone in a list so that it can be handed out without allocation.
    pub(crate) cause: Arc<[Cause]>,
    pub(crate) hold: Option<Requirement>,
}

impl Slice {
    /// Cuts `rules` down to what can apply to `effect` caused by a principal of `side`.
    ///
    /// # Errors
    /// Where Cedar refuses a policy it has parsed and validated before, with the id of the policy.
    pub(crate) fn cut(
        rules: &[Rule],
        effect: EffectKind,
        side: Side,
        silent: Opinion,
    ) -> Result<Self, (String, String)> {
        let mut slice = Self {
            nature: Nature::Open,
            effect,
            all: PolicySet::new(),
            firm: None,
            shares: HashMap::new(),
            reads: Reads::default(),
            silent,
        };
        let mut firm = PolicySet::new();
        let mut liftable = false;
        for rule in rules.iter().filter(|rule| applies(&rule.body, effect, side)) {
            let fail = |why: String| (rule.body.id.to_string(), why);
            let body = reduce(&rule.body, effect).map_err(fail)?;
            slice.reads.policy(&body);
            let policy =
                pst::StaticPolicy::try_from(body).map_err(|e| fail(e.to_string())).and_then(|body| {
                    Policy::from_pst(pst::Policy::Static(body)).map_err(|e| fail(e.to_string()))
                })?;
            let cause = Cause {
                effect: Some(effect),
                status: match rule.cause.code {
                    Some(code) if rule.cause.status.is_empty() => code.status_for(effect).into(),
                    Some(_) | None => Arc::clone(&rule.cause.status),
                },
                ..rule.cause.clone()
            };
            let hold = cause.hold.clone();
            if hold.is_some() {
                liftable = true;
            } else {
                firm.add(policy.clone()).map_err(|e| fail(e.to_string()))?;
            }
            slice.shares.insert(policy.id().clone(), Share { cause: Arc::from([cause]), hold });
            slice.all.add(policy).map_err(|e| fail(e.to_string()))?;
        }
        slice.firm = liftable.then_some(firm);
        Ok(slice)
    }
}

/// Whether a policy's scope can match an effect caused by a principal of `side`.
///
/// An unknown effect is only permitted by a policy that names it: `permit (principal, action, resource)` was
/// written by somebody who thought of the effects there are.
fn applies(body: &pst::Template, effect: EffectKind, side: Side) -> bool {
    let by_action = match &body.action {
        ActionConstraint::Any => effect != EffectKind::Unknown || body.effect == pst::Effect::Forbid,
        ActionConstraint::Eq(action) => action.eid == effect.name(),
        ActionConstraint::In(actions) => actions.iter().any(|action| within(effect, action)),
    };
    let by_principal = match &body.principal {
        PrincipalConstraint::Any | PrincipalConstraint::In(_) => true,
        PrincipalConstraint::Eq(EntityOrSlot::Entity(who)) => is_type(&who.ty, side),
        PrincipalConstraint::Eq(EntityOrSlot::Slot(_)) => true,
        PrincipalConstraint::Is(ty) | PrincipalConstraint::IsIn(ty, _) => is_type(ty, side),
    };
    let by_resource = match &body.resource {
        ResourceConstraint::Any | ResourceConstraint::In(_) => true,
        ResourceConstraint::Eq(EntityOrSlot::Entity(which)) => is_type(&which.ty, side.other()),
        ResourceConstraint::Eq(EntityOrSlot::Slot(_)) => true,
        ResourceConstraint::Is(ty) | ResourceConstraint::IsIn(ty, _) => is_type(ty, side.other()),
    };
    by_action && by_principal && by_resource
}

fn within(effect: EffectKind, action: &EntityUID) -> bool {
    action.eid == effect.name() || effect.groups().iter().any(|group| action.eid == group.name())
}

fn is_type(ty: &pst::EntityType, side: Side) -> bool {
    ty.0.id.as_str() == entity_type(side)
}

/// Name of the entity type by which `side` is known to policies.
pub(crate) fn entity_type(side: Side) -> &'static str {
    match side {
        Side::Station => "Station",
        Side::Csms => "Csms",
    }
}
