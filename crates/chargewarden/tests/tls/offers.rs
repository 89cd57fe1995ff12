//! Which offers of a TLS client are taken: written byte by byte, so that no library on our side has to know them.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{refusals, settled, world::tls::Pki};

const TLS10: u16 = 0x0301;
const TLS11: u16 = 0x0302;
const TLS12: u16 = 0x0303;
const TLS13: u16 = 0x0304;

/// A ClientHello (RFC 5246, 7.4.1.2; RFC 8446, 4.1.2) that offers one version and one suite.
struct Hello {
    version: u16,
    suite: u16,
    compression: &'static [u8],
    alpn: Option<&'static [u8]>,
}

impl Hello {
    fn new(version: u16, suite: u16) -> Hello {
        Hello { version, suite, compression: &[0], alpn: None }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut body = self.version.min(TLS12).to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend(sized(&self.suite.to_be_bytes()));
        body.push(u8::try_from(self.compression.len()).unwrap());
        body.extend(self.compression);
        body.extend(sized(&self.extensions()));
        let mut message = vec![1, 0];
        message.extend(sized(&body));
        let mut record = vec![22];
        record.extend(self.version.min(TLS11).to_be_bytes());
        record.extend(sized(&message));
        record
    }

    fn extensions(&self) -> Vec<u8> {
        const X25519: u16 = 29;
        const P256: u16 = 23;
        // ECDSA and RSA with SHA-256, RSA-PSS with SHA-256.
        let schemes: Vec<u8> = [0x0403_u16, 0x0401, 0x0804].into_iter().flat_map(u16::to_be_bytes).collect();
        let groups = [X25519.to_be_bytes(), P256.to_be_bytes()].concat();
        let mut extensions = extension(10, &sized(&groups));
        extensions.extend(extension(11, &[1, 0]));
        extensions.extend(extension(13, &sized(&schemes)));
        if let Some(protocol) = self.alpn {
            let name = [&[u8::try_from(protocol.len()).unwrap()], protocol].concat();
            extensions.extend(extension(16, &sized(&name)));
        }
        if self.version == TLS13 {
            let share = [X25519.to_be_bytes().to_vec(), sized(&[9; 32])].concat();
            extensions.extend(extension(43, &[&[2], TLS13.to_be_bytes().as_slice()].concat()));
            extensions.extend(extension(51, &sized(&share)));
        }
        extensions
    }
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [u16::try_from(bytes.len()).unwrap().to_be_bytes().as_slice(), bytes].concat()
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [kind.to_be_bytes().to_vec(), sized(body)].concat()
}

/// What the first record of an answer is.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// A ServerHello: suite and compression.
    Hello(u16, u8),
    /// A fatal alert, by its number.
    Alert(u8),
    Closed,
}

async fn offer(gateway: SocketAddr, hello: &[u8]) -> Answer {
    let mut tcp = TcpStream::connect(gateway).await.unwrap();
    tcp.write_all(hello).await.unwrap();
    let answer = async {
        let mut head = [0; 5];
        if tcp.read_exact(&mut head).await.is_err() {
            return Answer::Closed;
        }
        let mut record = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        tcp.read_exact(&mut record).await.unwrap();
        match head[0] {
            21 => Answer::Alert(record[1]),
            22 => {
                assert_eq!(record[0], 2, "a ServerHello");
                let suite = 4 + 2 + 32 + 1 + usize::from(record[38]);
                Answer::Hello(u16::from_be_bytes([record[suite], record[suite + 1]]), record[suite + 2])
            }
            other => panic!("a record of type {other}"),
        }
    };
    tokio::time::timeout(Duration::from_secs(10), answer).await.unwrap()
}

const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;

