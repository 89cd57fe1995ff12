//! A management system is set apart: it may read, charging goes on, and that survives the process.

use serde_json::Value;

use crate::csms::{Csms, Link};
use crate::gateway::{Gateway, Place, SECRET};
use crate::station::{booted, heard, knock};
use crate::wire::Wire;

/// The management system sends a command; the answer it gets.
async fn ordered(link: &mut Link, frame: &str) -> String {
    link.orders.send(frame.to_owned()).unwrap();
    link.next().await.unwrap()
}

/// A station's heartbeat reaches the management system, and its answer the station.
async fn beats(station: &mut Wire, link: &mut Link, id: &str) {
    station.text(&format!(r#"[2,"{id}","Heartbeat",{{}}]"#)).await;
    assert!(link.next().await.unwrap().contains("Heartbeat"));
    link.orders.send(format!(r#"[3,"{id}",{{"currentTime":"{}"}}]"#, crate::gateway::now())).unwrap();
    assert!(heard(station).await.unwrap().starts_with(&format!(r#"[3,"{id}""#)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_management_system_is_set_apart_and_charging_goes_on() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 1, r#"["2.0.1"]"#);
    let gateway = Gateway::start_at(&place).await;
    let (mut station, mut link) = booted(&gateway, &csms, "H-0", "2.0.1").await;
    place.ask(&["standing", "quarantine", "csms:cnp", "--reason", "taken over"]);
    let refused = ordered(&mut link, r#"[2,"1","ClearCache",{}]"#).await;
    assert!(refused.contains("quarantined"), "{refused}");
    beats(&mut station, &mut link, "b1").await;
    drop((station, link));
    gateway.kill();

    let gateway = Gateway::start_at(&place).await;
    let (mut station, mut link) = booted(&gateway, &csms, "H-0", "2.0.1").await;
    let refused = ordered(&mut link, r#"[2,"2","ClearCache",{}]"#).await;
    assert!(refused.contains("quarantined"), "{refused}");
    let placed: Value = serde_json::from_str(&place.ask(&["standing", "list", "--json"])).unwrap();
    assert_eq!((&placed[0]["whom"], &placed[0]["why"]), (&"csms:cnp".into(), &"taken over".into()));
    assert_eq!(place.command(&["standing", "quarantine", "csms:nobody", "--reason", "x"], "").0, 1);
    assert_eq!(place.command(&["standing", "watch", "cnp", "--reason", "x"], "").0, 3);
    place.ask(&["standing", "release", "csms:cnp"]);
    assert_eq!(place.command(&["standing", "release", "csms:cnp"], "").0, 1, "it stands as usual");
    link.orders.send(r#"[2,"3","ClearCache",{}]"#.to_owned()).unwrap();
    assert!(heard(&mut station).await.unwrap().contains("ClearCache"));

    // An address that people set apart is turned away, whoever comes from there.
    place.ask(&["standing", "quarantine", "source:127.0.0.1", "--reason", "a scanner", "--hours", "1"]);
    assert_eq!(knock(&gateway, ("H-0", SECRET), "2.0.1").await.1, 429);
    place.ask(&["standing", "release", "source:127.0.0.1"]);
    gateway.stop();
    place.verify();
    let changed = place.records("security").into_iter().filter(|record| record["type"] == "StandingChanged");
    assert_eq!(changed.count(), 4);
}
