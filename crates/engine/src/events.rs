//! Security events: what a station reports of them, and which of ours a message is.

use std::fmt::Write as _;

use chargewarden_evidence::{Origin, OwnEvent, Security, Stamp, WhoFields};
use chargewarden_ocpp::{Action, Obj, Payload, SecurityEvent, Timestamp};
use chargewarden_policy::ReasonCode;
use chargewarden_policy::effect::EffectKind;

use crate::facts::StationState;

/// Components of 2.x whose events are about the station's security, and whether they are critical: nobody opens, hits or
/// tilts a station in passing.
const COMPONENTS: [(&str, bool); 4] =
    [("CaseAccessSensor", true), ("SecurityCtrlr", false), ("ShockSensor", true), ("TiltSensor", true)];

/// How far a station's clock may be ahead before what it says of a time contradicts ours: 5 min, as much as its clock may be
/// set wrong at boot.
const AHEAD_MAX_MS: i64 = 300_000;

/// How long ago a change may have been commanded that a station reports: it may wait for its driver to go and for the night.
const COMMANDED_WITHIN_MS: i64 = 30 * 86_400_000;

/// Whether a station's call can report what bears on security.
pub(crate) fn is_report(action: Action) -> bool {
    matches!(action, Action::NotifyEvent | Action::SecurityEventNotification)
}

/// What a station reports.
pub(crate) fn reported(action: Action, payload: &Payload<'_>, who: &WhoFields) -> Vec<Security> {
    let root = payload.root();
    if action == Action::SecurityEventNotification {
        return vec![notified(root, who)];
    }
    if action == Action::NotifyEvent {
        return root.objs("eventData").filter_map(|item| observed(item, who)).collect();
    }
    vec![]
}

/// `SecurityEventNotification`.
fn notified(root: Obj<'_>, who: &WhoFields) -> Security {
    let kind = text(root, "type");
    let known = SecurityEvent::find(&kind);
    Security {
        origin: Origin::Station,
        kind: kind.into(),
        critical: known.is_some_and(|known| known.critical),
        unknown: known.is_none(),
        stated: root.time("timestamp").map(stamp),
        detail: text(root, "techInfo"),
        ..about(OwnEvent::ContradictedReport, who)
    }
}

/// `NotifyEvent`: what a sensor or the security controller has noticed.
fn observed(item: Obj<'_>, who: &WhoFields) -> Option<Security> {
    let component = text(item.obj("component")?, "name");
    let (name, critical) = COMPONENTS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&component))?;
    let (variable, value) = (text(item.obj("variable")?, "name"), text(item, "actualValue"));
    let over = item.flag("cleared") == Some(true) || matches!(value.as_str(), "false" | "0");
    if over || item.text("trigger").is_some_and(|trigger| trigger == "Periodic") {
        return None;
    }
    let mut detail = format!("{variable}={value}");
    if let Some(more) = item.text("techInfo") {
        let _ = write!(detail, " {more}");
    }
    Some(Security {
        origin: Origin::Station,
        kind: name.into(),
        critical,
        stated: item.time("timestamp").map(stamp),
        detail,
        ..about(OwnEvent::ContradictedReport, who)
    })
}

/// What passed through here and contradicts a station's event. Says only what is certain: that a time lies ahead of ours,
/// that nothing of the kind was commanded.
pub(crate) fn contradiction(event: &Security, state: &StationState, now: Timestamp) -> Option<String> {
    let now_ms = now.as_millis();
    let ahead_ms = event.stated.map_or(0, |stated| stated.as_millis().saturating_sub(now_ms));
    if ahead_ms > AHEAD_MAX_MS {
        return Some(format!("`{}` is dated {} s ahead of our clock", event.kind, ahead_ms / 1000));
    }
    let lately = |commanded: Option<i64>| {
        commanded.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) < COMMANDED_WITHIN_MS)
    };
    let (commanded, what) = match SecurityEvent::find(&event.kind)?.name {
        "FirmwareUpdated" => (state.commanded.firmware_ms, "no firmware"),
        "ReconfigurationOfSecurityParameters" => (state.commanded.trust_ms, "no change of security"),
        _ => return None,
    };
    (!lately(commanded))
        .then(|| format!("`{}`, and {what} was commanded through here in the last 30 days", event.kind))
}

