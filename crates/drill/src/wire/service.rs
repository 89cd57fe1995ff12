//! Software, trust and connections: what belongs to the owner of a station.

use chargewarden_ocpp::Version;
use serde_json::{Value, json};

use super::{Message, is_v16, is_v21, merge, message, object};

/// Installs software; unsigned, which 2.x can do too.
pub fn firmware(version: Version, location: &str, retrieve: &str, install: Option<&str>) -> Message {
    if is_v16(version) {
        return message("UpdateFirmware", json!({ "location": location, "retrieveDate": retrieve }));
    }
    let mut firmware = json!({ "location": location, "retrieveDateTime": retrieve });
    merge(&mut firmware, object([("installDateTime", install.map(|at| json!(at)))]));
    message("UpdateFirmware", json!({ "requestId": 51, "firmware": firmware }))
}

/// Installs signed software (`SignedUpdateFirmware` in 1.6).
pub fn signed_firmware(
    version: Version,
    location: &str,
    retrieve: &str,
    install: Option<&str>,
    certificate: &str,
) -> Message {
    let mut firmware = json!({
        "location": location, "retrieveDateTime": retrieve,
        "signingCertificate": certificate, "signature": "MEUCIQDvYB7yH2s0n5FqZb0TzkYw0m8dOZ3uJ0xXo2QIg",
    });
    merge(&mut firmware, object([("installDateTime", install.map(|at| json!(at)))]));
    let action = if is_v16(version) { "SignedUpdateFirmware" } else { "UpdateFirmware" };
    message(action, json!({ "requestId": 51, "firmware": firmware }))
}

/// Makes the station trust an authority for its management system.
pub fn install_root(version: Version, pem: &str) -> Message {
    let kind = if is_v16(version) { "CentralSystemRootCertificate" } else { "CSMSRootCertificate" };
    message("InstallCertificate", json!({ "certificateType": kind, "certificate": pem }))
}

/// Removes a certificate.
pub fn delete_certificate(serial: &str) -> Message {
    message(
        "DeleteCertificate",
        json!({ "certificateHashData": {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "3f6c4f0a9d5b1e7c2a8d4f6b0c9e1d3a5f7b9c1d3e5f7a9b1c3d5e7f9a1b3c5d",
            "issuerKeyHash": "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90",
            "serialNumber": serial,
        } }),
    )
}

/// Writes where the station connects to (2.x).
pub fn network_profile(version: Version, slot: i64, url: &str, security_profile: i64) -> Message {
    let ocpp = if is_v21(version) { "OCPP21" } else { "OCPP20" };
    message(
        "SetNetworkProfile",
        json!({ "configurationSlot": slot, "connectionData": {
            "ocppVersion": ocpp, "ocppTransport": "JSON", "ocppCsmsUrl": url, "messageTimeout": 30,
            "securityProfile": security_profile, "ocppInterface": "Wired0",
        } }),
    )
}

/// Has the station upload a log; of 1.6 by the security extension.
pub fn log(kind: &str, location: &str, oldest: Option<&str>) -> Message {
    let mut log = json!({ "remoteLocation": location });
    merge(&mut log, object([("oldestTimestamp", oldest.map(|at| json!(at)))]));
    message("GetLog", json!({ "logType": kind, "requestId": 52, "log": log }))
}

/// 1.6: has the station upload its diagnostics.
pub fn diagnostics(location: &str) -> Message {
    message("GetDiagnostics", json!({ "location": location }))
}

/// Lists certificates.
pub fn installed_certificates(version: Version) -> Message {
    let payload: Value = if is_v16(version) {
        json!({ "certificateType": "CentralSystemRootCertificate" })
    } else {
        json!({})
    };
    message("GetInstalledCertificateIds", payload)
}
