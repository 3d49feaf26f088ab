//! A WebSocket client with a session that outlives its connections (`docs/resume.md`).

use tokio_tungstenite::tungstenite::Message as Frame;
use ws_protocol::Message;
use ws_protocol::resume::{ClientSession, Fresh, FromClient, FromHost, Limits, Outcome};

use super::client::Client;
use super::host::Host;

/// A client and its session. Its messages are texts.
pub struct Resuming {
    line: Option<Client>,
    session: ClientSession<Message>,
    /// The name of its session.
    pub handle: String,
    /// The path, with a query or without, that it connects to.
    pub path: String,
}

impl Resuming {
    /// Begins a session over a connection to `/`.
    pub async fn connect(host: &Host) -> Self {
        Self::connect_to(host, "/").await
    }

    /// Begins a session over a connection to a path.
    pub async fn connect_to(host: &Host, path: &str) -> Self {
        let session = ClientSession::new(Limits::default());
        let mut client = Self { line: None, session, handle: "new".into(), path: path.into() };
        assert_eq!(client.comes_back(host).await, Some(Fresh::New));
        client
    }

    /// Connects once more. Returns why the session began anew, unless it goes on.
    pub async fn comes_back(&mut self, host: &Host) -> Option<Fresh> {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        self.line = Some(Client::connect_to(host, &format!("{}{mark}_resume={}", self.path, self.handle)).await);
        let hello = self.session.hello();
        self.tell(FromClient::Hello(hello)).await;
        let FromHost::Welcome { handle, welcome, .. } = self.next().await else { panic!("a welcome comes first") };
        self.handle = handle.to_string();
        let outcome = self.session.welcomed(welcome).expect("the host keeps the rules");
        let number = self.session.confirmation();
        self.tell(FromClient::Received(number)).await;
        let unconfirmed: Vec<_> = self.session.unconfirmed().cloned().collect();
        for message in unconfirmed {
            self.tell(FromClient::Message(message)).await;
        }
        if let Outcome::Fresh { reason, .. } = outcome { Some(reason) } else { None }
    }

    /// Its connection breaks.
    pub fn loses_its_line(&mut self) {
        self.session.lost();
        self.line = None;
    }

    /// Sends a text, now or over the next connection.
    pub async fn says(&mut self, text: &str) {
        if self.session.send(text.into(), text.len()) {
            self.tell(FromClient::Message(text.into())).await;
        }
    }

    /// Sends a text and returns the next one.
    pub async fn asks(&mut self, text: &str) -> String {
        self.says(text).await;
        self.hears().await
    }

    /// The next text of the application.
    pub async fn hears(&mut self) -> String {
        loop {
            match self.next().await {
                FromHost::Message(message) => {
                    self.session.received(message.as_bytes().len()).expect("the host has said welcome");
                    if self.session.is_confirmation_due() {
                        let number = self.session.confirmation();
                        self.tell(FromClient::Received(number)).await;
                    }
                    return message.as_text().expect("the guest sends texts").to_owned();
                }
                FromHost::Received(number) => self.session.confirmed(number).expect("the host counts right"),
                other => panic!("a message comes next, not {other:?}"),
            }
        }
    }

    /// The next message of the host.
    pub async fn next(&mut self) -> FromHost {
        match self.line().next().await {
            Frame::Text(text) => FromHost::read(Message::text(text.to_string())).expect("the host keeps the protocol"),
            other => panic!("a text comes next, not {other:?}"),
        }
    }

    /// Its connection.
    pub fn line(&mut self) -> &mut Client {
        self.line.as_mut().expect("it is connected")
    }

    async fn tell(&mut self, message: FromClient) {
        let message = message.write();
        self.line().says(message.as_text().expect("the test sends texts")).await;
    }
}
