//! The scene of the tests: a station, a management system, and how a ruling reads.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;

use chargewarden_ocpp::{Side, Timestamp, Version};
use chargewarden_policy::{
    About, Authentication, Bundle, BundleSource, Circumstances, MessageFacts, Ruling, SessionFacts,
    StationFacts, Verdict,
};

/// A bundle of one file.
pub(crate) fn bundle(party: &str, cedar: &str) -> Arc<Bundle> {
    let manifest = format!("party = \"{party}\"\nname = \"test\"\nversion = \"1\"\n");
    let files = [("bundle.toml".to_owned(), manifest), ("rules.cedar".to_owned(), cedar.to_owned())].into();
    let source = BundleSource { party: party.parse().unwrap(), files };
    Arc::new(Bundle::compile(&source).unwrap_or_else(|problems| panic!("{problems}")))
}

/// A 2.0.1 station of the CSO and the management system of the CNP.
pub(crate) fn about() -> About {
    About {
        station: "CP-1".to_owned(),
        parties: vec!["cso".parse().unwrap(), "cnp".parse().unwrap()],
        site: Some("harbour".to_owned()),
        groups: vec!["public".to_owned()],
        area: None,
        facts: StationFacts {
            version: Version::V201,
            model: Some("DC-150".to_owned()),
            booted: true,
            security_profile: 2,
            certificate_name: Some("CP-1".to_owned()),
            organisation: Some("Example CSO".to_owned()),
            ..StationFacts::default()
        },
        csms: "cnp-main".to_owned(),
        csms_party: "cnp".parse().unwrap(),
        csms_facts: Default::default(),
        envelope: Default::default(),
    }
}

pub(crate) fn command() -> Circumstances {
    circumstances(Side::Csms)
}

pub(crate) fn report() -> Circumstances {
    circumstances(Side::Station)
}

fn circumstances(from: Side) -> Circumstances {
    Circumstances {
        from,
        message: MessageFacts { version: Version::V201, action: "Test", bytes: 100, answer: false },
        doubts: Default::default(),
        session: SessionFacts { authenticated: Authentication::Password, age_s: 60, tls: true },
        now: Timestamp::from_millis(1_790_000_000_000),
    }
}

/// A ruling as one reads it: the verdict, then a line for each cause.
pub(crate) fn said(ruling: &Ruling) -> String {
    let mut out = match &ruling.verdict {
        Verdict::Forward => "forward".to_owned(),
        Verdict::Refuse(code) => format!("refuse {code}"),
        Verdict::Hold(requirement) => format!("hold {requirement}"),
    };
    let mut marks = Vec::new();
    marks.extend(ruling.alert().map(|level| format!("alert {level}")));
    marks.extend(ruling.quarantine().then(|| "quarantine".to_owned()));
    if !marks.is_empty() {
        out += &format!(" ({})", marks.join(", "));
    }
    for cause in ruling.causes() {
        let party = cause.party.as_ref().map(|party| party.to_string()).unwrap_or_default();
        let policy = cause.policy.as_ref().map(|policy| format!("/{policy}")).unwrap_or_default();
        let effect = cause.effect.map(|effect| format!(" {effect} ")).unwrap_or_default();
        let finding = serde_json::to_value(cause.finding).unwrap();
        out += &format!("\n  {party}{policy}{effect}{}", finding.as_str().unwrap());
        if let Some(hold) = &cause.hold {
            out += &format!(" [{hold}]");
        }
        if !cause.reason.is_empty() {
            out += &format!(": {}", cause.reason);
        }
    }
    out
}
