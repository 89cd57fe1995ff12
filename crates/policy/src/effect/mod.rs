//! The vocabulary of effects: what a message would do to the world if it were delivered.
//!
//! Policies, limits, evidence and the console all speak it; [`table`] is its only definition.
//! The Cedar schema and the reference documentation are generated from the same table.

mod attribute;
mod table;

pub use attribute::{Attribute, AttributeSpec, AttributeType, AttributeValue, Token, Url};
pub use table::*;

/// What effects are grouped by, so that a policy can name many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Changes how much energy flows, or when.
    Energy,
    /// Takes something away from drivers for a while.
    Disruptive,
    /// Changes the software of a station.
    Software,
    /// Changes whom a station trusts, or who it is.
    Trust,
    /// Changes who may charge.
    Authorization,
    /// Changes what can be seen of a station.
    Visibility,
    /// Changes how a station behaves in any other way.
    Settings,
    /// Moves logs, personal or vendor data.
    Data,
    /// Changes what a driver is told or pays.
    Commerce,
    /// Asks, and changes nothing.
    Read,
    /// A station tells something.
    Report,
    /// A management system answers a report.
    Answer,
}

impl Group {
    /// Every group, in documentation order.
    pub const ALL: [Self; 12] = [
        Self::Energy,
        Self::Disruptive,
        Self::Software,
        Self::Trust,
        Self::Authorization,
        Self::Visibility,
        Self::Settings,
        Self::Data,
        Self::Commerce,
        Self::Read,
        Self::Report,
        Self::Answer,
    ];

    /// Name in policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Energy => "energy",
            Self::Disruptive => "disruptive",
            Self::Software => "software",
            Self::Trust => "trust",
            Self::Authorization => "authorization",
            Self::Visibility => "visibility",
            Self::Settings => "settings",
            Self::Data => "data",
            Self::Commerce => "commerce",
            Self::Read => "read",
            Self::Report => "report",
            Self::Answer => "answer",
        }
    }
}

/// Who can cause an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A management system, by command or by answer.
    Csms,
    /// A station, by report or by answer.
    Station,
    /// Either.
    Both,
}

impl Source {
    /// Whether a management system can cause it.
    pub fn csms(self) -> bool {
        matches!(self, Self::Csms | Self::Both)
    }

    /// Whether a station can cause it.
    pub fn station(self) -> bool {
        matches!(self, Self::Station | Self::Both)
    }
}

/// Whether the record of a message with this effect must be durable before the message goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Durable before the message is forwarded.
    Consequential,
    /// Durable within the store's group-commit interval.
    Routine,
}

/// Declares the effects: from one table come the enumeration, the typed attributes, the names,
/// and what schema and documentation are generated from.
macro_rules! effects {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident = $text:literal, by $source:ident, $weight:ident, in [$($group:ident),*] {
            $( $(#[doc = $adoc:literal])+ $attr:ident: $ty:ty, )*
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Debug, PartialEq)]
            pub struct $name {
                $( $(#[doc = $adoc])+ pub $attr: $ty, )*
            }

            impl From<$name> for Effect {
                fn from(effect: $name) -> Self {
                    Self::$name(effect)
                }
            }
        )+

        /// One thing a message would do, with what is known about it.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Effect {
            $( $(#[doc = $doc])+ $name($name), )+
        }

        /// Which effect, without its attributes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EffectKind {
            $( $(#[doc = $doc])+ $name, )+
        }

        impl EffectKind {
            /// Every effect, in documentation order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Name in policies, limits, evidence and metrics.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The effect of that name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)+ _ => None }
            }

            /// Groups it belongs to.
            pub fn groups(self) -> &'static [Group] {
                match self { $(Self::$name => &[$(Group::$group),*],)+ }
            }

            /// Who can cause it.
            pub fn source(self) -> Source {
                match self { $(Self::$name => Source::$source,)+ }
            }

            /// Whether its record must be durable first.
            pub fn weight(self) -> Weight {
                match self { $(Self::$name => Weight::$weight,)+ }
            }

            /// What it means, for the reference documentation.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+),)+ }
            }

            /// Its attributes, in table order.
            pub fn attributes(self) -> &'static [AttributeSpec] {
                match self {
                    $(Self::$name => &[$(AttributeSpec {
                        name: stringify!($attr),
                        kind: <$ty as Attribute>::KIND,
                        optional: <$ty as Attribute>::OPTIONAL,
                        doc: concat!($($adoc),+),
                    }),*],)+
                }
            }
        }

        impl Effect {
            /// Which effect it is.
            pub fn kind(&self) -> EffectKind {
                match self { $(Self::$name(_) => EffectKind::$name,)+ }
            }

            /// Calls `see` with name and value of each attribute that is present, in table order.
            pub fn attributes<'a>(&'a self, see: &mut dyn FnMut(&'static str, AttributeValue<'a>)) {
                match self {
                    $(Self::$name(effect) => {
                        let _ = effect; // an effect without attributes does not use it
                        $(if let Some(value) = effect.$attr.value() {
                            see(stringify!($attr), value);
                        })*
                    })+
                }
            }
        }
    };
}
use effects;

impl std::fmt::Display for EffectKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
