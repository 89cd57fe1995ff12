use std::borrow::Cow;

use super::*;
use crate::{
    Answered, Attributes, BundleOutcome, Cause, EffectNote, FrameMac, Hash, MessageType, Origin,
    OwnCallPhase, OwnEvent, Phase, Repeats, Side, Stage, Who, WhoFields, Word,
};

fn record(event: Event) -> Record {
    Record { at: Stamp::from_millis(1_767_225_600_000), event }
}

fn who() -> std::sync::Arc<Who> {
    Who::new(WhoFields {
        station: "CS-1".into(),
        csms: "main".into(),
        session: "s7".into(),
        version: "2.0.1".into(),
        bundles: vec![Hash([0xab; 32])],
    })
}

fn message(verdict: Verdict) -> Message {
    Message {
        who: who(),
        from: Side::Csms,
        kind: MessageType::Call,
        action: Cow::Borrowed("UpdateFirmware"),
        id: "a\"1\u{202e}".into(),
        bytes: 231,
        mac: FrameMac([1; 32]),
        error: None,
        doubts: vec![],
        effects: vec![
            EffectNote {
                name: "install-firmware".into(),
                attributes: Attributes::object().text("host", "fw.example").flag("signed", false).finish(),
            },
            EffectNote { name: "restart".into(), attributes: Attributes::NONE },
        ],
        verdict,
        causes: vec![],
        answered: None,
        kept: None,
    }
}

