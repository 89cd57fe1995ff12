//! What was said, beside what was expected.

use chargewarden_policy::bundle::trial::{Expectation, Wanted};
use chargewarden_policy::{Alert, Ruling};

use super::Difference;

/// What was said to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `forward`, `refuse` or `hold cso:1`.
    pub said: String,
    /// Policies and limits that led to it.
    pub by: Vec<String>,
    /// The 2.x `reasonCode`; empty for what goes through, absent where it is not known.
    pub code: Option<String>,
    /// The most urgent alert.
    pub alert: Option<Alert>,
    /// Whether the sender is set apart.
    pub quarantine: bool,
}

impl Verdict {
    /// The verdict of a ruling.
    pub fn of(ruling: &Ruling) -> Self {
        let code = ruling.verdict.code();
        let causes = ruling.causes().filter(|cause| code.is_none() || cause.code.is_some());
        let mut by: Vec<String> =
            causes.filter_map(|cause| cause.policy.as_ref()).map(ToString::to_string).collect();
        by.sort();
        by.dedup();
        let said = match &ruling.verdict {
            chargewarden_policy::Verdict::Hold(requirement) => format!("hold {requirement}"),
            firm @ (chargewarden_policy::Verdict::Forward | chargewarden_policy::Verdict::Refuse(_)) => {
                firm.name().to_owned()
            }
        };
        let alert = ruling.alert();
        Self { said, by, code: Some(ruling.status().to_owned()), alert, quarantine: ruling.quarantine() }
    }
}

/// How what came differs from what was expected.
pub(super) fn compare(expected: &Expectation, came: &Verdict, explained: String) -> Option<Difference> {
    let wanted = match &expected.wanted {
        Wanted::Forward => "forward".to_owned(),
        Wanted::Refuse => "refuse".to_owned(),
        Wanted::Hold(requirement) => format!("hold {requirement}"),
    };
    let mut sides =
        vec![(format!("verdict {wanted}"), format!("verdict {}", came.said), wanted == came.said)];
    if !expected.by.is_empty() {
        let named = expected.by.iter().all(|id| came.by.contains(id));
        sides.push((format!("by {}", expected.by.join(", ")), format!("by {}", listed(&came.by)), named));
    }
    if let (Some(code), Some(came)) = (&expected.code, &came.code) {
        sides.push((format!("code {code}"), format!("code {came}"), code == came));
    }
    let forward = expected.wanted == Wanted::Forward;
    if forward || expected.alert.is_some() {
        sides.push((alert(expected.alert), alert(came.alert), expected.alert == came.alert));
    }
    let apart = |quarantine| if quarantine { "sender set apart" } else { "sender not set apart" }.to_owned();
    if forward || expected.quarantine {
        let same = expected.quarantine == came.quarantine;
        sides.push((apart(expected.quarantine), apart(came.quarantine), same));
    }
    if sides.iter().all(|(_, _, same)| *same) {
        return None;
    }
    let lines = sides.into_iter().flat_map(|(expected, came, same)| match same {
        true => vec![(' ', came)],
        false => vec![('-', expected), ('+', came)],
    });
    Some(Difference { lines: lines.collect(), explained })
}

fn listed(ids: &[String]) -> String {
    if ids.is_empty() { "nobody".to_owned() } else { ids.join(", ") }
}

fn alert(level: Option<Alert>) -> String {
    level.map_or_else(|| "no alert".to_owned(), |level| format!("alert {level}"))
}
