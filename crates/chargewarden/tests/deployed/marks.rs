//! What a station has reached survives the process, and only an operator lowers it (requirement R-A03).

use crate::csms::Csms;
use crate::gateway::{Gateway, Place, SECRET};
use crate::station::{booted, knock};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_version_is_let_in_after_it_was_forgiven() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 1, r#"["1.6", "2.0.1", "2.1"]"#);
    let gateway = Gateway::start_at(&place).await;
    let (station, _link) = booted(&gateway, &csms, "H-0", "2.0.1").await;
    station.bye().await;
    // The mark is on disk soon after; whatever ends the process then.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    gateway.kill();

    let gateway = Gateway::start_at(&place).await;
    assert_eq!(knock(&gateway, ("H-0", SECRET), "1.6").await.1, 401);
    let shown = place.ask(&["station", "show", "H-0"]);
    assert!(shown.contains("2.0.1"), "{shown}");
    let (code, _, said) = place.command(&["station", "forgive", "H-0"], "");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("`H-0` may come with less security than it has had"), "{said}");
    let (_station, _link) = booted(&gateway, &csms, "H-0", "1.6").await;
    let (code, _, said) = place.command(&["station", "forgive", "NOBODY"], "");
    assert_eq!(code, 1, "{said}");
    gateway.stop();
    place.verify();
    let forgiven: Vec<_> =
        place.records("inventory").into_iter().filter(|record| record["change"] == "forgiven").collect();
    assert_eq!(forgiven.len(), 1);
    assert_eq!(forgiven[0]["station"], "H-0");
    let detail = forgiven[0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("danger_lower_security: "), "{detail}");
}
