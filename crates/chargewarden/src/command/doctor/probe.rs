//! One attempt to get a WebSocket from a CSMS, as anybody could make it. Never an OCPP frame.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chargewarden_ocpp::Version;
use chargewarden_proxy::{
    Secret,
    handshake::{Head, RESPONSE_BYTES_MAX, encode_segment, read_head},
    upstream::{CertificateRefused, UpstreamTls},
};
use http::Uri;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// How long a CSMS that accepted may take to answer our close frame.
const FAREWELL_WAIT: Duration = Duration::from_secs(1);

/// What to try.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    /// Where: `ws` or `wss`, without the identity.
    pub(crate) url: Uri,
    /// The last path segment.
    pub(crate) identity: String,
    /// User and password.
    pub(crate) basic: Option<(String, Secret)>,
    /// Whose certificate is expected, for `wss`.
    pub(crate) tls: Option<UpstreamTls>,
    /// Whether to go on when the certificate is not what it must be. Only without real secrets.
    pub(crate) strict: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It switched protocols.
    Open(Farewell),
    /// It refused with this status.
    Status(u16),
    /// It hung up or refused in the TLS handshake.
    Refused(String),
    /// It answered with something that is no HTTP, or not in time.
    Unclear(String),
    /// There was no connection.
    Unreachable(String),
}

/// What a CSMS that accepted did next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It was content until we closed.
    Content,
    /// It closed by itself, with this code.
    Closed(u16),
}

/// Everything that an attempt showed.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) outcome: Outcome,
    /// Our address, as far as we know it.
    pub(crate) from: Option<SocketAddr>,
    /// The head of its answer.
    pub(crate) head: Option<Head>,
    /// When the request left.
    pub(crate) asked: SystemTime,
    /// When the answer was here.
    pub(crate) answered: SystemTime,
    /// The certificates it presented, the leaf first.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// What the service would say to them.
    pub(crate) refused: Option<CertificateRefused>,
}

impl Probe {
    /// Makes the attempt, within `wait` for each of connecting, TLS and the answer.
    pub(crate) async fn run(&self, wait: Duration) -> Seen {
        let now = SystemTime::now();
        let mut seen = Seen {
            outcome: Outcome::Unreachable(String::new()),
            from: None,
            head: None,
            asked: now,
            answered: now,
            chain: Vec::new(),
            refused: None,
        };
        seen.outcome = match self.attempt(wait, &mut seen).await {
            Ok(outcome) | Err(outcome) => outcome,
        };
        seen
    }

    async fn attempt(&self, wait: Duration, seen: &mut Seen) -> Result<Outcome, Outcome> {
        let tcp = match timeout(wait, TcpStream::connect(self.address())).await {
            Ok(Ok(tcp)) => tcp,
            Ok(Err(error)) => return Err(Outcome::Unreachable(error.to_string())),
            Err(_) => return Err(Outcome::Unreachable(format!("no connection within {wait:?}"))),
        };
        seen.from = tcp.local_addr().ok();
        let _ = tcp.set_nodelay(true);
        if self.url.scheme_str() != Some("wss") {
            return self.upgrade(tcp, wait, seen).await;
        }
        let onlooker = Arc::new(Onlooker::new(self.tls.as_ref(), self.strict));
        let (config, name) = self.tls_parts(&onlooker)?;
        let tls = timeout(wait, TlsConnector::from(config).connect(name, tcp)).await;
        (seen.chain, seen.refused) = onlooker.take();
        match tls {
            Ok(Ok(stream)) => self.upgrade(stream, wait, seen).await,
            Ok(Err(error)) => Err(tls_failure(&error)),
            Err(_) => Err(Outcome::Unclear(format!("no TLS connection within {wait:?}"))),
        }
    }

    fn address(&self) -> String {
        let port = if self.url.scheme_str() == Some("wss") { 443 } else { 80 }; // RFC 6455, 3
        format!("{}:{}", self.url.host().unwrap_or_default(), self.url.port_u16().unwrap_or(port))
    }

