//! Why a station is not admitted, and the little of it that the outside learns.

use std::time::Duration;

use chargewarden_evidence::OwnEvent;
use http::{HeaderValue, StatusCode, header};

use crate::tls::CertificateFault;

/// Every reason to refuse a connection. The code is what evidence, logs and metrics carry; the peer only sees
/// [`Reason::status`] and a constant body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Not a well-formed upgrade request: method, version, host, body, doubled headers, key.
    MalformedRequest,
    /// No `Connection: Upgrade` with `Upgrade: websocket`.
    NotWebSocket,
    /// A WebSocket version other than 13.
    WebSocketVersion,
    /// A path that is not `/ocpp/{stationId}`.
    UnknownPath,
    /// A query after the path.
    QueryInPath,
    /// A station id that breaks the rules for ids.
    HostileStationId,
    /// None of the offered subprotocols is an OCPP version we speak.
    NoSubprotocol,
    /// No `Authorization` header.
    MissingCredentials,
    /// An `Authorization` header that is not Basic credentials with a secret of legal length.
    MalformedCredentials,
    /// Credentials of another user than the id in the path.
    WrongUser,
    /// An id that the inventory does not know.
    UnknownStation,
    /// A known id with a wrong secret.
    WrongSecret,
    /// Too many refused attempts from this address.
    TooManyAttempts,
    /// The station offers only versions that the inventory does not allow it.
    VersionNotAllowed,
    /// Another security profile than the one the station is provisioned for (requirement R-A01).
    ProfileMismatch,
    /// A lower security profile than the station has used before (requirement R-A03).
    ProfileLowered,
    /// A lower TLS version than the station has used before.
    TlsLowered,
    /// Only OCPP versions lower than the station has spoken before.
    VersionLowered,
    /// Profile 0, and the exception that allowed it has ended.
    ExceptionExpired,
    /// An address outside the networks that the station may come from.
    AddressNotAllowed,
    /// An address from which living sessions were challenged repeatedly.
    AddressQuarantined,
    /// Too many refused attempts on this id.
    StationThrottled,
    /// The station was admitted too often in a short time.
    TooManyAdmissions,
    /// A secret that breaks the length rules of every version the station may speak.
    SecretForm,
    /// No client certificate, where the station needs one.
    CertificateMissing,
    /// A client certificate that cannot be read.
    CertificateMalformed,
    /// A client certificate that does not lead to an anchor.
    CertificateUntrusted,
    /// More certificates than a chain may have.
    CertificateChainTooLong,
    /// A client certificate, or one above it, that is no longer valid.
    CertificateExpired,
    /// A client certificate, or one above it, that is not valid yet.
    CertificateNotYetValid,
    /// A client certificate, or one above it, that was revoked.
    CertificateRevoked,
    /// No current revocation list says whether the client certificate was revoked.
    CertificateRevocationUnknown,
    /// A certificate that is not for client authentication.
    CertificateUsage,
    /// A client key too short to prove anything (requirement R-A10).
    CertificateWeakKey,
    /// A certificate signed with an algorithm that proves nothing.
    CertificateWeakSignature,
    /// The certificate of an authority, not of a station.
    CertificateIsAuthority,
    /// A client certificate of another name than the station's.
    CertificateName,
    /// A client certificate with no common name, or several.
    CertificateNameAmbiguous,
    /// A client certificate whose alternative names do not name the station.
    CertificateAlternativeName,
    /// A client certificate whose common name is a host, an address or a URL.
    CertificateNamesHost,
    /// A client certificate of another organisation than the operator of the stations.
    CertificateOrganisation,
    /// The TLS handshake failed.
    TlsFailed,
    /// No PROXY header of version 2 from an address that must send one, or a malformed one.
    ProxyHeader,
    /// The certificate of the CSMS is not what it must be.
    CsmsCertificate,
    /// The CSMS sent us elsewhere; that is never followed.
    CsmsRedirect,
    /// A session of this id is alive.
    AlreadyConnected,
    /// Another connection of this id is being admitted.
    AdmissionUnderWay,
    /// A named bound is reached: handshakes, sessions, secrets being checked.
    Busy,
    /// The service is being stopped.
    Draining,
    /// The evidence store does not take the record of the admission.
    EvidenceUnavailable,
    /// The CSMS cannot be reached in time.
    CsmsUnreachable,
    /// The CSMS answered, but not with an upgrade.
    CsmsRefused,
    /// The CSMS chose no subprotocol, or one that was not offered.
    CsmsSubprotocol,
    /// The handshake took too long, or its head is longer than allowed.
    HandshakeTimeout,
    /// The station sent bytes before it was answered.
    EarlyBytes,
    /// The station went away before it was answered.
    Abandoned,
}

