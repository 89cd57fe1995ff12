//! The index a validated payload leaves behind: its values in document order.

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    Text,
    Array,
    Object,
    /// The name of the member that follows, in objects that take names beyond their shape.
    Name,
}

/// One value, 16 bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    /// Where its text starts: for strings and names, behind the quote.
    pub(crate) start: u32,
    /// Where its text ends: for strings and names, at the closing quote.
    pub(crate) end: u32,
    /// The index of the first node that is not inside this one.
    pub(crate) next: u32,
    /// Its member's index in the shape of the object it stands in, [`NO_MEMBER`] if it is none.
    pub(crate) member: u8,
    pub(crate) kind: Kind,
    /// Whether a string has escapes.
    pub(crate) escaped: bool,
}

/// For values that are not a member of a shape. Shapes have at most 64 members.
pub(crate) const NO_MEMBER: u8 = u8::MAX;
