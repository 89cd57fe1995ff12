//! What `doctor` finds: a table of codes, each with its severity, and what to do about it.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Good to know; nothing has to be done today.
    Notice,
    /// Something has to be done soon, or could not be looked at.
    Warning,
    /// Somebody can get in, or stations stay out, now.
    Critical,
}

impl Severity {
    /// As it stands in text.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Severity::Notice => "notice",
            Severity::Warning => "WARNING",
            Severity::Critical => "CRITICAL",
        }
    }
}

/// The groups in which findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Section {
    /// Can a CSMS be reached around us?
    Bypass,
    /// Certificates, anchors, revocation lists.
    Certificates,
    /// Our clock against others.
    Clock,
    /// Who can reach us, and what is readable on the way.
    Exposure,
    /// Permissions of files.
    Files,
    /// What the configuration and the inventory allow.
    Settings,
}

impl Section {
    pub(crate) const ALL: [Section; 6] = [
        Section::Bypass,
        Section::Certificates,
        Section::Clock,
        Section::Exposure,
        Section::Files,
        Section::Settings,
    ];

    /// Its heading.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Section::Bypass => "Can a management system be reached around the service?",
            Section::Certificates => "Certificates, anchors, revocation lists",
            Section::Clock => "Clocks",
            Section::Exposure => "Who can reach and read what",
            Section::Files => "Files",
            Section::Settings => "Settings and stations",
        }
    }
}

