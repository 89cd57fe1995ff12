//! How long certificates, anchors and revocation lists still last.

use chargewarden_ocpp::Timestamp;
use chargewarden_proxy::upstream::{CertificateFacts, CrlFacts};

use super::finding::{Code, Finding};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A certificate with less left than this, or less than a third of its life where that is shorter, is due: short-lived ones
/// (OCA recommends under 24 h for a CSMS) are renewed at two thirds of their life.
const CERTIFICATE_LEFT_MS: i64 = 14 * DAY_MS;

/// An anchor with less left than this is due: its successor has to reach every side before it ends.
const ANCHOR_LEFT_MS: i64 = 90 * DAY_MS;

/// A revocation list with less left than this, or less than a third of its life where that is shorter, is due.
const CRL_LEFT_MS: i64 = 2 * DAY_MS;

/// What a certificate is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Ours: a listener's, or a client certificate.
    Own,
    /// That of a CSMS, as it presents it.
    Theirs,
    /// An anchor.
    Anchor,
}

/// Judges a certificate found at `place`.
pub(crate) fn certificate(
    place: &str,
    role: Role,
    facts: &CertificateFacts,
    now: Timestamp,
) -> Option<Finding> {
    let left = facts.not_after.as_millis().saturating_sub(now.as_millis());
    let life = facts.not_after.as_millis().saturating_sub(facts.not_before.as_millis());
    let subject = &facts.subject;
    let remedy = match role {
        Role::Own => "replace the file and reload",
        Role::Theirs => "tell whoever runs the CSMS",
        Role::Anchor => "add the next anchor beside it, on both sides, before this one ends",
    };
    let (code, what) = if left < 0 {
        let code = if role == Role::Anchor { Code::AnchorExpired } else { Code::CertificateExpired };
        (code, format!("`{subject}` has expired on {}", facts.not_after))
    } else if facts.not_before > now {
        (Code::CertificateNotYetValid, format!("`{subject}` is valid from {} only", facts.not_before))
    } else if role == Role::Anchor && left < ANCHOR_LEFT_MS {
        (Code::AnchorExpiresSoon, expires(subject, left, facts.not_after))
    } else if role != Role::Anchor && left < CERTIFICATE_LEFT_MS.min(life / 3) {
        (Code::CertificateExpiresSoon, expires(subject, left, facts.not_after))
    } else {
        return None;
    };
    Some(Finding::new(code, place, what, remedy))
}

/// Judges a revocation list found at `place`.
pub(crate) fn revocation_list(place: &str, facts: &CrlFacts, now: Timestamp) -> Option<Finding> {
    let issuer = &facts.issuer;
    let Some(next) = facts.next_update else {
        return Some(Finding::new(
            Code::CrlWithoutEnd,
            place,
            format!(
                "the list of `{issuer}` does not say when the next one comes, so an old one is not noticed"
            ),
            "ask the authority for lists with nextUpdate",
        ));
    };
    let left = next.as_millis().saturating_sub(now.as_millis());
    let life = next.as_millis().saturating_sub(facts.this_update.as_millis());
    if left < 0 {
        Some(Finding::new(
            Code::CrlExpired,
            place,
            format!(
                "the list of `{issuer}` has expired on {next}; no certificate that it covers is accepted"
            ),
            "fetch the current list from the authority, replace the file and reload; then find out why nobody did",
        ))
    } else if left < CRL_LEFT_MS.min(life / 3) {
        Some(Finding::new(
            Code::CrlExpiresSoon,
            place,
            format!("the list of `{issuer}` ends in {} on {next}", span(left)),
            "fetch the current list from the authority, replace the file and reload",
        ))
    } else {
        None
    }
}

fn expires(subject: &str, left: i64, on: Timestamp) -> String {
    format!("`{subject}` expires in {} on {on}", span(left))
}

fn span(millis: i64) -> String {
    const HOUR_MS: i64 = 60 * 60 * 1000;
    if millis >= 2 * DAY_MS {
        format!("{} days", millis / DAY_MS)
    } else {
        format!("{} hours", millis / HOUR_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_millis(days * DAY_MS)
    }

    fn judged(role: Role, from: i64, until: i64, now: i64) -> Option<&'static str> {
        let facts = CertificateFacts {
            subject: "CN=x".to_owned(),
            issuer: "CN=y".to_owned(),
            sha256: String::new(),
            not_before: at(from),
            not_after: at(until),
            is_rsa: false,
        };
        certificate("here", role, &facts, at(now)).map(|finding| finding.code.code())
    }

    #[test]
    fn certificates_age() {
        for (role, from, until, now, expected) in [
            (Role::Own, 0, 90, 10, None),
            (Role::Own, 0, 90, 75, None),
            (Role::Own, 0, 90, 77, Some("certificate-expires-soon")),
            (Role::Own, 0, 90, 91, Some("certificate-expired")),
            (Role::Own, 5, 90, 1, Some("certificate-not-yet-valid")),
            (Role::Theirs, 0, 3, 1, None),
            (Role::Theirs, 0, 6, 5, Some("certificate-expires-soon")),
            (Role::Anchor, 0, 3650, 3000, None),
            (Role::Anchor, 0, 3650, 3600, Some("anchor-expires-soon")),
            (Role::Anchor, 0, 3650, 3651, Some("anchor-expired")),
        ] {
            assert_eq!(judged(role, from, until, now), expected, "{role:?} {from} {until} {now}");
        }
    }

    #[test]
    fn lists_age() {
        let judged = |until: Option<i64>, now| {
            let facts =
                CrlFacts { issuer: "CN=y".to_owned(), this_update: at(0), next_update: until.map(at) };
            revocation_list("here", &facts, at(now)).map(|finding| finding.code.code())
        };
        assert_eq!(judged(Some(30), 20), None);
        assert_eq!(judged(Some(30), 29), Some("crl-expires-soon"));
        assert_eq!(judged(Some(1), 0), None);
        assert_eq!(judged(Some(30), 31), Some("crl-expired"));
        assert_eq!(judged(None, 31), Some("crl-without-end"));
    }
}
