use serde_json::{Value, json};

use super::{ALL, NONE, Scene, WITH_VARIABLES};
use chargewarden_ocpp::Version;

/// How a message names the certificate of this number.
fn named(number: u32) -> Value {
    json!({ "hashAlgorithm": "SHA256", "issuerNameHash": format!("aa{number:014x}"),
        "issuerKeyHash": format!("bb{number:014x}"), "serialNumber": format!("{number:x}") })
}

impl Scene {
    fn csms_use(&self) -> &'static str {
        self.pick("CentralSystemRootCertificate", "CSMSRootCertificate")
    }

    /// The station lists what it holds for a use.
    fn lists(&mut self, of: &str, numbers: &[u32]) {
        let data: Vec<Value> = numbers.iter().copied().map(named).collect();
        let chain: Vec<Value> =
            data.iter().map(|names| json!({ "certificateType": of, "certificateHashData": names })).collect();
        let mut answer = json!({ "status": if numbers.is_empty() { "NotFound" } else { "Accepted" } });
        if !numbers.is_empty() {
            let (name, list) = self.pick(("certificateHashData", data), ("certificateHashDataChain", chain));
            answer[name] = Value::from(list);
        }
        let asked = self.pick(json!({ "certificateType": of }), json!({ "certificateType": [of] }));
        self.answered("GetInstalledCertificateIds", &asked, Some(&answer));
    }

    fn removal(&self, names: &Value) -> Vec<&'static str> {
        self.doubts("DeleteCertificate", &json!({ "certificateHashData": names }))
    }

    fn removes(&mut self, names: &Value, status: &str) -> Vec<&'static str> {
        let payload = json!({ "certificateHashData": names });
        self.answered("DeleteCertificate", &payload, Some(&json!({ "status": status })))
    }

    fn installs_anchor(&mut self, of: &str, pem: &str) -> Vec<&'static str> {
        self.accepted("InstallCertificate", &json!({ "certificateType": of, "certificate": pem }))
    }
}

#[test]
fn the_last_anchor_stays() {
    for mut scene in Scene::each(&ALL) {
        assert_eq!(scene.removal(&named(1)), ["last_anchor"], "nothing is known");
        let of = scene.csms_use();
        scene.lists(of, &[1, 2]);
        assert_eq!(scene.removal(&named(1)), NONE);
        assert_eq!(scene.removal(&named(3)), ["last_anchor"], "it may have another use");
        assert_eq!(scene.removes(&named(1), "Accepted"), NONE);
        assert_eq!(scene.removal(&named(2)), ["last_anchor"]);
        scene.lists(of, &[2, 4]);
        assert_eq!(scene.removal(&named(2)), NONE);
    }
}

#[test]
fn each_use_counts_on_its_own() {
    for mut scene in Scene::each(&ALL) {
        let of = scene.csms_use();
        scene.lists(of, &[1, 2]);
        scene.lists("ManufacturerRootCertificate", &[3, 2]);
        assert_eq!(scene.removal(&named(2)), NONE);
        scene.lists("ManufacturerRootCertificate", &[2]);
        assert_eq!(scene.removal(&named(2)), ["last_anchor"], "the maker's last");
        assert_eq!(scene.removal(&named(1)), NONE);
    }
}

#[test]
fn what_is_surely_not_there_can_be_removed() {
    let mut scene = Scene::new(Version::V16);
    scene.lists("CentralSystemRootCertificate", &[1]);
    scene.lists("ManufacturerRootCertificate", &[]);
    assert_eq!(scene.removal(&named(9)), NONE);
    assert_eq!(scene.removal(&named(1)), ["last_anchor"]);
    for mut scene in Scene::each(&WITH_VARIABLES) {
        let chain = |of: &str, number| json!({ "certificateType": of, "certificateHashData": named(number) });
        let answer = json!({ "status": "Accepted", "certificateHashDataChain": [
            chain("CSMSRootCertificate", 1), chain("CSMSRootCertificate", 2), chain("MORootCertificate", 3)] });
        scene.answered("GetInstalledCertificateIds", &json!({}), Some(&answer));
        assert_eq!(scene.removal(&named(9)), NONE);
        assert_eq!(scene.removal(&named(2)), NONE);
        assert_eq!(scene.removal(&named(3)), ["last_anchor"]);
    }
}

#[test]
fn what_is_being_removed_is_not_counted_on() {
    for mut scene in Scene::each(&ALL) {
        let of = scene.csms_use();
        scene.lists(of, &[1, 2]);
        // Its answer is lost.
        scene.sent("DeleteCertificate", &json!({ "certificateHashData": named(1) }));
        assert_eq!(scene.removal(&named(2)), ["last_anchor"]);
        scene.removes(&named(1), "Failed");
        assert_eq!(scene.removal(&named(2)), NONE, "it has kept it");
        scene.removes(&named(1), "NotFound");
        assert_eq!(scene.removal(&named(2)), ["last_anchor"], "it was gone");
    }
}

#[test]
fn an_anchor_that_is_installed_replaces_another() {
    let certificate = |serial: u8| {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.serial_number = Some(vec![serial].into());
        parameters.self_signed(&key).unwrap().pem()
    };
    for mut scene in Scene::each(&ALL) {
        let of = scene.csms_use();
        scene.lists(of, &[1]);
        assert_eq!(scene.removal(&named(1)), ["last_anchor"]);
        let rejected = json!({ "certificateType": of, "certificate": certificate(7) });
        scene.rejected("InstallCertificate", &rejected);
        assert_eq!(scene.removal(&named(1)), ["last_anchor"], "the station did not take it");
        scene.installs_anchor(of, "nonsense");
        assert_eq!(scene.removal(&named(1)), ["last_anchor"], "nobody knows what it is");
        scene.installs_anchor(of, &certificate(7));
        assert_eq!(scene.removal(&named(1)), NONE);
        scene.removes(&named(1), "Accepted");
        // Two with one serial number are told apart by their issuers.
        scene.installs_anchor(of, &certificate(7));
        let names = json!({ "hashAlgorithm": "SHA384", "issuerNameHash": "00", "issuerKeyHash": "00",
            "serialNumber": "07" });
        assert_eq!(scene.removal(&names), ["last_anchor"], "it may have another use");
    }
}

#[test]
fn another_device_holds_other_anchors() {
    for mut scene in Scene::each(&ALL) {
        scene.boot("1", "1.0", "PowerUp");
        let of = scene.csms_use();
        scene.lists(of, &[1, 2]);
        scene.boot("1", "1.1", "PowerUp");
        assert_eq!(scene.removal(&named(1)), NONE);
        scene.boot("2", "1.1", "PowerUp");
        assert_eq!(scene.removal(&named(1)), ["last_anchor"]);
    }
}

#[test]
fn of_more_than_a_station_holds_nothing_is_certain() {
    for mut scene in Scene::each(&ALL) {
        let of = scene.csms_use();
        let many: Vec<u32> = (1..100).collect();
        scene.lists(of, &many);
        assert!(scene.stored() < 4_000, "{}", scene.stored());
        assert_eq!(scene.removal(&named(99)), ["last_anchor"]);
        assert_eq!(scene.removal(&named(1)), NONE);
    }
}
