//! `kill -9` in the middle of traffic: nothing that a station was told is missing from evidence.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::csms::{Csms, Link};
use crate::gateway::{Gateway, Place};
use crate::station::booted;
use crate::wire::{Seen, Wire};

/// How often the process is killed.
const KILLS: u64 = 20;

/// Stations that are commanded at the same time.
const STATIONS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_has_recorded_what_it_delivered() {
    let (csms, url) = Csms::start().await;
    let place = Place::new(&url, STATIONS, r#"["1.6"]"#);
    let delivered: Arc<Mutex<Vec<String>>> = Arc::default();
    for kill in 0..KILLS {
        let gateway = Gateway::start_at(&place).await;
        let mut peers = Vec::new();
        for n in 0..STATIONS {
            let (station, link) = booted(&gateway, &csms, &format!("H-{n}"), "1.6").await;
            peers.push(tokio::spawn(obey(station, delivered.clone())));
            peers.push(tokio::spawn(command(link, format!("k{kill}-{n}"))));
        }
        // At a different point of the traffic each time, and never at the same in two runs.
        let jitter = Duration::from_micros(u64::from(std::process::id()) % 1000);
        tokio::time::sleep(Duration::from_millis(15 + 13 * (kill % 11)) + jitter).await;
        gateway.kill();
        for peer in peers {
            peer.await.unwrap();
        }
    }
    let recorded = place.forwarded_commands();
    let delivered = delivered.lock().unwrap();
    println!(
        "killed {KILLS} times, {} commands delivered, {} recorded",
        delivered.len(),
        recorded.values().sum::<u32>()
    );
    assert!(delivered.len() as u64 > KILLS * 5, "there was traffic to kill: {}", delivered.len());
    let missing: Vec<_> = delivered.iter().filter(|id| recorded.get(*id) != Some(&1)).collect();
    assert!(missing.is_empty(), "delivered, but not recorded once: {missing:?}");
    place.verify();
}

/// Notes each command and carries it out, until the connection ends.
async fn obey(mut station: Wire, delivered: Arc<Mutex<Vec<String>>>) {
    loop {
        match station.next().await {
            Seen::Text(text) => {
                let id = text.split('"').nth(1).expect("a message id").to_owned();
                delivered.lock().unwrap().push(id.clone());
                station.text(&format!(r#"[3,"{id}",{{"status":"Accepted"}}]"#)).await;
            }
            Seen::Close(_) | Seen::End | Seen::Nothing => return,
        }
    }
}

/// Commands one after another, until the connection ends.
async fn command(mut link: Link, name: String) {
    for n in 0.. {
        let order =
            format!(r#"[2,"{name}-{n}","ChangeAvailability",{{"connectorId":0,"type":"Operative"}}]"#);
        if link.orders.send(order).is_err() || link.next().await.is_none() {
            return;
        }
    }
}
