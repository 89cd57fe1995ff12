//! The effect table. One entry an effect: its name, who can cause it, whether its record must be
//! durable first, its groups, and its typed attributes.
//!
//! Conventions: `evse` is the EVSE (2.x) or connector (1.6) number, absent where the message means
//! the whole station or leaves the choice to it. Powers are in watts, currents are converted with
//! the phase count and 230 V unless the station's facts say otherwise; durations are in seconds.
//! Times are UTC. A time that is absent means "as soon as it arrives".

use chargewarden_ocpp::Timestamp;

use super::{Attribute, AttributeSpec, AttributeValue, Group, Source, Token, Url, Weight, effects};

effects! {
    // ---- commands: energy -------------------------------------------------------------------

    /// Begins a charging session without an act of the driver at the station.
    StartCharging = "start-charging", by Csms, Consequential, in [Energy] {
        /// EVSE or connector, absent where the station chooses.
        evse: Option<i64>,
        /// The token the session would be billed to.
        token: Option<Token>,
        /// Type of the token (`ISO14443`, `Central`, `NoAuthorization`, …); `unspecified` in 1.6.
        token_type: String,
        /// Whether the message makes the token a member of a group.
        with_group: bool,
        /// Whether a charging profile comes with it (its own effects are listed beside this one).
        with_profile: bool,
    }

    /// Ends a charging session.
    StopCharging = "stop-charging", by Csms, Consequential, in [Energy] {
        /// Transaction as the sender names it.
        transaction: String,
    }

    /// Installs or changes a limit or set-point for power.
    SetPower = "set-power", by Csms, Consequential, in [Energy] {
        /// EVSE or connector, absent for the whole station.
        evse: Option<i64>,
        /// `max` (station), `default`, `tx`, `external`, `priority`, `local-generation`, `dynamic`,
        /// `regulation`, `transfer`.
        purpose: &'static str,
        /// Stack level; higher wins within a purpose.
        stack_level: i64,
        /// Lowest limit of all periods, in W. Absent where no period has a limit.
        lowest_w: Option<i64>,
        /// Highest limit of all periods, in W. Absent where no period has a limit.
        highest_w: Option<i64>,
        /// Lowest limit above zero, per phase, in mA; below 6,000 no vehicle charges (IEC 61851-1). Of
        /// a limit in W it is what one phase would carry where the number of phases is not stated.
        lowest_ma: Option<i64>,
        /// Longest time in a row without power, in s; 10 years where no end is stated. Absent where
        /// every period has power.
        zero_s: Option<i64>,
        /// Largest change between two periods that follow each other, in W; negative is down.
        /// Absent with fewer than two periods that have a limit.
        step_w: Option<i64>,
        /// When that change happens; absent where it depends on when the session begins.
        step_at: Option<Timestamp>,
        /// Whether a limit is below zero, a set-point is below zero in a mode that cannot discharge,
        /// or a value is beyond 10 MW.
        absurd: bool,
        /// Whether purpose, kind, EVSE, transaction, recurrence, phases and dates fit together as
        /// OCPP demands.
        consistent: bool,
        /// When the first period begins, absent for at once or relative to the session.
        effective_at: Option<Timestamp>,
        /// When the profile stops to hold.
        ends_at: Option<Timestamp>,
        /// `absolute`, `recurring`, `relative` or `dynamic`.
        profile_kind: &'static str,
        /// After how many s the schedule begins again; absent where it does not.
        recurs_s: Option<i64>,
        /// When its next turn begins; absent where it does not recur.
        recurs_at: Option<Timestamp>,
        /// Number of periods.
        periods: i64,
        /// Shortest period, in s. Absent with fewer than two periods.
        shortest_s: Option<i64>,
        /// How often the limit changes direction by more than 10 % of its span.
        reversals: i64,
        /// Most such changes within any 15 min, the beginning counted as one: before it the load was
        /// another.
        swings: i64,
        /// Whether periods start at 0 and strictly ascend.
        ordered: bool,
        /// Transaction it is bound to, as the sender names it.
        transaction: Option<String>,
        /// Id of the profile; absent where none is named.
        profile: Option<i64>,
        /// Whether its times are meant in the station's local time (2.1), so that the times given
        /// here can be off by the time zone.
        local_time: bool,
        /// Longest random delay that the station adds to each period, in s (2.1).
        random_delay_s: Option<i64>,
    }

    /// Removes limits, so that other limits, or none, hold.
    LiftPowerLimit = "lift-power-limit", by Csms, Consequential, in [Energy] {
        /// EVSE or connector; absent for all.
        evse: Option<i64>,
        /// Purpose selected, as in `set-power`; absent for any.
        purpose: Option<&'static str>,
        /// Stack level selected; absent for any.
        stack_level: Option<i64>,
        /// Whether one profile is named by its id.
        by_id: bool,
        /// That id.
        profile: Option<i64>,
    }

    /// Lets a vehicle feed energy back, or sets how much.
    Discharge = "discharge", by Csms, Consequential, in [Energy] {
        /// EVSE; absent for the whole station.
        evse: Option<i64>,
        /// Largest discharge power asked for, in W, absent where only the mode is allowed.
        power_w: Option<i64>,
        /// Operation mode asked for (`CentralSetpoint`, `LocalFrequency`, …) or `limit`.
        mode: String,
        /// When it begins.
        effective_at: Option<Timestamp>,
    }

    /// Sets, or clears, how a station with grid-support functions reacts to grid voltage and frequency.
    SetDerControl = "set-der-control", by Csms, Consequential, in [Energy] {
        /// Control type (`FreqDroop`, `EnterService`, …), or `all`.
        control: String,
        /// Whether the control is removed.
        clears: bool,
        /// Whether it replaces the default behaviour, not only a scheduled one.
        is_default: bool,
        /// Priority; lower wins. Absent where the message has none.
        priority: Option<i64>,
        /// When it begins.
        effective_at: Option<Timestamp>,
        /// How long it holds, in s.
        duration_s: Option<i64>,
        /// Id of the control; empty for all.
        id: String,
        /// Every parameter as `name=value` (`freqDroop.overFreq=50.2`), in the message's order, so
        /// that a policy can demand that a list contains them all.
        values: Vec<String>,
    }

    /// Has a battery-swap station hand out a battery.
    SwapBattery = "swap-battery", by Csms, Consequential, in [Energy] {
        /// The token it would be billed to.
        token: Option<Token>,
    }

    // ---- commands: disruptive ---------------------------------------------------------------

    /// Restarts a station or an EVSE.
    Restart = "restart", by Csms, Consequential, in [Disruptive] {
        /// EVSE; absent for the whole station.
        evse: Option<i64>,
        /// Whether running sessions are cut off (1.6 `Hard`, 2.x `Immediate`).
        immediate: bool,
    }

    /// Takes a station, EVSE or connector out of service.
    Disable = "disable", by Csms, Consequential, in [Disruptive] {
        /// EVSE or connector; absent for the whole station.
        evse: Option<i64>,
        /// Connector of the EVSE (2.x); absent for all of it.
        connector: Option<i64>,
    }

    /// Puts a station, EVSE or connector back into service.
    Enable = "enable", by Csms, Consequential, in [Energy] {
        /// EVSE or connector; absent for the whole station.
        evse: Option<i64>,
        /// Connector of the EVSE (2.x); absent for all of it.
        connector: Option<i64>,
    }

    /// Releases a locked cable.
    UnlockCable = "unlock-cable", by Csms, Consequential, in [Disruptive] {
        /// EVSE or connector; absent where a setting releases it and names none.
        evse: Option<i64>,
        /// Connector of the EVSE (2.x).
        connector: Option<i64>,
    }

    /// Keeps an EVSE for somebody.
    Reserve = "reserve", by Csms, Consequential, in [Authorization] {
        /// EVSE or connector; absent for any.
        evse: Option<i64>,
        /// The token it is kept for; absent where a web payment keeps it.
        token: Option<Token>,
        /// When the reservation ends.
        ends_at: Option<Timestamp>,
        /// Reservation as the sender names it; absent where a web payment keeps it.
        reservation: Option<i64>,
        /// Whether a group may use it too.
        with_group: bool,
    }

    /// Gives up a reservation.
    CancelReservation = "cancel-reservation", by Csms, Consequential, in [Authorization] {
        /// Reservation as the sender names it.
        reservation: i64,
    }

    // ---- commands: software -----------------------------------------------------------------

    /// Has the station fetch and run other software.
    InstallFirmware = "install-firmware", by Csms, Consequential, in [Software, Disruptive] {
        /// Where from.
        url: Url,
        /// Whether the message carries a signature and a signing certificate.
        signed: bool,
        /// SHA-256 of the signing certificate's DER, lower-case hexadecimal; empty where there is
        /// none or it is unreadable.
        signer: String,
        /// When the station may fetch it.
        retrieve_at: Option<Timestamp>,
        /// When the station may install it.
        install_at: Option<Timestamp>,
    }

    /// Has a local controller offer software to the stations behind it, or stop to.
    PublishFirmware = "publish-firmware", by Csms, Consequential, in [Software] {
        /// Where from; absent when publication ends.
        url: Option<Url>,
        /// Checksum of the software as stated.
        checksum: String,
    }

    // ---- commands: trust --------------------------------------------------------------------

    /// Makes the station connect, now or later, to another management system or in another way.
    Repoint = "repoint", by Csms, Consequential, in [Trust] {
        /// Where to; absent where only the order of profiles or a network setting changes.
        url: Option<Url>,
        /// Configuration slot written; absent where there is none.
        slot: Option<i64>,
        /// Security profile (0 to 3) of the new connection; absent where not stated.
        security_profile: Option<i64>,
        /// What does it: `network-profile`, `priority`, `setting`, `vendor-setting`.
        means: &'static str,
        /// Setting written (`Component.Variable` or 1.6 key), empty for a message of its own.
        key: String,
    }

    /// Lets the station connect, or accept, with less security than before.
    LowerSecurity = "lower-security", by Csms, Consequential, in [Trust] {
        /// Security profile (0 to 3) written; absent where it is not about the profile.
        security_profile: Option<i64>,
        /// Setting written (`Component.Variable` or 1.6 key), or the message.
        key: String,
    }

    /// Replaces the secret by which the station is known.
    ReplaceCredential = "replace-credential", by Csms, Consequential, in [Trust] {
        /// Setting written (`Component.Variable` or 1.6 key), or the message. Never the secret.
        key: String,
        /// Length of the new secret in characters.
        length: i64,
        /// Whether it is shorter than 16 characters, has fewer than 6 different ones, or is a
        /// run of neighbours.
        weak: bool,
    }

    /// Makes the station trust another certificate authority.
    InstallTrustAnchor = "install-trust-anchor", by Csms, Consequential, in [Trust] {
        /// Use, as OCPP spells it: `CSMSRootCertificate`, `ManufacturerRootCertificate`, … (1.6 `CentralSystemRootCertificate`).
        certificate_use: String,
        /// SHA-256 of the certificate's DER, lower-case hexadecimal; empty where there is not exactly one.
        fingerprint: String,
        /// Whether it is one X.509 certificate. Where not, what follows says nothing.
        readable: bool,
        /// Whether it may sign certificates (basic constraints).
        is_authority: bool,
        /// Whether it is signed by its own key, and its issuer is itself. One that is not rests on another authority.
        self_signed: bool,
        /// Its common name; empty where it has none, or several.
        common_name: String,
        /// Kind of its key: `rsa`, `ec` (a curve of NIST or Brainpool from 224 bits on), `ed25519`, `other`.
        key: &'static str,
        /// Bits of its key; 0 where unknown.
        key_bits: i64,
        /// SHA-256 of its key (`SubjectPublicKeyInfo`), lower-case hexadecimal.
        key_hash: String,
        /// Hash in the signature on it: `sha256`, `sha384`, `sha512`, `ed25519`, `sha1`, `md5`, `other`.
        hash: &'static str,
        /// Key identifier of its issuer as it states it, lower-case hexadecimal; empty where absent. Not proven.
        issuer_key_id: String,
        /// When it begins to be valid.
        not_before: Option<Timestamp>,
        /// When it ends to be valid.
        not_after: Option<Timestamp>,
    }

    /// Removes a certificate from the station.
    RemoveTrustAnchor = "remove-trust-anchor", by Csms, Consequential, in [Trust] {
        /// Serial number as stated.
        serial: String,
        /// Hash of the issuer's key as stated.
        issuer_key_hash: String,
        /// Hash of the issuer's name as stated.
        issuer_name_hash: String,
    }

    /// Gives the station another certificate of its own.
    ReplaceStationCertificate = "replace-station-certificate", by Csms, Consequential, in [Trust] {
        /// Use (`ChargingStationCertificate`, `V2GCertificate`, …); `ChargingStationCertificate` where not stated.
        certificate_use: String,
        /// SHA-256 of the first certificate's DER, lower-case hexadecimal; empty where it is unreadable.
        fingerprint: String,
        /// Certificates in the chain.
        certificates: i64,
        /// Whether the first one is an X.509 certificate. Where not, what follows says nothing.
        readable: bool,
        /// Its common name; empty where it has none, or several.
        common_name: String,
        /// Its organisation; empty where it has none, or several.
        organisation: String,
        /// Whether its common name, or another of its names, is a host, an address or a URL.
        names_host: bool,
        /// Whether it may sign certificates (basic constraints).
        is_authority: bool,
        /// Kind of its key: `rsa`, `ec` (a curve of NIST or Brainpool from 224 bits on), `ed25519`, `other`.
        key: &'static str,
        /// Bits of its key; 0 where unknown.
        key_bits: i64,
        /// SHA-256 of its key (`SubjectPublicKeyInfo`), lower-case hexadecimal: compare it with what the station asked for
        /// (`requested_key`, `requested_v2g_key`).
        key_hash: String,
        /// Hash in the signature on it: `sha256`, `sha384`, `sha512`, `ed25519`, `sha1`, `md5`, `other`.
        hash: &'static str,
        /// When it begins to be valid.
        not_before: Option<Timestamp>,
        /// When it ends to be valid.
        not_after: Option<Timestamp>,
    }

    // ---- commands: authorization ------------------------------------------------------------

    /// Lets somebody charge who could not before.
    WeakenAuthorization = "weaken-authorization", by Csms, Consequential, in [Authorization] {
        /// Setting written (`Component.Variable` or 1.6 key).
        key: String,
        /// Value written.
        value: String,
    }

    /// Changes the list of tokens that a station accepts by itself.
    ChangeLocalList = "change-local-list", by Csms, Consequential, in [Authorization] {
        /// Whether the whole list is replaced.
        full: bool,
        /// Version the list would have.
        version: i64,
        /// Entries in the message.
        entries: i64,
        /// Entries that would be accepted.
        accepted: i64,
        /// Entries that would be refused or removed.
        refused: i64,
        /// Entries that would be made members of a group.
        grouped: i64,
    }

    /// Empties the station's memory of accepted tokens.
    ClearTokenCache = "clear-token-cache", by Csms, Consequential, in [Authorization] {}

    // ---- commands: visibility and settings --------------------------------------------------

    /// Makes the station tell less, later or nothing.
    BlindTelemetry = "blind-telemetry", by Csms, Consequential, in [Visibility] {
        /// Setting written (`Component.Variable` or 1.6 key), or the message.
        key: String,
        /// Value written.
        value: String,
        /// Value as a number where it is one.
        number: Option<i64>,
    }

    /// Changes a setting with no more particular effect.
    ChangeSetting = "change-setting", by Csms, Consequential, in [Settings] {
        /// `Component.Variable` (2.x, instances in brackets) or the 1.6 key, spelled as the standard
        /// does, else as written; for monitors the message and the variable.
        key: String,
        /// What the setting is about: see `SettingClass`; `unknown` for a key in no standard.
        class: &'static str,
        /// Whether the key is named by a standard.
        standard: bool,
        /// Value written, empty where the class is secret.
        value: String,
        /// Value as a whole number where it is one.
        number: Option<i64>,
        /// Value taken apart where it is a URL.
        url: Option<Url>,
        /// `Actual`, `Target`, `MinSet` or `MaxSet` (2.x); `Actual` in 1.6.
        attribute: &'static str,
    }

    /// Reads settings.
    ReadSettings = "read-settings", by Csms, Routine, in [Read] {
        /// What is read: `settings`, `monitors`, `certificates`, `local-list`, `profiles`,
        /// `schedule`, `messages`, `tariffs`, `der-controls`, `event-streams`, `transaction`.
        subject: &'static str,
        /// Whether everything is asked for.
        all: bool,
        /// Keys asked for (`Component.Variable` or 1.6 key).
        keys: Vec<String>,
    }

    // ---- commands: data ---------------------------------------------------------------------

    /// Has the station upload logs.
    ExtractLogs = "extract-logs", by Csms, Consequential, in [Data] {
        /// Where to.
        url: Url,
        /// `diagnostics`, `security` or `data-collector`.
        log: &'static str,
    }

    /// Asks for what the station keeps about a customer.
    ReadCustomerData = "read-customer-data", by Csms, Consequential, in [Data] {
        /// Whether a customer is named, by token, identifier or certificate.
        named: bool,
    }

    /// Removes what the station keeps about a customer.
    EraseCustomerData = "erase-customer-data", by Csms, Consequential, in [Data] {
        /// Whether a customer is named, by token, identifier or certificate.
        named: bool,
    }

    /// Has the station send a report it would send anyway.
    TriggerReport = "trigger-report", by Csms, Routine, in [Read] {
        /// What is triggered (`StatusNotification`, `BootNotification`, `SignChargingStationCertificate`, …).
        report: String,
        /// EVSE or connector; absent for all.
        evse: Option<i64>,
        /// Name of a vendor's own trigger (2.1), empty where it is a standard one.
        custom: String,
    }

    // ---- commands: commerce -----------------------------------------------------------------

    /// Shows a text to drivers, or removes one.
    ShowMessage = "show-message", by Csms, Consequential, in [Commerce] {
        /// Whether a message is removed.
        clears: bool,
        /// `AlwaysFront`, `InFront`, `NormalCycle`; empty where not stated.
        priority: String,
        /// Whether the text has a link, a mail address or something that looks like one.
        has_link: bool,
        /// Links in all texts of the message.
        links: i64,
        /// Whether a text names an account to pay to: an IBAN, or a wallet of coins.
        account: bool,
        /// The link, where there is exactly one.
        url: Option<Url>,
        /// `ASCII`, `HTML`, `URI`, `UTF8` or `QRCODE`; with several texts the riskiest; empty
        /// where not stated.
        format: String,
        /// When it begins to be shown.
        effective_at: Option<Timestamp>,
    }

    /// Changes what a driver pays, or is told to pay.
    SetPrice = "set-price", by Csms, Consequential, in [Commerce] {
        /// What does it: `tariff`, `transaction-tariff`, `token-tariff`, `profile-tariff`, `running-cost`,
        /// `total-cost`, `clear-tariff`, `setting`.
        means: &'static str,
        /// Cost in thousandths of the currency unit, where one amount is stated.
        cost_milli: Option<i64>,
        /// Tariff id, empty where there is none.
        tariff: String,
        /// Currency as stated (ISO 4217), empty where not stated.
        currency: String,
        /// Lowest price of a kWh, in thousandths of the currency unit.
        kwh_lowest_milli: Option<i64>,
        /// Highest price of a kWh, in thousandths of the currency unit.
        kwh_highest_milli: Option<i64>,
        /// Highest price of a minute (charging, idle, reserved), in thousandths of the currency unit.
        minute_highest_milli: Option<i64>,
        /// Highest fixed fee, in thousandths of the currency unit.
        fixed_highest_milli: Option<i64>,
        /// What a session costs at least, in thousandths of the currency unit.
        least_milli: Option<i64>,
        /// What a session costs at most, in thousandths of the currency unit.
        most_milli: Option<i64>,
        /// Highest tax that is added, in %.
        tax_percent: Option<i64>,
        /// When it begins to hold.
        effective_at: Option<Timestamp>,
    }

    /// Carries data whose meaning only a vendor knows.
    VendorData = "vendor-data", by Both, Consequential, in [Data] {
        /// `vendorId` as stated.
        vendor: String,
        /// `messageId` as stated, empty where absent.
        message_id: String,
        /// Size of the data in bytes.
        bytes: i64,
    }

    // ---- answers of a management system -----------------------------------------------------

    /// Tells the station what time it is.
    SetClock = "set-clock", by Csms, Routine, in [Answer] {
        /// Difference to our clock, in s; positive is ahead.
        skew_s: i64,
    }

    /// Tells the station how often to send a heartbeat, or when to try again.
    SetHeartbeat = "set-heartbeat", by Csms, Routine, in [Answer] {
        /// Interval in s.
        interval_s: i64,
    }

    /// Accepts the station, keeps it waiting or turns it away.
    AdmitStation = "admit-station", by Csms, Consequential, in [Answer] {
        /// `Accepted`, `Pending` or `Rejected`.
        status: String,
    }

    /// Says that a token may charge.
    AcceptToken = "accept-token", by Csms, Consequential, in [Answer] {
        /// The token, where the report that is answered presented one.
        token: Option<Token>,
        /// Whether the answer makes the token a member of a group.
        with_group: bool,
        /// When the acceptance ends.
        expires_at: Option<Timestamp>,
    }

    /// Says that a token may not charge.
    RefuseToken = "refuse-token", by Csms, Routine, in [Answer] {
        /// The token, where the report that is answered presented one.
        token: Option<Token>,
        /// Status as OCPP spells it (`Blocked`, `Expired`, `Invalid`, …).
        status: String,
    }

    /// Gives a session the number by which it is known from then on (1.6).
    AssignTransaction = "assign-transaction", by Csms, Routine, in [Answer] {
        /// The number.
        transaction: i64,
    }

    /// Limits what a running session may cost, draw or last.
    LimitTransaction = "limit-transaction", by Csms, Consequential, in [Answer, Energy] {
        /// Highest cost, in thousandths of the currency unit.
        cost_milli: Option<i64>,
        /// Most energy, in Wh.
        energy_wh: Option<i64>,
        /// Longest time, in s.
        time_s: Option<i64>,
        /// Highest state of charge, in %.
        soc_percent: Option<i64>,
    }

    /// Hands the station a certificate, or certificate status, that it asked for.
    SignCertificate = "sign-certificate", by Csms, Consequential, in [Answer] {
        /// `Accepted`, `Rejected` or `Failed`, as stated.
        status: String,
    }

    /// Takes note of a report and does nothing else.
    Acknowledge = "acknowledge", by Csms, Routine, in [Answer] {}

    /// Turns a report down, with an error or a negative status.
    Decline = "decline", by Csms, Routine, in [Answer] {
        /// Error code or status as stated.
        code: String,
    }

    // ---- reports of a station ---------------------------------------------------------------

    /// Says that the station started, and what it is.
    Boot = "boot", by Station, Routine, in [Report] {
        /// Model as stated.
        model: String,
        /// Vendor as stated.
        vendor: String,
        /// Serial number as stated, empty where absent.
        serial: String,
        /// Firmware version as stated, empty where absent.
        firmware: String,
        /// Reason as stated (2.x), empty in 1.6.
        reason: String,
    }

    /// Says that the station is there.
    Heartbeat = "heartbeat", by Station, Routine, in [Report] {}

    /// Says how a connector, a reservation or the station's limits stand.
    ReportStatus = "report-status", by Station, Routine, in [Report] {
        /// EVSE or connector; absent for the whole station.
        evse: Option<i64>,
        /// Status as stated.
        status: String,
        /// Error code as stated (1.6), empty in 2.x.
        error: String,
    }

    /// Says what was measured.
    ReportMeter = "report-meter", by Station, Routine, in [Report] {
        /// EVSE or connector; absent for the main meter.
        evse: Option<i64>,
        /// Sampled values in the message.
        values: i64,
    }

    /// Asks whether a token may charge.
    PresentToken = "present-token", by Station, Routine, in [Report] {
        /// The token.
        token: Option<Token>,
        /// Type of the token; `unspecified` in 1.6.
        token_type: String,
    }

    /// Says that a session began.
    BeginTransaction = "begin-transaction", by Station, Routine, in [Report] {
        /// EVSE or connector; absent where not stated.
        evse: Option<i64>,
        /// Transaction as the station names it, empty in 1.6.
        transaction: String,
        /// When, as the station says.
        at: Option<Timestamp>,
        /// Whether it happened while the station was offline.
        offline: bool,
    }

    /// Says how a session goes on.
    UpdateTransaction = "update-transaction", by Station, Routine, in [Report] {
        /// EVSE; absent where not stated.
        evse: Option<i64>,
        /// Transaction as the station names it.
        transaction: String,
        /// When, as the station says.
        at: Option<Timestamp>,
        /// Whether it happened while the station was offline.
        offline: bool,
    }

    /// Says that a session ended.
    EndTransaction = "end-transaction", by Station, Routine, in [Report] {
        /// Transaction as the station names it.
        transaction: String,
        /// When, as the station says.
        at: Option<Timestamp>,
        /// Whether it happened while the station was offline.
        offline: bool,
    }

    /// Says that something happened which bears on security.
    ReportSecurityEvent = "report-security-event", by Station, Routine, in [Report] {
        /// Event type as stated.
        event: String,
        /// Whether the event type is one of the standard.
        standard: bool,
    }

    /// Asks for a certificate, or for the status of one.
    RequestCertificate = "request-certificate", by Station, Routine, in [Report] {
        /// Use as stated, or what is asked (`ChargingStationCertificate`, `V2GCertificate`, `contract`, `status`).
        certificate_use: String,
        /// Whether it is a signing request for a certificate of the station's own. Where not, what follows says nothing.
        signing: bool,
        /// Whether it is one signing request (PKCS#10 in PEM) and nothing besides.
        readable: bool,
        /// Whether it is signed by the key in it.
        proven: bool,
        /// The common name asked for; empty where there is none, or several.
        common_name: String,
        /// The organisation asked for; empty where there is none, or several.
        organisation: String,
        /// Whether the common name, or another name asked for, is a host, an address or a URL.
        names_host: bool,
        /// Kind of the key: `rsa`, `ec` (a curve of NIST or Brainpool from 224 bits on), `ed25519`, `other`.
        key: &'static str,
        /// Bits of the key; 0 where unknown.
        key_bits: i64,
        /// SHA-256 of the key (`SubjectPublicKeyInfo`), lower-case hexadecimal.
        key_hash: String,
        /// Hash in its signature: `sha256`, `sha384`, `sha512`, `ed25519`, `sha1`, `md5`, `other`.
        hash: &'static str,
    }

    /// Says how a firmware update goes.
    ReportFirmware = "report-firmware", by Station, Routine, in [Report] {
        /// Status as stated.
        status: String,
    }

    /// Says how a log upload goes.
    ReportLogs = "report-logs", by Station, Routine, in [Report] {
        /// Status as stated.
        status: String,
    }

    /// Says what came of a payment at the station.
    ReportPayment = "report-payment", by Station, Consequential, in [Report] {
        /// Status as stated.
        status: String,
        /// Amount in thousandths of the currency unit.
        amount_milli: i64,
        /// Transaction as the station names it, empty where not stated.
        transaction: String,
    }

    /// Says what a vehicle or the site needs, plans or limits.
    ReportPowerNeeds = "report-power-needs", by Station, Routine, in [Report] {
        /// EVSE; absent for the whole station.
        evse: Option<i64>,
    }

    /// Says how the station is set, or what it holds.
    ReportSettings = "report-settings", by Station, Routine, in [Report] {}

    /// Says what the station keeps about a customer.
    ReportCustomerData = "report-customer-data", by Station, Consequential, in [Report] {}

    /// Says that something else happened.
    ReportEvent = "report-event", by Station, Routine, in [Report] {
        /// What: the action, or the component and variable of the first event.
        event: String,
    }

    /// Says what came of a command.
    ReportOutcome = "report-outcome", by Station, Routine, in [Report] {
        /// Status or error code as stated; `done` where the answer has none.
        status: String,
        /// Whether the command was carried out, or will be.
        accepted: bool,
    }

    // ---- neither --------------------------------------------------------------------------

    /// Does something that no table knows. Refused unless a policy names it.
    Unknown = "unknown-effect", by Both, Consequential, in [] {
        /// Action.
        action: String,
    }
}
