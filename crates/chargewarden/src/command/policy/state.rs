//! The state a frame is explained in: what a session would know.

use chargewarden_ocpp::{Timestamp, Version};
use chargewarden_policy::{About, Authentication, PartyId, SessionFacts, Standing, StationFacts};
use serde::Deserialize;

/// A state file, JSON. Everything has a default: a booted station of which little is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct State {
    station: String,
    csms: String,
    csms_party: String,
    parties: Vec<String>,
    site: Option<String>,
    groups: Vec<String>,
    area: Option<String>,
    model: Option<String>,
    vendor: Option<String>,
    firmware: Option<String>,
    booted: bool,
    security_profile: i64,
    /// The station's id when absent.
    certificate_name: Option<String>,
    organisation: Option<String>,
    requested_key: Option<String>,
    requested_v2g_key: Option<String>,
    requests_today: i64,
    request_triggered: bool,
    /// `active` or `quarantined`.
    standing: String,
    /// `none`, `password` or `certificate`, of the sender's own connection.
    authenticated: String,
    session_age_s: i64,
    tls: bool,
    /// RFC 3339; the clock when absent.
    now: Option<String>,
}

impl Default for State {
    fn default() -> State {
        State {
            station: "CS-1".to_owned(),
            csms: "main".to_owned(),
            csms_party: "cnp".to_owned(),
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
            standing: "normal".to_owned(),
            authenticated: "password".to_owned(),
            session_age_s: 600,
            tls: false,
            now: None,
        }
    }
}

impl State {
    pub(super) fn about(&self, version: Version) -> anyhow::Result<About> {
        let standing = match self.standing.as_str() {
            "normal" => Standing::Normal,
            "watched" => Standing::Watched,
            "quarantined" => Standing::Quarantined,
            other => anyhow::bail!("state: standing `{other}` is none of `normal`, `watched`, `quarantined`"),
        };
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
            standing,
            ..StationFacts::default()
        };
        Ok(About {
            station: self.station.clone(),
            parties: self.parties.iter().map(|party| party.parse()).collect::<Result<Vec<PartyId>, _>>()?,
            site: self.site.clone(),
            groups: self.groups.clone(),
            area: self.area.clone(),
            facts,
            csms: self.csms.clone(),
            csms_party: self.csms_party.parse()?,
            csms_facts: Default::default(),
            envelope: Default::default(),
        })
    }

    pub(super) fn session(&self) -> anyhow::Result<SessionFacts> {
        let authenticated = match self.authenticated.as_str() {
            "none" => Authentication::None,
            "password" => Authentication::Password,
            "certificate" => Authentication::Certificate,
            other => {
                anyhow::bail!("state: authenticated `{other}` is none of `none`, `password`, `certificate`")
            }
        };
        Ok(SessionFacts { authenticated, age_s: self.session_age_s, tls: self.tls })
    }

    pub(super) fn now(&self) -> anyhow::Result<Timestamp> {
        match &self.now {
            Some(text) => {
                Timestamp::parse(text).map_err(|_| anyhow::anyhow!("state: now `{text}` is not RFC 3339"))
            }
            None => Ok(Timestamp::from_millis(crate::gateway::stamp().as_millis())),
        }
    }
}