/// An event of ours about a session.
pub(crate) fn about(event: OwnEvent, who: &WhoFields) -> Security {
    Security {
        station: who.station.clone(),
        csms: who.csms.clone(),
        session: who.session.clone(),
        ..Security::own(event)
    }
}

/// The event that a refusal is; none where nobody did wrong, or where it was raised before.
pub(crate) fn of_refusal(code: ReasonCode, effect: Option<EffectKind>) -> Option<OwnEvent> {
    match code {
        ReasonCode::PolicyDenied
        | ReasonCode::NotPermitted
        | ReasonCode::NoPolicy
        | ReasonCode::PolicyError
        | ReasonCode::UnknownEffect
        | ReasonCode::CredentialRule
        | ReasonCode::CsmsQuarantined
        | ReasonCode::RotationOpen => Some(of_denied(effect)),
        ReasonCode::Held => Some(OwnEvent::Held),
        ReasonCode::LimitReached => Some(OwnEvent::LedgerBudgetExceeded),
        ReasonCode::MalformedFrame
        | ReasonCode::FrameTooLarge
        | ReasonCode::BinaryFrame
        | ReasonCode::SchemaViolation
        | ReasonCode::UnknownAction => Some(OwnEvent::SchemaViolation),
        ReasonCode::WrongDirection
        | ReasonCode::UnsolicitedAnswer
        | ReasonCode::CallOutstanding
        | ReasonCode::DuplicateId => Some(OwnEvent::StateViolation),
        ReasonCode::TooManyViolations => Some(OwnEvent::RateLimitExceeded),
        // After a restart of anything a station has to announce itself first, and some do not wait.
        ReasonCode::NotBooted
        // That the station has a local session was the event.
        | ReasonCode::Quarantined
        | ReasonCode::FactoryCredential
        // The transaction's beginning was refused, and that was the event.
        | ReasonCode::TransactionRefused
        | ReasonCode::CallTimeout
        | ReasonCode::EvidenceUnavailable
        | ReasonCode::CsmsUnavailable
        | ReasonCode::StationUnavailable
        | ReasonCode::Draining => None,
    }
}

/// What a party refused; what has no event of its own is policy.
fn of_denied(effect: Option<EffectKind>) -> OwnEvent {
    const CERTIFICATES: [EffectKind; 5] = [
        EffectKind::RequestCertificate,
        EffectKind::SignCertificate,
        EffectKind::ReplaceStationCertificate,
        EffectKind::InstallTrustAnchor,
        EffectKind::RemoveTrustAnchor,
    ];
    match effect {
        Some(EffectKind::LowerSecurity) => OwnEvent::ProfileDowngradeAttempt,
        Some(effect) if CERTIFICATES.contains(&effect) => OwnEvent::CertificateDenied,
        Some(_) | None => OwnEvent::PolicyDenied,
    }
}

fn text(holder: Obj<'_>, name: &str) -> String {
    holder.text(name).map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn stamp(time: Timestamp) -> Stamp {
    Stamp::from_millis(time.as_millis())
}

/// The reference page of all security events that have names.
pub fn events_reference() -> String {
    let mut out = String::from(
        "# Types of security events\n\n\
         Generated from `crates/evidence/src/security/own.rs`, `crates/ocpp/src/security_event.rs` and \
         `crates/engine/src/events.rs`. What becomes of them: [security events](../security-events.md).\n\n\
         ## Ours\n\n\
         In records, in `chargewarden_security_events_total{origin=\"service\"}` and in the log. **Nothing yet** marks names that \
         are reserved: no such event comes from this version.\n\n",
    );
    out.push_str(&chargewarden_evidence::security::reference());
    out.push_str(
        "\n## Those of stations\n\n\
         The types that the standards name. A type that is not here is kept as stated and marked `unknown`.\n\n\
         | Type | Critical | Versions |\n|---|---|---|\n",
    );
    for event in SecurityEvent::ALL {
        let versions: Vec<String> = event.versions.iter().map(ToString::to_string).collect();
        let critical = if event.critical { "yes" } else { "" };
        let _ = writeln!(out, "| `{}` | {critical} | {} |", event.name, versions.join(", "));
    }
    out.push_str(
        "\nFrom `NotifyEvent` (2.x) what these components have noticed, unless it is over or reported periodically; the type \
         is the component's name.\n\n| Component | Critical |\n|---|---|\n",
    );
    for (name, critical) in COMPONENTS {
        let _ = writeln!(out, "| `{name}` | {} |", if critical { "yes" } else { "" });
    }
    out
}
