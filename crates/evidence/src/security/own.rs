//! The security events that the service raises itself: the one public enumeration.

use std::fmt::Write as _;

/// What raises an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Judging a connection.
    Admission,
    /// Judging a message.
    Session,
    /// Our own connection to a CSMS.
    Upstream,
    /// Somebody who runs the service, or a change of its files.
    Operation,
    /// Nothing yet: the name is reserved for what a later version does.
    NothingYet,
}

impl Source {
    /// The words of the reference documentation.
    fn words(self) -> &'static str {
        match self {
            Self::Admission => "judging a connection",
            Self::Session => "judging a message",
            Self::Upstream => "our connection to a CSMS",
            Self::Operation => "operating the service",
            Self::NothingYet => "**nothing yet**",
        }
    }
}

/// Declares the events: name, what raises it, whether it is critical, documentation.
macro_rules! own_events {
    ($( $(#[doc = $doc:literal])+ $name:ident, $source:ident, $critical:literal; )+) => {
        /// What the service itself sees that bears on security. The name in records, logs and metrics is the variant's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum OwnEvent {
            $( $(#[doc = $doc])+ $name, )+
        }

        impl OwnEvent {
            /// Every event, in documentation order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Name in records, logs and metrics.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// Whether somebody should hear of it at once.
            pub fn is_critical(self) -> bool {
                match self { $(Self::$name => $critical,)+ }
            }

            /// What raises it.
            pub fn source(self) -> Source {
                match self { $(Self::$name => Source::$source,)+ }
            }

            /// What it means, for the reference documentation.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

own_events! {
    // ---- connections ------------------------------------------------------------------------

    /// Somebody claimed a station of the inventory and could not prove it: no, malformed or wrong credentials.
    AuthFailed, Admission, false;
    /// Somebody claimed a station that the inventory does not know, or an id that cannot be one.
    UnknownIdentity, Admission, false;
    /// A second connection of a station whose first one is alive: two hold the same credentials.
    DuplicateConnection, Admission, true;
    /// A client certificate that is not this station's, or that cannot be relied on.
    CertMismatch, Admission, true;
    /// A client certificate that is on a revocation list, at the door or in a session that it ended.
    CertificateRevoked, Admission, true;
    /// A client certificate that is not valid now, at the door or in a session that it ended.
    CertificateExpired, Admission, false;
    /// An attempt to come in, or to have a station come in, with less or other security than it is provisioned for or has
    /// had.
    ProfileDowngradeAttempt, Admission, true;
    /// A TLS handshake that failed: a version that is too old, no common cipher suite, no proof of the key.
    InvalidTLSVersion, Admission, false;
    /// A station's right credentials from a network it does not belong to.
    AddressNotAllowed, Admission, true;
    /// An address that challenged connected stations again and again is not listened to for a while.
    AddressQuarantined, Admission, true;
    /// A station came with the credentials of its factory, and gets no further until they are replaced.
    FactoryCredential, Admission, false;
    /// A connection that breaks the rules of HTTP, WebSocket or the PROXY protocol, as a scanner does.
    MalformedHandshake, Admission, false;

    // ---- messages ---------------------------------------------------------------------------

    /// Bytes that are no valid message of the session's OCPP version.
    SchemaViolation, Session, false;
    /// A valid message at a moment, or from a side, where none may come.
    StateViolation, Session, false;
    /// A policy of a party refused a message, or none permitted it.
    PolicyDenied, Session, false;
    /// A policy let a message pass and wants people to look at it (`@alert` of `high` or `critical`).
    PolicyAlert, Session, true;
    /// A command waits for people, or would, if commands of this kind could be approved.
    Held, Session, false;
    /// A certificate, or a request for one, that does not fit the station or what it asked for.
    CertificateDenied, Session, true;
    /// A station's report contradicts what passed through here.
    ContradictedReport, Session, false;
    /// A rate or another named bound was reached by a peer.
    RateLimitExceeded, Session, false;
    /// A station's password was replaced, by us or by its CSMS, and the station said so.
    CredentialRotated, Session, false;
    /// A station did not take a password that we gave it: it keeps the one it has, which may be its maker's.
    RotationRefused, Session, true;
    /// A message was changed before it was passed on.
    Rewritten, NothingYet, false;
    /// Somebody was set apart, or is watched, by a rule or by hand; or that ended.
    StandingChanged, Session, true;
    /// The budget of a limit that counts over many stations is used up.
    LedgerBudgetExceeded, Session, true;

    // ---- upstream ---------------------------------------------------------------------------

    /// A CSMS showed a certificate that is not its own, or that cannot be relied on.
    UpstreamCertInvalid, Upstream, true;
    /// A CSMS turned our connection for a station away: our credentials there are wrong, or somebody else uses them.
    UpstreamRefused, Upstream, false;
    /// A CSMS gave a station's place to another connection: somebody reaches it around us.
    UpstreamDisplaced, Upstream, true;

    // ---- operation --------------------------------------------------------------------------

    /// Other policies are in force than before.
    PolicyChanged, Operation, true;
    /// A session was ended since its station was set apart.
    StationQuarantined, Operation, true;
    /// A session was ended since what it rested on is gone: its station was removed, or its secret or profile changed.
    AdmissionWithdrawn, Operation, false;
}

impl std::fmt::Display for OwnEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// The table of the reference documentation.
pub fn reference() -> String {
    let mut out = String::from("| Type | Critical | Raised by | Meaning |\n|---|---|---|---|\n");
    for &event in OwnEvent::ALL {
        let critical = if event.is_critical() { "yes" } else { "" };
        let (source, doc) = (event.source().words(), event.doc());
        let _ = writeln!(out, "| `{event}` | {critical} | {source} | {doc} |");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_documented_once() {
        let mut names: Vec<_> = OwnEvent::ALL.iter().map(|event| event.name()).collect();
        assert!(OwnEvent::ALL.iter().all(|event| event.doc().ends_with('.')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), OwnEvent::ALL.len());
    }

    #[test]
    fn what_is_required_is_there() {
        // R-E02.
        let required = [
            "AuthFailed",
            "UnknownIdentity",
            "DuplicateConnection",
            "CertMismatch",
            "ProfileDowngradeAttempt",
            "SchemaViolation",
            "StateViolation",
            "RateLimitExceeded",
            "PolicyDenied",
            "Held",
            "Rewritten",
            "LedgerBudgetExceeded",
            "UpstreamCertInvalid",
            "PolicyChanged",
        ];
        for name in required {
            assert!(OwnEvent::ALL.iter().any(|event| event.name() == name), "{name}");
        }
    }
}