impl Reason {
    /// Every reason, for documentation and for registering metrics.
    pub const ALL: [Reason; 56] = [
        Reason::MalformedRequest,
        Reason::NotWebSocket,
        Reason::WebSocketVersion,
        Reason::UnknownPath,
        Reason::QueryInPath,
        Reason::HostileStationId,
        Reason::NoSubprotocol,
        Reason::MissingCredentials,
        Reason::MalformedCredentials,
        Reason::WrongUser,
        Reason::UnknownStation,
        Reason::WrongSecret,
        Reason::TooManyAttempts,
        Reason::VersionNotAllowed,
        Reason::ProfileMismatch,
        Reason::ProfileLowered,
        Reason::TlsLowered,
        Reason::VersionLowered,
        Reason::ExceptionExpired,
        Reason::AddressNotAllowed,
        Reason::AddressQuarantined,
        Reason::StationThrottled,
        Reason::TooManyAdmissions,
        Reason::SecretForm,
        Reason::CertificateMissing,
        Reason::CertificateMalformed,
        Reason::CertificateUntrusted,
        Reason::CertificateChainTooLong,
        Reason::CertificateExpired,
        Reason::CertificateNotYetValid,
        Reason::CertificateRevoked,
        Reason::CertificateRevocationUnknown,
        Reason::CertificateUsage,
        Reason::CertificateWeakKey,
        Reason::CertificateWeakSignature,
        Reason::CertificateIsAuthority,
        Reason::CertificateName,
        Reason::CertificateNameAmbiguous,
        Reason::CertificateAlternativeName,
        Reason::CertificateNamesHost,
        Reason::CertificateOrganisation,
        Reason::TlsFailed,
        Reason::ProxyHeader,
        Reason::CsmsCertificate,
        Reason::CsmsRedirect,
        Reason::AlreadyConnected,
        Reason::AdmissionUnderWay,
        Reason::Busy,
        Reason::Draining,
        Reason::EvidenceUnavailable,
        Reason::CsmsUnreachable,
        Reason::CsmsRefused,
        Reason::CsmsSubprotocol,
        Reason::HandshakeTimeout,
        Reason::EarlyBytes,
        Reason::Abandoned,
    ];

