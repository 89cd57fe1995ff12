//! What a message costs in the core: `cargo run --release -p chargewarden-engine --example session_cost`.
//!
//! Frames are opened, validated, translated, decided by one party's policies (every effect permitted, three forbids
//! that read the context), recorded (canonical bytes included) and permitted. No socket, no disk.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::cast_possible_wrap,
    clippy::field_reassign_with_default,
    clippy::panic,
    reason = "an example that measures"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use chargewarden_engine::{
    Boot, Connected, EvidenceHealth, Input, Moment, Opening, Session, SessionLimits, StationState, Step,
    World,
};
use chargewarden_evidence::ContentKey;
use chargewarden_ocpp::refusal::RefusalStyle;
use chargewarden_ocpp::{Side, Timestamp, Version};
use chargewarden_policy::{About, Authentication, Bundle, BundleSource, Policies, StationFacts};

const POLICIES: &str = r#"
    @id("everything") permit (principal, action, resource);
    @id("power") @reason("above the site's limit")
    forbid (principal, action == Action::"set-power", resource)
    when { context has highest_w && context.highest_w > 22000 };
    @id("clock") @reason("the clock is off")
    forbid (principal, action == Action::"set-clock", resource)
    when { context.skew_s > 300 || context.skew_s < -300 };
    @id("heartbeat") @reason("the interval is out of range")
    forbid (principal, action == Action::"set-heartbeat", resource)
    when { context.interval_s < 10 || context.interval_s > 86400 };
"#;

/// A call, and what answers it.
struct Exchange {
    name: &'static str,
    version: Version,
    caller: Side,
    call: &'static str,
    answer: &'static str,
}

const EXCHANGES: [Exchange; 5] = [
    Exchange {
        name: "MeterValues (1.6)",
        version: Version::V16,
        caller: Side::Station,
        call: r#""MeterValues",{"connectorId":1,"transactionId":17,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":"12345","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","unit":"Wh"},{"value":"7400.5","context":"Sample.Periodic","measurand":"Power.Active.Import","unit":"W"}]}]}"#,
        answer: "{}",
    },
    Exchange {
        name: "Heartbeat (1.6)",
        version: Version::V16,
        caller: Side::Station,
        call: r#""Heartbeat",{}"#,
        answer: r#"{"currentTime":"2026-01-01T00:00:00Z"}"#,
    },
    Exchange {
        name: "StatusNotification (2.0.1)",
        version: Version::V201,
        caller: Side::Station,
        call: r#""StatusNotification",{"timestamp":"2026-01-01T00:00:00Z","connectorStatus":"Occupied","evseId":1,"connectorId":1}"#,
        answer: "{}",
    },
    Exchange {
        name: "TransactionEvent (2.0.1)",
        version: Version::V201,
        caller: Side::Station,
        call: r#""TransactionEvent",{"eventType":"Updated","timestamp":"2026-01-01T00:00:00Z","triggerReason":"MeterValuePeriodic","seqNo":1,"transactionInfo":{"transactionId":"f1e2d3c4","chargingState":"Charging"},"evse":{"id":1,"connectorId":1},"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":7400.5,"measurand":"Power.Active.Import","unitOfMeasure":{"unit":"W"}}]}]}"#,
        answer: "{}",
    },
    Exchange {
        name: "SetChargingProfile (1.6)",
        version: Version::V16,
        caller: Side::Csms,
        call: r#""SetChargingProfile",{"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Absolute","chargingSchedule":{"startSchedule":"2026-01-01T00:00:00Z","chargingRateUnit":"W","chargingSchedulePeriod":[{"startPeriod":0,"limit":11000},{"startPeriod":3600,"limit":7400}]}}}"#,
        answer: r#"{"status":"Accepted"}"#,
    },
];

fn main() {
    let rounds: u64 = std::env::args().nth(1).map_or(20_000, |text| text.parse().expect("rounds, a number"));
    println!("{:<28} {:>12} {:>12}", "exchange", "ns a message", "ns recorded");
    for exchange in &EXCHANGES {
        run(exchange, rounds / 10); // caches, branch predictors, memoised opinions
        let (session_ns, record_ns) = run(exchange, rounds);
        let per = |ns: u128| ns / u128::from(rounds) / 2;
        println!("{:<28} {:>12} {:>12}", exchange.name, per(session_ns), per(record_ns));
    }
}

/// Nanoseconds in `Session::handle`, and in writing the canonical bytes of its records.
fn run(exchange: &Exchange, rounds: u64) -> (u128, u128) {
    let world = world();
    let mut session = Session::open(opening(exchange.version), at(0), &world);
    let frames: Vec<[Bytes; 2]> = (0..rounds)
        .map(|id| {
            let call = format!(r#"[2,"{id:036}",{}]"#, exchange.call);
            let answer = format!(r#"[3,"{id:036}",{}]"#, exchange.answer);
            [Bytes::from(call), Bytes::from(answer)]
        })
        .collect();
    let (mut handling, mut recording) = (0, 0);
    let mut out = Vec::new();
    for (round, [call, answer]) in frames.into_iter().enumerate() {
        for (from, bytes) in [(exchange.caller, call), (exchange.caller.other(), answer)] {
            let now = at(round as u64);
            let start = Instant::now();
            let steps = session.handle(now, Input::Text { from, bytes }, &world);
            handling += start.elapsed().as_nanos();
            assert!(steps.iter().any(|step| matches!(step, Step::Forward(_))), "{steps:?}");
            let start = Instant::now();
            for step in steps {
                if let Step::Record(record, _) = step {
                    out.clear();
                    record.write_canonical(&mut out);
                    black_box(&out);
                }
            }
            recording += start.elapsed().as_nanos();
        }
    }
    (handling, recording)
}

fn at(ms: u64) -> Moment {
    Moment { wall: Timestamp::from_millis(1_767_225_600_000 + ms as i64), mono_ms: ms }
}

fn world() -> World {
    let manifest = "party = \"cso\"\nname = \"cost\"\nversion = \"1\"\n";
    let files = BTreeMap::from([
        ("bundle.toml".to_owned(), manifest.to_owned()),
        ("policies.cedar".to_owned(), POLICIES.to_owned()),
    ]);
    let bundle = Bundle::compile(&BundleSource { party: "cso".parse().unwrap(), files });
    let bundle = bundle.unwrap_or_else(|problems| panic!("{problems}"));
    World {
        policies: Arc::new(Policies::new(vec![Arc::new(bundle)])),
        ledger: Arc::default(),
        standings: Arc::default(),
        content_key: ContentKey::new(&[7; 32]),
        evidence: EvidenceHealth::Available,
        limits: SessionLimits::default(),
    }
}

fn opening(version: Version) -> Opening {
    let connected = Connected { authenticated: Authentication::Password, tls: false };
    let mut state = StationState::default();
    state.boot = Boot::Accepted;
    state.version = version.to_string();
    Opening {
        session: "s1".into(),
        nonce: [0; 12],
        version,
        about: About {
            station: "CS-1".into(),
            parties: vec!["cso".parse().unwrap()],
            site: Some("site-1".into()),
            groups: vec![],
            area: None,
            facts: StationFacts::default(),
            csms: "main".into(),
            csms_party: "cso".parse().unwrap(),
            csms_facts: Default::default(),
            envelope: Default::default(),
        },
        station: connected,
        csms: Some(connected),
        factory: false,
        rotation_deferred: false,
        style: RefusalStyle::OwnStatus,
        state: Some(state),
    }
}
