//! Commands that change whom a station trusts, who it is, and where it connects to.

use std::borrow::Cow;

use chargewarden_ocpp::{Obj, Version};
use chargewarden_policy::effect::{Effect, LowerSecurity, RemoveTrustAnchor, ReplaceCredential, Repoint};

use super::{certificate, field, number, setting, url};

/// `InstallCertificate`.
pub(super) fn install_certificate(out: &mut Vec<Effect>, root: Obj<'_>) {
    let text = root.text("certificate").unwrap_or_default();
    out.push(certificate::anchor(field::text(root, "certificateType"), &text).into());
}

/// `DeleteCertificate`.
pub(super) fn delete_certificate(out: &mut Vec<Effect>, root: Obj<'_>) {
    let Some(hash) = root.obj("certificateHashData") else { return };
    out.push(
        RemoveTrustAnchor {
            serial: field::text(hash, "serialNumber"),
            issuer_key_hash: field::text(hash, "issuerKeyHash"),
            issuer_name_hash: field::text(hash, "issuerNameHash"),
        }
        .into(),
    );
}

/// `CertificateSigned`.
pub(super) fn certificate_signed(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let stated = if version == Version::V16 { None } else { root.text("certificateType") };
    let certificate_use = stated.map_or_else(|| "ChargingStationCertificate".to_owned(), Cow::into_owned);
    let chain = root.text("certificateChain").unwrap_or_default();
    out.push(certificate::issued(certificate_use, &chain).into());
}

/// 2.x `SetNetworkProfile`: where to, how safely, by which name and secret, over which network.
pub(super) fn set_network_profile(out: &mut Vec<Effect>, version: Version, root: Obj<'_>) {
    let Some(data) = root.obj("connectionData") else { return };
    let slot = root.int("configurationSlot");
    let security_profile = data.int("securityProfile");
    let repoint = |key: &str, url| Repoint {
        url,
        slot,
        security_profile,
        means: "network-profile",
        key: key.to_owned(),
    };
    let target = url::read(&data.text("ocppCsmsUrl").unwrap_or_default());
    out.push(repoint("", Some(target)).into());
    out.push(LowerSecurity { security_profile, key: "SetNetworkProfile".to_owned() }.into());
    if version == Version::V21 {
        if data.has("identity") {
            out.push(repoint("identity", None).into());
        }
        replace(out, "basicAuthPassword", data, "basicAuthPassword");
    }
    if let Some(apn) = data.obj("apn") {
        out.push(repoint("apn", None).into());
        replace(out, "apn.apnPassword", apn, "apnPassword");
    }
    if let Some(vpn) = data.obj("vpn") {
        let server = vpn.text("server").unwrap_or_default();
        let server = if url::looks_like(&server) { url::read(&server) } else { url::read_host(&server) };
        out.push(repoint("vpn", Some(server)).into());
        replace(out, "vpn.password", vpn, "password");
        replace(out, "vpn.key", vpn, "key");
    }
}

fn replace(out: &mut Vec<Effect>, key: &str, holder: Obj<'_>, name: &str) {
    let Some(secret) = holder.text(name) else { return };
    out.push(
        ReplaceCredential {
            key: key.to_owned(),
            length: number::count(secret.chars().count()),
            weak: setting::value::is_weak(&secret),
        }
        .into(),
    );
}
