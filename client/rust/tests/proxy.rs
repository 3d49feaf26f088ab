//! A proxy that cuts connections behind some bytes, in the middle of frames and handshakes too.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Starts a proxy to this address. Each connection may carry as many bytes, in both directions, as `budget` gives for its number.
pub(crate) async fn start(target: SocketAddr, mut budget: impl FnMut(usize) -> usize + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it listens");
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, target, budget(number)));
            number += 1;
        }
    });
    address
}

async fn carry(mut client: TcpStream, target: SocketAddr, mut budget: usize) -> std::io::Result<()> {
    let mut server = TcpStream::connect(target).await?;
    let (mut up, mut down) = ([0; 512], [0; 512]);
    while budget > 0 {
        tokio::select! {
            read = client.read(&mut up) => {
                let bytes = read?.min(budget);
                if bytes == 0 {
                    break;
                }
                server.write_all(&up[..bytes]).await?;
                budget -= bytes;
            }
            read = server.read(&mut down) => {
                let bytes = read?.min(budget);
                if bytes == 0 {
                    break;
                }
                client.write_all(&down[..bytes]).await?;
                budget -= bytes;
            }
        }
    }
    Ok(())
}
