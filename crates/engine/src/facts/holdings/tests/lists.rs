use serde_json::{Value, json};

use super::{ALL, NONE, Scene};

impl Scene {
    /// `written` entries, and `removed` ones.
    fn list(&self, full: bool, version: i64, written: usize, removed: usize) -> Value {
        let entry = |number: usize| {
            let mut entry = self.pick(
                json!({ "idTag": format!("t{number}") }),
                json!({ "idToken": { "idToken": format!("t{number}"), "type": "ISO14443" } }),
            );
            if number < written {
                entry[self.pick("idTagInfo", "idTokenInfo")] = json!({ "status": "Accepted" });
            }
            entry
        };
        let entries: Vec<Value> = (0..written + removed).map(entry).collect();
        let mut list = json!({ "updateType": if full { "Full" } else { "Differential" } });
        list[self.pick("listVersion", "versionNumber")] = json!(version);
        if !entries.is_empty() {
            list["localAuthorizationList"] = Value::from(entries);
        }
        list
    }

    fn full(&mut self, version: i64, entries: usize) -> Vec<&'static str> {
        let list = self.list(true, version, entries, 0);
        self.accepted("SendLocalList", &list)
    }

    fn change(&mut self, version: i64, written: usize, removed: usize) -> Vec<&'static str> {
        let list = self.list(false, version, written, removed);
        self.accepted("SendLocalList", &list)
    }

    fn tells_version(&mut self, version: i64) {
        let answer = self.pick(json!({ "listVersion": version }), json!({ "versionNumber": version }));
        self.answered("GetLocalListVersion", &json!({}), Some(&answer));
    }
}

#[test]
fn a_version_follows_the_one_before() {
    for mut scene in Scene::each(&ALL) {
        assert_eq!(scene.full(40, 10), NONE, "nothing is known");
        assert_eq!(scene.full(40, 10), NONE, "once more");
        assert_eq!(scene.change(41, 1, 0), NONE);
        assert_eq!(scene.change(999, 1, 0), ["list_version_jumps"]);
        assert_eq!(scene.change(41, 1, 0), ["list_version_jumps"]);
        scene.tells_version(50);
        assert_eq!(scene.change(51, 1, 0), NONE, "the station said so");
        scene.tells_version(0);
        assert_eq!(scene.full(7, 100), NONE, "its first list");
        let list = scene.list(false, 100, 1, 0);
        scene.rejected_list(&list, "VersionMismatch");
        assert_eq!(scene.change(8, 1, 0), NONE, "the station did not take it");
    }
}

impl Scene {
    fn rejected_list(&mut self, list: &Value, status: &str) {
        self.answered("SendLocalList", list, Some(&json!({ "status": status })));
    }
}

#[test]
fn a_list_does_not_shrink_unseen() {
    for mut scene in Scene::each(&ALL) {
        assert_eq!(scene.full(1, 10), NONE);
        assert_eq!(scene.full(2, 8), NONE, "a fifth");
        let (empty, seven) = (scene.list(true, 3, 0, 0), scene.list(true, 3, 7, 0));
        assert_eq!(scene.doubts("SendLocalList", &empty), ["list_shrinks"]);
        assert_eq!(scene.doubts("SendLocalList", &seven), ["list_shrinks"], "with what went before");
        scene.pass_min(24 * 60);
        assert_eq!(scene.doubts("SendLocalList", &seven), NONE, "a day later");
    }
}

#[test]
fn removals_add_up() {
    for mut scene in Scene::each(&ALL) {
        scene.full(1, 100);
        assert_eq!(scene.change(2, 0, 15), NONE);
        let more = scene.list(false, 3, 0, 15);
        assert_eq!(scene.doubts("SendLocalList", &more), ["list_shrinks"]);
        // The list is renewed, not emptied: as many come.
        assert_eq!(scene.change(3, 30, 0), NONE);
        scene.pass_min(24 * 60);
        assert_eq!(scene.change(4, 0, 15), NONE, "a day later");
    }
}

#[test]
fn of_a_list_of_unknown_length_nothing_is_said() {
    for mut scene in Scene::each(&ALL) {
        scene.tells_version(5);
        assert_eq!(scene.change(6, 0, 50), NONE);
        assert_eq!(scene.full(7, 0), NONE);
        assert_eq!(scene.full(8, 100), NONE);
        assert_eq!(scene.full(9, 50), ["list_shrinks"]);
    }
}

#[test]
fn a_list_has_one_owner() {
    for mut scene in Scene::each(&ALL) {
        scene.full(1, 10);
        assert_eq!(scene.by("cnp").change(2, 1, 0), ["list_of_other"]);
        assert_eq!(scene.change(3, 1, 0), NONE);
        scene.tells_version(9);
        assert_eq!(scene.by("cso").change(10, 1, 0), NONE, "nobody knows who wrote that one");
    }
}

#[test]
fn a_list_that_refuses_shrinks_too() {
    for mut scene in Scene::each(&ALL) {
        scene.full(1, 30);
        let info = scene.pick("idTagInfo", "idTokenInfo");
        let expiry = scene.pick("expiryDate", "cacheExpiryDateTime");
        let (past, future) = (scene.time(-1), scene.time(60));
        let with = |list: &Value, entries: usize, told: Value| {
            let mut list = list.clone();
            for entry in list["localAuthorizationList"].as_array_mut().unwrap().iter_mut().take(entries) {
                entry[info] = told.clone();
            }
            list
        };
        let (full, some) = (scene.list(true, 2, 30, 0), scene.list(false, 2, 10, 0));
        for told in [json!({ "status": "Blocked" }), json!({ "status": "Accepted", expiry: past })] {
            assert_eq!(scene.doubts("SendLocalList", &with(&full, 30, told.clone())), ["list_shrinks"]);
            assert_eq!(scene.doubts("SendLocalList", &with(&some, 10, told.clone())), ["list_shrinks"]);
            assert_eq!(scene.doubts("SendLocalList", &with(&some, 2, told)), NONE, "two stolen cards");
        }
        let valid = with(&full, 30, json!({ "status": "Accepted", expiry: future }));
        assert_eq!(scene.doubts("SendLocalList", &valid), NONE);
        // A list of stolen cards grows.
        let stolen = with(&scene.list(true, 2, 30, 0), 25, json!({ "status": "Blocked" }));
        scene.accepted("SendLocalList", &stolen);
        scene.pass_min(24 * 60);
        let more = with(&scene.list(false, 3, 20, 0), 20, json!({ "status": "Blocked" }));
        assert_eq!(scene.accepted("SendLocalList", &more), NONE);
    }
}

#[test]
fn an_empty_list_has_nothing_to_lose() {
    for mut scene in Scene::each(&ALL) {
        scene.tells_version(0);
        let info = scene.pick("idTagInfo", "idTokenInfo");
        let mut list = scene.list(false, 1, 2, 0);
        list["localAuthorizationList"][1][info] = json!({ "status": "Blocked" });
        assert_eq!(scene.doubts("SendLocalList", &list), NONE);
    }
}
