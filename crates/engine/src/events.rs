//! Security events: what a station reports of them, and which of ours a message is.

use std::fmt::Write as _;

use chargewarden_ocpp::SecurityEvent;

/// The reference page of all security events that have names.
pub fn events_reference() -> String {
    let mut out = String::from(
        "# Types of security events\n\n\
         Generated from `crates/evidence/src/security/own.rs` and `crates/ocpp/src/security_event.rs`. What becomes of them: \
         [security events](../security-events.md).\n\n\
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
    out
}