    fn tls_parts(
        &self,
        onlooker: &Arc<Onlooker>,
    ) -> Result<(Arc<ClientConfig>, ServerName<'static>), Outcome> {
        let unclear = |what: String| Outcome::Unclear(what);
        let verifier: Arc<dyn ServerCertVerifier> = Arc::clone(onlooker) as _;
        let host = self.url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = match &self.tls {
            Some(tls) => tls.server_name().clone(),
            None => ServerName::try_from(host).map_err(|error| unclear(error.to_string()))?,
        };
        // Never our own client certificate: others do not have it.
        let config = ClientConfig::builder_with_provider(Arc::clone(&onlooker.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unclear(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok((Arc::new(config), name))
    }

    async fn upgrade<S>(&self, mut stream: S, wait: Duration, seen: &mut Seen) -> Result<Outcome, Outcome>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let request = self.request()?;
        seen.asked = SystemTime::now();
        let answer = timeout(wait, exchange(&mut stream, &request)).await;
        seen.answered = SystemTime::now();
        let (head, early) = match answer {
            Ok(answer) => answer?,
            Err(_) => return Err(Outcome::Unclear(format!("no answer within {wait:?}"))),
        };
        let status = head.status;
        seen.head = Some(head);
        if status != 101 {
            return Ok(Outcome::Status(status));
        }
        Ok(Outcome::Open(close(&mut stream, early).await))
    }

    fn request(&self) -> Result<Zeroizing<Vec<u8>>, Outcome> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| Outcome::Unclear(error.to_string()))?;
        let key = STANDARD.encode(nonce);
        let authority = self.url.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let base = self.url.path().trim_end_matches('/');
        let id = encode_segment(&self.identity);
        let offers: Vec<_> = Version::ALL.iter().map(|version| version.subprotocol()).collect();
        let head = format!(
            "GET {base}/{id} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {}\r\n",
            offers.join(", ")
        );
        let mut request = Zeroizing::new(head.into_bytes());
        if let Some((user, password)) = &self.basic {
            let pair = Zeroizing::new([user.as_bytes(), b":", password.expose()].concat());
            let token = Zeroizing::new(STANDARD.encode(pair.as_slice()));
            request.extend_from_slice(b"Authorization: Basic ");
            request.extend_from_slice(token.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        Ok(request)
    }
}

/// Sends the request and reads the head of the answer, and what came with it.
async fn exchange<S>(stream: &mut S, request: &[u8]) -> Result<(Head, Vec<u8>), Outcome>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let hung_up = |error: io::Error| tls_failure(&error);
    stream.write_all(request).await.map_err(hung_up)?;
    stream.flush().await.map_err(hung_up)?;
    let mut received = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut received).await.map_err(hung_up)? == 0 {
            return Err(Outcome::Refused("it hung up instead of answering".to_owned()));
        }
        match read_head(&received) {
            Ok(Some(head)) => {
                let early = received.get(head.length..).unwrap_or_default().to_vec();
                return Ok((head, early));
            }
            Ok(None) if received.len() < RESPONSE_BYTES_MAX => {}
            Ok(None) | Err(_) => return Err(Outcome::Unclear("its answer is not HTTP/1.1".to_owned())),
        }
    }
}

/// Closes at once and looks whether the CSMS closes by itself, which some do when they find out whom they accepted.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, early: Vec<u8>) -> Farewell {
    /// FIN and close; masked, two bytes; a mask of zeros; code 1000. RFC 6455, 5.5.1. The mask protects proxies from chosen
    /// bytes, and these are constant.
    const CLOSE: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
    const NORMAL: u16 = 1000;
    let mut received = early;
    let _ = stream.write_all(&CLOSE).await;
    let _ = stream.flush().await;
    let first_frame = async {
        while received.len() < 4 {
            match stream.read_buf(&mut received).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
    };
    let _ = timeout(FAREWELL_WAIT, first_frame).await;
    match received.as_slice() {
        [0x88, length, high, low, ..] if *length >= 2 => match u16::from_be_bytes([*high, *low]) {
            NORMAL => Farewell::Content, // the echo of ours
            code => Farewell::Closed(code),
        },
        _ => Farewell::Content,
    }
}

/// A refusal by alert or by hanging up is an answer; anything else is not.
fn tls_failure(error: &io::Error) -> Outcome {
    const HUNG_UP: [io::ErrorKind; 4] = [
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::BrokenPipe,
    ];
    if let Some(refused) = CertificateRefused::within(error) {
        return Outcome::Unclear(refused.to_string());
    }
    match error.get_ref().and_then(|cause| cause.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(alert)) => Outcome::Refused(format!("TLS alert {alert:?}")),
        Some(error) => Outcome::Unclear(error.to_string()),
        None if HUNG_UP.contains(&error.kind()) => Outcome::Refused("it hung up".to_owned()),
        None => Outcome::Unclear(error.to_string()),
    }
}

/// Keeps the certificates it is shown, with what the service would say to them, and lets them pass unless it is strict: who
/// looks for a way around the service does not mind a wrong certificate.
#[derive(Debug)]
struct Onlooker {
    provider: Arc<CryptoProvider>,
    judge: Option<Arc<dyn ServerCertVerifier>>,
    strict: bool,
    shown: Mutex<(Vec<CertificateDer<'static>>, Option<CertificateRefused>)>,
}

impl Onlooker {
    fn new(tls: Option<&UpstreamTls>, strict: bool) -> Onlooker {
        Onlooker {
            provider: Arc::new(aws_lc_rs::default_provider()),
            judge: tls.map(UpstreamTls::verifier),
            strict,
            shown: Mutex::default(),
        }
    }

    fn take(&self) -> (Vec<CertificateDer<'static>>, Option<CertificateRefused>) {
        std::mem::take(&mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.0 = std::iter::once(leaf).chain(intermediates).map(|der| der.clone().into_owned()).collect();
        let Some(judge) = &self.judge else { return Ok(ServerCertVerified::assertion()) };
        let judged = judge.verify_server_cert(leaf, intermediates, name, ocsp, now);
        if let Err(error) = &judged {
            shown.1 = CertificateRefused::of(error).cloned();
        }
        if self.strict { judged } else { Ok(ServerCertVerified::assertion()) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, leaf, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, leaf, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