macro_rules! codes {
    ($($(#[$about:meta])* $name:ident = $code:literal, $section:ident, $severity:ident;)*) => {
        /// What can be found. The codes are stable; `docs/doctor.md` has the same table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $($(#[$about])* $name,)* }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The public code.
            pub(crate) fn code(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// The group it is shown in.
            pub(crate) fn section(self) -> Section {
                match self { $(Code::$name => Section::$section,)* }
            }

            /// How bad it is.
            pub(crate) fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// A WebSocket without any credentials was accepted.
    BypassOpen = "bypass-open", Bypass, Critical;
    /// A WebSocket with a wrong password was accepted.
    BypassWrongPassword = "bypass-wrong-password", Bypass, Critical;
    /// A WebSocket with the previous password was accepted.
    BypassOldPassword = "bypass-old-password", Bypass, Critical;
    /// A WebSocket without TLS was accepted where TLS is configured.
    BypassPlain = "bypass-plain", Bypass, Critical;
    /// A WebSocket without our client certificate was accepted where one is configured.
    BypassWithoutCertificate = "bypass-without-certificate", Bypass, Critical;
    /// A WebSocket was accepted and then closed at once.
    BypassClosedAfter = "bypass-closed-after", Bypass, Warning;
    /// The CSMS answers without TLS, though not with a WebSocket.
    CsmsAnswersPlain = "csms-answers-plain", Bypass, Warning;
    /// We present nothing to the CSMS, so it cannot tell us from others.
    CsmsWithoutCredentials = "csms-without-credentials", Bypass, Warning;
    /// The CSMS answered with something that says neither yes nor no.
    BypassInconclusive = "bypass-inconclusive", Bypass, Warning;
    /// The CSMS could not be reached.
    CsmsUnreachable = "csms-unreachable", Bypass, Warning;
    /// From where the probes were made.
    Vantage = "vantage", Bypass, Notice;
    /// Only an id that nobody has was tried.
    StationNotTried = "station-not-tried", Bypass, Notice;

    /// The service refuses the certificate that the CSMS presents.
    CsmsCertificateRefused = "csms-certificate-refused", Certificates, Critical;
    /// A certificate of ours has expired.
    CertificateExpired = "certificate-expired", Certificates, Critical;
    /// A certificate of ours is not valid yet.
    CertificateNotYetValid = "certificate-not-yet-valid", Certificates, Critical;
    /// A certificate expires soon.
    CertificateExpiresSoon = "certificate-expires-soon", Certificates, Warning;
    /// An anchor has expired.
    AnchorExpired = "anchor-expired", Certificates, Warning;
    /// An anchor expires soon.
    AnchorExpiresSoon = "anchor-expires-soon", Certificates, Warning;
    /// A revocation list has expired: nothing it covers is accepted any more.
    CrlExpired = "crl-expired", Certificates, Critical;
    /// A revocation list expires soon.
    CrlExpiresSoon = "crl-expires-soon", Certificates, Warning;
    /// A revocation list does not say when the next one comes.
    CrlWithoutEnd = "crl-without-end", Certificates, Notice;
    /// Station certificates are not checked for revocation.
    CrlMissing = "crl-missing", Certificates, Warning;
    /// The CSMS's certificate is not checked for revocation.
    CsmsCrlMissing = "csms-crl-missing", Certificates, Notice;
    /// A TLS listener has no RSA certificate.
    RsaMissing = "rsa-certificate-missing", Certificates, Notice;

    /// The CSMS's clock and ours differ much.
    ClockSkew = "clock-skew", Clock, Warning;
    /// The CSMS's clock and ours differ a little.
    ClockSkewSmall = "clock-skew-small", Clock, Notice;
    /// The CSMS does not say what time it has.
    ClockUnknown = "clock-unknown", Clock, Notice;

    /// Stations can connect without TLS from other machines.
    PlainListener = "plain-listener", Exposure, Critical;
    /// The connection to a CSMS on another machine has no TLS.
    PlainCsms = "plain-csms", Exposure, Critical;
    /// The admin server can be reached from other machines.
    AdminReachable = "admin-reachable", Exposure, Warning;

    /// A file with a secret can be read by others on this machine.
    SecretReadable = "secret-readable", Files, Critical;
    /// A file that decides who is trusted can be changed by others on this machine.
    FileWritable = "file-writable", Files, Critical;
    /// The inventory with its hashes can be read by others on this machine.
    InventoryReadable = "inventory-readable", Files, Warning;
    /// A file could not be looked at.
    FileUnseen = "file-unseen", Files, Warning;

    /// A `danger_` setting is on.
    DangerSetting = "danger-setting", Settings, Warning;
    /// Stations may connect without proving who they are.
    StationUnauthenticated = "station-unauthenticated", Settings, Warning;
    /// Stations of profile 1 may come from anywhere.
    StationPlainAnywhere = "station-plain-anywhere", Settings, Warning;
    /// Stations of profile 1 send their passwords readable.
    StationPlain = "station-plain", Settings, Notice;
    /// Stations still have their factory's credentials.
    FactoryCredential = "factory-credential", Settings, Warning;
    /// Hashes are quicker to guess than what `station hash` makes.
    WeakHash = "weak-hash", Settings, Warning;
    /// Stations have the same hash, therefore the same password.
    SharedHash = "shared-hash", Settings, Warning;
    /// Stations may deviate from the rules.
    ToleranceGranted = "tolerance-granted", Settings, Notice;
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// What kind it is.
    pub(crate) code: Code,
    /// What was found, in one sentence.
    pub(crate) what: String,
    /// Where: a key path, a file, a CSMS.
    pub(crate) place: String,
    /// What to do.
    pub(crate) remedy: String,
}

impl Finding {
    pub(crate) fn new(
        code: Code,
        place: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding { code, what: what.into(), place: place.into(), remedy: remedy.into() }
    }
}

/// A list of names that fits a line.
pub(crate) fn some_of(names: &[String]) -> String {
    /// More names than this are counted.
    const NAMED_MAX: usize = 5;
    let shown: Vec<_> = names.iter().take(NAMED_MAX).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/doctor.md");
        let text = std::fs::read_to_string(path).unwrap();
        let documented: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
        let word = |severity| match severity {
            Severity::Notice => "notice",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        };
        let codes: Vec<String> = Code::ALL
            .iter()
            .map(|code| format!("| `{}` | {} |", code.code(), word(code.severity())))
            .collect();
        assert_eq!(documented.len(), codes.len(), "one row for each code");
        for (row, code) in documented.iter().zip(&codes) {
            assert!(row.starts_with(code.as_str()), "`{row}` does not begin with `{code}`");
        }
    }
}
