//! The load: clients of rooms `/room-0`, `/room-1`, ... in a process of their own, which reads its orders line by line.

use std::io::{BufRead, BufReader, Read, Write, stdin};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// This variable makes the program the clients' process. Its value is `127.0.0.1:40123 10000`: the address and their number.
const MEANT: &str = "WS_HOST_BENCH_CLIENTS";
/// A frame of 5 bytes of text, masked with zeros, and its echo.
const FRAME: &[u8] = b"\x81\x85\0\0\0\0hello";
const ECHO_LEN: usize = 7;

/// A handle of the clients' process. Dropping it kills the process.
pub struct Clients {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Clients {
    /// Starts `count` clients.
    pub fn start(address: &str, count: usize) -> Self {
        let program = std::env::current_exe().expect("this program is a file");
        let mut child = Command::new(program)
            .env(MEANT, format!("{address} {count}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the clients start");
        let orders = child.stdin.take().expect("stdin is piped");
        let answers = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Self { child, orders, answers }
    }

    /// Waits until all are connected and have received an echo. Returns the median time that a client took.
    pub fn joined(&mut self) -> Duration {
        Duration::from_nanos(self.answer())
    }

    /// Exchanges `messages` messages, one at a time. Returns their number.
    pub fn exchange(&mut self, messages: usize) -> usize {
        self.order(&format!("exchange {messages}"));
        usize::try_from(self.answer()).expect("it is as many as was asked for")
    }

    /// Has all clients talk while `work` runs. Returns the longest wait for an echo.
    pub fn longest_wait(&mut self, work: impl FnOnce()) -> Duration {
        self.order("talk");
        work();
        self.order("stop");
        Duration::from_nanos(self.answer())
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("the clients run");
    }

    fn answer(&mut self) -> u64 {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the clients answer");
        line.trim().parse().expect("it is a number")
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this process is the clients' process.
pub fn is_meant() -> bool {
    std::env::var_os(MEANT).is_some()
}

/// Runs the clients until no more orders come.
pub fn run() {
    let meant = std::env::var(MEANT).expect("it was there a moment ago");
    let (address, count) = meant.split_once(' ').expect("an address and a number");
    let (mut sockets, mut times) = (Vec::new(), Vec::new());
    for room in 0..count.parse().expect("a number") {
        let begun = Instant::now();
        let mut socket = upgrade(address, &format!("room-{room}")).expect("the host takes this client");
        exchange(&mut socket);
        times.push(begun.elapsed());
        sockets.push(socket);
    }
    times.sort_unstable();
    println!("{}", times[times.len() / 2].as_nanos());
    let mut orders = stdin().lines().map_while(Result::ok);
    while let Some(order) = orders.next() {
        match order.split_once(' ') {
            Some(("exchange", messages)) => {
                let messages: usize = messages.parse().expect("a number");
                let count = sockets.len();
                (0..messages).for_each(|n| exchange(&mut sockets[n % count]));
                println!("{messages}");
            }
            _ => println!("{}", talk(&mut sockets, || drop(orders.next())).as_nanos()),
        }
    }
}

/// Has all clients talk, on several threads, until `stop` returns. Returns the longest wait for an echo.
fn talk(sockets: &mut [TcpStream], stop: impl FnOnce()) -> Duration {
    let stopped = AtomicBool::new(false);
    let share = sockets.len().div_ceil(50);
    std::thread::scope(|scope| {
        let stopped = &stopped;
        let talkers: Vec<_> = sockets.chunks_mut(share).map(|mine| scope.spawn(|| talk_until(stopped, mine))).collect();
        stop();
        stopped.store(true, Relaxed);
        talkers.into_iter().filter_map(|talker| talker.join().ok()).max().unwrap_or_default()
    })
}

fn talk_until(stopped: &AtomicBool, sockets: &mut [TcpStream]) -> Duration {
    let mut longest = Duration::ZERO;
    while !stopped.load(Relaxed) {
        for socket in &mut *sockets {
            let begun = Instant::now();
            exchange(socket);
            longest = longest.max(begun.elapsed());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    longest
}

fn exchange(socket: &mut TcpStream) {
    socket.write_all(FRAME).expect("the host reads");
    socket.read_exact(&mut [0; ECHO_LEN]).expect("the host answers");
}

/// Opens a WebSocket in a room. The error is the status line of a refusal.
pub fn upgrade(address: &str, room: &str) -> Result<TcpStream, String> {
    let mut socket = TcpStream::connect(address).expect("the host accepts");
    socket.set_nodelay(true).expect("a socket takes options");
    let request = format!(
        "GET /{room} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).expect("the host reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).expect("the host answers");
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let status = head.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 101 ") { Ok(socket) } else { Err(status.to_owned()) }
}
