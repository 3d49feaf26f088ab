//! A host that the tests play: the rules of sessions behind tokio-tungstenite.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, tungstenite};
use ws_host_client::Message;
use ws_protocol::resume::{Fresh, FromClient, FromHost, Hello, HostSession, Limits, Token};

/// An order to a line.
#[derive(Debug)]
pub(crate) enum Order {
    Write(FromHost),
    Close(u16),
    /// Ends without a close frame.
    Cut,
}

/// A host that keeps sessions.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// The messages of all clients.
    pub(crate) heard: mpsc::UnboundedReceiver<Message>,
    /// The queries of the lines' requests, and the close codes of their ends.
    pub(crate) lines: mpsc::UnboundedReceiver<Line>,
}

/// An event of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Asked(String),
    Closed(u16),
    Lost,
}

#[derive(Default)]
struct State {
    sessions: HashMap<String, (HostSession<Message>, mpsc::UnboundedSender<Order>)>,
    /// The handle of the last session.
    handle: String,
    lines: u64,
    forgets: Option<Fresh>,
    /// Each line waits for it before its welcome.
    silence: Option<Arc<Notify>>,
}

impl Host {
    /// A host that welcomes a line when it is notified.
    pub(crate) async fn start_silent() -> (Arc<Notify>, Self) {
        let (host, silence) = (Self::start().await, Arc::<Notify>::default());
        host.state.lock().unwrap().silence = Some(silence.clone());
        (silence, host)
    }

    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let (hears, heard) = mpsc::unbounded_channel();
        let (tells, lines) = mpsc::unbounded_channel();
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone(), hears.clone(), tells.clone()));
            }
        });
        Self { address, state, heard, lines }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/chat?a=1", self.address)
    }

    /// Sends to the last client, now or when it is back.
    pub(crate) fn send(&self, text: impl Into<Message>) {
        let mut state = self.state.lock().unwrap();
        let handle = state.handle.clone();
        let (session, line) = state.sessions.get_mut(&handle).unwrap();
        let message = text.into();
        if session.send(message.clone(), message.as_bytes().len()) {
            let _lost = line.send(Order::Write(FromHost::Message(message)));
        }
    }

    /// Tells the last client's line.
    pub(crate) fn order(&self, order: Order) {
        let state = self.state.lock().unwrap();
        state.sessions[&state.handle].1.send(order).unwrap();
    }

    /// Forgets all sessions, for this reason.
    pub(crate) fn forget(&self, reason: Fresh) {
        let mut state = self.state.lock().unwrap();
        state.sessions.clear();
        state.forgets = Some(reason);
    }

    /// The next message.
    pub(crate) async fn hears(&mut self) -> String {
        crate::soon(self.heard.recv()).await.unwrap().as_text().unwrap().to_owned()
    }
}

async fn serve(
    stream: TcpStream,
    state: Arc<Mutex<State>>,
    heard: mpsc::UnboundedSender<Message>,
    lines: mpsc::UnboundedSender<Line>,
) -> Option<()> {
    let mut query = String::new();
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let note = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        query = request.uri().query().unwrap_or_default().to_owned();
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, note).await.ok()?;
    let _ended = lines.send(Line::Asked(query.clone()));
    let FromClient::Hello(hello) = FromClient::read(next(&mut socket).await.ok()?).unwrap() else { panic!("hello comes first") };
    let silence = state.lock().unwrap().silence.clone();
    if let Some(silence) = silence {
        silence.notified().await;
    }
    let (orders, mut asked) = mpsc::unbounded_channel();
    let handle = query.rsplit('=').next().unwrap().to_owned();
    let (line, handle) = begin(&state, handle, &hello, &orders);
    drop(orders);
    let end = loop {
        tokio::select! {
            order = asked.recv() => match order {
                Some(Order::Write(message)) => match socket.send(frame(&message.write())).await {
                    Ok(()) => {}
                    Err(_) => break Line::Lost,
                },
                Some(Order::Close(code)) => {
                    let _lost = socket.close(Some(CloseFrame { code: code.into(), reason: "".into() })).await;
                }
                Some(Order::Cut) | None => break Line::Lost,
            },
            message = next(&mut socket) => match message {
                Ok(message) => hear(&state, &handle, line, FromClient::read(message).unwrap(), &heard),
                Err(end) => break end,
            },
        }
    };
    if let Some((session, _)) = state.lock().unwrap().sessions.get_mut(&handle) {
        session.lost(line);
    }
    let _ended = lines.send(end);
    Some(())
}

/// Begins a session or resumes it, and tells the line what to write first.
fn begin(state: &Mutex<State>, handle: String, hello: &Hello, line: &mpsc::UnboundedSender<Order>) -> (u64, String) {
    let mut state = state.lock().unwrap();
    state.lines += 1;
    let number = state.lines;
    let token = Token(u128::from(number).to_be_bytes());
    let resumed = match state.sessions.get_mut(&handle) {
        Some((session, _)) => session.resume(number, hello, token),
        None => Err(state.forgets.unwrap_or(if hello.token.is_some() { Fresh::Unknown } else { Fresh::New })),
    };
    let write = |message| line.send(Order::Write(message)).unwrap();
    let keep = Duration::from_secs(120);
    match resumed {
        Ok(resumed) => {
            write(FromHost::Welcome { handle: handle.as_str().into(), keep, welcome: resumed.welcome });
            let (session, cut) = state.sessions.get_mut(&handle).unwrap();
            let _gone = std::mem::replace(cut, line.clone()).send(Order::Cut);
            session.unconfirmed().for_each(|message| write(FromHost::Message(message.clone())));
            (number, handle)
        }
        Err(reason) => {
            let (session, welcome) = HostSession::begin(number, reason, token, Limits::default());
            let handle = format!("h{number}");
            write(FromHost::Welcome { handle: handle.as_str().into(), keep, welcome });
            state.sessions.insert(handle.clone(), (session, line.clone()));
            state.handle.clone_from(&handle);
            (number, handle)
        }
    }
}

fn hear(state: &Mutex<State>, handle: &str, line: u64, message: FromClient, heard: &mpsc::UnboundedSender<Message>) {
    let mut state = state.lock().unwrap();
    let Some((session, orders)) = state.sessions.get_mut(handle) else { return };
    match message {
        FromClient::Message(message) => {
            if session.received(line, message.as_bytes().len()) {
                let _gone = heard.send(message);
            }
            if session.is_confirmation_due() {
                let _lost = orders.send(Order::Write(FromHost::Received(session.confirmation())));
            }
        }
        FromClient::Received(number) => session.confirmed(line, number).unwrap(),
        FromClient::Ping(payload) => drop(orders.send(Order::Write(FromHost::Pong(payload)))),
        FromClient::Hello(_) => panic!("a second hello"),
    }
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Result<Message, Line> {
    loop {
        match socket.next().await {
            Some(Ok(tungstenite::Message::Text(text))) => return Ok(Message::text(text.as_str())),
            Some(Ok(tungstenite::Message::Binary(data))) => return Ok(Message::binary(data)),
            Some(Ok(tungstenite::Message::Close(frame))) => {
                // It has queued the answer.
                let _lost = socket.flush().await;
                return Err(Line::Closed(frame.map_or(1005, |frame| frame.code.into())));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(Line::Lost),
        }
    }
}

fn frame(message: &Message) -> tungstenite::Message {
    match message {
        Message::Text(text) => tungstenite::Message::text(&**text),
        Message::Binary(data) => tungstenite::Message::binary(data.clone()),
    }
}
