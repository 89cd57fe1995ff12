//! What differs between two states of a station's entry, without showing a secret: for evidence, and for people who look at an
//! import before they make it.

use std::fmt;

use crate::{Sealed, Station, Upstream};

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name, as in the inventory file; `secret` for the credential.
    pub field: &'static str,
    /// What it was and what it is, as text; none for secrets.
    pub values: Option<(String, String)>,
}

/// Longest value shown, in characters: evidence keeps it for ever.
const SHOWN_CHARS_MAX: usize = 200;

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field)?;
        match &self.values {
            Some((before, after)) => write!(f, ": {before} -> {after}"),
            None => Ok(()),
        }
    }
}

impl Station {
    /// What differs in `after`. The id and what imports remember are not compared.
    #[must_use]
    pub fn differences(&self, after: &Station) -> Vec<Difference> {
        let before = self;
        let mut found = Vec::new();
        let mut compare = |field: &'static str, was: String, is: String| {
            if was != is {
                found.push(Difference { field, values: Some((shown(was), shown(is))) });
            }
        };
        compare("profile", before.profile.to_string(), after.profile.to_string());
        compare(
            "unauthenticated_until",
            maybe(&before.unauthenticated_until),
            maybe(&after.unauthenticated_until),
        );
        compare("factory", before.factory.to_string(), after.factory.to_string());
        compare(
            "proposed_deferred",
            before.proposed_deferred.to_string(),
            after.proposed_deferred.to_string(),
        );
        compare("quarantine", maybe(&before.quarantine), maybe(&after.quarantine));
        compare("certificate_name", maybe(&before.certificate_name), maybe(&after.certificate_name));
        compare("versions", list(&before.versions), list(&after.versions));
        compare("csms", maybe(&before.csms), maybe(&after.csms));
        compare("site", maybe(&before.site), maybe(&after.site));
        compare("groups", list(&before.groups), list(&after.groups));
        compare("area", maybe(&before.area), maybe(&after.area));
        compare("evses", number(before.evses), number(after.evses));
        compare("evse_max_w", number(before.evse_max_w), number(after.evse_max_w));
        compare("max_w", number(before.max_w), number(after.max_w));
        compare("owner", before.owner.clone(), after.owner.clone());
        compare("parties", list(&before.parties), list(&after.parties));
        compare("sources", list(&before.sources), list(&after.sources));
        compare("tolerances", list(&before.tolerances), list(&after.tolerances));
        compare("source", before.source.name().to_owned(), after.source.name().to_owned());
        let (was, is) = (upstream(before.upstream.as_ref()), upstream(after.upstream.as_ref()));
        for ((field, was), (_, is)) in was.into_iter().zip(is) {
            compare(field, was, is);
        }
        let mut secret = |field: &'static str, differs: bool| {
            if differs {
                found.push(Difference { field, values: None });
            }
        };
        secret("secret", before.credential != after.credential);
        secret("proposed_secret", before.proposed != after.proposed);
        secret("upstream.password", password(before) != password(after));
        found
    }
}

fn password(station: &Station) -> Option<&Sealed> {
    station.upstream.as_ref().and_then(|upstream| upstream.password.as_ref())
}

fn upstream(of: Option<&Upstream>) -> [(&'static str, String); 7] {
    let text =
        |read: fn(&Upstream) -> &Option<String>| of.map_or_else(nothing, |upstream| maybe(read(upstream)));
    [
        ("upstream.url", text(|upstream| &upstream.url)),
        ("upstream.identity", text(|upstream| &upstream.identity)),
        ("upstream.user", text(|upstream| &upstream.user)),
        ("upstream.password_file", text(|upstream| &upstream.password_file)),
        ("upstream.password_env", text(|upstream| &upstream.password_env)),
        ("upstream.certificate", text(|upstream| &upstream.certificate)),
        ("upstream.key", text(|upstream| &upstream.key)),
    ]
}

fn nothing() -> String {
    "-".to_owned()
}

fn maybe(value: &Option<String>) -> String {
    value.clone().unwrap_or_else(nothing)
}

fn number(value: Option<impl ToString>) -> String {
    value.map_or_else(nothing, |value| value.to_string())
}

fn list<'a>(values: impl IntoIterator<Item = &'a String>) -> String {
    let values: Vec<&str> = values.into_iter().map(String::as_str).collect();
    if values.is_empty() { nothing() } else { values.join(" ") }
}

fn shown(value: String) -> String {
    if value.chars().count() <= SHOWN_CHARS_MAX {
        return value;
    }
    value.chars().take(SHOWN_CHARS_MAX).chain(['…']).collect()
}

/// The fields that differ, in one line for evidence.
#[must_use]
pub fn summary(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credential;

    #[test]
    fn says_what_differs_and_no_secret() {
        let before: Station =
            serde_json::from_str(r#"{"id":"CS-1","owner":"cso","parties":[],"groups":["a"]}"#).unwrap();
        assert_eq!(before.differences(&before), []);
        let mut after = before.clone();
        after.profile = 3;
        after.groups.insert("b".to_owned());
        after.quarantine = Some("x".repeat(SHOWN_CHARS_MAX + 1));
        after.credential = Some(Credential::from_phc("$argon2id$hunter2".to_owned()));
        after.file_credential = after.credential.clone();
        after.upstream = Some(Upstream { url: Some("ws://a/".to_owned()), ..Upstream::default() });
        let found = summary(&before.differences(&after));
        let long = format!("{}…", "x".repeat(SHOWN_CHARS_MAX));
        let expected = format!(
            "profile: 1 -> 3; quarantine: - -> {long}; groups: a -> a b; upstream.url: - -> ws://a/; secret"
        );
        assert_eq!(found, expected);
    }
}
