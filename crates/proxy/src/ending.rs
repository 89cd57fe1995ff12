//! How a session ends, and what each side is told of it.

use chargewarden_evidence::OwnEvent;
use chargewarden_ocpp::Side;
use tokio_websockets::{CloseCode, Error};

use crate::{presence::Withdrawn, refusal::Reason, socket, tls::CertificateFault};

/// With what the core sends a station away that is to connect again (service restart).
const COME_BACK: u16 = 1012;

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A side closed in order, with this code.
    Closed(Side, Option<CloseCode>),
    /// A side's connection broke.
    Lost(Side),
    /// A side broke the rules of WebSocket.
    Protocol(Side),
    /// A side sent a message longer than allowed, or in too many pieces.
    TooLong(Side),
    /// A side did not finish a message in time.
    SlowMessage(Side),
    /// A side sent too many messages.
    Rate(Side),
    /// A side does not read what is sent to it.
    SlowPeer(Side),
    /// A side did not answer a ping.
    Silent(Side),
    /// The engine ended it.
    Engine {
        /// Who is to blame.
        blame: Side,
        /// The close code for it.
        code: u16,
        /// The text for it.
        reason: &'static str,
    },
    /// What must be recorded cannot be.
    Evidence,
    /// Another connection of the station took over.
    Replaced,
    /// The service stops.
    Drain,
    /// What the session stood on is gone from the inventory.
    Withdrawn(Withdrawn),
    /// The station's certificate is no longer good.
    Certificate(CertificateFault),
}

