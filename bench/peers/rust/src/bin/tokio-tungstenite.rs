//! `tokio-tungstenite PORT`: echo at /echo; at every other path, each message goes to all who came by it.
//!
//! A current-thread runtime, since it is pinned to one core, with the library's defaults.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Room = Vec<(u64, UnboundedSender<Message>)>;
type Rooms = Rc<RefCell<HashMap<String, Room>>>;

#[tokio::main(flavor = "local")]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse::<u16>().ok()).expect("the first argument is a port");
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let rooms = Rooms::default();
    for id in 0.. {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let rooms = Rc::clone(&rooms);
        // How a connection ends is of no interest here.
        tokio::task::spawn_local(async move { drop(serve(id, stream, &rooms).await) });
    }
    Ok(())
}

async fn serve(id: u64, stream: TcpStream, rooms: &Rooms) -> Result<(), Error> {
    let mut path = String::new();
    let note_path = |request: &Request, response: Response| {
        path = request.uri().path().to_owned();
        Ok(response)
    };
    let mut socket = tokio_tungstenite::accept_hdr_async(stream, note_path).await?;
    if path == "/echo" {
        while let Some(message) = socket.next().await {
            let message = message?;
            if message.is_text() || message.is_binary() {
                socket.send(message).await?;
            }
        }
        return Ok(());
    }
    let (sender, mut inbox) = unbounded_channel();
    rooms.borrow_mut().entry(path.clone()).or_default().push((id, sender));
    let result = async {
        loop {
            tokio::select! {
                Some(message) = inbox.recv() => {
                    socket.feed(message).await?;
                    while let Ok(message) = inbox.try_recv() {
                        socket.feed(message).await?;
                    }
                    socket.flush().await?;
                }
                message = socket.next() => {
                    let Some(message) = message else { return Ok(()) };
                    let message = message?;
                    if message.is_text() || message.is_binary() {
                        for (_, member) in &rooms.borrow()[&path] {
                            let _ = member.send(message.clone());
                        }
                    }
                }
            }
        }
    };
    let result = result.await;
    rooms.borrow_mut().entry(path).and_modify(|room| room.retain(|(member, _)| *member != id));
    result
}
