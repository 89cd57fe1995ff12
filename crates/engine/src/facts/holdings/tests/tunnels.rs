//! What is odd stays odd inside vendor data.

use serde_json::{Value, json};

use super::{ALL, NONE, Scene};
use chargewarden_ocpp::Version;

impl Scene {
    fn inside(&self, action: &str, payload: &Value) -> Vec<&'static str> {
        let data = json!({ "vendorId": "v", "messageId": action, "data": payload.to_string() });
        self.doubts("DataTransfer", &data)
    }
}

#[test]
fn what_is_odd_stays_odd_inside_vendor_data() {
    for mut scene in Scene::each(&ALL) {
        scene.boot("1", "2.0.0", "PowerUp");
        let entries: Vec<Value> = (0..10).map(|number| scene.entry(number)).collect();
        let (version, entries) =
            (scene.pick("listVersion", "versionNumber"), json!({ "localAuthorizationList": entries }));
        let mut list = json!({ "updateType": "Full", version: 1 });
        let empty = json!({ "updateType": "Full", version: 9 });
        list["localAuthorizationList"] = entries["localAuthorizationList"].clone();
        scene.accepted("SendLocalList", &list);
        assert_eq!(scene.inside("SendLocalList", &empty), ["list_shrinks", "list_version_jumps"]);
        assert_eq!(scene.inside("SendLocalList", &list), NONE);

        let names = json!({ "certificateHashData": { "hashAlgorithm": "SHA256", "issuerNameHash": "aa",
            "issuerKeyHash": "bb", "serialNumber": "1" } });
        assert_eq!(scene.inside("DeleteCertificate", &names), ["last_anchor"]);
        assert_eq!(scene.inside("DeleteCertificate", &json!("?")), ["last_anchor"]);

        let firmware = json!({ "requestId": 1, "firmware": { "location": "https://fw.example/fw-1.0.0.bin",
            "retrieveDateTime": scene.time(0) } });
        assert_eq!(scene.inside("UpdateFirmware", &firmware), ["firmware_older"]);
        scene.accepted("ReserveNow", &scene.booking(1, "A"));
        assert_eq!(scene.inside("ReserveNow", &scene.booking(2, "A")), ["token_reserves_other"]);
        assert_eq!(
            scene.by("cnp").inside("CancelReservation", &json!({ "reservationId": 1 })),
            ["reservation_of_other"]
        );
    }
}

impl Scene {
    fn entry(&self, number: i64) -> Value {
        let token = format!("t{number}");
        self.pick(
            json!({ "idTag": token, "idTagInfo": { "status": "Accepted" } }),
            json!({ "idToken": { "idToken": token, "type": "ISO14443" }, "idTokenInfo": { "status": "Accepted" } }),
        )
    }

    fn booking(&self, id: i64, token: &str) -> Value {
        let ends = self.time(30);
        if self.version == Version::V16 {
            return json!({ "connectorId": id, "expiryDate": ends, "idTag": token, "reservationId": id });
        }
        json!({ "id": id, "expiryDateTime": ends, "evseId": id, "idToken": { "idToken": token, "type": "ISO14443" } })
    }
}
