//! A network between clients and a host whose lines break.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

/// The proxy delays each connection by up to this many milliseconds, so a client's connections can reach the host out of order.
const MOST_DELAY: u64 = 40;

/// A way in which a line breaks.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// It is cut behind this number of bytes: in the middle of a frame or of a handshake, in either direction.
    CutAfter(usize),
    /// Nothing passes for a while. Then it is cut, and all bytes of the meantime are lost.
    Stall(Duration),
    /// The client learns that it is cut, and the host learns so later.
    SwallowForHost(Duration),
    /// The host learns that it is cut, and the client learns so later.
    SwallowForClient(Duration),
}

type Lines = Arc<Mutex<HashMap<usize, mpsc::UnboundedSender<Fault>>>>;

/// A TCP proxy in front of a host. It ends when it is dropped.
pub struct Unsteady {
    address: SocketAddr,
    lines: Lines,
    _tasks: JoinSet<()>,
}

impl Unsteady {
    /// A proxy in front of this port of this machine, with faults that follow from a seed.
    pub async fn before(port: u16, seed: u64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        let lines = Lines::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, port, Arc::clone(&lines), Rng::with_seed(seed)));
        Self { address, lines, _tasks: tasks }
    }

    /// A URL of the host, by way of the proxy.
    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// Breaks one line after the other, with this pause between two.
    pub async fn storm(&self, faults: usize, pause: Duration, seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let mut pauses = interval(pause);
        for _ in 0..faults {
            pauses.tick().await;
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            let mut open: Vec<_> = lines.iter().collect();
            open.sort_by_key(|(number, _)| **number);
            if let Some((_, line)) = rng.choice(open) {
                // A line that has just ended needs no fault.
                let _ = line.send(Fault::any(&mut rng));
            }
        }
    }
}

impl Fault {
    fn any(rng: &mut Rng) -> Self {
        let time = Duration::from_millis(rng.u64(20..400));
        match rng.u8(0..6) {
            0..=2 => Self::CutAfter(rng.usize(0..400)),
            3 => Self::Stall(time),
            4 => Self::SwallowForHost(time),
            _ => Self::SwallowForClient(time),
        }
    }
}

async fn accept(listener: TcpListener, port: u16, lines: Lines, mut rng: Rng) {
    let mut tasks = JoinSet::new();
    let mut number = 0;
    while let Ok((client, _)) = listener.accept().await {
        number += 1;
        let (faults, orders) = mpsc::unbounded_channel();
        lines.lock().unwrap_or_else(PoisonError::into_inner).insert(number, faults);
        let delay = Duration::from_millis(rng.u64(0..MOST_DELAY));
        let lines = Arc::clone(&lines);
        tasks.spawn(async move {
            pass(delay).await;
            if let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
                carry(client, server, orders).await;
            }
            lines.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        });
    }
}

/// Carries bytes both ways until one side ends, or a fault ends the line.
async fn carry(mut client: TcpStream, mut server: TcpStream, mut orders: mpsc::UnboundedReceiver<Fault>) {
    let (mut up, mut down) = (vec![0; 4096], vec![0; 4096]);
    let mut left = usize::MAX;
    while left > 0 {
        let (to, bytes) = tokio::select! {
            order = orders.recv() => match order {
                Some(Fault::CutAfter(bytes)) => {
                    left = left.min(bytes);
                    continue;
                }
                Some(Fault::Stall(time)) => {
                    pass(time).await;
                    break;
                }
                Some(Fault::SwallowForHost(time)) => {
                    reset(client);
                    pass(time).await;
                    return reset(server);
                }
                Some(Fault::SwallowForClient(time)) => {
                    reset(server);
                    pass(time).await;
                    return reset(client);
                }
                None => break,
            },
            Ok(read) = client.read(&mut up) => (&mut server, &up[..read]),
            Ok(read) = server.read(&mut down) => (&mut client, &down[..read]),
            else => break,
        };
        let bytes = &bytes[..bytes.len().min(left)];
        left -= bytes.len();
        if bytes.is_empty() || to.write_all(bytes).await.is_err() {
            break;
        }
    }
    reset(client);
    reset(server);
}

/// Lets this time pass as a part of a fault. It does not wait for an event.
async fn pass(time: Duration) {
    let _ = timeout(time, std::future::pending::<()>()).await;
}

/// Ends a connection without an orderly end.
fn reset(stream: TcpStream) {
    // Without it, the connection ends in order: a fault all the same.
    let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    drop(stream);
}
