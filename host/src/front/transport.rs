//! The transport of a connection until a shard owns it: a socket, or TLS over one.

use std::io;
use std::net::{SocketAddr, TcpStream as StdTcpStream};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::http::HeaderValue;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::client_certificate;
use super::tls::Tls;
use crate::shard::TlsSession;

/// The first byte of a TLS connection: a record of the type handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
/// The answer to a browser that was sent to `http://` by mistake.
const NOT_TLS: &str = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 46\r\n\r\n\
    this port speaks TLS: use https:// or wss://.\n";
/// How much of such a request is read, so that closing does not reset the connection before our answer is read.
const READ_OFF_BYTES: u64 = 64 << 10;

/// A connection that carries HTTP.
#[derive(Debug)]
pub enum Transport {
    /// A socket.
    Plain(TcpStream),
    /// TLS after its handshake, and whether the client has broken the session.
    Tls(Box<TlsStream<TcpStream>>, bool),
}

impl Transport {
    /// Runs the TLS handshake, if this server has TLS. `None` when it failed; the log has the reason.
    pub async fn accept(stream: TcpStream, address: SocketAddr, tls: Option<&Tls>) -> Option<Self> {
        let Some(tls) = tls else { return Some(Self::Plain(stream)) };
        let mut first = [0];
        if matches!(stream.peek(&mut first).await, Ok(1)) && first[0].is_ascii_uppercase() {
            tracing::debug!(%address, "plain HTTP came to a TLS port; it is answered with 400");
            answer_in_plain(stream).await;
            return None;
        }
        match Box::pin(tls.acceptor().accept(stream)).await {
            Ok(stream) => Some(Self::Tls(Box::new(stream), false)),
            Err(error) if first[0] != HANDSHAKE => {
                tracing::debug!(%address, "a connection to a TLS port did not speak TLS: {error}");
                None
            }
            Err(error) => {
                tracing::debug!(%address, "the TLS handshake failed: {error}");
                None
            }
        }
    }

    /// The subject of the certificate that the client has shown.
    pub fn client_subject(&self) -> Option<HeaderValue> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream, _) => stream.get_ref().1.peer_certificates().and_then(client_certificate::subject),
        }
    }

    /// Has the kernel ask a client that is idle for this long whether it is still there, and again after each interval. A kernel that cannot leaves
    /// the connection as it is.
    pub fn keep_alive(&self, idle: Duration, interval: Duration) {
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream, _) => stream.get_ref().0,
        };
        let second = Duration::from_secs(1);
        let keep_alive = TcpKeepalive::new().with_time(idle.max(second)).with_interval(interval.max(second));
        let _ = SockRef::from(socket).set_tcp_keepalive(&keep_alive);
    }

    /// Takes the connection apart for its shard: the socket, the TLS session, and the bytes received but not yet handled.
    /// `first` is what HTTP has read of them.
    pub fn into_parts(self, first: Bytes) -> io::Result<(StdTcpStream, Option<Box<TlsSession>>, Bytes)> {
        match self {
            Self::Plain(socket) => Ok((socket.into_std()?, None, first)),
            Self::Tls(stream, _) => {
                let (socket, connection) = stream.into_inner();
                let (session, first) = TlsSession::take_over(connection, first);
                Ok((socket.into_std()?, Some(Box::new(session)), first))
            }
        }
    }
}

async fn answer_in_plain(mut stream: TcpStream) {
    if stream.write_all(NOT_TLS.as_bytes()).await.is_ok() && stream.shutdown().await.is_ok() {
        let _ = tokio::io::copy(&mut stream.take(READ_OFF_BYTES), &mut tokio::io::sink()).await;
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream, broken) => {
                let read = Pin::new(stream).poll_read(cx, buffer);
                *broken |= matches!(&read, Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::InvalidData);
                read
            }
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream, _) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream, _) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream, _) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            // After a fatal alert, sent or received, no close_notify follows (RFC 8446 §6.2).
            Self::Tls(stream, true) => Pin::new(stream.get_mut().0).poll_shutdown(cx),
            Self::Tls(stream, false) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