impl Ending {
    /// What a failed read of a side means.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's enum is open; whatever it adds ends the connection"
    )]
    pub(crate) fn of_error(side: Side, error: &Error) -> Ending {
        match error {
            Error::Protocol(_) => Ending::Protocol(side),
            Error::PayloadTooLong { .. } => Ending::TooLong(side),
            Error::Io(io) if io.kind() == std::io::ErrorKind::QuotaExceeded => Ending::TooLong(side),
            _ => Ending::Lost(side),
        }
    }

    /// The public word: in evidence, logs and metrics.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Ending::Closed(..) => "closed",
            Ending::Lost(_) => "connection-lost",
            Ending::Protocol(_) => "websocket-protocol",
            Ending::TooLong(_) => "message-too-long",
            Ending::SlowMessage(_) => "message-too-slow",
            Ending::Rate(_) => "message-rate",
            Ending::SlowPeer(_) => "slow-peer",
            Ending::Silent(_) => "no-pong",
            Ending::Engine { code: COME_BACK, .. } => "rotated",
            Ending::Engine { .. } => "violations",
            Ending::Evidence => "evidence-unavailable",
            Ending::Replaced => "replaced",
            Ending::Drain => "drain",
            Ending::Withdrawn(Withdrawn::Removed) => "station-removed",
            Ending::Withdrawn(Withdrawn::Quarantined) => "station-quarantined",
            Ending::Withdrawn(Withdrawn::Changed) => "station-changed",
            Ending::Certificate(fault) => Reason::from(fault).code(),
        }
    }

    /// The security event that it is; none where connections just end, and where the core has raised it.
    pub(crate) fn event(self) -> Option<OwnEvent> {
        match self {
            Ending::Protocol(_) => Some(OwnEvent::SchemaViolation),
            Ending::TooLong(_) | Ending::SlowMessage(_) | Ending::Rate(_) => {
                Some(OwnEvent::RateLimitExceeded)
            }
            // That it was quarantined is said by whoever did it, also of a station without a session.
            Ending::Withdrawn(_) => Some(OwnEvent::AdmissionWithdrawn),
            Ending::Certificate(fault) => Reason::from(fault).event(),
            Ending::Closed(..)
            | Ending::Lost(_)
            | Ending::SlowPeer(_)
            | Ending::Silent(_)
            | Ending::Engine { .. }
            | Ending::Evidence
            | Ending::Replaced
            | Ending::Drain => None,
        }
    }

    /// Whose doing it is; the station's where it is ours.
    pub(crate) fn side(self) -> Side {
        match self {
            Ending::Closed(side, _)
            | Ending::Lost(side)
            | Ending::Protocol(side)
            | Ending::TooLong(side)
            | Ending::SlowMessage(side)
            | Ending::Rate(side)
            | Ending::SlowPeer(side)
            | Ending::Silent(side)
            | Ending::Engine { blame: side, .. } => side,
            Ending::Evidence
            | Ending::Replaced
            | Ending::Drain
            | Ending::Withdrawn(_)
            | Ending::Certificate(_) => Side::Station,
        }
    }

    /// Whether the station is told a little later, at a moment of its own, since its CSMS is gone and all its stations with it.
    pub(crate) fn spreads(self) -> bool {
        matches!(self, Ending::Closed(Side::Csms, _) | Ending::Lost(Side::Csms) | Ending::Silent(Side::Csms))
    }

    /// Whether a side has shown that it does not answer: its close handshake is not worth waiting for.
    pub(crate) fn is_deaf(self, side: Side) -> bool {
        match self {
            Ending::Lost(deaf) | Ending::Silent(deaf) | Ending::SlowPeer(deaf) => deaf == side,
            Ending::Replaced => side == Side::Station,
            Ending::Closed(..)
            | Ending::Protocol(_)
            | Ending::TooLong(_)
            | Ending::SlowMessage(_)
            | Ending::Rate(_)
            | Ending::Engine { .. }
            | Ending::Evidence
            | Ending::Drain
            | Ending::Withdrawn(_)
            | Ending::Certificate(_) => false,
        }
    }

    /// The code and text for a side. Never a peer's own text.
    pub(crate) fn told(self, side: Side) -> (CloseCode, &'static str) {
        let to_blame = self.side() == side;
        match self {
            Ending::Closed(_, code) if to_blame => (socket::mapped(code), ""),
            Ending::Closed(_, code) => (socket::mapped(code), "the other side closed"),
            Ending::Lost(Side::Csms) | Ending::Silent(Side::Csms) if side == Side::Station => {
                (CloseCode::SERVICE_RESTART, "the management system is away")
            }
            Ending::TooLong(_) if to_blame => (CloseCode::MESSAGE_TOO_BIG, "message too long"),
            Ending::Protocol(_) if to_blame => (CloseCode::PROTOCOL_ERROR, "protocol error"),
            Ending::SlowMessage(_) if to_blame => {
                (CloseCode::POLICY_VIOLATION, "message not finished in time")
            }
            Ending::Rate(_) if to_blame => (CloseCode::POLICY_VIOLATION, "too many messages"),
            Ending::SlowPeer(_) if to_blame => (CloseCode::POLICY_VIOLATION, "not reading"),
            Ending::Silent(_) if to_blame => (CloseCode::GOING_AWAY, "no pong"),
            Ending::Engine { code, reason, .. } if to_blame => (socket::code(code), reason),
            Ending::Evidence => (CloseCode::SERVICE_OVERLOAD, "cannot record"),
            Ending::Replaced => (CloseCode::GOING_AWAY, "replaced by a newer connection"),
            Ending::Drain => (CloseCode::GOING_AWAY, "service stops"),
            Ending::Withdrawn(_) if side == Side::Station => {
                (CloseCode::POLICY_VIOLATION, "the station's entry has changed")
            }
            Ending::Withdrawn(_) => (CloseCode::GOING_AWAY, "the station's entry has changed"),
            Ending::Certificate(_) if to_blame => {
                (CloseCode::POLICY_VIOLATION, "certificate no longer accepted")
            }
            Ending::Lost(_)
            | Ending::Protocol(_)
            | Ending::TooLong(_)
            | Ending::SlowMessage(_)
            | Ending::Rate(_)
            | Ending::SlowPeer(_)
            | Ending::Silent(_)
            | Ending::Certificate(_)
            | Ending::Engine { .. } => (CloseCode::GOING_AWAY, "the other side is gone"),
        }
    }
}
