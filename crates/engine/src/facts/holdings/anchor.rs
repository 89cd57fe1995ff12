//! Whom the station trusts, for which use.

use chargewarden_ocpp::{Action, Obj, Value, Version};
use chargewarden_policy::effect::Effect;
use chargewarden_policy::{Doubt, Doubts};
use serde::{Deserialize, Serialize};

use super::accepted::Answered;
use crate::effects::{Digest, Issuer, Names};
use crate::facts::Heard;

/// Certificates remembered for one use: stations hold fewer. Of a use that has more nothing is known for certain.
const HELD_MAX: usize = 16;

/// What a certificate in a station is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Use {
    Csms,
    Manufacturer,
    V2g,
    Mo,
    V2gChain,
    Oem,
}

impl Use {
    /// As any version spells it.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "CentralSystemRootCertificate" | "CSMSRootCertificate" => Some(Self::Csms),
            "ManufacturerRootCertificate" => Some(Self::Manufacturer),
            "V2GRootCertificate" => Some(Self::V2g),
            "MORootCertificate" => Some(Self::Mo),
            "V2GCertificateChain" => Some(Self::V2gChain),
            "OEMRootCertificate" => Some(Self::Oem),
            _ => None,
        }
    }

    /// Those that a version has.
    fn all(version: Version) -> &'static [Self] {
        match version {
            Version::V16 => &[Self::Csms, Self::Manufacturer],
            Version::V201 => &[Self::Csms, Self::Manufacturer, Self::V2g, Self::Mo, Self::V2gChain],
            Version::V21 => &[Self::Csms, Self::Manufacturer, Self::V2g, Self::Mo, Self::V2gChain, Self::Oem],
        }
    }
}

/// What one station holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Anchors {
    held: Vec<Anchor>,
    /// Uses of which the station has listed all that it holds.
    listed: Vec<Use>,
}

/// A certificate that a station holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Anchor {
    of: Use,
    names: Names,
    /// It was told to remove it, and has not said that it kept it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    leaving: bool,
}

impl Anchors {
    pub(super) fn doubts(&self, heard: &Heard<'_>, out: &mut Doubts) {
        if !heard.effects.iter().any(|effect| matches!(effect, Effect::RemoveTrustAnchor(_))) {
            return;
        }
        // What a vendor's message names is not followed.
        let own = heard.message.action == Action::DeleteCertificate;
        let data = own.then(|| heard.message.payload.root().obj("certificateHashData")).flatten();
        let target = data.and_then(names);
        let last = target.is_none_or(|target| self.leaves_nobody(&target, heard.message.version));
        out.add_if(last, Doubt::LastAnchor);
    }

    fn leaves_nobody(&self, target: &Names, version: Version) -> bool {
        let of = |of: Use| self.held.iter().filter(move |anchor| anchor.of == of);
        let mut found = false;
        for &use_ in Use::all(version) {
            let hit = of(use_).any(|anchor| anchor.names.may_be(target));
            found |= hit;
            if hit && !of(use_).any(|anchor| !anchor.leaving && !anchor.names.may_be(target)) {
                return true;
            }
        }
        // What is not there can be removed without harm, if it surely is not there.
        !found && !Use::all(version).iter().all(|use_| self.listed.contains(use_))
    }

    /// A command is on its way: until the station says otherwise, what it is told to remove may be gone.
    pub(super) fn commanded(&mut self, heard: &Heard<'_>) -> bool {
        if heard.message.action != Action::DeleteCertificate {
            return false;
        }
        let target = heard.message.payload.root().obj("certificateHashData").and_then(names);
        let Some(target) = target else { return false };
        let mut learned = false;
        for anchor in self.held.iter_mut().filter(|anchor| anchor.names.may_be(&target)) {
            learned |= !std::mem::replace(&mut anchor.leaving, true);
        }
        learned
    }

