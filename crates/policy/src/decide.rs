//! The decision: every effect put to every party, and the answers combined.

use std::sync::Arc;

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, EntityUid, PolicyId, PolicySet, Request,
    Response,
};

use crate::bundle::Bundle;
use crate::circumstances::Circumstances;
use crate::context;
use crate::effect::{Effect, EffectKind};
use crate::memory;
use crate::reason::ReasonCode;
use crate::requirement::Requirement;
use crate::ruling::{Cause, Finding, Opinion, Ruling, Verdict};
use crate::slice::{Nature, Slice};
use crate::subject::{About, Subject, View};

/// The bundles of every party with jurisdiction over a station.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    bundles: Vec<Arc<Bundle>>,
}

impl Policies {
    /// Policies of these bundles. Without any, everything is refused.
    pub fn new(bundles: Vec<Arc<Bundle>>) -> Self {
        Self { bundles }
    }

    /// The bundles, in the order they are asked.
    pub fn bundles(&self) -> &[Arc<Bundle>] {
        &self.bundles
    }

    /// Decides a message by what it would do.
    ///
    /// Forwarded only if every party permits every effect. Refusal beats hold, holds of several parties unite.
    /// No bundle, no effect, no matching permit and any error refuse.
    pub fn decide(&self, subject: &Subject, circumstances: &Circumstances, effects: &[Effect]) -> Ruling {
        if !subject.is_for(self) {
            let fresh = Subject::new(subject.about().clone(), self);
            return self.rule(&fresh, circumstances, effects);
        }
        self.rule(subject, circumstances, effects)
    }

    fn rule(&self, subject: &Subject, circumstances: &Circumstances, effects: &[Effect]) -> Ruling {
        let mut ruling = Ruling::new();
        if self.bundles.is_empty() {
            ruling.add(&undecidable(ReasonCode::NoPolicy, "no party has policies in force for this station"));
        }
        if effects.is_empty() {
            ruling.add(&undecidable(ReasonCode::UnknownEffect, "it is not known what the message would do"));
        }
        for effect in effects {
            for view in subject.views() {
                ask(&mut ruling, view, subject.about(), circumstances, effect);
            }
        }
        ruling
    }
}

fn undecidable(code: ReasonCode, reason: &str) -> Opinion {
    let cause = Cause {
        party: None,
        policy: None,
        effect: None,
        finding: Finding::Undecidable,
        code: Some(code),
        status: code.status().into(),
        reason: reason.into(),
        hold: None,
        alert: None,
        quarantine: false,
    };
    Opinion { verdict: Verdict::Refuse(code), causes: Arc::from([cause]) }
}

/// Adds what one bundle says about one effect.
fn ask(ruling: &mut Ruling, view: &View, about: &About, circumstances: &Circumstances, effect: &Effect) {
    let Some(slice) = view.bundle.slice(effect.kind(), circumstances.from) else {
        return ruling.add(&undecidable(ReasonCode::UnknownEffect, "not an effect that this side can have"));
    };
    match &slice.nature {
        Nature::Constant(opinion) => ruling.add(opinion),
        Nature::BySubject(place) => {
            let find = || evaluate(slice, view, about, circumstances, effect);
            match view.remember(*place, find) {
                Some(opinion) => ruling.add(opinion),
                None => ruling.add(&find()),
            }
        }
        Nature::ByMessage => {
            let ask = |question: &mut Vec<u8>| {
                question.extend(view.bundle.digest());
                question.extend([circumstances.from as u8, slice.effect as u8]);
                context::question(&slice.reads, effect, circumstances, question);
            };
            let find = || evaluate(slice, view, about, circumstances, effect);
            ruling.add(&memory::recall(ask, find));
        }
        Nature::Open => ruling.add(&evaluate(slice, view, about, circumstances, effect)),
    }
}

fn evaluate(
    slice: &Slice,
    view: &View,
    about: &About,
    circumstances: &Circumstances,
    effect: &Effect,
) -> Opinion {
    let context = match context::build(&slice.reads, effect, circumstances) {
        Ok(context) => context,
        Err(_) => return slice.failed(),
    };
    let bundle = &view.bundle;
    if !slice.reads.parties {
        let (principal, resource) = bundle.anybody(circumstances.from);
        return slice.put(principal, resource, bundle.uid(slice.effect), context, bundle.lists_in_cedar());
    }
    let Some(scene) = view.scene(about) else { return slice.failed() };
    let (principal, resource) = (scene.uid(circumstances.from), scene.uid(circumstances.from.other()));
    slice.put(principal, resource, bundle.uid(slice.effect), context, &scene.entities)
}

