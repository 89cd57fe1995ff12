//! A management system that answers nothing by itself: the test says what it sends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_websockets::{Message, ServerBuilder};

use crate::wire::PATIENCE;

/// The test's end of one session at the CSMS.
pub struct Link {
    /// What arrives; nothing more once the session ended.
    pub arrivals: UnboundedReceiver<String>,
    /// What to send.
    pub orders: UnboundedSender<String>,
}

impl Link {
    /// The next text that arrives, or nothing once the session ended or when nothing comes.
    pub async fn next(&mut self) -> Option<String> {
        timeout(PATIENCE, self.arrivals.recv()).await.ok().flatten()
    }
}

/// Waiting sessions by station id.
#[derive(Clone, Default)]
pub struct Csms {
    sessions: Arc<Mutex<HashMap<String, Link>>>,
    /// How many sessions were ever opened.
    opened: Arc<std::sync::atomic::AtomicUsize>,
}

impl Csms {
    /// Listens on loopback, and returns the base URL for the gateway.
    pub async fn start() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/csms", listener.local_addr().unwrap());
        let csms = Self::default();
        let accepting = csms.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let csms = accepting.clone();
                tokio::spawn(async move { csms.serve(stream).await });
            }
        });
        (csms, url)
    }

    /// Sessions opened so far.
    pub fn opened(&self) -> usize {
        self.opened.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// The session of `station`, as soon as it is there.
    pub async fn session(&self, station: &str) -> Link {
        timeout(PATIENCE, async {
            loop {
                if let Some(link) = self.sessions.lock().unwrap().remove(station) {
                    return link;
                }
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("no session of {station} at the CSMS"))
    }

    async fn serve(self, mut stream: tokio::net::TcpStream) {
        // The library answers the upgrade; the subprotocol that the gateway offers is echoed.
        let mut head = Vec::new();
        let mut peeked = [0_u8; 4096];
        loop {
            let n = stream.peek(&mut peeked).await.unwrap_or(0);
            if n == 0 {
                return;
            }
            head.clear();
            head.extend(&peeked[..n]);
            if head.windows(4).any(|four| four == b"\r\n\r\n") {
                break;
            }
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        let station =
            text.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default().to_owned();
        let offered = text
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("sec-websocket-protocol:")
                    .map(str::trim)
                    .map(str::to_owned)
            })
            .unwrap_or_default();
        let first = offered.split(',').next().unwrap_or_default().trim().to_owned();
        let accepted = ServerBuilder::new()
            .add_header(http::header::SEC_WEBSOCKET_PROTOCOL, first.parse().unwrap())
            .unwrap()
            .accept(&mut stream)
            .await;
        let Ok((_, socket)) = accepted else { return };
        let (mut sink, mut source) = socket.split();
        let (arrived, arrivals) = unbounded_channel();
        let (orders, mut ordered) = unbounded_channel::<String>();
        self.opened.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.sessions.lock().unwrap().insert(station, Link { arrivals, orders });
        loop {
            tokio::select! {
                order = ordered.recv() => match order {
                    Some(text) => if sink.send(Message::text(text)).await.is_err() { return },
                    None => { let _ = sink.close().await; return }
                },
                message = source.next() => match message {
                    Some(Ok(message)) => if let Some(text) = message.as_text() { let _ = arrived.send(text.to_owned()); },
                    Some(Err(_)) | None => return,
                },
            }
        }
    }
}