    /// The station has answered.
    pub(super) fn answered(&mut self, answered: &Answered<'_>) -> bool {
        let call = answered.call.payload.root();
        #[expect(clippy::wildcard_enum_match_arm, reason = "few commands are about it")]
        match answered.call.action {
            Action::InstallCertificate if answered.accepted => self.install(call),
            Action::DeleteCertificate => self.remove(call, answered.result),
            Action::GetInstalledCertificateIds => {
                let Some(result) = answered.result else { return false };
                self.list(call, result, answered.call.version);
                true
            }
            _ => false,
        }
    }

    fn install(&mut self, call: Obj<'_>) -> bool {
        let Some(of) = call.text("certificateType").and_then(|text| Use::parse(&text)) else { return false };
        let Some(names) = call.text("certificate").and_then(|text| Names::of_pem(&text)) else {
            // There is one more, and nobody knows which.
            self.listed.retain(|listed| *listed != of);
            return true;
        };
        self.held.retain(|anchor| anchor.of != of || anchor.names != names);
        self.hold(Anchor { of, names, leaving: false });
        true
    }

    fn hold(&mut self, anchor: Anchor) {
        if self.held.iter().filter(|other| other.of == anchor.of).count() < HELD_MAX {
            self.held.push(anchor);
        } else {
            self.listed.retain(|listed| *listed != anchor.of);
        }
    }

    fn remove(&mut self, call: Obj<'_>, result: Option<Obj<'_>>) -> bool {
        let Some(target) = call.obj("certificateHashData").and_then(names) else { return false };
        let status = result.and_then(|result| result.text("status"));
        let gone = status.is_some_and(|status| status == "Accepted" || status == "NotFound");
        let before = self.held.len();
        if gone {
            self.held.retain(|anchor| !anchor.names.may_be(&target));
            return before != self.held.len();
        }
        let mut learned = false;
        for anchor in self.held.iter_mut().filter(|anchor| anchor.names.may_be(&target)) {
            learned |= std::mem::take(&mut anchor.leaving);
        }
        learned
    }

    /// The station has listed what it holds for the uses that it was asked about.
    fn list(&mut self, call: Obj<'_>, result: Obj<'_>, version: Version) {
        let asked: Vec<Use> = match version {
            Version::V16 => call.text("certificateType").iter().filter_map(|text| Use::parse(text)).collect(),
            Version::V201 | Version::V21 if call.has("certificateType") => {
                let texts = call.list("certificateType").filter_map(Value::text);
                texts.filter_map(|text| Use::parse(&text)).collect()
            }
            Version::V201 | Version::V21 => Use::all(version).to_vec(),
        };
        self.held.retain(|anchor| !asked.contains(&anchor.of));
        self.listed.retain(|listed| !asked.contains(listed));
        self.listed.extend_from_slice(&asked);
        match version {
            Version::V16 => {
                let of = asked.first().copied();
                for (of, names) in
                    result.objs("certificateHashData").filter_map(|item| Some((of?, names(item)?)))
                {
                    self.hold(Anchor { of, names, leaving: false });
                }
            }
            Version::V201 | Version::V21 => {
                for item in result.objs("certificateHashDataChain") {
                    let of = item.text("certificateType").and_then(|text| Use::parse(&text));
                    let names = item.obj("certificateHashData").and_then(names);
                    if let Some((of, names)) = of.filter(|of| asked.contains(of)).zip(names) {
                        self.hold(Anchor { of, names, leaving: false });
                    }
                }
            }
        }
    }
}

/// How a message names a certificate (`CertificateHashData`).
fn names(data: Obj<'_>) -> Option<Names> {
    let digest = Digest::parse(&data.text("hashAlgorithm")?)?;
    let issuer = Issuer::stated(digest, &data.text("issuerNameHash")?, &data.text("issuerKeyHash")?);
    Some(Names::stated(&data.text("serialNumber")?, issuer))
}
