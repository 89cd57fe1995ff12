//! The local list: its version, and how many tokens may charge by it. The tokens are not kept: lists have thousands.

use chargewarden_ocpp::{Action, Version};
use chargewarden_policy::effect::{ChangeLocalList, Effect};
use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::accepted::Answered;
use super::maker::Maker;
use crate::effects::{Message, MessageKind};
use crate::facts::Heard;

/// Of so many parts of the list one may go.
const PARTS: i64 = 5;

/// How long removals add up, in ms: a list that loses a tenth an hour is gone within a day.
const LOSS_MS: i64 = 86_400_000;

/// What is known of a station's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LocalList {
    version: i64,
    /// Who wrote it last; nobody that is known where the station only told its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maker: Option<Maker>,
    /// How many may charge by it; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<Size>,
}

/// How many tokens may charge. What a differential update adds may have been there before, and what it removes may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    least: i64,
    most: i64,
    /// The most that the list surely had since `since_ms`.
    before: i64,
    /// Tokens removed, or refused from then on, since then.
    removed: i64,
    /// Entries that say that a token may not charge. Where they are most, the list is one of stolen cards.
    #[serde(default)]
    refused: i64,
    /// In ms since the Unix epoch.
    since_ms: i64,
}

impl Size {
    fn exactly(accepted: i64, refused: i64, now_ms: i64) -> Self {
        Self { least: accepted, most: accepted, before: accepted, removed: 0, refused, since_ms: now_ms }
    }

    /// A day has passed: what is lost counts from here on.
    fn at(self, now_ms: i64) -> Self {
        if now_ms.saturating_sub(self.since_ms) < LOSS_MS {
            return self;
        }
        Self { before: self.least, removed: 0, since_ms: now_ms, ..self }
    }
}

/// A list, or a change of one, as a command has it.
struct Update {
    version: i64,
    full: bool,
    /// Entries whose tokens may charge.
    accepted: i64,
    /// Entries whose tokens may not, or no longer.
    refused: i64,
    /// Entries that are removed: they say nothing of their tokens.
    removed: i64,
}

impl Update {
    fn of(change: &ChangeLocalList) -> Self {
        let &ChangeLocalList { version, full, accepted, refused, .. } = change;
        Self { version, full, accepted, refused, removed: 0 }
    }

    fn read(message: &Message<'_>) -> Option<Self> {
        let root = message.payload.root();
        let (version, info, expiry) = match message.version {
            Version::V16 => (root.int("listVersion")?, "idTagInfo", "expiryDate"),
            Version::V201 | Version::V21 => {
                (root.int("versionNumber")?, "idTokenInfo", "cacheExpiryDateTime")
            }
        };
        let full = root.text("updateType").is_none_or(|kind| kind == "Full");
        let (mut accepted, mut refused, mut removed) = (0, 0, 0);
        for entry in root.objs("localAuthorizationList") {
            let Some(info) = entry.obj(info) else {
                removed += 1;
                continue;
            };
            let expired = info.time(expiry).is_some_and(|expiry| expiry <= message.now);
            if info.text("status").is_some_and(|status| status == "Accepted") && !expired {
                accepted += 1;
            } else {
                refused += 1;
            }
        }
        Some(Self { version, full, accepted, refused, removed })
    }
}

impl LocalList {
    pub(super) fn doubts(&self, heard: &Heard<'_>, out: &mut Doubts) {
        let change = |effect: &Effect| {
            let Effect::ChangeLocalList(change) = effect else { return None };
            // What a vendor's message carries is known by its effect alone.
            let own = heard.message.action == Action::SendLocalList;
            if own { Update::read(heard.message) } else { Some(Update::of(change)) }
        };
        let Some(update) = heard.effects.iter().find_map(change) else { return };
        out.add_if(self.maker.as_ref().is_some_and(|maker| maker.is_other(heard)), Doubt::ListOfOther);
        // The first list may have any version, and the same list may be sent again.
        let follows = self.version <= 0
            || update.version == self.version.saturating_add(1)
            || (update.full && update.version == self.version);
        out.add_if(!follows, Doubt::ListVersionJumps);
        let Some(size) = self.size.map(|size| size.at(heard.message.now.as_millis())) else { return };
        let (had, lost) = if update.full {
            (size.before, size.before.saturating_sub(update.accepted))
        } else {
            (size.most.max(size.before), size.removed.saturating_add(size.lost(&update)))
        };
        out.add_if(lost.saturating_mul(PARTS) > had, Doubt::ListShrinks);
    }

    /// The station was sent a list and has answered.
    pub(super) fn answered(list: &mut Option<Self>, heard: &Heard<'_>, answered: &Answered<'_>) -> bool {
        if answered.call.action != Action::SendLocalList || !answered.accepted {
            return false;
        }
        let Some(update) = Update::read(answered.call) else { return false };
        let now_ms = heard.message.now.as_millis();
        let before = list.as_ref().and_then(|list| list.size).map(|size| size.at(now_ms));
        *list = Some(Self {
            version: update.version,
            maker: Some(Maker::of(heard)),
            size: if update.full {
                Some(match before {
                    Some(before) => before.replaced(&update),
                    None => Size::exactly(update.accepted, update.refused, now_ms),
                })
            } else {
                before.map(|before| before.changed(&update))
            },
        });
        true
    }

    /// The station tells the version of its list.
    pub(super) fn told(list: &mut Option<Self>, heard: &Heard<'_>) -> bool {
        if heard.message.action != Action::GetLocalListVersion || heard.message.kind != MessageKind::Result {
            return false;
        }
        let name = match heard.message.version {
            Version::V16 => "listVersion",
            Version::V201 | Version::V21 => "versionNumber",
        };
        let Some(version) = heard.message.payload.root().int(name) else { return false };
        if list.as_ref().is_some_and(|list| list.version == version) {
            return false;
        }
        // 0: there is none. Any other that we did not see written is of unknown length.
        let size = (version == 0).then(|| Size::exactly(0, 0, heard.message.now.as_millis()));
        *list = Some(Self { version, maker: None, size });
        true
    }
}

impl Size {
    /// What a differential update takes away: no more than there can be.
    fn lost(self, update: &Update) -> i64 {
        // In a list of stolen cards another one was not there before.
        let refused = if self.refused > self.least { 0 } else { update.refused };
        update.removed.saturating_add(refused).min(self.most)
    }

    /// A full update: what it no longer has is lost.
    fn replaced(self, update: &Update) -> Self {
        let &Update { accepted, refused, .. } = update;
        Self { least: accepted, most: accepted, before: self.before.max(accepted), refused, ..self }
    }

    /// A differential update.
    fn changed(self, update: &Update) -> Self {
        let lost = self.lost(update);
        Self {
            least: self.least.saturating_sub(lost).max(0),
            most: self.most.saturating_add(update.accepted),
            removed: self.removed.saturating_add(lost),
            refused: self.refused.saturating_add(update.refused),
            ..self
        }
    }
}
