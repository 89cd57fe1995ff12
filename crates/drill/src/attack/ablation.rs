//! What each layer of the core is worth: bundles without what a layer needs.

use std::collections::BTreeMap;

/// What stands in the place of a doubt that is never raised. No validator knows that it is always false.
const NEVER: &str = "(context.message.bytes < 0)";
/// How policies read a doubt.
const DOUBT: &str = "context.doubts.";

/// How much of the core is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Wire rules and schemas; every effect is permitted.
    Schema,
    /// Effects and policies, as if nothing were odd and nothing counted.
    Policy,
    /// And what is odd in the state of station and fleet.
    State,
    /// And limits: everything.
    Ledger,
}

impl Level {
    /// Every level, the least first.
    pub const ALL: [Self; 4] = [Self::Schema, Self::Policy, Self::State, Self::Ledger];

    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Policy => "+ policy",
            Self::State => "+ state",
            Self::Ledger => "+ ledger",
        }
    }

    /// The files of a bundle with only so much in them.
    pub fn cut(self, files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let kept = files.iter().filter(|(path, _)| match self {
            Self::Schema => path.as_str() == "bundle.toml",
            Self::Policy | Self::State => path.as_str() != "limits.toml" && !path.starts_with("tests/"),
            Self::Ledger => true,
        });
        let mut cut: BTreeMap<String, String> =
            kept.map(|(path, text)| (path.clone(), self.rewritten(path, text))).collect();
        if self == Self::Schema {
            cut.insert(
                "everything.cedar".to_owned(),
                "@id(\"everything\") permit (principal, action, resource);\n".to_owned(),
            );
        }
        cut
    }

    fn rewritten(self, path: &str, text: &str) -> String {
        match self {
            Self::Policy if path.ends_with(".cedar") => without_doubts(text),
            Self::Schema | Self::Policy | Self::State | Self::Ledger => text.to_owned(),
        }
    }
}

/// The policies as they are when no doubt is ever raised.
fn without_doubts(text: &str) -> String {
    let mut parts = text.split(DOUBT);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(part.len());
        out.push_str(NEVER);
        out.push_str(part.get(end..).unwrap_or_default());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_that_is_cut_out_is_never_raised() {
        let text = "forbid (principal, action, resource) when { context.doubts.meter_back || context.doubts.misdated };";
        let cut = without_doubts(text);
        assert_eq!(
            cut,
            "forbid (principal, action, resource) when { (context.message.bytes < 0) || (context.message.bytes < 0) };"
        );
        assert_eq!(
            without_doubts("permit (principal, action, resource);"),
            "permit (principal, action, resource);"
        );
    }
}
