//! `fastwebsockets PORT [CERTIFICATE KEY]`: echo at every path, with the library's defaults. With a certificate it speaks TLS.

#[path = "../tls.rs"]
mod tls;

use bytes::Bytes;
use fastwebsockets::upgrade::upgrade;
use fastwebsockets::{Frame, OpCode, WebSocketError};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let (port, tls) = tls::arguments();
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let tls = tls.clone();
        tokio::spawn(async move {
            match tls {
                None => serve(stream).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(welcome)).with_upgrades();
    // The reason why a connection ends does not matter here.
    drop(connection.await);
}

async fn welcome(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, socket) = upgrade(&mut request)?;
    tokio::spawn(async move {
        let mut socket = socket.await?;
        loop {
            let frame = socket.read_frame().await?;
            match frame.opcode {
                OpCode::Close => return Ok::<_, WebSocketError>(()),
                // The frame keeps the client's mask, which a server must not send.
                OpCode::Text | OpCode::Binary => {
                    socket.write_frame(Frame::new(frame.fin, frame.opcode, None, frame.payload)).await?
                }
                _ => {}
            }
        }
    });
    Ok(response)
}
