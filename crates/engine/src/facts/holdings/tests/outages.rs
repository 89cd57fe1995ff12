use serde_json::{Value, json};

use super::{ALL, NONE, Scene};

impl Scene {
    fn availability(&self, evse: i64, on: bool) -> Value {
        let word = if on { "Operative" } else { "Inoperative" };
        let mut v2x = json!({ "operationalStatus": word });
        if evse != 0 {
            v2x["evse"] = json!({ "id": evse });
        }
        self.pick(json!({ "connectorId": evse, "type": word }), v2x)
    }

    fn switch(&mut self, evse: i64, on: bool) -> Vec<&'static str> {
        let payload = self.availability(evse, on);
        self.accepted("ChangeAvailability", &payload)
    }
}

#[test]
fn a_lock_stays_until_its_owner_opens_it() {
    for mut scene in Scene::each(&ALL) {
        assert_eq!(scene.switch(1, false), NONE);
        scene.by("cnp");
        for evse in [0, 1] {
            let enable = scene.availability(evse, true);
            assert_eq!(scene.rejected("ChangeAvailability", &enable), ["undoes_other"], "{evse}");
        }
        assert_eq!(scene.switch(2, true), NONE);
        // Locking it too takes nothing over.
        assert_eq!(scene.switch(1, false), NONE);
        assert_eq!(scene.switch(1, true), ["undoes_other"]);
    }
    for mut scene in Scene::each(&ALL) {
        scene.switch(1, false);
        assert_eq!(scene.switch(1, true), NONE, "its own");
        assert_eq!(scene.by("cnp").switch(1, true), NONE, "it is open");
        scene.by("cso").switch(1, false);
        scene.pass_min(24 * 60);
        assert_eq!(scene.by("cnp").switch(1, true), NONE, "a day later");
    }
}

#[test]
fn what_was_not_done_is_not_undone() {
    for mut scene in Scene::each(&ALL) {
        let disable = scene.availability(1, false);
        scene.rejected("ChangeAvailability", &disable);
        assert_eq!(scene.by("cnp").switch(1, true), NONE);
        scene.by("cso").answered("ChangeAvailability", &disable, Some(&json!({ "status": "Scheduled" })));
        assert_eq!(scene.by("cnp").switch(1, true), ["undoes_other"], "it will be done");
    }
}

#[test]
fn a_station_is_out_of_service_when_all_of_it_is() {
    for mut scene in Scene::each(&ALL) {
        assert!(!scene.facts().out_of_service);
        scene.switch(1, false);
        assert!(!scene.facts().out_of_service);
        scene.switch(0, false);
        assert!(scene.facts().out_of_service);
        scene.switch(1, true);
        assert!(!scene.facts().out_of_service);
        scene.switch(0, false);
        scene.switch(0, true);
        assert!(!scene.facts().out_of_service);
    }
}

#[test]
fn whoever_locks_much_forgets_its_own() {
    for mut scene in Scene::each(&ALL) {
        scene.switch(1, false);
        scene.by("cnp");
        for evse in 2..300 {
            scene.switch(evse, false);
        }
        assert!(scene.stored() < 4_000, "{}", scene.stored());
        assert_eq!(scene.switch(1, true), ["undoes_other"]);
    }
}

#[test]
fn nothing_moves_where_somebody_works() {
    for mut scene in Scene::each(&ALL) {
        scene.switch(1, false);
        let (start, anywhere, unlock) = scene.pick(
            (
                ("RemoteStartTransaction", json!({ "connectorId": 1, "idTag": "A" })),
                json!({ "idTag": "A" }),
                json!({ "connectorId": 1 }),
            ),
            (
                (
                    "RequestStartTransaction",
                    json!({ "evseId": 1, "remoteStartId": 1,
                    "idToken": { "idToken": "A", "type": "ISO14443" } }),
                ),
                json!({ "remoteStartId": 1, "idToken": { "idToken": "A", "type": "ISO14443" } }),
                json!({ "evseId": 1, "connectorId": 1 }),
            ),
        );
        assert_eq!(scene.doubts(start.0, &start.1), NONE, "its own");
        scene.by("cnp");
        assert_eq!(scene.doubts(start.0, &start.1), ["undoes_other"]);
        assert_eq!(scene.doubts("UnlockConnector", &unlock), ["undoes_other"]);
        assert_eq!(scene.doubts(start.0, &anywhere), NONE, "the station can choose another");
        scene.by("cso").switch(0, false);
        assert_eq!(scene.by("cnp").doubts(start.0, &anywhere), ["undoes_other"]);
    }
}
