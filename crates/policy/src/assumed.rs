//! What is taken as given when a message is judged without a session: by `policy explain`, and by a bundle's tests.

use chargewarden_ocpp::{Timestamp, Version};
use serde::Deserialize;

use crate::circumstances::{Authentication, SessionFacts};
use crate::party::PartyId;
use crate::station::{CsmsFacts, Standing, StationFacts};
use crate::subject::About;

/// Station, management system and session, as a person states them. Everything has a default: a booted station of which
/// little is known, and a management system of the provider.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Assumed {
    /// Id of the station.
    pub station: String,
    /// Id of the management system.
    pub csms: String,
    /// Who runs it.
    pub csms_party: String,
    /// `normal`, `watched` or `quarantined`.
    pub csms_standing: String,
    /// Parties with a stake in the station.
    pub parties: Vec<String>,
    /// Site of the station.
    pub site: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Its part of the grid.
    pub area: Option<String>,
    /// Model, as it said.
    pub model: Option<String>,
    /// Vendor, as it said.
    pub vendor: Option<String>,
    /// Firmware, as it said.
    pub firmware: Option<String>,
    /// Whether its boot was accepted.
    pub booted: bool,
    /// Security profile, 0 to 3.
    pub security_profile: i64,
    /// Name that its certificate has to bear; the station's id when absent.
    pub certificate_name: Option<String>,
    /// Organisation that its certificate has to name.
    pub organisation: Option<String>,
    /// SHA-256 of the key for which it has asked for a certificate.
    pub requested_key: Option<String>,
    /// The same for a certificate that it shows to vehicles.
    pub requested_v2g_key: Option<String>,
    /// Certificates it has asked for in the last 24 h.
    pub requests_today: i64,
    /// Whether it was told to ask.
    pub request_triggered: bool,
    /// `normal`, `watched` or `quarantined`.
    pub standing: String,
    /// Whether enough was heard of it to judge by.
    pub known: bool,
    /// Sessions that run.
    pub transactions: i64,
    /// Power that they draw, in W.
    pub power_w: i64,
    /// Whether all of it was taken out of service.
    pub out_of_service: bool,
    /// `none`, `password` or `certificate`, of the sender's own connection.
    pub authenticated: String,
    /// Seconds since the session began.
    pub session_age_s: i64,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// RFC 3339.
    pub now: Option<String>,
}

impl Default for Assumed {
    fn default() -> Self {
        Self {
            station: "CS-1".to_owned(),
            csms: "main".to_owned(),
            csms_party: "cnp".to_owned(),
            csms_standing: Standing::Normal.name().to_owned(),
            parties: vec!["cso".to_owned()],
            site: None,
            groups: Vec::new(),
            area: None,
            model: None,
            vendor: None,
            firmware: None,
            booted: true,
            security_profile: 1,
            certificate_name: None,
            organisation: None,
            requested_key: None,
            requested_v2g_key: None,
            requests_today: 0,
            request_triggered: false,
            standing: Standing::Normal.name().to_owned(),
            known: false,
            transactions: 0,
            power_w: 0,
            out_of_service: false,
            authenticated: Authentication::Password.name().to_owned(),
            session_age_s: 600,
            tls: false,
            now: None,
        }
    }
}

impl Assumed {
    /// Who a decision is about.
    ///
    /// # Errors
    /// A standing or a party that does not exist, for the person who wrote it.
    pub fn about(&self, version: Version) -> Result<About, String> {
        let facts = StationFacts {
            version,
            model: self.model.clone(),
            vendor: self.vendor.clone(),
            firmware: self.firmware.clone(),
            booted: self.booted,
            security_profile: self.security_profile,
            certificate_name: self.certificate_name.clone().or_else(|| Some(self.station.clone())),
            organisation: self.organisation.clone(),
            requested_key: self.requested_key.clone(),
            requested_v2g_key: self.requested_v2g_key.clone(),
            requests_today: self.requests_today,
            request_triggered: self.request_triggered,
            standing: standing("standing", &self.standing)?,
            known: self.known,
            transactions: self.transactions,
            power_w: self.power_w,
            out_of_service: self.out_of_service,
        };
        let csms_facts = CsmsFacts { standing: standing("csms_standing", &self.csms_standing)? };
        Ok(About {
            station: self.station.clone(),
            parties: self.parties.iter().map(|name| party(name)).collect::<Result<Vec<PartyId>, _>>()?,
            site: self.site.clone(),
            groups: self.groups.clone(),
            area: self.area.clone(),
            facts,
            csms: self.csms.clone(),
            csms_party: party(&self.csms_party)?,
            csms_facts,
            envelope: Default::default(),
        })
    }

    /// The sender's session.
    ///
    /// # Errors
    /// A kind of authentication that does not exist.
    pub fn session(&self) -> Result<SessionFacts, String> {
        let kinds = [Authentication::None, Authentication::Password, Authentication::Certificate];
        let known = kinds.into_iter().find(|kind| kind.name() == self.authenticated);
        let authenticated = known.ok_or_else(|| {
            format!("authenticated `{}` is none of `none`, `password`, `certificate`", self.authenticated)
        })?;
        Ok(SessionFacts { authenticated, age_s: self.session_age_s, tls: self.tls })
    }

    /// The time, where one is stated.
    ///
    /// # Errors
    /// A text that is no time.
    pub fn now(&self) -> Result<Option<Timestamp>, String> {
        let parse =
            |text: &String| Timestamp::parse(text).map_err(|_| format!("now `{text}` is not RFC 3339"));
        self.now.as_ref().map(parse).transpose()
    }
}

fn party(name: &str) -> Result<PartyId, String> {
    name.parse().map_err(|error: crate::party::InvalidParty| error.to_string())
}

fn standing(field: &str, text: &str) -> Result<Standing, String> {
    let known = [Standing::Normal, Standing::Watched, Standing::Quarantined];
    known
        .into_iter()
        .find(|standing| standing.name() == text)
        .ok_or_else(|| format!("{field} `{text}` is none of `normal`, `watched`, `quarantined`"))
}
