//! One end of a session: its socket and what is watched about it.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use futures_util::{Sink, SinkExt, Stream};
use tokio::time::timeout;
use tokio_websockets::{CloseCode, Error, Message};

use crate::{socket::Socket, upstream::displacement::Farewell};

/// A side's socket with its counters. Times are milliseconds of the gateway's monotonic clock.
pub(crate) struct Peer {
    pub(crate) socket: Socket,
    /// The address of the other end, for records.
    pub(crate) address: String,
    /// When it was connected.
    pub(super) since_ms: u64,
    /// How it closed, once it has.
    pub(super) farewell: Option<Farewell>,
    /// Messages of any kind since the last tick.
    pub(super) messages: u32,
    /// When the last complete message of any kind arrived.
    pub(super) heard_ms: u64,
    /// When a ping was sent that nothing has followed yet.
    pub(super) pinged_ms: Option<u64>,
    /// Since when a message has been unfinished, as far as the ticks saw.
    pub(super) unfinished_ms: Option<u64>,
}

/// Why nothing can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not within the time allowed.
    Slow,
    /// The connection is gone.
    Lost,
}

impl Peer {
    pub(crate) fn new(socket: Socket, address: String, now_ms: u64) -> Peer {
        Peer {
            socket,
            address,
            since_ms: now_ms,
            farewell: None,
            messages: 0,
            heard_ms: now_ms,
            pinged_ms: None,
            unfinished_ms: None,
        }
    }

    pub(super) fn heard(&mut self, now_ms: u64) {
        self.heard_ms = now_ms;
        self.pinged_ms = None;
        self.messages = self.messages.saturating_add(1);
    }

    pub(super) fn message_done(&mut self) {
        self.unfinished_ms = None;
        self.socket.get_mut().message_done();
    }

    pub(super) fn control_done(&mut self, payload: usize) {
        self.socket.get_mut().control_done(payload);
    }

    pub(super) fn queue(&mut self, message: Message) -> Result<(), Error> {
        Pin::new(&mut self.socket).start_send(message)
    }

    /// Writes out what is queued. Nearly always the kernel takes it at once; a timer is only made when it does not.
    pub(super) async fn flush(&mut self, wait: Duration) -> Result<(), Fault> {
        let at_once = poll_fn(|cx| Poll::Ready(Pin::new(&mut self.socket).poll_flush(cx))).await;
        let written = match at_once {
            Poll::Ready(written) => written,
            Poll::Pending => match Box::pin(timeout(wait, self.socket.flush())).await {
                Ok(written) => written,
                Err(_) => return Err(Fault::Slow),
            },
        };
        written.map_err(|_| Fault::Lost)
    }

    /// Closes in order if the other end plays along, within `wait` in any case.
    pub(super) async fn close(&mut self, code: CloseCode, text: &str, wait: Duration) {
        // Refused when a close was already sent or received; then only the rest of the handshake is left.
        let _ = self.queue(Message::close(Some(code), text));
        let handshake = async {
            let _ = self.socket.flush().await;
            // What still arrives is neither decided nor delivered. The bound is the time.
            while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut self.socket).poll_next(cx)).await {}
        };
        let _ = timeout(wait, handshake).await;
    }
}
