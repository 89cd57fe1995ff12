//! What is known of a station when its messages are decided.

use chargewarden_ocpp::Version;

use crate::effect::{Attribute, AttributeType, AttributeValue};
use crate::facts::facts;

facts! {
    /// Facts of a station, readable in policies as attributes of the station (`resource.model` in a command,
    /// `principal.model` in a report). The default is a station of which nothing is known.
    pub struct StationFacts {
        /// OCPP version it speaks: `1.6`, `2.0.1` or `2.1`.
        version: Version = Version::V16,
        /// Model, as it said when it was last taken in; before that, in its first boot notification.
        model: Option<String> = None,
        /// Vendor, as it said when it was last taken in; before that, in its first boot notification.
        vendor: Option<String> = None,
        /// Firmware version, as it said when it was last taken in; before that, in its first boot notification.
        firmware: Option<String> = None,
        /// Whether a boot notification of this session was accepted.
        booted: bool = false,
        /// Security profile (0 to 3) by which it is connected.
        security_profile: i64 = 0,
        /// Name that its certificate bears, and has to bear: its serial number or its id.
        certificate_name: Option<String> = None,
        /// Organisation that its certificate has to name; absent where none is configured.
        organisation: Option<String> = None,
        /// SHA-256 of the key (`SubjectPublicKeyInfo`, lower-case hexadecimal) for which it has asked for a certificate of
        /// its own and got none yet; absent where it has not, or that was more than 7 days ago.
        requested_key: Option<String> = None,
        /// The same for a certificate that it shows to vehicles (`V2GCertificate`, `V2G20Certificate`).
        requested_v2g_key: Option<String> = None,
        /// How many certificates it has asked for in the last 24 h.
        requests_today: i64 = 0,
        /// Whether a management system has told it in the last hour to ask for a certificate.
        request_triggered: bool = false,
        /// `normal`, `watched` or `quarantined`.
        standing: Standing = Standing::Normal,
        /// Whether enough was heard of the station to judge by: it booted here and told how its connectors stand.
        known: bool = false,
        /// Sessions that run.
        transactions: i64 = 0,
        /// Power that its sessions draw, as last measured, in W.
        power_w: i64 = 0,
        /// Whether all of it was taken out of service by command.
        out_of_service: bool = false,
    }
}

facts! {
    /// Facts of a management system, attributes of `principal` in a command and an answer, of `resource` in a report.
    pub struct CsmsFacts {
        /// `normal`, `watched` or `quarantined`.
        standing: Standing = Standing::Normal,
    }
}

/// What station and site are built and allowed to carry, as the inventory states it. Nothing is assumed of what is not
/// stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// EVSEs (2.x) or connectors (1.6) of the station.
    pub evses: Option<i64>,
    /// Most that one EVSE carries, in W.
    pub evse_w: Option<i64>,
    /// Most that the station carries, in W.
    pub station_w: Option<i64>,
    /// Most that all stations of the site may draw together, in W.
    pub site_w: Option<i64>,
    /// Most that the site may feed back, in W; 0 where it may not.
    pub export_w: Option<i64>,
}

/// How a station stands with those who answer for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Standing {
    /// As it should be.
    #[default]
    Normal,
    /// Somebody keeps an eye on it.
    Watched,
    /// Set apart until people have looked at it.
    Quarantined,
}

impl Standing {
    /// Every standing, the best first.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Watched, Self::Quarantined];

    /// The standing of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }

    /// Name in policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Watched => "watched",
            Self::Quarantined => "quarantined",
        }
    }
}

impl Attribute for Standing {
    const KIND: AttributeType = AttributeType::Text;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Text(self.name()))
    }
}

impl Attribute for Version {
    const KIND: AttributeType = AttributeType::Text;
    fn value(&self) -> Option<AttributeValue<'_>> {
        Some(AttributeValue::Text(match self {
            Self::V16 => "1.6",
            Self::V201 => "2.0.1",
            Self::V21 => "2.1",
        }))
    }
}
