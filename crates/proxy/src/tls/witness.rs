//! The socket below TLS, which remembers how the client began until the handshake is over: for evidence when it fails.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::hello::HEAD_BYTES_MAX;

/// A socket with the first bytes that were read from it.
#[derive(Debug)]
pub(crate) struct Witnessed {
    tcp: TcpStream,
    seen: Vec<u8>,
    watching: bool,
}

impl Witnessed {
    pub(super) fn new(tcp: TcpStream) -> Witnessed {
        Witnessed { tcp, seen: Vec::new(), watching: true }
    }

    /// What was read so far, at most [`HEAD_BYTES_MAX`].
    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// The handshake is over: gives the memory back.
    pub(super) fn forget(&mut self) {
        self.seen = Vec::new();
        self.watching = false;
    }
}

impl AsyncRead for Witnessed {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.tcp).poll_read(cx, buf);
        if this.watching {
            let room = HEAD_BYTES_MAX.saturating_sub(this.seen.len());
            let new = buf.filled().get(before..).unwrap_or_default();
            this.seen.extend(new.iter().take(room));
        }
        read
    }
}

impl AsyncWrite for Witnessed {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
}
