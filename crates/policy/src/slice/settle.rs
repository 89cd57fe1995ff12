//! Takes out of a policy what its slice has settled.

use std::sync::Arc;

use cedar_policy::pst::{
    self, ActionConstraint, BinaryOp, Clause, Expr, Literal, PrincipalConstraint, ResourceConstraint, Var,
};

use super::within;
use crate::effect::EffectKind;

/// The policy without what the slice has settled: the action, and the type of principal and resource.
pub(super) fn reduce(body: &pst::Template, effect: EffectKind) -> Result<pst::Template, String> {
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
