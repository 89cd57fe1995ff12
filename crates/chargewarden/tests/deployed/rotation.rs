//! Passwords that are replaced through OCPP by the deployed program: no moment at which it is killed loses a station, and no
//! password stays anywhere.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::csms::{Csms, Link};
use crate::gateway::{Gateway, Place, SECRET};
use crate::station::{booted, booted_with, heard, knock};
use crate::wire::{Seen, Wire};

/// How often the process is killed.
const KILLS: u64 = 12;

/// Stations that are given another password at the same time.
const STATIONS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_proposal_and_answer_it_loses_no_station() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, STATIONS, r#"["1.6"]"#);
    place.permit_everything();
    let mut passwords = vec![SECRET.to_owned(); STATIONS];
    let mut replaced = 0;
    for kill in 0..KILLS {
        let gateway = Gateway::start_at(&place).await;
        let mut peers = Vec::new();
        for (n, password) in passwords.iter().enumerate() {
            let id = format!("H-{n}");
            let (station, link) = booted_with(&gateway, &csms, (&id, password), "1.6").await;
            let new = format!("pass-{kill:02}-{n}-qZ7wRk");
            // Half of them take what they are given.
            let takes = (n as u64 + kill).is_multiple_of(2);
            peers.push(tokio::spawn(obey(station, link, password.clone(), new, takes)));
        }
        let jitter = Duration::from_micros(u64::from(std::process::id()) % 1000);
        tokio::time::sleep(Duration::from_millis(1 + 5 * kill) + jitter).await;
        gateway.kill();
        for (password, peer) in passwords.iter_mut().zip(peers) {
            let now = peer.await.unwrap();
            replaced += u32::from(*password != now);
            *password = now;
        }
    }
    assert!(replaced > 3, "some were given another: {replaced}");
    // And now it is settled: nothing but what they have is good.
    let gateway = Gateway::start_at(&place).await;
    for (n, password) in passwords.iter().enumerate() {
        let id = format!("H-{n}");
        let (station, status) = knock(&gateway, (&id, password), "1.6").await;
        assert_eq!(status, 101, "{id}");
        drop(station);
        if password != SECRET {
            assert_eq!(knock(&gateway, (&id, SECRET), "1.6").await.1, 401, "{id}");
        }
    }
    gateway.stop();
    place.verify();
}

/// Is commanded to take a password until the connection ends; the password that the station has then.
async fn obey(mut station: Wire, link: Link, old: String, new: String, takes: bool) -> String {
    let order = format!(r#"[2,"r","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{new}"}}]"#);
    let _ = link.orders.send(order);
    let mut has = old;
    loop {
        match station.next().await {
            Seen::Text(_) if takes => {
                has.clone_from(&new);
                station.text(r#"[3,"r",{"status":"Accepted"}]"#).await;
            }
            Seen::Text(_) => station.text(r#"[3,"r",{"status":"Rejected"}]"#).await,
            Seen::Close(_) | Seen::End | Seen::Nothing => return has,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaced_passwords_stay_nowhere() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, 3, r#"["1.6", "2.0.1"]"#);
    place.permit_everything();
    place.factory("H-2");
    place.log_everything();
    let gateway = Gateway::start_at(&place).await;

    let (taken, refused) = ("taken-qZ7wRk-0415", "refused-qZ7wRk-0416");
    let (mut station, mut link) = booted(&gateway, &csms, "H-0", "1.6").await;
    let order = format!(r#"[2,"r","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{taken}"}}]"#);
    link.orders.send(order.clone()).unwrap();
    assert_eq!(heard(&mut station).await.as_deref(), Some(&*order));
    station.text(r#"[3,"r",{"status":"Accepted"}]"#).await;
    assert!(link.next().await.unwrap().contains("Accepted"));

    let (mut station, mut link) = booted(&gateway, &csms, "H-1", "2.0.1").await;
    let variable = r#""component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"}"#;
    let order = format!(
        r#"[2,"r","SetVariables",{{"setVariableData":[{{{variable},"attributeValue":"{refused}"}}]}}]"#
    );
    link.orders.send(order.clone()).unwrap();
    assert_eq!(heard(&mut station).await.as_deref(), Some(&*order));
    let answer = format!(r#"[3,"r",{{"setVariableResult":[{{"attributeStatus":"Rejected",{variable}}}]}}]"#);
    station.text(&answer).await;
    assert!(link.next().await.unwrap().contains("Rejected"));

    // The third is new, and gets one that the service makes.
    let (mut station, status) = knock(&gateway, ("H-2", SECRET), "1.6").await;
    assert_eq!(status, 101);
    station.text(r#"[2,"boot","BootNotification",{"chargePointModel":"M","chargePointVendor":"V"}]"#).await;
    assert!(heard(&mut station).await.unwrap().contains("Pending"));
    let order = heard(&mut station).await.unwrap();
    let mut words = order.split('"');
    let id = words.nth(1).unwrap();
    let made = order.rsplit('"').nth(1).unwrap().to_owned();
    assert!(order.contains("AuthorizationKey") && made.len() == 20, "{order}");
    station.text(&format!(r#"[3,"{id}",{{"status":"Accepted"}}]"#)).await;
    assert_eq!(station.next().await, Seen::Close(Some(1012)));

    gateway.stop();
    place.verify();
    let left = place.left_behind();
    let kept = |what: &str| {
        left.iter().any(|(_, bytes)| bytes.windows(what.len()).any(|window| window == what.as_bytes()))
    };
    for word in ["rotation-proposed", "credential-rotated", "rotation-rejected"] {
        assert!(kept(word), "{word}");
    }
    for secret in [taken, refused, &made] {
        for spelled in [secret.to_owned(), STANDARD.encode(secret)] {
            assert!(!kept(&spelled), "`{spelled}` was kept");
        }
    }
}
