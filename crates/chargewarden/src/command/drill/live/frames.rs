//! T09 and T13: what is sent once somebody is in.

use std::time::{Duration, Instant};

use anyhow::Context;
use chargewarden_ocpp::Version;
use chargewarden_testkit::Station;
use chargewarden_testkit::csms::Session;
use chargewarden_testkit::payload::Nameplate;
use chargewarden_testkit::station::Dial;
use serde_json::{Value, json};

use super::scene::{Scene, comes_in_soon};
use super::trial::Trial;

/// How long what was sent may take to arrive, if it does.
const ARRIVAL: Duration = Duration::from_millis(300);
/// Messages of a flood.
const FLOOD: usize = 3_000;
/// Of a flood a station may get through what it could say in order: a call after the answer to the last.
const IN_ORDER: usize = 300;

/// T09.
pub(super) async fn too_large(scene: &Scene, trial: &mut Trial) -> anyhow::Result<()> {
    let mut stations = 1..;
    for (number, version) in (1..).zip(Version::ALL) {
        for (name, text) in oversized() {
            // Each on a connection of its own: most end it.
            let station = trial.station(stations.next().unwrap_or_default());
            let dial = scene.dial(&station, version).source(trial.address(1));
            let (link, session) = both(scene, &dial).await?;
            let _ = link.raw(&text).await;
            tokio::time::sleep(ARRIVAL).await;
            let there = session.transcript().received().contains(&text);
            trial.tried(name, version, &station, there);
            link.close().await;

            let (link, session) = both(scene, &dial).await?;
            let text = text.replace("NotifyReport", "GetReport");
            let _ = session.raw(&text).await;
            tokio::time::sleep(ARRIVAL).await;
            let there = link.transcript().received().contains(&text);
            trial.tried(name, version, &station, there);
            link.close().await;
        }
        let station = trial.station(number + 15);
        let link = Station::obliging(&scene.dial(&station, version).source(trial.address(2))).await?;
        let _ = link.boot(&Nameplate::default()).await;
        let list = local_list(version, 400);
        let passed = match scene.csms.session(&station) {
            Some(session) => session
                .call("SendLocalList", list)
                .await
                .is_ok_and(|answer| answer.status() == Some("Accepted")),
            None => false,
        };
        trial.worked("a local list of 400 tokens", version, &station, passed);
        link.close().await;
    }
    Ok(())
}

/// Both ends of a station's line. The session before may still be ending.
async fn both(scene: &Scene, dial: &Dial) -> anyhow::Result<(Station, Session)> {
    let deadline = Instant::now() + Duration::from_secs(6);
    loop {
        match Station::obliging(dial).await {
            Ok(station) => {
                let _ = station.boot(&Nameplate::default()).await;
                let session =
                    scene.csms.session(&dial.station).context("the management system has no session")?;
                return Ok((station, session));
            }
            Err(_) if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(error) => return Err(error).context(dial.station.clone()),
        }
    }
}

fn oversized() -> Vec<(&'static str, String)> {
    let data = |length: usize| {
        format!(
            r#"[2,"z1","DataTransfer",{{"vendorId":"com.example.listed","data":"{}"}}]"#,
            "A".repeat(length)
        )
    };
    let nested = |depth: usize| {
        format!(
            r#"[2,"z2","NotifyReport",{{"customData":{{"vendorId":"x","a":{}{}}}}}]"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    vec![
        ("5 MiB", data(5 * 1024 * 1024)),
        ("300 KiB", data(300 * 1024)),
        ("100,000 levels", nested(100_000)),
        ("200 levels", nested(200)),
        (
            "60,000 tokens",
            format!(
                r#"[2,"z3","NotifyReport",{{"customData":{{"vendorId":"x","a":[{}0]}}}}]"#,
                "0,".repeat(60_000)
            ),
        ),
    ]
}

fn local_list(version: Version, tokens: usize) -> Value {
    let v16 = version == Version::V16;
    let entry = |number: usize| {
        let token = format!("{number:08X}");
        if v16 {
            json!({ "idTag": token, "idTagInfo": { "status": "Accepted" } })
        } else {
            json!({ "idToken": { "idToken": token, "type": "ISO14443" }, "idTokenInfo": { "status": "Accepted" } })
        }
    };
    let entries: Vec<Value> = (0..tokens).map(entry).collect();
    let number = if v16 { "listVersion" } else { "versionNumber" };
    json!({ number: 1, "updateType": "Full", "localAuthorizationList": entries })
}

/// T13.
pub(super) async fn too_many(scene: &Scene, trial: &mut Trial) -> anyhow::Result<()> {
    for (number, version) in (1..).zip(Version::ALL) {
        let (station, other) = (trial.station(number), trial.station(number + 6));
        let link = Station::obliging(&scene.dial(&station, version).source(trial.address(1))).await?;
        let _ = link.boot(&Nameplate::default()).await;
        let bystander = Station::obliging(&scene.dial(&other, version).source(trial.address(2))).await?;
        let _ = bystander.boot(&Nameplate::default()).await;
        for message in 0..FLOOD {
            if link.raw(&format!(r#"[2,"f{message}","Heartbeat",{{}}]"#)).await.is_err() {
                break;
            }
        }
        let begun = Instant::now();
        let beat = bystander.call("Heartbeat", json!({})).await;
        let passed = beat.is_ok() && begun.elapsed() < Duration::from_secs(1);
        trial.worked("the next station is heard meanwhile", version, &other, passed);
        tokio::time::sleep(ARRIVAL).await;
        let heard = scene
            .csms
            .session(&station)
            .map_or(0, |session| session.transcript().received_calls("Heartbeat"));
        trial.tried_many(
            "heartbeats without waiting",
            version,
            &station,
            FLOOD - IN_ORDER,
            heard.saturating_sub(IN_ORDER),
        );
        link.close().await;
        bystander.close().await;
        let dial = scene.dial(&station, version).source(trial.address(1));
        trial.worked("it comes back, and is heard", version, &station, comes_in_soon(&dial).await);
    }
    Ok(())
}