    /// The public code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Reason::MalformedRequest => "malformed-request",
            Reason::NotWebSocket => "not-websocket",
            Reason::WebSocketVersion => "websocket-version",
            Reason::UnknownPath => "unknown-path",
            Reason::QueryInPath => "query-in-path",
            Reason::HostileStationId => "hostile-station-id",
            Reason::NoSubprotocol => "no-subprotocol",
            Reason::MissingCredentials => "missing-credentials",
            Reason::MalformedCredentials => "malformed-credentials",
            Reason::WrongUser => "wrong-user",
            Reason::UnknownStation => "unknown-station",
            Reason::WrongSecret => "wrong-secret",
            Reason::TooManyAttempts => "too-many-attempts",
            Reason::VersionNotAllowed => "version-not-allowed",
            Reason::ProfileMismatch => "profile-mismatch",
            Reason::ProfileLowered => "profile-lowered",
            Reason::TlsLowered => "tls-lowered",
            Reason::VersionLowered => "version-lowered",
            Reason::ExceptionExpired => "exception-expired",
            Reason::AddressNotAllowed => "address-not-allowed",
            Reason::AddressQuarantined => "address-quarantined",
            Reason::StationThrottled => "station-throttled",
            Reason::TooManyAdmissions => "too-many-admissions",
            Reason::SecretForm => "secret-form",
            Reason::CertificateMissing => "certificate-missing",
            Reason::CertificateMalformed => "certificate-malformed",
            Reason::CertificateUntrusted => "certificate-untrusted",
            Reason::CertificateChainTooLong => "certificate-chain-too-long",
            Reason::CertificateExpired => "certificate-expired",
            Reason::CertificateNotYetValid => "certificate-not-yet-valid",
            Reason::CertificateRevoked => "certificate-revoked",
            Reason::CertificateRevocationUnknown => "certificate-revocation-unknown",
            Reason::CertificateUsage => "certificate-usage",
            Reason::CertificateWeakKey => "certificate-weak-key",
            Reason::CertificateWeakSignature => "certificate-weak-signature",
            Reason::CertificateIsAuthority => "certificate-is-authority",
            Reason::CertificateName => "certificate-name",
            Reason::CertificateNameAmbiguous => "certificate-name-ambiguous",
            Reason::CertificateAlternativeName => "certificate-alternative-name",
            Reason::CertificateNamesHost => "certificate-names-host",
            Reason::CertificateOrganisation => "certificate-organisation",
            Reason::TlsFailed => "tls-failed",
            Reason::ProxyHeader => "proxy-header",
            Reason::CsmsCertificate => "csms-certificate",
            Reason::CsmsRedirect => "csms-redirect",
            Reason::AlreadyConnected => "already-connected",
            Reason::AdmissionUnderWay => "admission-under-way",
            Reason::Busy => "busy",
            Reason::Draining => "draining",
            Reason::EvidenceUnavailable => "evidence-unavailable",
            Reason::CsmsUnreachable => "csms-unreachable",
            Reason::CsmsRefused => "csms-refused",
            Reason::CsmsSubprotocol => "csms-subprotocol",
            Reason::HandshakeTimeout => "handshake-timeout",
            Reason::EarlyBytes => "early-bytes",
            Reason::Abandoned => "abandoned",
        }
    }

    /// What the peer is told. Unknown paths, unknown ids and wrong secrets look the same.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Reason::MalformedRequest
            | Reason::QueryInPath
            | Reason::NoSubprotocol
            | Reason::VersionNotAllowed
            | Reason::TlsFailed
            | Reason::ProxyHeader
            | Reason::EarlyBytes => StatusCode::BAD_REQUEST,
            Reason::NotWebSocket | Reason::WebSocketVersion => StatusCode::UPGRADE_REQUIRED,
            Reason::UnknownPath
            | Reason::HostileStationId
            | Reason::MissingCredentials
            | Reason::MalformedCredentials
            | Reason::WrongUser
            | Reason::UnknownStation
            | Reason::WrongSecret
            | Reason::ProfileMismatch
            | Reason::ProfileLowered
            | Reason::TlsLowered
            | Reason::VersionLowered
            | Reason::ExceptionExpired
            | Reason::AddressNotAllowed
            | Reason::SecretForm
            | Reason::CertificateMissing
            | Reason::CertificateMalformed
            | Reason::CertificateUntrusted
            | Reason::CertificateChainTooLong
            | Reason::CertificateExpired
            | Reason::CertificateNotYetValid
            | Reason::CertificateRevoked
            | Reason::CertificateRevocationUnknown
            | Reason::CertificateUsage
            | Reason::CertificateWeakKey
            | Reason::CertificateWeakSignature
            | Reason::CertificateIsAuthority
            | Reason::CertificateName
            | Reason::CertificateNameAmbiguous
            | Reason::CertificateAlternativeName
            | Reason::CertificateNamesHost
            | Reason::CertificateOrganisation => StatusCode::UNAUTHORIZED,
            Reason::HandshakeTimeout | Reason::Abandoned => StatusCode::REQUEST_TIMEOUT,
            Reason::AlreadyConnected | Reason::AdmissionUnderWay => StatusCode::CONFLICT,
            Reason::TooManyAttempts
            | Reason::AddressQuarantined
            | Reason::StationThrottled
            | Reason::TooManyAdmissions => StatusCode::TOO_MANY_REQUESTS,
            Reason::CsmsUnreachable
            | Reason::CsmsRefused
            | Reason::CsmsSubprotocol
            | Reason::CsmsCertificate
            | Reason::CsmsRedirect => StatusCode::BAD_GATEWAY,
            Reason::Busy | Reason::Draining | Reason::EvidenceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether it counts against the address it came from: guesses do, our own trouble does not.
    #[must_use]
    pub fn is_guess(self) -> bool {
        self.status() == StatusCode::UNAUTHORIZED
    }

    /// The security event that a refusal is; none where nobody did wrong: we are busy with ourselves, or the CSMS is away.
    #[must_use]
    pub fn event(self) -> Option<OwnEvent> {
        match self {
            Reason::MalformedRequest
            | Reason::NotWebSocket
            | Reason::WebSocketVersion
            | Reason::UnknownPath
            | Reason::QueryInPath
            | Reason::NoSubprotocol
            | Reason::EarlyBytes
            | Reason::ProxyHeader => Some(OwnEvent::MalformedHandshake),
            Reason::MissingCredentials
            | Reason::MalformedCredentials
            | Reason::WrongUser
            | Reason::WrongSecret
            | Reason::SecretForm
            | Reason::CertificateMissing => Some(OwnEvent::AuthFailed),
            Reason::HostileStationId | Reason::UnknownStation => Some(OwnEvent::UnknownIdentity),
            Reason::TooManyAttempts
            | Reason::StationThrottled
            | Reason::TooManyAdmissions
            | Reason::Busy
            | Reason::HandshakeTimeout => Some(OwnEvent::RateLimitExceeded),
            // A version that the inventory forbids may be one with weaker rules.
            Reason::VersionNotAllowed
            | Reason::VersionLowered
            | Reason::ProfileMismatch
            | Reason::ProfileLowered
            | Reason::TlsLowered
            | Reason::ExceptionExpired => Some(OwnEvent::ProfileDowngradeAttempt),
            Reason::AddressNotAllowed => Some(OwnEvent::AddressNotAllowed),
            Reason::AddressQuarantined => Some(OwnEvent::AddressQuarantined),
            Reason::CertificateRevoked => Some(OwnEvent::CertificateRevoked),
            Reason::CertificateExpired | Reason::CertificateNotYetValid => Some(OwnEvent::CertificateExpired),
            Reason::CertificateMalformed
            | Reason::CertificateUntrusted
            | Reason::CertificateChainTooLong
            | Reason::CertificateRevocationUnknown
            | Reason::CertificateUsage
            | Reason::CertificateWeakKey
            | Reason::CertificateWeakSignature
            | Reason::CertificateIsAuthority
            | Reason::CertificateName
            | Reason::CertificateNameAmbiguous
            | Reason::CertificateAlternativeName
            | Reason::CertificateNamesHost
            | Reason::CertificateOrganisation => Some(OwnEvent::CertMismatch),
            Reason::TlsFailed => Some(OwnEvent::InvalidTLSVersion),
            Reason::AlreadyConnected => Some(OwnEvent::DuplicateConnection),
            Reason::CsmsCertificate => Some(OwnEvent::UpstreamCertInvalid),
            Reason::CsmsRefused | Reason::CsmsRedirect | Reason::CsmsSubprotocol => {
                Some(OwnEvent::UpstreamRefused)
            }
            Reason::AdmissionUnderWay
            | Reason::Draining
            | Reason::EvidenceUnavailable
            | Reason::CsmsUnreachable
            | Reason::Abandoned => None,
        }
    }

    /// [`Reason::response`], with the time after which to come again where one was found.
    #[must_use]
    pub fn response_after<B: From<&'static str>>(self, wait: Option<Duration>) -> http::Response<B> {
        let mut response = self.response();
        if let Some(wait) = wait
            && let Some(after) = response.headers_mut().get_mut(header::RETRY_AFTER)
        {
            // Rounded up: whoever comes back on the second is not too early.
            *after = HeaderValue::from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        }
        response
    }

    /// The whole answer: a constant per status.
    #[must_use]
    pub fn response<B: From<&'static str>>(self) -> http::Response<B> {
        let status = self.status();
        let mut response = http::Response::new(B::from(body(status)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"ocpp\""));
            }
            StatusCode::UPGRADE_REQUIRED => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade, close"));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
            }
            _ => {}
        }
        response
    }
}

