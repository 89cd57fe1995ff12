//! A gateway with a plain and a TLS entrance, and raw knocks at both.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chargewarden::config::{Config, KeyPair, Listen, ListenTls, StationEntry};
use chargewarden_testkit::pki::{Authority, Issued, Key, Leaf};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::world::{SECRET, World};

/// The organisation of every good station certificate here.
pub(crate) const CSO: &str = "Example CSO";

/// How long an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// The authorities of a world.
pub(crate) struct Authorities {
    /// Of the gateway's own certificates.
    pub(crate) gateway: Authority,
    /// The root of station certificates.
    pub(crate) root: Authority,
    /// What signs them.
    pub(crate) stations: Authority,
}

impl Authorities {
    pub(crate) fn new() -> Authorities {
        let root = Authority::root("CSO root");
        let stations = root.intermediate("CSO stations");
        Authorities { gateway: Authority::root("gateway root"), root, stations }
    }

    /// A certificate as a station should have it.
    pub(crate) fn station(&self, id: &str) -> Issued {
        self.stations.issue(&Leaf::station(id).organisation(CSO))
    }

    /// Writes what the gateway needs into `place`; `revoked` are serial numbers of the authority of the stations.
    pub(crate) fn write(&self, place: &Path, revoked: &[u64]) {
        let leaf = Leaf::server("127.0.0.1");
        self.gateway.issue(&leaf.clone().key(Key::EcdsaP256)).write(place, "ecdsa").unwrap();
        self.gateway.issue(&leaf.key(Key::Rsa2048)).write(place, "rsa").unwrap();
        self.root.write(place, "root").unwrap();
        self.revoke(place, revoked);
    }

    /// Writes the revocation lists anew.
    pub(crate) fn revoke(&self, place: &Path, revoked: &[u64]) {
        self.root.crl(&[]).write(place, "root").unwrap();
        self.stations.crl(revoked).write(place, "stations").unwrap();
    }
}

/// Two entrances: plain for profiles 0 and 1, TLS for 2 and 3.
pub(crate) fn entrances(config: &mut Config) {
    let pair =
        |name: &str| KeyPair { chain: format!("{name}.pem").into(), key: format!("{name}.key").into() };
    let tls = ListenTls {
        certificates: vec![pair("ecdsa"), pair("rsa")],
        client_anchors: vec!["root.pem".into()],
        crls: vec!["root.crl".into(), "stations.crl".into()],
        organisation: Some(CSO.to_owned()),
        ..ListenTls::default()
    };
    let loopback = || "127.0.0.1:0".to_owned();
    config.listen = vec![
        Listen { address: loopback(), profiles: vec![0, 1], ..Listen::default() },
        Listen { address: loopback(), profiles: vec![2, 3], tls: Some(tls), ..Listen::default() },
    ];
}

/// A station of the inventory with a profile.
pub(crate) fn station(id: &str, profile: u8, like: &StationEntry) -> StationEntry {
    StationEntry {
        id: id.to_owned(),
        profile,
        danger_unauthenticated_until: (profile == 0).then(|| "2999-12-31".to_owned()),
        secret_hash: if matches!(profile, 1 | 2) { like.secret_hash.clone() } else { String::new() },
        versions: like.versions.clone(),
        ..StationEntry::default()
    }
}

/// One attempt to come in.
pub(crate) struct Knock<'a> {
    /// The id in the path.
    pub(crate) station: &'a str,
    /// Whether by the entrance with TLS.
    pub(crate) tls: bool,
    /// The client certificate.
    pub(crate) certificate: Option<&'a Issued>,
    /// Basic credentials.
    pub(crate) basic: Option<(&'a str, &'a str)>,
}

impl<'a> Knock<'a> {
    /// As a station of this id and profile should knock.
    pub(crate) fn rightly(station: &'a str, profile: u8, certificate: &'a Issued) -> Knock<'a> {
        Knock {
            station,
            tls: profile >= 2,
            certificate: (profile == 3).then_some(certificate),
            basic: matches!(profile, 1 | 2).then_some((station, SECRET)),
        }
    }

    /// The whole answer, or how TLS failed.
    pub(crate) async fn knock(&self, world: &World, authorities: &Authorities) -> Result<String, String> {
        let addresses = world.gateway.addresses().stations;
        let answer = self.attempt(addresses[usize::from(self.tls)], authorities);
        tokio::time::timeout(ANSWER_WAIT, answer).await.map_err(|_| "no answer".to_owned())?
    }

    async fn attempt(&self, address: SocketAddr, authorities: &Authorities) -> Result<String, String> {
        let tcp = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        if !self.tls {
            return exchange(tcp, &self.request()).await;
        }
        let name = ServerName::from(address.ip());
        let tls = connector(authorities, self.certificate).connect(name, tcp).await;
        exchange(tls.map_err(|error| error.to_string())?, &self.request()).await
    }

    fn request(&self) -> String {
        let basic = self.basic.map(|(user, secret)| {
            format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{user}:{secret}")))
        });
        format!(
            "GET /ocpp/{} HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: ocpp1.6\r\n{}\r\n",
            self.station,
            basic.unwrap_or_default()
        )
    }
}

fn connector(authorities: &Authorities, certificate: Option<&Issued>) -> TlsConnector {
    let mut anchors = RootCertStore::empty();
    anchors.add(authorities.gateway.certificate().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(anchors);
    let config = match certificate {
        Some(issued) => config.with_client_auth_cert(issued.chain().to_vec(), issued.key()).unwrap(),
        None => config.with_no_client_auth(),
    };
    TlsConnector::from(Arc::new(config))
}

/// Sends the request and reads the answer: to its end, or its head when the connection is upgraded.
async fn exchange(mut io: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Result<String, String> {
    io.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    loop {
        match io.read_buf(&mut answer).await {
            Ok(0) => break,
            Ok(_) if answer.starts_with(b"HTTP/1.1 101") && answer.ends_with(b"\r\n\r\n") => break,
            Ok(_) => {}
            Err(error) if answer.is_empty() => return Err(error.to_string()),
            Err(_) => break,
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The status of an answer.
pub(crate) fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}
