use serde_json::{Value, json};

use super::{ALL, NONE, Scene};
use chargewarden_ocpp::Version;

impl Scene {
    pub(super) fn reserve(&mut self, id: i64, evse: i64, token: &str, minutes: i64) -> Vec<&'static str> {
        let payload = self.reservation(id, evse, token, minutes);
        self.accepted("ReserveNow", &payload)
    }

    fn reservation(&self, id: i64, evse: i64, token: &str, minutes: i64) -> Value {
        let ends = self.time(minutes);
        self.pick(
            json!({ "connectorId": evse, "expiryDate": ends, "idTag": token, "reservationId": id }),
            json!({ "id": id, "expiryDateTime": ends, "evseId": evse,
                "idToken": { "idToken": token, "type": "ISO14443" } }),
        )
    }

    pub(super) fn cancel(&mut self, id: i64) -> Vec<&'static str> {
        self.accepted("CancelReservation", &json!({ "reservationId": id }))
    }

    /// The driver plugs in.
    fn uses(&mut self, evse: i64, token: &str, id: Option<i64>) {
        let now = self.time(0);
        let (mut v16, mut v2x) = (
            json!({ "connectorId": evse, "idTag": token, "meterStart": 0, "timestamp": now }),
            json!({ "eventType": "Started", "timestamp": now, "triggerReason": "Authorized", "seqNo": 0,
                "transactionInfo": { "transactionId": "t" }, "evse": { "id": evse },
                "idToken": { "idToken": token, "type": "ISO14443" } }),
        );
        if let Some(id) = id {
            v16["reservationId"] = json!(id);
            v2x["reservationId"] = json!(id);
        }
        let (action, payload) = self.pick(("StartTransaction", v16), ("TransactionEvent", v2x));
        self.report(action, &payload);
    }

    fn start(&self, evse: i64, token: &str) -> Vec<&'static str> {
        let (action, payload) = self.pick(
            ("RemoteStartTransaction", json!({ "connectorId": evse, "idTag": token })),
            (
                "RequestStartTransaction",
                json!({ "evseId": evse, "remoteStartId": 1,
                "idToken": { "idToken": token, "type": "ISO14443" } }),
            ),
        );
        self.doubts(action, &payload)
    }
}

#[test]
fn a_reservation_is_cancelled_by_whoever_made_it() {
    for mut scene in Scene::each(&ALL) {
        assert_eq!(scene.cancel(7), ["reservation_of_other"], "nobody knows it");
        assert_eq!(scene.reserve(7, 1, "A", 30), NONE);
        assert_eq!(scene.by("cnp").cancel(8), ["reservation_of_other"]);
        let cancel = json!({ "reservationId": 7 });
        assert_eq!(scene.rejected("CancelReservation", &cancel), ["reservation_of_other"]);
        assert_eq!(scene.by("cso").cancel(7), NONE);
        // Too late, and harmless: its answer was lost, or the driver was quicker.
        assert_eq!(scene.cancel(7), NONE);
        assert_eq!(scene.by("cnp").cancel(7), ["reservation_of_other"]);
    }
}

#[test]
fn a_reservation_of_another_is_not_written_over() {
    for mut scene in Scene::each(&ALL) {
        scene.reserve(7, 1, "A", 30);
        assert_eq!(scene.by("cnp").reserve(7, 2, "B", 30), ["reservation_of_other"]);
        assert_eq!(scene.reserve(8, 3, "C", 30), NONE);
        // After its end the number is free.
        assert_eq!(scene.pass_min(31).by("cso").reserve(8, 4, "D", 30), NONE);
    }
}

#[test]
fn a_token_holds_one_reservation() {
    for mut scene in Scene::each(&ALL) {
        assert_eq!(scene.reserve(1, 1, "Driver", 30), NONE);
        assert_eq!(scene.reserve(2, 2, "DRIVER", 30), ["token_reserves_other"], "case means nothing");
        assert_eq!(scene.reserve(3, 3, "other", 30), NONE);
    }
    for mut scene in Scene::each(&ALL) {
        let payload = scene.reservation(1, 1, "driver", 30);
        scene.rejected("ReserveNow", &payload);
        assert_eq!(scene.reserve(2, 2, "driver", 30), NONE, "the first was turned down");
        scene.cancel(2);
        assert_eq!(scene.reserve(3, 3, "driver", 30), NONE, "it was given up");
        assert_eq!(scene.pass_min(31).reserve(4, 1, "driver", 30), NONE, "it ended");
        scene.uses(1, "driver", Some(4));
        assert_eq!(scene.reserve(5, 5, "driver", 30), NONE, "it was used");
        scene.uses(5, "DRIVER", None);
        assert_eq!(scene.reserve(6, 6, "driver", 30), NONE, "it was used, though the station names it not");
    }
}