impl Slice {
    /// Puts a request to the slice's policies.
    pub(crate) fn put(
        &self,
        principal: &EntityUid,
        resource: &EntityUid,
        action: &EntityUid,
        context: Context,
        entities: &Entities,
    ) -> Opinion {
        let Ok(request) = Request::new(principal.clone(), action.clone(), resource.clone(), context, None)
        else {
            return self.failed();
        };
        let authorizer = Authorizer::new();
        let response = authorizer.is_authorized(&request, &self.all, entities);
        // Cedar skips a policy that fails, also a forbid. Here any failure refuses.
        if response.diagnostics().errors().next().is_some() {
            return self.broken(&response);
        }
        match response.decision() {
            Decision::Allow => Opinion { verdict: Verdict::Forward, causes: self.causes(&response) },
            Decision::Deny => self.deny(&response, |firm| authorizer.is_authorized(&request, firm, entities)),
        }
    }

    /// Tells a refusal from a hold: a hold needs every matching forbid to be liftable and, without them, a permit.
    fn deny(&self, response: &Response, without: impl FnOnce(&PolicySet) -> Response) -> Opinion {
        let mut requirement: Option<Requirement> = None;
        let mut firm = false;
        for policy in response.diagnostics().reason() {
            match self.shares.get(policy).and_then(|share| share.hold.as_ref()) {
                Some(hold) => {
                    requirement = Some(requirement.map_or_else(|| hold.clone(), |so_far| so_far.union(hold)));
                }
                None => firm = true,
            }
        }
        let Some(requirement) = requirement else {
            return match firm {
                true => Opinion {
                    verdict: Verdict::Refuse(ReasonCode::PolicyDenied),
                    causes: self.causes(response),
                },
                false => self.silent.clone(),
            };
        };
        if firm {
            return Opinion {
                verdict: Verdict::Refuse(ReasonCode::PolicyDenied),
                causes: self.causes(response),
            };
        }
        match self.firm.as_ref().map(|set| without(set).decision()) {
            Some(Decision::Allow) => {
                Opinion { verdict: Verdict::Hold(requirement), causes: self.causes(response) }
            }
            Some(Decision::Deny) | None => {
                let held = self.causes(response);
                let causes = self.silent.causes.iter().chain(held.iter()).cloned().collect();
                Opinion { verdict: Verdict::Refuse(ReasonCode::NotPermitted), causes }
            }
        }
    }

    /// The causes of the policies that decided.
    fn causes(&self, response: &Response) -> Arc<[Cause]> {
        let mut deciding = response.diagnostics().reason().filter_map(|policy| self.shares.get(policy));
        let (Some(first), second) = (deciding.next(), deciding.next()) else { return Arc::from([]) };
        let Some(second) = second else { return Arc::clone(&first.cause) };
        let all = [first, second].into_iter().chain(deciding);
        let mut causes: Vec<Cause> = all.flat_map(|share| share.cause.iter().cloned()).collect();
        // Cedar's order is that of a hash table.
        causes.sort_by(|a, b| a.policy.cmp(&b.policy));
        causes.into()
    }

    /// Refuses because policies failed, and names them.
    fn broken(&self, response: &Response) -> Opinion {
        let failed =
            response.diagnostics().errors().filter_map(|error| self.shares.get(failed_policy(error)));
        let mut causes: Vec<Cause> = failed
            .flat_map(|share| share.cause.iter())
            .map(|cause| Cause {
                finding: Finding::Failed,
                code: Some(ReasonCode::PolicyError),
                status: ReasonCode::PolicyError.status().into(),
                reason: "the policy could not be evaluated".into(),
                ..cause.clone()
            })
            .collect();
        causes.sort_by(|a, b| a.policy.cmp(&b.policy));
        causes.extend(self.causes(response).iter().filter(|cause| cause.code.is_some()).cloned());
        Opinion { verdict: Verdict::Refuse(ReasonCode::PolicyError), causes: causes.into() }
    }

    /// Refuses because there is nothing that policies could be evaluated on.
    fn failed(&self) -> Opinion {
        let causes = self.silent.causes.iter().map(|cause| Cause {
            finding: Finding::Failed,
            code: Some(ReasonCode::PolicyError),
            status: ReasonCode::PolicyError.status().into(),
            reason: "the message has a value that policies cannot read".into(),
            ..cause.clone()
        });
        Opinion { verdict: Verdict::Refuse(ReasonCode::PolicyError), causes: causes.collect() }
    }
}

fn failed_policy(error: &AuthorizationError) -> &PolicyId {
    match error {
        AuthorizationError::PolicyEvaluationError(error) => error.policy_id(),
    }
}

/// The opinion of a party none of whose policies matches.
pub(crate) fn silence(bundle_party: &crate::party::PartyId, effect: EffectKind) -> Opinion {
    let code = ReasonCode::NotPermitted;
    let cause = Cause {
        party: Some(bundle_party.clone()),
        policy: None,
        effect: Some(effect),
        finding: Finding::NotPermitted,
        code: Some(code),
        status: code.status_for(effect).into(),
        reason: format!("no policy of `{bundle_party}` permits it").into(),
        hold: None,
        alert: None,
        quarantine: false,
    };
    Opinion { verdict: Verdict::Refuse(code), causes: Arc::from([cause]) }
}
