//! What a session begins with.

use chargewarden_ocpp::Version;
use chargewarden_ocpp::refusal::RefusalStyle;
use chargewarden_policy::{About, Authentication};

use crate::facts::StationState;

/// How a peer is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connected {
    /// How it proved who it is.
    pub authenticated: Authentication,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

/// A station was admitted, and its CSMS accepted it or is not asked.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The session's id, unique within the evidence log. It stands in tickets, so peers see it: short, printable
    /// ASCII, and no secret.
    pub session: String,
    /// 96 random bits that no peer knows: our own message ids are made of them.
    pub nonce: [u8; 12],
    /// The version both sides agreed to speak.
    pub version: Version,
    /// Who the station and its CSMS are. What the session itself learns of the station is put into its facts.
    pub about: About,
    /// How the station is connected.
    pub station: Connected,
    /// How the CSMS is connected. None: a local session. The station is told to wait, and nothing that it sends goes
    /// further.
    pub csms: Option<Connected>,
    /// Why a session is local: the station still has its maker's password, which is to be replaced. Else it is in
    /// quarantine. Means nothing where a CSMS is connected.
    pub factory: bool,
    /// Whether an earlier change of the station's password waits for the station's next start
    /// ([`crate::RotationOutcome::Deferred`]), so that there can be no other.
    pub rotation_deferred: bool,
    /// How commands of this CSMS are refused.
    pub style: RefusalStyle,
    /// What was kept of the station, see [`crate::Step::Learn`].
    pub state: Option<StationState>,
}
