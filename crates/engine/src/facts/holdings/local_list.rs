//! The local list: its version, and how long it is. Its entries are not kept.

use chargewarden_ocpp::{Action, Obj, Version};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::accepted::Answered;
use super::maker::Maker;
use crate::effects::MessageKind;
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
    /// How many entries it has; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<Size>,
}

/// How many entries. What a differential update adds may have been there before, and what it removes may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    least: i64,
    most: i64,
    /// The most that the list surely had since `since_ms`.
    before: i64,
    /// Entries removed since then.
    removed: i64,
    /// In ms since the Unix epoch.
    since_ms: i64,
}

impl Size {
    fn exactly(entries: i64, now_ms: i64) -> Self {
        Self { least: entries, most: entries, before: entries, removed: 0, since_ms: now_ms }
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
    /// Entries with information about the token: these are written.
    written: i64,
    /// Entries without: these are removed.
    removed: i64,
}

impl Update {
    fn read(version: Version, root: Obj<'_>) -> Option<Self> {
        let (version, info) = match version {
            Version::V16 => (root.int("listVersion")?, "idTagInfo"),
            Version::V201 | Version::V21 => (root.int("versionNumber")?, "idTokenInfo"),
        };
        let full = root.text("updateType").is_none_or(|kind| kind == "Full");
        let (mut written, mut removed) = (0, 0);
        for entry in root.objs("localAuthorizationList") {
            if entry.has(info) {
                written += 1;
            } else {
                removed += 1;
            }
        }
        Some(Self { version, full, written, removed })
    }
}

impl LocalList {
    pub(super) fn doubts(&self, heard: &Heard<'_>, out: &mut Doubts) {
        if !heard.effects.iter().any(|effect| matches!(effect, Effect::ChangeLocalList(_))) {
            return;
        }
        let Some(update) = Update::read(heard.message.version, heard.message.payload.root()) else { return };
        out.add_if(self.maker.as_ref().is_some_and(|maker| maker.is_other(heard)), Doubt::ListOfOther);
        // The first list may have any version, and the same list may be sent again.
        let follows = self.version <= 0
            || update.version == self.version.saturating_add(1)
            || (update.full && update.version == self.version);
        out.add_if(!follows, Doubt::ListVersionJumps);
        let Some(size) = self.size.map(|size| size.at(heard.message.now.as_millis())) else { return };
        let (had, lost) = if update.full {
            (size.before, size.before.saturating_sub(update.written))
        } else {
            (size.most.max(size.before), size.removed.saturating_add(update.removed))
        };
        out.add_if(lost.saturating_mul(PARTS) > had, Doubt::ListShrinks);
    }

    /// The station was sent a list and has answered.
    pub(super) fn answered(list: &mut Option<Self>, heard: &Heard<'_>, answered: &Answered<'_>) -> bool {
        if answered.call.action != Action::SendLocalList || !answered.accepted {
            return false;
        }
        let Some(update) = Update::read(answered.call.version, answered.call.payload.root()) else {
            return false;
        };
        let now_ms = heard.message.now.as_millis();
        let before = list.as_ref().and_then(|list| list.size).map(|size| size.at(now_ms));
        *list = Some(Self {
            version: update.version,
            maker: Some(Maker::of(heard)),
            size: if update.full {
                Some(match before {
                    Some(before) => before.replaced(update.written),
                    None => Size::exactly(update.written, now_ms),
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
        let size = (version == 0).then(|| Size::exactly(0, heard.message.now.as_millis()));
        *list = Some(Self { version, maker: None, size });
        true
    }
}

impl Size {
    /// A full update: what it no longer has is lost.
    fn replaced(self, entries: i64) -> Self {
        Self { least: entries, most: entries, before: self.before.max(entries), ..self }
    }

    /// A differential update.
    fn changed(self, update: &Update) -> Self {
        let least = self.least.saturating_sub(update.removed).max(0);
        Self {
            least,
            most: self.most.saturating_add(update.written),
            removed: self.removed.saturating_add(update.removed),
            ..self
        }
    }
}