fn one_of_each() -> Vec<Record> {
    let answered = || Answered {
        how: "own-status".into(),
        code: "Rejected".into(),
        mac: FrameMac([2; 32]),
        ticket: "s7-1".into(),
    };
    let cause = Cause {
        party: "cso".into(),
        policy: "firmware-hosts".into(),
        effect: "install-firmware".into(),
        text: "unknown host".into(),
    };
    let rule = Cause {
        party: String::new(),
        policy: "boot-gate".into(),
        effect: Word::default(),
        text: String::new(),
    };
    let refused = Message {
        causes: vec![cause, rule],
        answered: Some(answered()),
        kept: Some(Attributes::from_json(r#"{"transactionId":17}"#.into())),
        ..message(Verdict::Refuse { reason: "policy-forbids".into() })
    };
    let held = message(Verdict::Hold { reason: "approval-needed".into(), requirement: "cso:1".into() });
    let error = Message {
        kind: MessageType::Error,
        error: Some("InternalError".into()),
        ..message(Verdict::Forward)
    };
    [
        Event::Message(message(Verdict::Forward)),
        Event::Message(refused),
        Event::Message(held),
        Event::Message(error),
        Event::Violation(Violation {
            who: who(),
            blame: Side::Station,
            rule: "duplicate-name".into(),
            path: "idTag".into(),
            detail: "twice".into(),
            action: Some("Authorize".into()),
            id: Some("7".into()),
            bytes: 40,
            mac: FrameMac([3; 32]),
            answered: Some(answered()),
        }),
        Event::Tolerance(Tolerance {
            who: who(),
            from: Side::Station,
            name: "unknown-fields".into(),
            path: "meterValue[0].vendor".into(),
            id: Some("8".into()),
        }),
        Event::OwnCall(OwnCall {
            who: who(),
            to: Side::Station,
            phase: OwnCallPhase::Unanswered,
            action: "GetVariables".into(),
            id: "cw-1".into(),
            bytes: 0,
            mac: FrameMac([0; 32]),
            purpose: "learn".into(),
        }),
        Event::Security(reported()),
        Event::Security(raised()),
        Event::Connection(Connection {
            side: Side::Station,
            stage: Stage::Refused,
            peer: "127.0.0.1:5000".into(),
            station: "CS-1\r\nX: y".into(),
            csms: String::new(),
            session: String::new(),
            subprotocol: "ocpp1.6".into(),
            reason: "unauthorized".into(),
            detail: String::new(),
            code: Some(1008),
        }),
        Event::Lifecycle(Lifecycle {
            phase: Phase::Started,
            version: "0.1.0".into(),
            configuration: Hash([4; 32]),
            danger: vec!["listen.danger_plain".into()],
        }),
        Event::Bundle(Bundle {
            outcome: BundleOutcome::Rejected,
            party: "cnp".into(),
            name: "base".into(),
            version: String::new(),
            digest: Hash([5; 32]),
            problem: "unknown effect `restrat`".into(),
        }),
        Event::Inventory(Inventory {
            change: "added".into(),
            station: "CS-2".into(),
            by: "inventory-file".into(),
            detail: String::new(),
        }),
        Event::Gap(Gap { since: Stamp::from_millis(0), refused: 3, detail: "disk full".into() }),
    ]
    .into_iter()
    .map(record)
    .collect()
}

#[test]
fn a_message_reads_like_this() {
    assert_eq!(
        String::from_utf8(record(Event::Message(message(Verdict::Forward))).canonical()).unwrap(),
        concat!(
            r#"{"v":1,"at":"2026-01-01T00:00:00.000Z","message":{"who":{"station":"CS-1","csms":"main","session":"s7","#,
            r#""version":"2.0.1","bundles":["abababababababababababababababababababababababababababababababab"]},"#,
            r#""from":"csms","type":"call","action":"UpdateFirmware","id":"a\"1\u202e","bytes":231,"#,
            r#""mac":"0101010101010101010101010101010101010101010101010101010101010101","#,
            r#""effects":[{"name":"install-firmware","attributes":{"host":"fw.example","signed":false}},"#,
            r#"{"name":"restart"}],"verdict":"forward"}}"#,
        )
    );
}

fn reported() -> Security {
    Security {
        origin: Origin::Station,
        kind: "Tamper\u{1b}[2J".into(),
        critical: true,
        unknown: true,
        station: "CS-1".into(),
        csms: "main".into(),
        session: "s7".into(),
        peer: String::new(),
        stated: Some(Stamp::from_millis(1_767_225_599_000)),
        detail: "door\n".into(),
        repeats: None,
    }
}

fn raised() -> Security {
    Security {
        peer: "192.0.2.1:5000".into(),
        repeats: Some(Repeats { count: 300, since: Stamp::from_millis(1_767_225_540_000) }),
        ..Security::own(OwnEvent::AuthFailed)
    }
}

#[test]
fn security_events_read_like_this() {
    let text = |event| String::from_utf8(record(Event::Security(event)).canonical()).unwrap();
    assert_eq!(
        text(reported()),
        concat!(
            r#"{"v":1,"at":"2026-01-01T00:00:00.000Z","security":{"origin":"station","type":"Tamper\u001b[2J","#,
            r#""critical":true,"unknown":true,"station":"CS-1","csms":"main","session":"s7","#,
            r#""stated":"2025-12-31T23:59:59.000Z","detail":"door\u000a"}}"#,
        )
    );
    assert_eq!(
        text(raised()),
        concat!(
            r#"{"v":1,"at":"2026-01-01T00:00:00.000Z","security":{"origin":"service","type":"AuthFailed","#,
            r#""peer":"192.0.2.1:5000","repeats":{"count":300,"since":"2025-12-31T23:59:00.000Z"}}}"#,
        )
    );
}

#[test]
fn security_events_are_found_by_type_and_origin() {
    let note = record(Event::Security(reported())).index_note();
    assert_eq!((note.kind, note.station.as_str(), note.reason.as_str()), ("security", "CS-1", "station"));
    assert_eq!(note.action, "Tamper\u{1b}[2J");
    assert!(!record(Event::Security(raised())).is_routine());
}

#[test]
fn each_kind_is_one_printable_line_and_reads_back() {
    for record in one_of_each() {
        let bytes = record.canonical();
        assert!(bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e)), "{record:?}");
        assert_eq!(Record::parse(&bytes).unwrap(), record);
    }
}

#[test]
fn only_forwarded_messages_are_routine() {
    let routine = one_of_each().iter().filter(|record| record.is_routine()).count();
    assert_eq!(routine, 2);
}

#[test]
fn refusals_are_found_by_station_action_and_reason() {
    let note = one_of_each()[1].index_note();
    assert_eq!(
        (note.station.as_str(), note.kind, note.action.as_str()),
        ("CS-1", "message", "UpdateFirmware")
    );
    assert_eq!((note.verdict, note.reason.as_str()), ("refuse", "policy-forbids"));
}

#[test]
fn what_is_no_record_says_why() {
    for (bytes, error) in [
        (r#"{"v":2,"at":"x","news":{}}"#, "record format 2 is not known to this version"),
        (r#"{"v":1,"at":"2026-01-01T00:00:00.000Z"}"#, "a record holds one event, this one 0"),
        (r#"[1]"#, "not a record: "),
    ] {
        let problem = Record::parse(bytes.as_bytes()).unwrap_err().to_string();
        assert!(problem.starts_with(error), "{problem}");
    }
}
