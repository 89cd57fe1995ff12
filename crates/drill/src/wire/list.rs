//! The list of tokens that a station accepts by itself.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use super::{Message, is_v16, merge, message, token, typed_token};

/// An entry of the list.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The token.
    pub tag: &'a str,
    /// `Accepted`, `Blocked`, …; none removes the entry (differential updates).
    pub status: Option<&'a str>,
    /// The group that it becomes a member of.
    pub group: Option<&'a str>,
    /// When it ends.
    pub expires: Option<String>,
}

impl<'a> Entry<'a> {
    /// A token that may charge.
    pub fn accepted(tag: &'a str) -> Self {
        Self::with_status(tag, "Accepted")
    }

    /// A token with this status.
    pub fn with_status(tag: &'a str, status: &'a str) -> Self {
        Self { tag, status: Some(status), group: None, expires: None }
    }

    /// A token that is taken off the list.
    pub fn removed(tag: &'a str) -> Self {
        Self { tag, status: None, group: None, expires: None }
    }

    /// As a member of a group.
    pub fn in_group(mut self, group: &'a str) -> Self {
        self.group = Some(group);
        self
    }

    /// Until then.
    pub fn until(mut self, at: String) -> Self {
        self.expires = Some(at);
        self
    }

    fn value(&self, version: Version) -> Value {
        let v16 = is_v16(version);
        let mut entry =
            if v16 { json!({ "idTag": self.tag }) } else { json!({ "idToken": token(self.tag) }) };
        let Some(status) = self.status else { return entry };
        let mut info = json!({ "status": status });
        if let Some(group) = self.group {
            merge(
                &mut info,
                if v16 {
                    json!({ "parentIdTag": group })
                } else {
                    json!({ "groupIdToken": typed_token(group, "Central") })
                },
            );
        }
        if let Some(expires) = &self.expires {
            let name = if v16 { "expiryDate" } else { "cacheExpiryDateTime" };
            merge(&mut info, json!({ name: expires }));
        }
        let name = if v16 { "idTagInfo" } else { "idTokenInfo" };
        merge(&mut entry, json!({ name: info }));
        entry
    }
}

/// `SendLocalList`, the whole list or changes of it. Without entries the member is left out, as 2.x demands.
pub fn send(version: Version, number: i64, full: bool, entries: &[Entry<'_>]) -> Message {
    let update = if full { "Full" } else { "Differential" };
    let name = if is_v16(version) { "listVersion" } else { "versionNumber" };
    let mut payload = json!({ name: number, "updateType": update });
    if !entries.is_empty() {
        let entries: Vec<Value> = entries.iter().map(|entry| entry.value(version)).collect();
        merge(&mut payload, json!({ "localAuthorizationList": entries }));
    }
    message("SendLocalList", payload)
}

/// `ClearCache`.
pub fn clear_cache() -> Message {
    message("ClearCache", json!({}))
}
