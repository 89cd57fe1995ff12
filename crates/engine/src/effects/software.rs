//! Commands that change what software runs.

use chargewarden_ocpp::Obj;
use chargewarden_policy::effect::{Effect, InstallFirmware, PublishFirmware};

use super::{certificate, field, url};

/// 1.6 `UpdateFirmware`.
pub(super) fn update_unsigned(out: &mut Vec<Effect>, root: Obj<'_>) {
    out.push(
        InstallFirmware {
            url: url::read(&root.text("location").unwrap_or_default()),
            signed: false,
            signer: String::new(),
            retrieve_at: root.time("retrieveDate"),
            install_at: None,
        }
        .into(),
    );
}

/// 1.6 `SignedUpdateFirmware`, 2.x `UpdateFirmware`.
pub(super) fn update(out: &mut Vec<Effect>, root: Obj<'_>) {
    let Some(firmware) = root.obj("firmware") else { return };
    let certificate = firmware.text("signingCertificate").filter(|text| !text.trim().is_empty());
    let signature = firmware.text("signature").filter(|text| !text.trim().is_empty());
    out.push(
        InstallFirmware {
            url: url::read(&firmware.text("location").unwrap_or_default()),
            signed: certificate.is_some() && signature.is_some(),
            // The chain may come with it; the signer stands first.
            signer: certificate.map(|pem| certificate::pem::first(&pem).0).unwrap_or_default(),
            retrieve_at: firmware.time("retrieveDateTime"),
            install_at: firmware.time("installDateTime"),
        }
        .into(),
    );
}

/// 2.x `PublishFirmware`.
pub(super) fn publish(out: &mut Vec<Effect>, root: Obj<'_>) {
    let url = Some(url::read(&root.text("location").unwrap_or_default()));
    out.push(PublishFirmware { url, checksum: field::text(root, "checksum") }.into());
}

/// 2.x `UnpublishFirmware`.
pub(super) fn unpublish(out: &mut Vec<Effect>, root: Obj<'_>) {
    out.push(PublishFirmware { url: None, checksum: field::text(root, "checksum") }.into());
}