#[test]
fn a_station_says_that_a_reservation_is_gone() {
    for mut scene in Scene::each(&[Version::V201, Version::V21]) {
        scene.reserve(1, 1, "driver", 30);
        let update = json!({ "reservationId": 1, "reservationUpdateStatus": "Removed" });
        scene.report("ReservationStatusUpdate", &update);
        assert_eq!(scene.reserve(2, 2, "driver", 30), NONE);
    }
}

#[test]
fn a_reservation_is_not_renewed_for_ever() {
    for mut scene in Scene::each(&ALL) {
        scene.reserve(1, 1, "A", 30);
        let longer = scene.reservation(1, 1, "A", 90);
        assert_eq!(scene.doubts("ReserveNow", &longer), ["reserved_again"], "it still runs");
        assert_eq!(scene.reserve(1, 1, "A", 30), NONE, "the same once more");
        scene.pass_min(40);
        assert_eq!(scene.reserve(2, 1, "A", 30), ["reserved_again"], "it ended ten minutes ago");
        scene.pass_min(91);
        assert_eq!(scene.reserve(3, 1, "A", 30), NONE, "it ended an hour ago");
    }
    for mut scene in Scene::each(&ALL) {
        scene.reserve(1, 1, "A", 30);
        scene.uses(1, "A", Some(1));
        assert_eq!(scene.pass_min(20).reserve(2, 1, "A", 30), NONE, "it was used");
        assert_eq!(scene.pass_min(31).reserve(3, 2, "A", 30), NONE, "elsewhere");
    }
}

#[test]
fn other_tokens_do_not_keep_an_evse_either() {
    for mut scene in Scene::each(&ALL) {
        assert_eq!(scene.reserve(1, 1, "A", 15), NONE);
        assert_eq!(scene.pass_min(16).reserve(2, 1, "B", 15), NONE, "one driver did not come");
        assert_eq!(scene.pass_min(16).reserve(3, 1, "C", 15), ["reserved_again"]);
        assert_eq!(scene.reserve(4, 2, "D", 15), NONE, "elsewhere");
    }
}

#[test]
fn what_is_kept_for_somebody_is_taken() {
    for mut scene in Scene::each(&ALL) {
        scene.reserve(1, 1, "A", 30);
        assert_eq!(scene.start(1, "B"), ["evse_taken"]);
        assert_eq!(scene.start(1, "a"), NONE);
        assert_eq!(scene.start(2, "B"), NONE);
        let other = scene.reservation(2, 1, "B", 30);
        assert_eq!(scene.doubts("ReserveNow", &other), ["evse_taken"]);
        scene.pass_min(31);
        assert_eq!(scene.start(1, "B"), NONE);
    }
}

#[test]
fn whoever_reserves_much_forgets_its_own() {
    for mut scene in Scene::each(&ALL) {
        scene.reserve(1_000_000, 1, "mine", 600);
        scene.by("cnp");
        for id in 0..200 {
            scene.reserve(id, 2, &format!("t{id}"), 600);
        }
        assert_eq!(scene.cancel(0), ["reservation_of_other"], "forgotten");
        assert_eq!(scene.cancel(199), NONE);
        assert_eq!(scene.by("cso").cancel(1_000_000), NONE);
        assert!(scene.stored() < 12_000, "{}", scene.stored());
        scene.pass_min(6_000).boot("1", "1", "PowerUp");
        assert!(scene.stored() < 1_000, "{}", scene.stored());
    }
}

#[test]
fn a_payment_keeps_an_evse_and_renews_nothing() {
    let mut scene = Scene::new(Version::V21);
    let payment = json!({ "evseId": 1, "timeout": 300 });
    for _ in 0..4 {
        assert_eq!(scene.answered("NotifyWebPaymentStarted", &payment, Some(&json!({}))), NONE);
    }
    assert_eq!(scene.start(1, "A"), ["evse_taken"]);
    assert_eq!(scene.pass_min(6).start(1, "A"), NONE);
}
