//! One connection, its reading and its writing.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use bytestring::ByteString;
use futures_util::{FutureExt as _, Sink, SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use ws_protocol::{Message, NO_STATUS};

use crate::Closed;
use crate::talk::Outgoing;

/// Bytes that are written before the line is flushed.
const FLUSH_AFTER: usize = 64 << 10;
/// A message is larger than the limit (RFC 6455 §7.4.1).
const TOO_BIG: u16 = 1009;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection, and the messages that wait to be written to it.
pub(crate) struct Line {
    stream: Stream,
    pub(crate) out: VecDeque<Outgoing>,
    unflushed: usize,
    /// Why nothing can be written any more. A close frame may still wait to be read.
    broken: Option<String>,
    pub(crate) subprotocol: Option<String>,
}

/// Something that has come over a line.
#[derive(Debug)]
pub(crate) enum Incoming {
    Message(Message),
    /// A ping or a pong: a sign of life.
    Sign,
    /// The other side has closed.
    Closed(Closed),
    /// The connection is lost, for this reason.
    Lost(String),
}

impl Line {
    pub(crate) async fn connect(request: Request, max_message: usize) -> Result<Self, Closed> {
        // A server may send a message as one frame.
        let config = WebSocketConfig::default().max_message_size(Some(max_message)).max_frame_size(Some(max_message));
        let (stream, response) = connect_async_with_config(request, Some(config), true).await.map_err(|error| refused(&error))?;
        let subprotocol = response.headers().get("sec-websocket-protocol").and_then(|name| name.to_str().ok()).map(str::to_owned);
        Ok(Self { stream, out: VecDeque::new(), unflushed: 0, broken: None, subprotocol })
    }

    /// Writes what waits, and waits for what comes. A call whose future is dropped loses nothing. Without `reads`, it only writes.
    pub(crate) async fn next(&mut self, reads: bool) -> Incoming {
        poll_fn(|context| self.poll_next(context, reads)).await
    }

    /// Leaves the line with this code, as far as that is possible at once.
    pub(crate) fn leave(mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        // The connection is dropped in any case.
        let _written = self.stream.close(Some(frame)).now_or_never();
    }

    fn poll_next(&mut self, context: &mut Context<'_>, reads: bool) -> Poll<Incoming> {
        if self.broken.is_none()
            && let Err(error) = self.write(context)
        {
            self.broken = Some(error.to_string());
            self.out.clear();
        }
        if !reads {
            return Poll::Pending;
        }
        loop {
            let Poll::Ready(next) = self.stream.poll_next_unpin(context) else { return Poll::Pending };
            return Poll::Ready(match next {
                Some(Ok(tungstenite::Message::Text(text))) => match ByteString::try_from(Bytes::from(text)) {
                    Ok(text) => Incoming::Message(Message::Text(text)),
                    Err(error) => Incoming::Lost(error.to_string()),
                },
                Some(Ok(tungstenite::Message::Binary(data))) => Incoming::Message(Message::Binary(data)),
                Some(Ok(tungstenite::Message::Ping(_) | tungstenite::Message::Pong(_))) => Incoming::Sign,
                Some(Ok(tungstenite::Message::Close(frame))) => {
                    // tungstenite has queued the answer.
                    let _written = self.stream.flush().now_or_never();
                    Incoming::Closed(closed(frame))
                }
                // Only a caller that asks for raw frames gets them.
                Some(Ok(tungstenite::Message::Frame(_))) => continue,
                // The message would come again on the next line.
                Some(Err(tungstenite::Error::Capacity(error))) => {
                    let (code, reason) = (TOO_BIG, error.to_string());
                    let frame = CloseFrame { code: code.into(), reason: reason.as_str().into() };
                    let _written = self.stream.close(Some(frame)).now_or_never();
                    Incoming::Closed(Closed { code, reason, http_status: None })
                }
                Some(Err(error)) => Incoming::Lost(error.to_string()),
                None => Incoming::Lost(self.broken.take().unwrap_or_else(|| "the connection has ended".to_owned())),
            });
        }
    }

    fn write(&mut self, context: &mut Context<'_>) -> Result<(), tungstenite::Error> {
        let mut stream = std::pin::Pin::new(&mut self.stream);
        loop {
            if self.unflushed >= FLUSH_AFTER || (self.out.is_empty() && self.unflushed > 0) {
                let Poll::Ready(flushed) = stream.as_mut().poll_flush(context) else { return Ok(()) };
                flushed?;
                self.unflushed = 0;
            }
            if self.out.is_empty() {
                return Ok(());
            }
            let Poll::Ready(ready) = stream.as_mut().poll_ready(context) else { return Ok(()) };
            ready?;
            let Some(outgoing) = self.out.pop_front() else { return Ok(()) };
            self.unflushed += outgoing.len() + 1;
            stream.as_mut().start_send(frame(&outgoing))?;
        }
    }
}

fn frame(outgoing: &Outgoing) -> tungstenite::Message {
    match outgoing {
        Outgoing::Frame(message) => of_message(message),
        Outgoing::Plain(item) => of_message(item.message()),
        Outgoing::Ping => tungstenite::Message::Ping(Bytes::new()),
        Outgoing::Close(code, reason) => {
            tungstenite::Message::Close(Some(CloseFrame { code: (*code).into(), reason: reason.as_str().into() }))
        }
    }
}

fn of_message(message: &Message) -> tungstenite::Message {
    match message {
        Message::Text(text) => {
            Utf8Bytes::try_from(text.as_bytes().clone()).map(tungstenite::Message::Text).expect("a ByteString is UTF-8")
        }
        Message::Binary(data) => tungstenite::Message::Binary(data.clone()),
    }
}

fn closed(frame: Option<CloseFrame>) -> Closed {
    let (code, reason) = frame.map_or((NO_STATUS, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
    Closed { code, reason, http_status: None }
}

fn refused(error: &tungstenite::Error) -> Closed {
    let http_status = match error {
        tungstenite::Error::Http(response) => Some(response.status().as_u16()),
        _ => None,
    };
    Closed { http_status, ..Closed::abnormal(error.to_string()) }
}
