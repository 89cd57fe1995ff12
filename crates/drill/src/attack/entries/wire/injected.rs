//! T10: answers to what nobody asked.

use chargewarden_ocpp::{Side, Version};

use crate::attack::{ALL, Attack, Entry, Kind, Twin};

/// T10.
pub(super) fn answers() -> Entry {
    Entry {
        id: "T10",
        name: "answers to what nobody asked, or not this one",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::new("with guessed ids", ALL, |play| {
                play.campaign(|play, place| {
                    for from in [Side::Station, Side::Csms] {
                        for id in ["1001", "17", "1", "0", "", "m1", "00000000-0000-0000-0000-000000000000"] {
                            for text in [
                                format!(r#"[3,"{id}",{{"status":"Accepted"}}]"#),
                                format!(r#"[3,"{id}",{{"idTagInfo":{{"status":"Accepted"}}}}]"#),
                                format!(r#"[3,"{id}",{{}}]"#),
                                format!(r#"[4,"{id}","GenericError","",{{}}]"#),
                                format!(r#"[5,"{id}","GenericError","",{{}}]"#),
                            ] {
                                let _ = play.strike_text(place, from, &text);
                            }
                        }
                    }
                });
            }),
            Attack::new("by whoever asked himself", ALL, |play| {
                play.campaign(|play, place| {
                    let _ = play.world.text(place, Side::Station, r#"[2,"q1","Heartbeat",{}]"#);
                    let _ = play.strike_text(
                        place,
                        Side::Station,
                        r#"[3,"q1",{"currentTime":"2026-03-03T10:00:00Z"}]"#,
                    );
                    let _ = play.world.text(place, Side::Csms, r#"[2,"q2","ClearCache",{}]"#);
                    let _ = play.strike_text(place, Side::Csms, r#"[3,"q2",{"status":"Accepted"}]"#);
                });
            }),
            Attack::new("to another id, or in another spelling of it", ALL, |play| {
                play.campaign(|play, place| {
                    let _ = play.world.text(place, Side::Station, r#"[2,"Abc","Heartbeat",{}]"#);
                    for id in ["abc", "ABC", "Abc ", " Abc", "Abc\u{200b}", "Ab", "Abcd"] {
                        let text = format!(r#"[3,"{id}",{{"currentTime":"{}"}}]"#, play.world.time(0));
                        let _ = play.strike_text(place, Side::Csms, &text);
                    }
                });
            }),
            Attack::new("twice", ALL, |play| {
                play.campaign(|play, place| {
                    let _ = play.world.text(place, Side::Csms, r#"[2,"t1","ClearCache",{}]"#);
                    let _ = play.world.text(place, Side::Station, r#"[3,"t1",{"status":"Rejected"}]"#);
                    let _ = play.strike_text(place, Side::Station, r#"[3,"t1",{"status":"Accepted"}]"#);
                    let _ = play.strike_text(place, Side::Station, r#"[4,"t1","InternalError","",{}]"#);
                });
            }),
            Attack::new("long after", ALL, |play| {
                play.campaign(|play, place| {
                    let _ = play.world.text(place, Side::Csms, r#"[2,"l1","ClearCache",{}]"#);
                    play.world.pass(std::time::Duration::from_secs(300));
                    let _ = play.strike_text(place, Side::Station, r#"[3,"l1",{"status":"Accepted"}]"#);
                });
            }),
            Attack::new("with what belongs to another action", ALL, |play| {
                play.campaign(|play, place| {
                    let authorize = match play.world.version(place) {
                        Some(Version::V16) => r#"[2,"a1","Authorize",{"idTag":"04A1B2C3"}]"#,
                        Some(Version::V201 | Version::V21) | None => {
                            r#"[2,"a1","Authorize",{"idToken":{"idToken":"04A1B2C3","type":"ISO14443"}}]"#
                        }
                    };
                    for answer in [
                        r#"[3,"a1",{"status":"Accepted"}]"#,
                        r#"[3,"a1",{"currentTime":"2026-03-03T10:00:00Z"}]"#,
                        r#"[3,"a1",{"idTagInfo":{"status":"accepted"}}]"#,
                        r#"[3,"a1",{"idTokenInfo":{"status":"Yes"}}]"#,
                        r#"[3,"a1",[]]"#,
                        r#"[3,"a1",null]"#,
                        r#"[3,"a1"]"#,
                    ] {
                        let _ = play.world.text(place, Side::Station, authorize);
                        let _ = play.strike_text(place, Side::Csms, answer);
                        play.world.hang_up(place);
                    }
                });
            }),
        ],
        twins: vec![Twin::new("one answer to one call, and a late one is asked again", ALL, |play| {
            for place in play.one_of_each() {
                let _ = play.work_text(place, Side::Station, r#"[2,"h1","Heartbeat",{}]"#);
                let answer = format!(r#"[3,"h1",{{"currentTime":"{}"}}]"#, play.world.time(0));
                let _ = play.work_text(place, Side::Csms, &answer);
                let _ = play.work_text(place, Side::Csms, r#"[2,"c1","ClearCache",{}]"#);
                let _ = play.work_text(place, Side::Station, r#"[3,"c1",{"status":"Accepted"}]"#);
                let _ = play.work_text(place, Side::Station, r#"[2,"h2","Heartbeat",{}]"#);
                play.wait_s(65);
                let _ = play.work_text(place, Side::Station, r#"[2,"h2","Heartbeat",{}]"#);
                let answer = format!(r#"[3,"h2",{{"currentTime":"{}"}}]"#, play.world.time(0));
                let _ = play.work_text(place, Side::Csms, &answer);
            }
        })],
    }
}
