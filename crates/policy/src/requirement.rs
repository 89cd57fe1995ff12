//! What a policy asks for beyond yes and no: approvals and alerts.

use std::fmt;
use std::str::FromStr;

use crate::party::PartyId;

/// Most approvals one party can be asked for. More people than that are not reached in time.
pub const APPROVALS_MAX: u8 = 9;

/// Who must approve before a held message may go: so many operators of each of these parties.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requirement(Vec<(PartyId, u8)>);

impl Requirement {
    /// The parties, in order of their names, each with how many of its operators must approve (1 to 9).
    pub fn parties(&self) -> impl Iterator<Item = (&PartyId, u8)> {
        self.0.iter().map(|(party, count)| (party, *count))
    }

    /// What satisfies both: for each party the larger number.
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.0.clone();
        for (party, count) in &other.0 {
            match all.iter_mut().find(|(known, _)| known == party) {
                Some((_, most)) => *most = (*most).max(*count),
                None => all.push((party.clone(), *count)),
            }
        }
        all.sort();
        Self(all)
    }
}

/// A text that is no requirement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a list of approvals such as `cso:1` or `cso:1,cnp:2`: {why}")]
pub struct InvalidRequirement {
    text: String,
    why: String,
}

impl FromStr for Requirement {
    type Err = InvalidRequirement;

    fn from_str(text: &str) -> Result<Self, InvalidRequirement> {
        let fail = |why: String| InvalidRequirement { text: text.to_owned(), why };
        let mut parties: Vec<(PartyId, u8)> = Vec::new();
        for part in text.split(',') {
            let Some((party, count)) = part.trim().split_once(':') else {
                return Err(fail(format!("`{}` has no `:`", part.trim())));
            };
            let party: PartyId = party.parse().map_err(|e| fail(format!("{e}")))?;
            let count = match count.parse() {
                Ok(count @ 1..=APPROVALS_MAX) => count,
                Ok(_) | Err(_) => {
                    return Err(fail(format!("`{count}` is not a number from 1 to {APPROVALS_MAX}")));
                }
            };
            if parties.iter().any(|(known, _)| *known == party) {
                return Err(fail(format!("`{party}` stands twice")));
            }
            parties.push((party, count));
        }
        parties.sort();
        Ok(Self(parties))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (party, count)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{party}:{count}")?;
        }
        Ok(())
    }
}

impl serde::Serialize for Requirement {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How urgently people should look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alert {
    /// When somebody has time.
    Low,
    /// Today.
    Medium,
    /// Now.
    High,
    /// Now, and wake somebody.
    Critical,
}

impl Alert {
    /// Every level, least urgent first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Name in policies and alerts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_read_back_sorted_and_unite() {
        let one: Requirement = "cso:1,cnp:1".parse().unwrap();
        let two: Requirement = "cso:2".parse().unwrap();
        assert_eq!(one.to_string(), "cnp:1,cso:1");
        assert_eq!(one.union(&two).to_string(), "cnp:1,cso:2");
        assert_eq!(two.union(&one), one.union(&two));
    }

    #[test]
    fn what_is_no_requirement_says_why() {
        for (text, why) in [
            ("", "has no `:`"),
            ("cso", "has no `:`"),
            ("cso:0", "not a number from 1 to 9"),
            ("cso:10", "not a number from 1 to 9"),
            ("CSO:1", "cannot name a party"),
            ("cso:1,cso:2", "stands twice"),
        ] {
            let error = text.parse::<Requirement>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
