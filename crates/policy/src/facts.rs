//! The one macro by which a record of facts becomes a Rust struct, a piece of schema and documentation.

/// Declares a record that policies can read: one line a fact.
///
/// Each line gives documentation, name, type and the value that is assumed while nothing is known.
macro_rules! facts {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident {
            $( $(#[doc = $fdoc:literal])+ $fact:ident: $ty:ty = $default:expr, )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[doc = $fdoc])+ pub $fact: $ty, )+
        }

        impl $name {
            /// What policies can read of it, in the order of the table.
            pub const ATTRIBUTES: &'static [$crate::effect::AttributeSpec] = &[$(
                $crate::effect::AttributeSpec {
                    name: stringify!($fact),
                    kind: <$ty as $crate::effect::Attribute>::KIND,
                    optional: <$ty as $crate::effect::Attribute>::OPTIONAL,
                    doc: concat!($($fdoc),+),
                }
            ),+];

            /// Calls `see` with name and value of each fact that is present, in the order of the table.
            pub fn attributes<'a>(
                &'a self,
                see: &mut dyn FnMut(&'static str, $crate::effect::AttributeValue<'a>),
            ) {
                $(if let Some(value) = $crate::effect::Attribute::value(&self.$fact) {
                    see(stringify!($fact), value);
                })+
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($fact: $default),+ }
            }
        }
    };
}
pub(crate) use facts;
