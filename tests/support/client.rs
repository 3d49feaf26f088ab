//! A WebSocket client based on tokio-tungstenite.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

use super::host::Host;

/// A connected client.
pub struct Client<S = MaybeTlsStream<TcpStream>> {
    socket: WebSocketStream<S>,
}

impl Client {
    /// Connects to `/`.
    pub async fn connect(host: &Host) -> Self {
        Self::connect_to(host, "/").await
    }

    /// Connects to a path.
    pub async fn connect_to(host: &Host, path: &str) -> Self {
        Self::connect_url(&host.url(path)).await
    }

    /// Connects to a URL.
    pub async fn connect_url(url: &str) -> Self {
        let (socket, _) = connect_async(url).await.expect("the client connects");
        Self { socket }
    }

    /// Connects to a URL, if a server accepts.
    pub async fn tries_url(url: &str) -> Option<Self> {
        connect_async(url).await.ok().map(|(socket, _)| Self { socket })
    }

    /// Connects with additional headers.
    pub async fn connect_with(host: &Host, path: &str, headers: &[(&'static str, &str)]) -> (Self, Response) {
        let (socket, response) = connect_async(request(host, path, headers)).await.expect("the client connects");
        (Self { socket }, response)
    }

    /// Connects to `/` from this address of loopback.
    pub async fn connect_from(host: &Host, address: [u8; 4]) -> Client<TcpStream> {
        Client::over(stream_from(host, address).await, &host.url("/")).await
    }

    /// The HTTP status with which a client of this address of loopback is refused.
    pub async fn refusal_from(host: &Host, address: [u8; 4]) -> u16 {
        match client_async(host.url("/"), stream_from(host, address).await).await {
            Err(Error::Http(response)) => response.status().as_u16(),
            other => panic!("not {other:?} but a refusal"),
        }
    }

    /// Connects, and waits until the probe reports that this client has joined. Returns the client and its id.
    pub async fn join(host: &Host) -> (Self, u64) {
        Self::connect(host).await.has_joined().await
    }
}

/// A connection from this address of loopback.
async fn stream_from(host: &Host, address: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    socket.bind(SocketAddr::from((address, 0))).expect("an address of loopback");
    socket.connect(host.address.parse().expect("the host has an address")).await.expect("the host accepts")
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Connects over a stream.
    pub async fn over(stream: S, url: &str) -> Self {
        let (socket, _) = client_async(url, stream).await.expect("the client connects");
        Self { socket }
    }

    /// The stream.
    pub fn stream(&mut self) -> &mut S {
        self.socket.get_mut()
    }

    /// Waits until the app reports that this client has joined. Returns the client and its id.
    pub async fn has_joined(mut self) -> (Self, u64) {
        let joined = self.hears().await;
        let id = joined.strip_prefix("joined ").and_then(|id| id.parse().ok());
        (self, id.unwrap_or_else(|| panic!("not {joined:?} but a join")))
    }

    /// Sends a text.
    pub async fn says(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("the connection takes a message");
    }

    /// Sends texts that arrive together.
    pub async fn says_at_once(&mut self, texts: &[&str]) {
        for text in texts {
            self.socket.feed(Message::text(*text)).await.expect("the connection takes a message");
        }
        self.socket.flush().await.expect("the connection takes messages");
    }

    /// Sends a text, if the connection still takes one.
    pub async fn tries(&mut self, text: &str) {
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// Sends bytes.
    pub async fn sends(&mut self, data: &[u8]) {
        self.socket.send(Message::binary(data.to_vec())).await.expect("the connection takes a message");
    }

    /// Sends a text and returns the next one.
    pub async fn asks(&mut self, text: &str) -> String {
        self.says(text).await;
        self.hears().await
    }

    /// Sends a frame with a reserved bit set (RFC 6455 §5.2).
    pub async fn breaks_the_protocol(&mut self) {
        let stream = self.socket.get_mut();
        stream.write_all(&[0xC1, 0x80, 0, 0, 0, 0]).await.expect("the connection takes bytes");
    }

    /// The next text.
    pub async fn hears(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.to_string(),
            other => panic!("a text comes next, not {other:?}"),
        }
    }

    /// This many next texts, which differ, in any order.
    pub async fn hears_in_any_order(&mut self, texts: usize) -> BTreeSet<String> {
        let mut heard = BTreeSet::new();
        while heard.len() < texts {
            heard.insert(self.hears().await);
        }
        heard
    }

    /// The next message, except pings and pongs.
    pub async fn next(&mut self) -> Message {
        loop {
            let message = self.frame().await.expect("the connection is open").expect("the connection works");
            if !message.is_ping() && !message.is_pong() {
                return message;
            }
        }
    }

    /// The next message of any kind, or `None` at the end of the connection.
    pub async fn frame(&mut self) -> Option<Result<Message, Error>> {
        // With this timeout a bug fails a test and does not hang it.
        tokio::time::timeout(Duration::from_secs(60), self.socket.next()).await.expect("something comes within a minute")
    }

    /// Waits for the server's close frame, and returns its code and reason. Earlier messages are dropped.
    pub async fn is_closed(&mut self) -> (u16, String) {
        loop {
            match self.frame().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    // A client must answer it.
                    while let Some(Ok(_)) = self.frame().await {}
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None))) => return (1005, String::new()),
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("a close frame comes, not {error}"),
                None => panic!("a close frame comes, not the end of the connection"),
            }
        }
    }

    /// Pings, and waits for the pong.
    pub async fn is_answered_a_ping(&mut self) {
        self.socket.send(Message::Ping("here?".into())).await.expect("the connection takes a ping");
        match self.frame().await {
            Some(Ok(Message::Pong(payload))) => assert_eq!(payload.as_ref(), b"here?"),
            other => panic!("a pong comes next, not {other:?}"),
        }
    }

    /// Closes with a code and a reason, and waits for the server's answer.
    pub async fn leaves(mut self, code: u16, reason: &str) -> Option<(u16, String)> {
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.to_owned().into() };
        self.socket.close(Some(frame)).await.expect("the connection takes a close frame");
        loop {
            match self.frame().await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| (frame.code.into(), frame.reason.to_string())),
                Some(Ok(_)) => {}
                _ => return None,
            }
        }
    }

    /// Closes without a code.
    pub async fn leaves_without_a_code(mut self) {
        self.socket.close(None).await.expect("the connection takes a close frame");
        while let Some(Ok(_)) = self.frame().await {}
    }

    /// Reads all messages, and answers pings, until the connection ends.
    pub async fn listens(mut self) {
        while let Some(Ok(_)) = self.socket.next().await {}
    }

    /// Ends the connection without a close frame.
    pub fn vanishes(self) {}
}

/// The status by which an upgrade is refused.
pub async fn refusal(host: &Host, path: &str, headers: &[(&'static str, &str)]) -> u16 {
    match connect_async(request(host, path, headers)).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("the upgrade is refused, not {error}"),
        Ok(_) => panic!("the upgrade is refused"),
    }
}

fn request(
    host: &Host,
    path: &str,
    headers: &[(&'static str, &str)],
) -> tokio_tungstenite::tungstenite::handshake::client::Request {
    let mut request = host.url(path).into_client_request().expect("the URL is one");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("the header's value is one"));
    }
    request
}
