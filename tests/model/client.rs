//! A client that sends scripts, and ends in one of several manners.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::SplitStream;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tokio_tungstenite::{WebSocketStream, client_async};

/// The close code of a client that leaves.
const LEAVES: u16 = 4000;
/// The padding of the last answer to a client that stays to the end. Scripts send no other message with it.
pub const FAREWELL_BYTES: usize = 977;

/// How a client reads, and how it ends its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It stays to the end of the run, then leaves.
    Stays,
    /// It leaves when all its messages are sent, without waiting for the answers.
    Leaves,
    /// The same, and it ends its sending side behind its close frame.
    HalfCloses,
    /// It ends its sending side without a close frame.
    HalfClosesSilently,
    /// It resets the connection when it has sent its messages.
    Resets,
    /// It reads nothing until the others have ended.
    ReadsLate,
}

/// A message in short: its beginning, and its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    head: String,
    pub bytes: usize,
}

impl Told {
    pub fn of(text: &str) -> Self {
        let head = text.trim_end_matches('x').to_owned();
        Self { head, bytes: text.len() }
    }
}

/// The messages that a client sent and received, and its end.
#[derive(Debug)]
pub struct Seen {
    pub id: u64,
    pub manner: Manner,
    pub sent: Vec<String>,
    pub received: Vec<Told>,
    /// The code of the server's close frame.
    pub close: Option<u16>,
}

/// The course of a run: clients that read late wait for its second stage, those that stay for its third.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub enum Stage {
    Everybody,
    LateReaders,
    Farewell,
}

/// A connection: its halves, and a second handle for resets.
type Connection = WebSocketStream<TcpStream>;

/// Connects.
pub async fn connect(url: &str, address: &str) -> (Connection, std::net::TcpStream) {
    let stream = std::net::TcpStream::connect(address).expect("the host takes a connection");
    stream.set_nonblocking(true).expect("a socket can be nonblocking");
    let handle = stream.try_clone().expect("a socket has a second handle");
    let stream = TcpStream::from_std(stream).expect("the runtime takes a socket");
    let (socket, _) = client_async(url, stream).await.expect("the client connects");
    (socket, handle)
}

/// The messages that a client has received. Its reader appends them, and says so.
type Inbox = Arc<Mutex<Vec<Told>>>;

/// Plays a client from its connection to its end. `scripts` makes its messages, in groups that are sent at once, from its id.
pub async fn play(
    (url, address): (String, String),
    manner: Manner,
    scripts: impl FnOnce(u64) -> Vec<Vec<String>>,
    mut stage: watch::Receiver<Stage>,
) -> Seen {
    let (socket, handle) = connect(&url, &address).await;
    let (mut sink, mut source) = socket.split();
    let welcome = source.next().await.expect("a welcome comes").expect("a welcome comes").into_text().expect("it is text");
    let id = welcome.strip_prefix("you are ").and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no welcome: {welcome}"));
    let (count, mut received) = watch::channel(());
    let inbox = Arc::new(Mutex::new(vec![Told::of(&welcome)]));
    let late = (manner == Manner::ReadsLate).then(|| stage.clone());
    let reader = tokio::spawn(read(source, (Arc::clone(&inbox), count), late));
    let mut sent = Vec::new();
    let open = 'open: {
        for group in scripts(id) {
            received.mark_unchanged();
            let mut group = group.into_iter().peekable();
            while let Some(script) = group.next() {
                let message = Message::text(script.clone());
                sent.push(script);
                let outcome = if group.peek().is_some() { sink.feed(message).await } else { sink.send(message).await };
                if outcome.is_err() {
                    break 'open false;
                }
            }
            // A client that reads paces itself by what it receives. An error is the end of the connection.
            if manner != Manner::ReadsLate && received.changed().await.is_err() {
                break 'open false;
            }
        }
        true
    };
    if manner == Manner::Stays && open {
        stage.wait_for(|stage| *stage == Stage::Farewell).await.expect("the run tells its stage");
        // When the answer to the first has come, nothing waits for this client: any `on-drain` comes before the second.
        for bytes in [FAREWELL_BYTES - 1, FAREWELL_BYTES] {
            let script = format!("look {id};send {id} {bytes}");
            sent.push(script.clone());
            if sink.send(Message::text(script)).await.is_err() {
                break;
            }
            while !has_padding(&inbox, bytes) && received.changed().await.is_ok() {}
        }
    }
    let farewell = CloseFrame { code: CloseCode::from(LEAVES), reason: "".into() };
    match manner {
        // The connection may have ended: then the host has told why.
        Manner::Stays | Manner::Leaves | Manner::ReadsLate => drop(sink.send(Message::Close(Some(farewell))).await),
        Manner::HalfCloses => {
            drop(sink.send(Message::Close(Some(farewell))).await);
            handle.shutdown(std::net::Shutdown::Write).ok();
        }
        Manner::HalfClosesSilently => drop(handle.shutdown(std::net::Shutdown::Write)),
        Manner::Resets => {
            let socket = socket2::SockRef::from(&handle);
            socket.set_linger(Some(Duration::ZERO)).expect("the socket can be told not to linger");
            reader.abort();
        }
    }
    drop((sink, handle));
    let close = reader.await.unwrap_or_default();
    let received = inbox.lock().expect("no reader panics").clone();
    Seen { id, manner, sent, received, close }
}

async fn read(
    mut source: SplitStream<Connection>,
    (inbox, count): (Inbox, watch::Sender<()>),
    late: Option<watch::Receiver<Stage>>,
) -> Option<u16> {
    if let Some(mut stage) = late {
        stage.wait_for(|stage| *stage > Stage::Everybody).await.expect("the run tells its stage");
    }
    let mut close = None;
    while let Some(Ok(message)) = source.next().await {
        match message {
            Message::Text(text) => {
                inbox.lock().expect("no reader panics").push(Told::of(&text));
                count.send_replace(());
            }
            Message::Close(frame) => close = Some(frame.map_or(1005, |frame| frame.code.into())),
            _ => {}
        }
    }
    close
}

/// Whether a message with this padding has come.
fn has_padding(inbox: &Inbox, bytes: usize) -> bool {
    inbox.lock().expect("no reader panics").iter().rev().any(|told| told.bytes == told.head.len() + bytes)
}
