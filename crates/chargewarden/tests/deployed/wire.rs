//! A WebSocket client that can say anything, well-formed or not. It is the test's own, so that no
//! library refuses to send what must be tried.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long anything that must come may take.
pub const PATIENCE: Duration = Duration::from_secs(6);

/// What a client sees next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A text message.
    Text(String),
    /// A close frame with its code, if it had one.
    Close(Option<u16>),
    /// The end of the connection.
    End,
    /// Nothing, for as long as anybody waits.
    Nothing,
}

/// One raw connection.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    /// Connects, and sends `request` as it is.
    pub async fn open(address: &str, request: &[u8]) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("the gateway accepts connections");
        stream.set_nodelay(true).unwrap();
        // A peer that hangs up early makes writing fail; what it answered can still be read.
        let _ = stream.write_all(request).await;
        Self { stream, buffer: Vec::new() }
    }

    /// Status of the HTTP answer and its head, or nothing where the connection ended without one.
    pub async fn status(&mut self) -> Option<(u16, String)> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if self.fill().await != Filled::More {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end);
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("an HTTP status");
        Some((status, head))
    }

    /// Sends bytes as they are.
    pub async fn raw(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Sends a well-formed text frame, masked with zeros.
    pub async fn text(&mut self, text: &str) {
        let mut frame = vec![0x81];
        match text.len() {
            n @ 0..=125 => frame.push(0x80 | n as u8),
            n @ 126..=0xffff => {
                frame.push(0x80 | 126);
                frame.extend((n as u16).to_be_bytes());
            }
            n => {
                frame.push(0x80 | 127);
                frame.extend((n as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.raw(&frame).await;
    }

    /// Resets the connection.
    pub fn reset(self) {
        let stream = self.stream.into_std().unwrap();
        let socket = socket2::Socket::from(stream);
        let _ = socket.set_linger(Some(Duration::ZERO));
    }

    /// Sends a close frame and waits for the end.
    pub async fn bye(mut self) {
        self.raw(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]).await;
        while !matches!(self.next().await, Seen::End | Seen::Nothing) {}
    }

    /// The next message or close frame. Answers pings, so that the session stays.
    pub async fn next(&mut self) -> Seen {
        loop {
            if let Some((opcode, payload)) = self.take_frame() {
                match opcode {
                    1 => return Seen::Text(String::from_utf8(payload).expect("the gateway sends UTF-8")),
                    8 => {
                        let code = payload.get(..2).map(|two| u16::from_be_bytes([two[0], two[1]]));
                        return Seen::Close(code);
                    }
                    9 => {
                        let mut pong = vec![0x8a, 0x80 | payload.len() as u8, 0, 0, 0, 0];
                        pong.extend(&payload);
                        self.raw(&pong).await;
                    }
                    10 => {}
                    other => panic!("the gateway sent opcode {other}"),
                }
                continue;
            }
            match self.fill().await {
                Filled::More => {}
                Filled::End => return Seen::End,
                Filled::Nothing => return Seen::Nothing,
            }
        }
    }

    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let [first, second, ..] = self.buffer[..] else { return None };
        assert_eq!(first & 0xf0, 0x80, "the gateway sends whole frames without reserved bits");
        let (start, length) = match second {
            n @ 0..=125 => (2, usize::from(n)),
            126 => (4, usize::from(u16::from_be_bytes(self.buffer.get(2..4)?.try_into().unwrap()))),
            _ => (10, u64::from_be_bytes(self.buffer.get(2..10)?.try_into().unwrap()) as usize),
        };
        let payload = self.buffer.get(start..start + length)?.to_vec();
        self.buffer.drain(..start + length);
        Some((first & 0x0f, payload))
    }

    async fn fill(&mut self) -> Filled {
        match timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await {
            Ok(Ok(0) | Err(_)) => Filled::End,
            Ok(Ok(_)) => Filled::More,
            Err(_) => Filled::Nothing,
        }
    }
}

/// What came of reading.
#[derive(PartialEq)]
enum Filled {
    More,
    End,
    Nothing,
}
