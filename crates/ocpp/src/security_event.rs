//! The security events of the standards: the types that a `SecurityEventNotification` names.
//!
//! The member is open: a vendor may state others, which are kept and marked.

use crate::Version;

/// One standard type of security event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// Its name, as stated on the wire.
    pub name: &'static str,
    /// Whether a station reports it at once (A04.FR.02). The strictest of the versions: 2.1 calls some critical that 1.6
    /// does not.
    pub critical: bool,
    /// The versions that name it.
    pub versions: &'static [Version],
}

const ALL: &[Version] = &[Version::V16, Version::V201, Version::V21];
const V16: &[Version] = &[Version::V16];
const V2X: &[Version] = &[Version::V201, Version::V21];
const V21: &[Version] = &[Version::V21];

const fn event(name: &'static str, critical: bool, versions: &'static [Version]) -> SecurityEvent {
    SecurityEvent { name, critical, versions }
}

impl SecurityEvent {
    /// Every standard type, in alphabetical order: 18 of 1.6 (security extension), 20 of 2.0.1, 21 of 2.1.
    pub const ALL: &'static [Self] = &[
        event("AttemptedReplayAttacks", false, ALL),
        event("CentralSystemFailedToAuthenticate", false, V16),
        event("CsmsFailedToAuthenticate", false, V2X),
        event("DiscardedRenewedClientCertificate", true, V21),
        event("FailedToAuthenticateAtCentralSystem", false, V16),
        event("FailedToAuthenticateAtCsms", false, V2X),
        event("FirmwareUpdated", true, ALL),
        event("InvalidCentralSystemCertificate", true, V16),
        event("InvalidChargePointCertificate", true, V16),
        event("InvalidChargingStationCertificate", true, V2X),
        event("InvalidCsmsCertificate", true, V2X),
        event("InvalidFirmwareSignature", true, ALL),
        event("InvalidFirmwareSigningCertificate", true, ALL),
        event("InvalidMessages", false, ALL),
        event("InvalidTLSCipherSuite", true, ALL),
        event("InvalidTLSVersion", true, ALL),
        event("MaintenanceLoginAccepted", true, V2X),
        event("MaintenanceLoginFailed", true, V2X),
        event("MemoryExhaustion", true, ALL),
        event("ReconfigurationOfSecurityParameters", false, ALL),
        event("ResetOrReboot", true, ALL),
        event("SecurityLogWasCleared", true, ALL),
        event("SettingSystemTime", true, ALL),
        event("StartupOfTheDevice", true, ALL),
        event("TamperDetectionActivated", true, ALL),
    ];

    /// The type of that name, whichever version's and however its letters are cased: stations are told apart by what they
    /// say, not by how well they spell it.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|event| event.name.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_the_standards_name() {
        let count = |version| SecurityEvent::ALL.iter().filter(|e| e.versions.contains(&version)).count();
        // R-E01: 18 of the 1.6 security extension, 21 of 2.1.
        assert_eq!((count(Version::V16), count(Version::V201), count(Version::V21)), (18, 20, 21));
        assert!(SecurityEvent::ALL.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn spelling_does_not_hide_an_event() {
        assert_eq!(SecurityEvent::find("tamperdetectionACTIVATED").unwrap().name, "TamperDetectionActivated");
        assert_eq!(SecurityEvent::find("VendorThing"), None);
    }
}
