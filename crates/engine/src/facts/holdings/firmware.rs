//! The software that was ordered, and how far the order has come.

use std::borrow::Cow;

use chargewarden_ocpp::{Action, Version};
use chargewarden_policy::effect::{Boot, Effect, InstallFirmware};
use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::accepted::Answered;
use super::version::FirmwareVersion;
use crate::effects::Message;
use crate::facts::{Heard, Mark};

/// How long an order counts that is not heard of again, in ms: 24 h after it should have been carried out.
const ORDER_MS: i64 = 86_400_000;

/// Statuses by which an order is over.
const OVER: [&str; 5] =
    ["DownloadFailed", "InstallVerificationFailed", "InstallationFailed", "Installed", "InvalidSignature"];

/// What is known of a station's software beside what runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Firmware {
    /// The last order, while it is not over.
    order: Option<Order>,
    /// Whether the station has shown that it checks signatures.
    checks_signatures: bool,
}

/// An installation that was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// The address, to be known again.
    location: Mark,
    /// When the station is to begin, in ms since the Unix epoch.
    begins_ms: i64,
    /// Until when it should be over, in ms since the Unix epoch.
    due_ms: i64,
}

impl Firmware {
    /// `runs` is the version that the station has told.
    pub(super) fn doubts(&self, runs: &str, heard: &Heard<'_>, out: &mut Doubts) {
        let Some(install) = heard.effects.iter().find_map(install) else { return };
        let now_ms = heard.message.now.as_millis();
        // What a vendor's message carries has no address of its own.
        let location = location(heard.message).unwrap_or(Cow::Borrowed(&install.url.path));
        let other = |order: &Order| mark(heard, &location) != order.location;
        let open = self.order.as_ref().filter(|order| order.due_ms > now_ms);
        out.add_if(open.is_some_and(other), Doubt::FirmwareUnderWay);
        out.add_if(self.checks_signatures && !install.signed, Doubt::SignaturePossible);
        let older = FirmwareVersion::of_location(&location)
            .zip(FirmwareVersion::read(runs))
            .is_some_and(|(offered, runs)| offered.is_older_than(&runs));
        out.add_if(older, Doubt::FirmwareOlder);
    }

    /// The station was told to install something and has answered.
    pub(super) fn answered(&mut self, heard: &Heard<'_>, answered: &Answered<'_>, done: &[Effect]) -> bool {
        // Whoever has a status for it knows the message.
        let knows = answered.call.action == Action::SignedUpdateFirmware && answered.result.is_some();
        let mut learned = knows && !self.checks_signatures;
        self.checks_signatures |= knows;
        let Some(install) = done.iter().find_map(install) else { return learned };
        if install.signed && !self.checks_signatures {
            self.checks_signatures = true;
            learned = true;
        }
        let Some(location) = location(answered.call).map(|location| mark(heard, &location)) else {
            return learned;
        };
        let now_ms = heard.message.now.as_millis();
        let begins_ms = install.retrieve_at.map_or(now_ms, |at| at.as_millis().max(now_ms));
        let acts_ms = install.install_at.map_or(begins_ms, |at| at.as_millis().max(begins_ms));
        self.order = Some(Order { location, begins_ms, due_ms: acts_ms.saturating_add(ORDER_MS) });
        true
    }

    /// The station tells how an installation goes.
    pub(super) fn reported(&mut self, heard: &Heard<'_>) -> bool {
        #[expect(clippy::wildcard_enum_match_arm, reason = "few reports are about it")]
        let signed = match heard.message.action {
            Action::SignedFirmwareStatusNotification => true,
            Action::FirmwareStatusNotification => false,
            _ => return false,
        };
        let status = heard.message.payload.root().text("status").unwrap_or_default();
        // `Idle` is what it says when it is asked and does nothing, before it has begun too.
        let idle = status == "Idle";
        let now_ms = heard.message.now.as_millis();
        let begun = self.order.is_some_and(|order| order.begins_ms <= now_ms);
        let mut learned = false;
        if OVER.contains(&status.as_ref()) || (idle && begun) {
            learned = self.order.take().is_some();
        }
        if signed && !idle && !self.checks_signatures {
            self.checks_signatures = true;
            learned = true;
        }
        learned
    }

    /// The station has started: with other software than before (`ran`) an installation is over.
    pub(super) fn booted(&mut self, ran: &str, boot: &Boot) -> bool {
        let changed = !ran.is_empty() && !boot.firmware.is_empty() && ran != boot.firmware;
        changed && self.order.take().is_some()
    }
}

fn install(effect: &Effect) -> Option<&InstallFirmware> {
    if let Effect::InstallFirmware(install) = effect { Some(install) } else { None }
}

/// The address in an order.
fn location<'a>(order: &Message<'a>) -> Option<Cow<'a, str>> {
    let root = order.payload.root();
    match (order.action, order.version) {
        (Action::UpdateFirmware, Version::V16) => root.text("location"),
        (Action::UpdateFirmware | Action::SignedUpdateFirmware, _) => root.obj("firmware")?.text("location"),
        _ => None,
    }
}

fn mark(heard: &Heard<'_>, location: &str) -> Mark {
    Mark::of(heard.key, &format!("location {}", location.trim()))
}
