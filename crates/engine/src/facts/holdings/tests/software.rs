use serde_json::{Value, json};

use super::{ALL, NONE, Scene, WITH_VARIABLES};
use chargewarden_ocpp::Version;

impl Scene {
    fn firmware(&self, location: &str, in_min: i64, signed: bool) -> (&'static str, Value) {
        let at = self.time(in_min);
        if self.version == Version::V16 && !signed {
            return ("UpdateFirmware", json!({ "location": location, "retrieveDate": at }));
        }
        let mut firmware = json!({ "location": location, "retrieveDateTime": at });
        if signed {
            firmware["signingCertificate"] =
                json!("-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n");
            firmware["signature"] = json!("YWJj");
        }
        let action = self.pick("SignedUpdateFirmware", "UpdateFirmware");
        (action, json!({ "requestId": 1, "firmware": firmware }))
    }

    fn installs(&mut self, location: &str, in_min: i64, signed: bool) -> Vec<&'static str> {
        let (action, payload) = self.firmware(location, in_min, signed);
        let answer = if action == "UpdateFirmware" && self.version == Version::V16 {
            json!({})
        } else {
            json!({ "status": "Accepted" })
        };
        self.answered(action, &payload, Some(&answer))
    }

    fn goes(&mut self, status: &str) {
        self.report("FirmwareStatusNotification", &json!({ "status": status }));
    }
}

const ONE: &str = "https://fw.example/a/image-a.bin";
const OTHER: &str = "https://fw.example/b/image-b.bin";

#[test]
fn one_installation_at_a_time() {
    for mut scene in Scene::each(&ALL) {
        assert_eq!(scene.installs(ONE, 60, false), NONE);
        assert_eq!(scene.installs(ONE, 120, false), NONE, "the same, later");
        let (action, other) = scene.firmware(OTHER, 0, false);
        scene.goes("Idle");
        assert_eq!(scene.doubts(action, &other), ["firmware_under_way"], "it has not begun");
        scene.pass_min(130).goes("Downloading");
        assert_eq!(scene.doubts(action, &other), ["firmware_under_way"]);
        scene.goes("Installed");
        assert_eq!(scene.installs(OTHER, 0, false), NONE);
    }
}

#[test]
fn an_order_is_over_when_it_failed_or_is_forgotten() {
    for mut scene in Scene::each(&ALL) {
        for status in ["DownloadFailed", "InstallationFailed", "Installed", "Idle"] {
            scene.installs(ONE, 0, false);
            scene.goes(status);
            let (action, other) = scene.firmware(OTHER, 0, false);
            assert_eq!(scene.doubts(action, &other), NONE, "{status}");
        }
        scene.boot("1", "a", "PowerUp");
        scene.installs(ONE, 0, false);
        scene.boot("1", "a", "PowerUp");
        let (action, other) = scene.firmware(OTHER, 0, false);
        assert_eq!(scene.doubts(action, &other), ["firmware_under_way"], "it runs what it ran");
        scene.boot("1", "b", "FirmwareUpdate");
        assert_eq!(scene.doubts(action, &other), NONE, "it runs something else");
        scene.installs(ONE, 0, false);
        scene.pass_min(24 * 60);
        assert_eq!(scene.doubts(action, &other), NONE, "not heard of for a day");
    }
}

#[test]
fn what_was_turned_down_is_not_under_way() {
    for mut scene in Scene::each(&WITH_VARIABLES) {
        let (action, one) = scene.firmware(ONE, 0, false);
        scene.rejected(action, &one);
        let (action, other) = scene.firmware(OTHER, 0, false);
        assert_eq!(scene.doubts(action, &other), NONE);
    }
}

#[test]
fn older_software_is_told_by_its_name() {
    for mut scene in Scene::each(&ALL) {
        let doubts = |scene: &Scene, file: &str| {
            let (action, payload) = scene.firmware(&format!("https://fw.example/{file}"), 0, false);
            scene.doubts(action, &payload)
        };
        assert_eq!(doubts(&scene, "fw-1.0.0.bin"), NONE, "nothing is known");
        scene.boot("1", "2.3.1", "PowerUp");
        for file in ["fw-2.3.0.bin", "fw_v1.9_signed.zip", "2.2/image.bin"] {
            assert_eq!(doubts(&scene, file), ["firmware_older"], "{file}");
        }
        for file in ["fw-2.3.1.bin", "fw-2.10.0.bin", "fw-2.3.bin", "image.bin", "3.0/image.bin"] {
            assert_eq!(doubts(&scene, file), NONE, "{file}");
        }
        scene.boot("1", "build 7", "PowerUp");
        assert_eq!(doubts(&scene, "fw-1.0.0.bin"), NONE, "nothing can be compared");
    }
}

#[test]
fn who_checks_signatures_is_sent_signed_software() {
    for mut scene in Scene::each(&ALL) {
        let (action, unsigned) = scene.firmware(ONE, 0, false);
        assert_eq!(scene.doubts(action, &unsigned), NONE, "nothing is known");
        let (signed_action, signed) = scene.firmware(ONE, 0, true);
        scene.answered(signed_action, &signed, None);
        assert_eq!(scene.doubts(action, &unsigned), NONE, "it does not know how");
        assert_eq!(scene.installs(ONE, 0, true), NONE);
        assert_eq!(scene.doubts(action, &unsigned), ["signature_possible"]);
        assert_eq!(scene.doubts(signed_action, &signed), NONE);
    }
    let mut scene = Scene::new(Version::V16);
    scene.report("SignedFirmwareStatusNotification", &json!({ "status": "Idle" }));
    let (action, unsigned) = scene.firmware(ONE, 0, false);
    assert_eq!(scene.doubts(action, &unsigned), NONE);
    scene.report("SignedFirmwareStatusNotification", &json!({ "status": "Downloading", "requestId": 1 }));
    assert_eq!(scene.doubts(action, &unsigned), ["signature_possible"]);
}
