//! The byte streams below the WebSockets, and the meter that bounds an unfinished message.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use rustls::pki_types::CertificateDer;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client;

use crate::tls::TlsStream;

/// A connected byte stream.
#[derive(Debug)]
pub(crate) enum Transport {
    /// TCP without TLS.
    Plain(TcpStream),
    /// TLS with a station (boxed: its state is some KiB).
    Tls(Box<TlsStream>),
    /// TLS with a CSMS, in which we are the client.
    Client(Box<client::TlsStream<TcpStream>>),
}

impl Transport {
    /// The certificates that the peer presented in a TLS handshake, its own first.
    pub(crate) fn certificates(&self) -> &[CertificateDer<'static>] {
        match self {
            Transport::Plain(_) => &[],
            Transport::Tls(tls) => tls.get_ref().1.peer_certificates().unwrap_or_default(),
            Transport::Client(tls) => tls.get_ref().1.peer_certificates().unwrap_or_default(),
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Transport::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
            Transport::Client(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Transport::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
            Transport::Client(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Transport::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, bufs),
            Transport::Client(tls) => Pin::new(tls).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Transport::Plain(tcp) => tcp.is_write_vectored(),
            Transport::Tls(tls) => tls.is_write_vectored(),
            Transport::Client(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Transport::Tls(tls) => Pin::new(tls).poll_flush(cx),
            Transport::Client(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Transport::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
            Transport::Client(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

/// A stream that counts what was received without completing a message, and fails when that is more than allowed.
///
/// The WebSocket library bounds the payload of a message but neither the number of fragments (empty ones cost the peer six
/// bytes each) nor the time they take; the session resets the count at each complete message and looks at it on its tick.
#[derive(Debug)]
pub(crate) struct Metered<S> {
    inner: S,
    /// What was received before the stream was handed over; read first.
    early: Bytes,
    unfinished: usize,
    limit: usize,
}

/// Bytes of frame headers a message may need beyond its payload: 64 fragments of 14 bytes.
const FRAMING_ALLOWANCE: usize = 64 * 14;

/// One fill of the read buffer may hold the beginning of the next message besides all of this one.
const READ_AHEAD_ALLOWANCE: usize = 16 * 1024;

impl<S> Metered<S> {
    /// Wraps a stream; `early` is what was already read from it.
    pub(crate) fn new(inner: S, early: Bytes, message_bytes_max: usize) -> Metered<S> {
        let limit = message_bytes_max + FRAMING_ALLOWANCE + READ_AHEAD_ALLOWANCE;
        Metered { inner, unfinished: early.len(), early, limit }
    }

    /// What is metered.
    pub(crate) fn get_ref(&self) -> &S {
        &self.inner
    }

    /// A data message is complete.
    pub(crate) fn message_done(&mut self) {
        self.unfinished = 0;
    }

    /// A control frame is complete; it may stand between the fragments of a message.
    pub(crate) fn control_done(&mut self, payload: usize) {
        const HEADER: usize = 6; // two bytes and the mask
        self.unfinished = self.unfinished.saturating_sub(payload + HEADER);
    }

    /// Bytes received since the last complete message.
    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.early.is_empty() {
            let n = this.early.len().min(buf.remaining());
            buf.put_slice(this.early.get(..n).unwrap_or_default());
            this.early.advance(n);
            if this.early.is_empty() {
                this.early = Bytes::new();
            }
            return Poll::Ready(Ok(()));
        }
        // Before the read, since a read that fails must not have read anything.
        if this.unfinished > this.limit {
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut this.inner).poll_read(cx, buf);
        this.unfinished = this.unfinished.saturating_add(buf.filled().len() - before);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn early_bytes_come_first_and_count() {
        let mut metered = Metered::new(&b"late"[..], Bytes::from_static(b"early "), 100);
        let mut text = String::new();
        metered.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "early late");
        assert_eq!(metered.unfinished(), 10);
        metered.control_done(2);
        assert_eq!(metered.unfinished(), 2);
        metered.message_done();
        assert_eq!(metered.unfinished(), 0);
    }

    #[tokio::test]
    async fn more_than_a_message_is_an_error() {
        let flood = vec![0; 100 + FRAMING_ALLOWANCE + READ_AHEAD_ALLOWANCE + 1];
        let mut metered = Metered::new(flood.as_slice(), Bytes::new(), 100);
        let error = metered.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
    }
}
