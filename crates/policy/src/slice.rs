//! A bundle's policies cut down to one effect and one kind of principal.
//!
//! Most of what Cedar would do per request is known when the bundle is compiled: which policies can match, which
//! attributes they read, and often the answer itself. A slice whose policies read nothing is a constant; one
//! that reads only who is involved is decided once per subject; the rest is evaluated, over few policies and a
//! context of only what they read.

use std::collections::HashMap;
use std::sync::Arc;

use cedar_policy::pst::{
    self, ActionConstraint, BinaryOp, Clause, EntityOrSlot, EntityUID, Expr, Literal, PrincipalConstraint,
    ResourceConstraint, Var,
};
use cedar_policy::{Policy, PolicyId, PolicySet};
use chargewarden_ocpp::Side;

use crate::effect::EffectKind;
use crate::requirement::Requirement;
use crate::ruling::{Cause, Opinion};

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
    /// The message, and who is involved if `reads.parties`.
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

/// What policies read of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// Attributes of the context, each with the part of it, or whole.
    pub(crate) context: Vec<(String, Option<String>)>,
    /// The context as a value: everything.
    pub(crate) everything: bool,
    /// Principal or resource, beyond their types.
    pub(crate) parties: bool,
}

impl Reads {
    /// Whether `name` has to stand in the context.
    pub(crate) fn attribute(&self, name: &str) -> bool {
        self.everything || self.context.iter().any(|(read, _)| read == name)
    }

    /// Whether the part `part` of the record `name` has to stand in the context.
    pub(crate) fn part(&self, name: &str, part: &str) -> bool {
        self.everything
            || self.context.iter().any(|(read, of)| read == name && of.as_ref().is_none_or(|of| of == part))
    }

    /// Whether the request decides nothing.
    pub(crate) fn nothing(&self) -> bool {
        !self.message() && !self.parties
    }

    /// Whether the message decides something.
    pub(crate) fn message(&self) -> bool {
        self.everything || !self.context.is_empty()
    }

    fn policy(&mut self, body: &pst::Template) {
        self.parties |= match &body.principal {
            PrincipalConstraint::Any | PrincipalConstraint::Is(_) => false,
            PrincipalConstraint::Eq(_) | PrincipalConstraint::In(_) | PrincipalConstraint::IsIn(..) => true,
        };
        self.parties |= match &body.resource {
            ResourceConstraint::Any | ResourceConstraint::Is(_) => false,
            ResourceConstraint::Eq(_) | ResourceConstraint::In(_) | ResourceConstraint::IsIn(..) => true,
        };
        for clause in body.clauses() {
            let (Clause::When(condition) | Clause::Unless(condition)) = clause;
            self.expression(condition);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "Cedar's tree is non-exhaustive; the unknown reads everything"
    )]
    fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::GetAttr { expr, attr } => match path(expr) {
                Some(Path::Context) => self.read(attr, None),
                Some(Path::Attribute(name)) => self.read(name, Some(attr)),
                None => self.expression(expr),
            },
            Expr::HasAttr { expr, attrs } => match path(expr) {
                Some(Path::Context) => self.read(&attrs.head, attrs.tail.first().map(|part| part.as_str())),
                Some(Path::Attribute(name)) => self.read(name, Some(&attrs.head)),
                None => self.expression(expr),
            },
            Expr::Is { expr, in_expr, .. } => match (expr.as_ref(), in_expr) {
                (Expr::Var(_), None) => (),
                (_, None) => self.expression(expr),
                (_, Some(group)) => {
                    self.expression(expr);
                    self.expression(group);
                }
            },
            Expr::Literal(_) | Expr::Var(Var::Action) => (),
            Expr::Var(Var::Principal | Var::Resource) => self.parties = true,
            Expr::Var(Var::Context) => self.everything = true,
            Expr::UnaryOp { expr, .. } | Expr::Like { expr, .. } => self.expression(expr),
            Expr::BinaryOp { left, right, .. } => {
                self.expression(left);
                self.expression(right);
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                self.expression(cond);
                self.expression(then_expr);
                self.expression(else_expr);
            }
            Expr::Set(members) => members.iter().for_each(|member| self.expression(member)),
            Expr::Record(members) => members.values().for_each(|member| self.expression(member)),
            _ => {
                self.everything = true;
                self.parties = true;
            }
        }
    }

    fn read(&mut self, name: &str, part: Option<&str>) {
        let read = (name.to_owned(), part.map(str::to_owned));
        if !self.context.contains(&read) {
            self.context.push(read);
        }
    }
}

enum Path<'e> {
    /// `context`
    Context,
    /// `context.name`
    Attribute(&'e str),
}

#[expect(clippy::wildcard_enum_match_arm, reason = "anything else is no path")]
fn path(expression: &Expr) -> Option<Path<'_>> {
    match expression {
        Expr::Var(Var::Context) => Some(Path::Context),
        Expr::GetAttr { expr, attr } if matches!(expr.as_ref(), Expr::Var(Var::Context)) => {
            Some(Path::Attribute(attr))
        }
        _ => None,
    }
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

