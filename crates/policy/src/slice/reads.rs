//! What policies read of a request, found in their syntax trees.

use cedar_policy::pst::{self, Clause, Expr, PrincipalConstraint, ResourceConstraint, Var};

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

    /// Whether the same values are likely to come again: not so times, ages, sizes and who is involved.
    pub(crate) fn recur(&self) -> bool {
        let passing = |(name, part): &(String, Option<String>)| {
            let read = (name.as_str(), part.as_deref());
            matches!(read, ("now", _) | ("session", None | Some("age_s")) | ("message", None | Some("bytes")))
        };
        !self.parties && !self.everything && !self.context.iter().any(passing)
    }

    /// Adds what a policy reads.
    pub(super) fn policy(&mut self, body: &pst::Template) {
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
