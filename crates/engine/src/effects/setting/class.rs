//! What settings are about.

/// What a setting is about. Policies see the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SettingClass {
    /// Who may charge.
    Authorization,
    /// What time it is.
    Clock,
    /// Secrets by which somebody is known.
    Credential,
    /// Hardware, and what describes it.
    Device,
    /// What drivers see.
    Display,
    /// Where the station connects to.
    Endpoint,
    /// How much energy flows, and when.
    Energy,
    /// A vendor's own functions that a standard setting switches.
    Extension,
    /// By what name the station is known.
    Identity,
    /// Communication with vehicles.
    Iso15118,
    /// A local controller between stations and management system.
    LocalController,
    /// The list of tokens that the station accepts by itself.
    LocalList,
    /// Meters.
    Metering,
    /// What the station watches and raises events about.
    Monitoring,
    /// How the station reaches the management system.
    Network,
    /// Payment at the station.
    Payment,
    /// What protects people and installation.
    Protection,
    /// Sizes, retries and time-outs of messages.
    Protocol,
    /// Reservations.
    Reservation,
    /// The security profile of the connection.
    SecurityProfile,
    /// Whether something is in service.
    Service,
    /// Prices and costs.
    Tariff,
    /// What the station tells, and how often.
    Telemetry,
    /// When sessions begin and end.
    Transaction,
    /// Whom the station trusts.
    Trust,
    /// No standard names the setting.
    Unknown,
}

impl SettingClass {
    /// Every class, in documentation order.
    pub const ALL: [Self; 26] = [
        Self::Authorization,
        Self::Clock,
        Self::Credential,
        Self::Device,
        Self::Display,
        Self::Endpoint,
        Self::Energy,
        Self::Extension,
        Self::Identity,
        Self::Iso15118,
        Self::LocalController,
        Self::LocalList,
        Self::Metering,
        Self::Monitoring,
        Self::Network,
        Self::Payment,
        Self::Protection,
        Self::Protocol,
        Self::Reservation,
        Self::SecurityProfile,
        Self::Service,
        Self::Tariff,
        Self::Telemetry,
        Self::Transaction,
        Self::Trust,
        Self::Unknown,
    ];

    /// Name in policies and evidence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Clock => "clock",
            Self::Credential => "credential",
            Self::Device => "device",
            Self::Display => "display",
            Self::Endpoint => "endpoint",
            Self::Energy => "energy",
            Self::Extension => "extension",
            Self::Identity => "identity",
            Self::Iso15118 => "iso15118",
            Self::LocalController => "local-controller",
            Self::LocalList => "local-list",
            Self::Metering => "metering",
            Self::Monitoring => "monitoring",
            Self::Network => "network",
            Self::Payment => "payment",
            Self::Protection => "protection",
            Self::Protocol => "protocol",
            Self::Reservation => "reservation",
            Self::SecurityProfile => "security-profile",
            Self::Service => "service",
            Self::Tariff => "tariff",
            Self::Telemetry => "telemetry",
            Self::Transaction => "transaction",
            Self::Trust => "trust",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a value of this class must not be repeated anywhere.
    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::Credential)
    }
}
