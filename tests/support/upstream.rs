//! A server that the host asks, played by the test.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A listener for the requests of the host.
pub struct Upstream {
    listener: TcpListener,
}

/// A connection of the host, with the request that it has sent.
pub struct Asked {
    stream: TcpStream,
    /// The request, head and body.
    pub text: String,
}

impl Upstream {
    /// A server on a free port.
    pub async fn new() -> Self {
        Self { listener: TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free") }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.listener.local_addr().expect("it listens").port()
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port())
    }

    /// Waits for the next connection, and its first request.
    pub async fn is_asked(&self) -> Asked {
        let mut asked = Asked { stream: self.accepts().await, text: String::new() };
        asked.asks_again().await;
        asked
    }

    /// Waits for the next connection.
    pub async fn accepts(&self) -> TcpStream {
        self.listener.accept().await.expect("a connection comes").0
    }
}

impl Asked {
    /// Waits for the next request on this connection. A body has the length that the head gives.
    pub async fn asks_again(&mut self) {
        self.text.clear();
        loop {
            if let Some((head, body)) = self.text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .map_or(0, |length| length.parse().expect("a number"));
                if body.len() >= length {
                    return;
                }
            }
            let mut buffer = vec![0; 16 << 10];
            let read = self.stream.read(&mut buffer).await.expect("the request can be read");
            assert!(read > 0, "the request ends early: {:?}", self.text);
            self.text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }

    /// The method and path of the request.
    pub fn line(&self) -> &str {
        self.text.split(" HTTP/1.1").next().unwrap_or_default()
    }

    /// Sends bytes as they are.
    pub async fn sends(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.expect("the host reads");
    }

    /// Answers with 200 and this text.
    pub async fn answers(&mut self, body: &str) {
        self.sends(&format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
    }

    /// Begins an answer in chunks.
    pub async fn begins(&mut self) {
        self.sends("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
    }

    /// Sends the next chunk. The empty one is the last.
    pub async fn chunk(&mut self, text: &str) {
        self.sends(&format!("{:x}\r\n{text}\r\n", text.len())).await;
    }

    /// Waits until the host has closed the connection.
    pub async fn is_given_up(&mut self) {
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = self.stream.read_to_end(&mut rest).await;
        assert_eq!(String::from_utf8_lossy(&rest), "", "nothing more was sent");
    }
}
