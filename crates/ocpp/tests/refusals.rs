//! Every answer we write ourselves is one the version allows.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use chargewarden_ocpp::refusal::{RefusalStyle, Refused, acknowledge, call, call_error, refuse};
use chargewarden_ocpp::{
    Action, ActionSpec, ErrorCode, Form, Frame, Header, Limits, Payload, Refusal, Version, sample,
};

const WHY: Refused<'static> = Refused { code: "OverLimit", text: "over the limit (ticket 42)" };

fn specs() -> impl Iterator<Item = (Version, &'static ActionSpec)> {
    Version::ALL.into_iter().flat_map(|version| {
        Action::ALL.into_iter().filter_map(move |action| Some((version, action.spec(version)?)))
    })
}

/// Reads an answer back as the peer would, and returns its payload.
fn answer(version: Version, spec: &ActionSpec, frame: &str) -> String {
    let opened = Frame::open(frame.as_bytes(), version, &Limits::default());
    let opened = opened.unwrap_or_else(|violation| panic!("{version} {frame}: {violation}"));
    let payload = match opened.header() {
        Header::Result { id: "a\"b" } => opened.read(spec.response.unwrap()),
        Header::Error { id: "a\"b", code, .. } => {
            assert!(ErrorCode::parse(version, code).is_some(), "{frame}");
            opened.read_any()
        }
        header @ (Header::Call { .. }
        | Header::Result { .. }
        | Header::Error { .. }
        | Header::ResultError { .. }
        | Header::Send { .. }) => panic!("{header:?}"),
    };
    payload
        .unwrap_or_else(|violation| panic!("{version} {}: {violation}\n{frame}", spec.action))
        .text()
        .to_owned()
}

fn refused(
    version: Version,
    spec: &ActionSpec,
    request: &str,
    why: &Refused<'_>,
    style: RefusalStyle,
) -> Option<String> {
    let request = Payload::parse(request, spec.request, &Limits::default()).unwrap();
    refuse(spec, version, "a\"b", &request, why, style)
}

#[test]
fn every_refusal_fits_the_actions_own_answer() {
    let long = "é\"".repeat(2_000);
    let reasons = [WHY, Refused { code: "", text: "" }, Refused { code: &long, text: &long }];
    for (version, spec) in specs() {
        let requests = (0..20).map(|seed| sample::arbitrary(spec.request, seed));
        for request in requests.chain([sample::minimal(spec.request)]) {
            for style in [RefusalStyle::OwnStatus, RefusalStyle::CallError] {
                for why in &reasons {
                    let Some(frame) = refused(version, spec, &request, why, style) else {
                        assert_eq!(spec.form, Form::Send);
                        continue;
                    };
                    let payload = answer(version, spec, &frame);
                    assert!(!payload.contains("Accepted"), "{frame}");
                    let own = style == RefusalStyle::OwnStatus && spec.refusal != Refusal::Error;
                    assert_eq!(frame.starts_with("[3,"), own, "{frame}");
                }
            }
        }
    }
}

#[test]
fn every_acknowledgement_fits_the_actions_own_answer() {
    let mut kept = Vec::new();
    for (version, spec) in specs() {
        let request = sample::arbitrary(spec.request, 1);
        let request = Payload::parse(&request, spec.request, &Limits::default()).unwrap();
        let Some(frame) = acknowledge(spec, version, "a\"b", &request, -1) else { continue };
        let payload = answer(version, spec, &frame);
        assert!(frame.starts_with("[3,") && !payload.contains("Accepted"), "{frame}");
        kept.push(format!("{version} {}", spec.action));
    }
    assert_eq!(
        kept,
        [
            "1.6 MeterValues",
            "1.6 SecurityEventNotification",
            "1.6 StartTransaction",
            "1.6 StopTransaction",
            "2.0.1 MeterValues",
            "2.0.1 SecurityEventNotification",
            "2.0.1 TransactionEvent",
            "2.1 MeterValues",
            "2.1 SecurityEventNotification",
            "2.1 TransactionEvent",
        ]
    );
}

#[test]
fn in_the_actions_own_words() {
    let own = |version, action: Action, request: &str| {
        refused(version, action.spec(version).unwrap(), request, &WHY, RefusalStyle::OwnStatus).unwrap()
    };
    assert_eq!(own(Version::V16, Action::Reset, r#"{"type":"Hard"}"#), r#"[3,"a\"b",{"status":"Rejected"}]"#);
    assert_eq!(
        own(Version::V201, Action::Reset, r#"{"type":"Immediate"}"#),
        r#"[3,"a\"b",{"status":"Rejected","statusInfo":{"reasonCode":"OverLimit","additionalInfo":"over the limit (ticket 42)"}}]"#
    );
    assert_eq!(
        own(Version::V16, Action::Authorize, r#"{"idTag":"1"}"#),
        r#"[3,"a\"b",{"idTagInfo":{"status":"Invalid"}}]"#
    );
    assert_eq!(
        own(
            Version::V201,
            Action::SetVariables,
            r#"{"setVariableData":[{"attributeValue":"1","component":{"name":"A", "instance":"\u0041"},"variable":{"name":"B"}},
            {"attributeType":"Target","attributeValue":"1","component":{"name":"C"},"variable":{"name":"D"}}]}"#
        ),
        concat!(
            r#"[3,"a\"b",{"setVariableResult":[{"component":{"name":"A", "instance":"\u0041"},"variable":{"name":"B"},"#,
            r#""attributeStatus":"Rejected","attributeStatusInfo":{"reasonCode":"OverLimit","additionalInfo":"over the limit (ticket 42)"}},"#,
            r#"{"attributeType":"Target","component":{"name":"C"},"variable":{"name":"D"},"#,
            r#""attributeStatus":"Rejected","attributeStatusInfo":{"reasonCode":"OverLimit"}}]}]"#
        )
    );
    assert_eq!(
        own(Version::V201, Action::ClearVariableMonitoring, r#"{"id":[7]}"#),
        r#"[3,"a\"b",{"clearMonitoringResult":[{"id":7,"status":"Rejected","statusInfo":{"reasonCode":"OverLimit","additionalInfo":"over the limit (ticket 42)"}}]}]"#
    );
    // `NotFound` would claim that there is no such certificate.
    assert_eq!(
        own(
            Version::V16,
            Action::GetInstalledCertificateIds,
            r#"{"certificateType":"CentralSystemRootCertificate"}"#
        ),
        r#"[4,"a\"b","SecurityError","over the limit (ticket 42)",{}]"#
    );
}

#[test]
fn acknowledgements_promise_nothing() {
    let spec = Action::StartTransaction.spec(Version::V16).unwrap();
    let request = sample::minimal(spec.request);
    let request = Payload::parse(&request, spec.request, &Limits::default()).unwrap();
    assert_eq!(
        acknowledge(spec, Version::V16, "1", &request, 77).unwrap(),
        r#"[3,"1",{"idTagInfo":{"status":"Invalid"},"transactionId":77}]"#
    );
}

#[test]
fn errors_and_calls() {
    let long = "x".repeat(300);
    for version in Version::ALL {
        for code in ErrorCode::ALL {
            let frame = call_error(version, "1", code, &long);
            let opened = Frame::open(frame.as_bytes(), version, &Limits::default()).unwrap();
            assert!(
                matches!(opened.header(), Header::Error { id: "1", description, .. } if description.len() == 255)
            );
            opened.read_any().unwrap();
        }
        let frame = call(version, "1", Action::Heartbeat, "{}");
        assert_eq!(frame, r#"[2,"1","Heartbeat",{}]"#);
    }
}
