//! T14: what two readers read differently.

use chargewarden_ocpp::{Side, Version};

use crate::attack::{ALL, Attack, Entry, Kind, Twin};

/// Not JSON, or JSON that readers differ about; `%` stands for a harmless request of the version.
const SPELLINGS: &[&str] = &[
    // Members twice, also when one is escaped.
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","requestedMessage":"BootNotification"}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","requested\u004dessage":"BootNotification"}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","":1,"":2}]"#,
    // Members that there are not, or that differ in case.
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","requestedmessage":"BootNotification"}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","extra":1}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","__proto__":{"a":1}}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","requestedMessage\u0000":"x"}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","evse":null}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","connectorId":null}]"#,
    // More or fewer elements, and more than one document.
    r#"[2,"x","TriggerMessage"]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat"},{}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat"}][2,"y","Reset",{"type":"Hard"}]"#,
    "[2,\"x\",\"TriggerMessage\",{\"requestedMessage\":\"Heartbeat\"}]\n[2,\"y\",\"Reset\",{\"type\":\"Hard\"}]",
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat"}]}"#,
    r#"{"0":2,"1":"x","2":"TriggerMessage","3":{"requestedMessage":"Heartbeat"}}"#,
    r#"[[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat"}]]"#,
    // Numbers.
    r#"["2","x","TriggerMessage",{"requestedMessage":"Heartbeat"}]"#,
    r#"[2e0,"x","TriggerMessage",{"requestedMessage":"Heartbeat"}]"#,
    r#"[02,"x","TriggerMessage",{"requestedMessage":"Heartbeat"}]"#,
    r#"[+2,"x","TriggerMessage",{"requestedMessage":"Heartbeat"}]"#,
    r#"[2,7,"TriggerMessage",{"requestedMessage":"Heartbeat"}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","connectorId":1e400}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","connectorId":NaN}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","connectorId":Infinity}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","connectorId":0x1}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","connectorId":.5}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","connectorId":1.}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat","connectorId":18446744073709551617}]"#,
    // Comments, commas, quotes.
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat",}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat"/*,"type":"Hard"*/}]"#,
    "[2,\"x\",\"TriggerMessage\",{\"requestedMessage\":\"Heartbeat\"}] // Reset",
    r#"[2,'x','TriggerMessage',{'requestedMessage':'Heartbeat'}]"#,
    r#"[2,"x","TriggerMessage",{requestedMessage:"Heartbeat"}]"#,
    // Texts.
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat\ud800"}]"#,
    r#"[2,"\udc00","TriggerMessage",{"requestedMessage":"Heartbeat"}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heart\xbeat"}]"#,
    r#"[2,"x","TriggerMessage",{"requestedMessage":"Heartbeat\u0000"}]"#,
    "[2,\"x\",\"TriggerMessage\",{\"requestedMessage\":\"Heart\nbeat\"}]",
    "\u{feff}[2,\"x\",\"TriggerMessage\",{\"requestedMessage\":\"Heartbeat\"}]",
    "[2,\u{a0}\"x\",\"TriggerMessage\",{\"requestedMessage\":\"Heartbeat\"}]",
    "[2,\"x\",\"TriggerMessage\",{\"requestedMessage\":\"Heartbeat\"}]\u{0}",
    "",
    " ",
    "null",
    "2",
];

/// Bytes that are no UTF-8.
const BYTES: &[&[u8]] = &[
    b"[2,\"x\",\"TriggerMessage\",{\"requestedMessage\":\"Heartbeat\xff\"}]",
    b"[2,\"x\",\"TriggerMessage\",{\"requestedMessage\":\"Heart\xc0\xafbeat\"}]",
    b"[2,\"x\xed\xa0\x80\",\"TriggerMessage\",{\"requestedMessage\":\"Heartbeat\"}]",
    b"\xff\xfe[\x002\x00]\x00",
];

/// T14.
pub(super) fn differ() -> Entry {
    Entry {
        id: "T14",
        name: "frames that two readers read differently",
        versions: ALL,
        kind: Kind::Hard,
        attacks: vec![
            Attack::new("commands", ALL, |play| {
                play.campaign(|play, place| {
                    for spelling in SPELLINGS {
                        let _ = play.strike_text(place, Side::Csms, spelling);
                        // Not so many errors that the session ends over them.
                        play.world.pass(std::time::Duration::from_secs(60));
                    }
                    for bytes in BYTES {
                        let _ = play.strike_bytes(place, Side::Csms, bytes);
                    }
                });
            }),
            Attack::new("reports", ALL, |play| {
                play.campaign(|play, place| {
                    for spelling in SPELLINGS {
                        let report = spelling
                            .replace("TriggerMessage", "Heartbeat")
                            .replace(r#""requestedMessage":"Heartbeat","#, "")
                            .replace("Reset", "Authorize");
                        if report.contains(r#""Heartbeat",{"requestedMessage":"Heartbeat"}"#) {
                            continue;
                        }
                        let _ = play.strike_text(place, Side::Station, &report);
                        play.world.pass(std::time::Duration::from_secs(60));
                    }
                });
            }),
            Attack::new("deep and wide", ALL, |play| {
                play.campaign(|play, place| {
                    let deep = format!(
                        r#"[2,"x","TriggerMessage",{{"requestedMessage":"Heartbeat","customData":{{"vendorId":"x","a":{}1{}}}}}]"#,
                        "[".repeat(10_000),
                        "]".repeat(10_000)
                    );
                    let wide = format!(
                        r#"[2,"x","TriggerMessage",{{"requestedMessage":"Heartbeat","customData":{{"vendorId":"x","a":[{}1]}}}}]"#,
                        "1,".repeat(60_000)
                    );
                    for text in [deep, wide] {
                        let _ = play.strike_text(place, Side::Csms, &text);
                        let _ = play.strike_text(place, Side::Station, &text);
                    }
                });
            }),
        ],
        twins: vec![Twin::new("odd, but the same for everybody", ALL, |play| {
            for place in play.one_of_each() {
                let evse = match play.world.version(place) {
                    Some(Version::V16) => r#""connectorId":1"#,
                    Some(Version::V201 | Version::V21) | None => r#""evse":{"id":1}"#,
                };
                for (number, text) in [
                    format!(r#" [ 2 , "n0" , "TriggerMessage" , {{ {evse} , "requestedMessage" : "Heartbeat" }} ] "#),
                    format!("[2,\r\n\t\"n1\",\"TriggerMessage\",{{\"requestedMessage\":\"Heartbeat\",{evse}}}]\n"),
                    format!(r#"[2,"n2","Trigger\u004dessage",{{"requested\u004Dessage":"Heart\u0062eat",{evse}}}]"#),
                ]
                .iter()
                .enumerate()
                {
                    let _ = play.work_text(place, Side::Csms, text);
                    let answer = format!(r#"[3,"n{number}",{{"status":"Accepted"}}]"#);
                    let _ = play.work_text(place, Side::Station, &answer);
                }
            }
        })],
    }
}