/// The suites that OCPP lists (2.0.1 A00.FR.318) and TLS 1.3's: those with ephemeral keys are taken, with either kind of
/// certificate; those with static RSA keys are not, which is the deviation in `docs/transport.md`.
#[tokio::test(flavor = "multi_thread")]
async fn suites_and_versions() {
    let pki = Pki::new();
    let world = pki.start(|_| {}).await;
    let gateway = world.gateway.addresses().first();
    for (version, suite, name) in [
        (TLS12, 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        (TLS12, 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        (TLS12, 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        (TLS12, 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        (TLS12, 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        (TLS12, 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
        (TLS13, 0x1301, "TLS_AES_128_GCM_SHA256"),
        (TLS13, 0x1302, "TLS_AES_256_GCM_SHA384"),
        (TLS13, 0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    ] {
        assert_eq!(
            offer(gateway, &Hello::new(version, suite).bytes()).await,
            Answer::Hello(suite, 0),
            "{name}"
        );
    }
    let refused = [
        (TLS12, 0x009c, "TLS 1.2 with TLS_RSA_WITH_AES_128_GCM_SHA256", HANDSHAKE_FAILURE),
        (TLS12, 0x009d, "TLS 1.2 with TLS_RSA_WITH_AES_256_GCM_SHA384", HANDSHAKE_FAILURE),
        (TLS12, 0x002f, "TLS 1.2 with TLS_RSA_WITH_AES_128_CBC_SHA", HANDSHAKE_FAILURE),
        (TLS12, 0xc013, "TLS 1.2 with TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", HANDSHAKE_FAILURE),
        (TLS12, 0xc023, "TLS 1.2 with TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", HANDSHAKE_FAILURE),
        (TLS12, 0x009e, "TLS 1.2 with TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", HANDSHAKE_FAILURE),
        (TLS12, 0x0004, "TLS 1.2 with TLS_RSA_WITH_RC4_128_MD5", HANDSHAKE_FAILURE),
        (TLS11, 0xc013, "TLS 1.1 with TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", PROTOCOL_VERSION),
        (TLS10, 0x002f, "TLS 1.0 with TLS_RSA_WITH_AES_128_CBC_SHA", PROTOCOL_VERSION),
    ];
    for (version, suite, name, alert) in refused {
        assert_eq!(offer(gateway, &Hello::new(version, suite).bytes()).await, Answer::Alert(alert), "{name}");
    }
    let records = settled(world).await;
    let said = refusals(&records);
    // Those that were taken up ended in the middle of the handshake.
    assert_eq!(said.len(), 9 + refused.len());
    assert!(said.iter().all(|(reason, _)| *reason == "tls-failed"), "{said:?}");
    for (_, _, name, _) in refused {
        assert!(
            said.iter().any(|(_, detail)| detail.ends_with(&format!("offered {name}"))),
            "{name}: {said:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_compressed_and_only_http_is_spoken() {
    let pki = Pki::new();
    let world = pki.start(|_| {}).await;
    let gateway = world.gateway.addresses().first();
    let hello = || Hello::new(TLS12, 0xc02b);
    let both = Hello { compression: &[1, 0], ..hello() };
    assert_eq!(offer(gateway, &both.bytes()).await, Answer::Hello(0xc02b, 0));
    let deflate = Hello { compression: &[1], ..hello() };
    assert!(matches!(offer(gateway, &deflate.bytes()).await, Answer::Alert(_)));
    let http = Hello { alpn: Some(b"http/1.1"), ..hello() };
    assert_eq!(offer(gateway, &http.bytes()).await, Answer::Hello(0xc02b, 0));
    const NO_APPLICATION_PROTOCOL: u8 = 120;
    let h2 = Hello { alpn: Some(b"h2"), ..hello() };
    assert_eq!(offer(gateway, &h2.bytes()).await, Answer::Alert(NO_APPLICATION_PROTOCOL));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lowest_version_can_be_raised() {
    let pki = Pki::new();
    let world =
        pki.start(|config| config.listen[0].tls.as_mut().unwrap().min_version = "1.3".to_owned()).await;
    let gateway = world.gateway.addresses().first();
    assert_eq!(offer(gateway, &Hello::new(TLS12, 0xc02b).bytes()).await, Answer::Alert(PROTOCOL_VERSION));
    assert_eq!(offer(gateway, &Hello::new(TLS13, 0x1301).bytes()).await, Answer::Hello(0x1301, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_tls_is_recorded_as_what_it_is() {
    let pki = Pki::new();
    let world = pki.start(|_| {}).await;
    let gateway = world.gateway.addresses().first();
    let request = b"GET /ocpp/CS-1 HTTP/1.1\r\nHost: gateway\r\n\r\n";
    assert!(matches!(offer(gateway, request).await, Answer::Alert(_)));
    assert!(matches!(offer(gateway, b"SSH-2.0-OpenSSH_9.6\r\n").await, Answer::Alert(_)));
    // A port check says nothing and is counted only.
    drop(TcpStream::connect(gateway).await.unwrap());
    let records = settled(world).await;
    let said = refusals(&records);
    assert_eq!(said.len(), 2, "{said:?}");
    for opening in ["plain HTTP on a TLS listener", "no TLS ClientHello"] {
        let is_said = |(reason, detail): &(&str, &str)| *reason == "tls-failed" && detail.ends_with(opening);
        assert!(said.iter().any(is_said), "{said:?}");
    }
}
