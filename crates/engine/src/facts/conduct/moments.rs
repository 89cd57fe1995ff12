//! Times that cannot be meant: before OCPP, or tomorrow, where a report says when something happened.

use chargewarden_ocpp::{Action, Obj, Side, Timestamp, Version};
use chargewarden_policy::{Doubt, Doubts};

use crate::effects::{Message, MessageKind};

/// 2010-01-01T00:00:00Z, the year of OCPP 1.2: no station has reported by it earlier.
const EARLIEST_MS: i64 = 1_262_304_000_000;
/// How far ahead of ours the clock of an honest station may be: a day, for those who mistake their time zone.
const AHEAD_MAX_MS: i64 = 86_400_000;

/// What is odd about the times of a report.
pub(super) fn doubts(message: &Message<'_>, out: &mut Doubts) {
    let report = match (message.from, message.kind) {
        (Side::Station, MessageKind::Call | MessageKind::Send) => message.payload.root(),
        (Side::Station, MessageKind::Result | MessageKind::Error) | (Side::Csms, _) => return,
    };
    let absurd = |time: Timestamp| {
        let time_ms = time.as_millis();
        time_ms < EARLIEST_MS || time_ms.saturating_sub(message.now.as_millis()) > AHEAD_MAX_MS
    };
    out.add_if(any(message.version, message.action, report, &absurd), Doubt::AbsurdTime);
}

/// Whether one of the times at which something is said to have happened is so. Schedules, ends of validity and departures
/// may lie ahead, and are not asked.
#[expect(clippy::wildcard_enum_match_arm, reason = "most reports state no time of what has happened")]
fn any(version: Version, action: Action, report: Obj<'_>, so: &impl Fn(Timestamp) -> bool) -> bool {
    let at = |holder: Obj<'_>, name| holder.time(name).is_some_and(so);
    let of_each = |list, name| report.objs(list).any(|item| at(item, name));
    match action {
        Action::MeterValues => of_each("meterValue", "timestamp"),
        Action::NotifyCustomerInformation | Action::NotifyMonitoringReport | Action::NotifyReport => {
            at(report, "generatedAt")
        }
        Action::NotifyDERAlarm
        | Action::NotifyDERStartStop
        | Action::SecurityEventNotification
        | Action::StartTransaction
        | Action::StatusNotification => at(report, "timestamp"),
        Action::NotifyEvent => at(report, "generatedAt") || of_each("eventData", "timestamp"),
        Action::NotifyPeriodicEventStream => at(report, "basetime"),
        Action::NotifySettlement => at(report, "settlementTime"),
        Action::StopTransaction => at(report, "timestamp") || of_each("transactionData", "timestamp"),
        Action::TransactionEvent => {
            let costs = if version == Version::V21 { report.obj("costDetails") } else { None };
            at(report, "timestamp")
                || of_each("meterValue", "timestamp")
                || costs.is_some_and(|costs| {
                    costs.objs("chargingPeriods").any(|period| at(period, "startPeriod"))
                })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::stage;
    use super::*;

    /// Each message with `T` for the time, in the versions that know it.
    const REPORTS: &[(&str, &str)] = &[
        (
            "1.6",
            r#"MeterValues {"connectorId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":"1"}]},{"timestamp":"T","sampledValue":[{"value":"1"}]}]}"#,
        ),
        ("1.6", r#"SecurityEventNotification {"type":"X","timestamp":"T"}"#),
        ("1.6", r#"StartTransaction {"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"T"}"#),
        (
            "1.6",
            r#"StatusNotification {"connectorId":1,"errorCode":"NoError","status":"Available","timestamp":"T"}"#,
        ),
        ("1.6", r#"StopTransaction {"transactionId":1,"meterStop":0,"timestamp":"T"}"#),
        (
            "2.0.1 2.1",
            r#"NotifyEvent {"generatedAt":"T","seqNo":0,"eventData":[{"eventId":1,"timestamp":"2026-01-01T00:00:00Z","trigger":"Delta","actualValue":"1","eventNotificationType":"CustomMonitor","component":{"name":"C"},"variable":{"name":"V"}}]}"#,
        ),
        ("2.0.1 2.1", r#"NotifyReport {"generatedAt":"T","seqNo":0,"requestId":1}"#),
        ("2.0.1 2.1", r#"SecurityEventNotification {"type":"X","timestamp":"T"}"#),
        (
            "2.0.1 2.1",
            r#"StatusNotification {"timestamp":"T","connectorStatus":"Available","evseId":1,"connectorId":1}"#,
        ),
        (
            "2.0.1 2.1",
            r#"TransactionEvent {"eventType":"Started","timestamp":"T","triggerReason":"Authorized","seqNo":0,"transactionInfo":{"transactionId":"t"}}"#,
        ),
        ("2.1", r#"NotifyDERAlarm {"controlType":"FreqDroop","timestamp":"T"}"#),
        (
            "2.1",
            r#"NotifySettlement {"pspRef":"p","status":"Settled","settlementAmount":1,"settlementTime":"T"}"#,
        ),
    ];

    #[test]
    fn what_has_happened_has_a_time_that_can_be() {
        for (time, expected) in [
            ("2026-01-01T00:00:00Z", ""),
            ("2025-06-01T00:00:00Z", ""),
            ("2010-01-01T00:00:00Z", ""),
            ("2026-01-01T23:59:59Z", ""),
            ("2009-12-31T23:59:59Z", "absurd_time"),
            ("1970-01-01T00:00:00Z", "absurd_time"),
            ("2026-01-02T00:00:01Z", "absurd_time"),
            ("9999-12-31T23:59:59Z", "absurd_time"),
        ] {
            for (versions, report) in REPORTS {
                for version in versions.split(' ') {
                    let message =
                        format!("{version} station {}", report.replace("\"T\"", &format!("\"{time}\"")));
                    assert_eq!(stage::doubts_of(&message, doubts), expected, "{message}");
                }
            }
        }
    }

    #[test]
    fn what_is_to_come_may_lie_ahead() {
        for message in [
            r#"1.6 csms ReserveNow {"connectorId":1,"expiryDate":"2036-01-01T00:00:00Z","idTag":"A","reservationId":1}"#,
            r#"1.6 station Heartbeat {} => {"currentTime":"2036-01-01T00:00:00Z"}"#,
            r#"2.1 station NotifyEVChargingNeeds {"evseId":1,"chargingNeeds":{"requestedEnergyTransfer":"DC","acChargingParameters":{"energyAmount":1,"evMinCurrent":1,"evMaxCurrent":1,"evMaxVoltage":1},"departureTime":"2036-01-01T00:00:00Z"}}"#,
        ] {
            assert_eq!(stage::doubts_of(message, doubts), "", "{message}");
        }
    }
}
