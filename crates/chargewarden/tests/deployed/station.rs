//! A station that does only what the test says.

use crate::corpus::{Corpus, HandshakeCase};
use crate::csms::{Csms, Link};
use crate::gateway::{self, Gateway, SECRET};
use crate::wire::{Seen, Wire};

/// Opens a session and gets it past an accepted boot.
pub async fn booted(gateway: &Gateway, csms: &Csms, id: &str, version: &str) -> (Wire, Link) {
    booted_with(gateway, csms, (id, SECRET), version).await
}

/// Asks to be let in with this secret; the status of the answer.
pub async fn knock(gateway: &Gateway, (id, secret): (&str, &str), version: &str) -> (Wire, u16) {
    let cases: Vec<HandshakeCase> = Corpus::read(include_str!("corpus/handshakes.toml"));
    let mut ordinary = cases.into_iter().next().expect("the first case is an ordinary station");
    for line in &mut ordinary.request {
        *line = line.replace("ocpp1.6", &format!("ocpp{version}"));
    }
    let mut station = Wire::open(&gateway.address, &ordinary.bytes(&[], id, secret)).await;
    let status = station.status().await.map(|(code, _)| code);
    (station, status.expect("an answer"))
}

/// Like [`booted`], with a secret of its own.
pub async fn booted_with(
    gateway: &Gateway,
    csms: &Csms,
    (id, secret): (&str, &str),
    version: &str,
) -> (Wire, Link) {
    let (mut station, status) = knock(gateway, (id, secret), version).await;
    assert_eq!(status, 101, "{id} is let in");
    let mut link = csms.session(id).await;
    let boot = match version {
        "1.6" => r#"[2,"boot","BootNotification",{"chargePointModel":"M","chargePointVendor":"V"}]"#,
        _ => {
            r#"[2,"boot","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]"#
        }
    };
    let reply =
        format!(r#"[3,"boot",{{"currentTime":"{}","interval":300,"status":"Accepted"}}]"#, gateway::now());
    station.text(boot).await;
    assert_eq!(link.next().await.as_deref(), Some(boot));
    link.orders.send(reply.clone()).unwrap();
    assert_eq!(heard(&mut station).await.as_deref(), Some(&*reply));
    (station, link)
}

/// The next text, or nothing once the session ended.
pub async fn heard(station: &mut Wire) -> Option<String> {
    match station.next().await {
        Seen::Text(text) => Some(text),
        Seen::Close(_) | Seen::End | Seen::Nothing => None,
    }
}
