//! Why something was not passed on: the one public enumeration of reason codes.
//!
//! The same code stands in the OCPP answer, the evidence, the metric label and the console.

use crate::effect::EffectKind;

/// Declares the codes: name, name in 2.x `statusInfo.reasonCode` (at most 20 characters), documentation.
macro_rules! reasons {
    ($( $(#[doc = $doc:literal])+ $name:ident = $text:literal, $status:literal, $remedy:literal; )+) => {
        /// Why something was refused, held or ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ReasonCode {
            $( $(#[doc = $doc])+ $name, )+
        }

        impl ReasonCode {
            /// Every code, in documentation order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Name in evidence, metrics, console and error texts.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The code of that name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)+ _ => None }
            }

            /// Name in 2.x `statusInfo.reasonCode`, at most 20 characters. The standard's own names
            /// (OCPP 2.x part 2, appendix on reason codes) are used where one means the same.
            pub fn status(self) -> &'static str {
                match self { $(Self::$name => $status,)+ }
            }

            /// What it means, for the reference documentation.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// What whoever meets it can do, for the reference documentation.
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)+ }
            }
        }
    };
}

reasons! {
    // ---- by policy --------------------------------------------------------------------------

    /// A policy of a party forbids an effect of the message.
    PolicyDenied = "policy-denied", "PolicyDenied",
        "Read the policy and its reason in the evidence record; ask the party that wrote it.";
    /// A party has policies, but none permits an effect of the message.
    NotPermitted = "not-permitted", "NotPermitted",
        "Add a `permit` to the party's bundle if the effect is wanted.";
    /// A policy forbids an effect unless people approve, and nobody has yet.
    Held = "held", "Held",
        "Have operators of the named parties approve, then send it again.";
    /// It would exceed a limit on how much of an effect there may be, over time and over stations.
    LimitReached = "limit-reached", "RateLimitExceeded",
        "Wait, or have operators of the named parties approve; the evidence record has the limit and the count.";
    /// No party's bundle is in force for the station, so nothing is permitted.
    NoPolicy = "no-policy", "NoPolicy",
        "Configure a bundle, or mend the one that does not compile: `chargewarden policy check`.";
    /// A policy could not be evaluated (integer overflow, missing entity), so it counts as a refusal.
    PolicyError = "policy-error", "PolicyError",
        "Mend the policy named in the evidence record.";
    /// The message does something that no table of effects knows.
    UnknownEffect = "unknown-effect", "UnknownEffect",
        "Report the action. A policy can permit `Action::\"unknown-effect\"` by that name.";

    // ---- by protocol ------------------------------------------------------------------------

    /// The bytes are not an OCPP-J frame, or not JSON that every parser reads alike.
    MalformedFrame = "malformed-frame", "FormatViolation",
        "Mend the sender; the evidence record has the rule and the place.";
    /// The frame is longer, deeper or has more parts than is allowed.
    FrameTooLarge = "frame-too-large", "TooLargeElement",
        "Mend the sender, or raise the limit of that name.";
    /// The frame is binary; OCPP-J is text.
    BinaryFrame = "binary-frame", "FormatViolation",
        "Mend the sender.";
    /// The payload does not have the shape that the session's OCPP version gives this action.
    SchemaViolation = "schema-violation", "InvalidValue",
        "Mend the sender, or grant its model a named tolerance.";
    /// The session's OCPP version has no such action.
    UnknownAction = "unknown-action", "UnsupportedRequest",
        "Mend the sender, or connect with another OCPP version.";
    /// The action exists, but is not for this side to send.
    WrongDirection = "wrong-direction", "UnsupportedRequest",
        "Mend the sender.";
    /// An answer to nothing that was asked, or to something answered before.
    UnsolicitedAnswer = "unsolicited-answer", "InvalidMessageSeq",
        "Mend the sender; late answers come from time-outs longer than ours.";
    /// The sender has not had the answer to its last call yet; OCPP-J allows one at a time.
    CallOutstanding = "call-outstanding", "InvalidMessageSeq",
        "Mend the sender: wait for the answer.";
    /// The message id was used before in this session.
    DuplicateId = "duplicate-id", "DuplicateRequestId",
        "Mend the sender: ids must be new.";
    /// The other side did not answer a call in time.
    CallTimeout = "call-timeout", "Timeout",
        "See why the other side is slow.";
    /// The station has not had a boot notification accepted, and the message is not allowed before that.
    NotBooted = "not-booted", "CSNotAccepted",
        "Let the station boot; a management system can trigger a BootNotification.";
    /// The beginning of the transaction was refused, so the management system does not know it, and what the station
    /// reports of it since is kept here.
    TransactionRefused = "transaction-refused", "TxNotFound",
        "See why the beginning was refused; the reports are in evidence.";
    /// The command changes the station's own password against the rules for passwords, or in a way whose outcome could not be
    /// followed, so that the station might be locked out.
    CredentialRule = "credential-rule", "InvalidValue",
        "Send a password of the right length and hard to guess, alone, by `AuthorizationKey` or `BasicAuthPassword`.";
    /// The outcome of an earlier change of the station's password is not known yet.
    RotationOpen = "rotation-open", "RotationOpen",
        "Wait until the station has connected again; see `chargewarden station show`.";
    /// The peer broke the rules so often that its session was ended.
    TooManyViolations = "too-many-violations", "FormatViolation",
        "Mend the sender; the evidence records before this one say what was wrong.";

    // ---- by circumstance --------------------------------------------------------------------

    /// The record could not be made durable, so nothing consequential passes.
    EvidenceUnavailable = "evidence-unavailable", "InternalError",
        "See to the evidence store: disk space, permissions, `/readyz`.";
    /// The station is in quarantine: nothing it sends goes further, and it is told to wait.
    Quarantined = "quarantined", "CSNotAccepted",
        "Look at what it presents, then `chargewarden station release`.";
    /// The management system is in quarantine: it may read, and charging goes on.
    CsmsQuarantined = "csms-quarantined", "PolicyDenied",
        "Look at what it did in evidence, then `chargewarden standing release csms:NAME`.";
    /// The station still has the password that its maker gave it: it is told to wait until it has one of its own.
    FactoryCredential = "factory-credential", "CSNotAccepted",
        "Wait for the rotation; if it was refused, give the station a password by hand.";
    /// The management system cannot be reached, or does not accept the station.
    CsmsUnavailable = "csms-unavailable", "InternalError",
        "See to the management system or the way to it.";
    /// The station is not connected.
    StationUnavailable = "station-unavailable", "InternalError",
        "Wait for the station to come back.";
    /// The service is shutting down.
    Draining = "draining", "InternalError",
        "Connect again.";
}

impl ReasonCode {
    /// Name in 2.x `statusInfo.reasonCode` when `effect` is what was refused.
    pub fn status_for(self, effect: EffectKind) -> &'static str {
        match (self, effect) {
            (Self::PolicyDenied | Self::NotPermitted, EffectKind::LowerSecurity) => "NoSecurityDowngrade",
            _ => self.status(),
        }
    }
}

impl std::fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl serde::Serialize for ReasonCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_fit_where_they_are_written() {
        for &code in ReasonCode::ALL {
            assert_eq!(ReasonCode::parse(code.name()), Some(code));
            assert!(crate::party::is_name(code.name(), 40), "{code}");
            // OCPP 2.x: StatusInfoType.reasonCode is an identifier string of at most 20 characters.
            assert!(code.status().len() <= 20, "{code}");
            assert!(code.status().chars().all(|c| c.is_ascii_alphanumeric()), "{code}");
            for &effect in EffectKind::ALL {
                assert!(code.status_for(effect).len() <= 20);
            }
            assert!(!code.doc().is_empty() && !code.remedy().is_empty());
        }
    }
}
