//! `tokio-tungstenite PORT [CERTIFICATE KEY]`: echo at /echo. At any other path, each message goes to all clients of that path.
//!
//! With a certificate it speaks TLS. The runtime has one thread, since it is pinned to one core, with the library's defaults.

#[path = "../tls.rs"]
mod tls;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Room = Vec<(u64, UnboundedSender<Message>)>;
type Rooms = Rc<RefCell<HashMap<String, Room>>>;

#[tokio::main(flavor = "local")]
async fn main() -> std::io::Result<()> {
    let (port, tls) = tls::arguments();
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let rooms = Rooms::default();
    for id in 0.. {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (rooms, tls) = (Rc::clone(&rooms), tls.clone());
        // The reason why a connection ends does not matter here.
        tokio::task::spawn_local(async move {
            match tls {
                None => drop(serve(id, stream, &rooms).await),
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        drop(serve(id, stream, &rooms).await);
                    }
                }
            }
        });
    }
    Ok(())
}

async fn serve(id: u64, stream: impl AsyncRead + AsyncWrite + Unpin, rooms: &Rooms) -> Result<(), Error> {
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
