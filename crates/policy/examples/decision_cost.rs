//! Prints what a decision costs, in ns: `cargo run --release -p chargewarden-policy --example decision_cost`.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a benchmark reads the clock and may fail"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use chargewarden_ocpp::{Side, Timestamp, Version};
use chargewarden_policy::effect::*;
use chargewarden_policy::{
    About, Authentication, Bundle, Circumstances, MessageFacts, Policies, SessionFacts, StationFacts,
    Subject, pack,
};

/// Rounds of each measurement; the best of five is printed.
const ROUNDS: u32 = 20_000;

fn main() {
    let compile = || Arc::new(Bundle::compile(&pack::cso_baseline("cso".parse().unwrap())).unwrap());
    let started = Instant::now();
    let bundle = compile();
    println!("compile baseline ({} policies): {:?}", bundle.policies().len(), started.elapsed());

    for (name, bundles) in
        [("one party", vec![bundle.clone()]), ("two parties", vec![bundle.clone(), bundle])]
    {
        println!("{name}");
        let policies = Policies::new(bundles);
        let about = about();
        measure("  subject, new", || {
            black_box(Subject::new(black_box(about.clone()), &policies));
        });
        let subject = Subject::new(about, &policies);
        let mut skew_s = 0;
        measure("  set-clock, never asked before", || {
            skew_s += 1;
            black_box(policies.decide(&subject, &circumstances(Side::Csms), &[SetClock { skew_s }.into()]));
        });
        for (what, from, effects) in conversation() {
            let circumstances = circumstances(from);
            measure(&format!("  {what}"), || {
                black_box(policies.decide(black_box(&subject), &circumstances, &effects));
            });
        }
    }
}

fn measure(what: &str, mut work: impl FnMut()) {
    let round = |work: &mut dyn FnMut()| {
        let started = Instant::now();
        for _ in 0..ROUNDS {
            work();
        }
        started.elapsed() / ROUNDS
    };
    let best = (0..5).map(|_| round(&mut work)).min().unwrap_or_default();
    println!("{what:<44} {:>8} ns", best.as_nanos());
}

fn conversation() -> Vec<(&'static str, Side, Vec<Effect>)> {
    vec![
        ("heartbeat (constant)", Side::Station, vec![Heartbeat {}.into()]),
        ("meter values (constant)", Side::Station, vec![ReportMeter { evse: Some(1), values: 3 }.into()]),
        ("acknowledgement (constant)", Side::Csms, vec![Acknowledge {}.into()]),
        ("heartbeat's answer: set-clock (asked before)", Side::Csms, vec![SetClock { skew_s: 1 }.into()]),
        ("set-power", Side::Csms, vec![profile()]),
        ("change-setting", Side::Csms, vec![setting()]),
        ("five settings", Side::Csms, vec![setting(), setting(), setting(), setting(), setting()]),
        ("install-firmware", Side::Csms, vec![firmware()]),
        ("repoint, refused (constant)", Side::Csms, vec![repoint()]),
    ]
}

fn about() -> About {
    About {
        station: "CP-1".to_owned(),
        parties: vec!["cso".parse().unwrap(), "cnp".parse().unwrap()],
        site: Some("harbour".to_owned()),
        groups: vec!["public".to_owned()],
        area: None,
        facts: StationFacts {
            version: Version::V201,
            model: Some("DC-150".to_owned()),
            ..StationFacts::default()
        },
        csms: "cnp-main".to_owned(),
        csms_party: "cnp".parse().unwrap(),
        csms_facts: Default::default(),
        envelope: Default::default(),
    }
}

fn circumstances(from: Side) -> Circumstances {
    Circumstances {
        from,
        message: MessageFacts { version: Version::V201, action: "Heartbeat", bytes: 300, answer: false },
        doubts: Default::default(),
        session: SessionFacts { authenticated: Authentication::Password, age_s: 60, tls: true },
        now: Timestamp::from_millis(1_790_000_000_000),
    }
}

fn profile() -> Effect {
    SetPower {
        evse: Some(1),
        purpose: "tx",
        stack_level: 0,
        lowest_w: Some(4_140),
        highest_w: Some(11_000),
        lowest_ma: Some(6_000),
        zero_s: None,
        step_w: None,
        step_at: None,
        absurd: false,
        consistent: true,
        effective_at: None,
        ends_at: None,
        profile_kind: "relative",
        recurs_s: None,
        recurs_at: None,
        periods: 2,
        shortest_s: Some(900),
        reversals: 0,
        swings: 0,
        ordered: true,
        transaction: None,
        profile: Some(1),
        local_time: false,
        random_delay_s: None,
    }
    .into()
}

fn setting() -> Effect {
    ChangeSetting {
        key: "TxCtrlr.EVConnectionTimeOut".to_owned(),
        class: "charging",
        standard: true,
        value: "60".to_owned(),
        number: Some(60),
        url: None,
        attribute: "Actual",
    }
    .into()
}

fn address(scheme: &str, host: &str) -> Url {
    Url { readable: true, scheme: scheme.to_owned(), host: host.to_owned(), port: 443, ..Url::default() }
}

fn firmware() -> Effect {
    InstallFirmware {
        url: address("https", "firmware.example.com"),
        signed: true,
        signer: "ab".repeat(32),
        retrieve_at: None,
        install_at: None,
    }
    .into()
}

fn repoint() -> Effect {
    Repoint {
        url: Some(address("wss", "evil.example")),
        slot: Some(1),
        security_profile: Some(2),
        means: "network-profile",
        key: String::new(),
    }
    .into()
}