impl From<CertificateFault> for Reason {
    fn from(fault: CertificateFault) -> Reason {
        match fault {
            CertificateFault::Missing => Reason::CertificateMissing,
            CertificateFault::ChainTooLong => Reason::CertificateChainTooLong,
            CertificateFault::Malformed => Reason::CertificateMalformed,
            CertificateFault::IsAuthority => Reason::CertificateIsAuthority,
            CertificateFault::WeakKey => Reason::CertificateWeakKey,
            CertificateFault::WeakSignature => Reason::CertificateWeakSignature,
            CertificateFault::NotYetValid => Reason::CertificateNotYetValid,
            CertificateFault::Expired => Reason::CertificateExpired,
            CertificateFault::Usage => Reason::CertificateUsage,
            CertificateFault::Untrusted => Reason::CertificateUntrusted,
            CertificateFault::Revoked => Reason::CertificateRevoked,
            CertificateFault::RevocationUnknown => Reason::CertificateRevocationUnknown,
            CertificateFault::NameAmbiguous => Reason::CertificateNameAmbiguous,
            CertificateFault::NamesHost => Reason::CertificateNamesHost,
            CertificateFault::Name => Reason::CertificateName,
            CertificateFault::AlternativeName => Reason::CertificateAlternativeName,
            CertificateFault::Organisation => Reason::CertificateOrganisation,
        }
    }
}