/// The policy without what the slice has settled: the action, and the type of principal and resource.
fn reduce(body: &pst::Template, effect: EffectKind) -> Result<pst::Template, String> {
    let principal = match body.principal.clone() {
        PrincipalConstraint::Is(_) => PrincipalConstraint::Any,
        PrincipalConstraint::IsIn(_, group) => PrincipalConstraint::In(group),
        other @ (PrincipalConstraint::Any | PrincipalConstraint::Eq(_) | PrincipalConstraint::In(_)) => other,
    };
    let resource = match body.resource.clone() {
        ResourceConstraint::Is(_) => ResourceConstraint::Any,
        ResourceConstraint::IsIn(_, group) => ResourceConstraint::In(group),
        other @ (ResourceConstraint::Any | ResourceConstraint::Eq(_) | ResourceConstraint::In(_)) => other,
    };
    let mut clauses = Vec::with_capacity(body.clauses().len());
    for clause in body.clauses() {
        clauses.push(match clause {
            Clause::When(condition) => Clause::When(settle(condition, effect)?),
            Clause::Unless(condition) => Clause::Unless(settle(condition, effect)?),
        });
    }
    pst::Template::new(body.id.clone(), body.effect, principal, ActionConstraint::Any, resource)
        .try_with_clauses(clauses)
        .map_err(|e| e.to_string())
}

/// Replaces tests of the action by their answers, so that no request needs the tree of actions.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "Cedar's tree is non-exhaustive; the unknown stays as it is"
)]
fn settle(expression: &Arc<Expr>, effect: EffectKind) -> Result<Arc<Expr>, String> {
    let again = |inner: &Arc<Expr>| settle(inner, effect);
    Ok(Arc::new(match expression.as_ref() {
        Expr::BinaryOp { op: BinaryOp::In, left, right }
            if matches!(left.as_ref(), Expr::Var(Var::Action)) =>
        {
            Expr::Literal(Literal::Bool(listed(right, effect)?))
        }
        Expr::BinaryOp { op: BinaryOp::In, left, .. } if is_action(left) => {
            return Err(WRITTEN_OUT.to_owned());
        }
        Expr::Is { expr, in_expr: Some(group), .. } if matches!(expr.as_ref(), Expr::Var(Var::Action)) => {
            Expr::Literal(Literal::Bool(listed(group, effect)?))
        }
        Expr::BinaryOp { op, left, right } => {
            Expr::BinaryOp { op: *op, left: again(left)?, right: again(right)? }
        }
        Expr::UnaryOp { op, expr } => Expr::UnaryOp { op: *op, expr: again(expr)? },
        Expr::IfThenElse { cond, then_expr, else_expr } => Expr::IfThenElse {
            cond: again(cond)?,
            then_expr: again(then_expr)?,
            else_expr: again(else_expr)?,
        },
        Expr::Set(members) => Expr::Set(members.iter().map(again).collect::<Result<_, _>>()?),
        Expr::GetAttr { expr, attr } => Expr::GetAttr { expr: again(expr)?, attr: attr.clone() },
        Expr::HasAttr { expr, attrs } => Expr::HasAttr { expr: again(expr)?, attrs: attrs.clone() },
        Expr::Like { expr, pattern } => Expr::Like { expr: again(expr)?, pattern: pattern.clone() },
        Expr::Is { expr, entity_type, in_expr } => Expr::Is {
            expr: again(expr)?,
            entity_type: entity_type.clone(),
            in_expr: in_expr.as_ref().map(again).transpose()?,
        },
        Expr::Record(members) => {
            let settled = members.iter().map(|(name, member)| Ok((name.clone(), again(member)?)));
            Expr::Record(settled.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    }))
}

/// Whether `effect` is in the group, or one of the groups, that `groups` writes out.
#[expect(clippy::wildcard_enum_match_arm, reason = "anything but literals is refused")]
fn listed(groups: &Expr, effect: EffectKind) -> Result<bool, String> {
    match groups {
        Expr::Literal(Literal::EntityUID(action)) => Ok(within(effect, action)),
        Expr::Set(members) => {
            members.iter().try_fold(false, |found, member| Ok(found | listed(member, effect)?))
        }
        _ => Err(WRITTEN_OUT.to_owned()),
    }
}

const WRITTEN_OUT: &str = "`action in` needs its effects or groups written out";

/// Whether `expression` is, or can become, an action other than by the plain variable.
#[expect(clippy::wildcard_enum_match_arm, reason = "anything else is no action")]
fn is_action(expression: &Expr) -> bool {
    match expression {
        Expr::Literal(Literal::EntityUID(it)) => it.ty.0.id.as_str() == "Action",
        Expr::IfThenElse { then_expr, else_expr, .. } => {
            is_action(then_expr)
                || is_action(else_expr)
                || matches!(then_expr.as_ref(), Expr::Var(Var::Action))
        }
        _ => false,
    }
}
