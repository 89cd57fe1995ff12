//! What values look like: the static tables the catalogue is compiled to.

/// An object and its members.
#[derive(Debug)]
pub struct Object {
    /// The name in the catalogue, e.g. `IdTagInfo` or `AuthorizeRequest`.
    pub name: &'static str,
    /// Whether members beyond those listed are allowed (`customData`).
    pub open: bool,
    /// One bit per member, by index: whether it is required.
    pub required: u64,
    /// The members, at most 64.
    pub members: &'static [Member],
}

/// One member of an object.
#[derive(Debug)]
pub struct Member {
    /// The name on the wire.
    pub name: &'static str,
    /// Whether the object is incomplete without it.
    pub required: bool,
    /// What the value looks like.
    pub shape: Shape,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A string of at most so many characters (Unicode scalar values, not bytes).
    Text {
        /// Greatest number of characters.
        max: Option<u32>,
    },
    /// A timestamp, see [`crate::Timestamp`].
    Time,
    /// A number without a fraction; `1.0` is one.
    Integer {
        /// Least value.
        min: Option<i64>,
        /// Greatest value.
        max: Option<i64>,
    },
    /// A number.
    Number {
        /// Least value.
        min: Option<f64>,
        /// Greatest value.
        max: Option<f64>,
        /// Greatest number of decimals.
        decimals: Option<u8>,
    },
    /// `true` or `false`.
    Flag,
    /// One of a set of strings.
    Choice(&'static Choice),
    /// An object.
    Object(&'static Object),
    /// A list.
    List(&'static List),
    /// Anything that is strict JSON.
    Any,
}

/// A set of strings.
#[derive(Debug)]
pub struct Choice {
    /// The name in the catalogue; empty if it is used in one place only.
    pub name: &'static str,
    /// The values.
    pub values: &'static [&'static str],
}

/// A list.
#[derive(Debug)]
pub struct List {
    /// Least number of items.
    pub min: u32,
    /// Greatest number of items.
    pub max: Option<u32>,
    /// What each item looks like.
    pub of: Shape,
}

impl Object {
    /// The member with this name.
    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// The index of the member with this name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::limits::Limits;
    use crate::version::Version;

    fn depth(shape: &Shape) -> usize {
        match shape {
            Shape::Object(object) => object_depth(object),
            Shape::List(list) => 1 + depth(&list.of),
            Shape::Text { .. }
            | Shape::Time
            | Shape::Integer { .. }
            | Shape::Number { .. }
            | Shape::Flag
            | Shape::Choice(_)
            | Shape::Any => 0,
        }
    }

    fn object_depth(object: &Object) -> usize {
        1 + object.members.iter().map(|member| depth(&member.shape)).max().unwrap_or(0)
    }

    #[test]
    fn the_deepest_message_is_within_the_limit() {
        let specs = Version::ALL
            .into_iter()
            .flat_map(|version| Action::ALL.into_iter().filter_map(move |action| action.spec(version)));
        let shapes = specs.flat_map(|spec| [Some(spec.request), spec.response]).flatten();
        // The frame's own array is one level more.
        let deepest = 1 + shapes.map(object_depth).max().unwrap();
        assert_eq!(deepest, 14);
        assert!(deepest < Limits::DEPTH);
    }

    #[test]
    fn required_members_are_in_the_mask() {
        for version in Version::ALL {
            for spec in Action::ALL.into_iter().filter_map(|action| action.spec(version)) {
                for (index, member) in spec.request.members.iter().enumerate() {
                    assert_eq!(spec.request.required >> index & 1 == 1, member.required);
                }
            }
        }
    }
}