/// When to come again after 429 and 503: the first back-off step of OCPP 2.x (`RetryBackOffWaitMinimum`) in practice.
const RETRY_AFTER_SECONDS: &str = "30";

fn body(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "bad request\n",
        StatusCode::UNAUTHORIZED => "unauthorized\n",
        StatusCode::REQUEST_TIMEOUT => "timeout\n",
        StatusCode::CONFLICT => "already connected\n",
        StatusCode::UPGRADE_REQUIRED => "upgrade required\n",
        StatusCode::TOO_MANY_REQUESTS => "too many attempts\n",
        StatusCode::BAD_GATEWAY => "bad gateway\n",
        _ => "unavailable\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reason::ALL.len());
    }

    #[test]
    fn each_fault_of_a_certificate_has_its_reason_and_all_look_the_same() {
        let mut codes: Vec<_> = CertificateFault::ALL.map(|fault| Reason::from(fault).code()).to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CertificateFault::ALL.len());
        assert!(CertificateFault::ALL.into_iter().all(|fault| Reason::from(fault).is_guess()));
    }

    #[test]
    fn whatever_depends_on_the_inventory_looks_the_same() {
        let answer = |reason: Reason| format!("{:?}", reason.response::<String>());
        for reason in Reason::ALL.into_iter().filter(|reason| reason.is_guess()) {
            assert_eq!(answer(reason), answer(Reason::UnknownStation), "{}", reason.code());
        }
    }
}
