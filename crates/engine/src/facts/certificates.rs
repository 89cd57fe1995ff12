//! What a station has asked for in the way of certificates.

use chargewarden_ocpp::Timestamp;
use chargewarden_policy::StationFacts;
use chargewarden_policy::effect::{Effect, RequestCertificate};
use serde::{Deserialize, Serialize};

/// Requests that wait for their certificates: OCPP knows three uses, and the oldest request is forgotten.
const OPEN_MAX: usize = 3;
/// How long a request waits: an authority with people in it takes days, and a station with an old request asks anew.
const OPEN_MS: i64 = 7 * DAY_MS;
/// Requests counted. Policies ask for fewer.
const COUNTED_MAX: usize = 8;
/// How long after a trigger a request answers it.
const TRIGGER_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// Uses of the certificate that a station shows to vehicles (ISO 15118).
const V2G: [&str; 2] = ["V2GCertificate", "V2G20Certificate"];

/// Requests of one station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// Requests that were passed on and whose certificate has not been accepted, oldest first; one per use.
    #[serde(default)]
    pub open: Vec<OpenRequest>,
    /// When the last requests were passed on, in ms since the Unix epoch, oldest first.
    #[serde(default)]
    pub asked_ms: Vec<i64>,
    /// When a management system last told the station to ask, in ms since the Unix epoch.
    #[serde(default)]
    pub triggered_ms: Option<i64>,
}

/// A request that waits for its certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// What the certificate is for, as OCPP spells it.
    pub certificate_use: String,
    /// SHA-256 of the key in the request (`SubjectPublicKeyInfo`), lower-case hexadecimal.
    pub key_hash: String,
    /// When it was passed on, in ms since the Unix epoch.
    pub at_ms: i64,
}

impl Certificates {
    /// Notes what a delivered message would do; true when something is new.
    pub(crate) fn learn(&mut self, effects: &[Effect], now: Timestamp) -> bool {
        let now_ms = now.as_millis();
        let mut learned = false;
        for effect in effects {
            if let Effect::RequestCertificate(request) = effect
                && request.signing
            {
                self.ask(request, now_ms);
                learned = true;
            }
            if let Effect::TriggerReport(trigger) = effect
                && trigger.report.starts_with("Sign")
            {
                self.triggered_ms = Some(now_ms);
                learned = true;
            }
        }
        learned
    }

    fn ask(&mut self, request: &RequestCertificate, now_ms: i64) {
        self.asked_ms.retain(|at_ms| is_within(*at_ms, now_ms, DAY_MS));
        if self.asked_ms.len() >= COUNTED_MAX {
            self.asked_ms.remove(0);
        }
        self.asked_ms.push(now_ms);
        let certificate_use = request.certificate_use.clone();
        self.close(&certificate_use);
        if self.open.len() >= OPEN_MAX {
            self.open.remove(0);
        }
        let key_hash = request.key_hash.clone();
        self.open.push(OpenRequest { certificate_use, key_hash, at_ms: now_ms });
    }

    /// The station has its certificate, or was told that it gets none; true when one was open.
    pub(crate) fn close(&mut self, certificate_use: &str) -> bool {
        let before = self.open.len();
        self.open.retain(|request| !is_same_use(&request.certificate_use, certificate_use));
        before != self.open.len()
    }

    /// Tells policies how it stands.
    pub(crate) fn describe(&self, facts: &mut StationFacts, now: Timestamp) {
        let now_ms = now.as_millis();
        let key = |v2g: bool| {
            let open = self.open.iter().find(|request| is_v2g(&request.certificate_use) == v2g)?;
            is_within(open.at_ms, now_ms, OPEN_MS).then(|| open.key_hash.clone())
        };
        facts.requested_key = key(false);
        facts.requested_v2g_key = key(true);
        let today = self.asked_ms.iter().filter(|at_ms| is_within(**at_ms, now_ms, DAY_MS));
        facts.requests_today = i64::try_from(today.count()).unwrap_or(i64::MAX);
        facts.request_triggered = self.triggered_ms.is_some_and(|at_ms| is_within(at_ms, now_ms, TRIGGER_MS));
    }
}

/// 1.6 and 2.0.1 have one certificate for vehicles, 2.1 two, of which a station has one open at a time.
fn is_same_use(one: &str, other: &str) -> bool {
    is_v2g(one) == is_v2g(other)
}

fn is_v2g(certificate_use: &str) -> bool {
    V2G.iter().any(|name| name.eq_ignore_ascii_case(certificate_use))
}

/// Also when the clock was set back a little: then it was just now.
fn is_within(at_ms: i64, now_ms: i64, window_ms: i64) -> bool {
    now_ms.saturating_sub(at_ms) < window_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(certificate_use: &str, key: &str) -> Effect {
        let base = RequestCertificate {
            certificate_use: certificate_use.into(),
            signing: true,
            readable: true,
            proven: true,
            common_name: String::new(),
            organisation: String::new(),
            names_host: false,
            key: "ec",
            key_bits: 256,
            key_hash: key.into(),
            hash: "sha256",
        };
        base.into()
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn facts(certificates: &Certificates, ms: i64) -> StationFacts {
        let mut facts = StationFacts::default();
        certificates.describe(&mut facts, at(ms));
        facts
    }

    #[test]
    fn a_request_is_open_until_replaced_answered_or_old() {
        let mut known = Certificates::default();
        assert!(known.learn(&[request("ChargingStationCertificate", "a")], at(0)));
        assert!(known.learn(&[request("V2GCertificate", "v")], at(1)));
        let now = facts(&known, 2);
        assert_eq!((now.requested_key.as_deref(), now.requested_v2g_key.as_deref()), (Some("a"), Some("v")));
        known.learn(&[request("ChargingStationCertificate", "b")], at(2));
        assert_eq!(facts(&known, 3).requested_key.as_deref(), Some("b"));
        assert_eq!(facts(&known, 2 + OPEN_MS).requested_key, None);
        assert!(known.close("ChargingStationCertificate") && !known.close("ChargingStationCertificate"));
        assert_eq!(facts(&known, 3).requested_key, None);
        assert_eq!(facts(&known, 3).requested_v2g_key.as_deref(), Some("v"));
    }

    #[test]
    fn requests_are_counted_over_a_day_and_bounded() {
        let mut known = Certificates::default();
        for minute in 0..20 {
            known.learn(&[request("ChargingStationCertificate", "a")], at(minute));
        }
        assert_eq!(known.asked_ms.len(), COUNTED_MAX);
        assert_eq!(usize::try_from(facts(&known, 20).requests_today), Ok(COUNTED_MAX));
        assert_eq!(facts(&known, 19 + DAY_MS).requests_today, 0);
    }
}
