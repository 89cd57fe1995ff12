//! The PROXY header: required from configured networks, read from no others.

use chargewarden::config::Config;
use chargewarden_testkit::{Station, tls::TlsVersion};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    connections, refusals, settled,
    world::{
        World,
        tls::{Pki, dial},
    },
};

/// From 192.0.2.7, port 8080.
const HEADER: [u8; 28] = *b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x0a\0\0\x01\x1f\x90\x01\xbb";

fn behind(config: &mut Config) {
    config.listen[0].proxy_from = vec!["127.0.0.0/8".to_owned()];
}

/// A balancer that puts a header before what it passes on; its address.
async fn balancer(world: &World) -> std::net::SocketAddr {
    let gateway = world.gateway.addresses().first();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut server = TcpStream::connect(gateway).await.unwrap();
                server.write_all(&HEADER).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_balancer_the_station_has_its_own_address() {
    let pki = Pki::new();
    let world = pki.start(behind).await;
    let balancer = balancer(&world).await;
    let certificate = pki.station("CS-1");
    // The newer last: a station that has used it is not let in with less.
    for version in [TlsVersion::V12, TlsVersion::V13] {
        let mut dial = dial(&world, "CS-1", pki.presenting(&certificate).versions(&[version]));
        dial.url = format!("wss://{balancer}/ocpp");
        let station = Station::obliging(&dial).await.unwrap();
        station.close().await;
    }
    let records = world.records().await;
    let opened = connections(&records, "stage", "opened");
    let stations: Vec<_> = opened.iter().filter(|opened| opened["side"] == "station").collect();
    assert_eq!(stations.len(), 2);
    assert!(stations.iter().all(|opened| opened["peer"] == "192.0.2.7:8080"), "{stations:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_header_a_balancer_is_refused() {
    let pki = Pki::new();
    let world = pki.start(behind).await;
    let certificate = pki.station("CS-1");
    Station::obliging(&dial(&world, "CS-1", pki.presenting(&certificate))).await.unwrap_err();
    let gateway = world.gateway.addresses().first();
    // How a balancer sees whether we live.
    drop(TcpStream::connect(gateway).await.unwrap());
    let mut tcp = TcpStream::connect(gateway).await.unwrap();
    tcp.write_all(b"PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\r\n").await.unwrap();
    assert_eq!(tcp.read(&mut [0; 16]).await.unwrap_or_default(), 0);
    let records = settled(world).await;
    let reasons: Vec<&str> = refusals(&records).into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(reasons, ["proxy-header", "proxy-header"]);
}

/// Whoever may not say where others come from is refused for what it sends, under its own address.
#[tokio::test(flavor = "multi_thread")]
async fn from_others_the_header_is_not_read() {
    let pki = Pki::new();
    let world = pki.start(|config| config.listen[0].proxy_from = vec!["10.0.0.0/8".to_owned()]).await;
    let mut dial = dial(&world, "CS-1", pki.presenting(&pki.station("CS-1")));
    Station::obliging(&dial).await.unwrap().close().await;
    dial.url = format!("wss://{}/ocpp", balancer(&world).await);
    Station::obliging(&dial).await.unwrap_err();
    let records = settled(world).await;
    let refused = connections(&records, "stage", "refused");
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["reason"], "tls-failed");
    assert!(refused[0]["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
}
